"""Material lots: received, then released or rejected by quality control; used only released and unexpired."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Literal

from yimai.domain.fact import Fact, Quantity, Signature, measurable
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class MaterialLotReceived(Fact):
    """A lot of a material arrived; it may be used once it is released.

    expires: the last day of use, in the base's zone.
    """

    kind: ClassVar[str] = "material_lot.received.v1"
    about: ClassVar[tuple[str, ...]] = ("material_lot",)
    material_lot: str
    base: str
    material: str
    quantity: Quantity
    expires: date


@dataclass(frozen=True, slots=True)
class MaterialLotReleased(Fact):
    """The lot may be used until it expires."""

    kind: ClassVar[str] = "material_lot.released.v1"
    about: ClassVar[tuple[str, ...]] = ("material_lot",)
    material_lot: str
    released: Signature


@dataclass(frozen=True, slots=True)
class MaterialLotRejected(Fact):
    """The lot must not be used (any more): refused on receipt, or recalled after its release."""

    kind: ClassVar[str] = "material_lot.rejected.v1"
    about: ClassVar[tuple[str, ...]] = ("material_lot",)
    material_lot: str
    reason: str
    rejected: Signature


@dataclass(frozen=True, slots=True)
class MaterialLot:
    """One lot. receiver: who put its arrival on record."""

    id: str = ""
    base: str = ""
    material: str = ""
    quantity: Quantity | None = None
    expires: date = date.min
    state: Literal["received", "released", "rejected"] = "received"
    receiver: str = ""


def evolve(lot: MaterialLot, fact: Fact, entry: Entry) -> MaterialLot:
    match fact:
        case MaterialLotReceived():
            lot = MaterialLot(fact.material_lot, fact.base, fact.material, fact.quantity, fact.expires)
            return replace(lot, receiver=entry.actor)
        case MaterialLotReleased():
            return replace(lot, state="released")
        case MaterialLotRejected():
            return replace(lot, state="rejected")
    return lot


UNKNOWN = RefusalKind(
    "material_lot.unknown",
    "Base {base} has not received material lot {material_lot}. Scan the lot's label again, or record its receipt.",
    "基地 {base} 没有收到物料批 {material_lot}。请重新扫描标签，或登记接收。",
)
ALREADY_RECEIVED = RefusalKind(
    "material_lot.already_received",
    "Material lot {material_lot} has already been received. Check its number.",
    "物料批 {material_lot} 已登记接收。请核对批号。",
)
ALREADY_DECIDED = RefusalKind(
    "material_lot.already_decided",
    "Material lot {material_lot} is already {state}; nothing more to decide.",
    "物料批 {material_lot} 已为 {state} 状态，无需再作决定。",
)
NOT_RELEASED = RefusalKind(
    "material_lot.not_released",
    "Material lot {material_lot} is {state}, not released. Put it aside and use a released lot.",
    "物料批 {material_lot} 为 {state} 状态，未放行。请将其隔离并使用已放行的物料批。",
)
EXPIRED = RefusalKind(
    "material_lot.expired",
    "Material lot {material_lot} expired on {expires}. Put it aside and use an unexpired lot.",
    "物料批 {material_lot} 已于 {expires} 到期。请将其隔离并使用未过期的物料批。",
)
WRONG_MATERIAL = RefusalKind(
    "material_lot.wrong_material",
    "Material lot {material_lot} is {material}, which is not asked for here ({needed}). Scan the right lot.",
    "物料批 {material_lot} 是 {material}，不是此处所需（{needed}）。请扫描正确的物料批。",
)
QUANTITY_IMPOSSIBLE = RefusalKind(
    "material_lot.quantity_impossible",
    "{quantity} of material lot {material_lot} is not possible: expected more than 0 {unit}. Correct it or its unit.",
    "物料批 {material_lot} 的数量 {quantity} 不合理：应大于 0 {unit}。请更正数量和单位。",
)
OWN_WORK = RefusalKind(
    "material_lot.own_work",
    "{person} received material lot {material_lot} and cannot release it. Ask a colleague of QA.",
    "{person} 是物料批 {material_lot} 的接收人，不能放行。请由另一名 QA 同事放行。",
)
REASON_MISSING = RefusalKind(
    "material_lot.reason_missing",
    "Rejecting material lot {material_lot} needs a reason. Enter the reason.",
    "拒收物料批 {material_lot} 须填写原因。请填写原因。",
)


def known(lot: MaterialLot, base: str, presented: str) -> Refusal | None:
    return UNKNOWN(base=base, material_lot=presented) if not lot.id or lot.base != base else None


def usable(lot: MaterialLot, base: str, presented: str, day: date) -> Refusal | None:
    """Whether the lot may be used at the base on the day (the base's): released, and expiring that day or later."""
    if refusal := known(lot, base, presented):
        return refusal
    if lot.state != "released":
        return NOT_RELEASED(material_lot=lot.id, state=lot.state)
    return EXPIRED(material_lot=lot.id, expires=lot.expires) if day > lot.expires else None


def receive(
    lot: MaterialLot, base: str, presented: str, material: str, quantity: Quantity, expires: date
) -> Refusal | tuple[Fact, ...]:
    if lot.id:
        return ALREADY_RECEIVED(material_lot=lot.id)
    if not measurable(quantity.value) or quantity.value <= 0:
        return QUANTITY_IMPOSSIBLE(material_lot=presented, quantity=quantity, unit=quantity.unit)
    return (MaterialLotReceived(presented, base, material, quantity, expires),)


def release(lot: MaterialLot, base: str, presented: str, day: date, released: Signature) -> Refusal | tuple[Fact, ...]:
    """Release a lot for use; whoever received it does not."""
    if refusal := known(lot, base, presented):
        return refusal
    if lot.state != "received":
        return ALREADY_DECIDED(material_lot=lot.id, state=lot.state)
    if day > lot.expires:
        return EXPIRED(material_lot=lot.id, expires=lot.expires)
    if lot.receiver == released.signer:
        return OWN_WORK(person=released.signer, material_lot=lot.id)
    return (MaterialLotReleased(lot.id, released),)


def reject(lot: MaterialLot, base: str, presented: str, reason: str, rejected: Signature) -> Refusal | tuple[Fact, ...]:
    """Reject a lot on receipt, or recall a released one."""
    if refusal := known(lot, base, presented):
        return refusal
    if lot.state == "rejected":
        return ALREADY_DECIDED(material_lot=lot.id, state=lot.state)
    if not reason.strip():
        return REASON_MISSING(material_lot=lot.id)
    return (MaterialLotRejected(lot.id, reason, rejected),)
