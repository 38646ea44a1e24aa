"""Years of one base or of a network, simulated again and again: each figure with its confidence interval over the replications.

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

from yimai.planning.network import Network
from yimai.planning.network_kernel import run_network
from yimai.planning.problem import Floats, Ints
from yimai.planning.scenario import Scenario
from yimai.planning.simulation_kernel import run
from yimai.planning.simulation_model import YEAR, Simulation
from yimai.planning.simulation_state import TALLIES, State, beginning

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


Simulates = Simulation | Network
"""What can be simulated: one base, or several together."""
Part = tuple[Simulation, State]
"""A base and where it stands at the end of a replication."""


def replications(simulated: Simulates, scenario: Scenario, seed: int, numbers: Sequence[int]) -> Iterator[Row]:
    """The rows of these replications, one after another in this process."""
    if isinstance(simulated, Network):
        yield from _of_network(simulated, scenario, seed, numbers)
        return
    state, model = room_for(simulated), simulated.model.packed()
    for number in numbers:
        run(model, state.packed, seed, number, simulated.hours)
        yield row_of([(simulated, state)], scenario)


def _of_network(network: Network, scenario: Scenario, seed: int, numbers: Sequence[int]) -> Iterator[Row]:
    """The whole network's figures by their names, each base's after its id and a stroke, and who was sent where.

    ``share.BASE``: of those infused. ``sent.HOSPITAL.BASE``: of the hospital's counted orders. ``elsewhere``: of all counted orders, those
    that were not sent to the hospital's own base.
    """
    parts = [(each, room_for(each)) for each in network.bases]
    models, states = _together([each.model.packed() for each in network.bases]), _together([s.packed for _, s in parts])
    parts = [(each, state._replace(packed=states[number])) for number, (each, state) in enumerate(parts)]
    assigned = np.empty(len(parts[0][1].patients), np.int32)
    opens = np.empty(max(each.model.suites for each in network.bases))
    for number in numbers:
        came = run_network(models, states, network.choices, network.own, assigned, opens, seed, number, network.hours)
        row = row_of(parts, scenario)
        for name, part in zip(network.names, parts, strict=True):
            own = row_of([part], scenario)
            row |= {f"{name}/{figure}": value for figure, value in own.items()}
            row[f"share.{name}"] = own["throughput"] / row["throughput"] if row["throughput"] else math.nan
        yield row | _sent(network, scenario, parts[0][1], assigned[:came])


def _together(packed: Sequence[Any]) -> Any:
    """Packed records as one array, which compiled code goes through."""
    found = np.empty(len(packed), packed[0].dtype)
    for number, each in enumerate(packed):
        found[number] = each
    return found


def _sent(network: Network, scenario: Scenario, state: State, assigned: Ints) -> dict[str, float]:
    """The shares of counted orders by where they were sent."""
    patients = state.patients[: len(assigned)]
    counted = patients["ordered"] >= scenario.warm_up_days * 24.0
    source, base = patients["source"][counted], assigned[counted]
    row = {"elsewhere": float(np.mean(base != network.own[source])) if len(base) else math.nan}
    places = [each.hospital for each in network.sources]
    for hospital in dict.fromkeys(places):
        here = base[np.isin(source, [number for number, each in enumerate(places) if each == hospital])]
        for number, name in enumerate(network.names):
            row[f"sent.{hospital}.{name}"] = float(np.mean(here == number)) if len(here) else math.nan
    return row


def row_of(parts: Sequence[Part], scenario: Scenario) -> dict[str, float]:
    """The figures of the replication that has just run, of these bases together. Losses and counts are a year's, times are hours."""
    simulation = parts[0][0]
    years = max(simulation.hours / YEAR - scenario.warm_up_days / 365.25, 1e-9)
    tally = dict(zip(TALLIES, np.sum([state.tally for _, state in parts], axis=0).tolist(), strict=True))
    row = {f"count.{name}": value / years for name, value in tally.items()}
    row["events"] = tally["events"]
    lost = np.sum([state.lost for _, state in parts], axis=0)
    for number, prefix in ((0, "batch."), (1, "patient.")):
        for cause in dict.fromkeys(simulation.causes):
            row[prefix + cause] = 0.0
        for cause, each in zip(simulation.causes, lost[number], strict=True):
            row[prefix + cause] += float(each) / years
    infused = sum(int(state.packed["infused"]) for _, state in parts)
    for prefix in ("vein", "wait"):
        times = np.concatenate([state.patients[prefix][: int(state.packed["infused"])] for _, state in parts])
        row[f"{prefix}.mean"] = float(times.mean()) if infused else math.nan
        quantiles = np.quantile(times, QUANTILES) if infused else [math.nan] * len(QUANTILES)
        row |= {f"{prefix}.q{100 * q:.0f}": float(value) for q, value in zip(QUANTILES, quantiles, strict=True)}
    row |= _uses(parts)
    row["throughput"] = tally["infused"] / years
    row["promise_kept"] = tally["kept"] / infused if infused else math.nan
    row["in_time"] = row["count.in_time"] / row["throughput"] if infused else math.nan
    row["cost"] = sum(_cost(*part, scenario, years) for part in parts) / infused if infused else math.nan
    return row


def _uses(parts: Sequence[Part]) -> dict[str, float]:
    """What was used of what there was, by resource; a hospital's places, which the bases share, are there once."""
    area: dict[str, float] = {}
    offered: dict[str, float] = {}
    for simulation, state in parts:
        for name, resource in zip(simulation.resources, state.resources, strict=True):
            area[name] = area.get(name, 0.0) + float(resource["area"])
            more = float(resource["offered"])
            known = offered.get(name, 0.0)
            offered[name] = max(known, more) if name.startswith("collection:") else known + more
    return {f"use.{name}": used / offered[name] if offered[name] else 0.0 for name, used in area.items()}


def _cost(simulation: Simulation, state: State, scenario: Scenario, years: float) -> float:
    """What the counted years of one base cost, in the scenario's currency."""
    counted = dict(zip(TALLIES, state.tally.tolist(), strict=True))
    suites, operators = simulation.model.suites, len(simulation.model.people)
    return float(
        (scenario.fixed_year + scenario.suite_year * suites + scenario.operator_year * operators) * years
        + scenario.materials * counted["batches"]
        + scenario.test * counted["tests"]
        + scenario.leg * counted["legs"]
        + scenario.collection * counted["collections"]
    )


def summary(simulation: Simulates, rows: Sequence[Row], confidence: float = 0.95) -> Simulated:
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


def fingerprint(simulated: Simulates, scenario: Scenario, seed: int) -> str:
    """A name for everything that the rows depend on."""
    bases = simulated.bases if isinstance(simulated, Network) else (simulated,)
    content = hashlib.sha256()
    if isinstance(simulated, Network):
        content.update(
            repr((simulated.names, simulated.policy)).encode() + _bytes(simulated.choices) + _bytes(simulated.own)
        )
    for each in bases:
        content.update(repr((seed, each.hours, each.causes, each.resources, scenario)).encode())
        for part in each.model:
            content.update(_bytes(part))
    return content.hexdigest()


def _bytes(part: Any) -> bytes:
    return part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode()
