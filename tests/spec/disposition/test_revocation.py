"""A release is taken back at once when a late result fails, and nothing brings it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import disposition, infusion, sample
from yimai.actions.decision import Answer
from yimai.domain.disposition import ClinicianAlerted, DispositionRevoked
from yimai.domain.refusals import REFUSALS
from yimai.domain.treatment import TreatmentHeld, TreatmentWithdrawn


@pytest.mark.requirement("DIS-030", "A late positive revokes, alerts the hospital and kills the permit in one command.")
@pytest.mark.parametrize(("test", "value"), [("sterility", "positive"), ("vcn", "5")])
def test_a_late_failure_revokes_alerts_and_withdraws_the_permit(course: Course, test: str, value: str) -> None:
    """The result need not be verified first: safety does not wait for the second analyst."""
    course.released()
    permit = course.permitted()
    done = accepted(course.records(test, value))
    assert [fact.kind for fact in done.facts] == [
        "sample.result_recorded.v1",
        "disposition.revoked.v1",
        "disposition.clinician_alerted.v1",
        "permit.withdrawn.v1",
    ]
    assert len({entry.command for entry in done.entries}) == 1
    revoked, alerted = done.facts[1], done.facts[2]
    assert isinstance(revoked, DispositionRevoked)
    assert isinstance(alerted, ClinicianAlerted)
    assert (revoked.result, revoked.revoked) == (f"S-harvest-T1/{test}#1", None)
    assert (alerted.hospital, alerted.result) == ("huashan", f"S-harvest-T1/{test}#1")
    assert course.state() == "revoked"
    assert course.vein().infusion.permits[permit].state == "withdrawn"


@pytest.mark.requirement("DIS-031", "A late positive is heard in a treatment that is held, ended or already infused.")
@pytest.mark.parametrize("stopped", ["held", "withdrawn", "infused"])
def test_a_late_failure_is_heard_whatever_became_of_the_treatment(course: Course, stopped: str) -> None:
    """The physician must know it then most of all."""
    if stopped == "infused":
        course.infused()
    else:
        course.released()
    if stopped == "held":
        course.given(TreatmentHeld("T1", "investigation", course.signature("qa-1")))
    if stopped == "withdrawn":
        course.given(TreatmentWithdrawn("T1", "progression", course.signature("physician")))
    assert "disposition.clinician_alerted.v1" in kinds(course.records("sterility", "positive"))


@pytest.mark.requirement("DIS-032", "After revocation: no release, no permit, no infusion, for anyone.")
@pytest.mark.parametrize(
    ("action", "by", "more", "code"),
    [
        (disposition.release_conditionally, "qp-2", {}, "disposition.already_disposed"),
        (disposition.release, "qp-2", {}, "disposition.already_disposed"),
        (disposition.supply_out_of_specification, "qp-2", {}, "disposition.already_disposed"),
        (disposition.review, "qa-2", {}, "disposition.already_disposed"),
        (disposition.issue_certificate, "qp-2", {}, "certificate.not_released"),
        (infusion.issue_permit, "qp-2", {"containers": ("F1-T1",)}, "disposition.revoked"),
        (infusion.confirm_availability, "coordinator", {}, "disposition.revoked"),
        (disposition.revoke, "qp-2", {"reason": "quality_concern"}, "disposition.revoked"),
    ],
)
def test_nothing_follows_a_revocation(
    course: Course, action: Callable[..., Answer], by: str, more: dict[str, Any], code: str
) -> None:
    """A revoked batch can only be rejected."""
    course.released()
    accepted(course.decides(disposition.revoke, "qa-1", reason="quality_concern"))
    refused(course.decides(action, by, **more), code)
    accepted(course.decides(disposition.reject, reason="quality_concern"))


@pytest.mark.requirement("DIS-033", "Invalidating the late result does not bring the release back.")
def test_an_invalidated_late_result_does_not_bring_the_release_back(course: Course) -> None:
    """What was revoked stays revoked."""
    course.released()
    accepted(course.records("sterility", "positive"))
    arguments: dict[str, Any] = {"sample": "S-harvest-T1", "test": "sterility", "reason": "analyst_error"}
    accepted(course.does(sample.invalidate_result, "qa-1", **arguments))
    accepted(course.records("sterility", "negative"))
    accepted(course.verifies("sterility"))
    assert course.state() == "revoked"
    refused(course.decides(disposition.release), "disposition.already_disposed")


@pytest.mark.requirement("DIS-034", "QA or a qualified person revokes by hand, with a reason; the hospital is alerted.")
def test_revocation_by_hand(course: Course) -> None:
    """The permit dies with it."""
    course.released()
    permit = course.permitted()
    refused(course.decides(disposition.revoke, "operator-1", reason="quality_concern"), "person.not_of_role")
    refused(course.decides(disposition.revoke, "qa-1", reason=""), "reason.unknown")
    assert kinds(course.decides(disposition.revoke, "qa-1", reason="quality_concern")) == [
        "disposition.revoked.v1",
        "disposition.clinician_alerted.v1",
        "permit.withdrawn.v1",
    ]
    assert course.vein().infusion.permits[permit].state == "withdrawn"


@pytest.mark.requirement("DIS-035", "What was never let go cannot be revoked.")
def test_nothing_to_revoke(course: Course) -> None:
    """A batch without a release has none to lose."""
    course.made()
    refused(course.decides(disposition.revoke, reason="quality_concern"), "disposition.not_supplied")


@pytest.mark.requirement("DIS-036", "Identity, identity test, permit, revocation and release are overridden by nobody.")
@pytest.mark.parametrize(
    "noun", ["sample", "disposition", "oos_supply", "certificate", "permit", "infusion", "retention"]
)
def test_no_refusal_of_these_nouns_has_an_override(noun: str) -> None:
    """Each rule says who may open it; these say nobody."""
    of_noun = [kind for code, kind in REFUSALS.items() if code.startswith(f"{noun}.")]
    assert of_noun
    assert [kind.code for kind in of_noun if kind.override] == []
