"""The itineraries that the planner offers for a treatment now, against everything that the base has to do."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from yimai.domain.recipe import Recipe, Words
from yimai.domain.slot import Itinerary
from yimai.interfaces.web.situation import Situation
from yimai.planning.offer import Live, Offer
from yimai.planning.order import Order
from yimai.planning.problem import Job, Problem
from yimai.projections import planning_problem

ADMISSION: Final = timedelta(hours=18)
"""A collection is never offered sooner than this from now (assumed)."""


@dataclass(frozen=True, slots=True)
class Offered:
    """code: as a form posts it. title: of the suite. odds: in per cent that the infusion can begin then, if the batch is released."""

    code: str
    itinerary: Itinerary
    title: Words
    odds: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What is offered, and why it is not earlier: what binds, and by how many hours it would be earlier without it."""

    offers: tuple[Offered, ...]
    binding: Words | None
    hours: int


def offered(situation: Situation, number: int, wanted: datetime) -> Choice:
    """So many itineraries whose collection is not before that moment. The same facts and the same hour give the same offers."""
    ordered = situation.vein.treatment
    now = situation.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ready = max(now + ADMISSION, wanted)
    order = Order(situation.treatment, ordered.hospital, ordered.urgency, ready)
    problem, _ = planning_problem.problem(situation.cursor, situation.base, now, [(order, situation.recipe.id)])
    seed = int.from_bytes(hashlib.sha256(situation.treatment.encode()).digest()[:8])
    found = Live(problem).offers(np.random.default_rng(seed), number)
    titles = {each.id: each.title for each in situation.base.suites}
    job = problem.jobs[-1]
    offers = []
    for each in found.offers:
        chosen = itinerary_of(problem, job, each, situation.recipe)
        code = f"{chosen.suite}@{chosen.collection.isoformat(timespec='minutes')}"
        offers.append(Offered(code, chosen, titles[chosen.suite], round(100 * each.odds)))
    binding = found.binding.title if found.binding is not None else None
    return Choice(tuple(offers), binding, round(found.gain * problem.tick / timedelta(hours=1)))


def itinerary_of(problem: Problem, job: Job, offer: Offer, recipe: Recipe) -> Itinerary:
    """The moments of an offer that its treatment is promised."""

    def starts(task: str) -> datetime:
        return problem.at(int(offer.starts[problem.task_of(job, task) - job.first]))

    def ends(task: str) -> datetime:
        number = problem.task_of(job, task)
        return problem.at(int(offer.starts[number - job.first]) + int(problem.tasks.duration[number]))

    steps = [f"step:{step.id}" for step in recipe.steps]
    finished = max(map(ends, steps)) + recipe.line_clearance.median
    return Itinerary(
        suite=problem.suites[offer.suite],
        collection=starts("collection"),
        pick_up=starts("inbound"),
        receipt=ends("inbound"),
        starts=min(map(starts, steps)),
        ends=finished,
        release=max(finished, ends("review")),
        delivery=max(finished, ends("outbound")),
        infusion=starts("infusion"),
    )


def the_one(choices: Sequence[Offered], code: str) -> Offered | None:
    """The offer of this code, or None where it is no longer offered."""
    return next((each for each in choices if each.code == code), None)
