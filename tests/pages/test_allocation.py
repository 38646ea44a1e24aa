"""Slots in turn: room is kept for who is ahead, a scheduler's exception is recorded, and the ledger says afterwards why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_homes import at, home_of
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import allocation, asking, suites
from yimai.projections import approval_board
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def codes(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'name="itinerary" value="([^"]+)"', page)]


def slots(tablet: Tablet, journey: Journey) -> str:
    return tablet.shown("slot.reserve", treatment=journey.treatment).content.decode()


def why(tablet: Tablet, journey: Journey, other: str = "") -> str:
    request = RequestFactory().get(f"/{tablet.language}/treatment/x/allocation", {"other": other} if other else {})
    answer = tablet.asked(request, lambda asked: allocation.allocation(asked, journey.treatment))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def one_suite_left(plant: SpecPlant) -> None:
    """All suites but the last are taken out of use, so that two cannot have the same first choice."""
    engineer = at(
        plant, next(each.id for each in plant.base.people if "qa" in each.roles and each.site == plant.base.id)
    )
    for each in plant.base.suites[:-1]:
        engineer.does("suite.take_out", {"suite": each.id}, {"reason": "maintenance"})


def test_a_suite_out_of_use_is_not_offered(plant: SpecPlant) -> None:
    one_suite_left(plant)
    journey = plant.treatment("accepted")
    offers = codes(slots(at(plant, journey.at_hospital("coordinator")), journey))
    assert offers
    assert {each.partition("@")[0] for each in offers} == {plant.base.suites[-1].id}


def test_a_hospital_that_the_base_does_not_list_is_told_what_its_offers_leave_out(
    plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = plant.treatment("accepted")
    tablet = at(plant, journey.at_hospital("coordinator"))
    assert "未列出该医院" not in unescape(slots(tablet, journey))
    known = approval_board.base

    def without_it(*asked: Any) -> Any:
        base = known(*asked)
        assert base is not None
        return replace(base, hospitals=tuple(each for each in base.hospitals if each.id != journey.hospital))

    monkeypatch.setattr(approval_board, "base", without_it)
    told = unescape(slots(tablet, journey))
    assert "未列出该医院" in told
    assert codes(told), "who asks first may still reserve"


def test_room_is_kept_for_who_is_ahead_and_only_a_scheduler_takes_it_with_a_reason(plant: SpecPlant) -> None:
    one_suite_left(plant)
    first, second = plant.treatment("accepted"), plant.treatment("accepted")
    scheduler = at(plant, first.at_base("scheduler"))
    hospitals = {each: at(plant, each.at_hospital("coordinator")) for each in (first, second)}
    page = slots(hospitals[second], second)
    assert "排在前面的患者：1 位" in page
    assert "排在前面" not in slots(hospitals[first], first)
    in_turn, best = codes(page), codes(slots(hospitals[first], first))
    seen = codes(slots(scheduler, second))
    early = [each for each in seen if each not in in_turn]
    assert early
    assert best[0] not in in_turn
    about = {"treatment": second.treatment}
    refused = hospitals[second].sent("slot.reserve", about, {"command": "c", "itinerary": early[0]})
    assert refused["Yimai-Answer"] != "sign"
    again = refused.content.decode()
    assert again.index("他人刚刚占用") < again.index('class="tile slot"'), "it is read before what is offered instead"
    asked = scheduler.sent("slot.reserve", about, {"command": "d", "itinerary": early[0]})
    assert "请在下方选择理由" in asked.content.decode()
    assert 'name="out_of_turn"' in asked.content.decode()
    assert "选填" not in asked.content.decode(), "without the reason nothing is reserved"
    facts = scheduler.does("slot.reserve", about, {"itinerary": early[0], "out_of_turn": "progression"})
    assert [each.kind for each in facts] == ["slot.reserved.v1", "allocation.turn_overridden.v1"]
    told = why(scheduler, second, first.treatment)
    assert "未按顺序分配" in told
    assert "疾病进展" in told
    assert "排在前面：已为其保留首选。 排程员不按顺序取用了本档期，理由：疾病进展" in told


def test_the_ledger_says_afterwards_why_one_came_before_another(plant: SpecPlant) -> None:
    first, second = plant.treatment("accepted"), plant.treatment("accepted")
    first.reserve()
    third = plant.treatment("accepted")
    qa = at(plant, first.at_base("qa"))
    qa.language = "en"
    page = why(qa, first, second.treatment)
    assert "Why it got this slot" in page
    assert "had less credit." in page
    assert "was accepted only later." in why(qa, first, third.treatment)
    assert "had its slot already." in why(qa, second, first.treatment)
    assert "Where it stands among those who wait" in why(qa, second)
    assert "never waited at this base" in why(qa, second, "T000000000")
    assert third.treatment[:4] not in page


def test_a_hospital_is_not_told_who_else_waits(plant: SpecPlant) -> None:
    journeys = [plant.treatment("accepted") for _ in range(4)]
    one = journeys[0]
    other = next(each for each in journeys if each.hospital != one.hospital)
    coordinator = at(plant, one.at_hospital("coordinator"))
    with pytest.raises(Http404):
        why(coordinator, other)
    page = slots(coordinator, one)
    assert not any(each.treatment in page for each in journeys[1:])


def test_who_has_ended_waits_no_more_though_the_slot_is_given_back_with_it(plant: SpecPlant) -> None:
    ended = plant.treatment("slotted")
    at(plant, ended.at_hospital("coordinator")).does(
        "treatment.cancel", {"treatment": ended.treatment}, {"reason": "patient_choice"}
    )
    after = plant.treatment("accepted")
    assert "排在前面" not in slots(at(plant, after.at_hospital("coordinator")), after)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_scheduler_sees_who_asks_in_the_order_of_the_policy_and_why(plant: SpecPlant, language: str) -> None:
    journeys = [plant.treatment("accepted") for _ in range(3)]
    scheduler = at(plant, journeys[0].at_base("scheduler"))
    scheduler.language = language
    plant.ledger.seal()
    request = RequestFactory().get(f"/{language}/suites")
    for page in (home_of(scheduler), scheduler.asked(request, suites.suites).content.decode()):
        table = unescape(re.sub(r"\s+", " ", page[page.index('class="dense asking-for"') :]))
        table = table[: table.index("</table>")]
        places = [table.index(f"/treatment/{each.treatment}/allocation") for each in journeys]
        urgent = [each.vein.treatment.urgency == "urgent" for each in journeys]
        assert len(set(urgent)) == 2 or places == sorted(places)
        assert table.count("slot.reserve?treatment=") == 3
        for words in (
            ("积分", "已等候", "产能保留至")
            if language == "zh-hans"
            else ("days of credit", "waited", "room is kept until")
        ):
            assert words in table


def test_of_a_long_queue_the_first_are_shown_and_the_others_are_a_touch_away(
    plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SHOWN", 2)
    journeys = [plant.treatment("accepted") for _ in range(3)]
    scheduler = at(plant, journeys[0].at_base("scheduler"))
    scheduler.language = "en"
    plant.ledger.seal()
    for address, rows in (("/en/suites?days=14", 2), ("/en/suites?days=14&queue=all", 3)):
        page = scheduler.asked(RequestFactory().get(address), suites.suites).content.decode()
        assert '<span class="count">3</span>' in page
        assert page.count("slot.reserve?treatment=") == rows
        assert ("Show all 3" in page, "/en/suites?days=14&amp;queue=all#wanted" in page) == (rows == 2, rows == 2)
