"""Collections: wristband and bag matched by two people, counts entered, or a failure that frees the slot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import collection
from yimai.actions.decision import Answer
from yimai.domain.collection import CollectionCompleted, CollectionFailed, CollectionStarted
from yimai.domain.custody import ContainerTakenInCharge
from yimai.domain.fact import Quantity
from yimai.domain.slot import SlotFreed
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey


def complete(journey: Journey, by: str = "", verifier: str = "", /, **changes: Any) -> Answer:
    nurse = by or journey.at_hospital("nurse")
    asked = {
        "treatment": journey.treatment,
        "collection": journey.collection,
        "wristband": journey.wristband,
        "container": journey.bag,
        "volume": Quantity(Decimal(200), "mL"),
        "cd3": Quantity(Decimal("2.1"), "10*9"),
        "viability": Quantity(Decimal(98), "%"),
        "verifier": verifier or journey.at_hospital("nurse", without=(nurse,)),
    }
    return journey.plant.ask(collection.complete, nurse, journey.hospital, **{**asked, **changes})


@pytest.mark.requirement(
    "COL-001", "A collection begins with the wristband matched by two people and ends with the bag matched."
)
def test_a_collection(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    then_facts(answer(journey.start_collection), CollectionStarted)
    then_facts(answer(journey.collect_complete), CollectionCompleted, ContainerTakenInCharge)
    assert journey.vein.custody.held[journey.bag].holder == journey.holder


@pytest.mark.requirement("COL-002", "Cells are collected only when a manufacturing slot is reserved.")
def test_no_collection_without_a_slot(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("labelled")
    journey.free_slot("rescheduled")
    then_refused(answer(journey.start_collection), "collection.no_slot")


@pytest.mark.requirement("COL-003", "One collection runs at a time, and none where usable material is at hand.")
def test_one_collection_at_a_time(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("collecting")
    then_refused(answer(journey.start_collection), "collection.already_running")
    journey.reach("collected")
    then_refused(answer(journey.start_collection), "collection.material_at_hand")
    then_refused(answer(journey.collect_complete), "collection.not_running")
    then_refused(answer(journey.collect_failed), "collection.not_running")


@pytest.mark.requirement("COL-004", "The wristband at the end is the one of the beginning.")
def test_another_wristband(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("collecting")
    second = journey.labelled("wristband")
    then_refused(answer(journey.collect_complete, wristband=second), "collection.other_wristband")
    then_recorded(journey, "collection.other_wristband")
    then_facts(complete(journey), CollectionCompleted, ContainerTakenInCharge)


@pytest.mark.requirement("COL-005", "A bag holds one collection.")
def test_a_bag_is_filled_once(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("received", fortune=Fortune(spared=True, transport="spoilt"))
    used = journey.bag
    journey.reach("material_lost")
    journey.reached.remove("collecting")
    journey.reach("collecting")
    then_refused(answer(journey.collect_complete, container=used), "collection.bag_in_use")


@pytest.mark.requirement("COL-006", "Volume, count and viability must be possible, and in the recipe's units.")
@pytest.mark.parametrize(
    "impossible",
    [
        {"volume": Quantity(Decimal("49.9"), "mL")},
        {"volume": Quantity(Decimal("500.1"), "mL")},
        {"volume": Quantity(Decimal("0.2"), "L")},
        {"cd3": Quantity(Decimal("-0.1"), "10*9")},
        {"cd3": Quantity(Decimal(2100), "10*6")},
        {"viability": Quantity(Decimal("100.1"), "%")},
        {"viability": Quantity(Decimal("-1"), "%")},
        {"viability": Quantity(Decimal("0.98"), "1")},
    ],
    ids=str,
)
def test_impossible_values(memory_plant: SpecPlant, impossible: dict[str, Quantity]) -> None:
    then_refused(complete(memory_plant.treatment("collecting"), **impossible), "collection.value_impossible")


@pytest.mark.requirement(
    "COL-007", "A count below the recipe's minimum is a failed collection; the minimum itself is enough."
)
def test_the_minimum(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("collecting")
    below = complete(journey, cd3=Quantity(Decimal("0.599"), "10*9"))
    then_refused(below, "collection.below_minimum")
    edge = {"cd3": Quantity(Decimal("0.6"), "10*9"), "volume": Quantity(Decimal(50), "mL")}
    then_facts(complete(journey, **edge), CollectionCompleted, ContainerTakenInCharge)


@pytest.mark.requirement("COL-008", "A failed collection frees the slot, and another one can follow on a new slot.")
def test_a_failed_collection(plant: SpecPlant) -> None:
    journey = plant.treatment("collecting", fortune=Fortune(spared=True, collection_failures=("access",)))
    failing = plant.asks(
        collection.fail,
        journey.at_hospital("nurse"),
        journey.hospital,
        treatment=journey.treatment,
        collection="C000000000",
        cause="access",
    )
    then_refused(failing, "collection.unknown")
    then_recorded(journey, "collection.unknown")
    then_facts(answer(journey.collect_failed, "access"), CollectionFailed, SlotFreed)
    assert journey.vein.slot.current is None


@pytest.mark.requirement("COL-009", "Two nurses or physicians of the ordering hospital stand for a collection.")
def test_who_collects(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("collecting")
    nurse = journey.at_hospital("nurse")
    then_refused(complete(journey, nurse, nurse), "person.same_person")
    then_refused(complete(journey, nurse, journey.at_hospital("coordinator")), "person.not_of_role")
    foreign = next(site for site in memory_plant.crew.sites("nurse") if site != journey.hospital)
    stranger = memory_plant.crew.pick(journey.now, foreign, "nurse")
    then_refused(complete(journey, nurse, stranger), "person.not_of_site")
    then_refused(complete(journey, stranger, nurse), "person.not_of_site")


@pytest.mark.requirement("COL-010", "A treatment on hold is not collected from.")
def test_no_collection_on_hold(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("labelled")
    journey.hold()
    then_refused(answer(journey.start_collection), "treatment.held")


@pytest.mark.requirement("COL-006", "Volume, count and viability must be possible, and in the recipe's units.")
@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E-400"])
@pytest.mark.parametrize(("name", "unit"), [("volume", "mL"), ("cd3", "10*9"), ("viability", "%")])
def test_numbers_that_no_instrument_shows(memory_plant: SpecPlant, name: str, unit: str, number: str) -> None:
    journey = memory_plant.treatment("collecting")
    then_refused(complete(journey, **{name: Quantity(Decimal(number), unit)}), "collection.value_impossible")


@pytest.mark.requirement("COL-011", "Cells are collected only when they can still be made within the reserved slot.")
def test_a_slot_that_is_over_or_too_far_away(memory_plant: SpecPlant) -> None:
    """Cells keep for 72 hours: not an hour earlier, nor once the slot has ended."""
    early, late = memory_plant.treatment("labelled"), memory_plant.treatment("labelled")
    for journey in (early, late):
        slot = journey.vein.slot.current
        assert slot is not None
    slot = early.vein.slot.current
    assert slot is not None
    fresh = memory_plant.recipe.starting_material.fresh_maximum
    then_facts(answer(early.start_collection), CollectionStarted)
    late.free_slot("rescheduled")
    late.reserve(not_before=late.now + 5 * fresh)
    then_refused(answer(late.start_collection), "collection.slot_out_of_reach")
    far = late.vein.slot.current
    assert far is not None
    memory_plant.clock.wait_until(far.ends)
    then_refused(answer(late.start_collection), "collection.slot_out_of_reach")
