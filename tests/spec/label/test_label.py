"""Labels: issued, used or destroyed, and reconciled to zero."""

from __future__ import annotations

from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import label
from yimai.actions.decision import Answer
from yimai.domain.label import LabelDestroyed, LabelIssued, LabelUsed
from yimai.interfaces.plant.journey import Journey


def issue(journey: Journey, layout: str = "collection_bag", **arguments: Any) -> Answer:
    nurse = journey.at_hospital("nurse")
    asks = journey.plant.ask
    return asks(label.issue, nurse, journey.hospital, treatment=journey.treatment, layout=layout, **arguments)


def destroy(journey: Journey, item: str, copy: int = 1, reason: str = "damaged") -> Answer:
    nurse = journey.at_hospital("nurse")
    arguments = {"treatment": journey.treatment, "item": item, "copy": copy, "reason": reason}
    return journey.plant.ask(label.destroy, nurse, journey.hospital, **arguments)


@pytest.mark.requirement("LBL-001", "A label is printed for a new item, stuck on by one person and checked by another.")
def test_a_label_is_issued_and_used(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    (issued,) = then_facts(issue(journey), LabelIssued)
    assert isinstance(issued, LabelIssued)
    assert (issued.copy, issued.carrier) == (1, "collection_bag")
    nurse = journey.at_hospital("nurse")
    asked = {"treatment": journey.treatment, "item": issued.item, "copy": 1}
    alone = plant.asks(label.use, nurse, journey.hospital, verifier=nurse, **asked)
    then_refused(alone, "person.same_person")
    then_facts(answer(journey.use_label, issued.item, "collection_bag"), LabelUsed)
    then_refused(answer(journey.use_label, issued.item, "collection_bag"), "label.no_such_copy")


@pytest.mark.requirement("LBL-002", "A further copy needs a reason, and goes on only after the first is off.")
def test_a_reprint_needs_a_reason(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("labelled")
    then_refused(issue(journey, item=journey.bag), "label.reprint_needs_reason")
    then_refused(issue(journey, item=journey.bag, reason="the printer smeared"), "reason.unknown")
    then_facts(issue(journey, item=journey.bag, reason="illegible"), LabelIssued)
    then_refused(answer(journey.use_label, journey.bag, "collection_bag", copy=2), "label.already_labelled")
    then_facts(destroy(journey, journey.bag, reason="illegible"), LabelDestroyed)
    then_refused(destroy(journey, journey.bag, reason="illegible"), "label.no_such_copy")
    then_facts(answer(journey.use_label, journey.bag, "collection_bag", copy=2), LabelUsed)


@pytest.mark.requirement("LBL-003", "Only layouts of the recipe are printed, and a known item keeps its own.")
def test_only_the_recipes_layouts(memory_plant: SpecPlant) -> None:
    """A wrong layout was once printed elsewhere."""
    journey = memory_plant.treatment("labelled")
    then_refused(issue(journey, "no_such_layout"), "label.unknown_layout")
    then_refused(issue(journey, "shipper", item=journey.bag, reason="damaged"), "label.unknown_layout")


@pytest.mark.requirement(
    "LBL-004", "A label of another treatment is refused, whatever is done with it, and that is recorded."
)
def test_another_treatments_label(plant: SpecPlant) -> None:
    journey, other = plant.treatment("printed"), plant.treatment("labelled")
    for refused in (
        answer(journey.use_label, other.bag, "collection_bag"),
        destroy(journey, other.bag),
        issue(journey, item=other.bag, reason="damaged"),
    ):
        then_refused(refused, "label.not_this_patients")
        then_recorded(journey, "label.not_this_patients")
    assert other.vein.labels.items[other.bag].copies == ("used",)


@pytest.mark.requirement("LBL-005", "A copy that was not issued can be neither used nor destroyed.")
@pytest.mark.parametrize("copy", [-1, 0, 2])
def test_no_such_copy(memory_plant: SpecPlant, copy: int) -> None:
    journey = memory_plant.treatment("printed")
    then_refused(answer(journey.use_label, journey.bag, "collection_bag", copy=copy), "label.no_such_copy")
    then_refused(destroy(journey, journey.bag, copy), "label.no_such_copy")


@pytest.mark.requirement(
    "LBL-006", "A label of the wrong kind is not what was asked for, even if it is the same patient's."
)
def test_the_wrong_kind_of_label(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("collecting")
    then_refused(answer(journey.collect_complete, container=journey.shipment), "label.wrong_carrier")
    then_recorded(journey, "label.wrong_carrier")


@pytest.mark.requirement(
    "LBL-007", "An issued copy that is neither used nor destroyed keeps the batch from its release."
)
def test_labels_reconcile_before_release(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("reviewed")
    spare = journey.issue_label("sample")
    refusal = then_refused(answer(journey.release_conditionally), "label.unreconciled")
    assert f"{spare}#1" in refusal.en
    operator = journey.at_base("operator")
    arguments = {"treatment": journey.treatment, "item": spare, "copy": 1, "reason": "surplus"}
    then_facts(memory_plant.asks(label.destroy, operator, "lingang", **arguments), LabelDestroyed)
    journey.reach("conditionally_released")


@pytest.mark.requirement("LBL-008", "A label can still be destroyed after the treatment ended, never issued.")
def test_labels_after_the_end(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("printed")
    journey.cancel()
    then_refused(issue(journey), "treatment.ended")
    then_refused(answer(journey.use_label, journey.bag, "collection_bag"), "treatment.ended")
    then_refused(destroy(journey, journey.bag, reason=""), "treatment.reason_missing")
    then_facts(destroy(journey, journey.bag, reason="treatment_ended"), LabelDestroyed)


@pytest.mark.requirement(
    "LBL-009", "Only the ordering hospital's and the base's own people handle a treatment's labels."
)
def test_who_handles_labels(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("printed")
    foreign = next(site for site in memory_plant.crew.sites("nurse") if site != journey.hospital)
    nurse = memory_plant.crew.pick(journey.now, foreign, "nurse")
    arguments = {"treatment": journey.treatment, "layout": "collection_bag"}
    then_refused(memory_plant.asks(label.issue, nurse, foreign, **arguments), "person.not_of_site")
    then_refused(memory_plant.asks(label.issue, "courier-01", "demo-courier", **arguments), "person.not_of_site")


@pytest.mark.requirement(
    "LBL-010",
    "The label of a filled container is replaced though the treatment has ended: else nobody could handle it.",
)
def test_a_label_is_replaced_after_the_end(memory_plant: SpecPlant) -> None:
    """The label came off; with a new one the bag can be destroyed. Nothing new is labelled any more."""
    journey = memory_plant.treatment("collected")
    journey.withdraw()
    then_facts(destroy(journey, journey.bag, reason="illegible"), LabelDestroyed)
    journey.decide_fate(journey.bag)
    then_refused(answer(journey.destroy, journey.bag), "label.not_this_patients")
    then_facts(issue(journey, item=journey.bag, reason="illegible"), LabelIssued)
    then_facts(answer(journey.use_label, journey.bag, "collection_bag", copy=2), LabelUsed)
    journey.destroy(journey.bag)
    then_refused(issue(journey), "treatment.ended")
