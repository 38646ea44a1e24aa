"""A batch is let go in two stages, each gate closed without its condition and open with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.spec.disposition.course import BASE, HOSPITAL, RECIPE, Course, accepted, kinds, refused

from yimai.actions import disposition, sample
from yimai.actions.decision import Answer
from yimai.domain import specification
from yimai.domain.batch import BatchCompleted
from yimai.domain.label import LabelDestroyed
from yimai.domain.person import PersonRegistered
from yimai.domain.recipe_content import recipe_from
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened, ShipmentPacked
from yimai.domain.treatment import TreatmentHeld, TreatmentResumed, TreatmentWithdrawn

CONDITIONALLY, FULLY = disposition.release_conditionally, disposition.release


@pytest.mark.requirement(
    "DIS-001", "A batch that passed its early tests is released conditionally, before the late ones."
)
def test_conditional_release(course: Course) -> None:
    """Completed, tested, reviewed by QA: a qualified person lets it go while sterility still runs."""
    course.made().tested().reviewed()
    assert kinds(course.decides(CONDITIONALLY)) == ["disposition.conditionally_released.v1"]
    assert course.state() == "conditionally_released"
    refused(course.decides(CONDITIONALLY), "disposition.already_disposed")


@pytest.mark.requirement("DIS-002", "Full release needs the late tests too, after conditional release or directly.")
@pytest.mark.parametrize("conditionally_first", [True, False])
def test_full_release(course: Course, conditionally_first: bool) -> None:
    """Each late test must be there and verified."""
    course.made().tested().reviewed()
    if conditionally_first:
        accepted(course.decides(CONDITIONALLY))
    assert "sterility" in refused(course.decides(FULLY), "sample.result_missing").en
    accepted(course.records("sterility"))
    accepted(course.records("vcn"))
    accepted(course.verifies("vcn"))
    assert "sterility" in refused(course.decides(FULLY), "sample.unverified").en
    accepted(course.verifies("sterility"))
    assert kinds(course.decides(FULLY)) == ["disposition.released.v1"]
    assert course.state() == "released"
    refused(course.decides(FULLY), "disposition.already_disposed")


@pytest.mark.requirement("DIS-003", "Every early test gates conditional release.")
@pytest.mark.parametrize("test", ["viability", "ifn_gamma", "rapid_sterility", "identity"])
def test_each_early_test_is_a_gate(course: Course, test: str) -> None:
    """Closed while the result is missing, and while it is not verified; open afterwards."""
    course.made().tested(without=test).reviewed()
    refused(course.decides(CONDITIONALLY), "sample.result_missing")
    accepted(course.records(test))
    refused(course.decides(CONDITIONALLY), "sample.unverified")
    accepted(course.verifies(test))
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement(
    "DIS-004", "A result that does not conform forbids release, at whatever stage it was measured."
)
@pytest.mark.parametrize(("test", "value"), [("viability", "79.9"), ("reference", "not_established")])
@pytest.mark.parametrize("release", [CONDITIONALLY, FULLY])
def test_a_failing_result_forbids_release(
    course: Course, test: str, value: str, release: Callable[..., Answer]
) -> None:
    """Then only rejection or the out-of-specification route is left."""
    course.made().tested({test: value}, late=True).reviewed()
    assert test in refused(course.decides(release), "sample.nonconforming").en
    accepted(course.decides(disposition.reject, reason="out_of_specification"))


@pytest.mark.requirement("DIS-005", "One of several samples' results is never taken for all of them.")
def test_every_sample_taken_for_a_test_must_have_its_result(course: Course) -> None:
    """A second harvest sample counts too: a reinstated sample is missed by no worksheet."""
    course.made()
    course.label("T1", "S-second-T1", "sample")
    accepted(course.takes("harvest", "harvest", sample_id="S-second-T1"))
    course.tested().reviewed()
    refused(course.decides(CONDITIONALLY), "sample.result_missing")
    accepted(course.does(sample.void, "qa-1", sample="S-second-T1", reason="damaged"))
    course.reviewed()
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement("DIS-006", "The batch must be completed.")
def test_an_unfinished_batch_is_neither_reviewed_nor_released(course: Course) -> None:
    """The batch record is finished first."""
    course.made(completed=False).tested()
    refused(course.decides(disposition.review, "qa-1"), "disposition.not_completed")
    refused(course.decides(CONDITIONALLY), "disposition.not_completed")
    course.given(BatchCompleted("T1", "B-T1", course.signature("operator-1")))
    course.reviewed()
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement("DIS-007", "QA reviews the batch record before release.")
def test_release_needs_the_review(course: Course) -> None:
    """Without a review by exception no release."""
    course.made().tested()
    refused(course.decides(CONDITIONALLY), "disposition.not_reviewed")
    course.reviewed()
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement("DIS-008", "An exception that arose after the review needs another review.")
def test_a_review_is_outdated_by_a_new_exception(course: Course) -> None:
    """A deviation opened and closed after QA looked has not been reviewed."""
    course.made().tested().reviewed()
    course.deviates().concludes("no_impact")
    assert "D1" in refused(course.decides(CONDITIONALLY), "disposition.review_outdated").en
    course.reviewed()
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement("DIS-009", "No release while a deviation is open, none after one that demands rejection.")
def test_deviations_gate_release(course: Course) -> None:
    """Open: wait. Closed with the rejection of the batch: never."""
    course.made().tested()
    course.deviates()
    course.reviewed()
    refused(course.decides(CONDITIONALLY), "disposition.deviation_open")
    course.concludes("acceptable").deviates("D2").concludes("reject_batch", "D2")
    course.reviewed()
    refused(course.decides(CONDITIONALLY), "disposition.deviation_rejects")


@pytest.mark.requirement("DIS-010", "Labels are reconciled before release.")
def test_a_stray_label_gates_release(course: Course) -> None:
    """A copy that was printed but neither used nor destroyed could end up on another patient's bag."""
    course.made().tested().reviewed()
    course.label("T1", "F3-T1", "final_bag", used=False)
    refused(course.decides(CONDITIONALLY), "label.unreconciled")
    course.given(LabelDestroyed("T1", "F3-T1", 1, "surplus", course.signature("operator-1")))
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement("DIS-011", "No release while an excursion awaits QA's decision.")
def test_an_open_excursion_gates_release(course: Course) -> None:
    """QA decides on it, and the decision is part of what is reviewed."""
    course.made().tested()
    sign = course.signature("qa-2")
    course.given(
        ShipmentPacked("T1", "X-in", ("F1-T1",), HOSPITAL, BASE, None, None, None, sign),
        ExcursionOpened("T1", "E1", "X-in", "no_data"),
    )
    course.reviewed()
    refused(course.decides(CONDITIONALLY), "shipment.excursion_open")
    course.given(ExcursionAssessed("T1", "E1", True, "stability_data_support", sign))
    accepted(course.decides(CONDITIONALLY))


@pytest.mark.requirement("DIS-012", "A held treatment's batch is not released, an ended one's neither.")
def test_a_held_or_ended_treatment_gates_release(course: Course) -> None:
    """Resumed, it may go on; withdrawn, it may not."""
    course.made().tested().reviewed()
    course.given(TreatmentHeld("T1", "investigation", course.signature("qa-1")))
    refused(course.decides(CONDITIONALLY), "treatment.held")
    course.given(TreatmentResumed("T1", course.signature("qa-1")))
    accepted(course.decides(CONDITIONALLY))
    course.given(TreatmentWithdrawn("T1", "progression", course.signature("physician")))
    course.tested_late()
    refused(course.decides(FULLY), "treatment.ended")


@pytest.mark.requirement("DIS-013", "A qualified person of the base releases, QA of the base reviews.")
def test_roles(course: Course) -> None:
    """Nobody else, and nobody of another site."""
    course.made().tested()
    refused(course.decides(disposition.review, "qp-1"), "person.not_of_role")
    refused(course.decides(disposition.review, "physician"), "person.not_of_site")
    course.reviewed()
    refused(course.decides(CONDITIONALLY, "qa-2"), "person.not_of_role")
    refused(course.decides(CONDITIONALLY, "physician"), "person.not_of_site")


@pytest.mark.requirement(
    "DIS-014", "Whoever performed, verified or tested in the batch neither reviews nor releases it."
)
@pytest.mark.parametrize("worker", ["operator-2", "analyst-2"])
def test_who_worked_on_the_batch_does_not_judge_it(course: Course, worker: str) -> None:
    """Not even with every role in the house."""
    roles = ("operator", "qc_analyst", "qa", "qualified_person")
    course.given(PersonRegistered(worker, BASE, roles, ""))  # type: ignore[arg-type]
    course.made().tested()
    refused(course.decides(disposition.review, worker), "disposition.not_independent")
    course.reviewed()
    refused(course.decides(CONDITIONALLY, worker), "disposition.not_independent")


@pytest.mark.requirement("DIS-037", "Who took a sample of the batch does not judge it.")
def test_the_sampler_does_not_review(course: Course) -> None:
    """Somebody who is operator and QA did nothing in the batch but draw one more sample."""
    course.given(PersonRegistered("qa-2", BASE, ("operator", "qa"), ""))
    course.made().tested()
    course.label("T1", "S-extra", "sample")
    accepted(course.decides(sample.take, "qa-2", sample="S-extra", plan="day_5", step="culture"))
    refused(course.decides(disposition.review, "qa-2"), "disposition.not_independent")
    accepted(course.decides(disposition.review, "qa-1"))


@pytest.mark.requirement("DIS-015", "The reviewer and the qualified person are two people.")
def test_the_reviewer_does_not_release(course: Course) -> None:
    """Somebody who is both QA and qualified person does one of the two."""
    course.given(PersonRegistered("qa-1", BASE, ("qa", "qualified_person"), ""))
    course.made().tested().reviewed()
    refused(course.decides(CONDITIONALLY, "qa-1"), "disposition.not_independent")
    accepted(course.decides(CONDITIONALLY, "qp-1"))


@pytest.mark.requirement("DIS-016", "Another patient's batch is refused, and the refusal is recorded.")
@pytest.mark.parametrize(
    ("action", "more"),
    [
        (disposition.review, {}),
        (CONDITIONALLY, {}),
        (FULLY, {}),
        (disposition.supply_out_of_specification, {}),
        (disposition.issue_certificate, {}),
        (disposition.reject, {"reason": "quality_concern"}),
        (disposition.revoke, {"reason": "quality_concern"}),
    ],
)
def test_another_patients_batch_is_refused(course: Course, action: Callable[..., Answer], more: dict[str, Any]) -> None:
    """T2's batch is disposed of under T2 only."""
    course.made().made("T2")
    by = "qa-1" if action is disposition.review else "qp-1"
    refused(course.does(action, by, batch="B-T2", **more), "batch.unknown")
    assert course.refused_matches() == ["batch.unknown"]


@pytest.mark.requirement("DIS-017", "A rejection has a reason, is final, and takes nothing back that was let go.")
def test_rejection(course: Course) -> None:
    """A released batch is revoked first; a rejected one is neither released nor rejected again."""
    course.released()
    refused(course.decides(disposition.reject, reason="quality_concern"), "disposition.revoke_first")
    accepted(course.decides(disposition.revoke, reason="quality_concern"))
    refused(course.decides(disposition.reject, reason=""), "reason.unknown")
    assert kinds(course.decides(disposition.reject, "qa-1", reason="quality_concern")) == ["disposition.rejected.v1"]
    refused(course.decides(disposition.reject, reason="quality_concern"), "disposition.already_disposed")
    refused(course.decides(CONDITIONALLY), "disposition.already_disposed")
    refused(course.decides(disposition.review, "qa-1"), "disposition.already_disposed")


@pytest.mark.requirement("DIS-018", "A certificate is issued for a full release only, once, on its facts' hash.")
def test_certificate(course: Course) -> None:
    """A conditional release is not certified; equal facts give the same content, other facts another."""
    course.released()
    refused(course.decides(disposition.issue_certificate), "certificate.not_released")
    course.tested_late()
    accepted(course.decides(FULLY))
    refused(course.decides(disposition.issue_certificate, "qa-1"), "person.not_of_role")
    accepted(course.decides(disposition.issue_certificate))
    first = course.vein().disposition.of("B-T1").certificate
    assert len(bytes.fromhex(first)) == 32
    refused(course.decides(disposition.issue_certificate), "certificate.already_certified")
    again, other = Course(), Course()
    for each, values in ((again, {}), (other, {"viability": "93"})):
        each.made().tested(values, late=False).reviewed()
        accepted(each.decides(CONDITIONALLY))
        each.tested_late()
        accepted(each.decides(FULLY))
        accepted(each.decides(disposition.issue_certificate))
    assert again.vein().disposition.of("B-T1").certificate == first
    assert other.vein().disposition.of("B-T1").certificate != first


@pytest.mark.requirement("DIS-019", "The identity test gates conditional release, at whatever stage a recipe puts it.")
def test_identity_is_an_early_gate_in_every_recipe(course: Course) -> None:
    """A recipe that calls the identity test a final one does not open the gate."""
    course.made().tested(without="identity")
    recipe = recipe_from(RECIPE)
    late = tuple(replace(test, stage="final") if test.identity else test for test in recipe.tests)
    refusal = specification.complete(course.vein().samples, replace(recipe, tests=late), "B-T1", ("conditional",))
    assert refusal is not None
    assert (refusal.code, refusal.details["tests"]) == ("sample.result_missing", "identity")
