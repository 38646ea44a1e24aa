"""How long things wait for people and equipment, learned from simulated years of a base with the same recipe and rosters.

Only treatments that reached the infusion count: a forecast is of a batch that is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.planning.build import Horizon, build
from yimai.planning.change import Case
from yimai.planning.order import Order
from yimai.planning.problem import Floats, Problem
from yimai.planning.simulate import room_for
from yimai.planning.simulation_kernel import run
from yimai.planning.simulation_model import Simulation, model_of
from yimai.planning.simulation_state import TREATED, State
from yimai.planning.waiting import HOUR, LEGS, Queue, Waits, leg

YEARS: Final = 1.0
REPLICATIONS: Final = 96
WARM_UP, SETTLED = 90 * 24.0, 70 * 24.0
"""Hours: who is collected before the first is not counted; nor who is so shortly before the end that only the fast would be seen."""


@dataclass(frozen=True)
class Course:
    """What happened to one simulated patient, in hours, by task: -1 where it has not. tail: when its attended end was ready."""

    hospital: str
    started: Floats
    ended: Floats
    tail: Floats
    generation: int
    treated: bool


def chain_of(recipe: Recipe, base: Base, simulation: Simulation) -> Problem:
    """One order's chain, whose tasks are numbered as the simulation's."""
    hospital = base.hospitals[0].id if base.hospitals else ""
    order = Order("", hospital, "routine", simulation.begins)
    horizon = Horizon(simulation.begins, simulation.begins, timedelta(days=21))
    return build({recipe.id: recipe}, base, [(order, recipe.id)], horizon)


def courses(simulation: Simulation, state: State, seed: int, number: int, until: float) -> Sequence[tuple[int, Course]]:
    """Run a replication until then (hours): of each patient whose latest chain was not begun from frozen material, by number."""
    state.patients["collections"] = 0  # of those whom the last replication left there
    run(simulation.model.packed(), state.packed, seed, number, until)
    tasks, found = len(simulation.model.tasks), []
    slots = state.slots.reshape(-1, tasks)
    for patient in np.flatnonzero((state.patients["collections"] > 0) & (state.patients["frozen"] == 0)):
        row = state.patients[patient]
        started = slots[patient]["started"].copy()
        ended = np.where((started >= 0) & (slots[patient]["ended"] >= started), slots[patient]["ended"], -1.0)
        hospital = simulation.sources[int(row["source"])].hospital
        course = Course(
            hospital,
            started,
            ended,
            slots[patient]["ready"].copy(),
            int(row["generation"]),
            int(row["phase"]) == TREATED,
        )
        found.append((int(patient), course))
    return found


def waits_of(case: Case, begins: date, seed: int = 1) -> Waits:
    """What some simulated years show; nothing where nobody is treated in them. The same seed gives the same."""
    recipe, simulation = case.recipe, model_of(case.recipe, case.base, case.scenario, begins, YEARS)
    problem, state = chain_of(recipe, case.base, simulation), room_for(simulation)
    rows: list[Course] = []
    last = simulation.hours - SETTLED
    for number in range(REPLICATIONS):
        made = courses(simulation, state, seed, number, simulation.hours)
        rows += [each for _, each in made if each.treated and WARM_UP < each.ended[0] < last]
    if not rows:
        return Waits(simulation.begins, {}, {}, {}, {}, simulation.assumed)
    hospitals = np.array([each.hospital for each in rows])
    started, ended, tail = (np.array([getattr(each, name) for each in rows]) for name in ("started", "ended", "tail"))
    before, after, alone, lasting = {}, {}, {}, {}
    tasks, attended = problem.tasks, {f"step:{step.id}": step.attended for step in recipe.steps if step.attended}
    for task, name in enumerate(tasks.names):
        there = (started[:, task] >= 0) & (ended[:, task] >= 0)
        own = np.flatnonzero(there)
        if not len(own):
            continue
        if name.kind in LEGS:
            for hospital in sorted(set(hospitals)):
                legs = own[hospitals[own] == hospital]
                lasting[leg(name.id, hospital)] = np.sort(ended[legs, task] - started[legs, task])
        elif tasks.success[task] < 1 or name.kind == "test":
            lasting[name.id] = np.sort(ended[own, task] - started[own, task])
        elif (by := attended.get(name.id)) is not None:
            alone[name.id] = by.ends / HOUR
            after[name.id] = Queue.of(tail[own, task], _of_note(ended[own, task] - tail[own, task] - by.ends / HOUR))
        ready = _ready(problem, task, ended[own])
        if ready is not None and name.kind != "infusion":
            before[name.id] = Queue.of(ready, _of_note(started[own, task] - ready))
    return Waits(simulation.begins, before, after, alone, lasting, simulation.assumed)


def _of_note(wait: Floats) -> Floats:
    """The waits without what rounding makes of none."""
    return np.where(wait > 1e-6, wait, 0.0)


def _ready(problem: Problem, task: int, ended: Floats) -> Floats | None:
    """When what the task waits for had ended; None where it waits for nothing."""
    lags, tick = problem.lags, problem.tick / HOUR
    numbers = range(int(lags.first[task]), int(lags.first[task + 1]))
    each = [ended[:, int(lags.after[n])] + int(lags.minimum[n]) * tick for n in numbers]
    return np.maximum.reduce(each) if each else None
