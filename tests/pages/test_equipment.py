"""Equipment in the browser: registered, calibrated, offered where it may be used, and refused once its calibration is over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.pages.test_batch_record import starting, tablet
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import register_pages
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def somebody(plant: SpecPlant, role: str, language: str = "zh-hans") -> Tablet:
    member = next(each for each in plant.base.people if role in each.roles)
    return Tablet(plant, PersonRow(member.id, plant.base.id, member.roles), language)


def listed(tablet: Tablet) -> str:
    answer = tablet.asked(RequestFactory().get(f"/{tablet.language}/equipment"), register_pages.equipment)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


NEW = {"equipment": "bsc-77", "equipment_class": "biosafety_cabinet", "suite": ""}


def test_the_administrator_registers_a_piece_and_qa_makes_it_usable(plant: SpecPlant) -> None:
    administrator, qa = somebody(plant, "administrator"), somebody(plant, "qa")
    assert "equipment.register" in listed(administrator)
    assert "valid_until" not in administrator.shown("equipment.register").content.decode(), "that is QA's to say"
    (registered,) = administrator.does("equipment.register", {}, NEW)
    assert (registered.kind, registered.data["base"]) == ("equipment.registered.v1", plant.base.id)
    row = next(each for each in listed(qa).split("<tr>") if "bsc-77" in each)
    assert "从未校准" in row
    today = plant.clock().date()
    given = {"equipment": "bsc-77"}
    days = {"valid_from": f"{today:%Y-%m-%d}", "valid_until": f"{today + timedelta(days=365):%Y-%m-%d}"}
    (calibrated,) = qa.does("equipment.calibrate", given, {**given, **days})
    assert calibrated.data["valid_until"] == days["valid_until"]
    assert days["valid_until"] in next(each for each in listed(qa).split("<tr>")[1:] if "bsc-77" in each)


def test_qa_registers_a_piece_with_its_calibration_and_both_days_of_it(plant: SpecPlant) -> None:
    qa = somebody(plant, "qa", "en")
    typed = {**NEW, "equipment": "bsc-78", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}
    half = {**typed, "valid_until": ""}
    page = refused(qa.sent("equipment.register", {}, half), "equipment.day_missing")
    assert 'value="bsc-78"' in page, "nothing typed is lost"
    refused(qa.sent("equipment.register", {}, {**typed, "valid_until": "2025-12-31"}), "equipment.days_reversed")
    kinds = [each.kind for each in qa.does("equipment.register", {}, typed)]
    assert kinds == ["equipment.registered.v1", "equipment.calibrated.v1"]
    refused(qa.sent("equipment.register", {}, typed), "equipment.already_registered")
    refused(qa.sent("equipment.register", {}, {**typed, "equipment": "BSC 79!"}), "equipment.bad_name")


def test_an_operator_registers_nothing_and_is_not_offered_to(plant: SpecPlant) -> None:
    operator = somebody(plant, "operator")
    assert "equipment.register" not in listed(operator)
    refused(operator.sent("equipment.register", {}, NEW), "person.not_of_role")


@pytest.fixture
def bench(plant: SpecPlant) -> tuple[Journey, str, str]:
    """A treatment before a step that needs equipment, the step, and the piece's class."""
    step = next(each for each in plant.treatment("ordered").recipe.steps if each.equipment)
    return plant.treatment(f"before:{step.id}"), step.id, step.equipment[0]


def offered(page: str, equipment_class: str) -> set[str]:
    field = re.search(rf'id="field-equipment-{equipment_class}".*?(?=class="field |</form>)', page, re.DOTALL)
    assert field, "the step asks for the piece"
    return set(re.findall(r'<(?:button|option)[^>]*value="([^"]+)"', field[0]))


def test_a_step_offers_what_was_registered_in_the_browser_and_nothing_that_is_not_calibrated(
    plant: SpecPlant, bench: tuple[Journey, str, str]
) -> None:
    journey, step, kind = bench
    given, typed = starting(journey, step)
    here, qa = tablet(plant, str(typed["operators"][0])), somebody(plant, "qa")
    new = {**NEW, "equipment": "piece-77", "equipment_class": kind}
    qa.does("equipment.register", {}, new)
    assert "piece-77" not in offered(here.shown("batch.start_step", **given).content.decode(), kind)
    with_it = {**typed, f"equipment-{kind}": "piece-77"}
    refused(here.sent("batch.start_step", given, with_it), "equipment.not_calibrated")
    today = plant.clock().date()
    days = {"valid_from": f"{today:%Y-%m-%d}", "valid_until": f"{today + timedelta(days=30):%Y-%m-%d}"}
    qa.does("equipment.calibrate", {"equipment": "piece-77"}, {"equipment": "piece-77", **days})
    assert "piece-77" in offered(here.shown("batch.start_step", **given).content.decode(), kind)
    (started,) = here.does("batch.start_step", given, with_it)
    assert "piece-77" in list(started.data["equipment"])  # type: ignore[arg-type]


def test_a_piece_whose_calibration_has_ended_stops_the_step_and_says_until_when_it_was_valid(
    plant: SpecPlant, bench: tuple[Journey, str, str]
) -> None:
    journey, step, kind = bench
    given, typed = starting(journey, step)
    piece = str(typed[f"equipment-{kind}"])
    here, qa = tablet(plant, str(typed["operators"][0])), somebody(plant, "qa")
    yesterday = f"{plant.clock().date() - timedelta(days=1):%Y-%m-%d}"
    over = {"equipment": piece, "valid_from": "2025-01-01", "valid_until": yesterday}
    qa.does("equipment.calibrate", {"equipment": piece}, over)
    assert piece not in offered(here.shown("batch.start_step", **given).content.decode(), kind)
    page = refused(here.sent("batch.start_step", given, typed), "equipment.not_calibrated")
    assert yesterday in page
    assert piece in page, "nothing typed is lost"
