"""What the treatment's facts say about one of its batches when somebody disposes of it."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Final

from yimai.actions.decision import Seen
from yimai.domain import batch as batches
from yimai.domain import permit as permits
from yimai.domain.disposition import BatchEvidence
from yimai.domain.fact import Fact, Signature
from yimai.domain.recipe import Product, Recipe
from yimai.domain.sample import SampleTaken
from yimai.domain.suite import LineCleared
from yimai.domain.vein import Vein

WORKED: Final = (
    LineCleared,
    batches.BatchOpened,
    batches.StepStarted,
    batches.EntryRecorded,
    batches.StepCompleted,
    batches.EntryCorrected,
    batches.BatchCompleted,
    SampleTaken,
)
"""Whoever signs or records one of these took part in the batch."""


def evidence_of(seen: Seen, vein: Vein, batch: str) -> BatchEvidence:
    """The batch as its record tells it; one that is not this treatment's is empty."""
    made = vein.batches.by_id.get(batch)
    return BatchEvidence(
        batch,
        completed=made is not None and made.state == "completed",
        performers=_performers(seen, vein.treatment.id, batch),
        deviations=tuple(each.id for each in vein.deviations.of(batch)),
        open_deviations=tuple(each.id for each in vein.deviations.open_of(batch)),
        rejecting_deviations=tuple(each.id for each in vein.deviations.rejecting(batch)),
        containers=made.final_bags if made is not None else (),
    )


def pinned_recipe(seen: Seen, vein: Vein, batch: str) -> Recipe:
    """The recipe in the version that the batch was opened on; without a batch, the treatment's latest."""
    made = vein.batches.by_id.get(batch)
    return seen.recipe(made.recipe, made.recipe_version) if made is not None else seen.recipe(vein.treatment.recipe)


def expiry(seen: Seen, vein: Vein, batch: str, product: Product) -> datetime:
    """When the shelf life of the batch's final bags ends: it runs from the first one's fill."""
    made = vein.batches.by_id.get(batch)
    filled = [each.filled for each in made.filled.values() if each.carrier == "final_bag"] if made is not None else []
    return min(filled, default=seen.at) + product.shelf_life


def permits_withdrawn(seen: Seen, vein: Vein, batch: str, reason: str) -> tuple[Fact, ...]:
    """The facts that withdraw the batch's unused permits, whose chains are read for them."""
    for permit in vein.infusion.permits:
        seen.entries("permit", permit)
    return permits.withdraw_all(vein.treatment, vein.infusion.permits, reason, batch=batch)


def _performers(seen: Seen, treatment: str, batch: str) -> frozenset[str]:
    people: set[str] = set()
    for fact, _ in seen.facts("treatment", treatment):
        if isinstance(fact, WORKED) and fact.batch == batch:
            values = [getattr(fact, each.name) for each in fields(fact)]
            people.update(value.signer for value in values if isinstance(value, Signature))
            people.update(fact.operators if isinstance(fact, batches.StepStarted) else ())
            people.update((fact.recorded_by,) if isinstance(fact, batches.EntryRecorded) else ())
    return frozenset(people)
