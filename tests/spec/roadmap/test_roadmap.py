"""The roadmap: from goals to the cheapest plan that meets them, or to why there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.city import city, goal, tried

from yimai.planning.roadmap import broken, costs, measured, meets
from yimai.planning.roadmap_goals import alternatives, conflict, giving, prices
from yimai.planning.roadmap_search import Effort, cheapest
from yimai.planning.roadmap_solver import Infeasible

EXACT = Effort(gap=0.0, whole=100_000)
CAPITAL = goal("capital", 20_000_000, comparator="le")
GOALS = (goal("served", 60), goal("facilities", 2), goal("clusters", 1, comparator="gt"), goal("capacity", 90), CAPITAL)
TRIED = (
    (1, ()),
    (2, (goal("served", 70), goal("facilities", 2))),
    (3, (goal("capital", 6_000_000, comparator="le"),)),
)


@pytest.mark.requirement(
    "RDM-001", "A roadmap is the cheapest there is, or says how far above the cheapest it can be at most."
)
@pytest.mark.parametrize(("seed", "goals"), TRIED)
def test_the_roadmap_is_the_cheapest_of_all_there_are(seed: int, goals: tuple) -> None:  # type: ignore[type-arg]
    each = city(seed, goals, sites=2)
    found = cheapest(each, effort=EXACT)
    assert found.cost == pytest.approx(tried(each), rel=1e-6)
    assert found.bound == pytest.approx(found.cost, rel=1e-6)


@pytest.mark.requirement(
    "RDM-002",
    "A roadmap keeps every goal and every rule and costs what its decisions cost, counted without the solver.",
)
@given(st.integers(1, 10_000), st.lists(st.sampled_from(GOALS), unique=True, max_size=3))
@settings(max_examples=12, derandomize=True)
def test_the_solvers_cost_is_that_of_its_decisions_and_goals_hold(seed: int, goals: list) -> None:  # type: ignore[type-arg]
    each = city(seed, goals)
    try:
        found = cheapest(each, effort=EXACT)
    except Infeasible:
        assert giving(each, [g.id for g in goals], effort=EXACT)[0] > 1e-6
        return
    assert giving(each, [g.id for g in goals], effort=EXACT)[0] == pytest.approx(0.0, abs=1e-6)
    assert sum(costs(each, found).values()) == pytest.approx(found.cost, rel=1e-6)
    assert all(meets(g, measured(each, found, g)) for g in goals)
    assert broken(each, found) == []
    for price in prices(each, found, EXACT):
        assert price.low - 1 <= price.cost <= price.high + 1
        assert price.cost >= 0
    for goal_ in goals:
        assert cheapest(each, each.without([goal_.id]), EXACT).cost <= found.cost * (1 + 1e-6)


@pytest.mark.requirement(
    "RDM-003", "Goals that cannot all be met are named in words, with how far each of them would have to give way."
)
def test_a_conflict_is_told_with_what_each_goal_would_have_to_give() -> None:
    each = city(1, (goal("facilities", 3), goal("served", 0), goal("capital", 1_000_000, comparator="le")))
    assert conflict(city(1, (goal("facilities", 3),))) is None
    found = conflict(each, EXACT)
    assert found is not None
    assert {g.id for g in found.core} == {"facilities", "capital"}
    alone = {given_.goal.id: given_.reached for given_ in found.alone if given_ is not None}
    opening = sum(site.opening for site in each.sites)
    assert alone["capital"] == pytest.approx(opening, rel=1e-6)
    assert alone["facilities"] < 3
    assert "facilities" in found.words.en
    assert "不能同时达到" in found.words.zh


@pytest.mark.requirement("RDM-004", "Other ways near the best open other sites, and say how much more they cost.")
def test_alternatives_open_other_sites_and_say_how_much_more_they_cost() -> None:
    each = city(4, (goal("served", 70),))
    best = cheapest(each, effort=EXACT)
    others = list(alternatives(each, best, 3, within=1.0, effort=EXACT))
    ends = [tuple(map(int, each_.open[:, -1])) for each_ in (best, *others)]
    assert len(set(ends)) == len(ends) > 2
    assert all(other.cost >= best.cost * (1 - 1e-9) for other in others)
    assert np.all(np.diff([other.cost for other in others]) >= -1)


@pytest.mark.requirement("RDM-005", "A search that is stopped keeps what it has found, and says that it was stopped.")
def test_it_stops_when_told_and_says_so() -> None:
    each = city(5, (goal("served", 70),), sites=6, hospitals=5, quarters=8)
    asked: list[str] = []

    def told(doing: str, cost: float, bound: float) -> None:
        asked.append(doing if np.isfinite(cost) else "")

    found = cheapest(each, told=told, stop=lambda: any(asked))
    assert found.stopped
    assert found.bound < found.cost
