"""A treatment's beginning, its rests and its ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import slot, treatment
from yimai.actions.decision import Answer, Done
from yimai.domain.collection import CollectionStarted
from yimai.domain.slot import SlotFreed
from yimai.domain.treatment import (
    ConsentRecorded,
    MarkersReported,
    MaterialFateDecided,
    TreatmentAccepted,
    TreatmentCancelled,
    TreatmentDeclined,
    TreatmentHeld,
    TreatmentOrdered,
    TreatmentResumed,
    TreatmentWithdrawn,
)
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey

HOSPITAL, PHYSICIAN = "demo-hospital-a", "hospital-a-physician-01"


def order(plant: SpecPlant, by: str = PHYSICIAN, at: str = HOSPITAL, **changes: Any) -> Answer:
    asked = {
        "base": "lingang",
        "recipe": "cd19-cart",
        "indication": "lbcl",
        "urgency": "routine",
        "patient": b'{"name": "Invented"}',
    }
    return plant.asks(treatment.order, by, at, **{**asked, **changes})


@pytest.mark.requirement("TRT-001", "A physician or coordinator of a hospital orders a therapy that a base offers.")
def test_a_hospital_orders(plant: SpecPlant) -> None:
    (fact,) = then_facts(order(plant), TreatmentOrdered)
    assert isinstance(fact, TreatmentOrdered)
    assert (fact.hospital, fact.base, fact.ordered.signer) == (HOSPITAL, "lingang", PHYSICIAN)
    then_refused(order(plant, by="hospital-a-nurse-01"), "person.not_of_role")
    then_refused(order(plant, at="demo-hospital-b"), "person.not_of_site")


@pytest.mark.requirement("TRT-002", "The ledger never holds the patient's data, only a salted commitment to them.")
def test_the_patients_data_stay_out_of_the_ledger(plant: SpecPlant) -> None:
    name = "Quillon 虚构氏"
    order(plant, patient=name.encode())
    order(plant, patient=name.encode())
    contents = [entry.content.decode() for _, entry in plant.ledger.entries()]
    assert not any("Quillon" in content or "虚构氏" in content for content in contents)
    hidden = [entry.data["patient"] for _, entry in plant.ledger.entries() if entry.kind == TreatmentOrdered.kind]
    assert hidden[0] != hidden[1], "the same patient ordered twice must not be recognisable"


@pytest.mark.requirement("TRT-003", "An order names an approved base, an approved recipe and one of its indications.")
def test_an_order_names_what_exists(memory_plant: SpecPlant) -> None:
    then_refused(order(memory_plant, base="elsewhere"), "treatment.no_base")
    then_refused(order(memory_plant, recipe="no-such"), "treatment.no_recipe")
    refusal = then_refused(order(memory_plant, indication="headache"), "treatment.unknown_indication")
    assert "lbcl" in refusal.en


@pytest.mark.requirement("TRT-004", "The base accepts an order once, after consent.")
def test_the_base_accepts_after_consent(plant: SpecPlant) -> None:
    ordered = plant.treatment("ordered")
    then_refused(answer(ordered.accept), "treatment.no_consent")
    then_facts(answer(ordered.consent), ConsentRecorded)
    then_refused(
        plant.asks(treatment.accept, "qualified-person-01", "lingang", treatment=ordered.treatment),
        "person.not_of_role",
    )
    then_facts(answer(ordered.accept), TreatmentAccepted)
    then_refused(answer(ordered.accept), "treatment.already_accepted")


@pytest.mark.requirement("TRT-021", "A signed consent form is a PDF or a picture; any other file is refused.")
@pytest.mark.parametrize(
    ("begins", "taken"),
    [
        (b"%PDF-1.7\n", True),
        (b"\xff\xd8\xff\xe1", True),
        (b"\x89PNG\r\n\x1a\n", True),
        (b"RIFF\x10\0\0\0WEBP", True),
        (b"note\n", False),
        (b"", False),
        (b"RIFF\x10\0\0\0WAVE", False),
        (b"MZ\x90\0%PDF-", False),
    ],
)
def test_a_consent_form_is_a_document(memory_plant: SpecPlant, begins: bytes, taken: bool) -> None:
    ordered = memory_plant.treatment("ordered")
    answered = memory_plant.asks(
        treatment.record_consent,
        f"{ordered.hospital.removeprefix('demo-')}-physician-01",
        ordered.hospital,
        treatment=ordered.treatment,
        form=begins,
    )
    if taken:
        then_facts(answered, ConsentRecorded)
    else:
        then_refused(answered, "treatment.no_form")


@pytest.mark.requirement("TRT-005", "The base may decline an order for a reason, until it has accepted it.")
def test_the_base_declines(memory_plant: SpecPlant) -> None:
    def decline(journey: Journey, reason: str = "capacity") -> Answer:
        return memory_plant.asks(
            treatment.decline, "scheduler-01", "lingang", treatment=journey.treatment, reason=reason
        )

    then_refused(decline(memory_plant.treatment("accepted")), "treatment.already_accepted")
    consented = memory_plant.treatment("consented")
    then_refused(decline(consented, " "), "treatment.reason_missing")
    then_refused(decline(consented, "they called at night"), "reason.unknown")
    then_facts(decline(consented), TreatmentDeclined)
    then_refused(answer(consented.accept), "treatment.ended")


@pytest.mark.requirement("TRT-006", "Donor markers are the recipe's; a later report keeps the earlier results.")
def test_markers_are_merged(memory_plant: SpecPlant) -> None:
    consented = memory_plant.treatment("consented")

    def report(**markers: str) -> Answer:
        arguments = {"treatment": consented.treatment, "markers": markers, "tested_on": date(2026, 3, 1)}
        nurse = f"{consented.hospital.removeprefix('demo-')}-nurse-01"
        return memory_plant.asks(treatment.report_markers, nurse, consented.hospital, **arguments)

    then_refused(report(gout="negative"), "treatment.unknown_marker")
    then_facts(report(hiv="negative", hbv="positive"), MarkersReported)
    then_facts(report(hcv="negative"), MarkersReported)
    assert consented.vein.treatment.markers == {"hiv": "negative", "hbv": "positive", "hcv": "negative"}
    assert consented.vein.treatment.infectious


@pytest.mark.requirement("TRT-007", "Cells are collected only once every donor marker of the recipe is known.")
def test_collection_waits_for_markers(memory_plant: SpecPlant) -> None:
    consented = memory_plant.treatment("consented")
    consented.accept()
    consented.reserve()
    consented.wristband = consented.labelled("wristband")
    then_refused(answer(consented.start_collection), "treatment.markers_missing")
    consented.report_markers()
    assert consented.itinerary is not None
    memory_plant.clock.wait_until(consented.itinerary.collection)
    then_facts(answer(consented.start_collection), CollectionStarted)


@pytest.mark.requirement("TRT-008", "Work on a treatment that was not accepted, is held or has ended is refused.")
def test_work_stops(plant: SpecPlant) -> None:
    consented = plant.treatment("consented")
    then_refused(answer(consented.reserve), "treatment.not_accepted")
    accepted = plant.treatment("accepted")
    then_refused(answer(accepted.resume), "treatment.not_held")
    then_facts(answer(accepted.hold), TreatmentHeld)
    then_refused(answer(accepted.hold), "treatment.held")
    then_refused(answer(accepted.reserve), "treatment.held")
    then_facts(answer(accepted.resume), TreatmentResumed)
    accepted.reserve()
    then_facts(answer(accepted.cancel), TreatmentCancelled, SlotFreed)
    then_refused(answer(accepted.reserve), "treatment.ended")
    then_refused(answer(accepted.consent), "treatment.ended")
    then_refused(answer(accepted.cancel), "treatment.ended")


@pytest.mark.requirement(
    "TRT-009", "Either side holds, with a listed reason; the side that held knows when work may go on."
)
def test_either_side_holds(memory_plant: SpecPlant) -> None:
    accepted = memory_plant.treatment("accepted")
    asks, name = memory_plant.asks, accepted.treatment
    then_refused(
        asks(treatment.hold, "operator-01", "lingang", treatment=name, reason="investigation"), "person.not_of_role"
    )
    foreign = next(site for site in memory_plant.crew.sites("nurse") if site != accepted.hospital)
    stranger = memory_plant.crew.pick(accepted.now, foreign, "physician")
    then_refused(asks(treatment.hold, stranger, foreign, treatment=name, reason="investigation"), "person.not_of_site")
    then_facts(asks(treatment.hold, "qa-01", "lingang", treatment=name, reason="investigation"), TreatmentHeld)
    then_refused(answer(accepted.resume), "treatment.held_by_others")
    then_facts(asks(treatment.resume, "qa-02", "lingang", treatment=name), TreatmentResumed)
    then_refused(answer(accepted.hold, ""), "treatment.reason_missing")
    then_facts(answer(accepted.hold), TreatmentHeld)
    then_refused(asks(treatment.resume, "qa-01", "lingang", treatment=name), "treatment.held_by_others")
    then_facts(answer(accepted.resume), TreatmentResumed)


@pytest.mark.requirement("TRT-010", "A physician withdraws a treatment at any stage; slot and suite are free at once.")
@pytest.mark.parametrize("stage", ["ordered", "slotted", "collecting", "received", "opened", "released"])
def test_a_treatment_is_withdrawn_at_any_stage(memory_plant: SpecPlant, stage: str) -> None:
    journey = memory_plant.treatment(stage)
    done = answer(journey.withdraw, "death")
    assert isinstance(done, Done), str(done)
    assert isinstance(done.facts[0], TreatmentWithdrawn)
    assert journey.vein.treatment.ended == "withdrawn"
    assert journey.vein.slot.current is None
    assert journey.vein.batches.open is None


@pytest.mark.requirement("TRT-011", "A cancelled treatment's suite time can be reserved by another treatment.")
def test_a_freed_suite_is_free(plant: SpecPlant) -> None:
    first, second = plant.treatment("accepted"), plant.treatment("accepted")
    wanted = first.offered(plant.clock() + timedelta(days=2))[0]
    first.reserve(itinerary=wanted)
    then_refused(answer(second.reserve, itinerary=wanted), "decision.taken")
    first.cancel()
    second.reserve(itinerary=wanted)


@pytest.mark.requirement("TRT-012", "QA decides a container's fate once its treatment has ended or it may not be used.")
def test_fates_are_decided_at_the_end(memory_plant: SpecPlant) -> None:
    received, other = memory_plant.treatment("received"), memory_plant.treatment("received")
    then_refused(answer(received.decide_fate, received.bag), "treatment.fate_not_open")
    received.withdraw()
    then_refused(answer(received.decide_fate, other.bag), "treatment.no_such_container")
    then_recorded(received, "treatment.no_such_container")
    then_refused(answer(received.decide_fate, received.bag, reason=" "), "treatment.reason_missing")
    then_facts(answer(received.decide_fate, received.bag), MaterialFateDecided)


@pytest.mark.requirement(
    "TRT-013", "What is asked about a treatment that does not exist is refused and leaves no trace."
)
def test_an_unknown_treatment(memory_plant: SpecPlant) -> None:
    before = len(list(memory_plant.ledger.entries()))
    for act, arguments in (
        (treatment.accept, {}),
        (treatment.hold, {"reason": "investigation"}),
        (treatment.cancel, {"reason": "capacity"}),
        (treatment.decide_fate, {"container": "K000000000", "fate": "destroy", "reason": "damaged"}),
        (slot.free, {"reason": "rescheduled"}),
    ):
        refused = memory_plant.asks(act, "qa-01", "lingang", treatment="T00000000Z", **arguments)
        assert not hasattr(refused, "entries"), act
    assert len(list(memory_plant.ledger.entries())) == before


@pytest.mark.requirement("TRT-014", "An order is placed alike at midnight, at the turn of the year and on 29 February.")
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 16, 0, tzinfo=UTC),
        datetime(2028, 2, 28, 16, 0, tzinfo=UTC),
        datetime(2028, 2, 29, 15, 59, 59, tzinfo=UTC),
    ],
)
def test_no_day_stops_staff(memory_plant: SpecPlant, moment: datetime) -> None:
    """A year-rollover in numbering once stopped staff elsewhere: identifiers here carry no date and no counter."""
    memory_plant.clock.wait_until(moment)
    (fact,) = then_facts(order(memory_plant), TreatmentOrdered)
    assert isinstance(fact, TreatmentOrdered)
    assert fact.ordered.signed == moment
    assert fact.ordered.signed.utcoffset() == timedelta(hours=8)


@pytest.mark.requirement("TRT-015", "Material of a donor with a positive marker is kept apart, never turned away.")
def test_positive_markers_segregate(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived", fortune=Fortune(spared=True, positive_marker="hcv"))
    then_refused(answer(journey.receive, segregated=False), "custody.segregation_needed")
    journey.reach("opened")
