"""Suites: rooms that belong to one batch at a time, their line cleared before each (EU GMP Part I chapter 5; CFDI)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from yimai.domain.fact import Fact, Signature
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Claim, Entry

GRADES: Final = ("D", "C", "B", "A")
"""EU GMP Annex 1 clean room grades, from the least to the most clean."""


@dataclass(frozen=True, slots=True)
class SuiteRegistered(Fact):
    """A base has this room. room_class: its EU GMP grade."""

    kind: ClassVar[str] = "suite.registered.v1"
    about: ClassVar[tuple[str, ...]] = ("suite",)
    suite: str
    base: str
    room_class: str


@dataclass(frozen=True, slots=True)
class SuiteTakenOut(Fact):
    """The suite is out of use until it is returned; a batch inside it starts no further step there."""

    kind: ClassVar[str] = "suite.taken_out.v1"
    about: ClassVar[tuple[str, ...]] = ("suite",)
    suite: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class SuiteReturned(Fact):
    """The suite may be used again."""

    kind: ClassVar[str] = "suite.returned.v1"
    about: ClassVar[tuple[str, ...]] = ("suite",)
    suite: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class LineCleared(Fact):
    """Nothing of an earlier batch is left in the suite: cleared for this batch by one person, checked by another."""

    kind: ClassVar[str] = "suite.line_cleared.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "suite")
    treatment: str
    batch: str
    suite: str
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class SuiteOccupied(Fact):
    """The suite belongs to this batch, which it admits alone until it is vacated."""

    kind: ClassVar[str] = "suite.occupied.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "suite")
    treatment: str
    batch: str
    suite: str

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("suite_occupied", self.suite, "take"),)


@dataclass(frozen=True, slots=True)
class SuiteVacated(Fact):
    """The batch has left; the next one needs a new line clearance."""

    kind: ClassVar[str] = "suite.vacated.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "suite")
    treatment: str
    batch: str
    suite: str

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("suite_occupied", self.suite, "free"),)


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite. out: why it is out of use, or "". cleared_for: the batch its line is clear for, or "".

    batch: the batch that occupies it, or "".
    """

    id: str = ""
    base: str = ""
    room_class: str = ""
    out: str = ""
    cleared_for: str = ""
    batch: str = ""


def evolve(suite: Suite, fact: Fact, entry: Entry) -> Suite:
    match fact:
        case SuiteRegistered():
            return replace(suite, id=fact.suite, base=fact.base, room_class=fact.room_class)
        case SuiteTakenOut():
            return replace(suite, out=fact.reason, cleared_for="")
        case SuiteReturned():
            return replace(suite, out="")
        case LineCleared():
            return replace(suite, cleared_for=fact.batch)
        case SuiteOccupied():
            return replace(suite, batch=fact.batch)
        case SuiteVacated():
            return replace(suite, batch="", cleared_for="")
    return suite


UNKNOWN = RefusalKind(
    "suite.unknown",
    "Base {base} has no suite {suite}. Choose one of its suites.",
    "基地 {base} 没有生产单元 {suite}。请选择该基地的生产单元。",
)
OUT_OF_USE = RefusalKind(
    "suite.out_of_use",
    "Suite {suite} is out of use: {reason}. Use another suite, or have QA return it.",
    "生产单元 {suite} 已停用：{reason}。请使用其他生产单元，或请 QA 恢复。",
)
NOT_OUT = RefusalKind(
    "suite.not_out",
    "Suite {suite} is in use already, so there is nothing to return.",
    "生产单元 {suite} 处于可用状态，无需恢复。",
)
OCCUPIED = RefusalKind(
    "suite.occupied_by_another",
    "Suite {suite} belongs to batch {batch} until that is closed. Wait, or use another suite.",
    "生产单元 {suite} 在批次 {batch} 关闭前归其专用。请等待，或使用其他生产单元。",
)
NOT_CLEARED = RefusalKind(
    "suite.not_cleared",
    "The line of suite {suite} is not cleared for batch {batch}. Clear it and have a second person check it first.",
    "生产单元 {suite} 尚未为批次 {batch} 清场。请先清场并由第二人复核。",
)
WRONG_ROOM_CLASS = RefusalKind(
    "suite.wrong_room_class",
    "Suite {suite} is of class {room_class}, but class {needed} is needed here. Choose a suite of that class.",
    "生产单元 {suite} 的洁净级别为 {room_class}，此处需要 {needed}。请选择相应级别的生产单元。",
)
OTHER_SUITE = RefusalKind(
    "suite.other_suite",
    "Batch {batch} is in suite {suite}, not in {presented}. Clear the line of {suite}.",
    "批次 {batch} 在生产单元 {suite}，不在 {presented}。请对 {suite} 清场。",
)
REASON_MISSING = RefusalKind(
    "suite.reason_missing",
    "Taking suite {suite} out of use, or returning it, needs a reason. Enter the reason.",
    "停用或恢复生产单元 {suite} 须填写原因。请填写原因。",
)


def in_use(suite: Suite, base: str, presented: str) -> Refusal | None:
    """Whether the suite is this base's and not out of use."""
    if not suite.id or suite.base != base:
        return UNKNOWN(base=base, suite=presented)
    return OUT_OF_USE(suite=suite.id, reason=suite.out) if suite.out else None


def admits(suite: Suite, room_class: str) -> Refusal | None:
    """Whether the suite is of the class, or of a cleaner EU GMP grade."""
    known = suite.room_class in GRADES and room_class in GRADES
    if suite.room_class == room_class or (known and GRADES.index(suite.room_class) > GRADES.index(room_class)):
        return None
    return WRONG_ROOM_CLASS(suite=suite.id, room_class=suite.room_class, needed=room_class)


def free_for(suite: Suite, batch: str) -> Refusal | None:
    """Whether no other batch is in the suite."""
    return OCCUPIED(suite=suite.id, batch=suite.batch) if suite.batch not in ("", batch) else None


def ready_for(suite: Suite, batch: str) -> Refusal | None:
    """Whether the batch may move in: nobody inside, and the line cleared for it since the last one left."""
    if refusal := free_for(suite, batch):
        return refusal
    return NOT_CLEARED(suite=suite.id, batch=batch) if suite.cleared_for != batch else None


def clear_line(
    suite: Suite, base: str, presented: str, treatment: str, batch: str, performed: Signature, verified: Signature
) -> Refusal | tuple[Fact, ...]:
    """Clear the suite's line for a batch: before it is opened, and again inside it where the recipe says so."""
    refusal = in_use(suite, base, presented) or free_for(suite, batch)
    return refusal or (LineCleared(treatment, batch, suite.id, performed, verified),)


def take_out(suite: Suite, base: str, presented: str, reason: str, decided: Signature) -> Refusal | tuple[Fact, ...]:
    if refusal := in_use(suite, base, presented):
        return refusal
    if not reason.strip():
        return REASON_MISSING(suite=suite.id)
    return (SuiteTakenOut(suite.id, reason, decided),)


def put_back(suite: Suite, base: str, presented: str, reason: str, decided: Signature) -> Refusal | tuple[Fact, ...]:
    """Return the suite to use; whatever it was cleared for, it must be cleared again."""
    if not suite.id or suite.base != base:
        return UNKNOWN(base=base, suite=presented)
    if not suite.out:
        return NOT_OUT(suite=suite.id)
    if not reason.strip():
        return REASON_MISSING(suite=suite.id)
    return (SuiteReturned(suite.id, reason, decided),)
