"""Receipts: numbers that were published, each with the hash of the document by which anybody finds it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from yimai.domain.fact import Fact, Signature
from yimai.domain.measure import Evidence
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.status import Outcome, Status


@dataclass(frozen=True, slots=True)
class EvidenceShare:
    """How much of a value rests on one kind of evidence; in the value's unit."""

    evidence: Evidence
    value: int


@dataclass(frozen=True, slots=True)
class ReceiptPublished(Fact):
    """A number was published with its receipt.

    receipt: the document's SHA-256, in hex. size, root: of the facts that it rests on. definition: the measure's hash.
    count, contributions: how many facts made the value, and their Merkle root, in hex (of the document's lines).
    status: how the target stood on the day. shares: what the value rests on, the strongest evidence first.
    """

    kind: ClassVar[str] = "receipt.published.v2"
    about: ClassVar[tuple[str, ...]] = ("receipt", "target")
    receipt: str
    target: str
    measure: str
    definition: str
    size: int
    root: str
    day: date
    value: int | None
    unit: str
    status: Status
    count: int
    contributions: str
    shares: tuple[EvidenceShare, ...]
    published: Signature


@dataclass(frozen=True, slots=True)
class OutcomePublished(Fact):
    """What a receipt's publication told before it told of pace and evidence; read, and written no more."""

    kind: ClassVar[str] = "receipt.published.v1"
    about: ClassVar[tuple[str, ...]] = ("receipt", "target")
    receipt: str
    target: str
    measure: str
    definition: str
    size: int
    root: str
    day: date
    value: int | None
    unit: str
    outcome: Outcome
    count: int
    contributions: str
    published: Signature

    def with_status(self) -> ReceiptPublished:
        """The same with what it does not tell left open: provisional, without pace, on no evidence that it names."""
        return ReceiptPublished(
            self.receipt, self.target, self.measure, self.definition, self.size, self.root, self.day, self.value, self.unit,
            Status(self.outcome, True, None, ""), self.count, self.contributions, (), self.published,
        )  # fmt: skip


PUBLISHED: Final = (ReceiptPublished, OutcomePublished)
"""The facts, of either version, by which a receipt is published."""
NO_MEASURE = RefusalKind(
    "receipt.no_measure",
    "Target {target} has no measure that this version of Yimai knows ('{measure}'), so it has no receipt. Set one that has.",
    "指标 {target} 没有本版本所知的度量（“{measure}”），因此没有凭据。请设立有度量的指标。",
)
DEFINITION_NOT_APPROVED = RefusalKind(
    "receipt.definition_not_approved",
    "The definition of measure {measure} is not approved, so no number by it is published. Have a planner approve it first.",
    "度量 {measure} 的定义尚未批准，其数值不予发布。请先由计划人员批准该定义。",
)
NOT_SEALED = RefusalKind(
    "receipt.not_sealed",
    "The ledger has no root over exactly {size} facts. Choose a sealed size.",
    "账本没有恰好 {size} 条事实的根。请选择已封存的规模。",
)
COUNTS_PATIENTS = RefusalKind(
    "receipt.counts_patients",
    "Target {target} counts patients, or what is made for one: such numbers are read on the dashboard, where fewer than five are"
    " never told, and are not published.",
    "指标 {target} 涉及患者人数：此类数值只在看板上显示（少于五名不显示），不予发布。请在看板查看。",
)
ALREADY_PUBLISHED = RefusalKind(
    "receipt.already_published",
    "Receipt {receipt} is published already; nothing to do.",
    "凭据 {receipt} 已发布，无需操作。",
)


def publish(fact: ReceiptPublished, about: tuple[Fact, ...]) -> Refusal | tuple[Fact, ...]:
    """Publish a receipt once."""
    if any(isinstance(each, PUBLISHED) for each in about):
        return ALREADY_PUBLISHED(receipt=fact.receipt)
    return (fact,)
