"""Whether forecasts keep their word: at random moments of simulated years each batch in flight is forecast, and what came of it is looked up.

The forecast knows what a base would know then: what has begun and ended. What happens afterwards it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np

from yimai.planning.build import Horizon, build
from yimai.planning.calibrate import share_between
from yimai.planning.change import Case
from yimai.planning.forecast import forecast
from yimai.planning.order import Happened, Order
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.simulate import room_for
from yimai.planning.simulation_model import YEAR, Simulation, model_of
from yimai.planning.waiting import HOUR, Waits
from yimai.planning.waits import Course, chain_of, courses

LEVELS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
EARLIEST, LATEST, AFTER = 120 * 24.0, 300 * 24.0, 90 * 24.0
"""Hours: between which a moment lies, and how much longer the simulation goes on."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One batch at one moment and what came of it: the share of the forecast's draws that lay before what happened, of the delivery.

    without: the same of a forecast that knows no waits. stage: the latest step that had begun. hospital: that waits for it.
    width: hours within which eight of ten of the draws lie.
    """

    delivered: float
    without: float
    stage: str
    hospital: str
    width: float


@dataclass(frozen=True, slots=True)
class Level:
    """Odds as they were stated, the frequency that was seen of ``number`` batches, and its 95 % interval."""

    stated: float
    seen: float
    low: float
    high: float
    number: int

    @property
    def holds(self) -> bool:
        """Whether the interval covers what was stated."""
        return self.low <= self.stated <= self.high


def reliability(shares: Sequence[float], confidence: float = 0.95) -> tuple[Level, ...]:
    """How often what was said to be there with such odds was there."""
    levels = []
    for stated in LEVELS:
        held = int((np.array(shares) <= stated).sum())
        between = share_between(held, len(shares), confidence)
        levels.append(Level(stated, between.value, between.low, between.high, len(shares)))
    return tuple(levels)


def hindsight(
    case: Case, waits: Waits, begins: date, seed: int, moments: Sequence[int], draws: int = 1000
) -> Iterator[Kept]:
    """Each batch in flight at these moments, each of a replication of its own, if it was released and delivered later on."""
    simulation = model_of(case.recipe, case.base, case.scenario, begins, (LATEST + AFTER) / YEAR)
    problem, state = chain_of(case.recipe, case.base, simulation), room_for(simulation)
    names = [each.id for each in problem.tasks.names]
    review, outbound, first = names.index("review"), names.index("outbound"), simulation.model.first
    steps = [number for number, name in enumerate(names) if name.startswith("step:")]
    for number in moments:
        at = EARLIEST + (LATEST - EARLIEST) * float(np.random.Generator(np.random.PCG64([seed, number])).random())
        then = {
            patient: course
            for patient, course in courses(simulation, state, seed, number, at)
            if not course.treated and course.started[first] >= 0 and course.ended[review] < 0
        }
        later = dict(courses(simulation, state, seed, number, at + AFTER))
        for patient, course in then.items():
            came = later.get(patient)
            if came is None or came.ended[outbound] < 0 or _batch(came) != _batch(course):
                continue
            told = _told(case, simulation, course, names, at)
            there = (came.ended[outbound] - (told.begins - simulation.begins) / HOUR) * (HOUR / told.tick)
            drawn = [
                forecast(
                    known,
                    _no_plan(known),
                    known.jobs[0],
                    np.random.Generator(np.random.PCG64([seed, number, patient])),
                    draws,
                ).delivered
                for known in (replace(told, waits={case.recipe.id: waits}), told)
            ]
            shares = [float((each <= there).mean()) for each in drawn]
            early, late = np.quantile(drawn[0], (0.1, 0.9))
            stage = names[max(each for each in steps if course.started[each] >= 0)]
            yield Kept(
                shares[0],
                shares[1],
                stage.removeprefix("step:"),
                course.hospital,
                float(late - early) * (told.tick / HOUR),
            )


def _batch(course: Course) -> tuple[int, float]:
    """What tells a patient's batches apart: after a loss there is another collection or another batch of it."""
    return course.generation, float(course.started[0])


def _told(case: Case, simulation: Simulation, course: Course, names: list[str], at: float) -> Problem:
    """The problem of one batch as it was known then."""

    def moment(hours: float) -> timedelta:
        return timedelta(hours=hours)

    happened = {
        name: Happened(
            simulation.begins + moment(float(course.started[task])),
            simulation.begins + moment(float(course.ended[task])) if course.ended[task] >= 0 else None,
        )
        for task, name in enumerate(names)
        if course.started[task] >= 0
    }
    now = simulation.begins + moment(at)
    begins = min([now, *(each.starts for each in happened.values())]).replace(minute=0, second=0, microsecond=0)
    order = Order("", course.hospital, "routine", now, happened=happened)
    horizon = Horizon(begins, now, now - begins + timedelta(days=60))
    return build({case.recipe.id: case.recipe}, case.base, [(order, case.recipe.id)], horizon)


def _no_plan(problem: Problem) -> Plan:
    """What is in flight has begun: no plan is needed."""
    return Plan(np.full(len(problem.tasks.names), problem.now, np.int32), np.full(1, NEVER, np.int32))
