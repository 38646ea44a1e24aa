"""Only what was collected and received begins a batch, even if the record of custody says that it is at the base."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.spec.harness import SpecPlant, then_refused

from yimai.domain import batch as batches
from yimai.domain.collection import Collections
from yimai.domain.custody import Custody
from yimai.domain.fact import Signature
from yimai.domain.refusal import Refusal
from yimai.domain.suite import Suite
from yimai.domain.vein import Vein
from yimai.interfaces.plant.journey import Journey


def opened(journey: Journey, vein: Vein) -> Refusal:
    """Why the rule does not open a batch on these states."""
    assert vein.slot.current is not None
    verdict = batches.open_batch(
        vein.treatment,
        vein.labels,
        vein.collections,
        vein.custody,
        vein.shipments,
        vein.batches,
        Suite(journey.suite, "lingang", "C", cleared_for=journey.batch),
        vein.slot.current,
        journey.recipe,
        batch=journey.batch,
        recipe_hash="00",
        container=journey.bag,
        waived=frozenset(),
        performed=Signature("operator-01", "00", "performed", journey.now),
    )
    assert isinstance(verdict, Refusal)
    return verdict


@pytest.mark.requirement("BAT-003", "Material begins a batch only once received here, with its journey's temperature.")
def test_what_nobody_received_begins_no_batch(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("cleared")
    vein = journey.vein
    held = {journey.bag: replace(vein.custody.held[journey.bag], received=False)}
    then_refused(opened(journey, replace(vein, custody=Custody(held))), "batch.not_received")


@pytest.mark.requirement("BAT-009", "A bag that holds no completed collection begins no batch.")
def test_what_nobody_collected_begins_no_batch(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("cleared")
    then_refused(opened(journey, replace(journey.vein, collections=Collections())), "batch.not_collected")
