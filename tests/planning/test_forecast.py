"""Forecasts: the same seed tells the same, what has happened is certain, and what is told of a step holds when the step is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from tests.planning import lingang
from tests.planning.lingang import BEGINS

from yimai.planning.forecast import Forecast, forecast
from yimai.planning.order import Happened, Order
from yimai.planning.problem import Problem
from yimai.planning.timetable import schedule


def told(problem: Problem, seed: int = 1, draws: int = 4000) -> Forecast:
    plan = schedule(problem, moves=0).plan
    return forecast(problem, plan, problem.jobs[0], np.random.default_rng(seed), draws)


def begun(until: str, *, running: datetime | None = None) -> Order:
    """An order whose tasks have all taken their medians up to a step, which runs since then if so said."""
    at = BEGINS + timedelta(hours=1)
    happened = {
        "collection": Happened(at, at + timedelta(hours=4)),
        "inbound": Happened(at + timedelta(hours=4), at + timedelta(hours=18)),
    }
    at += timedelta(hours=19)
    for step in lingang.recipe().steps:
        if step.id == until:
            happened[f"step:{step.id}"] = Happened(running or at, None)
            break
        happened[f"step:{step.id}"] = Happened(at, at + step.duration.median)
        at += step.duration.median
    return replace(lingang.order(0, hours=0), happened=happened)


def test_the_same_seed_tells_the_same_and_the_odds_of_the_plan_are_what_its_draws_say() -> None:
    problem = lingang.problem([lingang.order(0, hours=0)])
    one, other = told(problem), told(problem)
    assert np.array_equal(one.infusion, other.infusion)
    by = one.delivered_by(0.95)
    assert (one.delivered <= by).mean() == pytest.approx(0.95, abs=0.001)
    assert one.odds(int(one.infusion.min()) - 1) == 0
    assert one.odds(int(one.infusion.max()) + 1) == 1


def test_nothing_is_delivered_before_it_is_released_or_given_before_it_is_delivered() -> None:
    found = told(lingang.problem([lingang.order(0, hours=0)]))
    assert (found.released < found.delivered).all()
    assert (found.delivered <= found.infusion).all()


def test_the_more_has_happened_the_less_is_uncertain() -> None:
    spreads = []
    for until in ("select", "middle_culture", "harvest_cells"):
        order = begun(until)
        now = max(each.starts for each in order.happened.values()) + timedelta(minutes=30)
        found = told(lingang.problem([order], now=now))
        spreads.append(float(np.quantile(found.released, 0.9) - np.quantile(found.released, 0.1)))
    assert spreads[0] > spreads[1] > spreads[2]


def test_a_culture_that_runs_longer_than_usual_is_expected_to_go_on() -> None:
    usual = begun("middle_culture")
    started = usual.happened["step:middle_culture"].starts
    late = started + timedelta(hours=130)
    found = told(lingang.problem([usual], now=late))
    earlier = told(lingang.problem([usual], now=started + timedelta(hours=1)))
    assert np.median(found.released) > np.median(earlier.released)
    assert found.released.min() * 0.5 > 130 * 1


def test_the_culture_that_ends_by_count_takes_as_many_rounds_as_it_needs() -> None:
    """One of two tasks' worth of evidence: with rounds the release is later by the rounds beyond the first, on average."""
    problem = lingang.problem([lingang.order(0, hours=0)])
    tasks = problem.tasks
    culture = problem.task_of(problem.jobs[0], "step:final_culture")
    assert 0 < tasks.success[culture] < 1
    one_round = replace(problem, tasks=replace(tasks, success=np.ones_like(tasks.success)))
    chance, most = float(tasks.success[culture]), int(tasks.most[culture])
    expected = sum(min(number, most) * chance * (1 - chance) ** (number - 1) for number in range(1, 200))
    difference = told(problem, draws=20_000).released.mean() - told(one_round, draws=20_000).released.mean()
    assert difference == pytest.approx((expected - 1) * tasks.median[culture], rel=0.25)
