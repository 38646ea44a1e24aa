"""What a logger's file says about one shipper's journey: readings, extremes, gaps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_high
from typing import Final

from yimai.domain.recipe import Limits, Words
from yimai.interfaces.web.logger_file import LoggerFile, Reading
from yimai.interfaces.web.logger_problem import LoggerProblem

SHORTEST_GAP: Final = timedelta(minutes=15)
GAP_OF: Final = 3
"""A gap is as long as this many intervals between readings, at least."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch out of the limits: above the upper one, or below the lower. extreme: the farthest reading.

    begin, end: the last reading before it that lay within, and the first after it, or the journey's ends: it lasted so long at most.
    """

    above: bool
    limit: Decimal
    extreme: Decimal
    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Journey:
    """begin, end: when it was packed, and when it arrived. outside: readings before and after, which do not count.

    gaps: times on the way of which nothing is known. beyond: readings out of the limits, in these ``spells``.
    """

    readings: tuple[Reading, ...]
    begin: datetime
    end: datetime
    limits: Limits
    outside: int
    gaps: tuple[Span, ...]
    beyond: int
    lowest: Decimal
    highest: Decimal
    spells: tuple[Spell, ...]

    @property
    def above(self) -> timedelta:
        """How long it was above the upper limit at most, all spells together."""
        return sum((each.length for each in self.spells if each.above), timedelta())

    @property
    def below(self) -> timedelta:
        """How long it was below the lower limit at most, all spells together."""
        return sum((each.length for each in self.spells if not each.above), timedelta())

    @property
    def first(self) -> datetime:
        return self.readings[0].at

    @property
    def last(self) -> datetime:
        return self.readings[-1].at


def journey(file: LoggerFile, begin: datetime, end: datetime, limits: Limits) -> Journey:
    """The readings that were made on the way. Raises LoggerProblem if there is none."""
    within = tuple(each for each in file.readings if begin <= each.at <= end)
    if not within:
        raise LoggerProblem(_another(file, begin, end))
    degrees = [each.celsius for each in within]
    return Journey(
        within,
        begin,
        end,
        limits,
        len(file.readings) - len(within),
        _gaps([each.at for each in within], begin, end),
        sum(not limits.admit(each) for each in degrees),
        min(degrees),
        max(degrees),
        tuple(_spells(within, begin, end, limits)),
    )


def _spells(readings: Sequence[Reading], begin: datetime, end: datetime, limits: Limits) -> Iterator[Spell]:
    def side(reading: Reading) -> int:
        if limits.admit(reading.celsius):
            return 0
        return 1 if limits.high is not None and reading.celsius >= limits.high else -1

    stretches = [(each, tuple(run)) for each, run in itertools.groupby(readings, side)]
    for number, (out, run) in enumerate(stretches):
        limit = limits.high if out > 0 else limits.low
        if out and limit is not None:
            since = stretches[number - 1][1][-1].at if number else begin
            until = stretches[number + 1][1][0].at if number + 1 < len(stretches) else end
            extreme = (max if out > 0 else min)(each.celsius for each in run)
            yield Spell(out > 0, limit, extreme, since, until)


def _gaps(times: list[datetime], begin: datetime, end: datetime) -> tuple[Span, ...]:
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    usual = median_high(steps) if steps else timedelta()
    longest = max(SHORTEST_GAP, GAP_OF * usual)
    points = [begin, *times, end]
    return tuple(span for span in itertools.pairwise(points) if span[1] - span[0] > longest)


def _another(file: LoggerFile, begin: datetime, end: datetime) -> Words:
    zone = begin.tzinfo
    first, last = (
        each.at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for each in (file.readings[0], file.readings[-1])
    )
    packed, arrived = (each.astimezone(zone).strftime("%Y-%m-%d %H:%M") for each in (begin, end))
    return Words(
        f"文件的读数从 {first} 到 {last}，而本次运输从 {packed} 到 {arrived}。这可能是另一次运输的文件，或记录仪时钟有误。"
        "请找到正确的文件；如果没有，请使用“无数据”按钮。",
        f"The file's readings run from {first} to {last}, but this journey from {packed} to {arrived}. It may be another "
        "journey's file, or the logger's clock is wrong. Find the right file; if there is none, use the button 'No data'.",
    )
