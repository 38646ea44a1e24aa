"""Which treatments of a simulation meet which fate: the special ones for certain, from the seed; the rest by chance."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from yimai.domain.recipe import Recipe
from yimai.interfaces.plant.draws import departing
from yimai.interfaces.plant.fortune import Departure, Fortune

EARLY_DISPATCH: Final = 0.8
"""The share of products that leave on conditional release (assumed)."""


def ordinary_fortune(chance: Random) -> Fortune:
    """Whatever the recipe's probabilities bring."""
    return Fortune(dispatched_early=chance.random() < EARLY_DISPATCH)


def special_in_order(recipe: Recipe, chance: Random) -> list[Fortune]:
    """Every special fate once, in an order that chance chooses.

    Scans of another treatment's things come last: somebody must have been before to whom they belong.
    """
    special = list(special_fortunes(recipe))
    chance.shuffle(special)
    special.sort(key=lambda fortune: bool(fortune.misplaced))
    early = [fortune.dispatched_early or chance.random() < EARLY_DISPATCH for fortune in special]
    return [replace(each, spared=True, dispatched_early=soon) for each, soon in zip(special, early, strict=True)]


def special_fortunes(recipe: Recipe) -> tuple[Fortune, ...]:
    """What a demonstration must show once at least, as far as the recipe knows such a thing."""
    departures = [
        (step.id, field.id, field.critical) for step in recipe.steps for field in step.entries if departing(field)
    ]
    minor = [(step, entry) for step, entry, critical in departures if not critical]
    critical = [(step, entry) for step, entry, critical in departures if critical]
    growing = next((step.id for step in recipe.steps if any(each.cause == "growth" for each in step.failures)), "")
    measured = [test.id for test in recipe.tests if test.stage == "conditional" and test.type == "quantity"]
    cultured = [test.id for test in recipe.tests if test.stage == "final" and test.type == "choice"]
    halfway = recipe.steps[len(recipe.steps) // 2].id
    corrected = next((each.id for each in recipe.steps if any(one.type == "quantity" for one in each.entries)), "")
    filling = next((step.id for step in recipe.steps if step.produces), recipe.steps[-1].id)
    return (
        Fortune(collection_failures=("below_minimum",)),
        Fortune(collection_failures=("access",)),
        *(Fortune(departure=Departure(*each)) for each in (minor[:1] + minor[len(minor) // 2 :][:1] + critical[:1])),
        *(Fortune(departure=Departure(*each, conclusion="reject_batch")) for each in critical[-1:]),
        Fortune(transport="warm"),
        Fortune(transport="no_data"),
        Fortune(transport="spoilt"),
        *(Fortune(failing=test, supplied=True) for test in measured[:1]),
        *(Fortune(failing=test) for test in measured[-1:]),
        *(Fortune(late_positive=test, dispatched_early=True) for test in cultured[:1]),
        *(Fortune(batch_failure=step) for step in [growing] if step),
        Fortune(ended_after="slotted"),
        Fortune(ended_after="received", ended="progression"),
        Fortune(ended_after=f"step:{halfway}", ended="consent_withdrawn"),
        Fortune(held_after="accepted"),
        Fortune(held_after="delivered"),
        Fortune(positive_marker=recipe.markers[len(recipe.markers) // 3]),
        Fortune(reprinted=True),
        *(Fortune(corrected=step) for step in [corrected] if step),
        Fortune(misplaced=("collection_start",)),
        Fortune(misplaced=("receipt", f"step:{filling}")),
    )
