"""What a late entry may say, and what it never opens; what can never be read back is never written."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from tests.spec.batch.floor import MORNING, Floor, accepted, refused
from tests.spec.disposition.course import Course
from tests.spec.disposition.course import accepted as done_in_course
from tests.spec.disposition.course import refused as refused_in_course
from tests.spec.harness import SpecPlant, then_facts, then_recorded, then_refused

from yimai.actions import collection, custody, deviation, material_lot, outcome, retention, slot, treatment
from yimai.domain.batch import StepStarted
from yimai.domain.fact import Quantity
from yimai.domain.material_lot import MaterialLotReceived
from yimai.ledger.entry import Command

HOUR = timedelta(hours=1)


def command(actor: str, name: str) -> Command:
    """A command of somebody at the base whose arguments no door would have let through."""
    return Command(f"scanned-{name}", actor, "lingang", sha256(name.encode()).digest())


LATE = "A late entry says when a thing happened and when it was recorded; it opens no gate that is shut now."


@pytest.mark.requirement("DEC-010", LATE)
def test_a_hold_is_not_kept_by_dating_back() -> None:
    """The step may begin 4 hours after receipt; at 5 it may not, though it is said to have begun at 3."""
    floor = Floor()
    number = floor.opened()
    floor.done(number, "receive")
    ended = floor.now
    floor.now = ended + 5 * HOUR
    refused(floor.start(number, "activate", occurred=ended + 3 * HOUR), "batch.hold_exceeded")


@pytest.mark.requirement("DEC-010", LATE)
def test_a_qualification_is_not_renewed_by_dating_back() -> None:
    """The qualification's last day was yesterday."""
    floor = Floor()
    number = floor.opened()
    floor.person("o4", "lingang", "operator", until=floor.now.date())
    floor.now += timedelta(days=1)
    late = floor.start(number, "receive", operators=("o1", "o4"), occurred=floor.now - timedelta(days=1))
    refused(late, "person.not_qualified")


@pytest.mark.requirement("DEC-010", LATE)
def test_what_is_in_time_may_be_recorded_late() -> None:
    """The entry shows both times, and the signature the one at which it was given."""
    floor = Floor()
    number = floor.opened()
    floor.now += HOUR
    begun = floor.now - HOUR / 2
    (entry,) = accepted(floor.start(number, "receive", occurred=begun)).entries
    assert (entry.occurred, entry.recorded) == (begun, floor.now)
    (fact,) = accepted(floor.complete(number, "receive")).facts
    assert isinstance(fact.performed, type(floor.signature("o1")))  # type: ignore[attr-defined]
    started = floor.vein("T1").batches.by_id[number].runs[0]
    assert started.started == begun
    assert isinstance(entry.data["performed"], dict)
    assert datetime.fromisoformat(str(entry.data["performed"]["signed"])) == floor.now
    assert StepStarted.kind == entry.kind


@pytest.mark.requirement("DEC-010", LATE)
def test_retention_does_not_end_by_dating_back() -> None:
    """Neither is a treatment closed, nor its data destroyed, as of another day than today's."""
    course = Course()
    course.infused()
    course.now += timedelta(days=28)
    report: dict[str, Any] = {"day": 28, "response": "CR", "crs": 0, "icans": 0}
    done_in_course(course.does(outcome.report, "physician", **report))
    closed = course.now
    done_in_course(course.does(outcome.close, "physician", at=closed - timedelta(days=27)))
    ended: dict[str, Any] = {"reason": "retention_ended"}
    done_in_course(course.does(retention.restrict, "qa-1", **ended))
    course.now = closed.replace(year=closed.year + 30)
    refused_in_course(course.does(retention.destroy, "qa-1", **ended), "retention.running")
    course.now += timedelta(days=1)
    done_in_course(course.does(retention.destroy, "qa-1", **ended))


@pytest.mark.requirement("DEC-010", LATE)
def test_no_slot_is_reserved_in_the_past(memory_plant: SpecPlant) -> None:
    """The collection of the slot was to be yesterday."""
    journey = memory_plant.treatment("accepted")
    wanted = journey.offered(journey.now + 2 * 24 * HOUR)[0]
    memory_plant.clock.wait_until(wanted.collection + HOUR)
    coordinator = journey.at_hospital("coordinator")
    asked = {"treatment": journey.treatment, "itinerary": wanted, "occurred": wanted.collection - HOUR}
    then_refused(memory_plant.asks(slot.reserve, coordinator, journey.hospital, **asked), "slot.in_the_past")


@pytest.mark.requirement("DEC-011", "The time of an event has its zone and does not lie before the order.")
def test_impossible_times(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    ordered = plant.entries("treatment", journey.treatment)[0].occurred
    asked = {"treatment": journey.treatment, "reason": "investigation"}

    def held(occurred: datetime) -> Any:
        return plant.asks(treatment.hold, "qa-01", "lingang", occurred=occurred, **asked)

    then_refused(held(plant.clock().replace(tzinfo=None)), "decision.no_zone")
    then_refused(held(ordered - timedelta(microseconds=1)), "decision.before_order")
    assert not journey.vein.treatment.held


@pytest.mark.requirement(
    "DEC-012", "What could not be read back, or nobody can have meant, is refused and shuts no treatment."
)
def test_a_word_that_the_fact_does_not_know(plant: SpecPlant) -> None:
    """Each would have been stored, and the treatment could never have been read again."""
    journey = plant.treatment("collecting")
    nurse, physician = journey.at_hospital("nurse"), journey.at_hospital("physician")
    asked: dict[str, Any] = {"treatment": journey.treatment}
    where = journey.hospital
    unknown = "decision.malformed"
    failing = plant.asks(collection.fail, nurse, where, collection=journey.collection, cause="rain", **asked)
    then_refused(failing, unknown)
    then_refused(plant.asks(treatment.withdraw, physician, where, reason="bored", **asked), "reason.unknown")
    marked = {"markers": {"hiv": "perhaps"}, "tested_on": date(2026, 3, 1)}
    then_refused(plant.asks(treatment.report_markers, nurse, where, **marked, **asked), unknown)
    then_facts_of = journey.vein  # still readable
    assert then_facts_of.collections.latest is not None
    journey.collect_complete()


@pytest.mark.requirement(
    "DEC-012", "What could not be read back, or nobody can have meant, is refused and shuts no treatment."
)
@pytest.mark.parametrize("lot", ["LOT\n7", "LOT\x007", "\ud800", "L" * 201], ids=ascii)
def test_an_identifier_with_control_characters(plant: SpecPlant, lot: str) -> None:
    """A line feed, a NUL, half a character, and one too long."""
    asked: dict[str, Any] = {"material": "medium", "quantity": Quantity(Decimal(5), "mL"), "expires": date(2027, 1, 1)}
    arrival = material_lot.receive(plant.ledger, command("operator-01", "1"), material_lot=lot, **asked)
    then_refused(arrival, "decision.malformed")
    arrival = material_lot.receive(plant.ledger, command("operator-01", "2"), material_lot="LOT-7", **asked)
    then_facts(arrival, MaterialLotReceived)


@pytest.mark.requirement(
    "DEC-012", "What could not be read back, or nobody can have meant, is refused and shuts no treatment."
)
@pytest.mark.parametrize("scanned", ["", "\n", "K1\x00", "\ud800", "K" * 10_000, "王小明"], ids=ascii)
def test_any_scan_is_refused_and_recorded(plant: SpecPlant, scanned: str) -> None:
    """Whatever a scanner reads is answered as another patient's."""
    journey = plant.treatment("received")
    asked = {"treatment": journey.treatment, "container": scanned}
    then_refused(custody.retrieve(plant.ledger, command("operator-01", "1"), **asked), "label.not_this_patients")
    then_recorded(journey, "label.not_this_patients")
    journey.reach("opened")


@pytest.mark.requirement("DEC-010", LATE)
def test_a_deviation_reported_late_is_dated_as_told() -> None:
    """A report of what happened this morning."""
    floor = Floor()
    number = floor.opened()
    floor.now += 3 * HOUR
    asked: dict[str, Any] = {"classification": "minor", "reason": "breakdown", "note": "It flickered."}
    seen = MORNING + 9 * HOUR
    done = accepted(
        deviation.report(
            floor.ledger, floor.command("o3", occurred=seen), treatment="T1", batch=number, step="receive", **asked
        )
    )
    assert done.entries[0].occurred == seen
