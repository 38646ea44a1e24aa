"""What holds the cells while a batch is made: it stays in hand, and is used for one batch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.spec.batch.floor import Floor, accepted, refused

from yimai.actions import batch as batches
from yimai.actions import custody
from yimai.domain.treatment import MaterialFateDecided


@pytest.mark.requirement("BAT-050", "What a step empties is in hand, so that no storage position is lost with it.")
def test_a_container_that_was_put_away_during_a_step(floor: Floor) -> None:
    """The bag was stored after the step began; it is taken out before the step can be completed."""
    number = floor.opened()
    floor.done(number, "receive")
    accepted(floor.start(number, "activate"))
    bag = {"treatment": "T1", "container": "bag-T1"}
    accepted(custody.store(floor.ledger, floor.command("o1"), position="A-01", **bag))
    filled = (floor.filling("T1", "K-T1", "in_process", "container"),)
    refused(floor.complete(number, "activate", filled=filled), "custody.stored")
    accepted(custody.retrieve(floor.ledger, floor.command("o1"), **bag))
    accepted(floor.complete(number, "activate", filled=filled))


@pytest.mark.requirement("BAT-051", "Starting material is used for one batch; a failed one's is never begun again.")
def test_the_starting_material_of_a_failed_batch(floor: Floor) -> None:
    """The bag is still there, but what was wrong may be in it."""
    number = floor.opened()
    cause = {"treatment": "T1", "batch": number, "cause": "contamination"}
    accepted(batches.fail_batch(floor.ledger, floor.command("q1"), **cause))
    slot = floor.vein("T1").slot
    assert slot.current is None
    floor.treatment("T2", "s2")
    again = floor.clear("T1", "s1")
    floor.given(floor.reserved("T1"))
    refused(floor.open("T1", again), "batch.already_used")


@pytest.mark.requirement("BAT-052", "Material whose fate is decided is not made into a batch.")
def test_material_that_is_to_be_destroyed(floor: Floor) -> None:
    floor.treatment()
    number = floor.clear()
    sign = floor.signature("q1")
    floor.given(MaterialFateDecided("T1", "bag-T1", "destroy", "quality_concern", sign))
    refused(floor.open("T1", number), "batch.fate_decided")
    floor.now += timedelta(minutes=1)
