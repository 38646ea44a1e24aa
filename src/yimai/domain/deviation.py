"""Deviations: what departed from the recipe, what QA made of it, and who may not judge it (EU GMP Part I 1.4 xiv)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Entry

Classification = Literal["minor", "major", "critical"]
Cause = Literal["out_of_limits", "not_accepted", "hold_exceeded", "count_not_reached", "reported"]
Conclusion = Literal["no_impact", "acceptable", "reject_batch"]
GRAVITY: Final[tuple[Classification, ...]] = ("minor", "major", "critical")


@dataclass(frozen=True, slots=True)
class DeviationOpened(Fact):
    """Something departed from the recipe.

    step, entry: where, or "" where it is the batch as a whole. value, limits: as recorded and as the recipe has it.
    reason, note: a reported one's code and hex commitment to the words, which lie in the vault; else "".
    raised: whose record opened it, or who reported it.
    """

    kind: ClassVar[str] = "deviation.opened.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "deviation")
    treatment: str
    deviation: str
    batch: str
    step: str
    entry: str
    cause: Cause
    value: str
    limits: str
    classification: Classification
    reason: str
    note: str
    raised: Signature


@dataclass(frozen=True, slots=True)
class DeviationAssessed(Fact):
    """Quality assurance found the root cause.

    reason: its code. note: hex commitment to the account of cause and impact, which lies in the vault.
    """

    kind: ClassVar[str] = "deviation.assessed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "deviation")
    treatment: str
    deviation: str
    classification: Classification
    reason: str
    note: str
    assessed: Signature


@dataclass(frozen=True, slots=True)
class DeviationClosed(Fact):
    """The deviation is concluded.

    decided: quality assurance's signature. approved: the qualified person's, which a critical one needs.
    """

    kind: ClassVar[str] = "deviation.closed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "deviation")
    treatment: str
    deviation: str
    conclusion: Conclusion
    reason: str
    decided: Signature
    approved: Signature | None


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation. conclusion: "" until it is closed."""

    id: str
    batch: str
    step: str
    entry: str
    cause: Cause
    classification: Classification
    raised_by: str
    opened: datetime
    state: Literal["open", "assessed", "closed"] = "open"
    conclusion: Literal["", "no_impact", "acceptable", "reject_batch"] = ""


@dataclass(frozen=True, slots=True)
class Deviations:
    """All deviations of one treatment."""

    by_id: Mapping[str, Deviation] = field(default_factory=dict)

    def of(self, batch: str) -> tuple[Deviation, ...]:
        return tuple(each for each in self.by_id.values() if each.batch == batch)

    def open_of(self, batch: str) -> tuple[Deviation, ...]:
        """The batch's deviations that are not closed: what review by exception must still decide."""
        return tuple(each for each in self.of(batch) if each.state != "closed")

    def rejecting(self, batch: str) -> tuple[Deviation, ...]:
        """The batch's deviations that were closed with the conclusion to reject it."""
        return tuple(each for each in self.of(batch) if each.conclusion == "reject_batch")

    def on_count(self, batch: str, step: str) -> Deviation | None:
        """The latest deviation opened because the step's count was not reached."""
        found = [each for each in self.of(batch) if (each.step, each.cause) == (step, "count_not_reached")]
        return found[-1] if found else None


def evolve(deviations: Deviations, fact: Fact, entry: Entry) -> Deviations:
    match fact:
        case DeviationOpened():
            changed = Deviation(
                fact.deviation,
                fact.batch,
                fact.step,
                fact.entry,
                fact.cause,
                fact.classification,
                fact.raised.signer,
                entry.occurred,
            )
        case DeviationAssessed():
            earlier = deviations.by_id[fact.deviation]
            changed = replace(earlier, state="assessed", classification=fact.classification)
        case DeviationClosed():
            changed = replace(deviations.by_id[fact.deviation], state="closed", conclusion=fact.conclusion)
        case _:
            return deviations
    return Deviations({**deviations.by_id, changed.id: changed})


UNKNOWN = RefusalKind(
    "deviation.unknown",
    "Treatment {treatment} has no deviation {deviation}. Choose one from the list of open deviations.",
    "治疗 {treatment} 没有偏差 {deviation}。请从未关闭偏差列表中选择。",
    identity=True,
)
ALREADY_CLOSED = RefusalKind(
    "deviation.already_closed",
    "Deviation {deviation} is closed ({conclusion}). Report a new deviation if there is something new.",
    "偏差 {deviation} 已关闭（{conclusion}）。如有新情况，请报告新的偏差。",
)
NOT_ASSESSED = RefusalKind(
    "deviation.not_assessed",
    "Deviation {deviation} has not been assessed. Record its root cause and impact first.",
    "偏差 {deviation} 尚未评估。请先记录根本原因和影响。",
)
CANNOT_LOWER = RefusalKind(
    "deviation.cannot_lower",
    "Deviation {deviation} is {classification}; an assessment may raise that, never lower it.",
    "偏差 {deviation} 的级别为 {classification}；评估只能提高级别，不能降低。",
)
OWN_WORK = RefusalKind(
    "deviation.own_work",
    "{person} raised deviation {deviation} or worked on its step. Ask a colleague of QA who did neither to close it.",
    "{person} 提出了偏差 {deviation} 或参与了相关步骤。请由未参与的 QA 同事关闭。",
)
WORKED_ON_IT = RefusalKind(
    "deviation.worked_on_it",
    "{person} worked on the step of deviation {deviation}. Ask a colleague of QA who did not to assess it.",
    "{person} 参与了偏差 {deviation} 的相关步骤。请由未参与的 QA 同事评估。",
)
NEEDS_QUALIFIED_PERSON = RefusalKind(
    "deviation.needs_qualified_person",
    "Deviation {deviation} is critical. Have the qualified person sign its closing too.",
    "偏差 {deviation} 为关键偏差。请由质量受权人共同签署关闭。",
)
NOT_EXPLAINED = RefusalKind(
    "deviation.not_explained",
    "Deviation {deviation} needs a reason from the list and a note. Choose the reason and say what was found.",
    "偏差 {deviation} 须选择原因并填写说明。请选择原因并说明所发现的情况。",
)


def report(
    treatment: str,
    deviation: str,
    batch: str,
    step: str,
    classification: Classification,
    reason: str,
    note: str,
    raised: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Raise a deviation by hand; whether batch and step are the treatment's was decided before."""
    if not reason or not note:
        return NOT_EXPLAINED(deviation=deviation)
    place = (batch, step, "")
    return (DeviationOpened(treatment, deviation, *place, "reported", "", "", classification, reason, note, raised),)


def assess(
    deviations: Deviations,
    treatment: str,
    presented: str,
    classification: Classification,
    reason: str,
    note: str,
    *,
    performers: frozenset[str],
    assessed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Record the root cause. performers: everyone who worked on or signed its step, none of whom may judge it."""
    found = deviations.by_id.get(presented)
    if refusal := _undecided(found, treatment, presented):
        return refusal
    assert found is not None
    if not reason or not note:
        return NOT_EXPLAINED(deviation=presented)
    if assessed.signer in performers:
        return WORKED_ON_IT(person=assessed.signer, deviation=presented)
    if GRAVITY.index(classification) < GRAVITY.index(found.classification):
        return CANNOT_LOWER(deviation=presented, classification=found.classification)
    return (DeviationAssessed(treatment, presented, classification, reason, note, assessed),)


def close(
    deviations: Deviations,
    treatment: str,
    presented: str,
    conclusion: Conclusion,
    reason: str,
    *,
    performers: frozenset[str],
    decided: Signature,
    approved: Signature | None,
) -> Refusal | tuple[Fact, ...]:
    """Close a deviation. performers: everyone who worked on or signed its step, none of whom may judge it."""
    found = deviations.by_id.get(presented)
    if refusal := _undecided(found, treatment, presented):
        return refusal
    assert found is not None
    if found.state != "assessed":
        return NOT_ASSESSED(deviation=presented)
    if not reason:
        return NOT_EXPLAINED(deviation=presented)
    for signature in (decided, approved):
        if signature is not None and signature.signer in {found.raised_by, *performers}:
            return OWN_WORK(person=signature.signer, deviation=presented)
    if found.classification == "critical" and approved is None:
        return NEEDS_QUALIFIED_PERSON(deviation=presented)
    return (DeviationClosed(treatment, presented, conclusion, reason, decided, approved),)


def _undecided(found: Deviation | None, treatment: str, presented: str) -> Refusal | None:
    if found is None:
        return UNKNOWN(treatment=treatment or "?", deviation=presented)
    if found.state == "closed":
        return ALREADY_CLOSED(deviation=presented, conclusion=found.conclusion)
    return None
