"""A step starts in its order, with its containers scanned, by qualified people, within its hold times."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.spec.batch.floor import MORNING, Floor, accepted, quantity, refused

from yimai.domain.batch import StepStarted
from yimai.domain.custody import ContainerRetrieved, ContainerStored
from yimai.domain.deviation import DeviationClosed, DeviationOpened
from yimai.domain.override import RuleOverridden, SignedReason
from yimai.domain.person import PersonQualified, PersonRegistered, QualificationWithdrawn
from yimai.domain.treatment import TreatmentHeld

HOUR = timedelta(hours=1)
WAIVER = (SignedReason("q1", "delay"), SignedReason("qp", "within_validated_range"))


@pytest.mark.requirement("BAT-010", "Steps are done in the recipe's order, each once.")
def test_a_step_waits_for_those_before_it(floor: Floor) -> None:
    """Skipping, starting twice and starting again are refused; so is a step that the recipe does not have."""
    number = floor.opened()
    refused(floor.start(number, "activate"), "batch.step_not_done")
    refused(floor.start(number, "bake"), "batch.no_such_step")
    accepted(floor.start(number, "receive"))
    refused(floor.start(number, "receive"), "batch.step_running")
    refused(floor.start(number, "activate"), "batch.step_not_done")
    accepted(floor.complete(number, "receive"))
    refused(floor.start(number, "receive"), "batch.step_already_completed")
    accepted(floor.start(number, "activate"))


@pytest.mark.requirement("BAT-010", "Steps are done in the recipe's order, each once.")
def test_a_step_cannot_be_dated_before_what_it_follows(floor: Floor) -> None:
    """A start entered afterwards must not lie before the end of the step before."""
    number = floor.opened()
    floor.done(number, "receive")
    ended = floor.now
    floor.now += HOUR
    before = (ended - timedelta(seconds=1)).astimezone(MORNING.tzinfo)
    refused(floor.start(number, "activate", occurred=before), "batch.time_reversed")
    accepted(floor.start(number, "activate", occurred=ended))


@pytest.mark.requirement(
    "BAT-011", "Only the containers that hold this batch's cells are worked on, all of them scanned."
)
def test_another_patients_container_is_refused_and_recorded(floor: Floor) -> None:
    """Given two batches side by side, each container is refused in the other's step; the right one still works."""
    first = floor.opened("T1", "s1")
    floor.opened("T2", "s2")
    refused(floor.start(first, "receive", scanned=("bag-T2",)), "label.not_this_patients")
    refused(floor.start(first, "receive", scanned=("bag-T1", "bag-T2")), "label.not_this_patients")
    assert floor.refused_matches("T1") == ["label.not_this_patients"] * 2
    assert floor.refused_matches("T2") == []
    accepted(floor.start(first, "receive", scanned=("bag-T1",)))


@pytest.mark.requirement(
    "BAT-011", "Only the containers that hold this batch's cells are worked on, all of them scanned."
)
def test_an_emptied_container_is_not_the_batchs_any_more(floor: Floor) -> None:
    """Once the cells are in the culture bag, scanning the collection bag is refused as a mismatch and recorded."""
    number = floor.opened()
    floor.done(number, "receive", "activate")
    refused(floor.start(number, "culture", scanned=("bag-T1",)), "batch.not_this_batches")
    assert floor.refused_matches("T1") == ["batch.not_this_batches"]
    refused(floor.start(number, "culture", scanned=()), "batch.not_scanned")
    accepted(floor.start(number, "culture", scanned=("K-T1",)))


@pytest.mark.requirement(
    "BAT-011", "Only the containers that hold this batch's cells are worked on, all of them scanned."
)
def test_another_treatments_batch_is_refused(floor: Floor) -> None:
    """A record filed under another patient: the batch number of T1 presented with T2 is refused and recorded."""
    first = floor.opened("T1", "s1")
    floor.opened("T2", "s2")
    refused(floor.start(first, "receive", treatment="T2", scanned=("bag-T2",)), "batch.unknown")
    assert floor.refused_matches("T2") == ["batch.unknown"]


@pytest.mark.requirement("BAT-012", "As many different people as the recipe asks for, each qualified on that day.")
def test_operators_are_enough_and_qualified(floor: Floor) -> None:
    """One person named twice is one person; an unqualified colleague, QA and a stranger do not count."""
    number = floor.opened()
    floor.given(PersonRegistered("new", "lingang", ("operator",), ""))
    floor.person("stranger", "other-base", "operator")
    refused(floor.start(number, "receive", operators=("o1",)), "batch.too_few_operators")
    refused(floor.start(number, "receive", operators=("o1", "o1")), "batch.too_few_operators")
    refused(floor.start(number, "receive", operators=("o1", "new")), "person.not_qualified")
    refused(floor.start(number, "receive", operators=("o1", "q1")), "person.not_of_role")
    refused(floor.start(number, "receive", operators=("o1", "stranger")), "person.not_of_site")
    floor.given(PersonQualified("new", "receipt", MORNING.date(), MORNING.date()))
    accepted(floor.start(number, "receive", operators=("o1", "new")))


@pytest.mark.requirement("BAT-012", "As many different people as the recipe asks for, each qualified on that day.")
@pytest.mark.parametrize(("until", "allowed"), [(date(2026, 5, 4), True), (date(2026, 5, 3), False)])
def test_the_last_day_of_a_qualification_counts(floor: Floor, until: date, allowed: bool) -> None:
    """Qualified until today: allowed; until yesterday: refused; withdrawn: refused."""
    number = floor.opened()
    floor.person("o4", "lingang", "operator", until=until)
    answer = floor.start(number, "receive", operators=("o1", "o4"))
    if allowed:
        accepted(answer)
        floor.given(QualificationWithdrawn("o4", "receipt", "training_lapsed"))
        refused(floor.complete(number, "receive", verifier="o4"), "person.not_qualified")
    else:
        refused(answer, "person.not_qualified")


@pytest.mark.requirement("BAT-012", "As many different people as the recipe asks for, each qualified on that day.")
def test_each_qualification_has_its_number(floor: Floor) -> None:
    """Filling needs two people for aseptic work: a colleague who only knows culture is not the second."""
    number = floor.opened()
    floor.done(number, "receive", "activate", "culture")
    floor.clear(batch=number)
    floor.given(PersonRegistered("grower", "lingang", ("operator",), ""))
    floor.given(PersonQualified("grower", "culture", MORNING.date(), date(2026, 12, 31)))
    answer = floor.start(number, "fill", operators=("o1", "grower"))
    assert refused(answer, "batch.too_few_operators").details["qualification"] == "aseptic"
    accepted(floor.start(number, "fill", operators=("o1", "o2", "grower")))


@pytest.mark.requirement("BAT-017", "A step is done on containers that are at hand, in a room of its class.")
def test_a_stored_container_is_retrieved_first(floor: Floor) -> None:
    """While the bag stands in storage, no step works on it."""
    number = floor.opened()
    floor.given(ContainerStored("T1", "bag-T1", "A-01", floor.signature("o1")))
    refused(floor.start(number, "receive"), "custody.stored")
    floor.given(ContainerRetrieved("T1", "bag-T1", "A-01", floor.signature("o1")))
    accepted(floor.start(number, "receive"))


@pytest.mark.requirement("BAT-017", "A step is done on containers that are at hand, in a room of its class.")
def test_a_step_is_not_done_in_a_less_clean_room(floor: Floor) -> None:
    """The recipe asks for class C; suite d1 is of class D."""
    number = floor.opened("T1", "d1")
    refused(floor.start(number, "receive"), "suite.wrong_room_class")


@pytest.mark.requirement(
    "BAT-013", "A hold time may be reached but not exceeded, unless QA and the qualified person sign."
)
def test_a_hold_at_exactly_its_maximum_is_kept(floor: Floor) -> None:
    """Activation within 4 h of receipt: at 4 h allowed, a second later refused."""
    number = floor.opened()
    floor.done(number, "receive")
    ended = floor.now
    floor.now = ended + 4 * HOUR + timedelta(seconds=1)
    refused(floor.start(number, "activate"), "batch.hold_exceeded")
    floor.now = ended + 4 * HOUR
    facts = accepted(floor.start(number, "activate")).facts
    assert [type(fact) for fact in facts] == [StepStarted]


@pytest.mark.requirement(
    "BAT-013", "A hold time may be reached but not exceeded, unless QA and the qualified person sign."
)
def test_an_exceeded_hold_is_overridden_into_a_deviation(floor: Floor) -> None:
    """Two signed reasons open the rule once, and a major deviation is opened with it."""
    number = floor.opened()
    floor.done(number, "receive")
    floor.now += 5 * HOUR
    refused(floor.start(number, "activate", reasons=WAIVER[::-1]), "person.not_of_role")
    facts = accepted(floor.start(number, "activate", reasons=WAIVER)).facts
    assert [type(fact) for fact in facts] == [RuleOverridden, StepStarted, DeviationOpened]
    deviation = facts[2]
    assert isinstance(deviation, DeviationOpened)
    assert (deviation.cause, deviation.classification, deviation.value) == (
        "hold_exceeded",
        "major",
        "5:00:00 after receive",
    )
    assert deviation.limits == "≤ 4:00:00"


@pytest.mark.requirement(
    "BAT-013", "A hold time may be reached but not exceeded, unless QA and the qualified person sign."
)
def test_a_hold_can_run_from_the_collection(floor: Floor) -> None:
    """Receipt within 72 h of the collection's end."""
    number = floor.opened()
    floor.now = MORNING + 72 * HOUR + timedelta(microseconds=1)
    refused(floor.start(number, "receive"), "batch.hold_exceeded")
    floor.now = MORNING + 72 * HOUR
    accepted(floor.start(number, "receive"))


@pytest.mark.requirement("BAT-014", "Where the recipe asks for it, the line is cleared again inside the batch.")
def test_filling_needs_a_line_clearance_of_its_own(floor: Floor) -> None:
    """The clearance before opening serves the first such step; filling needs one made since the culture began."""
    number = floor.opened()
    floor.done(number, "receive", "activate")
    floor.clear(batch=number)
    floor.done(number, "culture")
    refused(floor.start(number, "fill"), "suite.not_cleared")
    floor.clear(batch=number)
    accepted(floor.start(number, "fill"))


@pytest.mark.requirement(
    "BAT-015", "A culture is repeated until its count is reached, at most as often as the recipe allows."
)
def test_a_step_ends_by_count_not_by_clock(floor: Floor) -> None:
    """299 is not enough for 300, so filling waits for a second round; with 300 exactly it may begin.

    The hold of 200 h since activation binds the first round only.
    """
    number = floor.opened()
    floor.done(number, "receive", "activate")
    floor.now += 100 * HOUR
    accepted(floor.start(number, "culture"))
    accepted(floor.complete(number, "culture", entries={"viable_cells": quantity(299, "10*6")}))
    floor.clear(batch=number)
    refused(floor.start(number, "fill"), "batch.step_not_done")
    floor.now += 150 * HOUR
    second = accepted(floor.start(number, "culture")).facts[0]
    assert isinstance(second, StepStarted)
    assert second.round == 2
    accepted(floor.complete(number, "culture", entries={"viable_cells": quantity(300, "10*6")}))
    refused(floor.start(number, "culture"), "batch.step_already_completed")
    floor.clear(batch=number)
    accepted(floor.start(number, "fill"))


@pytest.mark.requirement(
    "BAT-015", "A culture is repeated until its count is reached, at most as often as the recipe allows."
)
@pytest.mark.parametrize(("conclusion", "goes_on"), [("acceptable", True), ("reject_batch", False)])
def test_a_count_never_reached_is_for_qa_to_decide(floor: Floor, conclusion: str, goes_on: bool) -> None:
    """After the last round below the count a deviation is open; only its acceptance lets the batch go on."""
    number = floor.opened()
    floor.done(number, "receive", "activate")
    too_few = {"viable_cells": quantity(200, "10*6")}
    accepted(floor.start(number, "culture"))
    assert len(accepted(floor.complete(number, "culture", entries=too_few)).facts) == 1
    accepted(floor.start(number, "culture"))
    opened = accepted(floor.complete(number, "culture", entries=too_few)).facts[1]
    assert isinstance(opened, DeviationOpened)
    assert (opened.cause, opened.limits) == ("count_not_reached", "≥ 300 10*6")
    refused(floor.start(number, "culture"), "batch.rounds_exhausted")
    floor.clear(batch=number)
    refused(floor.start(number, "fill"), "batch.count_not_reached")
    sign = floor.signature("q1")
    floor.given(DeviationClosed("T1", opened.deviation, conclusion, "process_variability", sign, None))  # type: ignore[arg-type]
    answer = floor.start(number, "fill")
    if goes_on:
        accepted(answer)
    else:
        refused(answer, "batch.count_not_reached")


@pytest.mark.requirement("BAT-016", "A held treatment starts no step; what is running may be put on record.")
def test_a_held_treatments_running_step_is_still_recorded(floor: Floor) -> None:
    """Held in the middle of a step: it is completed, but the next does not start."""
    number = floor.opened()
    accepted(floor.start(number, "receive"))
    floor.given(TreatmentHeld("T1", "investigation", floor.signature("q1")))
    accepted(floor.complete(number, "receive"))
    refused(floor.start(number, "activate"), "treatment.held")
