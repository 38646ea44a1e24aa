"""The model with all hospitals as one never says that nothing is cheaper than what there is, and is soon tight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.city import city, goal

from yimai.planning.roadmap_model import model_of
from yimai.planning.roadmap_pooled import Pooled
from yimai.planning.roadmap_search import Effort, Search, never, silent
from yimai.planning.roadmap_solver import Infeasible

GOALS = (goal("served", 60), goal("facilities", 2), goal("capital", 12_000_000, comparator="le"))


@given(st.integers(1, 10_000), st.lists(st.sampled_from(GOALS), unique=True, max_size=3), st.booleans())
@settings(max_examples=12, derandomize=True)
def test_its_bound_holds_for_every_roadmap(seed: int, goals: list, suites: bool) -> None:  # type: ignore[type-arg]
    search = Search(model_of(city(seed, goals)), Effort(gap=0.0), silent, never)
    try:
        values = search.relaxed()
        search.whole_model(100_000)
    except Infeasible:
        return
    pooled = Pooled(search.model, never)
    search.solver.relaxed(search.low, search.high)
    pooled.learn(values, search.solver.prices(search.model.wanted))
    chance = np.random.default_rng(seed)
    for prices in (chance.normal(0, 0.01, search.model.wanted.shape), np.zeros(search.model.wanted.shape)):
        pooled.learn(values, prices)  # rows hold whatever the prices are
    found = pooled.bound(10_000, 0.0, suites=suites)
    assert found is not None
    assert found[1] <= search.cost * (1 + 1e-6)


def test_it_learns_what_transport_costs() -> None:
    search = Search(model_of(city(3, (goal("served", 70),), sites=4, hospitals=6)), Effort(gap=0.0), silent, never)
    values = search.relaxed()
    pooled = Pooled(search.model, never)
    pooled.learn(values, search.solver.prices(search.model.wanted))
    low, high = pooled.solver.low, pooled.solver.high
    assert pooled.solver.relaxed(low, high)[1] == pytest.approx(search.bound, rel=1e-3)
