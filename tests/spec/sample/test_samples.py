"""Samples are the patient's own, taken where the recipe says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import sample


@pytest.mark.requirement("SAM-001", "A labelled sample is taken at a sampling point of the batch's recipe.")
def test_a_labelled_sample_is_taken_where_the_recipe_says(course: Course) -> None:
    """The harvest sample is taken at the harvest and is known to its batch."""
    course.opened()
    assert kinds(course.takes("harvest", "harvest")) == ["sample.taken.v1"]
    taken = course.vein().samples.by_id["S-harvest-T1"]
    assert (taken.batch, taken.plan, taken.step) == ("B-T1", "harvest", "harvest")


@pytest.mark.requirement("SAM-002", "A sample is taken at no other step than the recipe names.")
@pytest.mark.parametrize(("plan", "step"), [("harvest", "culture"), ("unheard_of", "harvest"), ("harvest", "none")])
def test_no_sample_is_taken_where_the_recipe_names_none(course: Course, plan: str, step: str) -> None:
    """A sample at another step, or of another plan, is refused."""
    course.opened()
    refused(course.takes(plan, step, sample_id="S-harvest-T1"), "sample.unknown_plan")


@pytest.mark.requirement("SAM-003", "Nothing is sampled at a step that has not begun.")
def test_no_sample_of_a_step_that_has_not_begun(course: Course) -> None:
    """The harvest is sampled once it has begun, not while the culture still runs."""
    course.opened(begun=("receive", "culture"))
    accepted(course.takes("day_5", "culture"))
    refused(course.takes("harvest", "harvest"), "sample.step_not_begun")


@pytest.mark.requirement("SAM-010", "A sample belongs to a batch of its own treatment.")
def test_no_sample_of_another_patients_batch(course: Course) -> None:
    """T1's tube cannot sample T2's batch, and the attempt is recorded."""
    course.opened().opened("T2")
    arguments: dict[str, Any] = {"batch": "B-T2", "sample": "S-harvest-T1", "plan": "harvest", "step": "harvest"}
    refused(course.does(sample.take, "operator-1", **arguments), "batch.unknown")
    assert course.refused_matches() == ["batch.unknown"]


@pytest.mark.requirement("SAM-004", "One sample identifier serves one plan.")
def test_a_sample_tube_is_used_once(course: Course) -> None:
    """The same tube is neither taken again nor used for another plan."""
    course.opened()
    accepted(course.takes("harvest", "harvest"))
    refused(course.takes("harvest", "harvest"), "sample.already_taken")
    refused(course.takes("identity", "fill", sample_id="S-harvest-T1"), "sample.already_taken")


@pytest.mark.requirement("SAM-005", "Another patient's sample label is refused, and the refusal is a fact.")
def test_another_patients_tube_is_refused_and_recorded(course: Course) -> None:
    """T2's tube cannot take T1's cells; afterwards the right tube still can."""
    course.opened().opened("T2")
    refused(course.takes("harvest", "harvest", sample_id="S-harvest-T2"), "label.not_this_patients")
    assert course.refused_matches() == ["label.not_this_patients"]
    accepted(course.takes("harvest", "harvest"))


@pytest.mark.requirement("SAM-006", "A sample bears a sample's label.")
def test_a_wristband_is_no_sample(course: Course) -> None:
    """An item of this patient that is no sample tube is refused and recorded."""
    course.opened()
    refused(course.takes("harvest", "harvest", sample_id="W-T1"), "label.wrong_carrier")
    assert course.refused_matches() == ["label.wrong_carrier"]


@pytest.mark.requirement("SAM-007", "Operators and analysts of the base take samples.")
def test_a_nurse_takes_no_sample_of_a_batch(course: Course) -> None:
    """People of the hospital, and other roles of the base, are refused."""
    course.opened()
    arguments: dict[str, Any] = {"batch": "B-T1", "sample": "S-harvest-T1", "plan": "harvest", "step": "harvest"}
    refused(course.does(sample.take, "nurse-1", **arguments), "person.not_of_site")
    refused(course.does(sample.take, "administrator", **arguments), "access.never")
    accepted(course.does(sample.take, "analyst-1", **arguments))


@pytest.mark.requirement("SAM-008", "A lost sample is given up by QA, with a reason, unless a result stands on it.")
def test_a_lost_sample_is_given_up_by_qa(course: Course) -> None:
    """Voiding needs QA and a listed reason; no result can then be recorded on the sample."""
    course.made()
    refused(course.does(sample.void, "analyst-1", sample="S-harvest-T1", reason="damaged"), "person.not_of_role")
    refused(course.does(sample.void, "qa-1", sample="S-harvest-T1", reason=""), "reason.unknown")
    accepted(course.does(sample.void, "qa-1", sample="S-harvest-T1", reason="damaged"))
    refused(course.records("viability"), "sample.voided")


@pytest.mark.requirement("SAM-009", "A sample with a standing result cannot be given up, so no bad result is buried.")
def test_a_sample_with_a_result_is_not_given_up(course: Course) -> None:
    """A positive result cannot be made to vanish with its sample."""
    course.made()
    accepted(course.records("rapid_sterility", "positive"))
    answer = course.does(sample.void, "qa-1", sample="S-harvest-T1", reason="damaged")
    refused(answer, "sample.has_results")


RECEIVED = ("SAM-034", "The laboratory receives a sample once, with its condition; only a good one has results.")


@pytest.mark.requirement(*RECEIVED)
def test_a_sample_has_results_only_once_it_was_received_in_good_condition(course: Course) -> None:
    """Neither before its receipt, nor dated back to before it, nor on a broken tube."""
    course.opened()
    refused(course.receives("S-harvest-T1"), "sample.not_taken")
    accepted(course.takes("harvest", "harvest"))
    arguments: dict[str, Any] = {"sample": "S-harvest-T1", "test": "viability", "value": "90", "unit": "%"}
    refused(course.does(sample.record_result, "analyst-1", **arguments), "sample.not_received")
    refused(course.receives("S-harvest-T1", by="operator-1"), "person.not_of_role")
    before = course.now
    course.now += timedelta(hours=1)
    accepted(course.receives("S-harvest-T1"))
    refused(course.receives("S-harvest-T1"), "sample.already_received")
    refused(course.does(sample.record_result, "analyst-1", at=before, **arguments), "sample.not_received")
    accepted(course.does(sample.record_result, "analyst-1", **arguments))


@pytest.mark.requirement(*RECEIVED)
def test_a_sample_in_bad_condition_is_given_up(course: Course) -> None:
    """It is not tested; QA gives it up and another is taken."""
    course.opened()
    accepted(course.takes("harvest", "harvest"))
    accepted(course.receives("S-harvest-T1", "damaged"))
    refused(course.records("viability"), "sample.unfit")
    accepted(course.does(sample.void, "qa-1", sample="S-harvest-T1", reason="sample_unsuitable"))
