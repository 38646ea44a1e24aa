"""What a treatment that is over, or rests, still allows, and what it never does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_refused

from yimai.actions import slot, treatment
from yimai.actions.decision import Answer
from yimai.domain.collection import CollectionCompleted
from yimai.domain.custody import ContainerConsumed, ContainerTakenInCharge
from yimai.domain.treatment import MaterialFateDecided, TreatmentExported


@pytest.mark.requirement(
    "TRT-016", "A closed treatment is over: nothing is done for it any more but what is left over."
)
def test_a_closed_treatment(plant: SpecPlant) -> None:
    """It is neither cancelled nor held, nor given a slot; what it still claimed is free."""
    journey = plant.treatment("closed")
    vein = journey.vein
    assert (vein.treatment.ended, vein.slot.current) == ("completed", None)
    assert all(permit.state != "issued" for permit in vein.infusion.permits.values())
    for command in (journey.cancel, journey.withdraw, journey.hold, journey.reserve, journey.consent):
        then_refused(answer(command), "treatment.ended")
    then_refused(answer(journey.start_collection), "treatment.ended")
    then_refused(answer(journey.issue_permit), "treatment.ended")


@pytest.mark.requirement("TRT-017", "A bag that is gone has no fate to be decided.")
def test_the_fate_of_what_is_gone(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("infused")
    journey.withdraw()
    then_refused(answer(journey.decide_fate, journey.final_bags[0]), "custody.gone")


@pytest.mark.requirement("TRT-018", "Markers are not tested in the future.")
def test_markers_of_tomorrow(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("consented")
    today = journey.now.astimezone(memory_plant.crew.zone).date()
    asked: dict[str, Any] = {"treatment": journey.treatment, "markers": {"hiv": "negative"}}
    nurse = journey.at_hospital("nurse")
    act = treatment.report_markers
    tomorrow = date.fromordinal(today.toordinal() + 1)
    then_refused(memory_plant.asks(act, nurse, journey.hospital, tested_on=tomorrow, **asked), "treatment.tested_later")


@pytest.mark.requirement(
    "TRT-019", "Cells that are collected are put on record though the treatment was held or ended meanwhile."
)
@pytest.mark.parametrize("stop", ["hold", "withdraw"])
def test_the_bag_of_a_stopped_treatment(plant: SpecPlant, stop: str) -> None:
    """The bag is there; it is held by the nurse, and QA can have it destroyed."""
    journey = plant.treatment("collecting")
    getattr(journey, stop)()
    then_facts(answer(journey.collect_complete), CollectionCompleted, ContainerTakenInCharge)
    if stop == "withdraw":
        then_facts(answer(journey.decide_fate, journey.bag), MaterialFateDecided)
        then_facts(answer(journey.destroy, journey.bag), ContainerConsumed)


@pytest.mark.requirement("TRT-020", "A slot is given back by the base's scheduler or the ordering hospital.")
def test_who_gives_a_slot_back(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("slotted")
    foreign = next(site for site in memory_plant.crew.sites("nurse") if site != journey.hospital)
    stranger = memory_plant.crew.pick(journey.now, foreign, "coordinator")
    asked = {"treatment": journey.treatment, "reason": "rescheduled"}
    then_refused(memory_plant.asks(slot.free, stranger, foreign, **asked), "person.not_of_site")
    then_refused(memory_plant.asks(slot.free, "operator-01", "lingang", **asked), "person.not_of_role")


@pytest.mark.requirement(
    "TRT-022", "Whoever takes a copy of a treatment's facts leaves on record how many, up to which hash, and why."
)
def test_a_copy_is_on_record(plant: SpecPlant) -> None:
    """An inspector of the district and the hospital may take one, though the treatment is over; a nurse may not."""
    journey = plant.treatment("closed")
    inspector = next(each for each in plant.base.people if "inspector" in each.roles)

    def copied(person: str, site: str, reason: str = "inspection") -> Answer:
        return plant.asks(treatment.export, person, site, treatment=journey.treatment, reason=reason)

    for person, site in ((inspector.id, inspector.site), (journey.at_hospital("physician"), journey.hospital)):
        before = plant.entries("treatment", journey.treatment)
        (exported,) = then_facts(copied(person, site), TreatmentExported)
        assert isinstance(exported, TreatmentExported)
        assert (exported.entries, exported.head) == (len(before), before[-1].hash.hex())
        assert plant.entries("treatment", journey.treatment)[-1].actor == person
    then_refused(copied(journey.at_hospital("nurse"), journey.hospital), "person.not_of_role")
    then_refused(copied(inspector.id, inspector.site, "curious about Mr Zhang"), "reason.unknown")
