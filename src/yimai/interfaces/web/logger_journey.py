"""What a logger's file says about one shipper's journey: readings, extremes, gaps."""

from __future__ import annotations

import itertools
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
class Journey:
    """begin, end: when it was packed, and when it arrived. outside: readings before and after, which do not count.

    gaps: times on the way of which nothing is known. beyond: readings out of the limits.
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
    )


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
