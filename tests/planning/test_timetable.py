"""The timetable: every plan passes the independent checker, the same seed gives the same plan, promises stay where they can."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.planning import lingang
from tests.planning.crowded import crowded, under_way
from tests.planning.lingang import BEGINS

from yimai.planning.check import check
from yimai.planning.insertion import STRICT, arrays_of, empty, put_in, take_out
from yimai.planning.offer import Live
from yimai.planning.order import Happened, Order
from yimai.planning.search import all_costs, fill, improve
from yimai.planning.staying import staying_of
from yimai.planning.timetable import Found, schedule
from yimai.wiring import bench_problem


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(0, 600), st.sampled_from(["routine", "urgent"])), min_size=1, max_size=14),
    st.integers(0, 3),
    st.integers(0, 2**20),
)
def test_every_timetable_passes_the_checker(asked: list[tuple[int, str]], closed: int, seed: int) -> None:
    of = [lingang.order(number, hours=hours, urgency=urgency) for number, (hours, urgency) in enumerate(asked)]
    away = {
        f"suite-{number + 1:02}": ((BEGINS + timedelta(days=5), BEGINS + timedelta(days=12)),)
        for number in range(closed)
    }
    problem = lingang.problem(of, away=away)
    found = schedule(problem, moves=200, seed=seed)
    assert found.unplaced == ()
    assert check(problem, found.plan) == []


def test_the_same_seed_and_moves_give_the_same_timetable_and_more_moves_none_that_is_worse() -> None:
    problem = lingang.problem(lingang.orders(30, gap=5))
    first, again, longer = (schedule(problem, moves=number, seed=3) for number in (600, 600, 0))
    assert np.array_equal(first.plan.starts, again.plan.starts)
    assert first.cost <= longer.cost


def test_it_can_be_stopped_and_is_whole_then() -> None:
    problem = lingang.problem(lingang.orders(30, gap=5))
    seen: list[Found] = []

    def stop(found: Found) -> bool:
        seen.append(found)
        return True

    stopped = schedule(problem, moves=5000, told=stop)
    assert len(seen) <= 1
    assert check(problem, stopped.plan) == []


def test_it_asks_whether_to_stop_between_its_moves() -> None:
    problem = bench_problem.problem(40)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    stopped = schedule(problem, moves=2**30, stop=stop)
    assert 0 < stopped.moves < 10_000
    assert check(problem, stopped.plan) == []


def test_promises_stay_when_a_suite_fails_but_for_those_that_must_move() -> None:
    problem = lingang.problem(lingang.orders(24, gap=10))
    promised = schedule(problem, moves=0).plan
    lost = problem.suites[promised.suite[0]]
    broken = lingang.problem(lingang.orders(24, gap=10), away={lost: ((BEGINS, BEGINS + timedelta(days=20)),)})
    assert "suite_closed" in {each.rule for each in check(broken, promised)}
    repaired = schedule(broken, staying=staying_of(broken, plan=promised), start=promised, moves=400)
    assert check(broken, repaired.plan) == []
    infusions = [job.last - 1 for job in broken.jobs]
    moved = int((repaired.plan.starts[infusions] != promised.starts[infusions]).sum())
    assert moved <= 3, f"{moved} of 24 promises moved"


def test_a_large_base_is_filled_and_bettered() -> None:
    problem = bench_problem.problem(150)
    first, better = (schedule(problem, moves=moves) for moves in (0, 4000))
    assert check(problem, first.plan) == []
    assert check(problem, better.plan) == []
    assert better.gap < first.gap / 2
    assert better.gap < 0.05


def test_more_than_sixty_suites_are_told_apart() -> None:
    problem = bench_problem.problem(40)
    many = 130
    capacity = problem.capacity.copy()
    capacity[0] = many - 60
    closed = np.zeros((many, problem.horizon), np.bool_)
    closed[:60] = True
    names = tuple(f"suite-{number}" for number in range(many))
    found = schedule(replace(problem, suites=names, suite_closed=closed, capacity=capacity), moves=400)
    assert found.plan.suite.min() >= 60
    assert check(replace(problem, suites=names, suite_closed=closed, capacity=capacity), found.plan) == []


def test_a_place_that_comes_too_late_is_not_taken_and_leaves_nothing_behind() -> None:
    problem = bench_problem.problem(60)
    of, to = arrays_of(problem), empty(problem)
    for number, job in enumerate(problem.jobs):
        assert put_in(of, to, number, 0, problem.horizon, STRICT)
        starts, infusion = to.starts[job.first : job.last].copy(), int(to.starts[job.last - 1])
        take_out(of, to, number)
        load, busy = to.load.copy(), to.busy.copy()
        assert not put_in(of, to, number, 0, infusion - 1, STRICT)
        assert np.array_equal(to.load, load)
        assert np.array_equal(to.busy, busy)
        assert put_in(of, to, number, 0, infusion, STRICT)
        assert np.array_equal(to.starts[job.first : job.last], starts)


def test_one_compilation_serves_all_problems() -> None:
    for problem in (bench_problem.problem(12), lingang.problem(lingang.orders(4))):
        first = schedule(problem, moves=50)
        schedule(problem, start=first.plan, moves=50)
        Live(problem).offers(np.random.default_rng(1), 1)
    compiled: tuple[Any, ...] = (fill, all_costs, improve, put_in, take_out)
    assert [len(each.signatures) for each in compiled] == [1] * 5


def test_a_batch_that_runs_keeps_its_suite_against_one_that_was_only_collected() -> None:
    """Whoever was ordered first: the suite in which a batch runs is not free."""
    now = BEGINS + timedelta(days=4)
    suites = [suite.id for suite in lingang.base().suites]
    away = {each: ((now, BEGINS + timedelta(days=120)),) for each in suites[2:]}
    first = next(f"step:{step.id}" for step in lingang.recipe().steps if not step.after)

    def received(number: int, at: datetime, happened: dict[str, Happened], suite: str = "") -> Order:
        before = {
            "collection": Happened(at - timedelta(hours=20), at - timedelta(hours=15)),
            "inbound": Happened(at - timedelta(hours=14), at),
        }
        return replace(lingang.order(number, hours=0), happened={**before, **happened}, suite=suite)

    begun = now - timedelta(hours=2)
    waits = received(0, now - timedelta(hours=1), {})
    runs = received(1, begun, {first: Happened(begun, None)}, suites[0])
    problem = lingang.problem([waits, runs], away=away, now=now)
    for moves in (0, 200):
        found = schedule(problem, moves=moves)
        assert [int(each) for each in found.plan.suite] == [1, 0]
        assert check(problem, found.plan) == []


@settings(max_examples=20)
@given(st.integers(0, 2**16), st.sampled_from([40, 60, 80, 100]))
def test_what_has_begun_does_not_pay_for_a_better_timetable(seed: int, now: int) -> None:
    """Neither with a hold time that runs out, nor with the people at its running step, nor with its suite."""
    before = crowded(24, seed, suites=24, people=3, bench=24)
    plan = schedule(before, moves=0).plan
    problem = under_way(before, plan, now)
    assume(not check(problem, schedule(problem, start=plan, moves=0).plan))
    better = schedule(problem, start=plan, moves=400)
    assert better.unplaced == ()
    assert check(problem, better.plan) == []
