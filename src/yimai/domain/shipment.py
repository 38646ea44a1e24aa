"""Shippers on their way: what was packed, the logger's temperatures, excursions and QA's decision on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature, measurable
from yimai.domain.recipe import Limits
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.treatment import Treatment
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class ShipmentPacked(Fact):
    """Containers were put into one shipper. lowest, highest: allowed degrees Celsius; equal treatment for all inside.

    qualified_until: until when the shipper keeps its temperature, or None for none stated.
    """

    kind: ClassVar[str] = "shipment.packed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "shipment")
    treatment: str
    shipment: str
    containers: tuple[str, ...]
    origin: str
    destination: str
    lowest: Decimal | None
    highest: Decimal | None
    qualified_until: datetime | None
    given: Signature


@dataclass(frozen=True, slots=True)
class TemperatureReported(Fact):
    """The logger's summary of one shipment. readings 0 means that there are no data. file: hex commitment to the file."""

    kind: ClassVar[str] = "shipment.temperature_reported.v1"
    treatment: str
    shipment: str
    logger: str
    readings: int
    lowest: Decimal | None
    highest: Decimal | None
    file: str
    reported: Signature


@dataclass(frozen=True, slots=True)
class ExcursionOpened(Fact):
    """A shipment was too warm, too cold, too late or opened on its way, or nothing is known about its temperature."""

    kind: ClassVar[str] = "shipment.excursion_opened.v1"
    treatment: str
    excursion: str
    shipment: str
    cause: Literal["out_of_range", "no_data", "late", "seal_broken"]


@dataclass(frozen=True, slots=True)
class ExcursionAssessed(Fact):
    """QA decides whether the containers of the shipment may still be used."""

    kind: ClassVar[str] = "shipment.excursion_assessed.v1"
    treatment: str
    excursion: str
    usable: bool
    reason: str
    assessed: Signature


Decision = Literal["open", "usable", "unusable"]
WORST_FIRST: Final[tuple[Decision, ...]] = ("unusable", "open", "usable")


@dataclass(frozen=True, slots=True)
class Shipment:
    """One shipper. reporter: who put its temperature on record, or "". excursions: each one's state."""

    id: str
    containers: tuple[str, ...]
    origin: str
    destination: str
    limits: Limits
    qualified_until: datetime | None
    packed: datetime
    reported: bool = False
    reporter: str = ""
    excursions: Mapping[str, Decision] = field(default_factory=dict)

    @property
    def excursion_state(self) -> Decision | Literal[""]:
        """The worst of its excursions' states: ``unusable``, ``open``, ``usable`` or "" for none."""
        return next((state for state in WORST_FIRST if state in self.excursions.values()), "")

    @property
    def excursion(self) -> str:
        """The first of its excursions in that state, or ""."""
        return next((each for each, state in self.excursions.items() if state == self.excursion_state), "")


@dataclass(frozen=True, slots=True)
class Shipments:
    """All shipments of one treatment."""

    by_id: Mapping[str, Shipment] = field(default_factory=dict)

    def containers_of(self, shipment: str) -> tuple[str, ...]:
        packed = self.by_id.get(shipment)
        return packed.containers if packed is not None else ()

    def carrying(self, container: str) -> tuple[Shipment, ...]:
        """Every shipment that the container was ever packed in."""
        return tuple(each for each in self.by_id.values() if container in each.containers)


def evolve(shipments: Shipments, fact: Fact, entry: Entry) -> Shipments:
    match fact:
        case ShipmentPacked():
            changed = Shipment(
                fact.shipment,
                fact.containers,
                fact.origin,
                fact.destination,
                Limits(fact.lowest, fact.highest),
                fact.qualified_until,
                entry.occurred,
            )
        case TemperatureReported():
            changed = replace(shipments.by_id[fact.shipment], reported=True, reporter=fact.reported.signer)
        case ExcursionOpened():
            opened = shipments.by_id[fact.shipment]
            changed = replace(opened, excursions={**opened.excursions, fact.excursion: "open"})
        case ExcursionAssessed():
            assessed = next(each for each in shipments.by_id.values() if fact.excursion in each.excursions)
            decided: Decision = "usable" if fact.usable else "unusable"
            changed = replace(assessed, excursions={**assessed.excursions, fact.excursion: decided})
        case _:
            return shipments
    return Shipments({**shipments.by_id, changed.id: changed})


ABSOLUTE_ZERO: Final = Decimal("-273.15")

UNKNOWN = RefusalKind(
    "shipment.unknown",
    "Treatment {treatment} has no shipper {shipment}. Scan the shipper's label.",
    "治疗 {treatment} 没有运输箱 {shipment}。请扫描运输箱标签。",
    identity=True,
)
READINGS_IMPOSSIBLE = RefusalKind(
    "shipment.readings_impossible",
    "The logger summary is not possible: {readings} readings, lowest {lowest}, highest {highest}. Read the logger again.",
    "记录仪汇总不合理：{readings} 个读数，最低 {lowest}，最高 {highest}。请重新读取记录仪。",
)
NOTHING_PACKED = RefusalKind(
    "shipment.nothing_packed",
    "A shipper needs at least one container, none of them twice. Scan what goes into the shipper.",
    "运输箱至少须装入一个容器，且不得重复。请扫描装入的容器。",
)
SHIPMENT_CLOSED = RefusalKind(
    "shipment.shipment_closed",
    "Shipper {shipment} has been used already. Take a shipper with a new label.",
    "运输箱 {shipment} 已使用过。请使用带有新标签的运输箱。",
)
NO_TEMPERATURE = RefusalKind(
    "shipment.no_temperature",
    "The temperature record of shipper {shipment} is missing. Read the logger first, or report that there are no data.",
    "缺少运输箱 {shipment} 的温度记录。请先读取记录仪，或报告无数据。",
)
ALREADY_REPORTED = RefusalKind(
    "shipment.already_reported",
    "The temperature of shipper {shipment} is already on record. QA assesses it; a correction is a further report by QA.",
    "运输箱 {shipment} 的温度已记录，由 QA 评估。",
)
EXCURSION_OPEN = RefusalKind(
    "shipment.excursion_open",
    "Excursion {excursion} of shipper {shipment} awaits QA's decision. Keep the container in quarantine until then.",
    "运输箱 {shipment} 的温度超限 {excursion} 等待 QA 决定。在此之前请隔离容器。",
)
UNUSABLE = RefusalKind(
    "shipment.unusable",
    "QA decided after excursion {excursion} that {container} must not be used. Ask for its fate to be decided.",
    "QA 在温度超限 {excursion} 后决定不得使用 {container}。请申请决定其去向。",
)
NOT_ARRIVED = RefusalKind(
    "shipment.not_arrived",
    "Shipper {shipment} is still on its way to {destination}. Its logger is read where it has arrived.",
    "运输箱 {shipment} 仍在运往 {destination} 途中。请在到达后读取记录仪。",
)
SPEAKS_FOR_USE: Final = frozenset({"within_validated_range", "stability_data_support"})
SPEAKS_AGAINST_USE: Final = frozenset({"outside_validated_range", "damaged", "quality_concern"})
CONTRADICTS = RefusalKind(
    "shipment.reason_contradicts",
    "The reason contradicts the decision. Choose a reason that supports what was decided, or decide otherwise.",
    "理由与决定矛盾。请选择支持该决定的理由，或改变决定。",
)
OWN_WORK = RefusalKind(
    "shipment.own_work",
    "{person} packed, carried, unpacked or read shipper {shipment}. Ask a colleague of QA who did not to assess it.",
    "{person} 参与了运输箱 {shipment} 的装箱、运输、开箱或读数。请由未参与的 QA 同事评估。",
)
NOT_READ_HERE = RefusalKind(
    "shipment.not_read_here",
    "Shipper {shipment} is at {destination}, not at {here}. Whoever received or brought it reads its logger.",
    "运输箱 {shipment} 位于 {destination}，不在 {here}。请由接收人或承运人读取记录仪。",
)
NO_SUCH_EXCURSION = RefusalKind(
    "shipment.no_such_excursion",
    "This treatment has no excursion {excursion}. Open the excursion from the treatment's page or from your own work.",
    "本治疗没有温度超限 {excursion}。请从治疗页或“我的工作”打开。",
)
ALREADY_DECIDED = RefusalKind(
    "shipment.already_decided",
    "QA has decided on excursion {excursion} already; nothing more to do. The decision stands on the treatment's page.",
    "温度超限 {excursion} 已由 QA 决定，无需再办。决定见治疗页。",
)


def usable(shipments: Shipments, container: str) -> Refusal | None:
    """Whether every journey of the container has a temperature record and no excursion that is open or forbids its use."""
    for shipment in shipments.carrying(container):
        if not shipment.reported:
            return NO_TEMPERATURE(shipment=shipment.id)
        if shipment.excursion_state == "open":
            return EXCURSION_OPEN(excursion=shipment.excursion, shipment=shipment.id)
        if shipment.excursion_state == "unusable":
            return UNUSABLE(excursion=shipment.excursion, container=container)
    return None


def report_temperature(
    treatment: Treatment,
    shipments: Shipments,
    *,
    shipment: str,
    logger: str,
    readings: int,
    lowest: Decimal | None,
    highest: Decimal | None,
    file: str,
    excursion: str,
    arrived: bool,
    here: str,
    reported: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Put the logger's summary on record; no data, a value out of range or a late shipper opens the excursion.

    arrived: whether the shipper was taken over at its destination: before that, the rest of its way would count as good.
    here: where its logger is read; a hospital that sent it has it no more.
    """
    packed = shipments.by_id.get(shipment)
    if packed is None:
        return UNKNOWN(treatment=treatment.id, shipment=shipment)
    if not arrived:
        return NOT_ARRIVED(shipment=shipment, destination=packed.destination)
    if here == packed.origin == treatment.hospital:
        return NOT_READ_HERE(shipment=shipment, destination=packed.destination, here=here)
    if packed.reported:
        return ALREADY_REPORTED(shipment=shipment)
    if not _readable(readings, lowest, highest):
        return READINGS_IMPOSSIBLE(readings=readings, lowest=lowest, highest=highest)
    facts: list[Fact] = [TemperatureReported(treatment.id, shipment, logger, readings, lowest, highest, file, reported)]
    reason: Literal["out_of_range", "no_data", "late"] | None = None
    if readings == 0 or lowest is None or highest is None:
        reason = "no_data"
    elif not (packed.limits.admit(lowest) and packed.limits.admit(highest)):
        reason = "out_of_range"
    elif packed.qualified_until is not None and reported.signed > packed.qualified_until:
        reason = "late"
    if reason is not None:
        facts.append(ExcursionOpened(treatment.id, excursion, shipment, reason))
    return tuple(facts)


def _readable(readings: int, lowest: Decimal | None, highest: Decimal | None) -> bool:
    """Whether a logger can have shown this: real temperatures in order, if there are readings."""
    if readings < 0 or any(each is not None and not measurable(each) for each in (lowest, highest)):
        return False
    return readings == 0 or (lowest is not None and highest is not None and ABSOLUTE_ZERO <= lowest <= highest)


def assess_excursion(
    shipments: Shipments,
    treatment: Treatment,
    excursion: str,
    usable: bool,
    reason: str,
    assessed: Signature,
    *,
    hands: Mapping[str, frozenset[str]],
) -> Refusal | tuple[Fact, ...]:
    """QA decides on an open excursion. hands: through whose hands each shipment went, none of whom judges it."""
    found = next((each for each in shipments.by_id.values() if each.excursions.get(excursion) == "open"), None)
    if found is None:
        decided = any(excursion in each.excursions for each in shipments.by_id.values())
        return ALREADY_DECIDED(excursion=excursion) if decided else NO_SUCH_EXCURSION(excursion=excursion)
    if assessed.signer in hands.get(found.id, frozenset()) | {found.reporter}:
        return OWN_WORK(person=assessed.signer, shipment=found.id)
    if reason in (SPEAKS_AGAINST_USE if usable else SPEAKS_FOR_USE):
        return CONTRADICTS()
    return (ExcursionAssessed(treatment.id, excursion, usable, reason, assessed),)
