"""Who holds what, where: hand-overs with both scans, receipt, storage, and the end of each container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature
from yimai.domain.label import Labels, belongs
from yimai.domain.recipe import Limits
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.shipment import NOTHING_PACKED, SHIPMENT_CLOSED, ExcursionOpened, ShipmentPacked, Shipments
from yimai.domain.treatment import Treatment, open_for_work
from yimai.ledger.entry import Claim, Entry


@dataclass(frozen=True, slots=True)
class ContainerTakenInCharge(Fact):
    """A container that was filled here is in this person's charge from now on."""

    kind: ClassVar[str] = "custody.container_taken_in_charge.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    holder: str
    site: str


@dataclass(frozen=True, slots=True)
class ContainerHandedOver(Fact):
    """One person gave, another took; both scanned the shipper."""

    kind: ClassVar[str] = "custody.container_handed_over.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    shipment: str
    giver_scan: str
    taker_scan: str
    site: str
    given: Signature
    taken: Signature


@dataclass(frozen=True, slots=True)
class ContainerReceived(Fact):
    """The container was unpacked at its destination and its identity matched with the order.

    segregated: kept apart because a donor marker is positive.
    """

    kind: ClassVar[str] = "custody.container_received.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    shipment: str
    site: str
    seal_intact: bool
    segregated: bool
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class ContainerStored(Fact):
    """The container was put into a storage position, which it claims."""

    kind: ClassVar[str] = "custody.container_stored.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    position: str
    performed: Signature

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("storage_position", self.position, "take"),)


@dataclass(frozen=True, slots=True)
class ContainerRetrieved(Fact):
    """The container was taken out of its storage position, which is free again."""

    kind: ClassVar[str] = "custody.container_retrieved.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    position: str
    performed: Signature

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("storage_position", self.position, "free"),)


@dataclass(frozen=True, slots=True)
class ContainerConsumed(Fact):
    """Nothing is left in the container: used up, infused or destroyed. verified: who watched it being destroyed."""

    kind: ClassVar[str] = "custody.container_consumed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    how: Literal["used_in_manufacture", "infused", "destroyed", "lost"]
    performed: Signature
    verified: Signature | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One container. shipment: the shipper it is in, or "". position: its storage position, or "". gone: how it was consumed."""

    container: str
    holder: str
    site: str
    since: datetime
    shipment: str = ""
    position: str = ""
    received: bool = False
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Custody:
    """All containers of one treatment. hands: whoever packed, gave, took or unpacked each shipment."""

    held: Mapping[str, Held] = field(default_factory=dict)
    hands: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def carriers(self) -> frozenset[str]:
        """Everybody through whose hands any of its shipments has gone."""
        return frozenset[str]().union(*self.hands.values())


def evolve(custody: Custody, fact: Fact, entry: Entry) -> Custody:
    match fact:
        case ContainerTakenInCharge():
            return _hold(custody, Held(fact.container, fact.holder, fact.site, entry.occurred))
        case ShipmentPacked():
            packed = {each: replace(custody.held[each], shipment=fact.shipment) for each in fact.containers}
            return _passed(replace(custody, held={**custody.held, **packed}), fact.shipment, fact.given)
        case ContainerHandedOver():
            taken = replace(custody.held[fact.container], holder=fact.taken.signer, site=fact.site)
            handed = _hold(custody, replace(taken, since=entry.occurred))
            return _passed(handed, fact.shipment, fact.given, fact.taken)
        case ContainerReceived():
            received = replace(custody.held[fact.container], site=fact.site, shipment="", received=True)
            unpacked = _hold(custody, replace(received, holder=fact.performed.signer, since=entry.occurred))
            return _passed(unpacked, fact.shipment, fact.performed, fact.verified)
        case ContainerStored():
            return _hold(custody, replace(custody.held[fact.container], position=fact.position))
        case ContainerRetrieved():
            return _hold(custody, replace(custody.held[fact.container], position="", holder=fact.performed.signer))
        case ContainerConsumed():
            return _hold(custody, replace(custody.held[fact.container], gone=fact.how))
    return custody


def _hold(custody: Custody, held: Held) -> Custody:
    return replace(custody, held={**custody.held, held.container: held})


def _passed(custody: Custody, shipment: str, *by: Signature) -> Custody:
    people = custody.hands.get(shipment, frozenset()).union(each.signer for each in by)
    return replace(custody, hands={**custody.hands, shipment: people})


NO_LIMITS: Final = Limits()

NOT_IN_CHARGE = RefusalKind(
    "custody.not_in_charge",
    "{container} is in the charge of {holder}, not of {person}. Have {holder} hand it over.",
    "{container} 由 {holder} 保管，不在 {person} 处。请由 {holder} 交接。",
)
NOT_HERE = RefusalKind(
    "custody.not_here",
    "{container} is at {there}, not at {here}. Find the container before going on.",
    "{container} 位于 {there}，不在 {here}。请先找到该容器。",
)
GONE = RefusalKind(
    "custody.gone",
    "{container} is gone ({how}); it cannot be used again. Check what you scanned.",
    "{container} 已不存在（{how}），不能再次使用。请核对扫描内容。",
)
IN_SHIPMENT = RefusalKind(
    "custody.in_shipment",
    "{container} is packed in shipper {shipment}. Receive the shipper first.",
    "{container} 已装入运输箱 {shipment}。请先接收该运输箱。",
)
STORED = RefusalKind(
    "custody.stored",
    "{container} is in storage at {position}. Retrieve it first.",
    "{container} 存放于 {position}。请先取出。",
)
NOT_STORED = RefusalKind(
    "custody.not_stored",
    "{container} is not in storage, so it cannot be retrieved. Check what you scanned.",
    "{container} 未在库，无法取出。请核对扫描内容。",
)
WRONG_SHIPMENT = RefusalKind(
    "custody.wrong_shipment",
    "{presented} is not shipment {expected}. Both people scan the shipper that changes hands; stop and compare.",
    "{presented} 不是运输箱 {expected}。双方须扫描正在交接的运输箱；请停止并核对。",
    identity=True,
)
NOT_IN_SHIPMENT = RefusalKind(
    "custody.not_in_shipment",
    "{container} was not packed into shipper {shipment}. Put it aside and call QA.",
    "{container} 未装入运输箱 {shipment}。请隔离并通知 QA。",
    identity=True,
)
WRONG_DESTINATION = RefusalKind(
    "custody.wrong_destination",
    "Shipper {shipment} is addressed to {destination}, not to {here}. Do not open it; call the courier.",
    "运输箱 {shipment} 的目的地是 {destination}，不是 {here}。请勿开启，并联系承运人。",
    identity=True,
)
SEGREGATION_NEEDED = RefusalKind(
    "custody.segregation_needed",
    "A donor marker of treatment {treatment} is positive. Store the container in segregated storage and confirm it.",
    "治疗 {treatment} 的供者标志物为阳性。请隔离存放并确认。",
)
NOT_TO_BE_DESTROYED = RefusalKind(
    "custody.not_to_be_destroyed",
    "QA has not decided that {container} is to be destroyed. Ask QA to decide its fate first.",
    "QA 尚未决定销毁 {container}。请先由 QA 决定其去向。",
)
WRONG_ADDRESS = RefusalKind(
    "custody.wrong_address",
    "Containers of treatment {treatment} travel between {hospital} and {base}, not from {site} to {destination}. "
    "Correct the destination.",
    "治疗 {treatment} 的容器只能在 {hospital} 与 {base} 之间运输，不能从 {site} 运往 {destination}。请更正目的地。",
)
SHIPPER_EXPIRED = RefusalKind(
    "custody.shipper_expired",
    "The shipper keeps its temperature until {until}, which is past. Take a conditioned shipper, or correct the time.",
    "运输箱的保温时限 {until} 已过。请使用已准备好的运输箱，或更正时间。",
)
NOT_PRESENT = RefusalKind(
    "custody.not_present",
    "{person} neither gives nor takes this shipment. Whoever hands over or takes over enters it.",
    "{person} 既不是交出人也不是接收人。请由交出人或接收人录入。",
)
IN_MANUFACTURE = RefusalKind(
    "custody.in_manufacture",
    "{container} belongs to open batch {batch}. It leaves the base once that is completed or failed.",
    "{container} 属于未关闭的批次 {batch}。批次完成或失败后方可运出。",
)
TOO_OLD = RefusalKind(
    "custody.too_old",
    "{container} was collected {age} ago; fresh material may be used for {maximum}. It needs the signed reasons of QA and a physician.",
    "{container} 采集已 {age}；新鲜物料可使用 {maximum}。须由 QA 和医师签署理由。",
    override=("qa", "physician"),
)


def in_hand(custody: Custody, container: str, site: str) -> Refusal | None:
    """Whether the container is at the site, unpacked, out of storage and not used up (anyone of the site may work on it)."""
    held = custody.held.get(container)
    if held is None:
        return NOT_HERE(container=container, there="?", here=site)
    if held.gone:
        return GONE(container=container, how=held.gone)
    if held.shipment:
        return IN_SHIPMENT(container=container, shipment=held.shipment)
    if held.position:
        return STORED(container=container, position=held.position)
    return None if held.site == site else NOT_HERE(container=container, there=held.site, here=site)


def pack(
    treatment: Treatment,
    labels: Labels,
    custody: Custody,
    shipments: Shipments,
    *,
    shipment: str,
    containers: tuple[str, ...],
    destination: str,
    limits: Limits,
    qualified_until: datetime | None,
    site: str,
    given: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Put containers of one treatment into one labelled shipper; they must be here, and the shipper new.

    A held or ended treatment's container travels once QA has decided its fate, back to the hospital for example.
    """
    decided = bool(containers) and all(each in treatment.fates for each in containers)
    refusal = None if decided else open_for_work(treatment)
    if refusal := refusal or belongs(labels, treatment.id, shipment, "shipper"):
        return refusal
    if {site, destination} != {treatment.hospital, treatment.base}:
        return WRONG_ADDRESS(
            treatment=treatment.id, hospital=treatment.hospital, base=treatment.base, site=site, destination=destination
        )
    if qualified_until is not None and qualified_until.utcoffset() is not None and qualified_until <= given.signed:
        return SHIPPER_EXPIRED(until=qualified_until.isoformat(timespec="minutes"))
    if not containers or len(set(containers)) != len(containers):
        return NOTHING_PACKED()
    if shipment in shipments.by_id:
        return SHIPMENT_CLOSED(shipment=shipment)
    for container in containers:
        refusal = belongs(labels, treatment.id, container, "collection_bag", "container", "final_bag") or in_hand(
            custody, container, site
        )
        if refusal:
            return refusal
    packed = ShipmentPacked(
        treatment.id, shipment, containers, site, destination, limits.low, limits.high, qualified_until, given
    )
    return (packed,)


def hand_over(
    treatment: Treatment,
    custody: Custody,
    shipments: Shipments,
    *,
    shipment: str,
    giver_scan: str,
    taker_scan: str,
    site: str,
    actor: str,
    given: Signature,
    taken: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Hand a shipment over; both people scanned the shipper. A treatment that was stopped may still be carried.

    actor: who enters it, one of the two.
    """
    packed = shipments.by_id.get(shipment)
    if packed is None:
        return WRONG_SHIPMENT(presented=shipment, expected=", ".join(shipments.by_id) or "?")
    for scan in (giver_scan, taker_scan):
        if scan != shipment:
            return WRONG_SHIPMENT(presented=scan, expected=shipment)
    facts: list[Fact] = []
    for container in packed.containers:
        held = custody.held[container]
        if held.shipment != shipment:
            return SHIPMENT_CLOSED(shipment=shipment)
        if held.holder != given.signer:
            return NOT_IN_CHARGE(container=container, holder=held.holder, person=given.signer)
        facts.append(ContainerHandedOver(treatment.id, container, shipment, giver_scan, taker_scan, site, given, taken))
    return tuple(facts) if actor in (given.signer, taken.signer) else NOT_PRESENT(person=actor)


def receive(
    treatment: Treatment,
    labels: Labels,
    custody: Custody,
    shipments: Shipments,
    *,
    container: str,
    shipment: str,
    site: str,
    seal_intact: bool,
    segregated: bool,
    age: timedelta | None,
    maximum_age: timedelta | None,
    waived: frozenset[str],
    excursion: str,
    performed: Signature,
    verified: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Unpack a container at its destination and match it with the order.

    age, maximum_age: of fresh material since its collection, or None where no such clock runs.
    A held or ended treatment's container is received all the same, an ended one's however old: it must not stand in a
    corridor. excursion: the identifier of the one that a broken seal opens.
    """
    packed = shipments.by_id.get(shipment)
    if packed is None:
        return WRONG_SHIPMENT(presented=shipment, expected=", ".join(shipments.by_id) or "?")
    refusal = belongs(labels, treatment.id, container, "collection_bag", "container", "final_bag")
    if refusal:
        return refusal
    held = custody.held.get(container)
    if held is None or container not in packed.containers or held.shipment != shipment:
        return NOT_IN_SHIPMENT(container=container, shipment=shipment)
    if packed.destination != site:
        return WRONG_DESTINATION(shipment=shipment, destination=packed.destination, here=site)
    if held.holder != performed.signer:
        return NOT_IN_CHARGE(container=container, holder=held.holder, person=performed.signer)
    if treatment.infectious and not segregated:
        return SEGREGATION_NEEDED(treatment=treatment.id)
    too_old = age is not None and maximum_age is not None and age > maximum_age
    if too_old and not treatment.ended and TOO_OLD.code not in waived:
        return TOO_OLD(container=container, age=age, maximum=maximum_age)
    received = ContainerReceived(treatment.id, container, shipment, site, seal_intact, segregated, performed, verified)
    return (received,) if seal_intact else (received, ExcursionOpened(treatment.id, excursion, shipment, "seal_broken"))


def store(
    labels: Labels, treatment: Treatment, custody: Custody, container: str, position: str, site: str, by: Signature
) -> Refusal | tuple[Fact, ...]:
    refusal = belongs(labels, treatment.id, container, "collection_bag", "container", "final_bag") or in_hand(
        custody, container, site
    )
    return refusal or (ContainerStored(treatment.id, container, position, by),)


def retrieve(
    labels: Labels, treatment: Treatment, custody: Custody, container: str, site: str, by: Signature
) -> Refusal | tuple[Fact, ...]:
    refusal = belongs(labels, treatment.id, container, "collection_bag", "container", "final_bag")
    if refusal:
        return refusal
    held = custody.held.get(container)
    if held is None or not held.position:
        return NOT_STORED(container=container)
    if held.site != site:
        return NOT_HERE(container=container, there=held.site, here=site)
    return (ContainerRetrieved(treatment.id, container, held.position, by),)


def destroy(
    labels: Labels,
    treatment: Treatment,
    custody: Custody,
    container: str,
    site: str,
    performed: Signature,
    verified: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Destroy a container that is here and whose fate is to be destroyed."""
    refusal = belongs(labels, treatment.id, container, "collection_bag", "container", "final_bag") or in_hand(
        custody, container, site
    )
    if refusal:
        return refusal
    if treatment.fates.get(container) != "destroy":
        return NOT_TO_BE_DESTROYED(container=container)
    return (ContainerConsumed(treatment.id, container, "destroyed", performed, verified),)
