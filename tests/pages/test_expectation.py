"""What to expect of a treatment: told to its hospital and its base, with odds, and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.http import Http404
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_homes import at, page_of
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import expectation, waiting_times
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def expected(tablet: Tablet, journey: Journey) -> str:
    request = RequestFactory().get(f"/{tablet.language}/treatment/{journey.treatment}/expectation")
    return unescape(tablet.asked(request, expectation.expected, journey.treatment).content.decode())


def widths(text: str) -> list[int]:
    return [int(each) for each in re.findall(r'<rect x="\d+" y="22" width="(\d+)"', text)]


def test_the_hospital_is_told_from_when_lymphodepletion_may_start_and_how_sure_that_is(plant: SpecPlant) -> None:
    journey = plant.treatment("before:harvest_cells", fortune=Fortune(spared=True))
    physician = at(plant, journey.at_hospital("physician"))
    assert f"/treatment/{journey.treatment}/expectation" in page_of(physician, journey)
    expected(physician, journey)
    waiting_times.kept.settle()
    text = expected(physician, journey)
    assert re.search(r"清淋可于 <b>\d+-\d+ \d\d:00</b> 开始", text)
    assert "95 %" in text
    assert re.search(r"如期的概率为 \d+ %", text)
    assert "假设值" in text
    physician.language = "en"
    assert "once availability is confirmed" in expected(physician, journey)


def test_no_moment_that_has_passed_is_told_for_the_start_of_lymphodepletion(plant: SpecPlant) -> None:
    journey = plant.treatment("released", fortune=Fortune(spared=True))
    waiting_times.kept.settle()
    text = expected(at(plant, journey.at_hospital("physician")), journey)
    assert "<b>在确认产品可用后即可开始</b>" in text
    assert "清淋可于" not in text


def test_while_it_is_not_known_how_long_things_wait_no_odds_are_told(
    plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = plant.treatment("before:harvest_cells", fortune=Fortune(spared=True))
    monkeypatch.setattr(waiting_times, "known", lambda *_: {})
    text = expected(at(plant, journey.at_hospital("physician")), journey)
    assert "都会比这里所说的晚，因此不给出概率" in text
    assert "清淋可于" not in text
    assert "如期的概率" not in text


def test_the_base_sees_the_same_ranges_without_the_physicians_sentence(plant: SpecPlant) -> None:
    journey = plant.treatment("before:harvest_cells", fortune=Fortune(spared=True))
    scheduler, nurse = at(plant, journey.at_base("scheduler")), at(plant, journey.at_hospital("nurse"))
    assert "清淋可于" not in expected(scheduler, journey)
    assert widths(expected(scheduler, journey)) == widths(expected(nurse, journey))


def test_nobody_of_another_hospital_is_told(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    stranger = next(each.id for each in plant.base.people if "nurse" in each.roles and each.site != journey.hospital)
    with pytest.raises(Http404):
        expected(at(plant, stranger), journey)


def test_without_a_slot_nothing_is_said_and_the_page_does_not_ask(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    coordinator = at(plant, journey.at_hospital("coordinator"))
    assert expected(coordinator, journey).strip() == ""
    assert "/expectation" not in page_of(coordinator, journey)
