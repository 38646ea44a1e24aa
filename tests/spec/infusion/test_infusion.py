"""The right bag, once, in time: every gate at the bedside closed without its condition and open with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.spec.disposition.course import HOSPITAL, Course, accepted, kinds, refused

from yimai.actions import disposition, infusion
from yimai.actions.request import command
from yimai.domain.refusal import Refusal
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened, TemperatureReported
from yimai.domain.treatment import TreatmentHeld, TreatmentWithdrawn


def ready(course: Course) -> str:
    """T1's first bag is thawed and matched; return the permit."""
    permit = course.at_bedside()
    accepted(course.thaws(permit))
    accepted(course.matches(permit))
    return permit


@pytest.mark.requirement("INF-001", "With permit, thaw and bedside match the right bag is infused, and used up.")
def test_the_right_bag_is_infused(course: Course) -> None:
    """From the permit to the empty bag."""
    permit = ready(course)
    assert kinds(course.starts(permit)) == ["infusion.started.v1"]
    assert kinds(course.does(infusion.finish, "nurse-1", container="F1-T1")) == ["custody.container_consumed.v1"]
    vein = course.vein()
    assert vein.custody.held["F1-T1"].gone == "infused"
    assert (list(vein.infusion.infused), vein.infusion.permits[permit].state) == (["F1-T1"], "used")


@pytest.mark.requirement("INF-002", "A permit is good for one infusion.")
def test_a_permit_is_used_once(course: Course) -> None:
    """Neither the same bag nor another of its bags starts a second infusion on it; a claim guards the race."""
    permit = ready(course)
    done = accepted(course.starts(permit))
    assert [(claim.kind, claim.key, claim.move) for claim in done.entries[0].claims] == [
        ("permit_used", permit, "take")
    ]
    refused(course.starts(permit), "permit.used")
    accepted(course.thaws(permit, "F2-T1"))
    accepted(course.matches(permit, "F2-T1"))
    refused(course.starts(permit, "F2-T1"), "permit.used")


@pytest.mark.requirement(
    "INF-003", "A further bag of the permit goes on in the running infusion, through the same gates."
)
def test_a_further_bag(course: Course) -> None:
    """Not before the infusion runs, not without thaw and match, not twice."""
    permit = ready(course)

    def continues(bag: str) -> Any:
        return course.does(infusion.continue_with, "nurse-1", permit=permit, container=bag, verifier="nurse-2")

    refused(continues("F1-T1"), "infusion.not_running")
    accepted(course.starts(permit))
    refused(continues("F1-T1"), "infusion.already_begun")
    refused(continues("F2-T1"), "infusion.not_matched")
    accepted(course.matches(permit, "F2-T1"))
    refused(continues("F2-T1"), "infusion.not_thawed")
    accepted(course.thaws(permit, "F2-T1"))
    assert kinds(continues("F2-T1")) == ["infusion.continued.v1"]
    accepted(course.does(infusion.finish, "nurse-1", container="F2-T1"))
    refused(course.does(infusion.finish, "nurse-1", container="F2-T1"), "infusion.not_begun")


@pytest.mark.requirement(
    "INF-004", "Infusion begins within the recipe's time after the thaw; exactly at its end it still may."
)
def test_the_thaw_clock(course: Course) -> None:
    """30 minutes in this recipe: at 30 minutes yes, a microsecond later no, whatever time is given."""
    permit = ready(course)
    course.now += timedelta(minutes=30)
    accepted(course.starts(permit))
    accepted(course.thaws(permit, "F2-T1"))
    accepted(course.matches(permit, "F2-T1"))
    thawed = course.now
    course.now += timedelta(minutes=30, microseconds=1)
    for at in (None, thawed + timedelta(minutes=1)):
        further = course.does(
            infusion.continue_with, "nurse-1", permit=permit, container="F2-T1", verifier="nurse-2", at=at
        )
        refused(further, "infusion.thaw_expired")


@pytest.mark.requirement(
    "INF-004", "Infusion begins within the recipe's time after the thaw; exactly at its end it still may."
)
def test_a_late_entry_of_the_thaw_gains_no_time(course: Course) -> None:
    """The clock runs from when the bag was thawed, not from when that was written down."""
    permit = course.at_bedside()
    thawed = course.now
    course.now += timedelta(minutes=20)
    accepted(course.thaws(permit, at=thawed))
    accepted(course.matches(permit))
    course.now = thawed + timedelta(minutes=30, microseconds=1)
    refused(course.starts(permit), "infusion.thaw_expired")


@pytest.mark.requirement(
    "INF-096", "A bag is thawed only when none that was thawed before it still waits to be infused."
)
def test_bags_are_thawed_one_at_a_time(course: Course) -> None:
    """While the first waits the second stays frozen; once the first runs, or its time is over, the second may be thawed."""
    permit = ready(course)
    answer = refused(course.thaws(permit, "F2-T1"), "infusion.another_thawed")
    assert answer.details["other"] == "F1-T1"
    course.now += timedelta(minutes=30)
    refused(course.thaws(permit, "F2-T1"), "infusion.another_thawed")
    course.now += timedelta(microseconds=1)
    accepted(course.thaws(permit, "F2-T1"))


@pytest.mark.requirement(
    "INF-096", "A bag is thawed only when none that was thawed before it still waits to be infused."
)
def test_the_next_bag_is_thawed_while_the_first_runs(course: Course) -> None:
    """So that the infusion goes on without a break."""
    permit = ready(course)
    accepted(course.starts(permit))
    accepted(course.thaws(permit, "F2-T1"))


@pytest.mark.requirement("INF-005", "Infusion lies in the window after lymphodepletion; both its ends are inside.")
def test_the_lymphodepletion_window(course: Course) -> None:
    """2 to 14 days in this recipe; a bag is not even thawed outside the window."""
    course.released().delivered().lymphodepleted(days=0)
    began = course.now
    permit = course.permitted()
    accepted(course.matches(permit))
    course.now = began + timedelta(days=2) - timedelta(microseconds=1)
    refused(course.thaws(permit), "infusion.too_early")
    course.now = began + timedelta(days=2)
    accepted(course.thaws(permit))
    course.now = began + timedelta(days=14)
    accepted(course.thaws(permit, "F2-T1"))
    accepted(course.matches(permit, "F2-T1"))
    course.now = began + timedelta(days=14, microseconds=1)
    refused(course.starts(permit, "F2-T1"), "infusion.too_late")
    refused(course.starts(permit, "F2-T1", at=began + timedelta(days=14)), "infusion.too_late")


@pytest.mark.requirement("INF-006", "Infusion needs a recorded thaw, a bedside match and lymphodepletion.")
def test_each_step_before_the_infusion_is_a_gate(course: Course) -> None:
    """Each refusal names the step that is missing."""
    course.released().delivered()
    permit = course.permitted()
    refused(course.thaws(permit), "infusion.no_lymphodepletion")
    course.lymphodepleted()
    refused(course.starts(permit), "infusion.not_matched")
    accepted(course.matches(permit))
    refused(course.starts(permit), "infusion.not_thawed")
    accepted(course.thaws(permit))
    refused(course.thaws(permit), "infusion.already_thawed")
    accepted(course.starts(permit))


@pytest.mark.requirement("INF-007", "Another bag than the matched one is refused and recorded.")
def test_another_bag_than_the_matched_one(course: Course) -> None:
    """F1 was matched; F2 is in the hand."""
    permit = ready(course)
    refused(course.starts(permit, "F2-T1"), "infusion.not_matched")
    assert course.refused_matches() == ["infusion.not_matched"]
    accepted(course.starts(permit))


@pytest.mark.requirement("INF-008", "At the bedside wristband, bag and order must all be this patient's.")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"wristband": "W-T2"}, "label.not_this_patients"),
        ({"wristband": "F1-T1"}, "label.wrong_carrier"),
        ({"order": "T2"}, "infusion.wrong_order"),
        ({"order": ""}, "infusion.wrong_order"),
        ({"bag": "F1-T2"}, "label.not_this_patients"),
        ({"bag": "W-T1"}, "label.wrong_carrier"),
    ],
)
def test_each_mismatch_at_the_bedside_is_refused_and_recorded(
    course: Course, changes: dict[str, str], code: str
) -> None:
    """Any one of the three that is another's stops it; the right three still match afterwards."""
    course.made("T2").delivered("T2")
    permit = course.at_bedside()
    refused(course.matches(permit, **changes), code)
    assert course.refused_matches() == [code]
    accepted(course.matches(permit))


@pytest.mark.requirement("INF-009", "Another patient's permit is refused and recorded at every step.")
def test_another_patients_permit(course: Course) -> None:
    """T2's permit opens nothing for T1, nor does T1's for T2's bag."""
    course.released("T2").delivered("T2")
    other = course.permitted(treatment="T2")
    permit = course.at_bedside()
    refused(course.thaws(other), "permit.unknown")
    refused(course.matches(other), "permit.unknown")
    refused(course.starts(other), "permit.unknown")
    refused(course.thaws(permit, "F1-T2"), "label.not_this_patients")
    refused(course.starts(permit, "F1-T2"), "label.not_this_patients")
    assert course.refused_matches() == ["permit.unknown"] * 3 + ["label.not_this_patients"] * 2
    assert course.refused_matches("T2") == []


@pytest.mark.requirement("INF-010", "Match and start are by two people of the ordering hospital.")
def test_two_people_of_the_hospital(course: Course) -> None:
    """Not one person twice, not another hospital's nurse, not a coordinator."""
    permit = course.at_bedside()
    accepted(course.thaws(permit))
    for step in (course.matches, course.starts):
        refused(step(permit, verifier="nurse-1"), "person.same_person")
        refused(step(permit, verifier="other-nurse"), "person.not_of_site")
        refused(step(permit, verifier="coordinator"), "person.not_of_role")
        accepted(step(permit))


@pytest.mark.requirement("INF-011", "After revocation nothing is thawed, matched or infused.")
def test_a_revoked_batch_is_not_infused(course: Course) -> None:
    """Even with everything else in place and the bag at the bedside."""
    permit = ready(course)
    accepted(course.records("sterility", "positive"))
    refused(course.starts(permit), "disposition.revoked")
    refused(course.matches(permit, "F2-T1"), "disposition.revoked")
    refused(course.thaws(permit, "F2-T1"), "disposition.revoked")


@pytest.mark.requirement(
    "INF-012", "A revocation while the first bag runs stops the second; the first is still recorded."
)
def test_a_revocation_during_the_infusion(course: Course) -> None:
    """What has happened is put on record; what has not begun does not begin."""
    permit = ready(course)
    accepted(course.starts(permit))
    accepted(course.thaws(permit, "F2-T1"))
    accepted(course.matches(permit, "F2-T1"))
    accepted(course.records("sterility", "positive"))
    arguments: dict[str, Any] = {"permit": permit, "container": "F2-T1", "verifier": "nurse-2"}
    refused(course.does(infusion.continue_with, "nurse-1", **arguments), "disposition.revoked")
    accepted(course.does(infusion.finish, "nurse-1", container="F1-T1"))


@pytest.mark.requirement("INF-013", "A held or withdrawn treatment is not infused.")
@pytest.mark.parametrize(("stopped", "code"), [("held", "treatment.held"), ("withdrawn", "treatment.ended")])
def test_a_stopped_treatment_is_not_infused(course: Course, stopped: str, code: str) -> None:
    """Whatever was prepared."""
    permit = ready(course)
    sign = course.signature("physician")
    fact = TreatmentHeld("T1", "patient_unfit", sign) if stopped == "held" else None
    course.given(fact or TreatmentWithdrawn("T1", "progression", sign))
    refused(course.starts(permit), code)
    refused(course.matches(permit), code)
    refused(course.thaws(permit, "F2-T1"), code)


@pytest.mark.requirement("INF-014", "The bag has been received at the hospital.")
def test_a_bag_that_is_not_at_the_hospital(course: Course) -> None:
    """Neither from the base's store nor out of an unopened shipper."""
    course.released().lymphodepleted()
    permit = course.permitted()
    refused(course.thaws(permit), "custody.not_here")
    refused(course.matches(permit), "custody.not_here")
    course.delivered(received=False)
    refused(course.matches(permit), "custody.in_shipment")


@pytest.mark.requirement("INF-015", "The bag was kept as it should be on its way, by the logger and by QA's decision.")
def test_the_journey_gates_the_thaw(course: Course) -> None:
    """No temperature record, an open excursion, and one that forbids use: each shuts it."""
    course.released().delivered(reported=False).lymphodepleted()
    permit = course.permitted()
    refused(course.thaws(permit), "shipment.no_temperature")
    sign, qa = course.signature("nurse-1"), course.signature("qa-1")
    course.given(
        TemperatureReported("T1", "X-T1", "L1", 0, None, None, "", sign),
        ExcursionOpened("T1", "E1", "X-T1", "no_data"),
    )
    refused(course.thaws(permit), "shipment.excursion_open")
    course.given(ExcursionAssessed("T1", "E1", True, "stability_data_support", qa))
    accepted(course.thaws(permit))
    course.given(ExcursionAssessed("T1", "E1", False, "outside_validated_range", qa))
    refused(course.starts(permit), "shipment.unusable")


@pytest.mark.requirement("INF-016", "Nothing is infused after its shelf life; its last moment is inside.")
def test_shelf_life(course: Course) -> None:
    """365 days from the fill in this recipe."""
    course.released().delivered()
    filled = course.now
    permit = course.permitted("F1-T1")
    course.now = filled + timedelta(days=362)
    course.lymphodepleted(days=3)
    accepted(course.thaws(permit))
    accepted(course.matches(permit))
    course.now = filled + timedelta(days=365, microseconds=1)
    refused(course.starts(permit), "permit.expired")
    refused(course.decides(infusion.issue_permit, containers=("F2-T1",)), "permit.expired")
    refused(course.starts(permit, at=filled + timedelta(days=365)), "permit.expired")


@pytest.mark.requirement("INF-016", "Nothing is infused after its shelf life; its last moment is inside.")
def test_the_last_moment_of_the_shelf_life(course: Course) -> None:
    """Exactly 365 days after the fill."""
    course.released().delivered()
    filled = course.now
    permit = course.permitted("F1-T1")
    course.now = filled + timedelta(days=362)
    course.lymphodepleted(days=3)
    accepted(course.thaws(permit))
    accepted(course.matches(permit))
    accepted(course.starts(permit))


@pytest.mark.requirement("INF-017", "An infused bag cannot be permitted or infused again.")
def test_an_infused_bag_is_gone(course: Course) -> None:
    """The bag is empty for good; the one that is left can have a new permit."""
    course.infused()
    refused(course.decides(infusion.issue_permit, containers=("F1-T1",)), "custody.gone")
    accepted(course.decides(infusion.issue_permit, containers=("F2-T1",)))


@pytest.mark.requirement("INF-018", "A permit issued on the conditional release is good after the full release too.")
def test_the_permit_of_a_released_batch_survives_its_full_release(course: Course) -> None:
    """The batch is only better proven than it was."""
    permit = course.at_bedside()
    course.tested_late()
    accepted(course.decides(disposition.release))
    accepted(course.thaws(permit))
    accepted(course.matches(permit))
    accepted(course.starts(permit))


@pytest.mark.requirement("INF-019", "Of many who start an infusion on one permit at once, exactly one does.")
def test_the_race_for_one_permit(course: Course) -> None:
    """The others are told that it is used, or that somebody was faster."""
    permit = ready(course)
    commands = [
        command("start", {}, id=f"race-{n}", actor="nurse-1", site=HOSPITAL, secret=bytes(32)) for n in range(16)
    ]
    arguments: dict[str, Any] = {"treatment": "T1", "permit": permit, "container": "F1-T1", "verifier": "nurse-2"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda asked: infusion.start(course.ledger, asked, **arguments), commands))
    assert [type(answer).__name__ for answer in answers].count("Done") == 1
    codes = {answer.code for answer in answers if isinstance(answer, Refusal)}
    assert codes <= {"permit.used", "decision.taken", "decision.try_again"}
    assert [entry.kind for entry in course.entries()].count("infusion.started.v1") == 1
