"""Labels: every copy issued is used or destroyed, and reconciles to zero (FACT-JACIE; EU GMP)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature, subject
from yimai.domain.label_code import COPIES
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Entry

Carrier = Literal["wristband", "collection_bag", "container", "sample", "final_bag", "shipper"]
NOUNS: Mapping[Carrier, str] = {
    "wristband": "wristband",
    "collection_bag": "container",
    "container": "container",
    "sample": "sample",
    "final_bag": "container",
    "shipper": "shipment",
}
"""Which noun an item with a label of this carrier is: a scan of the label reads the item's identifier."""


@dataclass(frozen=True, slots=True)
class LabelIssued(Fact):
    """A copy of a label was printed for an item; the label reads the item's identifier. copy: from 1."""

    kind: ClassVar[str] = "label.issued.v1"
    treatment: str
    item: str
    layout: str
    carrier: Carrier
    copy: int
    reason: str
    issued: Signature

    def subjects(self) -> tuple[str, ...]:
        return (subject("treatment", self.treatment), subject(NOUNS[self.carrier], self.item))


@dataclass(frozen=True, slots=True)
class LabelUsed(Fact):
    """The copy was stuck on its item (or patient) by one person and checked by another."""

    kind: ClassVar[str] = "label.used.v1"
    treatment: str
    item: str
    copy: int
    used: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class LabelDestroyed(Fact):
    """A copy was destroyed, with its reason."""

    kind: ClassVar[str] = "label.destroyed.v1"
    treatment: str
    item: str
    copy: int
    reason: str
    destroyed: Signature


PRINTING: Final = timedelta(minutes=10)
"""How long after its issue a copy may be printed."""
CopyState = Literal["issued", "used", "destroyed"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something of this treatment that bears a label. copies: each copy's state, from copy 1."""

    id: str
    layout: str
    carrier: Carrier
    copies: tuple[CopyState, ...]

    @property
    def labelled(self) -> bool:
        """Whether a copy is on the item."""
        return "used" in self.copies


@dataclass(frozen=True, slots=True)
class Labels:
    """All labelled items of one treatment, by the item's identifier."""

    items: Mapping[str, Item] = field(default_factory=dict)

    def of(self, identifier: str, *carriers: Carrier) -> Item | None:
        """Return the treatment's own item if it is of one of the carriers, else None."""
        item = self.items.get(identifier)
        return item if item is not None and item.carrier in carriers else None

    @property
    def unreconciled(self) -> tuple[str, ...]:
        """Copies that were issued but neither used nor destroyed, as ``item#copy``."""
        return tuple(
            f"{item.id}#{number}"
            for item in self.items.values()
            for number, state in enumerate(item.copies, 1)
            if state == "issued"
        )


def evolve(labels: Labels, fact: Fact, entry: Entry) -> Labels:
    match fact:
        case LabelIssued():
            known = labels.items.get(fact.item, Item(fact.item, fact.layout, fact.carrier, ()))
            return _with(labels, replace(known, copies=(*known.copies, "issued")))
        case LabelUsed():
            return _with(labels, _copy(labels.items[fact.item], fact.copy, "used"))
        case LabelDestroyed():
            return _with(labels, _copy(labels.items[fact.item], fact.copy, "destroyed"))
    return labels


def _with(labels: Labels, item: Item) -> Labels:
    return Labels({**labels.items, item.id: item})


def _copy(item: Item, number: int, state: CopyState) -> Item:
    return replace(item, copies=(*item.copies[: number - 1], state, *item.copies[number:]))


NOT_THIS_PATIENTS = RefusalKind(
    "label.not_this_patients",
    "{presented} does not belong to treatment {treatment}. Stop, put it aside and call QA; do not use it here.",
    "{presented} 不属于治疗 {treatment}。请停止操作，将其隔离并通知 QA，不得在此使用。",
    identity=True,
)
WRONG_CARRIER = RefusalKind(
    "label.wrong_carrier",
    "{presented} is a {carrier}, but a {wanted} is needed here. Scan the {wanted}.",
    "{presented} 是 {carrier}，此处需要 {wanted}。请扫描 {wanted}。",
    identity=True,
)
UNKNOWN_LAYOUT = RefusalKind(
    "label.unknown_layout",
    "The recipe has no label layout '{layout}' for a {carrier}. Print the layout that the recipe names.",
    "工艺规程没有用于 {carrier} 的标签版式“{layout}”。请打印规程规定的版式。",
)
REPRINT_NEEDS_REASON = RefusalKind(
    "label.reprint_needs_reason",
    "{item} already has a label. Give the reason for the reprint, and destroy the copy it replaces.",
    "{item} 已有标签。请填写重打原因，并销毁被替换的标签。",
)
NO_SUCH_COPY = RefusalKind(
    "label.no_such_copy",
    "Copy {copy} of the label of {item} was not issued or is already used or destroyed. Scan the copy in your hand.",
    "{item} 的第 {copy} 份标签未签发，或已使用、已销毁。请扫描手中的标签。",
)
TOO_MANY_COPIES = RefusalKind(
    "label.too_many_copies",
    "{item} has had {copies} labels, the most there can be. Find out why labels fail here, and put a new item in its place.",
    "{item} 已签发 {copies} 份标签，达到上限。请查明标签反复失败的原因，并启用新的容器。",
)
PRINTED_BEFORE = RefusalKind(
    "label.printed_before",
    "Copy {copy} of the label of {item} was printed before. Destroy it and issue a further copy with the reason.",
    "{item} 的第 {copy} 份标签已打印过。请将其销毁，并填写原因签发新的一份。",
)
ISSUED_BY_ANOTHER = RefusalKind(
    "label.issued_by_another",
    "Copy {copy} of the label of {item} was issued by {issuer}, who alone may print it. Ask {issuer}, or issue a further copy.",
    "{item} 的第 {copy} 份标签由 {issuer} 签发，只能由其打印。请联系 {issuer}，或签发新的一份。",
)
OUTDATED = RefusalKind(
    "label.outdated",
    "Since copy {copy} of the label of {item} was issued, something on it has changed: {lines}. Destroy it and issue a further copy.",
    "{item} 的第 {copy} 份标签签发后内容已变化：{lines}。请将其销毁并签发新的一份。",
)
NOT_DRAWN = RefusalKind(
    "label.not_drawn",
    "The label of {item} cannot be shown whole: {problem}. Have the recipe's or the site's title shortened, then issue a further copy.",
    "{item} 的标签无法完整显示：{problem}。请缩短工艺规程或站点名称后签发新的一份。",
)
ALREADY_LABELLED = RefusalKind(
    "label.already_labelled",
    "{item} already bears a label. Destroy this copy, or void the one on the item first.",
    "{item} 已贴有标签。请销毁此份标签，或先作废已贴标签。",
)
UNRECONCILED = RefusalKind(
    "label.unreconciled",
    "Labels are not reconciled: {copies}. Use or destroy every issued copy, then try again.",
    "标签物料平衡未完成：{copies}。请使用或销毁所有已签发的标签后重试。",
)


def belongs(labels: Labels, treatment: str, presented: str, *carriers: Carrier) -> Refusal | None:
    """Whether what was scanned is this treatment's own, labelled item of the wanted kind."""
    item = labels.items.get(presented)
    if item is None or not item.labelled:
        return NOT_THIS_PATIENTS(presented=presented, treatment=treatment)
    if item.carrier not in carriers:
        return WRONG_CARRIER(presented=presented, carrier=item.carrier, wanted="/".join(carriers))
    return None


def reconciled(labels: Labels) -> Refusal | None:
    open_copies = labels.unreconciled
    return UNRECONCILED(copies=", ".join(open_copies)) if open_copies else None


def printable(labels: Labels, issued: LabelIssued, recorded: datetime, person: str, now: datetime) -> Refusal | None:
    """Whether this person may have the copy's printable form now. recorded: when the issue was.

    Issuing is printing: the form goes to who issued it, for as long as a printer may take, so that no second piece of
    paper arises later; should one, it bears the same copy number, which is used once only.
    """
    known = {"item": issued.item, "copy": issued.copy}
    if labels.items[issued.item].copies[issued.copy - 1] != "issued":
        return NO_SUCH_COPY(**known)
    if person != issued.issued.signer:
        return ISSUED_BY_ANOTHER(issuer=issued.issued.signer, **known)
    return PRINTED_BEFORE(**known) if now - recorded > PRINTING else None


def issue(
    labels: Labels, treatment: str, item: str, layout: str, carrier: Carrier, reason: str, issued: Signature
) -> Refusal | tuple[Fact, ...]:
    """Print a label for a new item, or a further copy for a known one (which needs a reason)."""
    known = labels.items.get(item)
    if known is not None and (known.layout, known.carrier) != (layout, carrier):
        return UNKNOWN_LAYOUT(layout=layout, carrier=known.carrier)
    if known is not None and not reason.strip():
        return REPRINT_NEEDS_REASON(item=item)
    copy = len(known.copies) + 1 if known is not None else 1
    if copy > COPIES:
        return TOO_MANY_COPIES(item=item, copies=COPIES)
    return (LabelIssued(treatment, item, layout, carrier, copy, reason, issued),)


def use(
    labels: Labels, treatment: str, presented: str, copy: int, used: Signature, verified: Signature
) -> Refusal | tuple[Fact, ...]:
    item = labels.items.get(presented)
    if item is None:
        return NOT_THIS_PATIENTS(presented=presented, treatment=treatment)
    if not 1 <= copy <= len(item.copies) or item.copies[copy - 1] != "issued":
        return NO_SUCH_COPY(item=presented, copy=copy)
    if item.labelled:
        return ALREADY_LABELLED(item=presented)
    return (LabelUsed(treatment, presented, copy, used, verified),)


def destroy(
    labels: Labels, treatment: str, presented: str, copy: int, reason: str, destroyed: Signature
) -> Refusal | tuple[Fact, ...]:
    """Destroy a copy that is not on an item, or one taken off it again (the item then needs a new one)."""
    item = labels.items.get(presented)
    if item is None:
        return NOT_THIS_PATIENTS(presented=presented, treatment=treatment)
    if not 1 <= copy <= len(item.copies) or item.copies[copy - 1] == "destroyed":
        return NO_SUCH_COPY(item=presented, copy=copy)
    return (LabelDestroyed(treatment, presented, copy, reason, destroyed),)
