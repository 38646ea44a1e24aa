"""The batch record in the browser: steps with their people, equipment, lots and values, right the first time or refused in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, hidden, refused
from tests.spec.harness import SpecPlant

from yimai.domain.recipe import Step
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import batch as record
from yimai.interfaces.web import scan
from yimai.ledger.entry import Entry
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase

Typed = dict[str, str | list[str]]


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def tablet(plant: SpecPlant, person: str, *roles: str) -> Tablet:
    return Tablet(plant, PersonRow(person, plant.base.id, roles or ("operator",)))


def operators(journey: Journey, step: Step) -> tuple[str, ...]:
    """Who works on the step, as the plant chooses them; a second person among them."""
    return journey._operators(step)


def data(entry: Entry) -> Any:
    return entry.data


def step_of(journey: Journey, name: str) -> Step:
    found = journey.recipe.step(name)
    assert found is not None
    return found


def starting(
    journey: Journey, name: str, **others: str | list[str]
) -> tuple[dict[str, str], dict[str, str | list[str]]]:
    """The address's part of a step's start, and what is scanned and touched."""
    step = step_of(journey, name)
    given = {"treatment": journey.treatment, "batch": journey.batch, "step": name}
    typed: dict[str, str | list[str]] = {
        "scanned": list(journey.containers),
        "operators": list(operators(journey, step)),
        **{f"equipment-{each}": journey._piece(each) for each in step.equipment},
    }
    for use in step.materials:
        typed[f"material-{use.material}"] = [journey._lot(use.material)]
        typed[f"material-{use.material}.quantity"] = [f"{use.quantity:f}"]
    return given, {**typed, **others}


def shown(tablet: Tablet, batch: str) -> str:
    """The batch record as it is served."""
    answer = tablet.asked(RequestFactory().get(f"/{tablet.language}/batch/{batch}"), record.batch, batch)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_a_record_shows_what_is_done_what_runs_and_what_comes_next(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    page = shown(here, journey.batch)
    assert set(re.findall(r'<li class="step (\w+)" id="step-', page)) == {"done", "next", "ahead"}
    given, typed = starting(journey, "wash")
    here.does("batch.start_step", given, typed)
    page = shown(here, journey.batch)
    assert 'class="step running" id="step-wash"' in page
    assert f"/act/batch.record_entry?treatment={journey.treatment}" in page


def test_a_value_that_was_corrected_is_struck_and_its_reason_stands_beside_it(plant: SpecPlant) -> None:
    journey = plant.treatment("before:select", fortune=Fortune(spared=True, corrected="wash"))
    page = shown(tablet(plant, journey.at_base("operator")), journey.batch)
    (old,) = re.findall(r"<del>(.*?)</del>", page, re.DOTALL)
    assert old.strip()
    assert "记录笔误" in page


# Opening.


def test_a_batch_is_opened_on_the_patients_own_bag_only(plant: SpecPlant) -> None:
    other, journey = plant.treatment("labelled"), plant.treatment("cleared")
    here, given = tablet(plant, journey.at_base("operator")), {"treatment": journey.treatment}
    about = {"batch": journey.batch, "suite": journey.suite}
    refused(here.sent("batch.open_batch", given, {**about, "container": other.bag}), "label.not_this_patients")
    assert plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"
    page = here.shown("batch.open_batch", **given).content.decode()
    assert f'name="batch" value="{journey.batch}"' in page, "the batch for which the line was cleared is known"
    assert f'value="{journey.bag}"' not in page, "the bag itself is scanned, never filled in"
    kinds = [each.kind for each in here.does("batch.open_batch", given, {**about, "container": journey.bag})]
    assert "batch.opened.v1" in kinds


# Starting a step.


def test_a_step_starts_with_its_people_its_pieces_and_its_lots(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    given, typed = starting(journey, "wash")
    (started,) = here.does("batch.start_step", given, {**typed, "equipment-biosafety_cabinet": "BSC 01"})
    assert set(data(started)["equipment"]) == {
        "bsc-01",
        typed["equipment-cell_washer"],
        typed["equipment-cell_counter"],
    }
    (use,) = data(started)["materials"]
    assert (use["material"], use["quantity"]) == ("wash_buffer", {"unit": "mL", "value": "1000"})


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("equipment-cell_washer", "counter-01", "batch.equipment_missing"),
        ("equipment-cell_washer", "washer-99", "equipment.unknown"),
        ("material-wash_buffer", ["culture-medium-lot-01"], "material_lot.wrong_material"),
        ("material-wash_buffer", ["LOT-OF-NOBODY"], "material_lot.unknown"),
        ("operators", ["operator-01"], "batch.too_few_operators"),
    ],
)
def test_what_is_wrong_at_the_start_is_refused_in_place(
    plant: SpecPlant, field: str, value: str | list[str], code: str
) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    given, typed = starting(journey, "wash", **{field: value})
    before = len(plant.entries("treatment", journey.treatment))
    text = refused(here.sent("batch.start_step", given, typed), code)
    assert f'value="{journey.containers[0]}"' in text, "what was scanned is still there"
    assert len(plant.entries("treatment", journey.treatment)) == before


def test_a_piece_that_stands_in_another_suite_or_is_out_of_use_is_refused(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    elsewhere = next(
        each.id
        for each in plant.base.equipment
        if each.equipment_class == "biosafety_cabinet" and each.suite not in ("", journey.suite)
    )
    given, typed = starting(journey, "wash", **{"equipment-biosafety_cabinet": elsewhere})
    refused(here.sent("batch.start_step", given, typed), "equipment.elsewhere")
    here.does("equipment.take_out", {}, {"equipment": "washer-01", "reason": "breakdown"})
    given, typed = starting(journey, "wash", **{"equipment-cell_washer": "washer-01"})
    refused(here.sent("batch.start_step", given, typed), "equipment.out_of_use")


def test_another_patients_container_at_a_step_stops_and_is_on_record(plant: SpecPlant) -> None:
    other, journey = plant.treatment("labelled"), plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    given, typed = starting(journey, "wash", scanned=[other.bag])
    refused(here.sent("batch.start_step", given, typed), "label.not_this_patients")
    assert plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"


def test_what_is_missing_is_marked_and_nothing_typed_is_lost(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    missing: Typed = {"equipment-cell_washer": "", "material-wash_buffer": [""]}
    given, typed = starting(journey, "wash", **missing)
    answer = here.sent("batch.start_step", given, typed)
    text = answer.content.decode()
    assert (answer.status_code, answer["Yimai-Answer"]) == (422, "refused")
    assert 'class="field thing wrong" id="field-equipment-cell_washer"' in text
    assert 'class="field lot_used wrong"' in text
    assert f'value="{typed["equipment-biosafety_cabinet"]}"' in text


# Values.


def running(plant: SpecPlant, name: str) -> tuple[Journey, Tablet, dict[str, str]]:
    """A treatment whose step runs, the tablet of one who works on it, and what the address of its forms says."""
    journey = plant.treatment(f"before:{name}")
    step = step_of(journey, name)
    started = journey.begin_step(step)
    given = {"treatment": journey.treatment, "batch": journey.batch, "step": name}
    return journey, tablet(plant, str(data(started.entries[0])["operators"][0])), given


def test_a_value_out_of_its_limits_is_recorded_and_opens_a_deviation_that_is_shown_before_signing(
    plant: SpecPlant,
) -> None:
    journey, here, given = running(plant, "wash")
    page = here.shown("batch.complete_step", **given).content.decode()
    assert 'data-low="70"' in page
    assert 'data-high="100"' in page
    typed = {"entry-viability": "61.5", "entry-nucleated_cells": "6"}
    asked = here.sent("batch.complete_step", given, typed)
    assert asked["Yimai-Answer"] == "sign"
    assert "偏差" in asked.content.decode(), "the deviation stands in the record that is about to be signed"
    kinds = [each.kind for each in here.does("batch.complete_step", given, typed)]
    assert kinds == ["batch.step_completed.v1", "deviation.opened.v1"]
    page = shown(here, journey.batch)
    assert 'class="departs"' in page
    assert "⚑ 偏差" in page


@pytest.mark.parametrize(
    "text", ["1,400", "abc", "NaN", "Infinity", "1e999", "9" * 40, "1_000", "12.5.1", "--5", "", "0x10", "６６６６" * 9]
)
def test_what_is_no_measured_number_is_sent_back_to_its_field(plant: SpecPlant, text: str) -> None:
    journey, here, given = running(plant, "wash")
    before = len(plant.entries("treatment", journey.treatment))
    answer = here.sent("batch.complete_step", given, {"entry-viability": text, "entry-nucleated_cells": "6"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="field measure wrong" id="field-entry-viability"' in page
    assert 'value="6"' in page, "the other value is still there"
    assert len(plant.entries("treatment", journey.treatment)) == before


@pytest.mark.parametrize("text", ["-5", "9600", "-0.001"])
def test_a_number_that_no_instrument_shows_is_refused(plant: SpecPlant, text: str) -> None:
    """A percentage is neither negative nor thousands: somebody slipped, or read another instrument."""
    _, here, given = running(plant, "wash")
    typed = {"entry-viability": text, "entry-nucleated_cells": "6"}
    refused(here.sent("batch.complete_step", given, typed), "batch.entry_impossible")


def test_a_value_in_another_unit_is_sent_back(plant: SpecPlant) -> None:
    _, here, given = running(plant, "wash")
    typed = {"entry-viability": "96", "entry-nucleated_cells": "6", "entry-nucleated_cells.unit": "10*6"}
    answer = here.sent("batch.complete_step", given, typed)
    assert answer.status_code == 422
    assert 'id="field-entry-nucleated_cells"' in answer.content.decode()


def test_full_width_digits_are_read_as_a_keyboard_has_them(plant: SpecPlant) -> None:
    _, here, given = running(plant, "wash")
    completed, *_ = here.does(
        "batch.complete_step", given, {"entry-viability": "９６．５", "entry-nucleated_cells": "6"}
    )
    assert data(completed)["entries"]["viability"]["value"] == "96.5"


def test_a_second_person_signs_on_the_same_tablet_and_is_somebody_else(plant: SpecPlant) -> None:
    journey, here, given = running(plant, "receive")
    typed = {"entry-bag_intact": "yes", "entry-net_weight": "220"}
    missing = here.sent("batch.complete_step", given, typed)
    assert missing.status_code == 422
    assert 'id="field-verifier"' in missing.content.decode()
    own = here.sent("batch.complete_step", given, {**typed, "verifier": here.who.person})
    assert own.status_code == 422
    second = next(each for each in operators(journey, step_of(journey, "receive")) if each != here.who.person)
    asked = here.sent("batch.complete_step", given, {**typed, "verifier": second})
    assert [
        name in asked.content.decode() for name in (f"sign-{here.who.person}-password", f"sign-{second}-password")
    ] == [
        True,
        True,
    ]
    (completed,) = here.does("batch.complete_step", given, {**typed, "verifier": second})
    assert data(completed)["verified"]["signer"] == second


def test_a_check_that_fails_says_at_once_what_it_does(plant: SpecPlant) -> None:
    _, here, given = running(plant, "receive")
    page = here.shown("batch.complete_step", **given).content.decode()
    assert 'value="no" data-departs' in page
    assert "将开立偏差" in page or "将开启偏差" in page


def test_no_link_fills_in_what_must_be_scanned(plant: SpecPlant) -> None:
    journey = plant.treatment("before:select")
    here = tablet(plant, journey.at_base("operator", qualification="cell_selection"))
    about = {"treatment": journey.treatment, "batch": journey.batch, "step": "select"}
    links = re.findall(r'href="([^"]*batch.start_step[^"]*)"', shown(here, journey.batch))
    assert links
    assert not any("scanned" in each for each in links)
    page = here.shown("batch.start_step", **about, scanned=journey.bag).content.decode()
    assert re.findall(r'name="scanned" value="([^"]*)"', page) == [""]


# Two people on one record.


def noting(given: dict[str, str], entry: str) -> dict[str, str]:
    return {**given, "round": "1", "entry": entry}


def test_the_second_sees_what_the_first_has_put_down_and_never_overwrites_it(plant: SpecPlant) -> None:
    journey, first, given = running(plant, "wash")
    person = journey.at_base("operator", without=(first.who.person,))
    second = tablet(plant, person)
    about = noting(given, "viability")
    stale = second.shown("batch.record_entry", **about)
    typed = {"command": hidden(stale, "command"), "seen": hidden(stale, "seen"), "replaces": ""}
    (noted,) = first.does("batch.record_entry", about, {"value": "95"})
    assert noted.kind == "batch.entry_recorded.v1"
    answer = second.sent("batch.record_entry", about, {**typed, "value": "59"})
    text = answer.content.decode()
    assert (answer.status_code, answer["Yimai-Answer"]) == (409, "conflict")
    assert 'data-choice="theirs"' in text
    assert first.who.person in text, "whose value it is"
    assert "95" in text
    assert 'value="59"' in text, "what the second typed is not lost"
    last = plant.entries("treatment", journey.treatment)[-1]
    assert (last.kind, data(last)["value"]["value"]) == ("batch.entry_recorded.v1", "95"), "nothing was overwritten"
    again = {"value": "94", "replaces": hidden(answer, "replaces"), "reason": "instrument_error"}
    (changed,) = second.does("batch.record_entry", about, again)
    assert (data(changed)["replaces"]["value"], data(changed)["reason"]) == ("95", "instrument_error")
    page = shown(first, journey.batch)
    assert re.search(r"<del>\s*95\s*%\s*</del>", page)
    assert second.who.person in page


def test_the_same_value_twice_does_no_harm(plant: SpecPlant) -> None:
    journey, first, given = running(plant, "wash")
    second = tablet(plant, journey.at_base("operator", without=(first.who.person,)))
    about = noting(given, "viability")
    first.does("batch.record_entry", about, {"value": "95"})
    answer = second.sent("batch.record_entry", about, {"value": "95", "replaces": ""})
    assert answer["Yimai-Answer"] == "done"


def test_who_completes_signs_what_was_put_down_and_sees_what_came_meanwhile(plant: SpecPlant) -> None:
    journey, first, given = running(plant, "wash")
    second = tablet(plant, journey.at_base("operator", without=(first.who.person,)))
    form = first.shown("batch.complete_step", **given)
    second.does("batch.record_entry", noting(given, "viability"), {"value": "95"})
    typed = {"entry-viability": "59", "entry-nucleated_cells": "6"}
    command = {"command": hidden(form, "command"), "seen": hidden(form, "seen")}
    answer = first.sent("batch.complete_step", given, {**command, **typed})
    text = answer.content.decode()
    assert answer["Yimai-Answer"] == "sign"
    assert "在此期间其他人已记录" in text
    assert second.who.person in text
    (completed, *_) = first.does("batch.complete_step", given, {"entry-nucleated_cells": "6"})
    assert data(completed)["entries"]["viability"]["value"] == "95", (
        "the value that was put down, not one typed past it"
    )


def test_two_who_complete_one_step_leave_one_completion(plant: SpecPlant) -> None:
    journey, first, given = running(plant, "wash")
    second = tablet(plant, journey.at_base("operator", without=(first.who.person,)))
    typed = {"entry-viability": "95", "entry-nucleated_cells": "6"}
    first.does("batch.complete_step", given, typed)
    refused(second.sent("batch.complete_step", given, typed), "batch.step_already_completed")
    refused(
        second.sent("batch.record_entry", noting(given, "viability"), {"value": "90"}), "batch.step_already_completed"
    )


# Corrections and the end.


def test_a_signed_value_is_corrected_by_two_and_stays_to_be_read(plant: SpecPlant) -> None:
    journey, here, given = running(plant, "wash")
    here.does("batch.complete_step", given, {"entry-viability": "96", "entry-nucleated_cells": "6"})
    about = noting(given, "viability")
    assert "96" in here.shown("batch.correct_entry", **about).content.decode()
    second = journey.at_base("operator", without=(here.who.person,))
    same = {"old": "96", "new": "96", "reason": "transcription_error", "verifier": second}
    refused(here.sent("batch.correct_entry", about, same), "batch.nothing_corrected")
    unsaid = here.sent("batch.correct_entry", about, {"old": "96", "new": "69", "verifier": second})
    assert unsaid.status_code == 422
    kinds = [each.kind for each in here.does("batch.correct_entry", about, {**same, "new": "69"})]
    assert kinds == ["batch.entry_corrected.v1", "deviation.opened.v1"], "69 % is below the limit of 70 %"
    page = shown(here, journey.batch)
    assert re.search(r"<del>\s*96\s*%\s*</del>", page)
    assert "记录笔误" in page


def test_a_batch_is_not_completed_before_its_last_step_and_failing_it_is_final(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here, given = tablet(plant, journey.at_base("operator")), {"treatment": journey.treatment, "batch": journey.batch}
    refused(here.sent("batch.complete_batch", given, {}), "batch.step_not_done")
    assert here.sent("batch.fail_batch", given, {"cause": "no such cause"}).status_code == 422
    failed, *_ = here.does("batch.fail_batch", given, {"cause": "contamination"})
    assert (failed.kind, data(failed)["cause"]) == ("batch.failed.v1", "contamination")
    start, typed = starting(journey, "wash")
    refused(here.sent("batch.start_step", start, typed), "batch.closed")


def test_nobody_of_another_site_sees_the_record_or_its_forms(plant: SpecPlant) -> None:
    journey, _, given = running(plant, "wash")
    elsewhere = next(each for each in plant.base.people if "courier" in each.roles)
    courier = Tablet(plant, PersonRow(elsewhere.id, elsewhere.site, elsewhere.roles))
    with pytest.raises(Http404):
        shown(courier, journey.batch)
    with pytest.raises(Http404):
        courier.shown("batch.complete_step", **given)


def test_a_scanned_door_a_piece_or_a_badge_leads_to_its_record(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    for raw, place in (("suite-01", "/suite/suite-01"), ("BALANCE-01", "/equipment/balance-01")):
        answer = here.asked(RequestFactory().get("/zh-hans/scan", {"code": raw}), scan.scan)
        assert (answer.status_code, answer["Location"].endswith(place)) == (302, True), raw
    assert here.asked(RequestFactory().get("/zh-hans/scan", {"code": "suite-99"}), scan.scan).status_code == 404
