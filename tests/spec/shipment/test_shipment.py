"""Shippers on their way: what is packed, what the logger shows, and QA's decision on an excursion."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import custody
from yimai.actions.decision import Answer
from yimai.domain.fact import Fact
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened, ShipmentPacked, TemperatureReported
from yimai.interfaces.plant.collecting import SHIPPER_HOLD
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey


def pack(journey: Journey, **changes: Any) -> Answer:
    asked = {
        "treatment": journey.treatment,
        "shipment": journey.shipment,
        "containers": (journey.bag,),
        "destination": "lingang",
    }
    return journey.plant.ask(custody.pack, journey.holder, journey.hospital, **{**asked, **changes})


def report(
    journey: Journey, low: str | None = "3", high: str | None = "7", readings: int = 200, **changes: Any
) -> Answer:
    asked = {
        "treatment": journey.treatment,
        "shipment": journey.shipment,
        "logger": "logger-01",
        "readings": readings,
        "lowest": Decimal(low) if low is not None else None,
        "highest": Decimal(high) if high is not None else None,
        "file": b"3.0 7.0",
    }
    return journey.plant.ask(custody.report_temperature, journey.holder, "lingang", **{**asked, **changes})


def unread(journey: Journey) -> dict[str, Any]:
    """What is reported of a logger that shows nothing."""
    about = {"treatment": journey.treatment, "shipment": journey.shipment, "logger": "logger-01"}
    return {**about, "readings": 0, "lowest": None, "highest": None}


@pytest.mark.requirement(
    "SHP-001", "A shipper takes at least one labelled container of one treatment, and is used once."
)
def test_packing(plant: SpecPlant) -> None:
    other, journey = plant.treatment("collected"), plant.treatment("collected")
    then_refused(pack(journey, containers=()), "shipment.nothing_packed")
    then_refused(pack(journey, containers=(journey.bag, journey.bag)), "shipment.nothing_packed")
    then_refused(pack(journey, destination="nowhere"), "site.unknown")
    for changed in ({"containers": (other.bag,)}, {"shipment": other.shipment}):
        then_refused(pack(journey, **changed), "label.not_this_patients")
        then_recorded(journey, "label.not_this_patients")
    (packed,) = then_facts(pack(journey), ShipmentPacked)
    assert isinstance(packed, ShipmentPacked)
    assert (packed.lowest, packed.highest) == (Decimal(2), Decimal(8)), (
        "the recipe says at which temperature it travels"
    )
    then_refused(pack(journey), "shipment.shipment_closed")


@pytest.mark.requirement(
    "SHP-002", "A packed container is not packed again, and an opened shipper is not handed over again."
)
def test_a_shipper_is_done_with(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("packed")
    packed = journey.shipment
    journey.shipment = journey.labelled("shipper")
    then_refused(pack(journey), "custody.in_shipment")
    journey.shipment = packed
    journey.reach("received")
    then_refused(answer(journey.hand_over, "courier-01", "lingang"), "shipment.shipment_closed")


@pytest.mark.requirement("SHP-003", "A logger within the limits, the limits included, opens no excursion.")
@pytest.mark.parametrize(("low", "high"), [("3.1", "6.9"), ("2", "8"), ("5", "5")])
def test_within_limits(memory_plant: SpecPlant, low: str, high: str) -> None:
    then_facts(report(memory_plant.treatment("arrived"), low, high), TemperatureReported)


@pytest.mark.requirement(
    "SHP-004", "Out of limits, no data, or longer than the shipper holds: each opens an excursion."
)
@pytest.mark.parametrize(
    ("cause", "shown", "late"),
    [
        ("out_of_range", {"low": "1.9"}, timedelta()),
        ("out_of_range", {"high": "8.1"}, timedelta()),
        ("no_data", {"low": None, "high": None, "readings": 0}, timedelta()),
        ("late", {}, timedelta(microseconds=1)),
    ],
)
def test_excursions(memory_plant: SpecPlant, cause: str, shown: dict[str, Any], late: timedelta) -> None:
    journey = memory_plant.treatment("arrived")
    if late:
        packed = journey.vein.shipments.by_id[journey.shipment].packed
        memory_plant.clock.wait_until(packed + SHIPPER_HOLD + late)
    _, opened = then_facts(report(journey, **shown), TemperatureReported, ExcursionOpened)
    assert isinstance(opened, ExcursionOpened)
    assert opened.cause == cause


@pytest.mark.requirement("SHP-005", "Exactly when the shipper's hold ends it is not yet late.")
def test_exactly_in_time(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    memory_plant.clock.wait_until(journey.vein.shipments.by_id[journey.shipment].packed + SHIPPER_HOLD)
    then_facts(report(journey), TemperatureReported)


@pytest.mark.requirement(
    "SHP-006", "A logger summary must be possible, is reported once, and for a shipper of the treatment."
)
def test_logger_summaries(memory_plant: SpecPlant) -> None:
    other, journey = memory_plant.treatment("arrived"), memory_plant.treatment("arrived")
    then_refused(report(journey, readings=-1), "shipment.readings_impossible")
    then_refused(report(journey, "7", "3"), "shipment.readings_impossible")
    then_refused(report(journey, None, "3"), "shipment.readings_impossible")
    then_refused(report(journey, shipment=other.shipment), "shipment.unknown")
    then_recorded(journey, "shipment.unknown")
    then_facts(report(journey), TemperatureReported)
    then_refused(report(journey), "shipment.already_reported")


@pytest.mark.requirement("SHP-007", "Material is not used before its temperature is known and QA has let it be used.")
def test_use_waits_for_qa(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    journey.receive()
    journey.clear_line()
    plant.clock.wait_until(journey.itinerary.starts if journey.itinerary else plant.clock())
    then_refused(answer(journey.open_batch), "shipment.no_temperature")
    report(journey, high="12")
    then_refused(answer(journey.open_batch), "shipment.excursion_open")
    journey.excursion = journey.vein.shipments.by_id[journey.shipment].excursion
    for usable, reason in ((True, "outside_validated_range"), (True, "damaged"), (False, "within_validated_range")):
        contradicting = answer(journey.assess_excursion, usable=usable, reason=reason)
        then_refused(contradicting, "shipment.reason_contradicts")
    then_facts(answer(journey.assess_excursion, usable=True, reason="stability_data_support"), ExcursionAssessed)
    journey.open_batch()


@pytest.mark.requirement("SHP-008", "What QA found unusable after an excursion is never used.")
def test_unusable(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("material_lost", fortune=Fortune(spared=True, transport="spoilt"))
    journey.clear_line()
    memory_plant.clock.wait_until(journey.itinerary.starts if journey.itinerary else memory_plant.clock())
    then_refused(answer(journey.open_batch), "shipment.unusable")


@pytest.mark.requirement("SHP-021", "A logger is read where the shipper arrived, by whom its way has led to.")
def test_where_a_logger_is_read(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("received")
    nurse = journey.at_hospital("nurse")
    asked = unread(journey)
    asks = memory_plant.asks
    then_refused(asks(custody.report_temperature, nurse, journey.hospital, **asked), "shipment.not_read_here")
    carried = memory_plant.treatment("collected")
    stranger = {**asked, "treatment": carried.treatment}
    then_refused(asks(custody.report_temperature, "courier-02", "demo-courier", **stranger), "access.not_carrier")


@pytest.mark.requirement("SHP-022", "Nobody assesses an excursion of a shipper that went through his own hands.")
def test_nobody_assesses_what_he_read(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    qa = journey.at_base("qa")
    asked = unread(journey)
    opened = then_facts(
        memory_plant.asks(custody.report_temperature, qa, "lingang", **asked), TemperatureReported, ExcursionOpened
    )
    assert isinstance(opened[1], ExcursionOpened)
    decided: dict[str, Any] = {"treatment": journey.treatment, "excursion": opened[1].excursion}
    decided |= {"usable": True, "reason": "stability_data_support"}
    then_refused(memory_plant.asks(custody.assess_excursion, qa, "lingang", **decided), "shipment.own_work")


@pytest.mark.requirement("SHP-009", "QA of the base assesses an excursion once, with a listed reason.")
def test_who_assesses(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("arrived")
    report(journey, high="12")
    excursion = journey.vein.shipments.by_id[journey.shipment].excursion

    def assess(by: str, at: str = "lingang", **changes: Any) -> Answer:
        asked = {
            "treatment": journey.treatment,
            "excursion": excursion,
            "usable": True,
            "reason": "stability_data_support",
        }
        return memory_plant.asks(custody.assess_excursion, by, at, **{**asked, **changes})

    then_refused(assess("operator-01"), "person.not_of_role")
    then_refused(assess("qa-01", excursion="E000000000"), "shipment.no_such_excursion")
    then_refused(assess("qa-01", reason="it looked fine"), "reason.unknown")
    kinds: tuple[type[Fact], ...] = (ExcursionAssessed,)
    then_facts(assess("qa-01"), *kinds)
    then_refused(assess("qa-01"), "shipment.already_decided")


@pytest.mark.requirement("SHP-010", "A logger's temperatures are numbers that a logger can show.")
@pytest.mark.parametrize("low", ["NaN", "-Infinity", "-273.16", "1E+400"])
def test_temperatures_that_no_logger_shows(memory_plant: SpecPlant, low: str) -> None:
    journey = memory_plant.treatment("arrived")
    then_refused(report(journey, low, "5"), "shipment.readings_impossible")
    then_refused(report(journey, "NaN", "NaN", readings=0), "shipment.readings_impossible")
    then_facts(report(journey), TemperatureReported)
