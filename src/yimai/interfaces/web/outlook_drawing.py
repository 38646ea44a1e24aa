"""Where a target is going: what it stood at, its line, and where it arrives at the deadline if it goes on so, as a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yimai.domain.target import TargetSet
from yimai.projections.receipt_board import Outlook

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, FOOT = 14, 34, 14, 26
"""Pixels: the margins; dates stand at the foot."""


@dataclass(frozen=True, slots=True)
class Place:
    x: float
    y: float
    day: date
    value: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """path: through the points. ahead: from the last point to the forecast; band: its interval's top and bottom at the deadline.

    lines: the heights of what the target compares with.
    """

    points: tuple[Place, ...]
    path: str
    ahead: Place
    band: tuple[float, float]
    lines: tuple[float, ...]
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - FOOT


def drawing(outlook: Outlook | None, target: TargetSet) -> Drawing | None:
    """None where nothing is forecast."""
    if outlook is None or outlook.ahead is None:
        return None
    ahead = outlook.ahead
    told = [(each.day, each.value) for each in outlook.points if each.value is not None]
    every = [*(value for _, value in told), *target.values, ahead.low, ahead.high]
    low, high = min(0, *every), max(every)
    first, days = told[0][0], (target.deadline - told[0][0]).days

    def across(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / days, 1)

    def up(value: int) -> float:
        return round(TOP + (HEIGHT - TOP - FOOT) * (high - value) / max(high - low, 1), 1)

    points = tuple(Place(across(day), up(value), day, value) for day, value in told)
    path = "M" + "L".join(f"{each.x} {each.y}" for each in points)
    arrives = Place(across(target.deadline), up(ahead.value), target.deadline, ahead.value)
    return Drawing(points, path, arrives, (up(ahead.high), up(ahead.low)), tuple(map(up, target.values)))
