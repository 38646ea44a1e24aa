"""A journey's temperatures as a small picture that the server draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from yimai.interfaces.web.logger_file import Reading
from yimai.interfaces.web.logger_journey import Journey

WIDTH: Final = 760
HEIGHT: Final = 240
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 14, 36
POINTS: Final = 600
"""Of more readings the lowest and the highest of each stretch are drawn, so that no peak is lost."""
LABEL: Final = 44
"""Half of what the name of an hour needs: one that would be cut off at the right is left out."""
STEPS: Final = (1, 2, 3, 6, 12, 24, 48, 96)
"""Hours between marks of the time axis."""


@dataclass(frozen=True, slots=True)
class Mark:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Places in the picture. band: what the limits admit (from the top, height). beyond: readings out of the limits."""

    line: str
    band: Box
    gaps: tuple[Box, ...]
    beyond: tuple[tuple[float, float], ...]
    hours: tuple[Mark, ...]
    degrees: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(travelled: Journey) -> Chart:
    limits = travelled.limits
    ends = [each for each in (limits.low, limits.high, travelled.lowest, travelled.highest) if each is not None]
    spread = max(max(ends) - min(ends), Decimal(2))
    low, high = min(ends) - spread / 8, max(ends) + spread / 8
    length = max(travelled.end - travelled.begin, timedelta(minutes=1))

    def x(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - travelled.begin) / length), 1)

    def y(celsius: Decimal) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * float((high - celsius) / (high - low)), 1)

    upper = y(limits.high) if limits.high is not None else float(TOP)
    lower = y(limits.low) if limits.low is not None else float(HEIGHT - BOTTOM)
    drawn = _thinned(travelled.readings)
    marks = {each for each in (limits.low, limits.high) if each is not None} or {travelled.lowest, travelled.highest}
    return Chart(
        " ".join(f"{x(each.at)},{y(each.celsius)}" for each in drawn),
        Box(upper, round(lower - upper, 1)),
        tuple(Box(x(begin), round(x(end) - x(begin), 1)) for begin, end in travelled.gaps),
        tuple((x(each.at), y(each.celsius)) for each in drawn if not limits.admit(each.celsius)),
        _hours(travelled, x),
        tuple(Mark(y(each), f"{each:f}".replace("-", "−")) for each in sorted(marks)),
    )


def _hours(travelled: Journey, x: Callable[[datetime], float]) -> tuple[Mark, ...]:
    whole = (travelled.end - travelled.begin) / timedelta(hours=1)
    step = next((each for each in STEPS if whole / each <= 8), STEPS[-1])
    at = travelled.begin.replace(minute=0, second=0, microsecond=0)
    at += timedelta(hours=(step - at.hour % step) if step <= 24 else 24 - at.hour)
    marks = []
    while at <= travelled.end:
        marks.append(Mark(x(at), f"{at.month}-{at.day:02d} {at:%H:%M}" if x(at) <= WIDTH - LABEL else ""))
        at += timedelta(hours=step)
    return tuple(marks)


def _thinned(readings: tuple[Reading, ...]) -> Iterable[Reading]:
    if len(readings) <= POINTS:
        return readings
    size = -(-len(readings) // (POINTS // 2))
    drawn = []
    for start in range(0, len(readings), size):
        stretch = readings[start : start + size]
        ends = {min(stretch, key=lambda each: each.celsius), max(stretch, key=lambda each: each.celsius)}
        drawn += sorted(ends, key=lambda each: each.at)
    return drawn
