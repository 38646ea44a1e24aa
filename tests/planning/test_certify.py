"""CP-SAT as the second opinion: small timetables to the end, crowded windows of large ones, the same every time, and stoppable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.planning import lingang
from tests.planning.crowded import crowded

from yimai.planning.certify import Effort, certify, suites_of
from yimai.planning.check import check
from yimai.planning.staying import staying_of
from yimai.planning.timetable import schedule
from yimai.planning.window import window


def test_a_small_timetable_is_proven_the_best() -> None:
    problem = crowded(5, seed=3)
    searched, proven = (schedule(problem, moves=300, prove=work) for work in (0.0, 4.0))
    assert proven.gap == 0
    assert proven.cost <= searched.cost
    assert check(problem, proven.plan) == []


def test_the_same_work_gives_the_same_plan() -> None:
    problem = crowded(6, seed=2)
    hint = schedule(problem, moves=0).plan
    first, again = (certify(problem, hint, Effort(work=0.3), staying_of(problem)) for _ in range(2))
    assert first.plan is not None
    assert again.plan is not None
    assert np.array_equal(first.plan.starts, again.plan.starts)
    assert first.bound == again.bound


def test_it_can_be_interrupted() -> None:
    problem = crowded(12, seed=2)
    asked: list[int] = []

    def interrupted() -> bool:
        asked.append(1)
        return len(asked) > 2

    found = certify(problem, schedule(problem, moves=0).plan, Effort(work=0), staying_of(problem), None, interrupted)
    assert len(asked) > 2
    assert not found.proven


def test_a_window_is_solved_in_the_room_that_the_others_leave() -> None:
    problem = lingang.problem(lingang.orders(14, gap=6))
    found = schedule(problem, moves=100)
    part = window(problem, found.plan, [2, 3, 5])
    again = schedule(part, moves=0)
    assert again.unplaced == ()
    assert check(part, again.plan) == []
    tightened = schedule(problem, moves=100, prove=0.5)
    assert check(problem, tightened.plan) == []
    assert tightened.cost <= found.cost + 1e-6


def test_suites_are_told_apart_or_it_is_said_that_they_cannot_be() -> None:
    problem = crowded(4, seed=1)
    plan = schedule(problem, moves=50).plan
    told = suites_of(problem, plan.starts)
    assert told is not None
    assert check(problem, replace(plan, suite=told)) == []
    starts = plan.starts.copy()
    for job in problem.jobs:
        starts[job.first : job.last] = plan.starts[: job.last - job.first]
    assert suites_of(problem, starts) is None
