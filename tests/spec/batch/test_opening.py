"""A batch is opened on this patient's own, received and fresh material, in a cleared suite, in its slot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.spec.batch.floor import MORNING, RECIPE, Floor, accepted, refused

from yimai.domain.approval import RecipeApproved
from yimai.domain.batch import BatchOpened
from yimai.domain.override import RuleOverridden, SignedReason
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened
from yimai.domain.slot import SlotFreed
from yimai.domain.treatment import MarkersReported, TreatmentHeld, TreatmentOrdered, TreatmentWithdrawn

HOUR = timedelta(hours=1)
WAIVER = (SignedReason("q1", "stability_data_support"), SignedReason("md", "no_alternative"))


@pytest.mark.requirement("BAT-001", "A batch pins the recipe as approved when it is opened.")
def test_a_batch_keeps_its_recipe_version(floor: Floor) -> None:
    """A version approved later changes nothing for an open batch; its opening names the approving entry's hash."""
    number = floor.opened()
    approval = floor.ledger.about("recipe/small").entries["recipe/small"][0]
    [operation] = RECIPE["operations"]
    later = {**RECIPE, "version": "2", "operations": [{**operation, "steps": operation["steps"][:1]}]}
    floor.given(RecipeApproved("small", "2", later, floor.signature("qp")))
    opened = floor.vein("T1").batches.by_id[number]
    assert (opened.recipe_version, opened.recipe_hash) == ("1", approval.hash.hex())
    floor.done(number, "receive", "activate")


@pytest.mark.requirement("BAT-001", "A batch pins the recipe as approved when it is opened.")
def test_a_batch_is_opened_on_the_latest_version(floor: Floor) -> None:
    """With two approved versions, the later one is pinned."""
    floor.given(RecipeApproved("small", "2", {**RECIPE, "version": "2"}, floor.signature("qp")))
    number = floor.opened()
    assert floor.vein("T1").batches.by_id[number].recipe_version == "2"


@pytest.mark.requirement("BAT-002", "Another patient's material never begins a batch, and the attempt is on record.")
def test_another_patients_bag_is_refused_and_recorded(floor: Floor) -> None:
    """Given two treatments in flight, the bag of one is refused for the other's batch; the right bag still works."""
    floor.treatment("T1", "s1")
    floor.treatment("T2", "s2")
    number = floor.clear("T1")
    refused(floor.open("T1", number, container="bag-T2"), "label.not_this_patients")
    refused(floor.open("T1", number, container="nobodys"), "label.not_this_patients")
    assert floor.refused_matches("T1") == ["label.not_this_patients"] * 2
    accepted(floor.open("T1", number))


@pytest.mark.requirement("BAT-002", "Another patient's material never begins a batch, and the attempt is on record.")
def test_another_treatments_batch_number_is_refused(floor: Floor) -> None:
    """A batch number whose line was cleared for another treatment does not open this one's batch."""
    floor.treatment("T1", "s1")
    floor.treatment("T2", "s2")
    refused(floor.open("T1", floor.clear("T2", "s1")), "batch.not_cleared_for_this")
    assert floor.refused_matches("T1") == ["batch.not_cleared_for_this"]


@pytest.mark.requirement("BAT-002", "Another patient's material never begins a batch, and the attempt is on record.")
def test_a_container_that_is_no_collection_bag_is_refused(floor: Floor) -> None:
    """A labelled in-process container, and a collection bag that was never filled, do not begin a batch."""
    floor.treatment()
    number = floor.clear()
    floor.label("T1", "K1", "in_process", "container")
    floor.label("T1", "empty", "collection_bag", "collection_bag")
    refused(floor.open("T1", number, container="K1"), "label.wrong_carrier")
    refused(floor.open("T1", number, container="empty"), "custody.not_here")


@pytest.mark.requirement("BAT-003", "Material begins a batch only once received here, with its journey's temperature.")
def test_material_that_has_not_arrived_is_refused(floor: Floor) -> None:
    """Still in its shipper: refused."""
    floor.treatment(received=False)
    refused(floor.open("T1", floor.clear()), "custody.in_shipment")


@pytest.mark.requirement("BAT-003", "Material begins a batch only once received here, with its journey's temperature.")
def test_a_journey_without_temperature_record_is_refused(floor: Floor) -> None:
    """Received, but nobody read the logger: refused."""
    floor.treatment(reported=False)
    refused(floor.open("T1", floor.clear()), "shipment.no_temperature")


@pytest.mark.requirement("BAT-003", "Material begins a batch only once received here, with its journey's temperature.")
@pytest.mark.parametrize(("usable", "code"), [(True, ""), (False, "shipment.unusable")])
def test_an_excursion_waits_for_qa(floor: Floor, usable: bool, code: str) -> None:
    """An open excursion refuses; QA's decision opens the way or closes it."""
    floor.treatment()
    number = floor.clear()
    floor.given(ExcursionOpened("T1", "E1", "X-T1", "out_of_range"))
    refused(floor.open("T1", number), "shipment.excursion_open")
    floor.given(ExcursionAssessed("T1", "E1", usable, "stability_data_support", floor.signature("q1")))
    answer = floor.open("T1", number)
    if code:
        refused(answer, code)
    else:
        accepted(answer)


@pytest.mark.requirement("BAT-004", "Fresh material past its time needs the signed reasons of QA and a physician.")
def test_fresh_material_at_exactly_its_maximum_is_used(floor: Floor) -> None:
    """48 h after the collection's end is allowed, a second later is not."""
    floor.treatment(slot=(8, 60))
    number = floor.clear()
    floor.now = MORNING + 48 * HOUR + timedelta(seconds=1)
    refused(floor.open("T1", number), "custody.too_old")
    floor.now = MORNING + 48 * HOUR
    accepted(floor.open("T1", number))


@pytest.mark.requirement("BAT-004", "Fresh material past its time needs the signed reasons of QA and a physician.")
def test_old_material_is_used_on_two_signed_reasons_only(floor: Floor) -> None:
    """One reason, the wrong roles or free text do not open the rule; the right two do, and are on record."""
    floor.treatment(slot=(8, 60))
    number = floor.clear()
    floor.now = MORNING + 49 * HOUR
    refused(floor.open("T1", number, reasons=WAIVER[:1]), "override.reason_missing")
    refused(floor.open("T1", number, reasons=(WAIVER[0], SignedReason("qp", "capacity"))), "person.not_of_role")
    spoken = (WAIVER[0], SignedReason("md", "Mrs Wang insists"))
    refused(floor.open("T1", number, reasons=spoken), "reason.unknown")
    facts = accepted(floor.open("T1", number, reasons=WAIVER)).facts
    assert isinstance(facts[0], RuleOverridden)
    assert facts[0].code == "custody.too_old"
    assert isinstance(facts[1], BatchOpened)


@pytest.mark.requirement("BAT-004", "Fresh material past its time needs the signed reasons of QA and a physician.")
def test_reasons_given_in_vain_override_nothing(floor: Floor) -> None:
    """Where no rule refuses, no override is recorded; where another rule refuses, the reasons do not open it."""
    floor.treatment()
    number = floor.clear()
    refused(floor.open("T1", number, container="nobodys", reasons=WAIVER), "label.not_this_patients")
    facts = accepted(floor.open("T1", number, reasons=WAIVER)).facts
    assert not any(isinstance(fact, RuleOverridden) for fact in facts)


@pytest.mark.requirement("BAT-005", "A batch is opened within the treatment's slot, in the slot's suite.")
@pytest.mark.parametrize(("hours", "allowed"), [(8, True), (7, False), (12, False), (11, True)])
def test_a_slot_includes_its_beginning_but_not_its_end(floor: Floor, hours: int, allowed: bool) -> None:
    """The slot runs from 8 h to 12 h after the collection."""
    floor.treatment(slot=(8, 12))
    number = floor.clear()
    floor.now = MORNING + hours * HOUR
    answer = floor.open("T1", number)
    if allowed:
        accepted(answer)
    else:
        refused(answer, "batch.no_slot")


@pytest.mark.requirement("BAT-005", "A batch is opened within the treatment's slot, in the slot's suite.")
def test_another_suite_than_the_slots_is_refused(floor: Floor) -> None:
    """A slot in s1 does not open a batch in s2, nor does a slot that was freed."""
    floor.treatment("T1", "s1")
    refused(floor.open("T1", floor.clear("T1", "s2"), suite="s2"), "batch.no_slot")
    slot = floor.vein("T1").slot.current
    assert slot is not None
    floor.given(SlotFreed("T1", "s1", slot.starts, slot.ends, "rescheduled"))
    refused(floor.open("T1", floor.clear("T1", "s1")), "batch.no_slot")


@pytest.mark.requirement("BAT-006", "A treatment has one open batch, whose material goes into no second one.")
def test_a_second_batch_is_refused_while_one_is_open(floor: Floor) -> None:
    """Neither a new batch nor the same one again; opening twice by the same command answers with the same facts."""
    number = floor.opened()
    refused(floor.open("T1", number), "batch.already_opened")
    floor.given(TreatmentOrdered("T9", "huashan", "lingang", "small", "lbcl", "routine", "", floor.signature("md")))
    second = floor.clear("T1", "s2")
    refused(floor.open("T1", second, suite="s2"), "batch.another_open")


@pytest.mark.requirement("BAT-007", "No batch is opened for a held or ended treatment or without donor markers.")
def test_a_treatment_that_rests_or_ended_gets_no_batch(floor: Floor) -> None:
    """Held, then withdrawn: each refused, saying why."""
    floor.treatment()
    number = floor.clear()
    floor.given(TreatmentHeld("T1", "investigation", floor.signature("q1")))
    refused(floor.open("T1", number), "treatment.held")
    floor.given(TreatmentWithdrawn("T1", "death", floor.signature("md")))
    refused(floor.open("T1", number), "treatment.ended")
    refused(floor.open("T-none", number), "treatment.unknown")


@pytest.mark.requirement("BAT-007", "No batch is opened for a held or ended treatment or without donor markers.")
def test_missing_markers_refuse(floor: Floor) -> None:
    """With a marker of the recipe not on record, the batch waits for it."""
    floor.treatment()
    number = floor.clear()
    floor.given(MarkersReported("T1", {"hiv": "negative"}, MORNING.date(), floor.signature("md")))
    refused(floor.open("T1", number), "treatment.markers_missing")


@pytest.mark.requirement("BAT-008", "Only an operator of the base opens a batch.")
def test_who_may_open_a_batch(floor: Floor) -> None:
    """QA, the hospital's physician and an operator of another base may not."""
    floor.treatment()
    number = floor.clear()
    floor.person("stranger", "other-base", "operator")
    refused(floor.open("T1", number, by="q1"), "person.not_of_role")
    refused(floor.open("T1", number, by="md"), "person.not_of_site")
    refused(floor.open("T1", number, by="stranger"), "person.not_of_site")
    accepted(floor.open("T1", number))
