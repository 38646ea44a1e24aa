"""A deviation is assessed and closed by QA people who had no hand in what it is about."""

from __future__ import annotations

from typing import Any

import pytest
from tests.spec.batch.floor import Floor, accepted, refused
from tests.spec.disposition.course import Course, kinds
from tests.spec.disposition.course import accepted as done_in_course
from tests.spec.disposition.course import refused as refused_in_course

from yimai.actions import deviation
from yimai.actions.decision import Answer
from yimai.domain.deviation import DeviationOpened
from yimai.domain.person import PersonRegistered


def report(floor: Floor, number: str, by: str = "o3", **changes: Any) -> Answer:
    asked = {
        "treatment": "T1",
        "batch": number,
        "step": "receive",
        "classification": "minor",
        "reason": "breakdown",
        "note": "The balance's display flickered.",
    }
    return deviation.report(floor.ledger, floor.command(by), **{**asked, **changes})


def reported(floor: Floor, number: str, **changes: Any) -> str:
    fact = accepted(report(floor, number, **changes)).facts[0]
    assert isinstance(fact, DeviationOpened)
    return fact.deviation


def assess(floor: Floor, number: str, by: str = "q1", **changes: Any) -> Answer:
    asked = {
        "treatment": "T1",
        "deviation": number,
        "classification": "minor",
        "reason": "operator_error",
        "note": "No effect on the cells.",
    }
    return deviation.assess(floor.ledger, floor.command(by), **{**asked, **changes})


def close(floor: Floor, number: str, by: str = "q1", **changes: Any) -> Answer:
    asked = {
        "treatment": "T1",
        "deviation": number,
        "conclusion": "no_impact",
        "reason": "within_validated_range",
    }
    return deviation.close(floor.ledger, floor.command(by), **{**asked, **changes})


@pytest.mark.requirement("DEV-001", "Anybody at work on the batch may report a deviation; its words go to the vault.")
def test_a_deviation_is_reported_by_hand(floor: Floor) -> None:
    """The fact holds a reason's code and a commitment; the note itself is deposited for the vault."""
    batch = floor.opened()
    fact = accepted(report(floor, batch)).facts[0]
    assert isinstance(fact, DeviationOpened)
    assert (fact.cause, fact.reason, len(fact.note)) == ("reported", "breakdown", 64)
    deposit = floor.kept[-1]
    assert (deposit.person, deposit.contents) == ("T1", b"The balance's display flickered.")
    assert all(b"flickered" not in entry.content for _, entry in floor.ledger.entries())


@pytest.mark.requirement("DEV-001", "Anybody at work on the batch may report a deviation; its words go to the vault.")
def test_what_cannot_be_reported(floor: Floor) -> None:
    """No note, a reason off the list, an unknown step, another batch, a physician: refused."""
    batch = floor.opened()
    refused(report(floor, batch, note=" "), "deviation.not_explained")
    refused(report(floor, batch, reason="because"), "reason.unknown")
    refused(report(floor, batch, step="bake"), "batch.no_such_step")
    refused(report(floor, "B-other"), "batch.unknown")
    refused(report(floor, batch, by="md"), "person.not_of_site")
    refused(report(floor, batch, treatment="T-none"), "treatment.unknown")


@pytest.mark.requirement("DEV-002", "A deviation is assessed before it is closed, and closed once.")
def test_a_deviations_life(floor: Floor) -> None:
    """Open, assessed, closed; after that neither again."""
    batch = floor.opened()
    number = reported(floor, batch)
    refused(close(floor, number), "deviation.not_assessed")
    refused(assess(floor, number, by="o1"), "person.not_of_role")
    refused(assess(floor, number, note=""), "deviation.not_explained")
    accepted(assess(floor, number))
    refused(close(floor, number, reason=""), "deviation.not_explained")
    assert len(floor.vein("T1").deviations.open_of(batch)) == 1
    accepted(close(floor, number))
    assert floor.vein("T1").deviations.open_of(batch) == ()
    refused(close(floor, number), "deviation.already_closed")
    refused(assess(floor, number), "deviation.already_closed")


@pytest.mark.requirement("DEV-003", "Nobody closes a deviation that they raised or whose step they worked on.")
def test_nobody_judges_their_own_work(floor: Floor) -> None:
    """An operator who is also QA worked on the step, another raised the deviation: both are refused; a third closes it."""
    batch = floor.opened()
    for person in ("o1", "o2"):
        floor.given(PersonRegistered(person, "lingang", ("operator", "qa"), ""))
    accepted(floor.start(batch, "receive"))
    accepted(floor.complete(batch, "receive"))
    number = reported(floor, batch, by="q2")
    for person in ("o1", "o2"):
        refused(assess(floor, number, by=person), "deviation.worked_on_it")
    accepted(assess(floor, number))
    for person in ("o1", "o2", "q2"):
        refused(close(floor, number, by=person), "deviation.own_work")
    accepted(close(floor, number, by="q1"))


@pytest.mark.requirement("DEV-004", "A critical deviation is closed by QA and the qualified person together.")
def test_a_critical_deviation_needs_the_qualified_person(floor: Floor) -> None:
    """A leaking bag is critical: QA alone is refused, QA with another QA too; with the qualified person it is closed."""
    batch = floor.opened()
    accepted(floor.start(batch, "receive"))
    opened = accepted(floor.complete(batch, "receive", entries={"bag_intact": False})).facts[1]
    assert isinstance(opened, DeviationOpened)
    number = opened.deviation
    accepted(assess(floor, number, classification="critical", reason="damaged"))
    refused(close(floor, number), "deviation.needs_qualified_person")
    refused(close(floor, number, approver="q2"), "person.not_of_role")
    accepted(close(floor, number, approver="qp", conclusion="reject_batch"))
    assert [each.id for each in floor.vein("T1").deviations.rejecting(batch)] == [number]


@pytest.mark.requirement("DEV-004", "A critical deviation is closed by QA and the qualified person together.")
def test_one_person_is_not_both_signatures(floor: Floor) -> None:
    """A qualified person who is also QA still needs a colleague."""
    batch = floor.opened()
    floor.person("both", "lingang", "qa", "qualified_person")
    number = reported(floor, batch, classification="critical")
    accepted(assess(floor, number, classification="critical"))
    refused(close(floor, number, by="both", approver="both"), "person.same_person")


@pytest.mark.requirement("DEV-003", "Nobody closes a deviation that they raised or whose step they worked on.")
def test_who_raised_it_does_not_approve_its_closing(floor: Floor) -> None:
    """A qualified person who reported a critical deviation leaves the second signature to another."""
    floor.person("qp2", "lingang", "qualified_person")
    number = reported(floor, floor.opened(), by="qp", classification="critical")
    accepted(assess(floor, number, classification="critical"))
    refused(close(floor, number, approver="qp"), "deviation.own_work")
    accepted(close(floor, number, approver="qp2"))


@pytest.mark.requirement("DEV-005", "An assessment may raise a deviation's class, never lower it.")
def test_a_class_is_raised_but_not_lowered(floor: Floor) -> None:
    """Minor to critical is allowed and binds the closing; critical to major is refused."""
    number = reported(floor, floor.opened())
    accepted(assess(floor, number, classification="critical"))
    refused(assess(floor, number, classification="major"), "deviation.cannot_lower")
    refused(close(floor, number), "deviation.needs_qualified_person")


@pytest.mark.requirement("DEV-006", "Another treatment's deviation is refused, and the attempt is on record.")
def test_a_deviation_filed_under_another_patient(floor: Floor) -> None:
    """The number of T1's deviation presented with T2 changes nothing in either."""
    batch = floor.opened("T1", "s1")
    floor.opened("T2", "s2")
    number = reported(floor, batch)
    refused(assess(floor, number, treatment="T2"), "deviation.unknown")
    refused(close(floor, number, treatment="T2"), "deviation.unknown")
    assert floor.refused_matches("T2") == ["deviation.unknown"] * 2
    assert floor.vein("T1").deviations.by_id[number].state == "open"


@pytest.mark.requirement("DEV-007", "A deviation of the batch as a whole is closed by nobody who worked on the batch.")
def test_nobody_judges_the_batch_that_they_worked_on(floor: Floor) -> None:
    """No step is named; an operator who is QA too worked on one of them."""
    batch = floor.opened()
    floor.given(PersonRegistered("o2", "lingang", ("operator", "qa"), ""))
    accepted(floor.start(batch, "receive"))
    number = reported(floor, batch, step="")
    accepted(assess(floor, number))
    refused(close(floor, number, by="o2"), "deviation.own_work")
    accepted(close(floor, number))


@pytest.mark.requirement(
    "DEV-008", "A deviation that is closed with the rejection of a released batch revokes the release at once."
)
def test_a_rejection_after_release() -> None:
    """The hospital is alerted, and the permit that was issued before lets nobody infuse."""
    course = Course()
    permit = course.at_bedside()
    course.deviates()
    asked: dict[str, Any] = {"deviation": "D1", "reason": "contamination"}
    done_in_course(course.does(deviation.assess, "qa-2", classification="major", note="It grew.", **asked))
    done = course.does(deviation.close, "qa-2", conclusion="reject_batch", **asked)
    assert kinds(done) == [
        "deviation.closed.v1",
        "disposition.revoked.v1",
        "disposition.clinician_alerted.v1",
        "permit.withdrawn.v1",
    ]
    assert course.state() == "revoked"
    refused_in_course(course.thaws(permit), "disposition.revoked")
