"""Recipes, bases, programmes, roadmaps, tables of the register and plans that come as files through a door which knows no files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from yimai.domain.recipe import Words
from yimai.domain.register import Row
from yimai.interfaces.files.exchange import left_out, read_plans
from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.reading import (
    CATALOGUE,
    BaseFile,
    ProgrammeFile,
    RecipeFile,
    read_base,
    read_programme,
    read_recipe,
)
from yimai.interfaces.files.register_rows import read_rows
from yimai.interfaces.files.roadmap import read_roadmap
from yimai.planning.roadmap_content import RoadmapContent

READERS: Final[Mapping[str, Callable[[Path], RecipeFile | BaseFile | ProgrammeFile | RoadmapContent]]] = {
    "recipe": read_recipe,
    "base": read_base,
    "programme": read_programme,
    "roadmap": read_roadmap,
}
TABLES: Final[Mapping[str, Callable[[Path, bytes], tuple[Row, ...]]]] = {"register": read_rows, "plan": read_plans}


def read(noun: str, contents: bytes) -> Mapping[str, Any] | Sequence[Words]:
    """The file's content, or every mistake with its line and column."""
    with TemporaryDirectory(prefix="yimai-") as folder:
        file = Path(folder) / f"{noun}.yaml"
        file.write_bytes(contents)
        try:
            if noun in TABLES:
                rows = TABLES[noun](file, contents)
                return {"rows": rows, "left": left_out(contents) if noun == "plan" else None}
            return READERS[noun](file).content
        except FileRefused as refused:
            return tuple(
                Words(
                    f"第 {each.mark.line} 行第 {each.mark.column} 列：{each.what.zh}",
                    f"line {each.mark.line}, column {each.mark.column}: {each.what.en}",
                )
                for each in refused.mistakes
            )


def roadmaps() -> Mapping[str, bytes]:
    """The roadmap files that are shipped, by their names."""
    return {file.stem: file.read_bytes() for file in sorted((CATALOGUE / "roadmaps").glob("*.yaml"))}
