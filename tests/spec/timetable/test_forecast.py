"""The forecast: what the physician is told of the product holds as often as it is said to."""

from __future__ import annotations

from datetime import date

import pytest
from tests.planning import lingang

from yimai.planning.change import Case
from yimai.planning.hindsight import hindsight, reliability
from yimai.planning.scenario import Scenario
from yimai.planning.waits import waits_of

BEGINS = date(2026, 3, 2)


@pytest.mark.requirement(
    "TIM-010", "Odds that are stated hold: what is at the hospital with 95 % odds is there in 95 of 100 cases."
)
def test_stated_odds_hold_in_years_from_which_nothing_was_learned() -> None:
    case = Case(lingang.recipe(), lingang.base(), Scenario())
    found = list(hindsight(case, waits_of(case, BEGINS), BEGINS, 7, range(24), draws=500))
    told = {each.stated: each for each in reliability([each.delivered for each in found], 0.99)}
    assert len(found) > 200
    assert [odds for odds in (0.1, 0.3, 0.5, 0.7, 0.9, 0.95) if not told[odds].holds] == []
    without = {each.stated: each for each in reliability([each.without for each in found], 0.99)}
    assert without[0.95].high < 0.95, "without waiting for people the forecast would promise too much"
