"""Slots: a suite's time and the itinerary around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_refused

from yimai.actions import slot, suite, timetable
from yimai.domain.base import Closure
from yimai.domain.batch import BatchFailed
from yimai.domain.recipe import Source, Words
from yimai.domain.slot import Itinerary, SlotFreed, SlotReserved, earliest, suite_time
from yimai.domain.suite import SuiteReturned, SuiteTakenOut, SuiteVacated
from yimai.domain.timetable import Disruption, TimetableRepaired

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
Taken = Mapping[str, Iterable[tuple[datetime, datetime]]]


def offered(plant: SpecPlant, not_before: datetime, taken: Taken | None = None) -> tuple[Itinerary, ...]:
    return earliest(plant.base, plant.recipe, taken or {}, not_before, count=12)


def moved(itinerary: Itinerary, by: timedelta) -> Itinerary:
    """The same itinerary, all of it earlier or later."""
    names = ("collection", "pick_up", "receipt", "starts", "ends", "release", "delivery", "infusion")
    return replace(itinerary, **{name: getattr(itinerary, name) + by for name in names})


@pytest.mark.requirement("SLT-001", "An offered itinerary can be reserved; a treatment has one slot at a time.")
def test_a_slot_is_reserved_and_freed(plant: SpecPlant) -> None:
    accepted = plant.treatment("accepted")
    then_refused(answer(accepted.free_slot, "rescheduled"), "slot.nothing_to_free")
    then_facts(answer(accepted.reserve), SlotReserved)
    then_refused(answer(accepted.reserve), "slot.already_reserved")
    then_facts(answer(accepted.free_slot, "rescheduled"), SlotFreed)
    then_facts(answer(accepted.reserve), SlotReserved)


@pytest.mark.requirement("SLT-012", "A slot that has ended gives way to a new one; nobody has to free it before.")
def test_a_slot_that_has_ended_gives_way(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("slotted")
    old = journey.vein.slot.current
    assert old is not None
    memory_plant.clock.wait_until(old.ends - timedelta(seconds=1))
    then_refused(answer(journey.reserve), "slot.already_reserved")
    memory_plant.clock.wait_until(old.ends)
    then_facts(answer(journey.reserve), SlotFreed, SlotReserved)
    assert (journey.vein.slot.freed, journey.vein.slot.current != old) == (1, True)


@pytest.mark.requirement(
    "SLT-002", "Of several who want the same suite time exactly one gets it; what touches is free."
)
def test_the_same_suite_time_is_given_once(plant: SpecPlant) -> None:
    first, second, third = (plant.treatment("accepted") for _ in range(3))
    wanted = first.offered(plant.clock() + 20 * DAY)[0]
    first.reserve(itinerary=wanted)
    then_refused(answer(second.reserve, itinerary=wanted), "decision.taken")
    length = wanted.ends - wanted.starts
    for by in (HOUR, -HOUR, length - HOUR, HOUR - length):
        then_refused(answer(second.reserve, itinerary=moved(wanted, by)), "decision.taken")
    then_facts(answer(second.reserve, itinerary=moved(wanted, length)), SlotReserved)
    then_facts(answer(third.reserve, itinerary=moved(wanted, -length)), SlotReserved)


@pytest.mark.requirement(
    "SLT-003", "The hospital's coordinator or physician, or the base's scheduler, reserves and frees."
)
def test_who_reserves(memory_plant: SpecPlant) -> None:
    accepted = memory_plant.treatment("accepted")
    arguments = {"treatment": accepted.treatment, "itinerary": accepted.offered(accepted.now + DAY)[0]}
    for person in ("operator-01", "qa-01"):
        then_refused(memory_plant.asks(slot.reserve, person, "lingang", **arguments), "person.not_of_role")
    foreign = next(site for site in memory_plant.crew.sites("nurse") if site != accepted.hospital)
    stranger = memory_plant.crew.pick(accepted.now, foreign, "coordinator")
    then_refused(memory_plant.asks(slot.reserve, stranger, foreign, **arguments), "person.not_of_site")
    then_facts(memory_plant.asks(slot.reserve, "scheduler-01", "lingang", **arguments), SlotReserved)
    freeing = {"treatment": accepted.treatment, "reason": "rescheduled"}
    then_refused(memory_plant.asks(slot.free, "operator-01", "lingang", **freeing), "person.not_of_role")
    then_refused(memory_plant.asks(slot.free, stranger, foreign, **freeing), "person.not_of_site")
    then_facts(memory_plant.asks(slot.free, "scheduler-01", "lingang", **freeing), SlotFreed)


@pytest.mark.requirement("SLT-004", "An itinerary is decided again when it is reserved, whoever offered it.")
def test_an_itinerary_is_decided_again(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    good = journey.offered(journey.now + 3 * DAY)[0]

    def refused(code: str, itinerary: Itinerary) -> None:
        then_refused(answer(journey.reserve, itinerary=itinerary), code)

    refused("slot.out_of_order", replace(good, pick_up=good.collection - HOUR))
    refused("slot.out_of_order", replace(good, ends=good.starts))
    refused("slot.no_such_suite", replace(good, suite="suite-99"))
    refused("slot.too_short", replace(good, ends=good.ends - HOUR))
    refused("slot.too_late_for_fresh", replace(good, collection=good.starts - timedelta(hours=72, seconds=1)))
    then_facts(answer(journey.reserve, itinerary=replace(good, collection=good.starts - 72 * HOUR)), SlotReserved)


@pytest.mark.requirement("SLT-005", "A collection that would lie in the past is refused; one that begins now is not.")
def test_the_past_is_not_offered(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    now = moved(journey.offered(journey.now + 3 * DAY)[0], timedelta())
    now = moved(now, journey.now - now.collection)
    then_refused(answer(journey.reserve, itinerary=moved(now, timedelta(microseconds=-1))), "slot.in_the_past")
    then_facts(answer(journey.reserve, itinerary=now), SlotReserved)


@pytest.mark.requirement("SLT-006", "The base starts no batch on a closed day, counted in the base's own zone.")
@pytest.mark.parametrize(
    ("starts", "closed"),
    [
        (datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC), False),  # 23:59:59 in Shanghai, the day before the closure
        (datetime(2026, 9, 30, 16, 0, tzinfo=UTC), True),  # midnight
        (datetime(2026, 10, 7, 15, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 7, 16, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), False),  # the turn of the year
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), True),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), False),  # 29 February
    ],
)
def test_closed_days(memory_plant: SpecPlant, starts: datetime, closed: bool) -> None:
    journey = memory_plant.treatment("accepted")
    itinerary = journey.offered(journey.now + 3 * DAY)[0]
    reserved = answer(journey.reserve, itinerary=moved(itinerary, starts - itinerary.starts))
    if closed:
        then_refused(reserved, "slot.closed_day")
    else:
        then_facts(reserved, SlotReserved)


@pytest.mark.requirement(
    "SLT-007", "What is offered can be reserved: free, on open days, in order, early enough for fresh material."
)
@pytest.mark.parametrize("hour", range(0, 24 * 14, 17))
def test_every_offer_can_be_reserved(memory_plant: SpecPlant, hour: int) -> None:
    """Around the National Day closure of 1 to 7 October."""
    not_before = datetime(2026, 9, 25, tzinfo=UTC) + hour * HOUR
    for offer in offered(memory_plant, not_before):
        assert offer.collection >= not_before
        assert offer.ends - offer.starts == suite_time(memory_plant.recipe)
        assert not memory_plant.base.closed(offer.starts.astimezone(SHANGHAI).date())
        assert offer.starts - offer.collection <= memory_plant.recipe.starting_material.fresh_maximum
        assert list(offer.moments) == sorted(offer.moments)
    journey = memory_plant.treatment("accepted")
    then_facts(answer(journey.reserve, itinerary=offered(memory_plant, not_before)[0]), SlotReserved)


@pytest.mark.requirement("SLT-008", "The earliest window between what is taken is offered, to the hour, one a suite.")
def test_offers_fit_between_what_is_taken(memory_plant: SpecPlant) -> None:
    not_before = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
    free = {each.suite: each for each in offered(memory_plant, not_before)}
    assert sorted(free) == [suite.id for suite in memory_plant.base.suites]
    one = free["suite-01"]
    later = offered(memory_plant, not_before, {"suite-01": [(one.ends - HOUR, one.ends)]})
    assert next(each for each in later if each.suite == "suite-01").starts == one.ends
    touching = offered(
        memory_plant, not_before, {"suite-01": [(one.starts - DAY, one.starts), (one.ends, one.ends + DAY)]}
    )
    assert next(each for each in touching if each.suite == "suite-01").starts == one.starts


@pytest.mark.requirement("SLT-009", "A base that is closed for good offers nothing.")
def test_a_base_that_stays_closed(memory_plant: SpecPlant) -> None:
    always = Closure(Words("停产", "Closed"), date(2026, 1, 1), date(2030, 1, 1), Source("test", True))
    closed = replace(memory_plant.base, closures=(always,))
    assert earliest(closed, memory_plant.recipe, {}, datetime(2026, 3, 9, tzinfo=UTC)) == ()


@pytest.mark.requirement("SLT-010", "A slot is not given away while its batch is being made.")
def test_the_slot_of_an_open_batch(plant: SpecPlant) -> None:
    """Once the batch has failed what is left of its slot is free by itself, for others too."""
    journey = plant.treatment("opened")
    held = journey.vein.slot.current
    assert held is not None
    then_refused(answer(journey.free_slot, "rescheduled"), "slot.in_use")
    then_facts(answer(journey.fail_batch, "equipment"), BatchFailed, SuiteVacated, SlotFreed)
    assert journey.vein.slot.current is None


@pytest.mark.requirement(
    "SLT-011", "A slot is not longer than twice the time that the recipe needs; times have a zone."
)
def test_a_slot_that_blocks_the_suite(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    wanted = journey.offered(journey.now + 2 * DAY)[0]
    later = wanted.ends + 2 * (wanted.ends - wanted.starts)
    endless = replace(wanted, ends=later, release=later, delivery=later, infusion=later)
    then_refused(answer(journey.reserve, itinerary=endless), "slot.too_long")
    nowhere = replace(wanted, receipt=wanted.receipt.replace(tzinfo=None))
    then_refused(answer(journey.reserve, itinerary=nowhere), "slot.no_zone")
    then_facts(answer(journey.reserve, itinerary=wanted), SlotReserved)


@pytest.mark.requirement(
    "SLT-013",
    "No slot is reserved in a suite that is out of use then, as a signed repair or QA has said, whoever asks and however.",
)
def test_a_suite_that_is_out_of_use_is_not_reserved(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    wanted = journey.offered(journey.now + 3 * DAY)[0]

    def down(begins: datetime, ends: datetime) -> None:
        broken = Disruption("suite_down", begins, ends, suite=wanted.suite)
        given = {"base": "lingang", "disruptions": (broken,), "way": "nobody_else", "moves": (), "reason": "breakdown"}
        then_facts(memory_plant.asks(timetable.repair, "scheduler-01", "lingang", **given), TimetableRepaired)

    down(wanted.ends - HOUR, wanted.ends + DAY)
    then_refused(answer(journey.reserve, itinerary=wanted), "slot.suite_out")
    out = {"suite": wanted.suite, "reason": "maintenance"}
    memory_plant.clock.wait_until(memory_plant.clock() + HOUR)
    then_facts(memory_plant.asks(suite.take_out, "qa-01", "lingang", **out), SuiteTakenOut)
    then_refused(answer(journey.reserve, itinerary=wanted), "slot.suite_out")
    then_facts(memory_plant.asks(suite.put_back, "qa-01", "lingang", **out), SuiteReturned)
    then_facts(memory_plant.asks(suite.take_out, "qa-01", "lingang", **out), SuiteTakenOut)
    then_refused(answer(journey.reserve, itinerary=wanted), "slot.suite_out_for_good")
    then_facts(memory_plant.asks(suite.put_back, "qa-01", "lingang", **out), SuiteReturned)
    down(wanted.ends, wanted.ends + DAY)
    then_facts(answer(journey.reserve, itinerary=wanted), SlotReserved)
