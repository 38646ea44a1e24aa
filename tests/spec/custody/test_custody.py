"""Who holds what, where: packing, hand-overs, receipt, storage and the end of each container."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import custody
from yimai.actions.decision import Answer
from yimai.domain.custody import (
    ContainerConsumed,
    ContainerHandedOver,
    ContainerReceived,
    ContainerRetrieved,
    ContainerStored,
)
from yimai.domain.override import RuleOverridden, SignedReason
from yimai.domain.shipment import ShipmentPacked
from yimai.interfaces.plant.journey import Journey

POSITION = "vapour-freezer-01/A-01"


def hand_over(journey: Journey, taker: str, **changes: Any) -> Answer:
    asked = {
        "treatment": journey.treatment,
        "shipment": journey.shipment,
        "giver": journey.holder,
        "taker": taker,
        "giver_scan": journey.shipment,
        "taker_scan": journey.shipment,
    }
    return journey.plant.ask(custody.hand_over, taker, journey.hospital, **{**asked, **changes})


def receive(journey: Journey, by: str = "", at: str = "", verifier: str = "", **changes: Any) -> Answer:
    operator = by or journey.holder
    asked = {
        "treatment": journey.treatment,
        "container": journey.bag,
        "shipment": journey.shipment,
        "seal_intact": True,
        "segregated": False,
        "verifier": verifier or journey.at_base("operator", without=(operator,)),
    }
    return journey.plant.ask(custody.receive, operator, at or "lingang", **{**asked, **changes})


@pytest.mark.requirement("CUS-001", "A bag goes from nurse to courier to operator, each hand-over scanned by both.")
def test_from_hand_to_hand(plant: SpecPlant) -> None:
    journey = plant.treatment("collected")
    then_facts(answer(journey.pack), ShipmentPacked)
    (given,) = then_facts(answer(journey.pick_up), ContainerHandedOver)
    assert isinstance(given, ContainerHandedOver)
    assert given.giver_scan == given.taker_scan == journey.shipment
    then_facts(answer(journey.arrive), ContainerHandedOver)
    then_facts(answer(journey.receive), ContainerReceived)
    held = journey.vein.custody.held[journey.bag]
    assert (held.holder, held.site, held.received) == (journey.holder, "lingang", True)


@pytest.mark.requirement(
    "CUS-002", "Both people scan the shipper that changes hands; another one is refused and recorded."
)
@pytest.mark.parametrize("wrong", ["shipment", "giver_scan", "taker_scan"])
def test_another_shipper(memory_plant: SpecPlant, wrong: str) -> None:
    other, journey = memory_plant.treatment("packed"), memory_plant.treatment("packed")
    then_refused(hand_over(journey, "courier-01", **{wrong: other.shipment}), "custody.wrong_shipment")
    then_recorded(journey, "custody.wrong_shipment")
    then_facts(hand_over(journey, "courier-01"), ContainerHandedOver)


@pytest.mark.requirement(
    "CUS-003", "Only who holds a container gives it, to another person who may carry or receive it."
)
def test_who_gives_and_takes(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("packed")
    then_refused(hand_over(journey, journey.holder), "person.same_person")
    then_refused(hand_over(journey, "analyst-01"), "person.not_of_role")
    another = memory_plant.crew.pick(journey.now, journey.hospital, "nurse", without=(journey.holder,))
    then_refused(hand_over(journey, "courier-01", giver=another), "custody.not_in_charge")
    then_facts(hand_over(journey, "courier-01"), ContainerHandedOver)
    then_refused(hand_over(journey, "courier-02"), "custody.not_in_charge")


@pytest.mark.requirement(
    "CUS-004", "A container is received where its shipper is addressed, by who took it, two people."
)
def test_receipt(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    stranger = memory_plant.crew.pick(journey.now, journey.hospital, "nurse")
    second = memory_plant.crew.pick(journey.now, journey.hospital, "nurse", without=(stranger,))
    elsewhere = receive(journey, stranger, journey.hospital, second)
    then_refused(elsewhere, "custody.wrong_destination")
    then_recorded(journey, "custody.wrong_destination")
    then_refused(receive(journey, verifier=journey.holder), "person.same_person")
    then_refused(receive(journey, verifier=stranger), "person.not_of_site")
    other = journey.at_base("operator", without=(journey.holder,))
    then_refused(receive(journey, other, verifier=journey.holder), "custody.not_in_charge")
    then_facts(receive(journey), ContainerReceived)
    then_refused(receive(journey), "custody.not_in_shipment")


@pytest.mark.requirement("CUS-005", "What was not in the shipper is not received out of it.")
def test_what_was_not_in_the_shipper(memory_plant: SpecPlant) -> None:
    other, journey = memory_plant.treatment("arrived"), memory_plant.treatment("arrived")
    then_refused(receive(journey, shipment=other.shipment), "custody.wrong_shipment")
    then_recorded(journey, "custody.wrong_shipment")
    then_refused(receive(journey, container=other.bag), "label.not_this_patients")
    spare = journey.issue_label("collection_bag")
    journey.use_label(spare, "collection_bag")
    then_refused(receive(journey, container=spare), "custody.not_in_shipment")
    then_recorded(journey, "custody.not_in_shipment")


@pytest.mark.requirement(
    "CUS-006", "Fresh material is received until its maximum age; after it two signed reasons are needed."
)
def test_too_old(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    ended = journey.vein.collections.latest
    assert ended is not None
    assert ended.ended is not None
    limit = ended.ended + memory_plant.recipe.starting_material.fresh_maximum
    memory_plant.clock.wait_until(limit + timedelta(microseconds=1))
    then_refused(receive(journey), "custody.too_old")
    qa, physician = (
        SignedReason("qa-01", "stability_data_support"),
        SignedReason(memory_plant.crew.pick(journey.now, journey.hospital, "physician"), "no_alternative"),
    )
    then_refused(receive(journey, reasons=(qa,)), "override.reason_missing")
    then_refused(receive(journey, reasons=(qa, SignedReason(physician.person, " "))), "override.reason_missing")
    then_refused(receive(journey, reasons=(physician, qa)), "person.not_of_role")
    then_facts(receive(journey, reasons=(qa, physician)), RuleOverridden, ContainerReceived)


@pytest.mark.requirement("CUS-007", "Exactly at its maximum age fresh material is still received.")
def test_exactly_old_enough(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    ended = journey.vein.collections.latest
    assert ended is not None
    assert ended.ended is not None
    memory_plant.clock.wait_until(ended.ended + memory_plant.recipe.starting_material.fresh_maximum)
    then_facts(receive(journey), ContainerReceived)


@pytest.mark.requirement("CUS-008", "A storage position holds one container, until that is taken out again.")
def test_storage_positions(plant: SpecPlant) -> None:
    first, second = plant.treatment("received"), plant.treatment("received")

    def ask(journey: Journey, act: Any, **arguments: Any) -> Answer:
        asked = {"treatment": journey.treatment, "container": journey.bag, **arguments}
        return plant.asks(act, "operator-03", "lingang", **asked)

    then_refused(ask(first, custody.retrieve), "custody.not_stored")
    then_facts(ask(first, custody.store, position=POSITION), ContainerStored)
    then_refused(ask(first, custody.store, position="vapour-freezer-01/A-02"), "custody.stored")
    then_refused(ask(second, custody.store, position=POSITION), "decision.taken")
    then_facts(ask(first, custody.retrieve), ContainerRetrieved)
    then_facts(ask(second, custody.store, position=POSITION), ContainerStored)
    then_refused(
        ask(second, custody.store, container=first.bag, position="vapour-freezer-01/A-03"), "label.not_this_patients"
    )
    then_refused(ask(second, custody.retrieve, container=first.bag), "label.not_this_patients")


@pytest.mark.requirement("CUS-009", "What is on its way, somewhere else or used up cannot be worked on.")
def test_what_is_not_in_hand(memory_plant: SpecPlant) -> None:
    def store(journey: Journey, container: str) -> Answer:
        asked = {"treatment": journey.treatment, "container": container, "position": POSITION}
        return memory_plant.asks(custody.store, "operator-03", "lingang", **asked)

    then_refused(store(travelling := memory_plant.treatment("in_transit"), travelling.bag), "custody.in_shipment")
    then_refused(store(collected := memory_plant.treatment("collected"), collected.bag), "custody.not_here")
    made = memory_plant.treatment("step:activate")
    then_refused(store(made, made.bag), "custody.gone")
    labelled = memory_plant.treatment("labelled")
    then_refused(store(labelled, labelled.bag), "custody.not_here")


@pytest.mark.requirement("CUS-010", "A container is destroyed only where QA decided so, by two people, and once.")
def test_destruction(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    journey.withdraw()
    then_refused(answer(journey.destroy, journey.bag), "custody.not_to_be_destroyed")
    journey.decide_fate(journey.bag, "retain")
    then_refused(answer(journey.destroy, journey.bag), "custody.not_to_be_destroyed")
    journey.decide_fate(journey.bag)
    asked = {"treatment": journey.treatment, "container": journey.bag}
    alone = plant.asks(custody.destroy, "operator-01", "lingang", verifier="operator-01", **asked)
    then_refused(alone, "person.same_person")
    (consumed,) = then_facts(answer(journey.destroy, journey.bag), ContainerConsumed)
    assert isinstance(consumed, ContainerConsumed)
    assert consumed.verified is not None
    assert consumed.verified.signer != consumed.performed.signer
    then_refused(answer(journey.destroy, journey.bag), "custody.gone")


@pytest.mark.requirement(
    "CUS-011", "A stopped treatment's material is still carried and received: it must not stand in a corridor."
)
def test_a_stopped_treatment_on_its_way(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("in_transit")
    journey.withdraw()
    then_facts(answer(journey.arrive), ContainerHandedOver)
    then_facts(answer(journey.receive), ContainerReceived)
    then_refused(answer(journey.pack), "person.not_of_site")
