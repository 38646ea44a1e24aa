"""The odds of a roadmap's goals, simulated: the same again, worse where the patients' number is more than the suites can take."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from yimai.domain.recipe import Words
from yimai.interfaces.files.reading import CATALOGUE, read_base, read_recipe
from yimai.planning.change import Case
from yimai.planning.roadmap import City, Demand, Goal, Route, Site
from yimai.planning.roadmap_odds import goal_odds
from yimai.planning.roadmap_search import cheapest
from yimai.planning.roadmap_solver import Stopped
from yimai.planning.scenario import Scenario

BEGINS = date(2026, 3, 2)


@pytest.mark.requirement(
    "RDM-006",
    "The odds of a goal come from simulated years of the roadmap's bases, the same for the same seed, within their interval.",
)
def test_odds_follow_from_the_seed_and_fall_where_goals_are_harder() -> None:
    recipe = read_recipe(CATALOGUE / "recipes" / "cd19-cart.yaml").recipe
    base = read_base(CATALOGUE / "bases" / "lingang.yaml").base
    like = Case(recipe, base, Scenario())
    site = Site("one", Words("一", "One"), opened=True, modules=3, most=3, people=30, variable=100_000)
    easy = Goal("easy", Words("易", "Easy"), "served", "ge", 40, 0)
    hard = Goal("hard", Words("难", "Hard"), "scale", "ge", 70_000_000, 3)
    opened = Goal("opened", Words("场所", "Sites"), "facilities", "ge", 1, 3)
    city = City(
        4, (site,), ("hospital",), (Route(0, 0, 1_000, 3.0),), (Demand("one", 1.0, np.full((1, 4), 20.0)),), (easy, hard, opened),
        batches_module=24, price=1_000_000,
    )  # fmt: skip
    roadmap = cheapest(city)
    told: list[str] = []
    found = {
        each.goal.id: each for each in goal_odds(city, roadmap, like, BEGINS, 6, 1, lambda *said: told.append(said[0]))
    }
    assert set(found) == {"easy", "hard"}, "what is opened follows from the decisions and has no odds"
    assert found["easy"].odds == 1
    assert found["hard"].value < 80_000_000, "not everybody is infused"
    assert all(each.low <= each.odds <= each.high for each in found.values())
    again = goal_odds(city, roadmap, like, BEGINS, 6, 1, lambda *_: None)
    assert {each.goal.id: each for each in again} == found
    harder = replace(city, goals=(replace(hard, value=79_999_999),))
    assert goal_odds(harder, roadmap, like, BEGINS, 6, 1, lambda *_: None)[0].odds <= found["hard"].odds
    with pytest.raises(Stopped):
        goal_odds(city, roadmap, like, BEGINS, 6, 1, lambda *_: None, stop=lambda: True)
