"""A suite belongs to one batch at a time, and its line is cleared before each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.spec.batch.floor import MORNING, Floor, accepted, refused

from yimai.actions import batch, suite
from yimai.actions.decision import Answer
from yimai.domain.suite import Suite as State
from yimai.domain.suite import SuiteOccupied, SuiteRegistered, SuiteTakenOut, admits


def fail(floor: Floor, treatment: str, number: str) -> None:
    command = floor.command("q1")
    accepted(batch.fail_batch(floor.ledger, command, treatment=treatment, batch=number, cause="contamination"))


def clear(floor: Floor, treatment: str, room: str, by: str, verifier: str, number: str = "") -> Answer:
    command = floor.command(by)
    return suite.clear_line(floor.ledger, command, treatment=treatment, suite=room, verifier=verifier, batch=number)


@pytest.mark.requirement("SUI-001", "A batch moves only into a suite whose line was cleared for it by two people.")
def test_a_batch_needs_a_line_clearance_of_its_own(floor: Floor) -> None:
    """Given a line cleared for another treatment's batch, opening there is refused until it is cleared for this one."""
    floor.treatment("T1", "s1")
    floor.treatment("T2", "s1", slot=(12, 16))
    mine = floor.clear("T1")
    floor.clear("T2")
    refused(floor.open("T1", mine), "suite.not_cleared")
    floor.clear("T1", batch=mine)
    accepted(floor.open("T1", mine))


@pytest.mark.requirement("SUI-001", "A batch moves only into a suite whose line was cleared for it by two people.")
def test_two_different_people_clear_a_line(floor: Floor) -> None:
    """The person who cleared the line cannot also check it, and both must be of the base."""
    floor.treatment()
    floor.person("stranger", "other-base", "operator")
    refused(clear(floor, "T1", "s1", "o1", "o1"), "person.same_person")
    refused(clear(floor, "T1", "s1", "q1", "o1"), "person.not_of_role")
    refused(clear(floor, "T1", "s1", "o1", "stranger"), "person.not_of_site")


@pytest.mark.requirement("SUI-002", "Two patients' material is never in one suite at a time.")
def test_an_occupied_suite_admits_no_other_batch(floor: Floor) -> None:
    """While a batch is open in a suite, its line cannot be cleared for another treatment's batch."""
    floor.opened("T1", "s1")
    floor.treatment("T2", "s1", slot=(12, 16))
    refused(clear(floor, "T2", "s1", "o1", "o2"), "suite.occupied_by_another")
    accepted(clear(floor, "T2", "s2", "o1", "o2"))


@pytest.mark.requirement("SUI-002", "Two patients' material is never in one suite at a time.")
def test_the_ledger_itself_refuses_a_second_batch_in_a_suite(floor: Floor) -> None:
    """Even a fact that no rule was asked for cannot put a second batch into the suite: the claim is taken."""
    floor.opened("T1", "s1")
    floor.treatment("T2", "s1", slot=(12, 16))
    with pytest.raises(Exception, match="suite_occupied s1 is already taken"):
        floor.given(SuiteOccupied("T2", "B-other", "s1"))


@pytest.mark.requirement("SUI-003", "After a batch has left, the suite needs a new line clearance.")
def test_a_suite_needs_a_new_clearance_after_a_batch_left(floor: Floor) -> None:
    """A clearance made before the last batch is worth nothing afterwards; a new one lets the next batch in."""
    first = floor.opened("T1", "s1")
    floor.treatment("T2", "s1", slot=(12, 16))
    fail(floor, "T1", first)
    number = floor.clear("T2", "s2")
    floor.now = MORNING + timedelta(hours=12)
    refused(floor.open("T2", number), "suite.not_cleared")
    floor.clear("T2", "s1", number)
    floor.now = MORNING + timedelta(hours=12)
    accepted(floor.open("T2", number))


@pytest.mark.requirement("SUI-004", "A suite that is out of use admits no batch and no step until QA returns it.")
def test_a_suite_out_of_use_does_not_serve(floor: Floor) -> None:
    """Taken out with a batch inside, it allows no further step; returned, it does."""
    number = floor.opened()
    accepted(suite.take_out(floor.ledger, floor.command("q1"), suite="s1", reason="maintenance"))
    refused(floor.start(number, "receive"), "suite.out_of_use")
    refused(clear(floor, "T1", "s1", "o1", "o2", number), "suite.out_of_use")
    accepted(suite.put_back(floor.ledger, floor.command("q1"), suite="s1", reason="repaired"))
    accepted(floor.start(number, "receive"))


@pytest.mark.requirement("SUI-004", "A suite that is out of use admits no batch and no step until QA returns it.")
def test_a_clearance_does_not_outlive_being_out_of_use(floor: Floor) -> None:
    """A suite that was cleared, then taken out and returned, must be cleared again."""
    floor.treatment()
    number = floor.clear()
    floor.given(SuiteTakenOut("s1", "breakdown", floor.signature("q1")))
    accepted(suite.put_back(floor.ledger, floor.command("q1"), suite="s1", reason="repaired"))
    refused(floor.open("T1", number), "suite.not_cleared")


@pytest.mark.requirement("SUI-005", "Only QA of the base takes a suite out or returns it, with a reason from the list.")
def test_taking_a_suite_out_needs_qa_and_a_reason(floor: Floor) -> None:
    """An operator may not; nor QA without a reason, with free text, of another base, or twice."""

    def take_out(by: str, reason: str, room: str = "s1") -> Answer:
        return suite.take_out(floor.ledger, floor.command(by), suite=room, reason=reason)

    floor.given(SuiteRegistered("far", "other-base", "C"))
    refused(take_out("o1", "maintenance"), "person.not_of_role")
    refused(take_out("q1", " "), "suite.reason_missing")
    refused(take_out("q1", "the lamp that Li broke"), "reason.unknown")
    refused(take_out("q1", "maintenance", "far"), "person.not_of_site")
    refused(take_out("q1", "maintenance", "s9"), "suite.unknown")
    refused(suite.put_back(floor.ledger, floor.command("q1"), suite="s1", reason="repaired"), "suite.not_out")
    accepted(take_out("q1", "maintenance"))
    refused(take_out("q1", "maintenance"), "suite.out_of_use")


@pytest.mark.requirement("SUI-006", "A line is cleared again inside a batch only in the suite that the batch is in.")
def test_clearing_the_wrong_room_for_an_open_batch_is_refused(floor: Floor) -> None:
    """A batch in suite s1 gains nothing from clearing s2, nor may another treatment clear for it."""
    number = floor.opened("T1", "s1")
    floor.treatment("T2", "s2")
    refused(clear(floor, "T1", "s2", "o1", "o2", number), "suite.other_suite")
    refused(clear(floor, "T2", "s2", "o1", "o2", number), "batch.unknown")
    assert floor.refused_matches("T2") == ["batch.unknown"]


@pytest.mark.requirement("SUI-007", "A step's room class is met by a suite of that EU GMP grade or a cleaner one.")
@pytest.mark.parametrize(
    ("room", "needed", "fits"), [("C", "C", True), ("B", "C", True), ("D", "C", False), ("C", "B", False)]
)
def test_room_classes_compare_by_cleanliness(room: str, needed: str, fits: bool) -> None:
    """A is the cleanest grade, D the least clean."""
    refusal = admits(State("s", "base", room), needed)
    assert (refusal is None) is fits
    assert refusal is None or refusal.code == "suite.wrong_room_class"
