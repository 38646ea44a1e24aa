"""The timetable: slots are moved together by one signed decision, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions import site, slot, timetable
from yimai.actions.decision import Answer, Done
from yimai.domain import slot as slots
from yimai.domain.fact import Signature
from yimai.domain.person import PersonRegistered, RolesDecided
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary, SlotFreed, SlotMoved, SlotReserved
from yimai.domain.timetable import Disruption, Move, TimetableRepaired
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOMENTS = ("collection", "pick_up", "receipt", "starts", "ends", "release", "delivery", "infusion")


def later(itinerary: Itinerary, by: timedelta, suite: str = "") -> Itinerary:
    moved = {name: getattr(itinerary, name) + by for name in MOMENTS}
    return replace(itinerary, **moved, suite=suite or itinerary.suite)


def current(journey: Journey) -> Itinerary:
    found = journey.vein.slot.current
    assert found is not None
    return found


def move(journey: Journey, itinerary: Itinerary) -> Move:
    was = current(journey)
    return Move(journey.treatment, was.suite, was.starts, was.ends, itinerary)


def repaired(
    plant: SpecPlant, moves: Sequence[Move], *, by: str = "scheduler-01", at: str = "lingang", **other: Any
) -> Answer:
    down = Disruption("suite_down", plant.clock(), plant.clock() + 14 * DAY, suite="suite-01")
    given = {
        "base": "lingang",
        "disruptions": (down,),
        "way": "fewest_moved",
        "moves": tuple(moves),
        "reason": "breakdown",
    }
    return plant.asks(timetable.repair, by, at, **{**given, **other})


@pytest.mark.requirement(
    "TIM-001", "When something has broken, slots are moved together by one signature of the base's scheduler."
)
def test_slots_are_moved_together(plant: SpecPlant) -> None:
    first, second = plant.treatment("slotted"), plant.treatment("slotted")
    old = current(first), current(second)
    new = later(old[0], 3 * DAY, "suite-09"), later(old[1], 4 * DAY, "suite-10")
    answer = repaired(plant, (move(first, new[0]), move(second, new[1])))
    then_facts(answer, TimetableRepaired, SlotMoved, SlotMoved)
    assert isinstance(answer, Done)
    fact = answer.facts[0]
    assert isinstance(fact, TimetableRepaired)
    assert [each.promised for each in fact.given_back] == [each.infusion for each in old]
    assert (current(first), current(second)) == new
    assert {each.decided.signer for each in answer.facts if isinstance(each, SlotMoved)} == {"scheduler-01"}


@pytest.mark.requirement("TIM-002", "Slots may change places: what is given back is free for what is moved there.")
def test_slots_change_places(plant: SpecPlant) -> None:
    first, second = plant.treatment("slotted"), plant.treatment("slotted")
    there, here = current(second), current(first)
    assert there.suite != here.suite
    then_facts(repaired(plant, (move(first, there), move(second, here))), TimetableRepaired, SlotMoved, SlotMoved)
    assert (current(first).suite, current(second).suite) == (there.suite, here.suite)


@pytest.mark.requirement("TIM-003", "What a moved slot leaves is free for others, and what it takes is not.")
def test_what_is_given_back_is_free(plant: SpecPlant) -> None:
    moved, other = plant.treatment("slotted"), plant.treatment("accepted")
    old = later(current(moved), timedelta())
    answered = repaired(plant, (move(moved, later(old, 20 * DAY)),), disruptions=())
    then_facts(answered, TimetableRepaired, SlotMoved)
    taken = {"treatment": other.treatment, "itinerary": later(old, 20 * DAY)}
    then_refused(plant.asks(slot.reserve, "scheduler-01", "lingang", **taken), "decision.taken")
    free = {"treatment": other.treatment, "itinerary": old}
    then_facts(plant.asks(slot.reserve, "scheduler-01", "lingang", **free), SlotReserved)
    then_facts(
        plant.asks(slot.free, "scheduler-01", "lingang", treatment=moved.treatment, reason="rescheduled"), SlotFreed
    )


@pytest.mark.requirement("TIM-004", "A repair that would take a suite's time from somebody else moves nothing at all.")
def test_all_or_none(plant: SpecPlant) -> None:
    first, second, bystander = (plant.treatment("slotted") for _ in range(3))
    old = current(first), current(second)
    moves = (move(first, later(old[0], 9 * DAY, "suite-11")), move(second, later(current(bystander), HOUR)))
    then_refused(repaired(plant, moves), "decision.taken")
    assert (current(first), current(second)) == old


@pytest.mark.requirement(
    "TIM-005", "Each new itinerary is decided again by the rules of a reserved slot, whoever proposed it."
)
def test_each_itinerary_is_decided_again(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("slotted")
    good = later(current(journey), 3 * DAY)

    def refused(code: str, itinerary: Itinerary) -> None:
        then_refused(repaired(memory_plant, (move(journey, itinerary),)), code)

    refused("slot.out_of_order", replace(good, pick_up=good.collection - HOUR))
    refused("slot.no_such_suite", replace(good, suite="suite-99"))
    refused("slot.too_short", replace(good, ends=good.starts + HOUR))
    refused("slot.into_the_past", later(good, memory_plant.clock() - good.collection - HOUR))
    wish = Disruption("nothing_broken", memory_plant.clock() + DAY, treatment=journey.treatment, suite="suite-02")
    then_refused(repaired(memory_plant, (), disruptions=(wish,)), "timetable.nothing_to_move")
    then_refused(repaired(memory_plant, (), disruptions=()), "timetable.nothing_to_move")
    then_facts(repaired(memory_plant, ()), TimetableRepaired)  # the suite is down until then, though nobody has to move
    then_refused(repaired(memory_plant, (move(journey, good), move(journey, good))), "timetable.twice")
    then_refused(repaired(memory_plant, (replace(move(journey, good), suite="suite-12"),)), "slot.moved_meanwhile")
    then_facts(repaired(memory_plant, (move(journey, good),)), TimetableRepaired, SlotMoved)


@pytest.mark.requirement(
    "TIM-006", "A batch that was begun stays in its suite; only what is still to come of it is moved."
)
def test_a_begun_batch_stays(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("before:harvest_cells", fortune=Fortune(spared=True))
    old = current(journey)
    then_refused(repaired(memory_plant, (move(journey, replace(old, suite="suite-12")),)), "slot.has_begun")
    promised = replace(old, release=old.release + DAY, delivery=old.delivery + DAY, infusion=old.infusion + DAY)
    then_facts(repaired(memory_plant, (move(journey, promised),)), TimetableRepaired, SlotMoved)
    assert current(journey).infusion == old.infusion + DAY


@pytest.mark.requirement(
    "TIM-007", "Nobody but the base's own scheduler repairs its timetable, and no other base's treatments."
)
def test_who_repairs(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("slotted")
    moves = (move(journey, later(current(journey), DAY)),)
    then_refused(repaired(memory_plant, moves, by="qa-01"), "person.not_of_role")
    coordinator = journey.at_hospital("coordinator")
    then_refused(repaired(memory_plant, moves, by=coordinator, at=journey.hospital), "person.not_of_site")
    then_refused(repaired(memory_plant, moves, base="elsewhere"), "person.not_of_site")
    then_facts(repaired(memory_plant, moves), TimetableRepaired, SlotMoved)


@pytest.mark.requirement("TIM-008", "A timetable is that of an approved base, and only of what that base makes.")
def test_a_timetable_is_of_one_base(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("slotted")
    wanted = move(journey, later(current(journey), DAY))
    newcomer = {
        "person": "scheduler-90",
        "site": journey.hospital,
        "roles": ("scheduler",),
        "printed_name": "示例·新人 (Sample Newcomer)",
    }
    then_facts(
        memory_plant.asks(site.register_person, "administrator-01", "lingang", **newcomer),
        PersonRegistered,
        RolesDecided,
    )
    elsewhere = {"by": "scheduler-90", "at": journey.hospital, "base": journey.hospital}
    then_refused(repaired(memory_plant, (wanted,), **elsewhere), "timetable.no_base")
    other = replace(memory_plant.base, id="another-base")
    was = (wanted.suite, wanted.starts, wanted.ends)
    vein, signed = journey.vein, Signature("scheduler-01", "00" * 32, "decided", memory_plant.clock())
    refusal = slots.move(
        vein.treatment,
        vein.slot,
        memory_plant.recipe,
        other,
        was,
        wanted.itinerary,
        memory_plant.clock(),
        "breakdown",
        signed,
        begun=False,
    )
    assert isinstance(refusal, Refusal)
    assert refusal.code == "slot.other_base"
