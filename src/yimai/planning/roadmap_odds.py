"""The odds that a roadmap meets its goals once patients, cells and bad luck have their say: its bases, simulated year by year.

Each base that has suites is made like a template base: the same kind of suites, equipment, shifts and laboratory, as many as the roadmap
says, and the operators that it says. To it come at random the patients whom the roadmap sends there in one demand scenario. Some batches
fail, some patients get worse while they wait, so that fewer are infused than the roadmap counts as served: that is what is compared with
the goals of service and of scale. What is opened, and what it costs, follows from the decisions alone and has no odds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np

from yimai.domain.base import Base, Hospital, Member
from yimai.domain.recipe import Duration, Source
from yimai.domain.slot import suites_for
from yimai.planning.change import Case
from yimai.planning.problem import Floats
from yimai.planning.roadmap import QUARTERS, City, Goal, Roadmap
from yimai.planning.roadmap_search import never
from yimai.planning.roadmap_solver import Stop, Stopped
from yimai.planning.scenario import Arrivals
from yimai.planning.simulate import replications
from yimai.planning.simulation_model import model_of

UNCERTAIN: Final = ("served", "scale")
CONFIDENCE: Final = 1.96
"""Standard errors of an interval of 95 %."""
WORKDAYS: Final = 250
YEARS: Final = 1.25
"""That are simulated; the scenario's warm-up of them is not counted."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How often a goal is met, weighted by the scenarios' probabilities. value: what is reached on average, in the goal's unit."""

    goal: Goal
    odds: float
    low: float
    high: float
    value: float


def goal_odds(
    city: City, roadmap: Roadmap, like: Case, begins: date, count: int, seed: int,
    told: Callable[[str, int, int], None], stop: Stop = never,
) -> list[Odds]:  # fmt: skip
    """The odds of each goal that has any, of so many replications of each scenario and base. Raises Stopped, ValueError."""
    goals = [goal for goal in city.goals if goal.metric in UNCERTAIN]
    years = {goal.id: _year(city, goal) for goal in goals}
    different = sorted(set(years.values()))
    infused: dict[tuple[int, int], Floats] = {}
    for place, year in enumerate(different):
        told(f"year {year[0] + 1}–{year[1] + 1}", place, len(different))
        infused[year] = np.stack(
            [
                _infused(city, roadmap, like, begins, count, seed + 1_000 * number, year, number, stop)
                for number in range(len(city.demands))
            ]
        )
    return [_judged(city, goal, years[goal.id], infused[years[goal.id]]) for goal in goals]


def _year(city: City, goal: Goal) -> tuple[int, int]:
    """The first and last quarter that are looked at: the year that ends with the goal's, or for service that begins with it."""
    if goal.metric == "scale":
        return max(0, goal.by - QUARTERS + 1), goal.by
    return goal.by, min(city.quarters, goal.by + QUARTERS) - 1


def _infused(
    city: City, roadmap: Roadmap, like: Case, begins: date, count: int, seed: int, year: tuple[int, int], scenario: int, stop: Stop
) -> Floats:  # fmt: skip
    """Patients infused a year in the whole city, in each replication."""
    total = np.zeros(count)
    first, last = year
    for number in range(len(city.sites)):
        modules = int(roadmap.modules[number, first : last + 1].mean().round())
        if stop():
            raise Stopped
        if modules == 0:
            continue
        case = _case(city, roadmap, like, number, modules, year, scenario)
        if not case.scenario.arrivals:
            continue
        simulation = model_of(case.recipe, case.base, case.scenario, begins, YEARS)
        rows = replications(simulation, case.scenario, seed + number, range(count))
        total += np.array([row["throughput"] for row in rows])
    return total


def _case(
    city: City, roadmap: Roadmap, like: Case, number: int, modules: int, year: tuple[int, int], scenario: int
) -> Case:
    """The template with this site's suites, people and hospitals."""
    first, last = year
    suites = modules * city.suites_module
    there = [each for each in like.base.suites if each.id in set(suites_for(like.base, like.recipe))]
    times = math.ceil(suites / len(there))
    base = replace(
        like.base,
        suites=tuple(replace(there[n % len(there)], id=f"suite-{n + 1:03}") for n in range(suites)),
        equipment=tuple(replace(each, id=f"{each.id}{_mark(n)}") for n in range(times) for each in like.base.equipment),
        people=_people(like.base, round(float(roadmap.people[number, first : last + 1].mean())), times),
        laboratory=tuple(replace(each, places=each.places * times) for each in like.base.laboratory),
        review=like.base.review and replace(like.base.review, people=like.base.review.people * times),
        couriers=like.base.couriers * times,
        allocation=None,
    )
    flows = roadmap.served[:, first : last + 1, scenario].sum(axis=1) * QUARTERS / (last - first + 1)
    hospitals, arrivals = list[Hospital](), list[Arrivals]()
    names = [name for name, _ in like.recipe.indications]
    for flow, route in zip(flows, city.routes, strict=True):
        if route.site != number or flow < 0.5:
            continue
        hospital = city.hospitals[route.hospital]
        hospitals.append(_hospital(like.base.hospitals[0], hospital, route.hours, float(flow)))
        arrivals += [Arrivals(hospital, name, float(flow) / len(names)) for name in names]
    base = replace(base, hospitals=tuple(hospitals))
    return replace(like, base=base, scenario=replace(like.scenario, arrivals=tuple(arrivals)))


def _mark(number: int) -> str:
    return f"+{number}" if number else ""


def _people(base: Base, operators: int, times: int) -> tuple[Member, ...]:
    """So many operators, in the template's order of shifts and skills, and of all others as many times as there are."""
    able = [each for each in base.people if each.site == base.id and "operator" in each.roles]
    others = [each for each in base.people if each not in able]
    return (
        *(replace(able[n % len(able)], id=f"operator-{n + 1:03}") for n in range(max(operators, len(able)))),
        *(replace(each, id=f"{each.id}{_mark(n)}") for n in range(times) for each in others),
    )


def _hospital(like: Hospital, name: str, hours: float, patients: float) -> Hospital:
    way = Duration(timedelta(hours=hours), like.inbound.cv, Source("the roadmap's route", assumed=True))
    places = max(like.collecting.places, math.ceil(2 * patients / WORKDAYS))
    return Hospital(name, replace(like.collecting, places=places), way, way)


def _judged(city: City, goal: Goal, year: tuple[int, int], infused: Floats) -> Odds:
    first, last = year
    if goal.metric == "scale":
        values = infused * city.price
    else:
        wanted = [each.patients[:, first : last + 1].sum() * QUARTERS / (last - first + 1) for each in city.demands]
        values = 100 * infused / np.maximum(np.array(wanted)[:, None], 1e-9)
    shares = np.array([each.probability for each in city.demands])
    met = (values >= goal.least).mean(axis=1)
    odds, count = float(shares @ met), infused.shape[1]
    low, high = _interval(shares, met, count)
    return Odds(goal, odds, low, high, float(shares @ values.mean(axis=1)))


def _interval(shares: Sequence[float] | Floats, met: Floats, count: int) -> tuple[float, float]:
    """Agresti and Coull's interval of each scenario's odds, weighted together."""
    among = count + CONFIDENCE**2
    middle = (met * count + CONFIDENCE**2 / 2) / among
    centre = float(np.dot(shares, middle))
    half = CONFIDENCE * math.sqrt(float(np.dot(np.square(shares), middle * (1 - middle) / among)))
    odds = float(np.dot(shares, met))  # with few replications it may lie outside
    return max(0.0, min(centre - half, odds)), min(1.0, max(centre + half, odds))
