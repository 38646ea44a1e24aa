"""Promises are judged by what happens afterwards: without chance all are kept, and by it some are broken."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from tests.planning import lingang

from yimai.planning.check import check
from yimai.planning.offer_hindsight import kept, promised
from yimai.planning.problem import Problem

COURSES = [partial(np.random.default_rng, (3, number)) for number in range(2)]


@pytest.fixture(scope="module")
def problem() -> Problem:
    return lingang.problem(lingang.orders(6, 40), days=100)


def test_each_order_is_promised_the_earliest_and_the_plan_stands(problem: Problem) -> None:
    plan = promised(problem)
    assert check(problem, plan) == []
    infusions = [int(plan.starts[job.last - 1]) for job in problem.jobs]
    assert infusions == sorted(infusions)


def test_without_chance_every_promise_is_sure_and_kept(problem: Problem) -> None:
    tasks = problem.tasks
    certain = replace(tasks, median=tasks.duration.astype(float), sigma=np.zeros_like(tasks.sigma))
    found = kept(replace(problem, tasks=replace(certain, success=np.ones_like(tasks.success))), COURSES, 1, 50)
    assert np.all(found.stated == 1)
    assert np.all(found.kept["fixed"] == 1)
    assert found.kept["ahead"].mean() > 0.9


def test_by_chance_some_are_broken_and_who_works_ahead_keeps_more(problem: Problem) -> None:
    found = kept(problem, COURSES, 1, 200)
    assert 0.5 < found.stated.mean() < 1
    assert 0 < found.kept["fixed"].mean() < 1
    assert found.kept["fixed"].mean() <= found.kept["ahead"].mean()


def test_orders_without_room_are_named_as_such() -> None:
    short = lingang.problem(lingang.orders(4, 40), days=20)
    with pytest.raises(ValueError, match="no room for every order"):
        promised(short)
