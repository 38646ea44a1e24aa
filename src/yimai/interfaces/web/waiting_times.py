"""How long things wait at a base for people and equipment: simulated once for each version of it behind the pages' back, and kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import psycopg

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.interfaces.web.behind import Behind
from yimai.planning.change import Case
from yimai.planning.compiling import must_be_compiled
from yimai.planning.scenario import Scenario
from yimai.planning.waiting import Waits
from yimai.planning.waits import waits_of
from yimai.projections import approval_board

KEPT: Final = 16
"""Of so many bases and recipes, the oldest forgotten first."""
PATIENCE: Final = 2.5
"""Seconds for which whoever asks first waits."""

kept: Final[Behind[Waits]] = Behind(KEPT)


def known(
    cursor: psycopg.Cursor[Any], base: Base, recipes: Iterable[Recipe], now: datetime, patience: float = PATIENCE
) -> Mapping[str, Waits]:
    """Of these recipes at this base, as approved, by recipe; one whose years are still being simulated is not among them."""
    return looked_up(cursor, base, recipes, now, patience)[0]


def looked_up(
    cursor: psycopg.Cursor[Any], base: Base, recipes: Iterable[Recipe], now: datetime, patience: float
) -> tuple[Mapping[str, Waits], tuple[Hashable, ...]]:
    """The same, and under which keys ``kept`` will hold those that are still being simulated."""
    found, awaited = {}, []
    for recipe in recipes:
        versions = (
            approval_board.latest(cursor, noun, each) for noun, each in (("base", base.id), ("recipe", recipe.id))
        )
        key = (base.id, recipe.id, recipe.version, *versions, now.year)
        waits = kept.get(key)
        if waits is None:
            case, begins = Case(recipe, base, Scenario()), date(now.year, 1, 1)
            waits = kept.begin(key, lambda case=case, begins=begins: _simulated(case, begins), patience)  # type: ignore[misc]
        if waits is None:
            awaited.append(key)
        elif waits.known:
            found[recipe.id] = waits
    return found, tuple(awaited)


def _simulated(case: Case, begins: date) -> Waits:
    must_be_compiled()
    return waits_of(case, begins)
