"""Where treatments stand when a simulation ends: one at every stage, and decisions that people still owe.

Stages that pass within hours are reached within hours of the end; before them a treatment rests where it may rest long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.domain.slot import LEADS, quality_control_time, suite_time
from yimai.interfaces.plant.draws import departing
from yimai.interfaces.plant.fortune import Departure, Fortune
from yimai.interfaces.plant.ordering import DAY, HOUR

OPENED: Final = LEADS.collection_to_start + 2 * HOUR
"""From a collection to the opening of its batch."""
LEEWAY: Final = 60 * HOUR
"""For batches whose culture and tests are slower than the median."""
A_NIGHT: Final = 30 * HOUR
"""Within which somebody of quality assurance, and then a qualified person, is on duty and has decided."""
SOON: Final = HOUR - timedelta(minutes=1)
"""A slot begins on the hour: this much may be added to the earliest collection that is asked for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A treatment that stands somewhere at the end, for which it is collected at that time. arrival: None for in time."""

    fortune: Fortune
    collection: datetime
    arrival: datetime | None = None


def end_near(base: Base, moment: datetime) -> datetime:
    """The moment, or the same time on the first day after it around which the base starts batches."""
    zone = ZoneInfo(base.timezone)
    while any(base.closed((moment + span).astimezone(zone).date()) for span in (-DAY / 4, 0 * DAY, DAY)):
        moment += DAY
    return moment


def standing(recipe: Recipe, ends: datetime) -> Iterator[Standing]:
    """One treatment for each stage."""

    def stay(stage: str, collected: timedelta, rests_at: str = "", rested: timedelta = timedelta()) -> Standing:
        fortune = Fortune(
            spared=True,
            dispatched_early=True,
            stays_at=stage,
            rests_at=rests_at,
            rests_until=ends - rested if rests_at else None,
        )
        return Standing(fortune, ends - collected)

    for stage, before in (("ordered", 2), ("consented", 9), ("accepted", 60), ("slotted", 66)):
        yield Standing(Fortune(spared=True, stays_at=stage), ends + 4 * DAY, ends - before * HOUR)
    yield stay("collecting", 2 * HOUR)
    yield stay("packed", 8 * HOUR + SOON)
    yield stay("in_transit", 10 * HOUR)
    yield stay("received", 22 * HOUR)
    clearance = 2 * recipe.line_clearance.median
    yield stay("opened", clearance + LEADS.collection_to_start + 2 * HOUR, "cleared", clearance)
    tested = judged(recipe)
    yield stay("tested", tested)
    yield stay("reviewed", tested + 18 * HOUR, "tested", 18 * HOUR)
    yield stay("conditionally_released", tested + A_NIGHT, "tested", A_NIGHT)
    for stage, rested in (
        ("dispatched", 9 * HOUR),
        ("delivered", 60 * HOUR),
        ("lymphodepleted", 112 * HOUR),
        ("permitted", 11 * DAY),
        ("infused", 11 * DAY),
    ):
        yield stay(stage, tested + A_NIGHT + rested, "conditionally_released", rested)


def undecided(recipe: Recipe, ends: datetime) -> Iterator[Standing]:
    """What waits: deviations, an excursion, a hold, a rejected, a revoked and a released batch."""
    minor = [
        (step.id, field.id)
        for step in recipe.steps
        for field in step.entries
        if departing(field) and not field.critical
    ]
    for step, entry in minor[1:2]:
        fortune = Fortune(spared=True, departure=Departure(step, entry), undecided="assessment")
        yield Standing(fortune, ends - OPENED - _until_done(recipe, step) - 8 * HOUR)
    for step, entry in minor[len(minor) // 2 :][:1]:
        fortune = Fortune(spared=True, departure=Departure(step, entry), undecided="closing")
        yield Standing(fortune, ends - OPENED - _until_done(recipe, step) - 46 * HOUR)
    yield Standing(Fortune(spared=True, transport="warm", stays_at="received"), ends - 23 * HOUR)
    tested, late = judged(recipe), 3 * DAY
    held = Fortune(
        spared=True,
        dispatched_early=True,
        rests_at="conditionally_released",
        rests_until=ends - late,
        held_after="delivered",
        stays_at="held",
    )
    yield Standing(held, ends - tested - A_NIGHT - late)
    measured = [test.id for test in recipe.tests if test.stage == "conditional" and test.type == "quantity"]
    for test in measured[-1:]:
        rested = ends - A_NIGHT
        fortune = Fortune(spared=True, failing=test, rests_at="tested", rests_until=rested, stays_at="rejected")
        yield Standing(fortune, ends - tested - A_NIGHT)
    cultured = [test for test in recipe.tests if test.stage == "final" and test.type == "choice"]
    for culture in cultured[:1]:
        fortune = Fortune(
            spared=True,
            dispatched_early=True,
            late_positive=culture.id,
            rests_at="delivered",
            rests_until=ends,
            stays_at="revoked",
        )
        yield Standing(fortune, ends - OPENED - suite_time(recipe) - culture.duration.median - A_NIGHT)
    slowest = max((test.duration.median for test in recipe.tests), default=timedelta())
    yield Standing(Fortune(spared=True, stays_at="released"), ends - OPENED - suite_time(recipe) - slowest - LEEWAY)


def judged(recipe: Recipe) -> timedelta:
    """From a collection to the results that conditional release needs, slow ones included."""
    return OPENED + suite_time(recipe) + quality_control_time(recipe) + LEEWAY


def _until_done(recipe: Recipe, step: str) -> timedelta:
    """From a batch's opening to the end of a step, at the medians."""
    spans = {each.id: each.duration.median for each in recipe.steps}
    before = list(spans)[: list(spans).index(step) + 1]
    return sum((spans[each] for each in before), timedelta())
