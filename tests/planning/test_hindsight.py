"""What simulated years teach of waiting, and how what was stated is held against what was seen."""

from __future__ import annotations

from datetime import date

import pytest
from tests.planning import lingang

from yimai.planning.change import Case
from yimai.planning.hindsight import LEVELS, reliability
from yimai.planning.scenario import Scenario
from yimai.planning.waiting import Waits
from yimai.planning.waits import waits_of

CASE = Case(lingang.recipe(), lingang.base(), Scenario())
BEGINS = date(2026, 3, 2)


@pytest.fixture(scope="module")
def waits() -> Waits:
    return waits_of(CASE, BEGINS)


def test_the_same_seed_teaches_the_same_waits(waits: Waits) -> None:
    other = waits_of(CASE, BEGINS)
    assert all((waits.before[task].wait == other.before[task].wait).all() for task in waits.before)
    assert all((waits.lasting[task] == other.lasting[task]).all() for task in waits.lasting)


def test_what_is_ready_in_the_evening_waits_for_the_morning_and_what_is_ready_by_day_hardly_waits(waits: Waits) -> None:
    review = waits.before["review"]
    hour = review.ready % 24
    assert review.wait[(hour > 17) & (hour < 20)].mean() > 8
    assert review.wait[(hour > 9) & (hour < 12)].mean() < 4


def test_each_hospital_has_its_own_road(waits: Waits) -> None:
    assert {f"outbound {each.id}" for each in lingang.base().hospitals} <= set(waits.lasting)


def test_stated_odds_hold_where_as_many_came_as_was_said() -> None:
    evenly = [(number + 0.5) / 1000 for number in range(1000)]
    assert [each.seen for each in reliability(evenly)] == pytest.approx(LEVELS)
    assert all(each.holds for each in reliability(evenly))
    late = [share**0.5 for share in evenly]
    assert not any(each.holds for each in reliability(late))
