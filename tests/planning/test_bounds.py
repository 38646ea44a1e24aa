"""No bound exceeds the best timetable there is, which CP-SAT proves for small crowded bases; and the energy bounds say more than none."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.planning import lingang
from tests.planning.crowded import crowded, under_way

from yimai.planning.alone import alone_starts
from yimai.planning.bounds import lower_bounds
from yimai.planning.certify import Effort, certify
from yimai.planning.check import check
from yimai.planning.staying import cost_of_plan, staying_of
from yimai.planning.timetable import schedule
from yimai.wiring import bench_problem


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(0, 2**20), st.integers(1, 2), st.integers(2, 4))
def test_no_bound_exceeds_the_proven_optimum(batches: int, seed: int, suites: int, people: int) -> None:
    problem = crowded(batches, seed, suites, people)
    found, promises = schedule(problem, moves=300), staying_of(problem)
    best = certify(problem, found.plan, Effort(work=1.0), promises)
    assert best.bound <= found.cost + 1e-6
    assume(best.proven and best.plan is not None)
    assert best.plan is not None
    assert check(problem, best.plan) == []
    assert abs(cost_of_plan(problem, promises, best.plan) - best.cost) < 1e-6
    assert best.cost <= found.cost + 1e-6
    for plan in (None, found.plan, best.plan):
        for bound in lower_bounds(problem, plan, promises):
            assert bound.hours <= best.cost + 1e-6, bound.why.en


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.sampled_from([0, 60, 100, 150]), st.sampled_from([0.0, 5.0, 50.0]))
def test_prices_never_say_more_than_a_base_under_way_with_its_promises_costs(seed: int, now: int, moved: float) -> None:
    """Whatever is known of it: the bound from a poor timetable holds for every better one."""
    before = crowded(16, seed, suites=6, people=3, bench=12)
    first = schedule(before, moves=0).plan
    problem = under_way(before, first, now)
    promises = staying_of(problem, moved, first)
    poor = schedule(problem, start=first, moves=0, staying=promises)
    assume(not check(problem, poor.plan))
    good = schedule(problem, start=first, moves=1500, staying=promises)
    for known in (poor, good):
        for bound in lower_bounds(problem, known.plan, promises):
            assert bound.hours <= good.cost + 1e-6, bound.why.en


def test_prices_see_what_hours_of_work_do_not() -> None:
    """A patient waits at one step after another: of what is lost beyond patients alone, prices tell most and hours of work little."""
    problem = bench_problem.problem(150)
    found = schedule(problem, moves=40_000)
    bounds = {each.why.en: each.hours for each in lower_bounds(problem, found.plan)}
    alone = bounds["each patient as if the base were theirs alone"]
    (shared,) = (bounds[each] - alone for each in bounds if "shared hour by hour" in each)
    others = max(bounds[each] - alone for each in bounds if "shared" not in each)
    assert shared > 3 * others
    assert found.cost - alone > shared > 0.3 * (found.cost - alone)


def test_hours_of_people_or_in_suites_say_more_than_patients_alone_where_a_base_is_crowded() -> None:
    for binding, problem in (
        ("operators, hours of work", crowded(40, 0, 40, 2, 38)),
        ("hours in suites", crowded(5, 0)),
    ):
        found = schedule(problem, moves=400)
        bounds = {each.why.en: each.hours for each in lower_bounds(problem, found.plan)}
        assert max((each for each in bounds if "shared" not in each), key=lambda each: bounds[each]) == binding
        assert bounds[binding] > 3 * bounds["each patient as if the base were theirs alone"]
        assert bounds[binding] <= found.bound == max(bounds.values()) <= found.cost
        assert found.gap > 0


def test_alone_is_what_one_patient_gets() -> None:
    problem = lingang.problem(lingang.orders(1))
    found = schedule(problem, moves=0)
    assert np.array_equal(alone_starts(problem), found.plan.starts)
    assert found.gap == 0
