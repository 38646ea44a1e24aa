"""What people and instruments of the simulated plant measure and how long they take: drawn from the recipe."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import Final

from yimai.domain.batch import Recorded
from yimai.domain.fact import Quantity
from yimai.domain.possible import counted
from yimai.domain.recipe import Duration, EntryField, Failure, Limits, Test, Typical

DIGITS: Final = 3
"""Significant digits of a drawn number, as an instrument would show them."""
SECOND: Final = timedelta(seconds=1)


class Draws:
    """Draws from the recipe's distributions; without a source of chance everything stands at its median."""

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance

    def happens(self, probability: Decimal | float) -> bool:
        """Whether something of this probability happens; never without a source of chance."""
        return self._chance is not None and self._chance.random() < float(probability)

    def failure(self, failures: tuple[Failure, ...]) -> str:
        """Return the cause of the failure that happens, or ""."""
        return next((each.cause for each in failures if self.happens(each.probability)), "")

    def span(self, low: timedelta, high: timedelta) -> timedelta:
        """A span between the two, in whole seconds; the middle without a source of chance."""
        share = 0.5 if self._chance is None else self._chance.random()
        return low + SECOND * round((high - low).total_seconds() * share)

    def duration(self, duration: Duration) -> timedelta:
        """How long it takes, in whole seconds."""
        factor = self._factor(float(duration.cv))
        return SECOND * max(1, round(duration.median.total_seconds() * factor))

    def hours(self, median: float, variation: float) -> timedelta:
        """A lognormal span of so many hours in the median, in whole seconds. variation: its coefficient."""
        return SECOND * round(median * 3600 * self._factor(variation))

    def after(self, hazard: float) -> float:
        """How long until something happens that happens so often; on the average without a source of chance."""
        return self._chance.expovariate(hazard) if self._chance is not None else 1 / hazard

    def amount(self, typical: Typical) -> Decimal:
        """A lognormal amount of three significant digits."""
        return _rounded(Decimal(repr(float(typical.median) * self._factor(float(typical.cv)))))

    def entry(self, field: EntryField, code: str) -> Recorded:
        """What is recorded for the field. code: what a text field holds."""
        match field.type:
            case "quantity":
                return Quantity(self._within(field.typical, field.limits, field.unit), field.unit)
            case "check":
                return True
            case "choice":
                return (field.accepted or field.choices)[0]
            case "text":
                return code

    def result(self, test: Test) -> str:
        """A test's result as the laboratory writes it."""
        if test.type == "choice":
            return test.accepted[0]
        return f"{self._within(test.typical, test.limits, test.unit):f}"

    def _within(self, typical: Typical | None, limits: Limits, unit: str) -> Decimal:
        if typical is None:
            drawn = _unremarkable(limits)
            return drawn.to_integral_value(ROUND_CEILING) if counted(unit) else drawn
        drawn = self.amount(typical)
        return min(drawn, limits.high) if unit == "%" and limits.high is not None else drawn

    def _factor(self, variation: float) -> float:
        """A lognormal factor with median 1 and this coefficient of variation."""
        if self._chance is None or variation == 0:
            return 1.0
        return math.exp(self._chance.gauss(0.0, math.sqrt(math.log1p(variation * variation))))


def departing(field: EntryField) -> Recorded | None:
    """A possible value that the recipe does not accept for the field, or None if it accepts every one."""
    match field.type:
        case "check":
            return False
        case "choice":
            return next((choice for choice in field.choices if choice not in field.accepted), None)
        case "quantity" if field.limits.low is not None and field.limits.low > 0:
            low = _rounded(field.limits.low * Decimal("0.97"))
            return Quantity(low.to_integral_value(ROUND_FLOOR) if counted(field.unit) else low, field.unit)
        case "quantity" if field.limits.high is not None and field.unit != "%":
            high = _rounded(field.limits.high + abs(field.limits.high) * Decimal("0.05"))
            return Quantity(high.to_integral_value(ROUND_CEILING) if counted(field.unit) else high, field.unit)
    return None


def failing(test: Test) -> str:
    """A possible result of the test that does not conform. Raises ValueError if every result conforms."""
    if test.type == "choice":
        return next(choice for choice in test.choices if choice not in test.accepted)
    if test.limits.low is not None and test.limits.low > 0:
        return f"{_rounded(test.limits.low * Decimal('0.9')):f}"
    if test.limits.high is not None:
        return f"{_rounded(test.limits.high * Decimal('1.1')):f}"
    raise ValueError(f"every result of {test.id} conforms")


def _unremarkable(limits: Limits) -> Decimal:
    """A value well inside limits for which the recipe states no typical one."""
    if limits.low is not None and limits.high is not None:
        return _rounded((limits.low + limits.high) / 2)
    if limits.high is not None:
        return _rounded(limits.high - abs(limits.high) / 20)
    return _rounded(limits.low + abs(limits.low) / 20) if limits.low is not None else Decimal(1)


def _rounded(value: Decimal) -> Decimal:
    """Three significant digits, written without exponent and without needless zeros."""
    if value == 0:
        return Decimal(0)
    rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - DIGITS + 1)).normalize()
    return Decimal(f"{rounded:f}")
