"""Years of one base, simulated again and again, and what they say: each figure with its confidence interval over the replications.

A replication is named by its number; the same seed and number give the same row on any machine and with any number of workers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from yimai.planning.problem import Floats
from yimai.planning.scenario import Scenario
from yimai.planning.simulation_kernel import run
from yimai.planning.simulation_model import YEAR, Simulation
from yimai.planning.simulation_state import DONE, EVENTS, KEPT, LEGS, TALLIES, TESTS, State, beginning

Row = Mapping[str, float]
"""What one replication gave: by the figure's name, such as ``vein.q95`` (hours), ``use.suites`` (share) or ``batch.growth`` (a year)."""

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications and the interval that holds the true one with the stated confidence; one replication has none."""

    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Simulated:
    """What the replications gave, by the figures' names: each an ``Estimate``. confidence: of the intervals."""

    figures: Mapping[str, Estimate]
    replications: int
    years: float
    confidence: float
    assumed: bool

    def group(self, prefix: str) -> dict[str, Estimate]:
        """The figures whose names begin so, without that beginning: ``use.``, ``batch.``, ``patient.``, ``vein.``, ``wait.``"""
        return {name.removeprefix(prefix): each for name, each in self.figures.items() if name.startswith(prefix)}


def room_for(simulation: Simulation) -> State:
    """An empty base with room for everyone who can come; to be used for one replication after another."""
    expected = float(sum(each.per_year for each in simulation.sources)) * simulation.hours / YEAR
    return beginning(simulation.model, int(expected + 8 * math.sqrt(expected) + 50), len(simulation.causes))


def replications(simulation: Simulation, scenario: Scenario, seed: int, numbers: Sequence[int]) -> Iterator[Row]:
    """The rows of these replications, one after another in this process."""
    state, model = room_for(simulation), simulation.model.packed()
    for number in numbers:
        run(model, state.packed, seed, number, simulation.hours)
        yield row_of(simulation, scenario, state)


def row_of(simulation: Simulation, scenario: Scenario, state: State) -> Row:
    """The figures of the replication that has just run. Losses and counts are a year's, times are hours."""
    years = max(simulation.hours / YEAR - scenario.warm_up_days / 365.25, 1e-9)
    row = {f"count.{name}": float(value) / years for name, value in zip(TALLIES, state.tally, strict=True)}
    row["events"] = float(state.tally[EVENTS])
    for number, prefix in ((0, "batch."), (1, "patient.")):
        for cause in dict.fromkeys(simulation.causes):
            row[prefix + cause] = 0.0
        for cause, lost in zip(simulation.causes, state.lost[number], strict=True):
            row[prefix + cause] += float(lost) / years
    infused = int(state.packed["infused"])
    for prefix in ("vein", "wait"):
        times = state.patients[prefix][:infused]
        row[f"{prefix}.mean"] = float(times.mean()) if infused else math.nan
        quantiles = np.quantile(times, QUANTILES) if infused else [math.nan] * len(QUANTILES)
        row |= {f"{prefix}.q{100 * q:.0f}": float(value) for q, value in zip(QUANTILES, quantiles, strict=True)}
    for name, resource in zip(simulation.resources, state.resources, strict=True):
        offered = float(resource["offered"])
        row[f"use.{name}"] = float(resource["area"]) / offered if offered else 0.0
    row["throughput"] = float(state.tally[DONE]) / years
    row["promise_kept"] = float(state.tally[KEPT]) / infused if infused else math.nan
    row["in_time"] = row["count.in_time"] / row["throughput"] if infused else math.nan
    row["cost"] = _cost(simulation, scenario, state, years) / infused if infused else math.nan
    return row


def _cost(simulation: Simulation, scenario: Scenario, state: State, years: float) -> float:
    """What the counted years cost, in the scenario's currency."""
    counted = dict(zip(TALLIES, state.tally.tolist(), strict=True))
    suites, operators = simulation.model.suites, len(simulation.model.people)
    return float(
        (scenario.fixed_year + scenario.suite_year * suites + scenario.operator_year * operators) * years
        + scenario.materials * counted["batches"]
        + scenario.test * float(state.tally[TESTS])
        + scenario.leg * float(state.tally[LEGS])
        + scenario.collection * counted["collections"]
    )


def summary(simulation: Simulation, rows: Sequence[Row], confidence: float = 0.95) -> Simulated:
    """The rows' means with their intervals. Raises ValueError where there is no row."""
    if not rows:
        raise ValueError("no replication has run")
    figures = {name: estimate(np.array([row[name] for row in rows]), confidence) for name in rows[0]}
    return Simulated(figures, len(rows), simulation.hours / YEAR, confidence, simulation.assumed)


def differences(before: Sequence[Row], after: Sequence[Row], confidence: float = 0.95) -> dict[str, Estimate]:
    """How much each figure changes from one scenario to another: of pairs of the same seed and number, which met the same chance."""
    pairs = list(zip(before, after, strict=True))
    names = [name for name in before[0] if name in after[0]]
    return {name: estimate(np.array([b[name] - a[name] for a, b in pairs]), confidence) for name in names}


def estimate(values: Floats, confidence: float) -> Estimate:
    """The mean of independent values with its interval by Student's t; values that are not numbers are left out."""
    values = values[np.isfinite(values)]
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    if len(values) == 1:
        return Estimate(mean, -math.inf, math.inf)
    half = student(len(values) - 1, (1 + confidence) / 2) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate(mean, mean - half, mean + half)


def student(freedom: int, probability: float) -> float:
    """The quantile of Student's t distribution, exact for one and two degrees of freedom, beyond them by Hill's expansion."""
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        return (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    tail = 2 * min(probability, 1 - probability)
    a = 1 / (freedom - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * freedom
    y = (d * tail) ** (2 / freedom)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tail / 2)
        y = x * x
        if freedom < 5:
            c += 0.3 * (freedom - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        y = (
            (1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3) + 0.5 / (freedom + 4)) * y
            - 1
        ) * (freedom + 1) / (freedom + 2) + 1 / y
    return math.copysign(math.sqrt(freedom * y), probability - 0.5)


def fingerprint(simulation: Simulation, scenario: Scenario, seed: int) -> str:
    """A name for everything that the rows depend on."""
    content = hashlib.sha256(repr((seed, simulation.hours, simulation.causes, simulation.resources, scenario)).encode())
    for each in simulation.model:
        content.update(_bytes(each))
    return content.hexdigest()


def _bytes(part: Any) -> bytes:
    return part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode()
