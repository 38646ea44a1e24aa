"""How a target stands, on three axes that are never mixed: outcome, pace, evidence. What is not known stays unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import isqrt
from typing import Final, Literal

from yimai.domain.measure import MILLION, Definition, Evidence
from yimai.domain.target import Baseline, TargetSet

Outcome = Literal["met", "not_met", "unknown"]
FINAL: Final = ("ledger", "audited")
"""Evidence on which an outcome after the deadline stands; on any other it is provisional."""
FEWEST: Final = 3
"""Points from which a forecast is made."""
YEARS: Final = 10
"""How far back annual returns are looked at for a forecast."""
T_90: Final = (
    6314, 2920, 2353, 2132, 2015, 1943, 1895, 1860, 1833, 1812, 1796, 1782, 1771, 1761, 1753, 1746, 1740, 1734, 1729,
    1725, 1721, 1717, 1714, 1711, 1708, 1706, 1703, 1701, 1699, 1697,
)  # fmt: skip
"""Student's t, 0.95 quantile, in thousandths, for 1 to 30 degrees of freedom; more take the last."""


@dataclass(frozen=True, slots=True)
class Status:
    """outcome: unknown where the value is. provisional: it may still change: before the deadline, or for want of audit.

    pace: the way made, in millionths of the planned way until the day; None where no path is planned.
    evidence: what the value rests on at worst; "" where there is none.
    """

    outcome: Outcome
    provisional: bool
    pace: int | None
    evidence: Evidence | Literal[""]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The value at the deadline if it goes on so, and the 90 % prediction interval around it."""

    value: int
    low: int
    high: int


def status_of(target: TargetSet, value: int | None, evidence: Evidence, day: date, begins: date) -> Status:
    """How the target stands on the day. begins: the plan's first day, from which what adds up is counted."""
    if value is None:
        return Status("unknown", True, None, "")
    outcome: Outcome = "met" if target.met(value) else "not_met"
    over = day > target.deadline if target.basis == "end_of_period" else day >= target.deadline
    return Status(outcome, not (over and evidence in FINAL), _pace(target, value, day, begins), evidence)


def _pace(target: TargetSet, value: int, day: date, begins: date) -> int | None:
    """Along a straight line from the baseline, or from nothing at the plan's beginning where the value adds up."""
    start = target.baseline
    if start is None and target.mode == "cumulative":
        start = Baseline(0, begins)
    if start is None or len(target.values) != 1:
        return None
    zero = 0 if target.mode == "delta" else start.value
    whole = (target.deadline - start.day).days
    gone = min((day - start.day).days, whole)
    planned = (target.values[0] - zero) * gone
    if planned == 0 or gone <= 0:
        return None
    return (value - zero) * whole * MILLION // planned


def points_in_time(definition: Definition, begins: date, day: date) -> Iterator[date]:
    """The days that a forecast looks at, until the day: the last ones of years for annual returns, also of those before
    the plan began; of the plan's months for what the ledger itself tells, and of its quarters for what the register says."""
    if definition.rule == "returns":
        yield from (each for year in range(day.year - YEARS, day.year + 1) if (each := date(year, 12, 31)) <= day)
        return
    every = 1 if definition.evidence == "ledger" else 3
    for month in range(begins.year * 12 + begins.month, day.year * 12 + day.month + 1):
        last = date(month // 12, month % 12 + 1, 1) - timedelta(days=1)
        if month % every == 0 and last <= day:
            yield last


def forecast(points: Sequence[tuple[date, int]], day: date) -> Forecast | None:
    """A straight line through the points, exactly, carried on to the day; None of fewer than three days."""
    by_day = dict(points)
    if len(by_day) < FEWEST:
        return None
    number = len(by_day)
    days = [Fraction(each.toordinal()) for each in by_day]
    middle, mean = sum(days, Fraction(0)) / number, Fraction(sum(by_day.values()), number)
    spread = sum(((each - middle) ** 2 for each in days), Fraction(0))
    slope = sum(((d - middle) * (v - mean) for d, v in zip(days, by_day.values(), strict=True)), Fraction(0)) / spread
    ahead = day.toordinal() - middle
    residual = sum(
        ((v - mean - slope * (d - middle)) ** 2 for d, v in zip(days, by_day.values(), strict=True)), Fraction(0)
    )
    variance = residual / (number - 2) * (1 + Fraction(1, number) + ahead**2 / spread)
    margin = Fraction(T_90[min(number - 2, len(T_90)) - 1], 1000) * _root(variance)
    value = mean + slope * ahead
    return Forecast(round(value), int((value - margin) // 1), int(-((-value - margin) // 1)))


def heading_for(definition: Definition, target: TargetSet, points: Sequence[tuple[date, int]]) -> Forecast | None:
    """Where the target arrives at its deadline if it goes on so, no lower than nothing and no higher than all; None where nothing moved."""
    ahead = forecast(points, target.deadline) if len({value for _, value in points}) > 1 else None
    if ahead is None or target.mode == "delta":
        return ahead
    most = MILLION if definition.total == "share" else max(ahead.high, 0)
    return Forecast(*(min(max(each, 0), most) for each in (ahead.value, ahead.low, ahead.high)))


def _root(square: Fraction) -> Fraction:
    """The square root, rounded up at the sixth decimal."""
    scaled = square * MILLION**2
    return Fraction(isqrt(-(-scaled.numerator // scaled.denominator)) + 1, MILLION) if square else Fraction(0)
