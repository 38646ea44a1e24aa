"""What was true once and is not any more opens nothing: availability, bedside match, a bag that was begun."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import Course, accepted, kinds, refused

from yimai.actions import infusion
from yimai.domain.custody import ContainerConsumed
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened

LEFT = "Lymphodepletion counts on a product of which a usable bag is left."


@pytest.mark.requirement("INF-093", LEFT)
def test_no_bag_is_left(course: Course) -> None:
    """The batch is released, but its bags were lost: neither confirmed nor, once confirmed, relied on."""
    course.released()
    confirm: dict[str, Any] = {"treatment": "T1", "batch": "B-T1"}
    sign = course.signature("operator-1")
    course.given(ContainerConsumed("T1", "F1-T1", "lost", sign))
    accepted(course.does(infusion.confirm_availability, "coordinator", **confirm))
    course.given(ContainerConsumed("T1", "F2-T1", "lost", sign))
    refused(course.does(infusion.start_lymphodepletion, "physician"), "infusion.nothing_left")


@pytest.mark.requirement("INF-093", LEFT)
def test_all_bags_are_in_doubt_or_refused(course: Course) -> None:
    """An open excursion, then QA's refusal; a usable one opens it again."""
    course.released().delivered()
    confirm: dict[str, Any] = {"treatment": "T1", "batch": "B-T1"}
    course.given(ExcursionOpened("T1", "E1", "X-T1", "out_of_range"))
    refused(course.does(infusion.confirm_availability, "coordinator", **confirm), "infusion.nothing_left")
    course.given(ExcursionAssessed("T1", "E1", False, "outside_validated_range", course.signature("qa-1")))
    refused(course.does(infusion.confirm_availability, "coordinator", **confirm), "infusion.nothing_left")


@pytest.mark.requirement("INF-093", LEFT)
def test_all_bags_have_expired(course: Course) -> None:
    course.released().delivered()
    course.now += timedelta(days=365, microseconds=1)
    confirm: dict[str, Any] = {"treatment": "T1", "batch": "B-T1"}
    refused(course.does(infusion.confirm_availability, "coordinator", **confirm), "infusion.nothing_left")


@pytest.mark.requirement("INF-094", "A bag that was begun is not begun again, on a new permit neither.")
def test_a_begun_bag_on_a_new_permit(course: Course) -> None:
    permit = course.at_bedside()
    accepted(course.thaws(permit))
    accepted(course.matches(permit))
    accepted(course.starts(permit))
    second = course.permitted("F1-T1")
    accepted(course.matches(second))
    refused(course.starts(second), "infusion.already_begun")


@pytest.mark.requirement("INF-095", "The bedside match is as fresh as the thaw; an older one is made again.")
def test_a_match_of_yesterday(course: Course) -> None:
    permit = course.at_bedside()
    accepted(course.matches(permit))
    course.now += timedelta(minutes=20)
    accepted(course.thaws(permit))
    course.now += timedelta(minutes=10, microseconds=1)
    refused(course.starts(permit), "infusion.match_expired")
    accepted(course.matches(permit))
    assert kinds(course.starts(permit)) == ["infusion.started.v1"]
