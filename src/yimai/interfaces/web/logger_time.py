"""Dates and times as temperature loggers write them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, Literal

from yimai.interfaces.web.logger_problem import DAY_OR_MONTH, LoggerProblem, no_time

Order = Literal["ymd", "dmy", "mdy"]
LONGEST_SHOWN: Final = 40
_DATE: Final = r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})"
_CHINESE: Final = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_CLOCK: Final = re.compile(
    r"(?P<before>AM|PM)?\s*(?P<hour>\d{1,2})[:时](?P<minute>\d{2})(?:[:分](?P<second>\d{2})(?:[.,]\d{1,9})?秒?|分)?"
    r"\s*(?P<after>AM|PM)?\s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}:?\d{0,2})?",
    re.IGNORECASE,
)
_STAMP: Final = re.compile(_DATE + r"(?:\s*T|\s+)(?P<rest>.*)", re.IGNORECASE)
_ZONE: Final = re.compile(r"(?:UTC|GMT)\s*(?P<sign>[+-])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.IGNORECASE)
_UTC: Final = re.compile(r"\b(?:UTC|GMT)\b(?!\s*[+-]\s*\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """One line's time before its order of day and month is known."""

    line: int
    parts: tuple[int, int, int]
    clock: tuple[int, int, int]
    zone: tzinfo | None


def stamp(text: str, line: int) -> Stamp:
    """Take a date and time apart. Raises LoggerProblem."""
    plain = _CHINESE.sub(r"\1-\2-\3 ", text.strip()).replace("上午", "AM ").replace("下午", "PM ")
    found = _STAMP.fullmatch(plain.strip())
    clock = _CLOCK.fullmatch(found["rest"].strip()) if found is not None else None
    if found is None or clock is None:
        raise LoggerProblem(no_time(text[:LONGEST_SHOWN]), line)
    half = (clock["before"] or clock["after"] or "").upper()
    hour = int(clock["hour"])
    if half and not 1 <= hour <= 12:
        raise LoggerProblem(no_time(text[:LONGEST_SHOWN]), line)
    if half:
        hour = hour % 12 + (12 if half == "PM" else 0)
    return Stamp(
        line,
        (int(found["a"]), int(found["b"]), int(found["c"])),
        (hour, int(clock["minute"]), int(clock["second"] or 0)),
        _offset(clock["zone"] or ""),
    )


def moments(stamps: Sequence[Stamp], zone: tzinfo, near: datetime | None) -> list[datetime]:
    """The stamps as times. zone: of those that name none. near: about when, where day and month look alike.

    Raises LoggerProblem.
    """
    orders = _orders(stamps)
    read = {order: found for order in orders if (found := _read(stamps, order, zone)) is not None}
    if not read:
        return _read_or_name(stamps, orders[0], zone)
    if len(read) == 1 or len({tuple(each) for each in read.values()}) == 1:
        return next(iter(read.values()))
    steady = [each for each in read.values() if _is_steady(each)]
    if len(steady) == 1:
        return steady[0]
    if near is None:
        raise LoggerProblem(DAY_OR_MONTH, stamps[0].line)
    reference = near
    return min(read.values(), key=lambda each: abs(each[0] - reference))


def zone_named(text: str) -> tzinfo | None:
    """The zone that a header or a line above it names, or None."""
    if found := _ZONE.search(text):
        return _offset(found[0])
    return UTC if _UTC.search(text) else None


def _offset(text: str) -> tzinfo | None:
    if not text:
        return None
    digits = re.search(r"([+-])\s*(\d{1,2}):?(\d{2})?", text)
    if digits is None:
        return UTC
    span = timedelta(hours=int(digits[2]), minutes=int(digits[3] or 0))
    if span >= timedelta(days=1):
        return None
    return timezone(-span if digits[1] == "-" else span)


def _orders(stamps: Sequence[Stamp]) -> tuple[Order, ...]:
    """In which orders year, month and day may stand: the year is first, or last."""
    if any(each.parts[0] > 31 for each in stamps):
        return ("ymd",)
    first, second = max(each.parts[0] for each in stamps), max(each.parts[1] for each in stamps)
    if first > 12:
        return ("dmy",)
    return ("mdy",) if second > 12 else ("dmy", "mdy")


def _read(stamps: Sequence[Stamp], order: Order, zone: tzinfo) -> list[datetime] | None:
    try:
        return [_moment(each, order, zone) for each in stamps]
    except ValueError:
        return None


def _read_or_name(stamps: Sequence[Stamp], order: Order, zone: tzinfo) -> list[datetime]:
    for each in stamps:
        try:
            _moment(each, order, zone)
        except ValueError:
            raise LoggerProblem(no_time("/".join(str(part) for part in each.parts)), each.line) from None
    raise AssertionError("a stamp could not be read before")


def _moment(each: Stamp, order: Order, zone: tzinfo) -> datetime:
    a, b, c = each.parts
    year, month, day = {"ymd": (a, b, c), "dmy": (c, b, a), "mdy": (c, a, b)}[order]
    return datetime(year + 2000 if year < 100 else year, month, day, *each.clock, tzinfo=each.zone or zone)


def _is_steady(found: Sequence[datetime]) -> bool:
    """Whether no two readings lie more than a day apart: of a journey's two readings of its dates only one is so."""
    return all(abs(later - earlier) <= timedelta(days=1) for earlier, later in itertools.pairwise(found))
