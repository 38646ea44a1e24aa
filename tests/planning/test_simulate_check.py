"""Every simulated day passes the independent checker: whatever the kernel let happen, no rule is broken but hold times that ran out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import pytest
from tests.planning import lingang
from tests.planning.test_execution import happened
from tests.planning.test_simulate import CALM

from yimai.planning.build import Horizon, OrderBook
from yimai.planning.check import check
from yimai.planning.execution import Executed
from yimai.planning.order import Order
from yimai.planning.problem import NEVER, Floats, Ints, Plan
from yimai.planning.simulate import room_for
from yimai.planning.simulation_model import YEAR, model_of
from yimai.planning.waits import courses

TICK: Final = timedelta(minutes=5)
DAYS: Final = 150


def ticks(hours: Floats) -> Ints:
    """What overlaps in these ticks overlaps in truth: each is over before the moment at which the next of the same tick begins."""
    return np.floor(hours / (TICK / timedelta(hours=1)) + 1e-6).astype(np.int32)


@pytest.mark.parametrize("orders_a_year", [120.0, 330.0])
def test_every_simulated_day_passes_the_checker(orders_a_year: float) -> None:
    recipe, scenario = lingang.recipe(), replace(CALM, orders_per_year=orders_a_year)
    simulation = model_of(recipe, lingang.base(), scenario, date(2026, 3, 2), DAYS * 24 / YEAR)
    made = [each for _, each in courses(simulation, room_for(simulation), 1, 0, DAYS * 24.0) if each.treated]
    assert len(made) > orders_a_year * DAYS / 365 / 2
    orders = [
        Order(f"T{number}", each.hospital, "routine", simulation.begins + timedelta(hours=float(each.started[0])))
        for number, each in enumerate(made)
    ]
    horizon = Horizon(simulation.begins, simulation.begins, timedelta(days=DAYS), tick=TICK)
    problem = OrderBook({recipe.id: recipe}, lingang.base(), [(each, recipe.id) for each in orders], horizon).problem()
    starts, ends = (np.concatenate([ticks(getattr(each, name)) for each in made]) for name in ("started", "ended"))
    plan = Plan(starts, np.full(len(orders), NEVER, np.int32))
    broken = check(*happened(problem, plan, Executed(starts, ends, (), 0.0)), most=10**6)
    held = [
        each for each in broken if each.rule != "suite_missing"
    ]  # which suite it was is not told, how many are held is
    assert {each.rule for each in held} <= {"hold"}, [str(each) for each in held if each.rule != "hold"]
    assert len({each.job for each in held}) < len(orders) / 2
    late = replace(problem, tasks=replace(problem.tasks, duration=problem.tasks.duration + 12))
    assert {each.rule for each in check(late, plan, most=10**6)} & {"order", "capacity"}, "as long as that they overlap"
