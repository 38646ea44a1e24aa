"""The itineraries that the planner offers for a treatment now, against everything that the base has to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from yimai.domain import allocation
from yimai.domain.allocation import Waiting
from yimai.domain.recipe import Recipe, Words
from yimai.domain.slot import Itinerary
from yimai.interfaces.web import waiting_times
from yimai.interfaces.web.situation import Situation
from yimai.planning.build import TICK
from yimai.planning.forecast import seed_of
from yimai.planning.offer import Live, Offer, Offers
from yimai.planning.order import Order
from yimai.planning.problem import Job, Problem
from yimai.projections import planning_problem, waiting_board

ADMISSION: Final = timedelta(hours=18)
"""A collection is never offered sooner than this from now (assumed)."""


@dataclass(frozen=True, slots=True)
class Offered:
    """code: as a form posts it. title: of the suite. odds: in per cent that the infusion can begin then, if the batch is released;
    None while it is not known how long things wait.

    early: it takes room that is kept for those who are ahead.
    """

    code: str
    itinerary: Itinerary
    title: Words
    odds: int | None
    early: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What is offered, and why it is not earlier: what binds, and by how many hours it would be earlier without it.

    ahead: how many are ahead, for whom room is kept. early: what is offered to a scheduler who gives a reason.
    """

    offers: tuple[Offered, ...]
    binding: Words | None
    hours: int
    ahead: int = 0
    early: tuple[Offered, ...] = ()


def offered(situation: Situation, number: int, wanted: datetime) -> Choice:
    """So many itineraries whose collection is not before that moment. The same facts and the same hour give the same offers."""
    now = situation.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    before = ahead(situation)
    found, offers = _found(situation, now, number, wanted, before)
    early: tuple[Offered, ...] = ()
    if before and "scheduler" in situation.who.roles:
        _, all_offers = _found(situation, now, number, wanted, ())
        first = min((each.itinerary.infusion for each in offers), default=None)
        early = tuple(
            replace(each, early=True) for each in all_offers if first is None or each.itinerary.infusion < first
        )
    binding = found.binding.title if found.binding is not None else None
    hours = round(found.gain * TICK / timedelta(hours=1))
    return Choice(offers, binding, hours, len(before), early)


def ahead(situation: Situation) -> tuple[Waiting, ...]:
    """Those who wait for this base, and by its policy choose before this treatment; without names."""
    policy, own = situation.base.allocation, situation.treatment
    turns = waiting_board.turns(situation.cursor, own)
    if policy is None or not turns or turns[-1].until is not None:
        return ()
    mine = turns[-1].waiting
    others = list(waiting_board.queue(situation.cursor, situation.base.id))
    same = next((each for each in others if replace(each, treatment=own) == mine), None)
    if same is not None:
        others.remove(same)
    reserved = waiting_board.reserved(situation.cursor, situation.base.id, situation.now - policy.window, situation.now)
    ranked = allocation.credits(policy, (*others, mine), reserved, situation.now)
    return tuple(each.waiting for each in allocation.ahead(ranked, own))


def _found(
    situation: Situation, now: datetime, number: int, wanted: datetime, before: Sequence[Waiting]
) -> tuple[Offers, tuple[Offered, ...]]:
    ordered = situation.vein.treatment
    first = now + ADMISSION
    more = [(Order(f"ahead:{each.treatment}", each.hospital, each.urgency, first), each.recipe) for each in before]
    own = Order(situation.treatment, ordered.hospital, ordered.urgency, max(first, wanted))
    problem, _ = planning_problem.problem(situation.cursor, situation.base, now, [*more, (own, situation.recipe.id)])
    waits = waiting_times.known(situation.cursor, situation.base, [situation.recipe], situation.now)
    problem = replace(problem, waits=waits)
    found = Live(problem, len(more)).offers(np.random.default_rng(seed_of(situation.treatment)), number)
    titles = situation.base.suite_titles
    job = problem.jobs[-1]
    offers = []
    for each in found.offers:
        chosen = itinerary_of(problem, job, each, situation.recipe)
        code = f"{chosen.suite}@{chosen.collection.isoformat(timespec='minutes')}"
        offers.append(Offered(code, chosen, titles[chosen.suite], round(100 * each.odds) if waits else None))
    return found, tuple(offers)


def itinerary_of(problem: Problem, job: Job, offer: Offer, recipe: Recipe) -> Itinerary:
    """The moments of an offer that its treatment is promised."""

    def span(task: str) -> tuple[datetime, datetime]:
        return problem.span(offer.starts, job, task)

    steps = [span(f"step:{step.id}") for step in recipe.steps]
    finished = max(ends for _, ends in steps) + recipe.line_clearance.median
    return Itinerary(
        suite=problem.suites[offer.suite],
        collection=span("collection")[0],
        pick_up=span("inbound")[0],
        receipt=span("inbound")[1],
        starts=min(starts for starts, _ in steps),
        ends=finished,
        release=max(finished, span("review")[1]),
        delivery=max(finished, span("outbound")[1]),
        infusion=span("infusion")[0],
    )


def the_one(choices: Sequence[Offered], code: str) -> Offered | None:
    """The offer of this code, or None where it is no longer offered."""
    return next((each for each in choices if each.code == code), None)
