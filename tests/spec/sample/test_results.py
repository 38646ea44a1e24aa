"""Results are recorded once, judged by the recipe, verified by a second analyst, and never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import disposition, sample


@pytest.mark.requirement("SAM-020", "A result is judged by the limits of the recipe; a limit itself is inside.")
@pytest.mark.parametrize(
    ("test", "value", "conforming"),
    [
        ("viability", "80", True),
        ("viability", "79.9", False),
        ("viability", "100", True),
        ("ifn_gamma", "50", False),
        ("ifn_gamma", "50.1", True),
        ("vcn", "5", False),
        ("vcn", "4.999", True),
        ("sterility", "negative", True),
        ("sterility", "positive", False),
    ],
)
def test_a_result_is_judged_by_the_recipe(course: Course, test: str, value: str, conforming: bool) -> None:
    """Inclusive limits admit the limit, exclusive ones (greater than, less than) do not."""
    course.made()
    accepted(course.records(test, value))
    result = course.vein().samples.by_id["S-harvest-T1"].valid(test)
    assert result is not None
    assert (result.value, result.conforming) == (value, conforming)


@pytest.mark.requirement("SAM-021", "Only a test that the sample was taken for can be recorded on it.")
def test_the_wrong_sample_of_the_right_patient_is_refused_and_recorded(course: Course) -> None:
    """Viability is measured on the harvest, not on the identity sample."""
    course.made()
    refused(course.records("viability", sample="S-identity-T1"), "sample.wrong_sample")
    refused(course.records("identity", sample="S-harvest-T1"), "sample.wrong_sample")
    assert course.refused_matches() == ["sample.wrong_sample"] * 2


@pytest.mark.requirement("SAM-022", "Another patient's sample is refused at result entry, and recorded.")
def test_another_patients_result_is_refused_and_recorded(course: Course) -> None:
    """Papers filed under another donor: T2's tube on T1's worksheet; the right pair still works afterwards."""
    course.made().made("T2")
    refused(course.records("viability", sample="S-harvest-T2"), "label.not_this_patients")
    assert course.refused_matches() == ["label.not_this_patients"]
    assert course.refused_matches("T2") == []
    accepted(course.records("viability"))


@pytest.mark.requirement("SAM-023", "No result exists before its sample: inspection before the lot exists is refused.")
def test_no_result_before_the_sample(course: Course) -> None:
    """Neither on a labelled tube that was not filled yet, nor dated back to before the sampling."""
    course.opened()
    refused(course.records("viability"), "sample.not_taken")
    course.now += timedelta(hours=1)
    taken = course.now
    accepted(course.takes("harvest", "harvest"))
    accepted(course.receives("S-harvest-T1"))
    course.now += timedelta(hours=2)
    arguments: dict[str, Any] = {"sample": "S-harvest-T1", "test": "viability", "value": "90", "unit": "%"}
    early = course.does(sample.record_result, "analyst-1", at=taken - timedelta(minutes=1), **arguments)
    refused(early, "sample.not_taken")
    accepted(course.does(sample.record_result, "analyst-1", at=taken, **arguments))


@pytest.mark.requirement(
    "SAM-035", "No culture is negative before its incubation is over; a positive one may be so at once."
)
def test_a_negative_culture_counts_from_the_end_of_its_incubation(course: Course) -> None:
    """Sterility takes 14 days from the sampling: refused a second before, and on the day itself it stands."""
    course.made()
    accepted(course.receives("S-harvest-T1"))
    taken = course.vein().samples.by_id["S-harvest-T1"].taken
    course.now = taken + timedelta(days=15)
    given: dict[str, Any] = {"sample": "S-harvest-T1", "test": "sterility", "value": "negative", "unit": ""}
    ends = taken + timedelta(days=14)
    early = course.does(sample.record_result, "analyst-1", at=ends - timedelta(seconds=1), **given)
    assert refused(early, "sample.too_early").details["at"] == ends.isoformat(timespec="minutes")
    accepted(course.does(sample.record_result, "analyst-1", at=ends, **given))


@pytest.mark.requirement(
    "SAM-035", "No culture is negative before its incubation is over; a positive one may be so at once."
)
def test_a_positive_culture_is_recorded_on_its_first_day(course: Course) -> None:
    """A growth that is seen is told at once."""
    course.made()
    accepted(course.records("sterility", "positive"))
    result = course.vein().samples.by_id["S-harvest-T1"].valid("sterility")
    assert result is not None
    assert not result.conforming


@pytest.mark.requirement("SAM-024", "The unit is the specification's.")
@pytest.mark.parametrize("unit", ["", "1", "g/L"])
def test_another_unit_is_refused(course: Course, unit: str) -> None:
    """A viability of 0.92 is not taken for 0.92 %."""
    course.made()
    refused(course.records("viability", "0.92", unit=unit), "sample.wrong_unit")


@pytest.mark.requirement("SAM-025", "The value is of the test's type.")
@pytest.mark.parametrize(
    ("test", "value"),
    [
        ("viability", "ninety"),
        ("viability", "NaN"),
        ("viability", "Infinity"),
        ("viability", "9e1"),
        ("viability", "92,5"),
        ("sterility", "Negative"),
        ("sterility", "maybe"),
    ],
)
def test_a_value_of_another_type_is_refused(course: Course, test: str, value: str) -> None:
    """A number is a plain decimal, a choice one of the choices."""
    course.made()
    refused(course.records(test, value), "sample.wrong_value")


@pytest.mark.requirement(
    "SAM-033", "A value that no instrument can have shown is refused, and one out of specification kept."
)
@pytest.mark.parametrize(
    ("test", "value"),
    [("viability", "910"), ("viability", "100.1"), ("viability", "-1"), ("vcn", "-0.1")],
)
def test_an_impossible_value_is_refused(course: Course, test: str, value: str) -> None:
    """A misread 91.0 is no result; a percentage lies between 0 and 100, and there is nothing below none of a thing."""
    course.made()
    refused(course.records(test, value), "sample.impossible")


@pytest.mark.requirement(
    "SAM-033", "A value that no instrument can have shown is refused, and one out of specification kept."
)
@pytest.mark.parametrize(("test", "value"), [("viability", "0"), ("viability", "100"), ("vcn", "40")])
def test_a_bad_but_possible_value_is_a_result(course: Course, test: str, value: str) -> None:
    """The bounds are those of the unit and not those of the specification."""
    course.made()
    accepted(course.records(test, value))


@pytest.mark.requirement("SAM-026", "A result is entered once.")
def test_a_result_entered_twice_is_refused(course: Course) -> None:
    """Neither the same value nor another overwrites what stands."""
    course.made()
    accepted(course.records("viability"))
    refused(course.records("viability"), "sample.result_exists")
    refused(course.records("viability", "50"), "sample.result_exists")


@pytest.mark.requirement("SAM-027", "A second analyst verifies, once.")
def test_the_analyst_does_not_verify_the_own_result(course: Course) -> None:
    """Two validators do not overwrite each other silently: the second is told that it is done."""
    course.made()
    refused(course.verifies("viability"), "sample.no_result")
    accepted(course.records("viability"))
    refused(course.verifies("viability", by="analyst-1"), "sample.same_analyst")
    refused(course.verifies("viability", by="qa-1"), "person.not_of_role")
    accepted(course.verifies("viability"))
    refused(course.verifies("viability"), "sample.already_verified")


@pytest.mark.requirement("SAM-028", "QA invalidates a result with a reason; the repeat stands beside it, both visible.")
def test_an_invalidated_result_stays_visible_beside_its_repeat(course: Course) -> None:
    """One of several results is never shown as all of them."""
    course.made()
    accepted(course.records("viability", "50"))
    arguments: dict[str, Any] = {"sample": "S-harvest-T1", "test": "viability"}
    refused(
        course.does(sample.invalidate_result, "analyst-2", reason="analyst_error", **arguments), "person.not_of_role"
    )
    refused(course.does(sample.invalidate_result, "qa-1", reason="", **arguments), "reason.unknown")
    accepted(course.does(sample.invalidate_result, "qa-1", reason="analyst_error", **arguments))
    refused(course.does(sample.invalidate_result, "qa-1", reason="analyst_error", **arguments), "sample.no_result")
    accepted(course.records("viability", "91"))
    attempts = course.vein().samples.by_id["S-harvest-T1"].attempts("viability")
    assert [(each.attempt, each.value, each.invalidated) for each in attempts] == [
        (1, "50", "analyst_error"),
        (2, "91", ""),
    ]
    assert "S-harvest-T1/viability#1" in course.vein().samples.exceptions("B-T1")


@pytest.mark.requirement(
    "SAM-029", "A failed identity test that a second analyst confirmed can be invalidated by nobody."
)
def test_a_confirmed_identity_failure_is_final(course: Course) -> None:
    """Before confirmation a slip of the analyst can be put right by QA; afterwards nothing can."""
    course.made()
    arguments: dict[str, Any] = {"sample": "S-identity-T1", "test": "identity", "reason": "transcription_error"}
    accepted(course.records("identity", "no_match"))
    accepted(course.does(sample.invalidate_result, "qa-1", **arguments))
    accepted(course.records("identity", "no_match"))
    accepted(course.verifies("identity"))
    for person in ("qa-1", "qa-2"):
        refused(course.does(sample.invalidate_result, person, **arguments), "sample.identity_final")


@pytest.mark.requirement("SAM-030", "A result that a standing release rests on is not invalidated under it.")
def test_a_result_under_a_release_is_invalidated_only_after_revocation(course: Course) -> None:
    """QA revokes first; a late result that the release did not wait for can be invalidated at once."""
    course.released()
    arguments: dict[str, Any] = {"sample": "S-harvest-T1", "reason": "instrument_error"}
    refused(course.does(sample.invalidate_result, "qa-1", test="viability", **arguments), "sample.relied_on")
    accepted(course.records("vcn"))
    accepted(course.does(sample.invalidate_result, "qa-1", test="vcn", **arguments))
    accepted(course.decides(disposition.revoke, "qa-1", reason="quality_concern"))
    accepted(course.does(sample.invalidate_result, "qa-1", test="viability", **arguments))


@pytest.mark.requirement("SAM-031", "Results are recorded by analysts of the base.")
def test_only_analysts_of_the_base_record_results(course: Course) -> None:
    """An operator, and anybody of a hospital, is refused."""
    course.made()
    refused(course.records("viability", by="operator-1"), "person.not_of_role")
    refused(course.records("viability", by="physician"), "person.not_of_site")


@pytest.mark.requirement("SAM-032", "A result of a good batch writes the result alone.")
def test_a_good_result_brings_about_nothing_else(course: Course) -> None:
    """No revocation and no alert without a cause."""
    course.released()
    assert kinds(course.records("sterility")) == ["sample.result_recorded.v1"]
    assert course.state() == "conditionally_released"
