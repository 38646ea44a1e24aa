"""The fast kernel and its twin in SimPy, which share no code, give the same distributions: two-sample tests over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest
from scipy import stats
from tests.planning import lingang
from tests.planning.base_floor import YEAR, Found
from tests.planning.base_in_simpy import years_of

from yimai.planning.scenario import Scenario
from yimai.planning.simulate import replications
from yimai.planning.simulation_model import model_of

BEGINS = date(2026, 3, 2)
YEARS = 1.0
SURE = 1e-4
"""Each of some forty comparisons errs no more often than this."""
HELD = ("suites", "storage", "review", "courier")


def figures(found: Found, counted: float) -> Mapping[str, float]:
    """What the twin counted, by the kernel's names."""
    named = {f"count.{name}": number for name, number in found.counts.items()}
    named |= {f"batch.{cause}": number for cause, number in found.batches.items()}
    named |= {f"patient.{cause}": number for cause, number in found.patients.items()}
    row = {name: number / counted for name, number in named.items()}
    for prefix, times in (("vein", found.veins), ("wait", found.waits)):
        row |= {f"{prefix}.q{q}": float(np.quantile(times, q / 100)) for q in (5, 25, 50, 75, 90, 95)}
        row[f"{prefix}.mean"] = float(np.mean(times))
    row |= {f"held.{name}": found.area[name] / (counted * YEAR) for name in HELD}
    return row | {"throughput": len(found.veins) / counted, "promise_kept": found.counts["kept"] / len(found.veins)}


@pytest.mark.parametrize(("orders", "seeds"), [(240.0, 16), (330.0, 10)])
def test_the_twin_gives_the_same_distributions(orders: float, seeds: int) -> None:
    scenario = Scenario(orders_per_year=orders, positive=0.01)
    counted = YEARS - scenario.warm_up_days / 365.25
    simulation = model_of(lingang.recipe(), lingang.base(), scenario, BEGINS, YEARS)
    seats = dict(zip(simulation.resources, simulation.model.capacity[0], strict=True))
    fast = [
        dict(row) | {f"held.{name}": row[f"use.{name}"] * float(seats[name]) for name in HELD}
        for row in replications(simulation, scenario, 1, range(200))
    ]
    twins = years_of(lingang.recipe(), lingang.base(), scenario, BEGINS, YEARS, range(seeds))
    slow = [figures(found, counted) for found in twins]
    names = sorted(set().union(*slow) & set(fast[0]))
    assert len(names) > 35
    for name in names:
        ours, theirs = [row[name] for row in fast], [row.get(name, 0.0) for row in slow]
        found = stats.ttest_ind(ours, theirs, equal_var=False)
        assert found.pvalue > SURE or np.allclose(theirs, ours[0]), (name, np.mean(ours), np.mean(theirs), found.pvalue)
        if name.startswith(("vein.", "wait.")):
            assert stats.ks_2samp(ours, theirs).pvalue > SURE, name
