"""A step's record is complete and possible before anybody signs it, signed once, and corrected by further facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.spec.batch.floor import SHANGHAI, Floor, accepted, quantity, refused

from yimai.actions import batch as batch_actions
from yimai.actions.decision import Answer
from yimai.domain import batch_entry
from yimai.domain.batch import ContainerFilled, EntryCorrected, Recorded, StepCompleted
from yimai.domain.batch_record import Filling
from yimai.domain.custody import ContainerConsumed, ContainerTakenInCharge
from yimai.domain.deviation import DeviationOpened
from yimai.domain.disposition import Released
from yimai.domain.fact import Quantity
from yimai.domain.label import LabelDestroyed, LabelIssued
from yimai.domain.recipe import EntryField, Limits, Words


@pytest.fixture
def number(floor: Floor) -> str:
    """A batch whose first step is running."""
    batch = floor.opened()
    accepted(floor.start(batch, "receive"))
    return batch


@pytest.mark.requirement(
    "BAT-020", "A record is complete, of the recipe's types and units, and possible before it is signed."
)
@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"mood": "good"}, "batch.entry_unknown"),
        ({"net_weight": "200"}, "batch.entry_wrong_type"),
        ({"net_weight": True}, "batch.entry_wrong_type"),
        ({"bag_intact": "yes"}, "batch.entry_wrong_type"),
        ({"net_weight": quantity(200, "kg")}, "batch.entry_wrong_unit"),
        ({"net_weight": quantity(-1, "g")}, "batch.entry_impossible"),
        ({"net_weight": Quantity(Decimal("NaN"), "g")}, "batch.entry_impossible"),
        ({"net_weight": Quantity(Decimal("1E+30"), "g")}, "batch.entry_impossible"),
    ],
)
def test_an_impossible_entry_is_refused_with_its_place(
    floor: Floor, number: str, entries: Mapping[str, Recorded], code: str
) -> None:
    """The refusal names step and entry, nothing is written, and no second person was asked to sign yet."""
    before = len(list(floor.ledger.entries()))
    refusal = refused(floor.complete(number, "receive", entries=entries, verifier=""), code)
    assert refusal.details["step"] == "receive"
    assert refusal.details["entry"] in entries
    assert len(list(floor.ledger.entries())) == before


@pytest.mark.requirement(
    "BAT-020", "A record is complete, of the recipe's types and units, and possible before it is signed."
)
def test_a_missing_entry_is_refused(floor: Floor, number: str) -> None:
    """A record without the net weight cannot be signed."""
    answer = batch_actions.complete_step(
        floor.ledger,
        floor.command("o1"),
        treatment="T1",
        batch=number,
        step="receive",
        entries={"bag_intact": True},
        verifier="o2",
    )
    assert refused(answer, "batch.entry_missing").details == {"step": "receive", "entry": "net_weight"}


@pytest.mark.requirement(
    "BAT-020", "A record is complete, of the recipe's types and units, and possible before it is signed."
)
def test_choices_and_codes_are_checked(floor: Floor, number: str) -> None:
    """A choice that the recipe does not offer, and free text where a code belongs, are refused."""
    accepted(floor.complete(number, "receive"))
    floor.done(number, "activate")
    accepted(floor.start(number, "culture"))
    refused(floor.complete(number, "culture", entries={"appearance": "purple"}), "batch.entry_no_such_choice")
    accepted(floor.complete(number, "culture"))
    floor.clear(batch=number)
    accepted(floor.start(number, "fill"))
    bag = (floor.filling("T1", "F1", "final_bag", "final_bag"),)
    free_text = {"position": "given to Mr Wang, room 5; his wife's number is 555"}
    refused(floor.complete(number, "fill", entries=free_text, filled=bag), "batch.entry_not_a_code")


@pytest.mark.requirement(
    "BAT-020", "A record is complete, of the recipe's types and units, and possible before it is signed."
)
@pytest.mark.parametrize(
    ("unit", "high", "value", "can_be"),
    [
        ("Cel", None, "-273.15", True),
        ("Cel", None, "-273.16", False),
        ("Cel/min", None, "-1", True),
        ("%", "100", "100", True),
        ("%", "100", "100.1", False),
        ("%", None, "120", True),
        ("mL", None, "0", True),
        ("mL", None, "-0.1", False),
    ],
)
def test_what_no_instrument_can_have_shown(unit: str, high: str | None, value: str, can_be: bool) -> None:
    """Below absolute zero, less than nothing, and more than the whole where the recipe's limit is the whole."""
    limits = Limits(high=Decimal(high)) if high is not None else Limits()
    field = EntryField("x", Words("x", "x"), "quantity", unit, limits)
    refusal = batch_entry.possible("step", field, quantity(value, unit))
    assert (refusal is None) is can_be


@pytest.mark.requirement("BAT-021", "A value out of limits or not accepted is recorded and opens a deviation.")
@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"net_weight": quantity(50, "g")}, None),
        ({"net_weight": quantity(530, "g")}, None),
        ({"net_weight": quantity("530.1", "g")}, ("out_of_limits", "minor", "530.1 g", "≥ 50, ≤ 530 g")),
        ({"net_weight": quantity("49.9", "g")}, ("out_of_limits", "minor", "49.9 g", "≥ 50, ≤ 530 g")),
        ({"bag_intact": False}, ("not_accepted", "critical", "no", "yes")),
    ],
)
def test_a_departure_opens_a_deviation(
    floor: Floor, number: str, entries: Mapping[str, Recorded], expected: tuple[str, ...] | None
) -> None:
    """On the limit is within; beyond it the value stands in the record, beside an open deviation of its class."""
    facts = accepted(floor.complete(number, "receive", entries=entries)).facts
    assert isinstance(facts[0], StepCompleted)
    assert facts[0].entries.items() >= entries.items()
    opened = [fact for fact in facts if isinstance(fact, DeviationOpened)]
    found = [(each.cause, each.classification, each.value, each.limits) for each in opened]
    assert found == ([expected] if expected else [])
    assert len(floor.vein("T1").deviations.open_of(number)) == len(found)


@pytest.mark.requirement("BAT-021", "A value out of limits or not accepted is recorded and opens a deviation.")
def test_each_departure_opens_its_own_deviation(floor: Floor, number: str) -> None:
    """Two entries out of order make two deviations with numbers of their own."""
    both: dict[str, Recorded] = {"bag_intact": False, "net_weight": quantity(1, "g")}
    accepted(floor.complete(number, "receive", entries=both))
    opened = floor.vein("T1").deviations.open_of(number)
    assert {each.entry for each in opened} == {"bag_intact", "net_weight"}
    assert len({each.id for each in opened}) == 2


@pytest.mark.requirement("BAT-022", "A second, different and qualified person signs where the recipe asks for it.")
def test_the_second_person(floor: Floor, number: str) -> None:
    """Nobody, the same person, QA and an operator of another base are refused."""
    floor.person("stranger", "other-base", "operator")
    refused(floor.complete(number, "receive", verifier=""), "batch.second_person_missing")
    refused(floor.complete(number, "receive", verifier="o1"), "person.same_person")
    refused(floor.complete(number, "receive", verifier="q1"), "person.not_of_role")
    refused(floor.complete(number, "receive", verifier="stranger"), "person.not_of_site")
    refused(floor.complete(number, "receive", by="md"), "person.not_of_site")
    fact = accepted(floor.complete(number, "receive")).facts[0]
    assert isinstance(fact, StepCompleted)
    assert fact.verified is not None
    assert (fact.performed.signer, fact.performed.meaning) == ("o1", "performed")
    assert (fact.verified.signer, fact.verified.meaning) == ("o2", "verified")


@pytest.mark.requirement("BAT-023", "Of two signatures on one step exactly one wins.")
def test_two_signatures_on_one_step(floor: Floor, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both decide on the same reading; the first writes, the second must decide again and is refused, overwriting nothing."""
    real = floor.ledger.append
    answers: list[Answer] = []

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(floor.ledger, "append", real)
        answers.append(floor.complete(number, "receive", by="o2", verifier="o3"))
        return real(*args, **kwargs)

    monkeypatch.setattr(floor.ledger, "append", overtaken)
    slower = floor.complete(number, "receive", entries={"net_weight": quantity(300, "g")})
    accepted(answers[0])
    refused(slower, "batch.step_already_completed")
    run = floor.vein("T1").batches.by_id[number].runs_of("receive")[0]
    assert run.entries["net_weight"] == quantity(200, "g")
    assert {"o2", "o3"} <= run.signers


@pytest.mark.requirement("BAT-023", "Of two signatures on one step exactly one wins.")
def test_a_step_is_completed_only_while_it_runs(floor: Floor, number: str) -> None:
    """Before its start and after its end, completing it is refused, and so is an end dated before the start."""
    refused(floor.complete(number, "activate"), "batch.step_not_running")
    before = (floor.now - timedelta(seconds=1)).astimezone(SHANGHAI)
    refused(floor.complete(number, "receive", occurred=before), "batch.time_reversed")
    accepted(floor.complete(number, "receive"))
    refused(floor.complete(number, "receive"), "batch.step_already_completed")


@pytest.mark.requirement(
    "BAT-024", "What a step fills bears this patient's label of the recipe's layout, and is in somebody's charge."
)
def test_filling_moves_the_cells_to_the_new_container(floor: Floor, number: str) -> None:
    """The culture bag is filled and taken in charge, the collection bag is used up, and the batch's cells are in the new one."""
    accepted(floor.complete(number, "receive"))
    accepted(floor.start(number, "activate"))
    culture = floor.filling("T1", "K1", "in_process", "container")
    facts = accepted(floor.complete(number, "activate", filled=(culture,))).facts
    kinds = [type(fact) for fact in facts]
    assert kinds == [StepCompleted, ContainerFilled, ContainerTakenInCharge, ContainerConsumed]
    vein = floor.vein("T1")
    assert vein.batches.by_id[number].containers == ("K1",)
    assert vein.custody.held["bag-T1"].gone == "used_in_manufacture"
    assert (vein.custody.held["K1"].holder, vein.custody.held["K1"].site) == ("o1", "lingang")


@pytest.mark.requirement(
    "BAT-024", "What a step fills bears this patient's label of the recipe's layout, and is in somebody's charge."
)
def test_what_may_not_be_filled(floor: Floor, number: str) -> None:
    """Another patient's, an unlabelled, a wrongly labelled, a used and a second container are refused, and no container at all."""
    floor.treatment("T2", "s2")
    foreign = floor.filling("T2", "K2", "in_process", "container")
    mine = floor.filling("T1", "K1", "in_process", "container")
    waste = floor.filling("T1", "waste", "waste", "container")
    final = floor.filling("T1", "F1", "final_bag", "final_bag")
    floor.label("T1", "bare", "in_process", "container", used=False)
    bare = Filling("bare", mine.volume, mine.cells)
    refused(floor.complete(number, "receive", filled=(mine,)), "batch.fills_nothing")
    accepted(floor.complete(number, "receive"))
    accepted(floor.start(number, "activate"))

    def fill(*filled: Filling) -> Answer:
        return floor.complete(number, "activate", filled=filled)

    refused(fill(), "batch.nothing_filled")
    refused(fill(foreign), "label.not_this_patients")
    refused(fill(bare), "label.not_this_patients")
    refused(fill(final), "label.wrong_carrier")
    assert len(floor.refused_matches("T1")) == 3
    refused(fill(waste), "label.unknown_layout")
    refused(fill(mine, waste), "batch.one_container")
    for wrong in (quantity(0, "mL"), quantity(50, "L")):
        refused(fill(Filling("K1", wrong, mine.cells)), "batch.filling_impossible")
    refused(fill(Filling("K1", mine.volume, quantity(4, "mL"))), "batch.filling_impossible")
    accepted(fill(mine))


@pytest.mark.requirement(
    "BAT-024", "What a step fills bears this patient's label of the recipe's layout, and is in somebody's charge."
)
def test_a_bag_is_filled_once(floor: Floor, number: str) -> None:
    """The same final bag named twice, or one in somebody's charge already, is refused; two become the final bags."""
    accepted(floor.complete(number, "receive"))
    floor.done(number, "activate", "culture")
    floor.clear(batch=number)
    accepted(floor.start(number, "fill"))
    first, second = (floor.filling("T1", each, "final_bag", "final_bag") for each in ("F1", "F2"))
    third = floor.filling("T1", "F3", "final_bag", "final_bag")
    floor.given(ContainerTakenInCharge("T1", "F3", "o3", "lingang"))
    refused(floor.complete(number, "fill", filled=(first, first)), "batch.container_used")
    refused(floor.complete(number, "fill", filled=(first, third)), "batch.container_used")
    accepted(floor.complete(number, "fill", filled=(first, second)))
    filled = floor.vein("T1").batches.by_id[number]
    assert filled.final_bags == ("F1", "F2")
    assert filled.filled["F1"].filled == floor.now


def correct(floor: Floor, number: str, new: Recorded, **changes: Any) -> Answer:
    asked = {
        "treatment": "T1",
        "batch": number,
        "step": "receive",
        "round": 1,
        "entry": "net_weight",
        "reason": "transcription_error",
        "verifier": "o2",
    }
    return batch_actions.correct_entry(floor.ledger, floor.command("o1"), new=new, **{**asked, **changes})


@pytest.mark.requirement(
    "BAT-025", "A correction is a further fact with old value, new value, reason and two signatures."
)
def test_a_correction_keeps_the_old_value(floor: Floor, number: str) -> None:
    """The record shows the new value, the ledger both."""
    refused(correct(floor, number, quantity(210, "g")), "batch.step_not_running")
    accepted(floor.complete(number, "receive"))
    fact = accepted(correct(floor, number, quantity(210, "g"))).facts[0]
    assert isinstance(fact, EntryCorrected)
    assert (fact.old, fact.new) == (quantity(200, "g"), quantity(210, "g"))
    run = floor.vein("T1").batches.by_id[number].runs_of("receive")[0]
    assert run.entries == {"bag_intact": True, "net_weight": quantity(210, "g")}


@pytest.mark.requirement(
    "BAT-025", "A correction is a further fact with old value, new value, reason and two signatures."
)
def test_what_is_no_correction(floor: Floor, number: str) -> None:
    """The same value, no reason, free text, one person, a wrong unit and an unknown entry are refused."""
    accepted(floor.complete(number, "receive"))
    new = quantity(210, "g")
    refused(correct(floor, number, quantity(200, "g")), "batch.nothing_corrected")
    refused(correct(floor, number, new, reason=""), "batch.nothing_corrected")
    refused(correct(floor, number, new, reason="I misread it"), "reason.unknown")
    refused(correct(floor, number, new, verifier="o1"), "person.same_person")
    refused(correct(floor, number, quantity(210, "kg")), "batch.entry_wrong_unit")
    refused(correct(floor, number, new, entry="mood"), "batch.entry_unknown")
    refused(correct(floor, number, new, batch="B-other"), "batch.unknown")


@pytest.mark.requirement(
    "BAT-026", "A corrected value is held against the limits; a deviation is not undone by correcting."
)
def test_a_correction_is_judged_like_any_value(floor: Floor, number: str) -> None:
    """Corrected out of limits opens a deviation; corrected back, the deviation still waits for QA."""
    accepted(floor.complete(number, "receive"))
    facts = accepted(correct(floor, number, quantity(600, "g"))).facts
    assert [type(fact) for fact in facts] == [EntryCorrected, DeviationOpened]
    accepted(correct(floor, number, quantity(200, "g")))
    assert len(floor.vein("T1").deviations.open_of(number)) == 1


@pytest.mark.requirement(
    "BAT-026", "A corrected value is held against the limits; a deviation is not undone by correcting."
)
def test_a_count_corrected_after_the_next_step_began(floor: Floor, number: str) -> None:
    """A count that turns out too low once the cells were filled opens a deviation, since the step cannot be repeated."""
    accepted(floor.complete(number, "receive"))
    floor.done(number, "activate", "culture", "fill")
    answer = correct(floor, number, quantity(250, "10*6"), step="culture", entry="viable_cells")
    opened = accepted(answer).facts[1]
    assert isinstance(opened, DeviationOpened)
    assert opened.cause == "count_not_reached"


@pytest.mark.requirement("BAT-027", "After the batch's disposition its record is no longer corrected.")
def test_nothing_is_corrected_after_disposition(floor: Floor, number: str) -> None:
    """Once released, a correction is refused."""
    accepted(floor.complete(number, "receive"))
    floor.given(Released("T1", number, floor.signature("qp")))
    refused(correct(floor, number, quantity(210, "g")), "batch.after_disposition")


def finish(floor: Floor, number: str, by: str = "o1") -> Answer:
    return batch_actions.complete_batch(floor.ledger, floor.command(by), treatment="T1", batch=number)


def fail(floor: Floor, number: str, cause: str, by: str = "o1") -> Answer:
    return batch_actions.fail_batch(floor.ledger, floor.command(by), treatment="T1", batch=number, cause=cause)


@pytest.mark.requirement(
    "BAT-028", "A batch is completed after its last step, with its containers' labels reconciled to zero."
)
def test_a_batch_is_completed_once_all_is_done(floor: Floor, number: str) -> None:
    """A running step and an unused container label hold it back; a sample's label is reconciled later."""
    refused(finish(floor, number), "batch.step_not_done")
    accepted(floor.complete(number, "receive"))
    floor.done(number, "activate", "culture", "fill")
    sign = floor.signature("o1")
    floor.given(LabelIssued("T1", "F9", "final_bag", "final_bag", 1, "", sign))
    floor.given(LabelIssued("T1", "S1", "sample", "sample", 1, "", sign))
    assert refused(finish(floor, number), "label.unreconciled").details["copies"] == "F9#1"
    floor.given(LabelDestroyed("T1", "F9", 1, "surplus", sign))
    refused(finish(floor, number, "q1"), "person.not_of_role")
    accepted(finish(floor, number))
    assert floor.vein("T1").batches.by_id[number].state == "completed"
    refused(finish(floor, number), "batch.closed")
    refused(floor.start(number, "fill"), "batch.closed")


@pytest.mark.requirement(
    "BAT-029", "A batch may fail at any time, for a cause that is on the list, and leaves its suite."
)
def test_a_failed_batch_frees_its_suite(floor: Floor, number: str) -> None:
    """An unknown cause is refused; a cause of the recipe ends the batch, and its suite can be cleared for another."""
    refused(fail(floor, number, "bad luck"), "batch.no_such_cause")
    refused(fail(floor, number, "growth", by="md"), "person.not_of_site")
    accepted(fail(floor, number, "growth"))
    refused(fail(floor, number, "growth"), "batch.closed")
    failed = floor.vein("T1").batches.by_id[number]
    assert (failed.state, failed.cause) == ("failed", "growth")
    floor.treatment("T2", "s2")
    floor.clear("T2", "s1")
