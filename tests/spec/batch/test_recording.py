"""Values are recorded when they are made, one at a time; nobody's is overwritten unseen, and the signature takes them over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.spec.batch.floor import Floor, accepted, quantity, refused

from yimai.actions import batch as batch_actions
from yimai.actions.decision import Answer
from yimai.domain.batch import EntryRecorded, Recorded
from yimai.domain.fact import Quantity
from yimai.domain.treatment import TreatmentHeld

AT_ONCE = (
    "BAT-030",
    "A running step's value is recorded when it is made, by an operator of the base, as the recipe has it.",
)
NEVER_OVER = ("BAT-031", "Nobody's recorded value is overwritten unseen; a change has a reason, and both values stay.")
SIGNED = ("BAT-032", "Completing a step signs the values that were recorded, and no others.")


@pytest.fixture
def number(floor: Floor) -> str:
    """A batch whose first step is running."""
    batch = floor.opened()
    accepted(floor.start(batch, "receive"))
    return batch


def record(
    floor: Floor,
    batch: str,
    value: Recorded,
    *,
    entry: str = "net_weight",
    step: str = "receive",
    round: int = 1,
    by: str = "o1",
    replaces: Recorded | None = None,
    reason: str = "",
    occurred: datetime | None = None,
) -> Answer:
    return batch_actions.record_entry(
        floor.ledger,
        floor.command(by, occurred=occurred),
        treatment="T1",
        batch=batch,
        step=step,
        round=round,
        entry=entry,
        value=value,
        replaces=replaces,
        reason=reason,
    )


def noted(floor: Floor, batch: str, entry: str = "net_weight") -> Recorded:
    return floor.vein("T1").batches.by_id[batch].run("receive", 1).noted[entry].value


@pytest.mark.requirement(*AT_ONCE)
def test_a_value_is_recorded_while_its_step_runs(floor: Floor, number: str) -> None:
    """The fact holds the value and who recorded it, with nobody's signature."""
    (fact,) = accepted(record(floor, number, quantity(210, "g"), by="o3")).facts
    assert fact == EntryRecorded("T1", number, "receive", 1, "net_weight", quantity(210, "g"), None, "", "o3")
    assert noted(floor, number) == quantity(210, "g")


@pytest.mark.requirement(*AT_ONCE)
@pytest.mark.parametrize(
    ("value", "entry", "code"),
    [
        ("good", "mood", "batch.entry_unknown"),
        ("210", "net_weight", "batch.entry_wrong_type"),
        (Quantity(quantity(210, "g").value, "kg"), "net_weight", "batch.entry_wrong_unit"),
        (quantity(-1, "g"), "net_weight", "batch.entry_impossible"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_recorded(
    floor: Floor, number: str, value: Recorded, entry: str, code: str
) -> None:
    """The same checks as at the signature, so that nothing impossible waits for it."""
    refused(record(floor, number, value, entry=entry), code)


@pytest.mark.requirement(*AT_ONCE)
def test_nothing_is_recorded_before_a_step_or_after_it_or_by_others(floor: Floor, number: str) -> None:
    """A value that was queued on a tablet never slips into another round, nor into a closed record."""
    refused(record(floor, number, "A-01", step="fill", entry="position"), "batch.step_not_running")
    refused(record(floor, number, quantity(210, "g"), round=2), "batch.step_not_running")
    refused(record(floor, number, quantity(210, "g"), by="q1"), "person.not_of_role")
    early = floor.now - timedelta(hours=3)
    refused(record(floor, number, quantity(210, "g"), occurred=early), "batch.time_reversed")
    accepted(floor.complete(number, "receive"))
    refused(record(floor, number, quantity(210, "g")), "batch.step_already_completed")
    batch_actions.fail_batch(floor.ledger, floor.command("o1"), treatment="T1", batch=number, cause="unstated")
    refused(record(floor, number, quantity(210, "g")), "batch.closed")


@pytest.mark.requirement(*NEVER_OVER)
def test_another_value_that_was_not_seen_is_a_question(floor: Floor, number: str) -> None:
    """Two people weigh the bag: the second is told of the first's value, and nothing is written."""
    accepted(record(floor, number, quantity(210, "g"), by="o1"))
    refusal = refused(record(floor, number, quantity(201, "g"), by="o2"), "batch.entry_recorded_meanwhile")
    assert (refusal.details["theirs"], refusal.details["mine"]) == ("210 g", "201 g")
    assert refusal.details["person"] == "o1"
    stale = record(floor, number, quantity(201, "g"), by="o2", replaces=quantity(190, "g"), reason="instrument_error")
    refused(stale, "batch.entry_recorded_meanwhile")
    assert noted(floor, number) == quantity(210, "g")


@pytest.mark.requirement(*NEVER_OVER)
def test_the_same_value_again_does_no_harm(floor: Floor, number: str) -> None:
    """Both read 210 g."""
    accepted(record(floor, number, quantity(210, "g"), by="o1"))
    (fact,) = accepted(record(floor, number, quantity("210.0", "g"), by="o2")).facts
    assert isinstance(fact, EntryRecorded)
    assert fact.replaces is None


@pytest.mark.requirement(*NEVER_OVER)
def test_a_change_has_a_reason_and_the_old_value_stays(floor: Floor, number: str) -> None:
    """One's own value is changed with a reason of the list; another's by whoever has seen it."""
    accepted(record(floor, number, quantity(210, "g"), by="o1"))
    refused(record(floor, number, quantity(201, "g"), by="o1"), "batch.entry_change_needs_reason")
    refused(record(floor, number, quantity(201, "g"), by="o1", reason="typing"), "reason.unknown")
    seen = quantity(210, "g")
    answer = record(floor, number, quantity(201, "g"), by="o2", replaces=seen, reason="transcription_error")
    (fact,) = accepted(answer).facts
    assert isinstance(fact, EntryRecorded)
    assert (fact.replaces, fact.reason, fact.recorded_by) == (quantity(210, "g"), "transcription_error", "o2")


@pytest.mark.requirement(*SIGNED)
def test_a_step_is_signed_with_what_was_recorded(floor: Floor, number: str) -> None:
    """A value that differs is refused until the change is on record, where everybody sees it."""
    accepted(record(floor, number, quantity(210, "g"), by="o1"))
    accepted(record(floor, number, True, entry="bag_intact", by="o1"))
    told = refused(floor.complete(number, "receive"), "batch.entry_differs_from_recorded")
    assert (told.details["recorded"], told.details["value"]) == ("210 g", "200 g")
    accepted(record(floor, number, quantity(200, "g"), by="o1", reason="transcription_error"))
    accepted(floor.complete(number, "receive"))
    assert floor.vein("T1").batches.by_id[number].run("receive", 1).entries["net_weight"] == quantity(200, "g")


@pytest.mark.requirement(*SIGNED)
def test_whoever_records_takes_part_in_the_batch(floor: Floor, number: str) -> None:
    """So that nobody reviews values of his own."""
    accepted(record(floor, number, quantity(200, "g"), by="o3"))
    accepted(floor.complete(number, "receive"))
    batch = floor.vein("T1").batches.by_id[number]
    assert "o3" in batch.performers("receive")
    assert "o3" in batch.people


@pytest.mark.requirement(*AT_ONCE)
def test_a_held_treatments_value_is_recorded_all_the_same(floor: Floor, number: str) -> None:
    """What was done must be on record: the values of a step that runs while the treatment is put on hold."""
    floor.given(TreatmentHeld("T1", "patient_unfit", floor.signature("md")))
    accepted(record(floor, number, True, entry="bag_intact"))
