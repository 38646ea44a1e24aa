"""Records are kept by the legal track; personal data go from active to restricted to destroyed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import SHANGHAI, Course, accepted, kinds, refused

from yimai.actions import outcome, retention
from yimai.domain.retention import YEAR, last_day
from yimai.domain.treatment import TreatmentWithdrawn

ENDED: dict[str, Any] = {"reason": "retention_ended"}


def closed(course: Course) -> Course:
    course.infused()
    accepted(course.does(outcome.report, "physician", day=0, response="CR", crs=0, icans=0))
    accepted(course.does(outcome.close, "physician"))
    return course


@pytest.mark.requirement("RET-001", "A period of whole years ends on the same day of its last year, or on 28 February.")
@pytest.mark.parametrize(
    ("starts", "years", "ends"),
    [
        (date(2026, 12, 31), 1, date(2027, 12, 31)),
        (date(2027, 1, 1), 1, date(2028, 1, 1)),
        (date(2028, 2, 29), 1, date(2029, 2, 28)),
        (date(2028, 2, 29), 4, date(2032, 2, 29)),
        (date(2028, 2, 28), 1, date(2029, 2, 28)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
        (date(1996, 2, 29), 4, date(2000, 2, 29)),
        (date(2026, 5, 7), 30, date(2056, 5, 7)),
    ],
)
def test_the_last_day_of_a_period_of_years(starts: date, years: int, ends: date) -> None:
    """31 December, 1 January, leap days and the year 2100, which has none."""
    assert last_day(starts, years * YEAR) == ends


@pytest.mark.requirement("RET-002", "Any other period is counted in days, a begun day in full.")
@pytest.mark.parametrize(
    ("kept", "ends"),
    [
        (timedelta(0), date(2026, 12, 31)),
        (timedelta(days=1), date(2027, 1, 1)),
        (timedelta(hours=1), date(2027, 1, 1)),
        (timedelta(days=1, hours=1), date(2027, 1, 2)),
        (timedelta(days=365), date(2027, 12, 31)),
    ],
)
def test_the_last_day_of_a_period_of_days(kept: timedelta, ends: date) -> None:
    """Counted from 31 December 2026, which itself is not counted."""
    assert last_day(date(2026, 12, 31), kept) == ends


@pytest.mark.requirement("RET-003", "Personal data are not destroyed while the track runs; the refusal names the date.")
def test_destruction_waits_for_the_last_day(course: Course) -> None:
    """On the last day no, on the day after it yes, and only once."""
    until = closed(course).now.date().replace(year=course.now.year + 30)
    accepted(course.does(retention.restrict, "qa-1", reason="treatment_ended"))
    assert str(until) in refused(course.does(retention.destroy, "qa-1", **ENDED), "retention.running").en
    course.now = datetime(until.year, until.month, until.day, 23, 59, 59, tzinfo=SHANGHAI)
    refused(course.does(retention.destroy, "qa-1", **ENDED), "retention.running")
    course.now += timedelta(seconds=1)
    assert kinds(course.does(retention.destroy, "qa-1", **ENDED)) == ["retention.personal_data_destroyed.v1"]
    refused(course.does(retention.destroy, "qa-1", **ENDED), "retention.destroyed")
    refused(course.does(retention.restrict, "qa-1", reason="treatment_ended"), "retention.already_restricted")


@pytest.mark.requirement("RET-004", "Personal data are restricted before they are destroyed.")
def test_active_data_are_not_destroyed(course: Course) -> None:
    """Active, restricted, destroyed: no state is skipped."""
    closed(course)
    course.now += timedelta(days=31 * 366)
    refused(course.does(retention.destroy, "qa-1", **ENDED), "retention.not_restricted")
    accepted(course.does(retention.restrict, "qa-1", reason="treatment_ended"))
    accepted(course.does(retention.destroy, "qa-1", **ENDED))


@pytest.mark.requirement("RET-005", "Nothing is restricted or destroyed while the treatment goes on.")
def test_a_running_treatment_needs_its_data(course: Course) -> None:
    """The care of the patient needs them."""
    course.infused()
    refused(course.does(retention.restrict, "qa-1", reason="consent_withdrawn"), "retention.not_started")
    refused(course.does(retention.destroy, "qa-1", **ENDED), "retention.not_started")
    refused(course.does(retention.start, "qa-1"), "retention.not_started")


@pytest.mark.requirement("RET-006", "A treatment that ended early keeps its records too, on its recipe's track.")
def test_a_withdrawn_treatment_keeps_its_records(course: Course) -> None:
    """Retention starts once, with or without a batch."""
    course.opened()
    course.given(TreatmentWithdrawn("T1", "death", course.signature("physician")))
    assert kinds(course.does(retention.start, "coordinator")) == ["retention.started.v1"]
    refused(course.does(retention.start, "coordinator"), "retention.already_started")


@pytest.mark.requirement(
    "RET-007", "QA of the base decides the destruction, with a reason; the administrator of accounts never does."
)
def test_roles_and_reason(course: Course) -> None:
    """Not an operator, not the hospital."""
    closed(course)
    refused(course.does(retention.restrict, "qa-1", reason=""), "reason.unknown")
    refused(course.does(retention.restrict, "administrator", reason="treatment_ended"), "access.never")
    refused(course.does(retention.restrict, "operator-1", reason="treatment_ended"), "person.not_of_role")
    accepted(course.does(retention.restrict, "qa-1", reason="treatment_ended"))
    course.now += timedelta(days=31 * 366)
    refused(course.does(retention.destroy, "physician", **ENDED), "person.not_of_site")
    refused(course.does(retention.destroy, "operator-1", **ENDED), "person.not_of_role")
    accepted(course.does(retention.destroy, "qa-1", **ENDED))
