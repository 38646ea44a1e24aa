"""A mistake in a file, with its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yimai.domain.recipe import Words


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file: line and column, both from 1; a column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a place; ``what`` says in both languages what it is and what to do."""

    file: Path
    mark: Mark
    what: Words

    def __str__(self) -> str:
        return f"{self.file}:{self.mark.line}:{self.mark.column}: {self.what.en}"


class FileRefused(ValueError):
    """A file that cannot be taken as it is; ``mistakes`` lists all that were found, in the order of their places."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.mark)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))
