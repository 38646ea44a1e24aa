"""Mistakes that real users reported in other systems, each refused here through the real actions, on both ledgers.

Three of the list are no rules of the ledger's and are tested with what they concern: a status change that jumps the
screen to another patient and a password that is not asked again at signing (screens, signing in), and an audit log
that slows a job down (``yimai bench ledger``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import batch, collection, custody, label, material_lot, sample
from yimai.actions.decision import Done
from yimai.domain.batch_record import Filling
from yimai.domain.disposition import ConditionallyReleased
from yimai.domain.fact import Quantity
from yimai.domain.identifier import noun_of
from yimai.domain.label import LabelIssued
from yimai.domain.sample import ResultInvalidated, ResultRecorded, ResultVerified, SampleTaken
from yimai.interfaces.plant.journey import Journey
from yimai.store.postgres_ledger import PostgresLedger

HOUR = timedelta(hours=1)


def quantity(number: str, unit: str) -> Quantity:
    return Quantity(Decimal(number), unit)


@pytest.mark.requirement("MIS-001", "Papers are not filed under another donor.")
def test_papers_filed_under_another_donor(plant: SpecPlant) -> None:
    """Another patient's collection record and order number are refused and recorded; the right ones still work."""
    mine, other = plant.treatment("collecting"), plant.treatment("collecting")
    nurse = mine.at_hospital("nurse")
    filed: dict[str, Any] = {
        "treatment": mine.treatment,
        "wristband": mine.wristband,
        "container": mine.bag,
        "volume": quantity("200", "mL"),
        "cd3": quantity("2.1", "10*9"),
        "viability": quantity("98", "%"),
        "verifier": mine.at_hospital("nurse", without=(nurse,)),
    }
    wrong = plant.asks(collection.complete, nurse, mine.hospital, collection=other.collection, **filed)
    then_refused(wrong, "collection.unknown")
    then_recorded(mine, "collection.unknown")
    mine.collect_complete()
    other.collect_complete()


@pytest.mark.requirement("MIS-002", "Another donor's item is not attached through a side door.")
def test_another_donors_item_attached_through_a_side_door(plant: SpecPlant) -> None:
    """Neither by reprinting its label here, nor in the same shipper, nor by deciding its fate here."""
    mine, other = plant.treatment("collected"), plant.treatment("collected")
    stranger = "label.not_this_patients"
    nurse = mine.at_hospital("nurse")
    reprint = {"layout": "collection_bag", "item": other.bag, "reason": "illegible"}
    then_refused(plant.asks(label.issue, nurse, mine.hospital, treatment=mine.treatment, **reprint), stranger)
    then_recorded(mine, stranger)
    packed = {"shipment": mine.shipment, "containers": (mine.bag, other.bag), "destination": "lingang"}
    then_refused(plant.asks(custody.pack, mine.holder, mine.hospital, treatment=mine.treatment, **packed), stranger)
    then_recorded(mine, stranger)
    mine.withdraw()
    then_refused(answer(mine.decide_fate, other.bag), "treatment.no_such_container")
    then_recorded(mine, "treatment.no_such_container")
    assert [other.bag in each for each in (mine.vein.labels.items, mine.vein.custody.held)] == [False, False]
    other.pack()


@pytest.mark.requirement("MIS-003", "A donor's number does not vanish from labels after an unrelated change.")
def test_donor_number_vanishing_from_labels_after_an_unrelated_change(plant: SpecPlant) -> None:
    """A hold, a reprint, new marker results and a new slot leave every item this patient's, and the bag is filled."""
    journey = plant.treatment("labelled")
    before = {item: (each.carrier, each.layout) for item, each in journey.vein.labels.items.items()}
    journey.hold()
    journey.resume()
    journey.report_markers(hiv="positive")
    journey.issue_label("collection_bag", item=journey.bag, reason="surplus")
    journey.free_slot("rescheduled")
    journey.reserve(not_before=journey.now + HOUR)
    assert {item: (each.carrier, each.layout) for item, each in journey.vein.labels.items.items()} == before
    assert all(each.labelled for each in journey.vein.labels.items.values())
    journey.start_collection()
    journey.collect_complete()


@pytest.mark.requirement("MIS-004", "A discarded item is nobody's any more.")
def test_discarded_item_still_showing_its_last_recipient(plant: SpecPlant) -> None:
    """The destroyed bag is on no permit that is good, counts for nothing and cannot be handled again."""
    journey = plant.treatment("permitted")
    bag = journey.final_bags[0]
    journey.revoke()
    journey.decide_fate(bag, reason="quality_concern")
    journey.destroy(bag)
    vein = journey.vein
    assert vein.custody.held[bag].gone == "destroyed"
    assert [permit.state for permit in vein.infusion.permits.values() if bag in permit.containers] == ["withdrawn"]
    then_refused(answer(journey.destroy, bag), "custody.gone")
    then_refused(answer(journey.decide_fate, bag), "custody.gone")
    then_refused(answer(journey.start_lymphodepletion), "disposition.revoked")


@pytest.mark.requirement("MIS-005", "Numbers do not depend on the date: no turn of the year stops anybody.")
def test_year_rollover_numbering(plant: SpecPlant) -> None:
    """Orders and labels in the seconds around New Year, in Shanghai and in UTC, all have numbers of their own."""
    numbers = []
    for midnight in (datetime(2026, 12, 31, 16, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
        for seconds in (-1, 0, 1):
            plant.clock.wait_until(midnight + timedelta(seconds=seconds))
            journey = plant.treatment("ordered")
            numbers.append(journey.treatment)
            assert noun_of(journey.treatment) == "treatment"
    assert len(set(numbers)) == 6


@pytest.mark.requirement("MIS-006", "A transport form bears no wrong date.")
def test_a_wrong_date_on_a_transport_form(plant: SpecPlant) -> None:
    """Not one to come, not one before the order, none without its zone; what is late shows both times."""
    journey = plant.treatment("collected")
    now = plant.clock()
    asked: dict[str, Any] = {
        "treatment": journey.treatment,
        "shipment": journey.shipment,
        "containers": (journey.bag,),
        "destination": "lingang",
    }

    def packs(**changes: Any) -> Any:
        return plant.asks(custody.pack, journey.holder, journey.hospital, **{**asked, **changes})

    then_refused(packs(occurred=now + timedelta(days=1)), "decision.in_future")
    then_refused(packs(occurred=now - timedelta(days=365)), "decision.before_order")
    then_refused(packs(occurred=now.replace(tzinfo=None)), "decision.no_zone")
    then_refused(packs(qualified_until=now.replace(tzinfo=None) + 72 * HOUR), "decision.malformed")
    plant.clock.advance(HOUR)
    done = packs(occurred=now, qualified_until=now + 72 * HOUR)
    assert isinstance(done, Done)
    assert (done.entries[0].occurred, done.entries[0].recorded) == (now, now + HOUR)


@pytest.mark.requirement("MIS-007", "Lots are not merged.")
def test_lots_merged_breaking_inspection(plant: SpecPlant) -> None:
    """A lot's number is received once; two patients' cells never come into one step, nor into one container."""
    arrival: dict[str, Any] = {"material": "wash_buffer", "expires": date(2027, 1, 1)}
    receive, by = material_lot.receive, ("operator-01", "lingang")
    assert isinstance(plant.asks(receive, *by, material_lot="LOT-9", quantity=quantity("10", "mL"), **arrival), Done)
    again = plant.asks(receive, *by, material_lot="LOT-9", quantity=quantity("20", "mL"), **arrival)
    then_refused(again, "material_lot.already_received")
    mine, other = plant.treatment("opened"), plant.treatment("received")
    first = mine.recipe.steps[0]
    then_refused(answer(mine.begin_step, first, scanned=(mine.bag, other.bag)), "label.not_this_patients")
    then_recorded(mine, "label.not_this_patients")
    filling = next(step for step in mine.recipe.steps if step.produces)
    mine.reach(f"before:{filling.id}")
    mine.begin_step(filling)
    merged = (Filling(other.bag, quantity("50", "mL"), quantity("400", "10*6")),)
    then_refused(answer(mine.complete_step, filling, filled=merged), "label.not_this_patients")


@pytest.mark.requirement("MIS-008", "Nothing is inspected before it exists.")
def test_inspection_before_the_lot_exists(plant: SpecPlant) -> None:
    """No result before its sample, no sample before its step, no review before the batch is completed."""
    journey = plant.treatment("opened")
    step = next(each for each in journey.recipe.steps if each.samples)
    plan = step.samples[0]
    tube = journey.labelled(next(each.label for each in journey.recipe.samples if each.id == plan))
    wanted = journey.recipe.sample(plan)
    assert wanted is not None
    test = journey.recipe.test(wanted.tests[0])
    assert test is not None
    analyst = journey.at_base("qc_analyst")
    value = test.choices[0] if test.choices else "50"
    result = {"treatment": journey.treatment, "sample": tube, "test": test.id, "value": value, "unit": test.unit}
    then_refused(plant.asks(sample.record_result, analyst, "lingang", **result), "sample.not_taken")
    then_refused(answer(journey.take_sample, plan, step.id, sample_id=tube), "sample.step_not_begun")
    then_refused(answer(journey.review), "disposition.not_completed")


@pytest.mark.requirement("MIS-009", "One of several results is not shown as all.")
def test_one_of_several_results_shown_as_all(plant: SpecPlant) -> None:
    """Of two tubes for the identity test one has passed: the batch waits for the other."""
    journey = plant.treatment("manufactured")
    second = journey.labelled("sample")
    taken = {"treatment": journey.treatment, "batch": journey.batch, "sample": second, "plan": "identity"}
    then_facts(plant.asks(sample.take, journey.at_base("operator"), "lingang", step="fill_bags", **taken), SampleTaken)
    journey.reach("reviewed")
    then_refused(answer(journey.release_conditionally), "sample.result_missing")
    (first, other) = two_analysts(journey)
    journey.receive_sample(second)
    then_facts(record(plant, journey, second, first), ResultRecorded)
    then_refused(answer(journey.release_conditionally), "sample.unverified")
    then_facts(verify(plant, journey, second, other), ResultVerified)
    then_facts(answer(journey.release_conditionally), ConditionallyReleased)


@pytest.mark.requirement("MIS-010", "Nobody signs a record before it is valid.")
def test_signature_before_the_record_is_valid(plant: SpecPlant) -> None:
    """With an entry missing, impossible or in another unit, or without its second person, nothing is signed."""
    journey = plant.treatment("before:receive")
    step = journey.recipe.steps[0]
    journey.begin_step(step)
    signed = len(plant.entries("treatment", journey.treatment))
    field = next(each for each in step.entries if each.type == "quantity")
    then_refused(
        answer(journey.complete_step, step, entries={field.id: Quantity(Decimal(1), "[lb_av]")}),
        "batch.entry_wrong_unit",
    )
    absurd = {field.id: Quantity(Decimal("NaN"), field.unit)}
    then_refused(answer(journey.complete_step, step, entries=absurd), "batch.entry_impossible")
    operator = journey.at_base("operator")
    empty: dict[str, Any] = {"treatment": journey.treatment, "batch": journey.batch, "step": step.id, "entries": {}}
    then_refused(plant.asks(batch.complete_step, operator, "lingang", **empty), "batch.entry_missing")
    assert len(plant.entries("treatment", journey.treatment)) == signed
    journey.complete_step(step)


@pytest.mark.requirement("MIS-011", "Of two who validate the same result one does, and the other is told so.")
def test_two_validators_silently_overwriting_each_other(plant: SpecPlant) -> None:
    """At the same moment: one verification stands, and it stays its verifier's."""
    journey = plant.treatment("sampled")
    analysts = [each.id for each in plant.base.people if "qc_analyst" in each.roles]
    tube = journey.samples["identity"]
    then_facts(record(plant, journey, tube, analysts[0]), ResultRecorded)
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda analyst: verify(plant, journey, tube, analyst), analysts[1:3]))
    won = [each for each in answers if isinstance(each, Done)]
    lost = [each for each in answers if not isinstance(each, Done)]
    assert (len(won), [each.code for each in lost]) == (1, ["sample.already_verified"])
    result = journey.vein.samples.by_id[tube].valid("identity")
    assert result is not None
    assert result.verifier == won[0].entries[0].actor


@pytest.mark.requirement("MIS-012", "A sample that is to be tested again is not missed.")
def test_reinstated_samples_missed_by_worksheets(plant: SpecPlant) -> None:
    """Once its result is invalidated the test is missing again, until it is repeated and verified."""
    journey = plant.treatment("tested")
    tube = journey.samples["harvest"]
    asked = {"treatment": journey.treatment, "sample": tube, "test": "viability", "reason": "instrument_error"}
    then_facts(plant.asks(sample.invalidate_result, "qa-01", "lingang", **asked), ResultInvalidated)
    journey.review()
    missing = then_refused(answer(journey.release_conditionally), "sample.result_missing")
    assert "viability" in missing.en
    first, other = two_analysts(journey)
    then_facts(record(plant, journey, tube, first, "viability", "92", "%"), ResultRecorded)
    then_refused(answer(journey.release_conditionally), "sample.unverified")
    then_facts(verify(plant, journey, tube, other, "viability"), ResultVerified)
    then_facts(answer(journey.release_conditionally), ConditionallyReleased)


@pytest.mark.requirement("MIS-013", "No label is printed in another layout than its item's.")
def test_wrong_label_layout_printed(plant: SpecPlant) -> None:
    """Neither a layout that the recipe does not know, nor another one for a known item; nor does it pass at a scan."""
    journey = plant.treatment("labelled")
    nurse = journey.at_hospital("nurse")

    def issues(layout: str, **more: str) -> Any:
        return plant.asks(label.issue, nurse, journey.hospital, treatment=journey.treatment, layout=layout, **more)

    then_refused(issues("bag_2"), "label.unknown_layout")
    then_refused(issues("final_bag", item=journey.bag, reason="illegible"), "label.unknown_layout")
    (other,) = then_facts(issues("final_bag"), LabelIssued)
    assert isinstance(other, LabelIssued)
    journey.use_label(other.item, "wristband")
    journey.start_collection()
    then_refused(answer(journey.collect_complete, container=other.item), "label.wrong_carrier")
    then_recorded(journey, "label.wrong_carrier")


@pytest.mark.requirement("MIS-014", "The audit trail cannot be switched off: what is done is the entry about it.")
def test_audit_log_cannot_be_switched_off(plant: SpecPlant) -> None:
    """Every command that did something is in the ledger under its actor; the application may not stop that."""
    journey = plant.treatment("received")
    given = {entry.command for _, entry in plant.ledger.entries() if entry.command.startswith(f"{plant.name}/")}
    assert given == {f"{plant.name}/{number:06d}" for number in range(1, len(given) + 1)}
    assert {entry.actor for entry in plant.entries("treatment", journey.treatment)} >= {journey.holder}
    if not isinstance(plant.ledger, PostgresLedger):
        return
    for statement in (
        "ALTER TABLE ledger.entry DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DELETE FROM ledger.entry",
        "DROP TABLE ledger.entry",
    ):
        with plant.ledger._pool.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def two_analysts(journey: Journey) -> tuple[str, str]:
    first = journey.at_base("qc_analyst")
    return first, journey.at_base("qc_analyst", without=(first,))


def record(
    plant: SpecPlant, journey: Journey, tube: str, by: str, test: str = "identity", value: str = "match", unit: str = ""
) -> Any:
    asked = {"treatment": journey.treatment, "sample": tube, "test": test, "value": value, "unit": unit}
    return plant.asks(sample.record_result, by, "lingang", **asked)


def verify(plant: SpecPlant, journey: Journey, tube: str, by: str, test: str = "identity") -> Any:
    return plant.asks(sample.verify_result, by, "lingang", treatment=journey.treatment, sample=tube, test=test)
