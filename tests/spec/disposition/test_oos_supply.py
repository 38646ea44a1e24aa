"""Out-of-specification supply: the whole route, each missing piece, and never past an identity failure."""

from __future__ import annotations

from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import disposition, infusion, oos_supply
from yimai.actions.decision import Answer
from yimai.domain.treatment import TreatmentHeld

PIECES = ("request", "evaluation", "acceptance", "authority", "sponsor")


def do(course: Course, piece: str) -> Answer:
    """Do one piece of the route for a batch whose viability fails."""
    asked: dict[str, tuple[Any, str, dict[str, Any]]] = {
        "request": (oos_supply.request, "physician", {"tests": ("viability",), "reason": "no_alternative"}),
        "evaluation": (oos_supply.evaluate_risk, "qp-2", {"evaluation": b"Fewer living cells; the dose is still met."}),
        "acceptance": (oos_supply.accept_risk, "physician", {}),
        "authority": (oos_supply.give_notice, "qa-1", {"to": "authority", "reference": "2026-17"}),
        "sponsor": (oos_supply.give_notice, "qa-1", {"to": "sponsor", "reference": "2026-18"}),
    }
    action, by, more = asked[piece]
    return course.decides(action, by, **more)


def failing(course: Course) -> Course:
    """A batch whose viability of 75 % fails the specification, reviewed by QA."""
    return course.made().tested({"viability": "75"}).reviewed()


@pytest.mark.requirement(
    "OOS-001", "Requested, evaluated, accepted and notified, a failing batch is supplied, not released."
)
def test_the_whole_route(course: Course) -> None:
    """The state can never be read as a certification, and its bags may be infused under a permit."""
    failing(course)
    for piece in PIECES:
        accepted(do(course, piece))
    done = course.decides(disposition.supply_out_of_specification)
    assert kinds(done) == ["disposition.oos_supplied.v1"]
    assert course.state() == "oos_supplied"
    assert course.vein().disposition.of("B-T1").released is None
    refused(course.decides(disposition.issue_certificate), "certificate.not_released")
    refused(course.decides(disposition.release), "disposition.already_disposed")
    course.permitted()


@pytest.mark.requirement("OOS-002", "Each piece of the route is needed.")
@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("request", "oos_supply.not_requested"),
        ("evaluation", "oos_supply.not_evaluated"),
        ("acceptance", "oos_supply.not_accepted"),
        ("authority", "oos_supply.notice_missing"),
        ("sponsor", "oos_supply.notice_missing"),
    ],
)
def test_each_missing_piece_is_named(course: Course, missing: str, code: str) -> None:
    """Without it the supply is refused; with it the supply goes."""
    failing(course)
    for piece in PIECES:
        if piece != missing:
            do(course, piece)
    refused(course.decides(disposition.supply_out_of_specification), code)
    for piece in PIECES:
        do(course, piece)
    accepted(course.decides(disposition.supply_out_of_specification))


@pytest.mark.requirement("OOS-003", "The physician accepts after the evaluation, not before.")
def test_acceptance_follows_the_evaluation(course: Course) -> None:
    """A risk that nobody has evaluated cannot be accepted; nor twice."""
    failing(course)
    refused(do(course, "evaluation"), "oos_supply.not_requested")
    accepted(do(course, "request"))
    refused(do(course, "acceptance"), "oos_supply.not_evaluated")
    accepted(do(course, "evaluation"))
    accepted(do(course, "acceptance"))
    refused(do(course, "acceptance"), "oos_supply.already_done")
    refused(do(course, "evaluation"), "oos_supply.already_done")


@pytest.mark.requirement("OOS-004", "The request names exactly the tests that fail.")
@pytest.mark.parametrize("tests", [(), ("ifn_gamma",), ("viability", "ifn_gamma")])
def test_the_request_names_the_failing_tests(course: Course, tests: tuple[str, ...]) -> None:
    """Neither fewer nor others nor more."""
    failing(course)
    answer = course.decides(oos_supply.request, "physician", tests=tests, reason="no_alternative")
    refused(answer, "oos_supply.tests_differ")


@pytest.mark.requirement("OOS-005", "A further failure needs a new request, and the route begins anew.")
def test_a_further_failure_needs_a_new_request(course: Course) -> None:
    """What was accepted for one failing test does not cover two."""
    failing(course)
    for piece in PIECES:
        accepted(do(course, piece))
    accepted(course.records("vcn", "6"))
    refused(course.decides(disposition.supply_out_of_specification), "oos_supply.tests_differ")
    both = ("viability", "vcn")
    accepted(course.decides(oos_supply.request, "physician", tests=both, reason="no_alternative"))
    refused(course.decides(disposition.supply_out_of_specification), "oos_supply.not_evaluated")


@pytest.mark.requirement("OOS-006", "A failed identity test is never supplied, by whatever route.")
def test_an_identity_failure_is_never_supplied(course: Course) -> None:
    """Every door is shut, every attempt recorded, and rejection is what is left."""
    course.made().tested({"identity": "no_match"}).reviewed()
    named: dict[str, Any] = {"tests": ("identity",), "reason": "no_alternative"}
    refused(course.decides(oos_supply.request, "physician", **named), "sample.identity_failed")
    for action in (
        disposition.release_conditionally,
        disposition.release,
        disposition.supply_out_of_specification,
    ):
        refused(course.decides(action), "sample.identity_failed")
    assert course.refused_matches() == ["sample.identity_failed"] * 4
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "disposition.not_supplied")
    accepted(course.decides(disposition.reject, reason="identity_mismatch"))


@pytest.mark.requirement("OOS-007", "An identity test that is missing or unverified shuts the route too.")
def test_the_identity_test_is_needed_for_supply(course: Course) -> None:
    """The route excuses failing tests, not missing ones, identity least of all."""
    course.made().tested({"viability": "75"}, without="identity").reviewed()
    for piece in PIECES:
        accepted(do(course, piece))
    refused(course.decides(disposition.supply_out_of_specification), "sample.result_missing")
    accepted(course.records("identity"))
    refused(course.decides(disposition.supply_out_of_specification), "sample.unverified")
    accepted(course.verifies("identity"))
    accepted(course.decides(disposition.supply_out_of_specification))


@pytest.mark.requirement("OOS-008", "An identity failure that comes to light later shuts a route that was complete.")
def test_a_later_identity_failure_shuts_the_route(course: Course) -> None:
    """All pieces are there; the last result decides."""
    course.made().tested({"viability": "75"}, without="identity").reviewed()
    for piece in PIECES:
        accepted(do(course, piece))
    accepted(course.records("identity", "no_match"))
    refused(course.decides(disposition.supply_out_of_specification), "sample.identity_failed")


@pytest.mark.requirement(
    "OOS-009", "The physician is of the ordering hospital, the evaluator a qualified person of the base."
)
def test_roles_of_the_route(course: Course) -> None:
    """Nobody signs for the other side."""
    failing(course)
    named: dict[str, Any] = {"tests": ("viability",), "reason": "no_alternative"}
    refused(course.decides(oos_supply.request, "other-physician", **named), "person.not_of_site")
    refused(course.decides(oos_supply.request, "nurse-1", **named), "person.not_of_role")
    refused(course.decides(oos_supply.request, "qp-1", **named), "person.not_of_site")
    accepted(do(course, "request"))
    refused(course.decides(oos_supply.evaluate_risk, "qa-1", evaluation=b"x"), "person.not_of_role")
    accepted(do(course, "evaluation"))
    refused(course.decides(oos_supply.accept_risk, "other-physician"), "person.not_of_site")
    refused(course.decides(disposition.supply_out_of_specification, "qa-1"), "person.not_of_role")


@pytest.mark.requirement("OOS-010", "There is no such route for a batch without a failure, or already disposed of.")
def test_no_route_without_need(course: Course) -> None:
    """A good batch is released; a disposed one stays as it is; a held treatment waits."""
    course.made().tested().reviewed()
    named: dict[str, Any] = {"tests": ("viability",), "reason": "no_alternative"}
    refused(course.decides(oos_supply.request, "physician", **named), "oos_supply.nothing_fails")
    failing_one = failing(Course())
    failing_one.given(TreatmentHeld("T1", "investigation", failing_one.signature("qa-1")))
    refused(do(failing_one, "request"), "treatment.held")
    rejected = failing(Course())
    accepted(rejected.decides(disposition.reject, reason="out_of_specification"))
    refused(do(rejected, "request"), "oos_supply.not_open")


@pytest.mark.requirement("OOS-011", "A request needs a reason, a notice its reference, and neither is made twice.")
def test_reason_reference_and_repetition(course: Course) -> None:
    """Each refusal says what is missing."""
    failing(course)
    refused(course.decides(oos_supply.request, "physician", tests=("viability",), reason=""), "reason.unknown")
    accepted(do(course, "request"))
    refused(do(course, "request"), "oos_supply.already_requested")
    empty: dict[str, Any] = {"to": "authority", "reference": " "}
    refused(course.decides(oos_supply.give_notice, "qa-1", **empty), "oos_supply.reference_missing")
    accepted(do(course, "authority"))
    refused(do(course, "authority"), "oos_supply.already_done")


@pytest.mark.requirement(
    "OOS-012", "A late failure that the supply does not cover revokes it; one that it covers does not."
)
def test_a_late_failure_after_supply(course: Course) -> None:
    """The physician accepted the viability, not a positive sterility test."""
    failing(course)
    for piece in PIECES:
        accepted(do(course, piece))
    accepted(course.decides(disposition.supply_out_of_specification))
    course.permitted()
    course.label("T1", "S-second-T1", "sample")
    accepted(course.takes("harvest", "harvest", sample_id="S-second-T1"))
    accepted(course.receives("S-second-T1"))
    again = course.records("viability", "74", sample="S-second-T1")
    assert kinds(again) == ["sample.result_recorded.v1"]
    assert kinds(course.records("sterility", "positive")) == [
        "sample.result_recorded.v1",
        "disposition.revoked.v1",
        "disposition.clinician_alerted.v1",
        "permit.withdrawn.v1",
    ]


@pytest.mark.requirement("OOS-013", "The evaluation's text lies in the vault, its commitment in the fact.")
def test_the_evaluation_goes_to_the_vault(course: Course) -> None:
    """No text of the evaluation is in the ledger."""
    failing(course)
    accepted(do(course, "request"))
    done = accepted(do(course, "evaluation"))
    assert b"Fewer living cells" not in done.entries[0].content
    deposit = course.kept[-1]
    assert (deposit.person, deposit.contents) == ("T1", b"Fewer living cells; the dose is still met.")
