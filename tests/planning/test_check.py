"""The independent checker: a sound plan breaks nothing, and each rule, broken by itself, is named with who, when and by how much."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.planning import lingang
from tests.planning.lingang import BEGINS

from yimai.planning.check import Broken, Rule, check, check_job
from yimai.planning.order import Happened
from yimai.planning.problem import Plan, Problem
from yimai.planning.timetable import schedule


@pytest.fixture(scope="module")
def problem() -> Problem:
    return lingang.problem(lingang.orders(6))


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return schedule(problem, moves=0).plan


def moved(problem: Problem, plan: Plan, task: str, by: int, job: int = 0) -> Plan:
    starts = plan.starts.copy()
    starts[problem.task_of(problem.jobs[job], task)] += by
    return Plan(starts, plan.suite)


def rules(found: list[Broken]) -> set[Rule]:
    return {each.rule for each in found}


def test_a_sound_plan_breaks_nothing(problem: Problem, plan: Plan) -> None:
    assert check(problem, plan) == []


def test_a_task_before_what_it_waits_for_is_named_with_how_much(problem: Problem, plan: Plan) -> None:
    broken = next(each for each in check(problem, moved(problem, plan, "step:transduce", -3)) if each.rule == "order")
    assert (broken.job, broken.what, broken.much) == ("T0", "step:transduce", 3)
    assert "before what it waits for" in str(broken)


def test_a_hold_that_runs_out_is_named(problem: Problem, plan: Plan) -> None:
    found = check(problem, moved(problem, plan, "step:store", 5))
    assert ("T0", "step:store") in {(each.job, each.what) for each in found if each.rule == "hold"}


def test_a_collection_before_its_order_or_out_of_hours_is_named(problem: Problem, plan: Plan) -> None:
    job = problem.jobs[3]
    start, collection = int(plan.starts[job.first]), problem.task_of(job, "collection")
    assert "ready" in rules(check(problem, moved(problem, plan, "collection", job.ready - 1 - start, job=3)))
    works = problem.calendars[problem.tasks.calendar[collection]]
    closed = next(tick for tick in range(job.ready, start) if not works[tick])
    assert rules(check(problem, moved(problem, plan, "collection", closed - start, job=3))) >= {"calendar"}


def test_a_freezing_that_runs_over_a_change_of_shift_is_named(problem: Problem, plan: Plan) -> None:
    freeze = problem.task_of(problem.jobs[0], "step:freeze")
    change = int(np.flatnonzero(np.diff(problem.shift[: plan.starts[freeze] + 60]))[-1])
    starts = plan.starts.copy()
    starts[freeze] = change
    assert "shift" in rules(check(problem, Plan(starts, plan.suite)))


def test_two_patients_in_one_suite_or_none_is_named(problem: Problem, plan: Plan) -> None:
    suite = plan.suite.copy()
    suite[1] = suite[0]
    shared = [each for each in check(problem, Plan(plan.starts, suite)) if each.rule == "suite_taken"]
    assert [each.job for each in shared] == ["T1"]
    assert shared[0].much > 0
    suite[1] = -1
    assert rules(check(problem, Plan(plan.starts, suite))) == {"suite_missing"}


def test_more_than_there_is_is_named(problem: Problem, plan: Plan) -> None:
    starts = plan.starts.copy()
    first, second, third = problem.jobs[0], problem.jobs[3], problem.jobs[1]
    assert first.hospital == second.hospital
    for job in (second, third):
        starts[job.first : job.last] = plan.starts[first.first : first.last]
    found = check(problem, Plan(starts, plan.suite))
    over = [each for each in found if each.rule == "capacity"]
    assert over, "three selections at once need more people than a shift has"
    assert all(each.much > 0 for each in over)


def test_a_suite_out_of_service_is_named() -> None:
    closed = {"suite-01": ((BEGINS, BEGINS + timedelta(days=60)),)}
    problem = lingang.problem(lingang.orders(1), away=closed)
    plan = schedule(problem, moves=0).plan
    assert check(problem, plan) == []
    assert problem.suites[plan.suite[0]] != "suite-01"
    found = check(problem, Plan(plan.starts, np.array([problem.suites.index("suite-01")], np.int32)))
    assert rules(found) == {"suite_closed"}


def test_what_has_begun_stays_and_nothing_starts_in_the_past() -> None:
    now = BEGINS + timedelta(days=1)
    begun = replace(
        lingang.order(0, hours=0),
        happened={"collection": Happened(BEGINS + timedelta(hours=1), BEGINS + timedelta(hours=5))},
    )
    problem = lingang.problem([begun], now=now)
    plan = schedule(problem, moves=0).plan
    assert check(problem, plan) == []
    assert plan.starts[0] == 2
    assert plan.starts[1] >= problem.now
    assert rules(check(problem, moved(problem, plan, "collection", 1))) == {"fixed"}
    assert "past" in rules(check(problem, moved(problem, plan, "inbound", -60)))


def test_a_plan_of_another_problem_is_refused_as_a_whole(problem: Problem, plan: Plan) -> None:
    assert rules(check(problem, Plan(plan.starts[:-1], plan.suite))) == {"shape"}


def test_a_plan_that_leaves_the_horizon_is_named(problem: Problem, plan: Plan) -> None:
    assert "horizon" in rules(check(problem, moved(problem, plan, "infusion", problem.horizon)))


def test_a_batch_that_holds_its_suite_since_before_now_is_not_taken_for_two() -> None:
    problem = lingang.problem(lingang.orders(2))
    plan = schedule(problem, moves=0).plan
    job = problem.jobs[0]
    now = int(plan.starts[problem.task_of(job, "step:transduce")])
    fixed = np.where((plan.starts >= 0) & (plan.starts < now), plan.starts, -1).astype(np.int32)
    begun = replace(problem.jobs[0], suite=int(plan.suite[0])), replace(problem.jobs[1], suite=int(plan.suite[1]))
    later = replace(problem, now=now, jobs=begun, tasks=replace(problem.tasks, fixed=fixed))
    assert check(later, plan) == []
    both = Plan(plan.starts, np.array([plan.suite[0], plan.suite[0]], np.int32))
    assert {"suite_taken", "suite_moved"} & rules(check(later, both))


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(-40, 40)), min_size=1, max_size=4), st.integers(0, 3))
def test_each_job_is_told_what_it_breaks_and_what_others_do_is_left_out(
    problem: Problem, plan: Plan, shifts: list[tuple[int, int]], other: int
) -> None:
    starts, suite = plan.starts.copy(), plan.suite.copy()
    for task, by in shifts:
        starts[task % len(starts)] += by
    suite[0] = suite[other]
    wrong = Plan(starts, suite)
    whole = check(problem, wrong, most=2**30)
    own = [check_job(problem, wrong, number) for number in range(len(problem.jobs))]
    for job, found in zip(problem.jobs, own, strict=True):
        mine = [each for each in whole if each.job == job.id and each.rule != "suite_taken"]
        assert [each for each in found if each.rule not in ("suite_taken", "capacity")] == mine
        assert all(each.job in ("", job.id) or each.rule == "suite_taken" for each in found)
    shared = {each for found in own for each in found if each.rule in ("suite_taken", "capacity")}
    assert {(each.rule, each.what) for each in shared} == {
        (each.rule, each.what) for each in whole if each.rule in ("suite_taken", "capacity")
    }
