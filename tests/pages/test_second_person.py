"""Somebody who only checks and countersigns: what waits for the second signature, where and with whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.pages.test_batch_record import starting
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import home
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def second(plant: SpecPlant, language: str = "zh-hans") -> Tablet:
    member = next(each for each in plant.base.people if each.roles == ("second_person",))
    return Tablet(plant, PersonRow(member.id, member.site, member.roles), language)


def home_of(tablet: Tablet) -> str:
    answer = tablet.asked(RequestFactory().get(f"/{tablet.language}/"), home.home)
    assert answer.status_code == 200
    assert "Yimai-Keep" not in answer
    return unescape(answer.content.decode())


def tasks(page: str) -> dict[str, str]:
    """What the home shows, by verb: the text of the line with the address to which it leads."""
    found = re.findall(r'data-verb="([a-z_.]+)">(.*?)</li>', page, re.DOTALL)
    return {verb: re.sub(r"<[^>]*href=\"([^\"]*)\"[^>]*>|<[^>]+>", r"\1 ", inside) for verb, inside in found}


def needing_two(journey: Journey) -> str:
    return next(each.id for each in journey.recipe.steps if each.second_person)


def test_a_running_step_shows_where_it_is_done_and_by_whom_and_leads_to_its_record(plant: SpecPlant) -> None:
    step = needing_two(plant.treatment("opened"))
    journey = plant.treatment(f"before:{step}")
    mine = second(plant)
    assert "batch.complete_step" not in tasks(home_of(mine))
    given, typed = starting(journey, step)
    operator = str(typed["operators"][0])
    Tablet(plant, PersonRow(operator, plant.base.id, ("operator",))).does("batch.start_step", given, typed)
    for language, room in (("zh-hans", "生产单元"), ("en", "uite")):
        line = tasks(home_of(second(plant, language)))["batch.complete_step"]
        assert f"/batch/{journey.batch}" in line
        assert room in line
        assert operator in line or "示例" in line


def test_what_comes_up_is_named_and_what_no_second_person_signs_is_not(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    found = tasks(home_of(second(plant)))
    assert f"/treatment/{journey.treatment}" in found["custody.receive"]
    assert "生产操作员" in found["custody.receive"], "with whom"
    assert not {"batch.start_step", "slot.reserve", "sample.verify_result"} & set(found)


def test_who_is_chosen_countersigns_on_the_operators_tablet(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    operator, mine = journey.at_base("operator"), second(plant)
    here = Tablet(plant, PersonRow(operator, plant.base.id, ("operator",)))
    given = {"treatment": journey.treatment}
    assert f'value="{mine.who.person}"' in here.shown("suite.clear_line", **given).content.decode()
    assert journey.itinerary is not None
    points = {f"checked.{name}": "yes" for name in ("material", "labels", "surfaces")}
    typed = {"suite": journey.itinerary.suite, "verifier": mine.who.person, **points}
    (cleared,) = here.does("suite.clear_line", given, typed)
    verified: Any = cleared.data["verified"]
    assert verified["signer"] == mine.who.person
    refused(mine.sent("suite.clear_line", given, {**typed, "verifier": operator}), "person.not_of_role")


def test_nothing_waits_and_it_says_so(plant: SpecPlant) -> None:
    assert "目前没有等待复核签名的事项" in home_of(second(plant))
    assert "Nothing waits for a second signature" in home_of(second(plant, "en"))
