"""A timetable meets what really happens: nothing but a hold time can break, and what is booked on reveal breaks fewer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from tests.planning import lingang

from yimai.planning.change import CHANGES, Case
from yimai.planning.check import check
from yimai.planning.execution import Executed, Policy, execute, lengths
from yimai.planning.policies import outcomes
from yimai.planning.problem import Ints, Plan, Problem
from yimai.planning.scenario import Scenario
from yimai.planning.timetable import schedule


@cache
def planned(number: int = 16) -> tuple[Problem, Plan]:
    problem = lingang.problem(lingang.orders(number, 30), days=100)
    return problem, schedule(problem, moves=400).plan


def happened(problem: Problem, plan: Plan, done: Executed) -> tuple[Problem, Plan]:
    """The problem in which every task takes as long as it took, and what was done as its plan."""
    took = done.ends - done.starts
    uses, before = problem.uses, problem.tasks.duration
    begins, ends = uses.begins.copy(), uses.ends.copy()
    for task in range(len(took)):
        for use in range(uses.first[task], uses.first[task + 1]):
            if uses.ends[use] == before[task]:  # people of a task's end are there at its end
                ends[use] = took[task]
                begins[use] += took[task] - before[task] if 2 * uses.begins[use] > before[task] else 0
    real = replace(
        problem,
        tasks=replace(problem.tasks, duration=took.astype(np.int32)),
        uses=replace(uses, begins=begins, ends=ends),
    )
    return real, Plan(done.starts, plan.suite)


def test_no_culture_is_told_before_its_incubation_is_over() -> None:
    problem, _ = planned()
    chance = np.random.default_rng(1)
    cultures = [task for task, name in enumerate(problem.tasks.names) if name.id == "test:rapid_sterility"]
    real = np.concatenate([lengths(problem, chance)[cultures] for _ in range(20)])
    assert real.min() == 7 * 24 * 2, "half of the draws are shorter, and none may count"
    assert 0.4 < (real == real.min()).mean() < 0.6


@pytest.mark.parametrize("policy", ["fixed", "reveal"])
def test_where_all_takes_as_long_as_was_booked_nothing_runs_out(policy: Policy) -> None:
    problem, plan = planned()
    done = execute(problem, plan, problem.tasks.duration, policy, 48)
    assert done.exceeded == ()
    if policy == "fixed":
        assert np.array_equal(done.starts, plan.starts)


@pytest.mark.parametrize("policy", ["fixed", "reveal", "ahead"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_done_keeps_every_rule_but_hold_times(policy: Policy, seed: int) -> None:
    problem, plan = planned()
    real = lengths(problem, np.random.default_rng(seed))
    done = execute(problem, plan, real, policy, 48)
    broken = check(*happened(problem, plan, done))
    longest = max(np.diff(np.flatnonzero(np.diff(problem.shift))))
    within = [each for each in broken if each.rule == "shift"]
    assert {each.rule for each in broken} <= {"hold", "shift"}
    assert len(done.exceeded) == sum(each.rule == "hold" for each in broken)
    took = done.ends - done.starts
    assert all(
        took[problem.task_of(job, each.what)] > longest for each in within for job in problem.jobs if job.id == each.job
    )
    assert np.all(done.ends - done.starts >= np.where(problem.tasks.duration > 0, real, 0))


def test_a_booked_task_never_begins_before_its_booking() -> None:
    problem, plan = planned()
    done = execute(problem, plan, lengths(problem, np.random.default_rng(5)), "fixed", 48)
    assert np.all(done.starts >= plan.starts)


def test_reserve_on_reveal_lets_fewer_hold_times_run_out_at_the_same_chance() -> None:
    book = lingang.book(lingang.orders(20, 30), days=130)
    courses = [partial(np.random.default_rng, number) for number in range(4)]
    found = {(each.policy, each.quantile): each for each in outcomes(book, courses, [0.8, 0.95], seed=1, moves=400)}
    for quantile in (0.8, 0.95):
        fixed, reveal = (found[policy, quantile] for policy in ("fixed", "reveal"))
        assert sum(reveal.exceeded) < 0.5 * sum(fixed.exceeded)
    again = list(outcomes(book, courses, [0.8], seed=1, moves=400))
    assert [each.exceeded for each in again] == [found["fixed", 0.8].exceeded, found["reveal", 0.8].exceeded]


def test_a_horizon_that_is_too_short_is_told() -> None:
    problem, plan = planned()
    slow: Ints = problem.tasks.duration * 40
    with pytest.raises(ValueError, match="too short"):
        execute(problem, plan, slow, "fixed", 48)


def test_more_people_by_day_are_like_those_who_are_there() -> None:
    base = lingang.base()
    more = CHANGES["day"].made(Case(lingang.recipe(), base, Scenario())).base.people[len(base.people) :]
    by_shift = {
        shift.id: [p for p in base.people if p.shift == shift.id and "operator" in p.roles] for shift in base.shifts
    }
    assert len(more) == -(-15 * max(map(len, by_shift.values())) // 100)
    assert {each.shift for each in more} == {max(by_shift, key=lambda shift: len(by_shift[shift]))}
    assert all(replace(each, id=each.id.removesuffix("+")) in base.people for each in more)
