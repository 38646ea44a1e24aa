"""Calibration: what was measured is held against the recipe, a change is proposed and never applied."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from tests.planning.measured import cart, measured

from yimai.domain.recipe_content import recipe_from
from yimai.planning.calibrate import ENOUGH, calibrate
from yimai.planning.recipe_draft import draft


@pytest.mark.requirement(
    "CAL-001", "A recipe's values are called wrong only on enough values, beyond a joint interval."
)
def test_what_agrees_or_is_too_little_is_left_alone() -> None:
    chance = np.random.default_rng(2)
    assert calibrate(cart().recipe, measured(60, seed=2), chance).differing == ()
    assert calibrate(cart().recipe, measured(ENOUGH - 1, factors={"wash": 5.0}), chance).differing == ()


@pytest.mark.requirement(
    "CAL-002", "A measured change is proposed as a draft version with its evidence, and never applied."
)
def test_what_differs_becomes_a_draft_that_says_whence_and_changes_nothing() -> None:
    before = copy.deepcopy(cart().content)
    found = calibrate(cart().recipe, measured(60, factors={"wash": 2.0}), np.random.default_rng(2))
    made = draft(cart().recipe, cart().content, found)
    assert made is not None
    assert made.changes == ("step:wash",)
    assert cart().content == before
    drafted, current = recipe_from(made.content), cart().recipe
    assert drafted.version != current.version
    changed = [(old.id, new.duration) for old, new in zip(current.steps, drafted.steps, strict=True) if old != new]
    assert [name for name, _ in changed] == ["wash"]
    assert changed[0][1].source.text.startswith("measured: n = 60")
    assert not changed[0][1].source.assumed
