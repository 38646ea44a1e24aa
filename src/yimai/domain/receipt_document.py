"""The document behind a number, deterministic and named by its hash. No number is shown without one.

A receipt says what was asked, of which facts (the ledger's first N, under its root), by which definition, and which facts
made the value. Anybody who holds those facts computes the same bytes again. Published, it becomes a fact; the document is
not stored, for it can be computed at any time. The difference of two receipts lists the facts that moved the number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from yimai.domain import measure_production, measure_register
from yimai.domain.annual_return import AnnualReturnFiled
from yimai.domain.fact import Signature, json_of
from yimai.domain.measure import Definition, Evidence, Facts, Measured, Question, Sheet
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.receipt import EvidenceShare, ReceiptPublished
from yimai.domain.status import Status, status_of
from yimai.domain.target import TargetSet
from yimai.ledger import canonical, merkle
from yimai.ledger.entry import Checkpoint, Json

FORM: Final = 1
"""The version of the document's form."""
Rule = Callable[[Definition, Question, Facts, Sheet], None]
RULES: Final[Mapping[str, Rule]] = {
    "standing": measure_register.standing,
    "designations": measure_register.designations,
    "facilities": measure_register.facilities,
    "products": measure_register.products,
    "returns": measure_register.returns,
    "doses": measure_production.doses,
    "listed_value": measure_production.listed_value,
    "patients": measure_production.patients,
    "on_time": measure_production.on_time,
    "vein_to_vein": measure_production.vein_to_vein,
    "slots": measure_production.slots,
    "suites": measure_production.suites,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """target: None for a number that belongs to no target. day: on which it is asked how the target stands."""

    ledger: str
    size: int
    root: bytes
    definition: Definition
    question: Question
    target: TargetSet | None
    day: date
    value: int | None
    measured: Measured
    status: Status | None

    @property
    def document(self) -> bytes:
        """The canonical bytes: of what heads the receipt, and of the lists, by their names in order (RFC 8785)."""
        head: dict[str, Json] = {
            "form": FORM,
            "ledger": self.ledger,
            "size": self.size,
            "root": self.root.hex(),
            "measure": self.definition.id,
            "definition": self.definition.hash,
            "question": json_of(self.question),
            "target": self.target.target if self.target is not None else "",
            "goal": self.target.goal if self.target is not None else "",
            "day": self.day.isoformat(),
            "value": self.value,
            "unit": self.definition.unit,
            "evidence": self.measured.evidence if self.value is not None else "",
            "status": json_of(self.status),
        }
        parts = {name: canonical.encode(value) for name, value in head.items()} | dict(self.measured.lists)
        return b"{" + b",".join(b'"%s":%s' % (name.encode(), parts[name]) for name in sorted(parts)) + b"}"

    @property
    def hash(self) -> str:
        """What the receipt is named by: the document's SHA-256, in hex."""
        return sha256(self.document).hexdigest()

    @property
    def contributions_root(self) -> str:
        """The Merkle root (RFC 6962) of the contributions as the document lists them, in hex."""
        lines = map(canonical.encode, self.measured.contribution_lines())
        return merkle.root([sha256(b"\0" + line).digest() for line in lines]).hex()


def measure(question: Question, facts: Facts) -> Measured:
    """Answer the question from the facts. Raises KeyError if no such measure is defined."""
    definition = DEFINITIONS[question.measure]
    sheet = Sheet()
    narrowed = {"therapies": question.therapies, "district": question.district}
    if all(scope in definition.scopes for scope, asked in narrowed.items() if asked):
        RULES[definition.rule](definition, question, facts, sheet)
    return sheet.measured(definition)


def question_of(target: TargetSet, day: date, begins: date) -> Question:
    """What the target asks of its measure on the day; begins: the plan's first day."""
    last = target.deadline if target.basis == "end_of_period" else target.deadline - timedelta(days=1)
    first = begins if target.mode == "cumulative" else None
    return Question(target.measure, min(day, last), first, target.therapies, target.district)


def receipt_for(target: TargetSet, begins: date, day: date, measured: Measured, sealed: Checkpoint) -> Receipt:
    """The receipt of a target as of the day. measured: what it asks (``question_of``), of the first ``sealed.size`` facts."""
    question = question_of(target, day, begins)
    value = measured.value
    if value is not None and target.mode == "delta" and target.baseline is not None:
        value -= target.baseline.value
    status = status_of(target, value, measured.evidence, day, begins)
    definition = DEFINITIONS[question.measure]
    return Receipt(sealed.ledger, sealed.size, sealed.root, definition, question, target, day, value, measured, status)


def receipt_of(question: Question, found: Measured, sealed: Checkpoint) -> Receipt:
    """The receipt of a number that belongs to no target."""
    definition = DEFINITIONS[question.measure]
    return Receipt(
        sealed.ledger, sealed.size, sealed.root, definition, question, None, question.until, found.value, found, None
    )


def shares(receipt: Receipt, facts: Facts) -> tuple[EvidenceShare, ...]:
    """What the value rests on, from the strongest evidence to the weakest; nothing of an unknown value."""
    whole = sum(each.amount for each in receipt.measured.contributions)
    if receipt.value is None or whole <= 0:
        return ()
    amounts: dict[Evidence, int] = {"ledger": 0, "audited": 0, "register": 0, "self_declared": 0}
    if receipt.definition.rule == "returns":
        audit = {each.hash: each.fact.audit for each in facts.of(AnnualReturnFiled)}
        for each in receipt.measured.contributions:
            amounts[audit[each.fact]] += each.amount
    else:
        amounts[receipt.definition.evidence] = whole
    return tuple(EvidenceShare(evidence, amount) for evidence, amount in amounts.items() if amount)


def published(receipt: Receipt, facts: Facts, signed: Signature) -> ReceiptPublished:
    """The fact that publishes a target's receipt. facts: those that it rests on."""
    assert receipt.target is not None
    assert receipt.status is not None
    return ReceiptPublished(
        receipt=receipt.hash,
        target=receipt.target.target,
        measure=receipt.definition.id,
        definition=receipt.definition.hash,
        size=receipt.size,
        root=receipt.root.hex(),
        day=receipt.day,
        value=receipt.value,
        unit=receipt.definition.unit,
        status=receipt.status,
        count=len(receipt.measured.contributions),
        contributions=receipt.contributions_root,
        shares=shares(receipt, facts),
        published=signed,
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """A fact that counts otherwise in another receipt. before, after: its amount, its reason, ``basis``, or "" for not listed."""

    fact: bytes
    before: int | str
    after: int | str


def difference(before: Receipt, after: Receipt) -> tuple[Moved, ...]:
    """Exactly the facts that count otherwise in the later receipt, sorted by hash."""
    one, other = _roles(before.measured), _roles(after.measured)
    return tuple(
        Moved(fact, one.get(fact, ""), other.get(fact, ""))
        for fact in sorted(one.keys() | other.keys())
        if one.get(fact, "") != other.get(fact, "")
    )


def _roles(measured: Measured) -> dict[bytes, int | str]:
    roles: dict[bytes, int | str] = {each.fact: each.amount for each in measured.contributions}
    roles.update(measured.exclusions)
    roles.update(dict.fromkeys(measured.basis, "basis"))
    return roles
