"""What became of the patient, day by day, and the end of the treatment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import outcome
from yimai.actions.decision import Answer
from yimai.domain.retention import RetentionStarted


def reports(course: Course, day: int, by: str = "physician", **changes: Any) -> Answer:
    arguments: dict[str, Any] = {"response": "PR", "crs": 1, "icans": 0, **changes}
    return course.does(outcome.report, by, day=day, **arguments)


@pytest.mark.requirement("OUT-001", "Outcomes are reported by day since the infusion, several over time.")
def test_outcomes_over_time(course: Course) -> None:
    """Day 0 and day 28; the latest day is the latest outcome, and a second report for it corrects the first."""
    course.infused()
    accepted(reports(course, 0, response="NE", crs=2))
    course.now += timedelta(days=28)
    accepted(reports(course, 28, response="PR"))
    accepted(reports(course, 28, response="CR"))
    accepted(reports(course, 14, response="SD"))
    told = course.vein().outcome
    assert [report.day for report in told.reports] == [0, 28, 28, 14]
    assert told.latest is not None
    assert (told.latest.day, told.latest.response) == (28, "CR")


@pytest.mark.requirement("OUT-002", "There is no outcome before an infusion.")
def test_no_outcome_before_the_infusion(course: Course) -> None:
    """Released and delivered is not infused."""
    course.at_bedside()
    refused(reports(course, 0), "outcome.not_infused")
    refused(course.does(outcome.close, "physician"), "outcome.not_infused")


@pytest.mark.requirement("OUT-003", "A day lies between the infusion and today.")
@pytest.mark.parametrize(("day", "possible"), [(-1, False), (0, True), (7, True), (8, False)])
def test_the_day_is_possible(course: Course, day: int, possible: bool) -> None:
    """On day 7, day 7 can be reported and day 8 cannot."""
    course.infused()
    course.now += timedelta(days=7)
    if possible:
        accepted(reports(course, day))
    else:
        refused(reports(course, day), "outcome.day_impossible")


@pytest.mark.requirement("OUT-004", "Grades run from 0 to 5, and 5 is death.")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"crs": 6}, "outcome.grade_impossible"),
        ({"icans": -1}, "outcome.grade_impossible"),
        ({"crs": 5}, "outcome.fatal_grade"),
        ({"icans": 5, "response": "death"}, ""),
        ({"crs": 4, "icans": 4}, ""),
    ],
)
def test_grades(course: Course, changes: dict[str, Any], code: str) -> None:
    """The limits are inside; a fatal grade and a living patient do not go together."""
    course.infused()
    if code:
        refused(reports(course, 0, **changes), code)
    else:
        accepted(reports(course, 0, **changes))


@pytest.mark.requirement("OUT-005", "Nothing is reported for a day after the patient's death.")
def test_nothing_after_death(course: Course) -> None:
    """A report for the days before can still come in."""
    course.infused()
    course.now += timedelta(days=20)
    accepted(reports(course, 10, response="death"))
    refused(reports(course, 11), "outcome.after_death")
    accepted(reports(course, 9))


@pytest.mark.requirement("OUT-006", "A physician of the ordering hospital reports.")
def test_roles(course: Course) -> None:
    """Not a nurse, not another hospital's physician."""
    course.infused()
    refused(reports(course, 0, by="nurse-1"), "person.not_of_role")
    refused(reports(course, 0, by="other-physician"), "person.not_of_site")


@pytest.mark.requirement("OUT-007", "A treatment is closed on an outcome, once, and its retention starts with it.")
def test_closing_starts_the_retention(course: Course) -> None:
    """Follow-up goes on after the closing."""
    course.infused()
    refused(course.does(outcome.close, "physician"), "outcome.no_outcome")
    accepted(reports(course, 0))
    done = accepted(course.does(outcome.close, "physician"))
    assert kinds(done) == ["outcome.treatment_completed.v1", "retention.started.v1"]
    kept = done.facts[1]
    assert isinstance(kept, RetentionStarted)
    assert (kept.track, kept.until) == ("drug", course.now.date().replace(year=course.now.year + 30))
    refused(course.does(outcome.close, "physician"), "outcome.already_completed")
    course.now += timedelta(days=365)
    accepted(reports(course, 365, response="CR"))


@pytest.mark.requirement("OUT-008", "A late positive is still heard after the treatment was closed.")
def test_a_late_positive_after_closing(course: Course) -> None:
    """The physician is alerted all the same."""
    course.infused()
    accepted(reports(course, 0))
    accepted(course.does(outcome.close, "physician"))
    assert "disposition.clinician_alerted.v1" in kinds(course.records("sterility", "positive"))
