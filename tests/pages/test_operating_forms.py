"""The base operator's forms beside the batch record: custody, suites, equipment, labels, samples, lots, deviations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta, timezone

import pytest
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.spec.harness import SpecPlant

from yimai.domain.label_code import label_code
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.ordering import HOUR
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def tablet(plant: SpecPlant, person: str, *roles: str) -> Tablet:
    return Tablet(plant, PersonRow(person, plant.base.id, roles or ("operator",)))


def two(journey: Journey) -> tuple[str, str]:
    first = journey.at_base("operator")
    return first, journey.at_base("operator", without=(first,))


def test_what_arrives_is_received_stored_and_taken_out(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    holder = journey.vein.custody.held[journey.bag].holder
    second = journey.at_base("operator", without=(holder,))
    here, given = tablet(plant, holder), {"treatment": journey.treatment}
    typed = {"shipment": journey.shipment, "container": journey.bag, "seal_intact": "no", "verifier": second}
    kinds = [each.kind for each in here.does("custody.receive", given, typed)]
    assert kinds == ["custody.container_received.v1", "shipment.excursion_opened.v1"]
    stored = here.does("custody.store", given, {"container": journey.bag, "position": "a01"})
    assert stored[0].data["position"] == "A-01"
    here.does("custody.retrieve", given, {"container": journey.bag})
    not_decided = here.sent("custody.destroy", given, {"container": journey.bag, "verifier": second})
    refused(not_decided, "custody.not_to_be_destroyed")


def test_a_container_of_another_patient_is_refused_at_receipt_and_on_record(plant: SpecPlant) -> None:
    journey, other = plant.treatment("arrived"), plant.treatment("labelled")
    holder = journey.vein.custody.held[journey.bag].holder
    typed = {
        "shipment": journey.shipment,
        "container": other.bag,
        "seal_intact": "yes",
        "verifier": journey.at_base("operator", without=(holder,)),
    }
    answer = tablet(plant, holder).sent("custody.receive", {"treatment": journey.treatment}, typed)
    refused(answer, "label.not_this_patients")
    assert plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"


def test_material_that_is_too_old_asks_for_the_reasons_of_two_named_roles(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    holder = journey.vein.custody.held[journey.bag].holder
    second = journey.at_base("operator", without=(holder,))
    here, given = tablet(plant, holder), {"treatment": journey.treatment}
    typed = {"shipment": journey.shipment, "container": journey.bag, "seal_intact": "yes", "verifier": second}
    assert "reasons.qa" not in here.shown("custody.receive", **given).content.decode()
    plant.clock.advance(80 * HOUR)
    refused(here.sent("custody.receive", given, typed), "custody.too_old")
    reasons = {
        "reasons.qa": journey.at_base("qa"),
        "reasons.qa.reason": "stability_data_support",
        "reasons.physician": journey.at_hospital("physician"),
        "reasons.physician.reason": "no_alternative",
    }
    assert "reasons.physician.reason" in here.shown("custody.receive", **given).content.decode()
    half = {name: text for name, text in reasons.items() if "physician" not in name}
    assert here.sent("custody.receive", given, {**typed, **half}).status_code == 422
    kinds = [each.kind for each in here.does("custody.receive", given, {**typed, **reasons})]
    assert kinds == ["override.rule_overridden.v1", "custody.container_received.v1"]


def test_a_line_is_cleared_when_every_point_is_ticked_and_two_have_signed(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    first, second = two(journey)
    here, given = tablet(plant, first), {"treatment": journey.treatment}
    assert journey.itinerary is not None
    room = journey.itinerary.suite
    points = {f"checked.{name}": "yes" for name in ("material", "labels", "surfaces")}
    typed = {"suite": room.upper(), "verifier": second}
    assert here.sent("suite.clear_line", given, {**typed, **points, "checked.labels": ""}).status_code == 422
    assert re.search(r'name="suite" value=""', here.shown("suite.clear_line", **given, suite=room).content.decode()), (
        "the door is scanned, not believed"
    )
    other = next(each for each in plant.base.suites if each.id != room)
    wrong = here.sent("suite.clear_line", given, {**typed, **points, "suite": other.id})
    assert wrong.status_code == 422, "before anything is signed"
    assert f"这是另一间的门（{other.id}）" in wrong.content.decode()
    (cleared,) = here.does("suite.clear_line", given, {**typed, **points})
    assert (cleared.kind, cleared.data["suite"]) == ("suite.line_cleared.v1", room)


def test_suites_are_offered_by_their_names(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    first, second = two(journey)
    here, given = tablet(plant, first), {"treatment": journey.treatment}
    assert journey.itinerary is not None
    room = next(each for each in plant.base.suites if each.id == journey.itinerary.suite)
    out = tablet(plant, journey.at_base("qa"), "qa").shown("suite.take_out").content.decode()
    for each in plant.base.suites:
        assert re.search(rf'<button [^>]*value="{each.id}">{each.title.zh}</button>', out), "to be touched, by name"
    points = {f"checked.{name}": "yes" for name in ("material", "labels", "surfaces")}
    here.does("suite.clear_line", given, {"suite": room.id, "verifier": second, **points})
    opening = here.shown("batch.open_batch", **given).content.decode()
    assert f"<b>{room.title.zh}</b>" in opening
    assert f'name="suite" value="{room.id}"' in opening
    running = plant.treatment("before:harvest_cells", fortune=Fortune(spared=True))
    opened = running.vein.batches.open
    assert opened is not None
    title = next(each.title.zh for each in plant.base.suites if each.id == opened.suite)
    assert f"<b>{title}</b>" in here.shown("suite.clear_line").content.decode(), "which batch is it about?"


def test_who_is_on_shift_and_only_checks_is_offered_first_as_second_person(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    here = tablet(plant, two(journey)[0])
    page = here.shown("suite.clear_line", treatment=journey.treatment).content.decode()
    offered = re.findall(
        r'<option value="([a-z0-9-]+)"', page.partition('name="verifier"')[2].partition("</select>")[0]
    )
    at = plant.clock().astimezone(timezone(timedelta(hours=8))).time()
    running = {each.id for each in plant.base.shifts if each.runs(at)}
    members = {each.id: each for each in plant.base.people}
    ranks = [
        (bool(members[each].shift) and members[each].shift not in running, "second_person" not in members[each].roles)
        for each in offered
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 2, "on shift or not, second persons and others"


def test_rooms_and_pieces_go_out_of_use_and_come_back(plant: SpecPlant) -> None:
    journey = plant.treatment("ordered")
    operator, qa = tablet(plant, journey.at_base("operator")), tablet(plant, journey.at_base("qa"), "qa")
    operator.does("equipment.take_out", {}, {"equipment": "BSC 01", "reason": "breakdown"})
    again = operator.sent("equipment.take_out", {}, {"equipment": "bsc-01", "reason": "breakdown"})
    refused(again, "equipment.out_of_use")
    qa.does("equipment.calibrate", {}, {"equipment": "bsc-01", "valid_from": "2026-01-01", "valid_until": "2027-12-31"})
    (returned,) = qa.does("equipment.put_back", {}, {"equipment": "bsc-01", "reason": "repaired"})
    assert returned.data["equipment"] == "bsc-01"
    qa.does("suite.take_out", {}, {"suite": "suite-03", "reason": "maintenance"})
    (back,) = qa.does("suite.put_back", {}, {"suite": "suite-03", "reason": "requalified"})
    assert back.data["suite"] == "suite-03"
    assert operator.sent("suite.take_out", {}, {"suite": "suite-03", "reason": "maintenance"}).status_code == 422


def test_a_lot_that_arrives_is_put_on_record_in_its_own_unit(plant: SpecPlant) -> None:
    journey = plant.treatment("ordered")
    here = tablet(plant, journey.at_base("operator"))
    typed = {"material_lot": "WB-2026-0099", "material": "wash_buffer", "quantity": "5000", "expires": "2027-05-31"}
    (received,) = here.does("material_lot.receive", {}, typed)
    assert received.data["quantity"] == {"value": "5000", "unit": "mL"}
    assert received.data["material_lot"] == "WB-2026-0099"


def test_labels_are_printed_stuck_on_by_two_and_destroyed(plant: SpecPlant) -> None:
    journey = plant.treatment("opened")
    first, second = two(journey)
    here, given = tablet(plant, first), {"treatment": journey.treatment}
    (issued,) = here.does("label.issue", given, {"layout": "in_process"})
    item = str(issued.data["item"])
    assert here.sent("label.use", given, {"label": item, "verifier": second}).status_code == 422, "its copy is needed"
    (used,) = here.does("label.use", given, {"label": label_code(item, 1), "verifier": second})
    assert (used.data["item"], used.data["copy"]) == (item, 1)
    again = {**given, "reprint": "yes"}
    here.does("label.issue", again, {"layout": "in_process", "item": item, "reason": "damaged"})
    (gone,) = here.does("label.destroy", given, {"label": label_code(item, 2), "reason": "surplus"})
    assert gone.data["copy"] == 2


def test_a_sample_is_taken_at_its_step_and_a_deviation_reported_beside_it(plant: SpecPlant) -> None:
    journey = plant.treatment("tube:identity_reference")
    here, given = tablet(plant, journey.at_base("operator")), {"treatment": journey.treatment}
    step = {**given, "step": "receive"}
    typed = {
        "batch": journey.batch,
        "step": "receive",
        "plan": "identity_reference",
        "sample": journey.samples["identity_reference"],
    }
    assert journey.batch[:4] in here.shown("sample.take", **step).content.decode()
    (taken,) = here.does("sample.take", step, typed)
    assert taken.data["plan"] == "identity_reference"
    told = {
        "batch": journey.batch,
        "step": "receive",
        "classification": "minor",
        "reason": "delay",
        "note": "停电十分钟",
    }
    (opened,) = here.does("deviation.report", given, told)
    assert opened.kind == "deviation.opened.v1"
    assert "停电" not in str(opened.data)


def test_another_sites_person_is_refused(plant: SpecPlant) -> None:
    journey = plant.treatment("opened")
    nurse = Tablet(plant, PersonRow(journey.at_hospital("nurse"), journey.hospital, ("nurse",)))
    assert nurse.sent("equipment.take_out", {}, {"equipment": "bsc-01", "reason": "breakdown"}).status_code == 422
    points = {f"checked.{name}": "yes" for name in ("material", "labels", "surfaces")}
    typed = {"suite": journey.suite, "verifier": journey.at_base("operator"), **points}
    answer = nurse.sent("suite.clear_line", {"treatment": journey.treatment}, typed)
    assert answer.status_code == 422
