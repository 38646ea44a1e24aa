"""Between which places a container travels, who hands it over, and what a shipper must be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_refused

from yimai.actions import custody
from yimai.actions.decision import Answer
from yimai.domain.custody import ContainerReceived
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened, ShipmentPacked, TemperatureReported
from yimai.interfaces.plant.journey import Journey


def pack(journey: Journey, **changes: Any) -> Answer:
    asked: dict[str, Any] = {
        "treatment": journey.treatment,
        "shipment": journey.shipment,
        "containers": (journey.bag,),
        "destination": "lingang",
    }
    return journey.plant.ask(custody.pack, journey.holder, journey.hospital, **{**asked, **changes})


def elsewhere(journey: Journey) -> str:
    return next(site for site in journey.plant.crew.sites("nurse") if site != journey.hospital)


@pytest.mark.requirement("CUS-030", "A container travels between its hospital and its base only.")
def test_another_hospital_is_no_destination(plant: SpecPlant) -> None:
    journey = plant.treatment("collected")
    for destination in (elsewhere(journey), journey.hospital):
        then_refused(pack(journey, destination=destination), "custody.wrong_address")
    then_facts(pack(journey), ShipmentPacked)


@pytest.mark.requirement("CUS-031", "A shipper whose time is past is not packed.")
def test_a_shipper_whose_time_is_past(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("collected")
    then_refused(pack(journey, qualified_until=journey.now), "custody.shipper_expired")
    then_facts(pack(journey, qualified_until=journey.now + timedelta(hours=1)), ShipmentPacked)


@pytest.mark.requirement("CUS-032", "A hand-over is entered by one of the two, where one of them works.")
def test_a_hand_over_in_others_names(plant: SpecPlant) -> None:
    """Neither by a third person, nor somewhere else, nor to another hospital's nurse."""
    journey = plant.treatment("packed")
    courier = journey.courier()
    stranger = plant.crew.pick(journey.now, elsewhere(journey), "nurse")
    asked: dict[str, Any] = {
        "treatment": journey.treatment,
        "shipment": journey.shipment,
        "giver": journey.holder,
        "giver_scan": journey.shipment,
        "taker_scan": journey.shipment,
    }

    def hand_over(by: str, site: str, taker: str) -> Answer:
        return plant.asks(custody.hand_over, by, site, taker=taker, **asked)

    third = plant.crew.pick(journey.now, journey.hospital, "nurse", without=(journey.holder,))
    then_refused(hand_over(third, journey.hospital, courier), "custody.not_present")
    then_refused(hand_over(stranger, journey.hospital, courier), "person.not_of_site")
    then_refused(hand_over(courier, "lingang", courier), "person.not_of_site")
    then_refused(hand_over(stranger, journey.hospital, stranger), "person.not_of_site")
    journey.pick_up()


@pytest.mark.requirement("CUS-033", "What is stored is taken out by people of the place where it is.")
def test_taking_out_elsewhere(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    journey.store(journey.bag)
    stranger = plant.crew.pick(journey.now, journey.hospital, "nurse")
    asked = {"treatment": journey.treatment, "container": journey.bag}
    then_refused(plant.asks(custody.retrieve, stranger, journey.hospital, **asked), "custody.not_here")
    journey.retrieve(journey.bag)


@pytest.mark.requirement("CUS-034", "The cells of an open batch do not leave the base.")
def test_packing_during_manufacture(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("opened")
    box = journey.labelled("shipper")
    asked = {"shipment": box, "containers": (journey.bag,), "destination": journey.hospital}
    packing = memory_plant.asks(custody.pack, "operator-01", "lingang", treatment=journey.treatment, **asked)
    then_refused(packing, "custody.in_manufacture")


@pytest.mark.requirement("CUS-035", "An ended treatment's material goes back to the hospital once QA has decided so.")
def test_material_is_returned(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    box = journey.labelled("shipper")
    journey.withdraw()
    asked = {"shipment": box, "containers": (journey.bag,), "destination": journey.hospital}

    def packing() -> Answer:
        return plant.asks(custody.pack, "operator-01", "lingang", treatment=journey.treatment, **asked)

    then_refused(packing(), "treatment.ended")
    journey.decide_fate(journey.bag, "return_to_hospital")
    then_facts(packing(), ShipmentPacked)


@pytest.mark.requirement("CUS-036", "A broken seal is an excursion: QA decides before anybody uses the material.")
def test_a_broken_seal(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    journey.report_temperature("lingang", journey.recipe.starting_material.temperature)
    operator = journey.holder
    asked: dict[str, Any] = {"container": journey.bag, "shipment": journey.shipment, "segregated": False}
    verifier = journey.at_base("operator", without=(operator,))
    broken = plant.asks(
        custody.receive,
        operator,
        "lingang",
        treatment=journey.treatment,
        seal_intact=False,
        verifier=verifier,
        **asked,
    )
    received, opened = then_facts(broken, ContainerReceived, ExcursionOpened)
    assert isinstance(received, ContainerReceived)
    assert isinstance(opened, ExcursionOpened)
    assert opened.cause == "seal_broken"
    plant.clock.wait_until(journey.itinerary.starts if journey.itinerary is not None else journey.now)
    journey.clear_line()
    then_refused(answer(journey.open_batch), "shipment.excursion_open")
    journey.excursion = opened.excursion
    then_facts(answer(journey.assess_excursion, usable=True, reason="investigation"), ExcursionAssessed)
    journey.open_batch()


@pytest.mark.requirement("SHP-011", "A logger is read where its shipper has arrived, by people of that place.")
def test_a_logger_read_on_the_way(plant: SpecPlant) -> None:
    """Read on the way, what happens afterwards would count as good."""
    journey = plant.treatment("in_transit")
    limits = journey.recipe.starting_material.temperature
    then_refused(answer(journey.report_temperature, "lingang", limits), "shipment.not_arrived")
    journey.reach("arrived")
    stranger = plant.crew.pick(journey.now, elsewhere(journey), "nurse")
    asked: dict[str, Any] = {"logger": "l", "readings": 9, "lowest": limits.low, "highest": limits.high}
    foreign = plant.asks(
        custody.report_temperature,
        stranger,
        elsewhere(journey),
        treatment=journey.treatment,
        shipment=journey.shipment,
        **asked,
    )
    then_refused(foreign, "person.not_of_site")
    then_facts(answer(journey.report_temperature, "lingang", limits), TemperatureReported)


@pytest.mark.requirement("SHP-012", "Every excursion of a shipper is decided on its own; the worst decision counts.")
def test_two_excursions_of_one_shipper(memory_plant: SpecPlant) -> None:
    """Refused after the temperature: that the broken seal was harmless does not make it usable."""
    journey = memory_plant.treatment("arrived")
    journey.report_temperature("lingang", journey.recipe.starting_material.temperature, "warm")
    warm = journey.excursion
    asked: dict[str, Any] = {"container": journey.bag, "shipment": journey.shipment, "segregated": False}
    verifier = journey.at_base("operator", without=(journey.holder,))
    people = {"treatment": journey.treatment, "verifier": verifier}
    broken = memory_plant.asks(custody.receive, journey.holder, "lingang", seal_intact=False, **people, **asked)
    opened = then_facts(broken, ContainerReceived, ExcursionOpened)[1]
    assert isinstance(opened, ExcursionOpened)
    journey.assess_excursion(usable=False, reason="outside_validated_range")
    journey.excursion = opened.excursion
    journey.assess_excursion(usable=True, reason="investigation")
    assert journey.vein.unusable(journey.bag)
    assert warm != opened.excursion


@pytest.mark.requirement("CUS-037", "An ended treatment's material is received however old it is.")
def test_old_material_of_an_ended_treatment(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    journey.withdraw()
    memory_plant.clock.advance(journey.recipe.starting_material.fresh_maximum * 2)
    journey.holder = journey.vein.custody.held[journey.bag].holder
    then_facts(answer(journey.receive), ContainerReceived)
