"""The hospital's and the courier's work through the pages: collection, labels, custody on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from tests.pages import test_acting
from tests.pages.test_acting import Tablet, hidden, nurses
from tests.spec.harness import SpecPlant

from yimai.domain.label_code import label_code
from yimai.interfaces.plant.journey import Journey
from yimai.projections.register import PersonRow

plant = test_acting.plant


def at(plant: SpecPlant, person: str) -> Tablet:
    """A tablet at which a person of the base's file has signed in."""
    member = next(each for each in plant.base.people if each.id == person)
    return Tablet(PersonRow(person, member.site, member.roles), {})


def act(here: Tablet, verb: str, given: Mapping[str, str], fields: Mapping[str, Any], *signers: str) -> HttpResponse:
    """Fill in the form, sign it where it is asked, and return the last answer."""
    shown = here.get(verb, **given)
    assert shown.status_code == 200, shown.content.decode()
    posted = {"command": hidden(shown, "command"), "seen": hidden(shown, "seen"), **given, **fields}
    asked = here.post(verb, given, posted)
    if asked["Yimai-Answer"] != "sign" or not signers:
        return asked
    carried = {
        f"file:{name}": unescape(hidden(asked, f"file:{name}"))
        for name, value in posted.items()
        if isinstance(value, SimpleUploadedFile)
    }
    kept = {name: value for name, value in posted.items() if not isinstance(value, SimpleUploadedFile)}
    passwords = {f"sign-{each}-password": "right" for each in signers}
    return here.post(verb, given, {**kept, **carried, **passwords, "record": hidden(asked, "record")})


def done(answer: HttpResponse) -> None:
    assert answer["Yimai-Answer"] == "done", answer.content.decode()


def kinds(plant: SpecPlant, journey: Journey) -> list[str]:
    return [
        entry.kind
        for entry in plant.entries("treatment", journey.treatment)
        if entry.kind != "signing.signature_given.v1"
    ]


def read_out(journey: Journey, celsius: str = "5.1", *, hours: int = 20) -> SimpleUploadedFile:
    """The file of the logger in the journey's latest shipper."""
    begin = journey.vein.shipments.by_id[journey.shipment].packed
    lines = [f"{begin + timedelta(minutes=10 * each):%Y-%m-%d %H:%M:%S},{celsius}" for each in range(1, hours * 6)]
    text = "\n".join(["Serial number: LG-0042", "Time,Temperature (°C)", *lines])
    return SimpleUploadedFile("logger.csv", text.encode())


def courier_of(plant: SpecPlant) -> str:
    return next(each.id for each in plant.base.people if "courier" in each.roles)


def test_labels_are_printed_stuck_on_by_two_and_destroyed(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    first, second = nurses(journey)
    here, given = at(plant, first), {"treatment": journey.treatment}
    done(act(here, "label.issue", given, {"layout": "wristband"}, first))
    item = next(iter(journey.vein.labels.items))
    code = label_code(item, 1)
    done(act(here, "label.use", given, {"label": f"]d2{code}", "verifier": second}, first, second))
    assert journey.vein.labels.items[item].labelled
    assert 'name="reason"' not in here.get("label.issue", **given).content.decode()
    reprint = {"layout": "wristband", "item": item, "reason": "damaged"}
    done(act(here, "label.issue", {**given, "reprint": "yes"}, reprint, first))
    only_item = act(here, "label.destroy", given, {"label": item, "reason": "surplus"}, first)
    assert "需要标签份号" in only_item.content.decode()
    done(act(here, "label.destroy", given, {"label": label_code(item, 2), "reason": "surplus"}, first))
    assert journey.vein.labels.items[item].copies == ("used", "destroyed")


def test_a_collection_is_recorded_with_its_counts_in_billions(plant: SpecPlant) -> None:
    journey = plant.treatment("collecting")
    first, second = nurses(journey)
    fields = {
        "collection": journey.collection,
        "wristband": journey.wristband,
        "container": journey.bag,
        "volume": "210",
        "cd3": "2600",
        "cd3.unit": "10*6",
        "viability": "97",
        "verifier": second,
    }
    done(act(at(plant, first), "collection.complete", {"treatment": journey.treatment}, fields, first, second))
    entry = next(
        each for each in plant.entries("treatment", journey.treatment) if each.kind == "collection.completed.v1"
    )
    assert entry.data["cd3"] == {"value": "2.600", "unit": "10*9"}


def test_the_shipper_goes_from_nurse_to_courier_to_operator_and_is_unpacked(plant: SpecPlant) -> None:
    journey = plant.treatment("collected")
    courier = courier_of(plant)
    nurse, given = journey.holder, {"treatment": journey.treatment}
    until = (journey.now + timedelta(hours=56)).strftime("%Y-%m-%dT%H:%M")
    packed = {
        "containers": journey.bag,
        "shipment": journey.shipment,
        "destination": journey.base,
        "qualified_until": until,
    }
    done(act(at(plant, nurse), "custody.pack", given, packed, nurse))
    scans = {"shipment": journey.shipment, "giver_scan": journey.shipment, "taker_scan": journey.shipment}
    by_nurse = {**scans, "giver": nurse, "taker": courier}
    done(act(at(plant, nurse), "custody.hand_over", given, by_nurse, nurse, courier))
    assert journey.vein.custody.held[journey.bag].holder == courier
    plant.clock.wait_until(plant.clock() + timedelta(hours=9))
    operator = journey.at_base("operator")
    by_operator = {**scans, "giver": courier, "taker": operator}
    done(act(at(plant, operator), "custody.hand_over", given, by_operator, operator, courier))
    held = journey.vein.custody.held[journey.bag]
    assert (held.holder, held.site) == (operator, journey.base)
    about = {**given, "shipment": journey.shipment}
    page = act(at(plant, operator), "custody.report_temperature", about, {"file": read_out(journey)}).content.decode()
    assert "<polyline" in page
    assert "LG-0042" in page
    file = read_out(journey)
    done(act(at(plant, operator), "custody.report_temperature", about, {"file": file}, operator))
    received = {"shipment": journey.shipment, "container": journey.bag, "seal_intact": "yes"}
    other = journey.at_base("operator", without=(operator,))
    done(act(at(plant, operator), "custody.receive", given, {**received, "verifier": other}, operator, other))
    assert kinds(plant, journey)[-2:] == ["shipment.temperature_reported.v1", "custody.container_received.v1"]


def test_a_wrong_shipper_stops_the_hand_over(plant: SpecPlant) -> None:
    journey, other = plant.treatment("packed"), plant.treatment("packed")
    courier, nurse = courier_of(plant), journey.holder
    given = {"treatment": journey.treatment, "shipment": journey.shipment}
    both = {"giver": nurse, "taker": courier, "giver_scan": journey.shipment}
    wrong = act(at(plant, nurse), "custody.hand_over", given, {**both, "taker_scan": other.shipment})
    assert wrong.status_code == 422
    assert 'data-code="custody.wrong_shipment"' in wrong.content.decode()
    assert kinds(plant, journey)[-1] == "identity.match_refused.v1"
    right = {**both, "taker_scan": journey.shipment}
    done(act(at(plant, nurse), "custody.hand_over", given, right, nurse, courier))
    assert journey.vein.custody.held[journey.bag].site == journey.hospital


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"%PDF-1.7 ...", "请在记录仪软件中导出为 CSV"),
        (b"Time,Temperature (C)\n2026-03-04 10:00,5.0\n2026-03-04 10:0x,5.1\n", "第 3 行"),
        (b"Time,Temperature (C)\n1999-03-04 10:00,5.0\n", "另一次运输的文件"),
        (b"Time,Temperature (F)\n2026-03-04 10:00,41.0\n", "换算"),
        (b"", "找不到"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_line_and_reason(
    plant: SpecPlant, contents: bytes, said: str
) -> None:
    journey = plant.treatment("arrived")
    about = {"treatment": journey.treatment, "shipment": journey.shipment}
    file = SimpleUploadedFile("logger.csv", contents)
    answer = act(at(plant, journey.holder), "custody.report_temperature", about, {"file": file}, journey.holder)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "shipment.temperature_reported.v1" not in kinds(plant, journey)


def test_no_data_is_a_button_of_its_own_and_an_excursion(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    about = {"treatment": journey.treatment, "shipment": journey.shipment}
    here = at(plant, journey.holder)
    assert "data=none" in here.get("custody.report_temperature", **about).content.decode()
    done(act(here, "custody.report_temperature", {**about, "data": "none"}, {"lost": "yes"}, journey.holder))
    assert kinds(plant, journey)[-2:] == ["shipment.temperature_reported.v1", "shipment.excursion_opened.v1"]
