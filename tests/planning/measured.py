"""What a base would have measured if its recipe were true, or were not: batches drawn from the recipe itself, for tests of calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import numpy as np

from yimai.domain.recipe import Duration, Typical
from yimai.interfaces.files.reading import CATALOGUE, RecipeFile, read_recipe
from yimai.planning.problem import sigma_of
from yimai.planning.study import Course, Run, Study, Tested

BEGINS = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@cache
def cart() -> RecipeFile:
    return read_recipe(CATALOGUE / "recipes" / "cd19-cart.yaml")


def measured(batches: int, seed: int = 1, factors: Mapping[str, float] = {}, until: datetime | None = None) -> Study:
    """So many batches, one a day. factors: by which a step's duration, or an entry's value, is not the recipe's. until: what is known then."""
    recipe, chance = cart().recipe, np.random.default_rng(seed)
    runs: list[Run] = []
    tested: list[Tested] = []
    courses: list[Course] = []
    for number in range(batches):
        at = BEGINS + number * DAY
        begun: list[str] = []
        for step in recipe.steps:
            if until is not None and at >= until:
                break
            begun.append(step.id)
            ends = at + _lasts(step.duration, chance) * factors.get(step.id, 1.0)
            values = {
                each.id: _drawn(each.typical, chance, factors.get(f"{step.id}.{each.id}", 1.0))
                for each in step.entries
                if each.typical is not None
            }
            known = until is None or ends <= until
            runs.append(Run(step.id, 1, at, ends if known else None, until or ends, values if known else {}))
            at = ends
        courses.append(Course(tuple(begun), until is None or at <= until))
        for test in recipe.tests:
            told = at + _lasts(test.duration, chance)
            told = told if test.least is None else max(told, at + test.least.time)
            if until is None or told <= until:
                value = _drawn(test.typical, chance, 1.0) if test.typical is not None else None
                tested.append(Tested(test.id, at, told, told, value))
    return Study(runs, tested, courses, ("",) * batches)


def _lasts(duration: Duration, chance: np.random.Generator) -> timedelta:
    return duration.median * math.exp(sigma_of(float(duration.cv)) * chance.standard_normal())


def _drawn(typical: Typical, chance: np.random.Generator, factor: float) -> Decimal:
    value = float(typical.median) * factor * math.exp(sigma_of(float(typical.cv)) * chance.standard_normal())
    return Decimal(f"{value:.4g}")
