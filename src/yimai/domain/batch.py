"""Batches: one patient's cells made in one suite on a pinned recipe, from opening to completion or failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal

from yimai.domain import collection, custody, label, shipment, suite, treatment
from yimai.domain.fact import Fact, Quantity, Signature
from yimai.domain.label import Carrier
from yimai.domain.recipe import Recipe, Step
from yimai.domain.refusal import Refusal, RefusalKind, first_refusal
from yimai.domain.slot import Itinerary
from yimai.ledger.entry import Entry

Recorded = Quantity | bool | str
"""What an entry of a step holds: a quantity, a check's yes or no, or a choice or code."""


@dataclass(frozen=True, slots=True)
class BatchOpened(Fact):
    """The container was matched with the order and its batch begun, on the recipe as approved at that moment.

    recipe_hash: hex of the approving entry's hash. container: the starting material.
    """

    kind: ClassVar[str] = "batch.opened.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch", "container")
    treatment: str
    batch: str
    recipe: str
    recipe_version: str
    recipe_hash: str
    suite: str
    container: str
    performed: Signature


@dataclass(frozen=True, slots=True)
class LotUse:
    """How much of which lot went into a step."""

    material: str
    material_lot: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class StepStarted(Fact):
    """Work on a step began.

    round: from 1; later ones of a step that is repeated until its count is reached. containers: as scanned.
    """

    kind: ClassVar[str] = "batch.step_started.v1"
    treatment: str
    batch: str
    step: str
    round: int
    containers: tuple[str, ...]
    operators: tuple[str, ...]
    equipment: tuple[str, ...]
    materials: tuple[LotUse, ...]
    performed: Signature


@dataclass(frozen=True, slots=True)
class EntryRecorded(Fact):
    """One value of a running step was put down when it was made; completing the step signs it.

    replaces: what was put down before, which stays readable, or None. reason: why it was changed, or "".
    """

    kind: ClassVar[str] = "batch.entry_recorded.v1"
    treatment: str
    batch: str
    step: str
    round: int
    entry: str
    value: Recorded
    replaces: Recorded | None
    reason: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class StepCompleted(Fact):
    """What the step recorded. verified: the second person's signature where the recipe asks for one."""

    kind: ClassVar[str] = "batch.step_completed.v1"
    treatment: str
    batch: str
    step: str
    round: int
    entries: Mapping[str, Recorded]
    performed: Signature
    verified: Signature | None


@dataclass(frozen=True, slots=True)
class EntryCorrected(Fact):
    """One recorded value was wrong; the old one stays readable (ALCOA+)."""

    kind: ClassVar[str] = "batch.entry_corrected.v1"
    treatment: str
    batch: str
    step: str
    round: int
    entry: str
    old: Recorded
    new: Recorded
    reason: str
    performed: Signature
    verified: Signature


@dataclass(frozen=True, slots=True)
class ContainerFilled(Fact):
    """A labelled container was filled by a step. cells: viable ones. Shelf life runs from here for a final bag."""

    kind: ClassVar[str] = "batch.container_filled.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "container")
    treatment: str
    container: str
    batch: str
    step: str
    carrier: Carrier
    volume: Quantity
    cells: Quantity


@dataclass(frozen=True, slots=True)
class BatchCompleted(Fact):
    """Every step of the batch is done; its suite is free again."""

    kind: ClassVar[str] = "batch.completed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    performed: Signature


@dataclass(frozen=True, slots=True)
class BatchFailed(Fact):
    """The batch cannot be finished. cause: one of the recipe's failures, or of ``batch_record.CAUSES``."""

    kind: ClassVar[str] = "batch.failed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    cause: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class Noted:
    """What a running step's entry reads: the value, who put it down and when."""

    value: Recorded
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepRun:
    """One round of a step. ended: None while it runs. entries: as corrected. noted: as put down before the signature.

    recorders: everybody who put a value down, also one that another replaced.
    """

    step: str
    round: int
    started: datetime
    operators: tuple[str, ...]
    equipment: tuple[str, ...]
    materials: tuple[LotUse, ...]
    ended: datetime | None = None
    entries: Mapping[str, Recorded] = field(default_factory=dict)
    signers: frozenset[str] = frozenset()
    noted: Mapping[str, Noted] = field(default_factory=dict)
    recorders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filled:
    """A container that the batch filled."""

    container: str
    step: str
    carrier: Carrier
    volume: Quantity
    cells: Quantity
    filled: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch. starting: the collection's bag. containers: those that hold its cells now.

    signers: who opened and ended it.
    """

    id: str
    recipe: str
    recipe_version: str
    recipe_hash: str
    suite: str
    starting: str
    containers: tuple[str, ...]
    opened: datetime
    signers: frozenset[str]
    state: Literal["open", "completed", "failed"] = "open"
    ended: datetime | None = None
    cause: str = ""
    runs: tuple[StepRun, ...] = ()
    filled: Mapping[str, Filled] = field(default_factory=dict)

    def runs_of(self, step: str) -> tuple[StepRun, ...]:
        return tuple(run for run in self.runs if run.step == step)

    def run(self, step: str, round: int) -> StepRun:
        """Return that round of the step. Raises KeyError if it was not started."""
        for run in self.runs:
            if (run.step, run.round) == (step, round):
                return run
        raise KeyError(step, round)

    def running(self, step: str) -> StepRun | None:
        return next((run for run in self.runs if run.step == step and run.ended is None), None)

    def reached(self, step: Step) -> bool:
        """Whether the step's last round is completed, and its count reached where it has one."""
        runs = self.runs_of(step.id)
        if not runs or runs[-1].ended is None:
            return False
        if step.until is None:
            return True
        count = runs[-1].entries.get(step.until.entry)
        return isinstance(count, Quantity) and count.value >= step.until.at_least

    def performers(self, step: str) -> frozenset[str]:
        """Everyone who worked on the step, recorded in it or signed it."""
        return frozenset().union(*({*run.operators, *run.recorders, *run.signers} for run in self.runs_of(step)))

    @property
    def people(self) -> frozenset[str]:
        """Everyone who worked on the batch or signed in its record."""
        return self.signers.union(*(self.performers(run.step) for run in self.runs))

    @property
    def final_bags(self) -> tuple[str, ...]:
        return tuple(each.container for each in self.filled.values() if each.carrier == "final_bag")


@dataclass(frozen=True, slots=True)
class Batches:
    """All batches of one treatment.

    clearances: for each batch, opened or not yet, how many rounds of steps had begun when its line was last cleared.
    """

    by_id: Mapping[str, Batch] = field(default_factory=dict)
    clearances: Mapping[str, int] = field(default_factory=dict)

    @property
    def open(self) -> Batch | None:
        return next((batch for batch in self.by_id.values() if batch.state == "open"), None)

    @property
    def latest(self) -> Batch | None:
        return tuple(self.by_id.values())[-1] if self.by_id else None

    def of_container(self, container: str) -> Batch | None:
        """Return the batch that used the container as its starting material or filled it."""
        batches = self.by_id.values()
        return next((each for each in batches if container == each.starting or container in each.filled), None)


def evolve(batches: Batches, fact: Fact, entry: Entry) -> Batches:
    match fact:
        case suite.LineCleared():
            cleared = batches.by_id.get(fact.batch)
            begun = len(cleared.runs) if cleared is not None else 0
            return replace(batches, clearances={**batches.clearances, fact.batch: begun})
        case BatchOpened():
            pinned = (fact.recipe, fact.recipe_version, fact.recipe_hash)
            material = (fact.container, (fact.container,))
            signers = frozenset({fact.performed.signer})
            changed = Batch(fact.batch, *pinned, fact.suite, *material, entry.occurred, signers)
        case BatchCompleted():
            ended = replace(batches.by_id[fact.batch], state="completed", ended=entry.occurred)
            changed = replace(ended, signers=ended.signers | {fact.performed.signer})
        case BatchFailed():
            ended = replace(batches.by_id[fact.batch], state="failed", ended=entry.occurred, cause=fact.cause)
            changed = replace(ended, signers=ended.signers | {fact.decided.signer})
        case StepStarted() | EntryRecorded() | StepCompleted() | EntryCorrected() | ContainerFilled():
            changed = _recorded(batches.by_id[fact.batch], fact, entry)
        case custody.ContainerConsumed():
            using = next((each for each in batches.by_id.values() if fact.container in each.containers), None)
            if using is None or fact.how != "used_in_manufacture":
                return batches
            changed = replace(using, containers=tuple(each for each in using.containers if each != fact.container))
        case _:
            return batches
    return replace(batches, by_id={**batches.by_id, changed.id: changed})


def _recorded(batch: Batch, fact: Fact, entry: Entry) -> Batch:
    match fact:
        case StepStarted():
            crew = (fact.operators, fact.equipment, fact.materials)
            run = StepRun(fact.step, fact.round, entry.occurred, *crew, signers=frozenset({fact.performed.signer}))
            return replace(batch, runs=(*batch.runs, run))
        case EntryRecorded():
            run = batch.run(fact.step, fact.round)
            noted = {**run.noted, fact.entry: Noted(fact.value, fact.recorded_by, entry.occurred)}
            written = replace(run, noted=noted, recorders=run.recorders | {fact.recorded_by})
            return replace(batch, runs=tuple(written if each is run else each for each in batch.runs))
        case StepCompleted():
            run = batch.run(fact.step, fact.round)
            signers = {each.signer for each in (fact.performed, fact.verified) if each is not None}
            done = replace(run, ended=entry.occurred, entries=fact.entries, signers=run.signers | signers)
            return replace(batch, runs=tuple(done if each is run else each for each in batch.runs))
        case EntryCorrected():
            run = batch.run(fact.step, fact.round)
            signers = {fact.performed.signer, fact.verified.signer}
            entries = {**run.entries, fact.entry: fact.new}
            corrected = replace(run, entries=entries, signers=run.signers | signers)
            return replace(batch, runs=tuple(corrected if each is run else each for each in batch.runs))
        case ContainerFilled():
            made = Filled(fact.container, fact.step, fact.carrier, fact.volume, fact.cells, entry.occurred)
            containers = (*batch.containers, fact.container)
            return replace(batch, containers=containers, filled={**batch.filled, fact.container: made})
    return batch


UNKNOWN = RefusalKind(
    "batch.unknown",
    "Treatment {treatment} has no batch {batch}. Check the batch's number.",
    "治疗 {treatment} 没有批次 {batch}。请核对批号。",
    identity=True,
)
ANOTHER_OPEN = RefusalKind(
    "batch.another_open",
    "Batch {batch} of this treatment is still open. Complete it or record its failure first.",
    "本治疗的批次 {batch} 尚未关闭。请先完成或登记失败。",
)
ALREADY_OPENED = RefusalKind(
    "batch.already_opened",
    "Batch {batch} has already been opened. Go on with it, or clear the line for a new batch.",
    "批次 {batch} 已开批。请继续该批次，或为新批次清场。",
)
CLOSED = RefusalKind(
    "batch.closed",
    "Batch {batch} is {state}; nothing more can be recorded in it. Check the batch's number.",
    "批次 {batch} 已为 {state} 状态，不能再作记录。请核对批号。",
)
NO_SLOT = RefusalKind(
    "batch.no_slot",
    "Treatment {treatment} has no slot in suite {suite} at {now} (its slot: {slot}). Reserve one, or come back then.",
    "治疗 {treatment} 在 {now} 没有生产单元 {suite} 的档期（其档期：{slot}）。请先预订，或届时再来。",
)
NOT_COLLECTED = RefusalKind(
    "batch.not_collected",
    "{container} does not hold a completed collection of this treatment. Scan the collection bag that was received.",
    "{container} 中没有本治疗已完成的采集物。请扫描已接收的采集袋。",
)
NOT_RECEIVED = RefusalKind(
    "batch.not_received",
    "{container} has not been received and matched with the order at {base}. Record its receipt first.",
    "{container} 尚未在 {base} 接收并核对医嘱。请先登记接收。",
)
NOT_CLEARED_FOR_THIS = RefusalKind(
    "batch.not_cleared_for_this",
    "No line was cleared for batch {batch} of treatment {treatment}. Clear the suite's line for this batch first.",
    "尚未为治疗 {treatment} 的批次 {batch} 清场。请先为该批次清场。",
    identity=True,
)


ALREADY_USED = RefusalKind(
    "batch.already_used",
    "{container} was the starting material of batch {batch}. QA decides its fate; a new batch needs a new collection.",
    "{container} 已作为批次 {batch} 的起始物料。请由 QA 决定其去向；新批次需重新采集。",
)
FATE_DECIDED = RefusalKind(
    "batch.fate_decided",
    "QA has decided what becomes of {container} ({fate}); it is not used any more. Follow that decision.",
    "QA 已决定 {container} 的去向（{fate}），不得再使用。请按该决定处理。",
)


def known(batches: Batches, treatment_id: str, presented: str) -> Refusal | None:
    """Whether the treatment exists and the batch is its own."""
    if not treatment_id:
        return treatment.UNKNOWN()
    return None if presented in batches.by_id else UNKNOWN(treatment=treatment_id, batch=presented)


def still_open(batches: Batches, treatment_id: str, presented: str) -> Refusal | None:
    """Whether the batch is this treatment's, neither completed nor failed."""
    if refusal := known(batches, treatment_id, presented):
        return refusal
    batch = batches.by_id[presented]
    return None if batch.state == "open" else CLOSED(batch=batch.id, state=batch.state)


def open_batch(
    order: treatment.Treatment,
    labels: label.Labels,
    collections: collection.Collections,
    held: custody.Custody,
    shipments: shipment.Shipments,
    batches: Batches,
    room: suite.Suite,
    slot: Itinerary | None,
    recipe: Recipe,
    *,
    batch: str,
    recipe_hash: str,
    container: str,
    waived: frozenset[str],
    performed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Match the starting material with the order and begin its batch. waived: codes that an override opened."""
    refusal = first_refusal(
        treatment.open_for_work(order),
        label.belongs(labels, order.id, container, "collection_bag"),
        treatment.cleared_for_collection(order, recipe.markers),
        _new(batches, order.id, batch),
        _in_slot(order.id, slot, room.id, performed.signed),
        suite.in_use(room, order.base, room.id or "?"),
        suite.ready_for(room, batch),
        custody.in_hand(held, container, order.base),
        shipment.usable(shipments, container),
    )
    if refusal:
        return refusal
    if not held.held[container].received:
        return NOT_RECEIVED(container=container, base=order.base)
    collected = collections.of_container(container)
    if collected is None or collected.ended is None:
        return NOT_COLLECTED(container=container)
    if (earlier := batches.of_container(container)) is not None:
        return ALREADY_USED(container=container, batch=earlier.id)
    if container in order.fates:
        return FATE_DECIDED(container=container, fate=order.fates[container])
    age, maximum = performed.signed - collected.ended, recipe.starting_material.fresh_maximum
    if age > maximum and custody.TOO_OLD.code not in waived:
        return custody.TOO_OLD(container=container, age=age, maximum=maximum)
    return (
        BatchOpened(order.id, batch, recipe.id, recipe.version, recipe_hash, room.id, container, performed),
        suite.SuiteOccupied(order.id, batch, room.id),
    )


def _new(batches: Batches, treatment_id: str, batch: str) -> Refusal | None:
    if batch in batches.by_id:
        return ALREADY_OPENED(batch=batch)
    if batches.open is not None:
        return ANOTHER_OPEN(batch=batches.open.id)
    if batch not in batches.clearances:
        return NOT_CLEARED_FOR_THIS(batch=batch, treatment=treatment_id)
    return None


def _in_slot(treatment_id: str, slot: Itinerary | None, room: str, now: datetime) -> Refusal | None:
    if slot is not None and slot.suite == room and slot.starts <= now < slot.ends:
        return None
    window = f"{slot.suite} {slot.starts.isoformat()} – {slot.ends.isoformat()}" if slot is not None else "–"
    return NO_SLOT(treatment=treatment_id, suite=room, now=now.isoformat(), slot=window)
