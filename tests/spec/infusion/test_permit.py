"""Availability, lymphodepletion and the permit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import disposition, infusion
from yimai.domain import permit as permits
from yimai.domain.custody import ContainerConsumed
from yimai.domain.infusion import AvailabilityConfirmed
from yimai.domain.refusal import Refusal


@pytest.mark.requirement("INF-030", "Lymphodepletion begins only once availability is confirmed.")
def test_lymphodepletion_waits_for_availability(course: Course) -> None:
    """Nobody loses the immune system for a product that is not there."""
    course.made()
    refused(course.does(infusion.start_lymphodepletion, "physician"), "infusion.availability_unconfirmed")
    confirm: dict[str, Any] = {"batch": "B-T1"}
    refused(course.does(infusion.confirm_availability, "coordinator", **confirm), "infusion.not_available")
    course.tested().reviewed()
    accepted(course.decides(disposition.release_conditionally))
    accepted(course.does(infusion.confirm_availability, "coordinator", **confirm))
    refused(course.does(infusion.confirm_availability, "coordinator", **confirm), "infusion.already_confirmed")
    accepted(course.does(infusion.start_lymphodepletion, "physician"))


@pytest.mark.requirement("INF-031", "A bag that has been received at the hospital makes the product available too.")
def test_a_product_at_the_hospital_is_available(course: Course) -> None:
    """Under quarantine, before release."""
    course.made().delivered(received=False)
    refused(course.does(infusion.confirm_availability, "physician", batch="B-T1"), "infusion.not_available")
    arrived = Course()
    arrived.made().delivered()
    done = accepted(arrived.does(infusion.confirm_availability, "qa-1", batch="B-T1"))
    fact = done.facts[0]
    assert isinstance(fact, AvailabilityConfirmed)
    assert fact.basis == "at_hospital"


@pytest.mark.requirement("INF-032", "Availability that is lost by revocation or rejection stops lymphodepletion.")
@pytest.mark.parametrize("lost", ["revoked", "rejected"])
def test_lost_availability(course: Course, lost: str) -> None:
    """Confirmed yesterday, gone today."""
    if lost == "revoked":
        course.released()
    else:
        course.made().delivered()
    accepted(course.does(infusion.confirm_availability, "coordinator", batch="B-T1"))
    if lost == "revoked":
        accepted(course.records("sterility", "positive"))
    else:
        accepted(course.decides(disposition.reject, reason="quality_concern"))
    refused(course.does(infusion.start_lymphodepletion, "physician"), f"disposition.{lost}")


@pytest.mark.requirement("INF-033", "Lymphodepletion is begun anew only when the window of the first has closed.")
def test_lymphodepletion_is_not_begun_twice(course: Course) -> None:
    """At the last moment of the window it still counts; after it the physician may begin again."""
    course.released().lymphodepleted(days=14)
    refused(course.does(infusion.start_lymphodepletion, "physician"), "infusion.lymphodepletion_runs")
    course.now += timedelta(microseconds=1)
    accepted(course.does(infusion.start_lymphodepletion, "physician"))


@pytest.mark.requirement("INF-034", "A physician of the ordering hospital begins lymphodepletion.")
def test_roles_of_lymphodepletion(course: Course) -> None:
    """Not a nurse, not a physician from elsewhere, not the base."""
    course.released()
    accepted(course.does(infusion.confirm_availability, "coordinator", batch="B-T1"))
    refused(course.does(infusion.start_lymphodepletion, "nurse-1"), "person.not_of_role")
    refused(course.does(infusion.start_lymphodepletion, "other-physician"), "person.not_of_site")
    refused(course.does(infusion.start_lymphodepletion, "qp-1"), "person.not_of_site")


@pytest.mark.requirement("INF-040", "A permit needs a release that stands.")
def test_a_permit_needs_a_release(course: Course) -> None:
    """Tested and reviewed is not released."""
    course.made().tested().reviewed()
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "disposition.not_supplied")
    accepted(course.decides(disposition.release_conditionally))
    assert kinds(course.decides(infusion.issue_permit, containers=("F1-T1",))) == ["permit.issued.v1"]


@pytest.mark.requirement("INF-041", "A permit is bound to the release entry it was issued on.")
def test_a_permit_is_bound_to_its_release(course: Course) -> None:
    """It names the hash of that entry, and is no good on any other."""
    course.released().delivered()
    permit = course.permitted()
    vein = course.vein()
    release = next(entry for entry in course.entries() if entry.kind == "disposition.conditionally_released.v1")
    issued = vein.infusion.permits[permit]
    assert issued.release == release.hash.hex()
    moved = {permit: replace(issued, release="00")}
    verdict = permits.covers(vein.treatment, vein.labels, vein.disposition, moved, permit, "F1-T1")
    assert isinstance(verdict, Refusal)
    assert verdict.code == "permit.other_release"


@pytest.mark.requirement("INF-042", "A permit names final bags of the released batch, at least one, each once.")
@pytest.mark.parametrize(
    ("containers", "code"),
    [
        ((), "permit.nothing_covered"),
        (("F1-T1", "F1-T1"), "permit.nothing_covered"),
        (("F1-T1", "F1-T2"), "label.not_this_patients"),
        (("S-harvest-T1",), "label.wrong_carrier"),
        (("F9-T1",), "permit.not_of_batch"),
    ],
)
def test_what_a_permit_covers(course: Course, containers: tuple[str, ...], code: str) -> None:
    """Another patient's bag, a tube, or a labelled bag that this batch did not fill: each is refused."""
    course.made("T2")
    course.released()
    course.label("T1", "F9-T1", "final_bag")
    refused(course.decides(infusion.issue_permit, containers=containers), code)


@pytest.mark.requirement("INF-043", "A bag is on one open permit at most.")
def test_a_bag_is_on_one_permit(course: Course) -> None:
    """A second permit needs the first withdrawn."""
    course.released()
    permit = course.permitted("F1-T1")
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "permit.already_covered")
    accepted(course.decides(infusion.issue_permit, containers=("F2-T1",)))
    arguments: dict[str, Any] = {"permit": permit, "reason": "patient_unfit"}
    refused(course.does(infusion.withdraw_permit, "physician", **{**arguments, "reason": ""}), "reason.unknown")
    refused(course.does(infusion.withdraw_permit, "nurse-1", **arguments), "person.not_of_role")
    accepted(course.does(infusion.withdraw_permit, "physician", **arguments))
    refused(course.does(infusion.withdraw_permit, "physician", **arguments), "permit.withdrawn")
    accepted(course.decides(infusion.issue_permit, containers=("F1-T1",)))


@pytest.mark.requirement("INF-044", "A withdrawn permit opens nothing.")
def test_a_withdrawn_permit(course: Course) -> None:
    """Neither thaw nor match nor infusion."""
    permit = course.at_bedside()
    accepted(course.does(infusion.withdraw_permit, "qa-1", permit=permit, reason="quality_concern"))
    refused(course.thaws(permit), "permit.withdrawn")
    refused(course.matches(permit), "permit.withdrawn")
    refused(course.starts(permit), "permit.withdrawn")


@pytest.mark.requirement("INF-045", "A bag outside the permit is refused and recorded.")
def test_a_bag_outside_the_permit(course: Course) -> None:
    """The permit names F1; F2 is this patient's too, but was not permitted."""
    course.released().delivered().lymphodepleted()
    permit = course.permitted("F1-T1")
    refused(course.thaws(permit, "F2-T1"), "permit.not_covered")
    refused(course.matches(permit, "F2-T1"), "permit.not_covered")
    assert course.refused_matches() == ["permit.not_covered"] * 2


@pytest.mark.requirement("INF-046", "No permit while a deviation of the batch is open, or after one that rejects it.")
def test_a_deviation_after_release_gates_the_permit(course: Course) -> None:
    """What comes to light after release counts."""
    course.released()
    course.deviates()
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "disposition.deviation_open")
    course.concludes("reject_batch")
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "disposition.deviation_rejects")


@pytest.mark.requirement("INF-047", "A lost bag is not permitted.")
def test_a_lost_bag_is_not_permitted(course: Course) -> None:
    """A fractured bag is gone."""
    course.released()
    course.given(ContainerConsumed("T1", "F1-T1", "lost", course.signature("operator-1")))
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "custody.gone")


@pytest.mark.requirement("INF-048", "QA or a qualified person of the base issues permits.")
def test_roles_of_permits(course: Course) -> None:
    """Not the hospital itself."""
    course.released()
    refused(course.decides(infusion.issue_permit, "physician", containers=("F1-T1",)), "person.not_of_site")
    refused(course.decides(infusion.issue_permit, "operator-1", containers=("F1-T1",)), "person.not_of_role")
    accepted(course.decides(infusion.issue_permit, "qa-1", containers=("F1-T1",)))
