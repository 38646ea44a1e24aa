"""The batch record: what completing a step writes, how an entry is corrected, and how a batch ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from yimai.domain import batch_entry, custody, label
from yimai.domain.batch import (
    Batch,
    BatchCompleted,
    Batches,
    BatchFailed,
    ContainerFilled,
    EntryCorrected,
    EntryRecorded,
    Recorded,
    StepCompleted,
    StepRun,
    known,
    still_open,
)
from yimai.domain.batch_step import (
    STEP_ALREADY_COMPLETED,
    STEP_NOT_RUNNING,
    TIME_REVERSED,
    qualified_for,
    settled,
    step_of,
)
from yimai.domain.deviation import Cause, Classification, DeviationOpened, Deviations
from yimai.domain.fact import Fact, Quantity, Signature, measurable
from yimai.domain.person import Person
from yimai.domain.recipe import Recipe, Step
from yimai.domain.refusal import Refusal, RefusalKind, first_refusal
from yimai.domain.suite import SuiteVacated
from yimai.domain.treatment import Treatment

CAUSES: Final = ("treatment_ended", "deviation", "contamination", "equipment", "container", "unstated")
"""Why any batch may fail, beside the failures that its recipe's steps name."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What one labelled container was filled with. volume in mL; viable cells in 10*6 or 10*9."""

    container: str
    volume: Quantity
    cells: Quantity


SECOND_PERSON_MISSING = RefusalKind(
    "batch.second_person_missing",
    "Step {step} needs a second person's signature. Ask a qualified colleague to check and sign.",
    "步骤 {step} 需要第二人签名。请具备资质的同事复核并签名。",
)
NOTHING_FILLED = RefusalKind(
    "batch.nothing_filled",
    "Step {step} fills containers with label '{layout}'. Scan what was filled, with volume and cells.",
    "步骤 {step} 应灌装贴有“{layout}”标签的容器。请扫描已灌装的容器并填写体积和细胞数。",
)
FILLS_NOTHING = RefusalKind(
    "batch.fills_nothing",
    "Step {step} fills no containers, but {container} was named. Remove it.",
    "步骤 {step} 不灌装容器，但填写了 {container}。请删除。",
)
ONE_CONTAINER = RefusalKind(
    "batch.one_container",
    "Step {step} fills one container, but {number} were named. Pool the cells into one labelled container.",
    "步骤 {step} 只灌装一个容器，但填写了 {number} 个。请合并到一个贴签容器中。",
)
CONTAINER_USED = RefusalKind(
    "batch.container_used",
    "Container {container} is already in use. Take a new one with its own label.",
    "容器 {container} 已在使用。请取用贴有自身标签的新容器。",
)
FILLING_IMPOSSIBLE = RefusalKind(
    "batch.filling_impossible",
    "{container}: {volume} with {cells} is not possible. Give more than 0 mL, and cells in 10*6 or 10*9.",
    "{container}：{volume}、{cells} 不合理。体积应大于 0 mL，细胞数以 10*6 或 10*9 填写。",
)
AFTER_DISPOSITION = RefusalKind(
    "batch.after_disposition",
    "Batch {batch} has been disposed of; its record can no longer be corrected. Report a deviation instead.",
    "批次 {batch} 已作出放行决定，其记录不能再更正。请改为报告偏差。",
)
NOTHING_CORRECTED = RefusalKind(
    "batch.nothing_corrected",
    "Entry {step}.{entry} already is {value}. Enter the right value, and why the old one was wrong.",
    "记录项 {step}.{entry} 已为 {value}。请填写正确的值及更正原因。",
)
NO_SUCH_CAUSE = RefusalKind(
    "batch.no_such_cause",
    "'{cause}' is not a cause of failure here. Choose one of: {causes}.",
    "“{cause}”不是此处的失败原因。请从以下选择：{causes}。",
)


def record_entry(
    order: Treatment,
    batches: Batches,
    recipe: Recipe,
    *,
    batch: str,
    step: str,
    round: int,
    entry: str,
    value: Recorded,
    replaces: Recorded | None,
    reason: str,
    recorder: str,
    occurred: datetime,
) -> Refusal | tuple[Fact, ...]:
    """Put one value of a running step down when it is made (ALCOA: contemporaneous), also of a held treatment."""
    if refusal := still_open(batches, order.id, batch):
        return refusal
    wanted = step_of(recipe, batch, step)
    if isinstance(wanted, Refusal):
        return wanted
    running = batches.by_id[batch].running(step)
    if running is None or running.round != round:
        done = any(each.round == round for each in batches.by_id[batch].runs_of(step))
        return STEP_ALREADY_COMPLETED(step=step) if done else STEP_NOT_RUNNING(step=step)
    if occurred < running.started:
        return TIME_REVERSED(step=step, moment=occurred.isoformat(), earlier=running.started.isoformat())
    field = wanted.entry(entry)
    if field is None:
        return batch_entry.UNKNOWN(step=step, entry=entry, entries=", ".join(each.id for each in wanted.entries) or "–")
    noted = running.noted.get(entry)
    refusal = batch_entry.possible(step, field, value) or batch_entry.change(
        step, entry, noted, value, replaces, reason, recorder
    )
    if refusal:
        return refusal
    changed = noted is not None and noted.value != value
    before, why = (noted.value, reason) if noted is not None and changed else (None, "")
    return (EntryRecorded(order.id, batch, step, round, entry, value, before, why, recorder),)


def complete_step(
    order: Treatment,
    labels: label.Labels,
    held: custody.Custody,
    batches: Batches,
    recipe: Recipe,
    *,
    batch: str,
    step: str,
    entries: Mapping[str, Recorded],
    filled: tuple[Filling, ...],
    performer: Person,
    verifier: Person | None,
    day: date,
    deviations: tuple[str, ...],
    occurred: datetime,
    at: datetime,
) -> Refusal | tuple[Fact, ...]:
    """Put a step's record down, valid before anybody signs it; what departs from the recipe opens deviations.

    A held or ended treatment's step may be completed: what was done must be on record.
    deviations: new identifiers, at least one more than there are entries. occurred: when work ended. at: of signing.
    """
    if refusal := still_open(batches, order.id, batch):
        return refusal
    opened = batches.by_id[batch]
    wanted = step_of(recipe, batch, step)
    if isinstance(wanted, Refusal):
        return wanted
    running = opened.running(step)
    if running is None:
        done = opened.runs_of(step)
        return STEP_ALREADY_COMPLETED(step=step) if done else STEP_NOT_RUNNING(step=step)
    if occurred < running.started:
        return TIME_REVERSED(step=step, moment=occurred.isoformat(), earlier=running.started.isoformat())
    refusal = first_refusal(
        batch_entry.complete(wanted, entries) or batch_entry.as_recorded(step, running.noted, entries),
        _fillable(labels, held, order, recipe, wanted, filled),
        *(custody.in_hand(held, each, order.base) for each in opened.containers if filled),
        _signers(wanted, performer, verifier, day),
    )
    if refusal:
        return refusal
    performed = performer.sign("performed", at)
    verified = verifier.sign("verified", at) if verifier is not None else None
    record = StepCompleted(order.id, batch, step, running.round, entries, performed, verified)
    made = _made(labels, order, opened, step, filled, performed)
    departed = _departures(order, opened, wanted, running, entries, deviations, performed)
    return (record, *made, *departed)


def _fillable(
    labels: label.Labels,
    held: custody.Custody,
    order: Treatment,
    recipe: Recipe,
    step: Step,
    filled: tuple[Filling, ...],
) -> Refusal | None:
    """Whether what was filled is new, labelled as the recipe says, this patient's own, and holds something."""
    if not step.produces:
        return FILLS_NOTHING(step=step.id, container=filled[0].container) if filled else None
    if not filled:
        return NOTHING_FILLED(step=step.id, layout=step.produces)
    carrier = next(layout.carrier for layout in recipe.labels if layout.id == step.produces)
    if carrier != "final_bag" and len(filled) > 1:
        return ONE_CONTAINER(step=step.id, number=len(filled))
    seen: set[str] = set()
    for each in filled:
        if refusal := label.belongs(labels, order.id, each.container, carrier):
            return refusal
        item = labels.items[each.container]
        if item.layout != step.produces:
            return label.UNKNOWN_LAYOUT(layout=item.layout, carrier=carrier)
        if each.container in held.held or each.container in seen:
            return CONTAINER_USED(container=each.container)
        seen.add(each.container)
        amounts = (each.volume.value, each.cells.value)
        sound = all(measurable(amount) and amount > 0 for amount in amounts)
        if not sound or each.volume.unit != "mL" or each.cells.unit not in ("10*6", "10*9"):
            return FILLING_IMPOSSIBLE(container=each.container, volume=each.volume, cells=each.cells)
    return None


def _signers(step: Step, performer: Person, verifier: Person | None, day: date) -> Refusal | None:
    for person in (performer, verifier):
        if person is not None and (refusal := qualified_for(step, person, day)):
            return refusal
    return SECOND_PERSON_MISSING(step=step.id) if step.second_person and verifier is None else None


def _made(
    labels: label.Labels,
    order: Treatment,
    batch: Batch,
    step: str,
    filled: tuple[Filling, ...],
    performed: Signature,
) -> Iterator[Fact]:
    """The containers that were filled, and those whose contents went into them."""
    for each in filled:
        carrier = labels.items[each.container].carrier
        yield ContainerFilled(order.id, each.container, batch.id, step, carrier, each.volume, each.cells)
        yield custody.ContainerTakenInCharge(order.id, each.container, performed.signer, order.base)
    if filled:
        for emptied in batch.containers:
            yield custody.ContainerConsumed(order.id, emptied, "used_in_manufacture", performed)


def _departures(
    order: Treatment,
    batch: Batch,
    step: Step,
    run: StepRun,
    recorded: Mapping[str, Recorded],
    identifiers: tuple[str, ...],
    raised: Signature,
) -> Iterator[DeviationOpened]:
    """A deviation for each recorded value that departs from the recipe, and one for a count that is finally too low."""
    new = iter(identifiers)
    place = (batch.id, step.id)
    for field in step.entries:
        found = batch_entry.departure(field, recorded[field.id]) if field.id in recorded else None
        if found is not None:
            grade: Classification = "critical" if field.critical else "minor"
            yield DeviationOpened(
                order.id, next(new), *place, field.id, found.cause, found.value, found.limits, grade, "", "", raised
            )
    until = step.until
    if until is None or until.entry not in recorded:
        return
    count = recorded[until.entry]
    last = run.round >= until.most or any(each.step != step.id and each.started >= run.started for each in batch.runs)
    if last and isinstance(count, Quantity) and count.value < until.at_least:
        limits = f"≥ {Quantity(until.at_least, count.unit)}"
        cause: Cause = "count_not_reached"
        yield DeviationOpened(
            order.id, next(new), *place, until.entry, cause, str(count), limits, "major", "", "", raised
        )


def correct_entry(
    order: Treatment,
    batches: Batches,
    recipe: Recipe,
    *,
    batch: str,
    step: str,
    round: int,
    entry: str,
    new: Recorded,
    reason: str,
    disposed: bool,
    deviations: tuple[str, ...],
    performed: Signature,
    verified: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Correct one entry of a completed step; the new value is held against the limits like any other.

    disposed: whether the batch has been disposed of. deviations: two new identifiers.
    """
    if refusal := known(batches, order.id, batch):
        return refusal
    if disposed:
        return AFTER_DISPOSITION(batch=batch)
    opened = batches.by_id[batch]
    wanted = step_of(recipe, batch, step)
    if isinstance(wanted, Refusal):
        return wanted
    run = next((each for each in opened.runs_of(step) if each.round == round and each.ended is not None), None)
    if run is None:
        return STEP_NOT_RUNNING(step=step)
    field = wanted.entry(entry)
    if field is None:
        return batch_entry.UNKNOWN(step=step, entry=entry, entries=", ".join(run.entries) or "–")
    if refusal := batch_entry.possible(step, field, new):
        return refusal
    old = run.entries[entry]
    if new == old or not reason.strip():
        return NOTHING_CORRECTED(step=step, entry=entry, value=old)
    corrected = EntryCorrected(order.id, batch, step, round, entry, old, new, reason, performed, verified)
    return (corrected, *_departures(order, opened, wanted, run, {entry: new}, deviations, performed))


def complete_batch(
    order: Treatment,
    labels: label.Labels,
    batches: Batches,
    deviations: Deviations,
    recipe: Recipe,
    batch: str,
    performed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Close a batch whose steps are all done and whose containers' labels reconcile to zero; the suite is vacated."""
    if refusal := still_open(batches, order.id, batch):
        return refusal
    opened = batches.by_id[batch]
    for step in recipe.steps:
        if refusal := settled(opened, deviations, step, "completion"):
            return refusal
    copies = [
        f"{item.id}#{number}"
        for item in labels.items.values()
        for number, state in enumerate(item.copies, 1)
        if state == "issued" and label.NOUNS[item.carrier] == "container"
    ]
    if copies:
        return label.UNRECONCILED(copies=", ".join(copies))
    return (BatchCompleted(order.id, batch, performed), SuiteVacated(order.id, batch, opened.suite))


def fail_batch(
    order: Treatment, batches: Batches, recipe: Recipe, batch: str, cause: str, decided: Signature
) -> Refusal | tuple[Fact, ...]:
    """Give a batch up, whatever the treatment's state, and vacate its suite; its containers' fate is decided apart."""
    if refusal := still_open(batches, order.id, batch):
        return refusal
    causes = (*dict.fromkeys(failure.cause for step in recipe.steps for failure in step.failures), *CAUSES)
    if cause not in causes:
        return NO_SUCH_CAUSE(cause=cause, causes=", ".join(causes))
    return (BatchFailed(order.id, batch, cause, decided), SuiteVacated(order.id, batch, batches.by_id[batch].suite))
