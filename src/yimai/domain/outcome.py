"""What became of the patient: response and toxicity by day since infusion, and the end of the treatment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature
from yimai.domain.infusion import Infusion
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.treatment import Treatment, not_ended
from yimai.ledger.entry import Entry

Response = Literal["CR", "PR", "SD", "PD", "NE", "death"]
"""Complete and partial response, stable and progressive disease, not evaluable (Lugano classification), or death."""
WORST_GRADE: Final = 5


@dataclass(frozen=True, slots=True)
class OutcomeReported(Fact):
    """The patient's state on one day.

    day: since the infusion began, which was day 0. crs, icans: worst grade since the last report, 0 (none) to 5
    (fatal), of cytokine release syndrome and neurotoxicity by the ASTCT consensus.
    """

    kind: ClassVar[str] = "outcome.reported.v1"
    treatment: str
    day: int
    response: Response
    crs: int
    icans: int
    reported: Signature


@dataclass(frozen=True, slots=True)
class TreatmentCompleted(Fact):
    """The treatment was given and is closed; its records are kept from now on."""

    kind: ClassVar[str] = "outcome.treatment_completed.v1"
    treatment: str
    completed: Signature


@dataclass(frozen=True, slots=True)
class Report:
    day: int
    response: Response
    crs: int
    icans: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was reported after the treatment's infusion.

    reports: in the order in which they were made. completed: the day on which the treatment was closed, or None.
    """

    reports: tuple[Report, ...] = ()
    completed: date | None = None

    @property
    def latest(self) -> Report | None:
        """The report of the latest day; of two for one day, the later one, which corrects the earlier."""
        return max(reversed(self.reports), key=lambda report: report.day, default=None)


def evolve(outcome: Outcome, fact: Fact, entry: Entry) -> Outcome:
    match fact:
        case OutcomeReported():
            report = Report(fact.day, fact.response, fact.crs, fact.icans)
            return replace(outcome, reports=(*outcome.reports, report))
        case TreatmentCompleted():
            return replace(outcome, completed=entry.occurred.date())
    return outcome


NOT_INFUSED = RefusalKind(
    "outcome.not_infused",
    "No bag of treatment {treatment} has been infused, so there is no outcome yet. Record the infusion first.",
    "治疗 {treatment} 尚无已输注的成品袋，没有结局可报告。请先登记输注。",
)
DAY_IMPOSSIBLE = RefusalKind(
    "outcome.day_impossible",
    "Day {day} is not possible: the infusion began on {began}, so today is day {today}. Correct the day.",
    "第 {day} 天不合理：输注于 {began} 开始，今天是第 {today} 天。请更正。",
)
GRADE_IMPOSSIBLE = RefusalKind(
    "outcome.grade_impossible",
    "{scale} grade {grade} does not exist; grades run from 0 (none) to 5 (fatal). Correct the grade.",
    "{scale} 没有 {grade} 级；分级为 0（无）至 5（致死）。请更正。",
)
FATAL_GRADE = RefusalKind(
    "outcome.fatal_grade",
    "Grade 5 means that the patient died, but the response given is {response}. Correct the one or the other.",
    "5 级表示患者死亡，而所填疗效为 {response}。请更正其中之一。",
)
AFTER_DEATH = RefusalKind(
    "outcome.after_death",
    "The patient's death is on record for day {died}; nothing can be reported for day {day}. Check the treatment.",
    "已登记患者于第 {died} 天死亡，不能报告第 {day} 天的情况。请核对治疗。",
)
NO_OUTCOME = RefusalKind(
    "outcome.no_outcome",
    "No outcome of treatment {treatment} is on record. Report it before closing the treatment.",
    "治疗 {treatment} 尚无结局报告。请先报告结局再结束治疗。",
)
ALREADY_COMPLETED = RefusalKind(
    "outcome.already_completed",
    "Treatment {treatment} was closed on {day}. Further outcomes can still be reported; it is not closed twice.",
    "治疗 {treatment} 已于 {day} 结束。仍可报告后续结局，但不重复结束。",
)


def report(
    treatment: Treatment,
    infusion: Infusion,
    outcome: Outcome,
    *,
    day: int,
    response: Response,
    crs: int,
    icans: int,
    reported: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Report one day's outcome, of a closed treatment too; a second report for a day corrects the first."""
    if infusion.started is None or not infusion.infused:
        return NOT_INFUSED(treatment=treatment.id or "?")
    began = infusion.started.date()
    today = (reported.signed.astimezone(infusion.started.tzinfo).date() - began).days
    if not 0 <= day <= today:
        return DAY_IMPOSSIBLE(day=day, began=began, today=today)
    for scale, grade in (("CRS", crs), ("ICANS", icans)):
        if not 0 <= grade <= WORST_GRADE:
            return GRADE_IMPOSSIBLE(scale=scale, grade=grade)
    if WORST_GRADE in (crs, icans) and response != "death":
        return FATAL_GRADE(response=response)
    for earlier in outcome.reports:
        if earlier.response == "death" and day > earlier.day:
            return AFTER_DEATH(died=earlier.day, day=day)
    return (OutcomeReported(treatment.id, day, response, crs, icans, reported),)


def close(
    treatment: Treatment, infusion: Infusion, outcome: Outcome, completed: Signature
) -> Refusal | tuple[Fact, ...]:
    """Close a treatment that was given and whose outcome is on record."""
    if outcome.completed is not None:
        return ALREADY_COMPLETED(treatment=treatment.id, day=outcome.completed)
    if refusal := not_ended(treatment):
        return refusal
    if not infusion.infused:
        return NOT_INFUSED(treatment=treatment.id)
    if not outcome.reports:
        return NO_OUTCOME(treatment=treatment.id)
    return (TreatmentCompleted(treatment.id, completed),)
