"""A recipe, a base or a programme read from its file: strict YAML, then its shape, then what it means.

Each reader raises ``FileRefused`` with every mistake of the first stage that finds any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar
from zoneinfo import available_timezones

from yimai.domain.base import Base, base_from
from yimai.domain.base_check import check_base, check_recipe_at_base
from yimai.domain.content import ContentProblem, Problem
from yimai.domain.programme import Programme, programme_from
from yimai.domain.programme_check import check_programme
from yimai.domain.recipe import Recipe, Words
from yimai.domain.recipe_check import check_recipe
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.files.mistake import FileRefused, Mistake
from yimai.interfaces.files.shape import FileKind, canonical, misfits
from yimai.interfaces.files.strict_yaml import MarkedContent, read_yaml
from yimai.interfaces.files.unit_check import check_base_units, check_lot_units, check_recipe_units
from yimai.ledger.entry import Json

Thing = TypeVar("Thing", Recipe, Base, Programme)

CATALOGUE = Path(str(files("yimai").joinpath("catalogue")))
"""Where the files that come with the package lie: ``CATALOGUE / "recipes" / "cd19-cart.yaml"`` and so on."""


@dataclass(frozen=True, slots=True)
class RecipeFile:
    """A recipe and the canonical content that its approval states as a fact."""

    content: Mapping[str, Json]
    recipe: Recipe
    marked: MarkedContent


@dataclass(frozen=True, slots=True)
class BaseFile:
    content: Mapping[str, Json]
    base: Base
    marked: MarkedContent


@dataclass(frozen=True, slots=True)
class ProgrammeFile:
    content: Mapping[str, Json]
    programme: Programme
    marked: MarkedContent


def read_recipe(file: Path) -> RecipeFile:
    """Read a recipe file and check it; raises ``FileRefused``."""
    marked, content, recipe = _read(file, "recipe", recipe_from)
    refuse(marked, [*check_recipe(recipe), *check_recipe_units(content)])
    return RecipeFile(content, recipe, marked)


def read_base(file: Path) -> BaseFile:
    """Read a base file and check it; raises ``FileRefused``."""
    marked, content, base = _read(file, "base", base_from)
    refuse(marked, [*check_base(base), *check_base_units(content), *_time_zone(base)])
    return BaseFile(content, base, marked)


def read_programme(file: Path) -> ProgrammeFile:
    """Read a programme file and check it; raises ``FileRefused``."""
    marked, content, programme = _read(file, "programme", programme_from)
    refuse(marked, check_programme(programme))
    return ProgrammeFile(content, programme, marked)


def check_together(recipe: RecipeFile, base: BaseFile) -> None:
    """Whether the base can run the recipe; raises ``FileRefused`` with places in the recipe's file."""
    refuse(recipe.marked, check_recipe_at_base(recipe.recipe, base.base))
    refuse(base.marked, check_lot_units(base.content, recipe.content))


def _time_zone(base: Base) -> Iterator[Problem]:
    if base.timezone not in available_timezones():
        en = f"{base.timezone} is no time zone: write an IANA name such as Asia/Shanghai"
        yield Problem(("timezone",), Words(f"{base.timezone} 不是时区，请写 IANA 名称，如 Asia/Shanghai", en))


def _read(
    file: Path, kind: FileKind, meaning: Callable[[Mapping[str, Json]], Thing]
) -> tuple[MarkedContent, Mapping[str, Json], Thing]:
    marked = read_yaml(file)
    refuse(marked, misfits(marked.content, kind))
    content = canonical(marked.content, kind)
    assert isinstance(content, dict)  # the schema's top is an object
    try:
        return marked, content, meaning(content)
    except ContentProblem as problem:
        refuse(marked, [Problem(problem.path, Words(zh=f"内容有误：{problem.what}", en=problem.what))])
        raise


def refuse(marked: MarkedContent, problems: Iterable[Problem]) -> None:
    """Raise ``FileRefused`` with these problems at their places, if there are any."""
    mistakes = [Mistake(marked.file, marked.mark(problem.path), problem.what) for problem in problems]
    if mistakes:
        raise FileRefused(mistakes)
