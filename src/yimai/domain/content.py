"""The content of an approved file as plain JSON, read part by part, with the place of whatever does not fit.

Content is what a fact holds and the ledger hashes: no floats. A decimal is a string such as ``"0.15"``, a duration a
string such as ``"36 h"``, a date an ISO 8601 string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

from yimai.domain.recipe import Duration, Limits, Source, Words
from yimai.ledger.entry import Json

Path = tuple[str | int, ...]
"""Where a value stands in the content: keys and list positions from the top."""

DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,9})?")
DURATION = re.compile(r"(0|[1-9]\d{0,6})(\.\d{1,3})? (s|min|h|d|wk|a)")
SPAN = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "wk": timedelta(weeks=1),
    "a": timedelta(days=365, hours=6),
}
"""UCUM's units of time; the year ``a`` is the Julian one of 365.25 days."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file's content: where, and in both languages what it is and what to do."""

    path: Path
    what: Words


def problem(path: Path, en: str, zh: str) -> Problem:
    """A problem in both languages."""
    return Problem(path, Words(zh=zh, en=en))


def repeated(ids: Sequence[str], place: Path) -> Iterator[Problem]:
    """A problem at each identifier of a list that stands there for the second time or more."""
    for position, name in enumerate(ids):
        if name in ids[:position]:
            yield problem((*place, position, "id"), f"{name} is already used above: give it another id", f"{name} 重复")


class ContentProblem(ValueError):
    """Content that does not have the shape of its kind; ``path`` says where, ``what`` what was expected."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{written(path)}: {what}")
        self.path = path
        self.what = what


def written(path: Path) -> str:
    """A path as people write it: ``operations[0].steps[2].duration``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else (f".{key}" if text else key)
    return text or "(top)"


def duration_from(text: str) -> timedelta:
    """``"36 h"`` as a timedelta; raises ValueError for anything but a number, one space and a UCUM unit of time."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration such as 30 min, 36 h, 7 d, 2 wk or 30 a")
    number = Decimal(found[1] + (found[2] or ""))
    microseconds = number * (SPAN[found[3]] // timedelta(microseconds=1))
    return timedelta(microseconds=int(microseconds))


@dataclass(frozen=True, slots=True)
class Part:
    """A value of the content together with its place; the readers raise ``ContentProblem`` where it does not fit."""

    value: Json
    path: Path = ()

    def _fields(self) -> Mapping[str, Json]:
        if not isinstance(self.value, dict):
            raise ContentProblem(self.path, "expected named fields")
        return self.value

    def has(self, key: str) -> bool:
        return key in self._fields()

    def part(self, key: str) -> Part:
        fields = self._fields()
        if key not in fields:
            raise ContentProblem(self.path, f"{key} is missing")
        return Part(fields[key], (*self.path, key))

    def items(self) -> list[Part]:
        """Each element of this list."""
        if not isinstance(self.value, list):
            raise ContentProblem(self.path, "expected a list")
        return [Part(value, (*self.path, position)) for position, value in enumerate(self.value)]

    def parts(self, key: str) -> list[Part]:
        """Each element of the list under ``key``; none where the key is absent."""
        return self.part(key).items() if self.has(key) else []

    def named(self, key: str) -> list[tuple[str, Part]]:
        """Each name and value of the mapping under ``key``, sorted by name, for canonical JSON keeps no other order."""
        if not self.has(key):
            return []
        part = self.part(key)
        return [(name, part.part(name)) for name in sorted(part._fields())]

    def as_text(self) -> str:
        if not isinstance(self.value, str):
            raise ContentProblem(self.path, "expected a text")
        return self.value

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        return self.part(key).as_text()

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(part.as_text() for part in self.parts(key))

    def one_of(self, key: str, *allowed: str) -> str:
        value = self.text(key)
        if value not in allowed:
            raise ContentProblem((*self.path, key), f"{value!r} is none of {', '.join(allowed)}")
        return value

    def flag(self, key: str) -> bool:
        if not self.has(key):
            return False
        value = self.part(key).value
        if not isinstance(value, bool):
            raise ContentProblem((*self.path, key), "expected true or false")
        return value

    def as_whole(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise ContentProblem(self.path, "expected a whole number")
        return self.value

    def whole(self, key: str) -> int:
        return self.part(key).as_whole()

    def decimal(self, key: str) -> Decimal:
        text = self.text(key)
        if not DECIMAL.fullmatch(text):
            raise ContentProblem((*self.path, key), f"{text!r} is not a decimal such as 0.15")
        return Decimal(text)

    def span(self, key: str) -> timedelta:
        text = self.text(key)
        try:
            return duration_from(text)
        except ValueError as problem:
            raise ContentProblem((*self.path, key), str(problem)) from None

    def day(self, key: str) -> date:
        text = self.text(key)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ContentProblem((*self.path, key), "expected a date such as 2026-05-01") from None

    def time_of_day(self, key: str) -> time:
        text = self.text(key)
        try:
            return time.fromisoformat(text)
        except ValueError:
            raise ContentProblem((*self.path, key), "expected a time of day such as 08:00") from None

    def words(self, key: str = "title") -> Words:
        part = self.part(key)
        return Words(zh=part.text("zh"), en=part.text("en"))

    def source(self) -> Source:
        """This part's own ``source`` and ``assumed``."""
        return Source(self.text("source"), self.flag("assumed"))

    def limits(self, key: str = "limits") -> Limits:
        """``{low, high}`` are inclusive, ``{above, below}`` exclusive; an absent bound, or all of it, is open."""
        if not self.has(key):
            return Limits()
        part = self.part(key)
        for inclusive, exclusive in (("low", "above"), ("high", "below")):
            if part.has(inclusive) and part.has(exclusive):
                raise ContentProblem(part.path, f"give either {inclusive} or {exclusive}, not both")
        return Limits(
            low=next((part.decimal(bound) for bound in ("low", "above") if part.has(bound)), None),
            high=next((part.decimal(bound) for bound in ("high", "below") if part.has(bound)), None),
            low_exclusive=part.has("above"),
            high_exclusive=part.has("below"),
        )

    def as_duration(self) -> Duration:
        """This part's own ``median``, ``cv`` and ``source``."""
        return Duration(self.span("median"), self.decimal("cv") if self.has("cv") else Decimal(0), self.source())

    def duration(self, key: str = "duration") -> Duration:
        return self.part(key).as_duration()
