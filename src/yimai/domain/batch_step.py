"""Starting a step of the batch record: its order, scans, people, equipment, lots and clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from yimai.domain import custody, equipment, label, material_lot, suite
from yimai.domain.batch import Batch, Batches, LotUse, StepStarted, still_open
from yimai.domain.deviation import DeviationOpened, Deviations
from yimai.domain.fact import Fact, Quantity, Signature, measurable
from yimai.domain.person import Person, qualified
from yimai.domain.recipe import Hold, Recipe, Step
from yimai.domain.refusal import Refusal, RefusalKind, first_refusal
from yimai.domain.treatment import Treatment, open_for_work


@dataclass(frozen=True, slots=True)
class Resources:
    """What a step is started with: its people, equipment and lots (ISA-88's resources), as scanned."""

    operators: tuple[Person, ...]
    equipment: Mapping[str, equipment.Equipment]
    materials: tuple[LotUse, ...]
    lots: Mapping[str, material_lot.MaterialLot]


NO_SUCH_STEP = RefusalKind(
    "batch.no_such_step",
    "The recipe of batch {batch} has no step {step}. Choose the next step of the batch record.",
    "批次 {batch} 的工艺规程没有步骤 {step}。请选择批记录中的下一步骤。",
)
STEP_RUNNING = RefusalKind(
    "batch.step_running",
    "Step {step} is already under way since {started}. Complete it; it is not started twice.",
    "步骤 {step} 自 {started} 起正在进行。请完成该步骤，不要重复开始。",
)
STEP_ALREADY_COMPLETED = RefusalKind(
    "batch.step_already_completed",
    "Step {step} is already completed and signed. Look at the record; correct an entry if it is wrong.",
    "步骤 {step} 已完成并签名。请查看记录；如有错误请更正相应记录项。",
)
STEP_NOT_RUNNING = RefusalKind(
    "batch.step_not_running",
    "Step {step} has not been started. Start it with its scans first.",
    "步骤 {step} 尚未开始。请先扫描并开始该步骤。",
)
STEP_NOT_DONE = RefusalKind(
    "batch.step_not_done",
    "Step {needed} must be completed before {step}. Go on with {needed}.",
    "步骤 {needed} 须在 {step} 之前完成。请继续 {needed}。",
)
ROUNDS_EXHAUSTED = RefusalKind(
    "batch.rounds_exhausted",
    "Step {step} was repeated {most} times, the most that the recipe allows. QA decides on the batch.",
    "步骤 {step} 已重复 {most} 次，达到工艺规程上限。请由 QA 决定该批次。",
)
COUNT_NOT_REACHED = RefusalKind(
    "batch.count_not_reached",
    "Step {step} did not reach its count. Wait until QA closes deviation {deviation} as acceptable, or fail the batch.",
    "步骤 {step} 未达到规定细胞数。请等待 QA 将偏差 {deviation} 关闭为可接受，或登记批次失败。",
)
NOT_THIS_BATCHES = RefusalKind(
    "batch.not_this_batches",
    "{presented} does not hold the cells of batch {batch}; {expected} does. Put it back and scan {expected}.",
    "{presented} 中不是批次 {batch} 的细胞，应为 {expected}。请放回并扫描 {expected}。",
    identity=True,
)
NOT_SCANNED = RefusalKind(
    "batch.not_scanned",
    "Container {container} of batch {batch} was not scanned. Scan every container of the batch.",
    "批次 {batch} 的容器 {container} 未扫描。请扫描该批次的所有容器。",
)
HOLD_EXCEEDED = RefusalKind(
    "batch.hold_exceeded",
    "Step {step} begins {elapsed} after {after}; the recipe allows {maximum}. "
    "It needs the signed reasons of QA and the qualified person, and opens a deviation.",
    "步骤 {step} 在 {after} 之后 {elapsed} 开始；工艺规程允许 {maximum}。须由 QA 和质量受权人签署理由，并开启偏差。",
    override=("qa", "qualified_person"),
)
TIME_REVERSED = RefusalKind(
    "batch.time_reversed",
    "{step} cannot be at {moment}, before what it follows ({earlier}). Correct the time.",
    "{step} 的时间 {moment} 不能早于其之前的事项（{earlier}）。请更正时间。",
)
TOO_FEW_OPERATORS = RefusalKind(
    "batch.too_few_operators",
    "Step {step} needs {number} different people qualified for '{qualification}', not {present}. Add a colleague.",
    "步骤 {step} 需要 {number} 名具备“{qualification}”资质的不同人员，现有 {present} 名。请增加人员。",
)
EQUIPMENT_MISSING = RefusalKind(
    "batch.equipment_missing",
    "Step {step} needs a {equipment_class}. Scan the piece that you use.",
    "步骤 {step} 需要 {equipment_class}。请扫描所用设备。",
)
MATERIAL_MISSING = RefusalKind(
    "batch.material_missing",
    "Step {step} needs {quantity} of {material}. Scan the lot that you use.",
    "步骤 {step} 需要 {quantity} 的 {material}。请扫描所用物料批。",
)


def step_of(recipe: Recipe, batch: str, step: str) -> Step | Refusal:
    return recipe.step(step) or NO_SUCH_STEP(batch=batch, step=step)


def settled(batch: Batch, deviations: Deviations, step: Step, following: str) -> Refusal | None:
    """Whether the step is done: its count reached, or QA content that it was not."""
    if batch.reached(step):
        return None
    short = deviations.on_count(batch.id, step.id)
    if short is None or batch.running(step.id) is not None:
        return STEP_NOT_DONE(needed=step.id, step=following)
    if short.conclusion in ("no_impact", "acceptable"):
        return None
    return COUNT_NOT_REACHED(step=step.id, deviation=short.id)


def start_step(
    order: Treatment,
    labels: label.Labels,
    held: custody.Custody,
    batches: Batches,
    deviations: Deviations,
    room: suite.Suite,
    recipe: Recipe,
    resources: Resources,
    *,
    batch: str,
    step: str,
    scanned: tuple[str, ...],
    collected: datetime | None,
    day: date,
    deviation: str,
    waived: frozenset[str],
    occurred: datetime,
    performed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Begin a step, or its next round. day: the base's. collected: when the starting material's collection ended.

    occurred: when work began, which the order of steps goes by; holds run until the signature.
    deviation: the identifier for the deviation that a waived hold opens.
    """
    if refusal := open_for_work(order) or still_open(batches, order.id, batch):
        return refusal
    opened = batches.by_id[batch]
    wanted = step_of(recipe, batch, step)
    if isinstance(wanted, Refusal):
        return wanted
    refusal = first_refusal(
        _scanned(labels, held, order, opened, scanned),
        suite.in_use(room, order.base, opened.suite),
        suite.admits(room, wanted.room_class),
        _in_order(opened, deviations, recipe, wanted, occurred),
        _line_clear(batches, opened, recipe, wanted),
        _manned(wanted, resources.operators, day),
        _equipped(wanted, resources.equipment, order.base, room.id, day),
        _supplied(wanted, resources, order.base, day),
    )
    if refusal:
        return refusal
    exceeded = holds_exceeded(opened, wanted, collected, performed.signed)
    if exceeded and HOLD_EXCEEDED.code not in waived:
        return exceeded[0]
    started = StepStarted(
        order.id,
        batch,
        step,
        len(opened.runs_of(step)) + 1,
        scanned,
        tuple(person.id for person in resources.operators),
        tuple(resources.equipment),
        resources.materials,
        performed,
    )
    return (started, *_waived_holds(started, exceeded, deviation))


def _scanned(
    labels: label.Labels, held: custody.Custody, order: Treatment, batch: Batch, scanned: tuple[str, ...]
) -> Refusal | None:
    for each in scanned:
        if refusal := label.belongs(labels, order.id, each, "collection_bag", "container", "final_bag"):
            return refusal
        if each not in batch.containers:
            return NOT_THIS_BATCHES(presented=each, batch=batch.id, expected=", ".join(batch.containers))
    for each in batch.containers:
        if each not in scanned:
            return NOT_SCANNED(container=each, batch=batch.id)
        if refusal := custody.in_hand(held, each, order.base):
            return refusal
    return None


def _in_order(batch: Batch, deviations: Deviations, recipe: Recipe, step: Step, now: datetime) -> Refusal | None:
    running = batch.running(step.id)
    if running is not None:
        return STEP_RUNNING(step=step.id, started=running.started.isoformat())
    if batch.reached(step):
        return STEP_ALREADY_COMPLETED(step=step.id)
    if step.until is not None and len(batch.runs_of(step.id)) >= step.until.most:
        return ROUNDS_EXHAUSTED(step=step.id, most=step.until.most)
    earlier = [batch.opened]
    for name in step.after:
        before = recipe.step(name)
        if before is not None:
            if refusal := settled(batch, deviations, before, step.id):
                return refusal
            earlier.extend(run.ended for run in batch.runs_of(name) if run.ended is not None)
    for hold in step.holds:
        if hold.after != "collection" and not any(run.ended for run in batch.runs_of(hold.after)):
            return STEP_NOT_DONE(needed=hold.after, step=step.id)
    earlier.extend(run.ended for run in batch.runs_of(step.id) if run.ended is not None)
    if now < max(earlier):
        return TIME_REVERSED(step=step.id, moment=now.isoformat(), earlier=max(earlier).isoformat())
    return None


def _line_clear(batches: Batches, batch: Batch, recipe: Recipe, step: Step) -> Refusal | None:
    """Whether the line is clear where the step asks for it.

    The clearance before opening serves the first such step; a later one needs a clearance made since the steps that
    it follows began.
    """
    clearing = {each.id for each in recipe.steps if each.line_clearance}
    first = not any(run.step in clearing for run in batch.runs)
    if not step.line_clearance or first or batch.runs_of(step.id):
        return None
    begun = max((index for index, run in enumerate(batch.runs, 1) if run.step in step.after), default=0)
    if batches.clearances.get(batch.id, 0) >= begun:
        return None
    return suite.NOT_CLEARED(suite=batch.suite, batch=batch.id)


def _manned(step: Step, operators: tuple[Person, ...], day: date) -> Refusal | None:
    """Whether each is qualified for the step, and there are enough different people for each need."""
    for person in operators:
        if refusal := qualified_for(step, person, day):
            return refusal
    for qualification, number in step.operators:
        present = {person.id for person in operators if qualified(person, qualification, day) is None}
        if len(present) < number:
            return TOO_FEW_OPERATORS(step=step.id, number=number, qualification=qualification, present=len(present))
    return None


def qualified_for(step: Step, person: Person, day: date) -> Refusal | None:
    """Whether the person holds one of the qualifications that the step asks for on the day."""
    refusals = [qualified(person, qualification, day) for qualification, _ in step.operators]
    return None if None in refusals or not refusals else refusals[0]


def _equipped(step: Step, pieces: Mapping[str, equipment.Equipment], base: str, room: str, day: date) -> Refusal | None:
    for presented, piece in pieces.items():
        if refusal := equipment.known(piece, base, presented):
            return refusal
        wanted = piece.equipment_class if piece.equipment_class in step.equipment else "/".join(step.equipment) or "–"
        if refusal := equipment.fit(piece, wanted, room, day):
            return refusal
    present = {piece.equipment_class for piece in pieces.values()}
    missing = next((each for each in step.equipment if each not in present), None)
    return EQUIPMENT_MISSING(step=step.id, equipment_class=missing) if missing is not None else None


def _supplied(step: Step, resources: Resources, base: str, day: date) -> Refusal | None:
    needed = {use.material: use for use in step.materials}
    for use in resources.materials:
        lot = resources.lots.get(use.material_lot, material_lot.MaterialLot())
        if refusal := material_lot.usable(lot, base, use.material_lot, day):
            return refusal
        if lot.material != use.material or lot.material not in needed:
            return material_lot.WRONG_MATERIAL(
                material_lot=lot.id, material=lot.material, needed=", ".join(needed) or "–"
            )
        amount, unit = use.quantity, needed[use.material].unit
        if amount.unit != unit or not measurable(amount.value) or amount.value <= 0:
            return material_lot.QUANTITY_IMPOSSIBLE(material_lot=lot.id, quantity=amount, unit=unit)
    given = {use.material for use in resources.materials}
    missing = next((use for material, use in needed.items() if material not in given), None)
    if missing is None:
        return None
    quantity = Quantity(missing.quantity, missing.unit)
    return MATERIAL_MISSING(step=step.id, material=missing.material, quantity=quantity)


def holds_exceeded(batch: Batch, step: Step, collected: datetime | None, now: datetime) -> tuple[Refusal, ...]:
    """Every hold that the step's first round would break; the maximum itself is allowed."""

    def since(hold: Hold) -> datetime | None:
        if hold.after == "collection":
            return collected
        return max((run.ended for run in batch.runs_of(hold.after) if run.ended is not None), default=None)

    if batch.runs_of(step.id):
        return ()
    begun = ((hold, start) for hold in step.holds if (start := since(hold)) is not None)
    return tuple(
        HOLD_EXCEEDED(step=step.id, elapsed=now - start, after=hold.after, maximum=hold.maximum)
        for hold, start in begun
        if now - start > hold.maximum
    )


def _waived_holds(started: StepStarted, exceeded: tuple[Refusal, ...], deviation: str) -> tuple[DeviationOpened, ...]:
    """The one deviation that tells of every hold that was overridden."""
    if not exceeded:
        return ()
    value = "; ".join(f"{each.details['elapsed']} after {each.details['after']}" for each in exceeded)
    limits = "; ".join(f"≤ {each.details['maximum']}" for each in exceeded)
    place = (started.treatment, deviation, started.batch, started.step, "")
    return (DeviationOpened(*place, "hold_exceeded", value, limits, "major", "", "", started.performed),)
