"""Collections (apheresis): wristband and bag label scanned, two people, volumes and counts; or a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from yimai.domain.fact import DIGITS, Fact, Quantity, Signature, measurable
from yimai.domain.label import Labels, belongs
from yimai.domain.recipe import StartingMaterial
from yimai.domain.refusal import Refusal, RefusalKind, first_refusal
from yimai.domain.slot import Itinerary
from yimai.domain.treatment import Treatment, cleared_for_collection, open_for_work
from yimai.ledger.entry import Entry

CollectionFailure = Literal["below_minimum", "access", "adverse_event", "equipment", "patient_unfit"]


@dataclass(frozen=True, slots=True)
class CollectionStarted(Fact):
    """The patient's wristband was matched with the order by two people and the collection began."""

    kind: ClassVar[str] = "collection.started.v1"
    treatment: str
    collection: str
    wristband: str
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class CollectionCompleted(Fact):
    """The collection bag was filled, its label matched with the wristband by two people.

    volume in mL, cd3 in 10*9 cells, viability in %.
    """

    kind: ClassVar[str] = "collection.completed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    collection: str
    wristband: str
    container: str
    volume: Quantity
    cd3: Quantity
    viability: Quantity
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class CollectionFailed(Fact):
    """The collection was given up; another one may follow."""

    kind: ClassVar[str] = "collection.failed.v1"
    treatment: str
    collection: str
    cause: CollectionFailure
    reported: Signature


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection. state: started, completed or failed. container: the bag that was filled, or "". volume: in it."""

    id: str
    wristband: str
    state: Literal["started", "completed", "failed"]
    container: str = ""
    ended: datetime | None = None
    volume: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Collections:
    """The treatment's collections in order."""

    by_id: Mapping[str, Collection] = field(default_factory=dict)

    @property
    def latest(self) -> Collection | None:
        return list(self.by_id.values())[-1] if self.by_id else None

    def of_container(self, container: str) -> Collection | None:
        return next((each for each in self.by_id.values() if each.container == container), None)


def evolve(collections: Collections, fact: Fact, entry: Entry) -> Collections:
    match fact:
        case CollectionStarted():
            changed = Collection(fact.collection, fact.wristband, "started")
        case CollectionCompleted():
            earlier = collections.by_id[fact.collection]
            filled = replace(earlier, container=fact.container, volume=fact.volume)
            changed = replace(filled, state="completed", ended=entry.occurred)
        case CollectionFailed():
            changed = replace(collections.by_id[fact.collection], state="failed", ended=entry.occurred)
        case _:
            return collections
    return Collections({**collections.by_id, changed.id: changed})


ALREADY_RUNNING = RefusalKind(
    "collection.already_running",
    "Collection {collection} of this treatment is still open. Complete it or record its failure first.",
    "本治疗的采集 {collection} 尚未结束。请先完成或登记失败。",
)
NOT_RUNNING = RefusalKind(
    "collection.not_running",
    "Collection {collection} is not open in treatment {treatment}. Start the collection first, or check the number.",
    "治疗 {treatment} 中没有进行中的采集 {collection}。请先开始采集，或核对编号。",
)
MATERIAL_AT_HAND = RefusalKind(
    "collection.material_at_hand",
    "Treatment {treatment} already has starting material {container}. A further collection needs that material's fate decided or its batch failed.",
    "治疗 {treatment} 已有起始物料 {container}。再次采集前须决定其去向或其批次已失败。",
)
NO_SLOT = RefusalKind(
    "collection.no_slot",
    "Treatment {treatment} has no manufacturing slot. Reserve a slot before collecting cells.",
    "治疗 {treatment} 没有生产档期。采集前请先预订档期。",
)
SLOT_OUT_OF_REACH = RefusalKind(
    "collection.slot_out_of_reach",
    "Cells collected now cannot be made in the slot {window}: they keep for {maximum}. Free it and reserve another slot.",
    "现在采集的细胞赶不上档期 {window}：新鲜物料最长保存 {maximum}。请释放该档期并另行预订。",
)
UNKNOWN = RefusalKind(
    "collection.unknown",
    "Treatment {treatment} has no collection {collection}. Stop; these may be another patient's papers.",
    "治疗 {treatment} 没有采集 {collection}。请停止操作，这可能是其他患者的文件。",
    identity=True,
)
OTHER_WRISTBAND = RefusalKind(
    "collection.other_wristband",
    "Wristband {presented} is not the one this collection began with ({expected}). Stop and check the patient's identity.",
    "腕带 {presented} 不是本次采集开始时的腕带（{expected}）。请停止并核对患者身份。",
    identity=True,
)
BAG_IN_USE = RefusalKind(
    "collection.bag_in_use",
    "Bag {container} already holds a collection. Label and use a new bag.",
    "采集袋 {container} 已用于一次采集。请使用新的采集袋并贴签。",
)
VALUE_IMPOSSIBLE = RefusalKind(
    "collection.value_impossible",
    "{name} {value} is not possible here: expected {expected}. Check the number and its unit.",
    "{name} 的值 {value} 不合理：应为 {expected}。请核对数值和单位。",
)
BELOW_MINIMUM = RefusalKind(
    "collection.below_minimum",
    "{value} is below the minimum of {minimum}. Record the collection as failed (below minimum) and look for a new slot.",
    "{value} 低于最低要求 {minimum}。请登记为采集失败（低于最低要求）并重新安排档期。",
)


def start(
    treatment: Treatment,
    labels: Labels,
    collections: Collections,
    markers: tuple[str, ...],
    required: StartingMaterial,
    *,
    slot: Itinerary | None,
    material: str,
    collection: str,
    wristband: str,
    performed: Signature,
    verified: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Begin a collection. material: the container of usable starting material that is already there, or ""."""
    latest = collections.latest
    refusal = first_refusal(
        open_for_work(treatment),
        cleared_for_collection(treatment, markers),
        belongs(labels, treatment.id, wristband, "wristband"),
    )
    if refusal:
        return refusal
    if slot is None:
        return NO_SLOT(treatment=treatment.id)
    if performed.signed >= slot.ends or slot.starts - performed.signed > required.fresh_maximum:
        window = f"{slot.starts.isoformat(timespec='minutes')} – {slot.ends.isoformat(timespec='minutes')}"
        return SLOT_OUT_OF_REACH(window=window, maximum=required.fresh_maximum)
    if latest is not None and latest.state == "started":
        return ALREADY_RUNNING(collection=latest.id)
    if material:
        return MATERIAL_AT_HAND(treatment=treatment.id, container=material)
    return (CollectionStarted(treatment.id, collection, wristband, performed, verified),)


def complete(
    treatment: Treatment,
    labels: Labels,
    collections: Collections,
    required: StartingMaterial,
    *,
    collection: str,
    wristband: str,
    container: str,
    volume: Quantity,
    cd3: Quantity,
    viability: Quantity,
    performed: Signature,
    verified: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Put the filled bag on record, of a treatment that was held or ended meanwhile too: its cells are there."""
    running = collections.by_id.get(collection)
    if running is None:
        return UNKNOWN(collection=collection, treatment=treatment.id or "?")
    if running.state != "started":
        return NOT_RUNNING(collection=collection, treatment=treatment.id)
    if wristband != running.wristband:
        return OTHER_WRISTBAND(presented=wristband, expected=running.wristband)
    if refusal := belongs(labels, treatment.id, container, "collection_bag"):
        return refusal
    if collections.of_container(container) is not None:
        return BAG_IN_USE(container=container)
    if refusal := _plausible(required, volume, cd3, viability):
        return refusal
    if cd3.value < required.minimum_cd3:
        return BELOW_MINIMUM(value=cd3, minimum=Quantity(required.minimum_cd3, cd3.unit))
    return (
        CollectionCompleted(
            treatment.id, collection, wristband, container, volume, cd3, viability, performed, verified
        ),
    )


def _plausible(required: StartingMaterial, volume: Quantity, cd3: Quantity, viability: Quantity) -> Refusal | None:
    for name, quantity in (("volume", volume), ("CD3", cd3), ("viability", viability)):
        if not measurable(quantity.value):
            return VALUE_IMPOSSIBLE(name=name, value=quantity.value, expected=f"≤ {DIGITS} digits")
    if volume.unit != "mL" or not required.volume.admit(volume.value):
        limits = f"{required.volume.low}–{required.volume.high} mL"
        return VALUE_IMPOSSIBLE(name="volume", value=volume, expected=limits)
    if cd3.unit != "10*9" or cd3.value < 0:
        return VALUE_IMPOSSIBLE(name="CD3", value=cd3, expected="≥ 0 10*9")
    if viability.unit != "%" or not Decimal(0) <= viability.value <= Decimal(100):
        return VALUE_IMPOSSIBLE(name="viability", value=viability, expected="0–100 %")
    return None


def fail(
    treatment: Treatment, collections: Collections, collection: str, cause: CollectionFailure, reported: Signature
) -> Refusal | tuple[Fact, ...]:
    running = collections.by_id.get(collection)
    if running is None:
        return UNKNOWN(collection=collection, treatment=treatment.id or "?")
    if running.state != "started":
        return NOT_RUNNING(collection=collection, treatment=treatment.id)
    return (CollectionFailed(treatment.id, collection, cause, reported),)
