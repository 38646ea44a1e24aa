"""Batches: open on a pinned recipe, start, complete and correct steps, complete or fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yimai.actions.decision import Answer, Rule, Seen, decide, minted
from yimai.actions.equipment import equipment_of
from yimai.actions.material_lot import day_at, lot_of
from yimai.actions.override import waived_by
from yimai.actions.suite import suite_of
from yimai.domain import batch as batches
from yimai.domain import batch_record, batch_step, custody
from yimai.domain import slot as slots
from yimai.domain.approval import RecipeApproved
from yimai.domain.batch import LotUse, Recorded
from yimai.domain.batch_record import Filling
from yimai.domain.fact import Fact, subject
from yimai.domain.override import SignedReason
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def open_batch(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    batch: str,
    suite: str,
    container: str,
    reasons: tuple[SignedReason, ...] = (),
) -> Answer:
    """Match the starting material with the order and begin the batch that the suite's line was cleared for.

    The recipe's latest approved version is pinned. reasons: of QA and a physician, for material past its fresh time.
    """

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        recipe = seen.recipe(vein.treatment.recipe)
        seen.entries("batch", batch)

        def attempt(waived: frozenset[str]) -> Verdict:
            return batches.open_batch(
                vein.treatment,
                vein.labels,
                vein.collections,
                vein.custody,
                vein.shipments,
                vein.batches,
                suite_of(seen, suite),
                vein.slot.current,
                recipe,
                batch=batch,
                recipe_hash=_approval_hash(seen, recipe),
                container=container,
                waived=waived,
                performed=seen.sign(command.actor, "performed"),
            )

        return _unless_waived(seen, treatment, custody.TOO_OLD, reasons, attempt)

    read = (subject("suite", suite), subject("container", container))
    signers = {"reasons": [each.person for each in reasons]}
    return decide(ledger, command, read, rule, verb="batch.open_batch", treatment=treatment, signers=signers)


def start_step(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    batch: str,
    step: str,
    scanned: tuple[str, ...],
    operators: tuple[str, ...],
    equipment: tuple[str, ...],
    materials: tuple[LotUse, ...] = (),
    reasons: tuple[SignedReason, ...] = (),
) -> Answer:
    """Begin a step (or its next round): every container of the batch scanned, people, equipment and lots named.

    reasons: of QA and the qualified person, for a hold time that is exceeded; a deviation is then opened.
    """
    deviation = minted(ledger, "deviation")

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _own(vein, batch):
            return refusal
        opened = vein.batches.by_id[batch]
        collected = vein.collections.of_container(opened.starting)
        resources = batch_step.Resources(
            tuple(seen.person(each) for each in operators),
            {each: equipment_of(seen, each) for each in equipment},
            materials,
            {use.material_lot: lot_of(seen, use.material_lot) for use in materials},
        )

        def attempt(waived: frozenset[str]) -> Verdict:
            return batch_step.start_step(
                vein.treatment,
                vein.labels,
                vein.custody,
                vein.batches,
                vein.deviations,
                suite_of(seen, opened.suite),
                seen.recipe(opened.recipe, opened.recipe_version),
                resources,
                batch=batch,
                step=step,
                scanned=scanned,
                collected=collected.ended if collected is not None else None,
                day=day_at(seen, vein.treatment.base),
                deviation=deviation,
                waived=waived,
                occurred=seen.occurred,
                performed=seen.sign(command.actor, "performed"),
            )

        return _unless_waived(seen, treatment, batch_step.HOLD_EXCEEDED, reasons, attempt)

    pieces = [subject("equipment", each) for each in dict.fromkeys(equipment)]
    lots = [subject("material_lot", each) for each in dict.fromkeys(use.material_lot for use in materials)]
    signers = {"operators": operators, "reasons": [each.person for each in reasons]}
    read = (*pieces, *lots)
    return decide(ledger, command, read, rule, verb="batch.start_step", treatment=treatment, signers=signers)


def record_entry(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    batch: str,
    step: str,
    round: int,
    entry: str,
    value: Recorded,
    replaces: Recorded | None = None,
    reason: str = "",
) -> Answer:
    """Put one value of a running step down when it is made; whoever completes the step signs it.

    replaces: what the person saw there before; another value put there meanwhile is a question, never overwritten.
    """

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _own(vein, batch):
            return refusal
        opened = vein.batches.by_id[batch]
        return batch_record.record_entry(
            vein.treatment,
            vein.batches,
            seen.recipe(opened.recipe, opened.recipe_version),
            batch=batch,
            step=step,
            round=round,
            entry=entry,
            value=value,
            replaces=replaces,
            reason=reason,
            recorder=command.actor,
            occurred=seen.occurred,
        )

    return decide(ledger, command, (), rule, verb="batch.record_entry", treatment=treatment)


def complete_step(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    batch: str,
    step: str,
    entries: Mapping[str, Recorded],
    filled: tuple[Filling, ...] = (),
    verifier: str = "",
) -> Answer:
    """Sign a running step's record: its entries, what it filled, and a second person where the recipe asks for one."""
    deviations = tuple(minted(ledger, "deviation") for _ in range(len(entries) + 1))

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _own(vein, batch):
            return refusal
        opened = vein.batches.by_id[batch]
        for container in (*opened.containers, *(each.container for each in filled)):
            seen.entries("container", container)
        return batch_record.complete_step(
            vein.treatment,
            vein.labels,
            vein.custody,
            vein.batches,
            seen.recipe(opened.recipe, opened.recipe_version),
            batch=batch,
            step=step,
            entries=entries,
            filled=filled,
            performer=seen.person(command.actor),
            verifier=seen.person(verifier) if verifier else None,
            day=day_at(seen, vein.treatment.base),
            deviations=deviations,
            occurred=seen.occurred,
            at=seen.at,
        )

    signers = {"verifier": (verifier,)}
    return decide(ledger, command, (), rule, verb="batch.complete_step", treatment=treatment, signers=signers)


def correct_entry(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    batch: str,
    step: str,
    round: int,
    entry: str,
    new: Recorded,
    reason: str,
    verifier: str,
) -> Answer:
    """Correct one recorded value, with its reason and two signatures; never after the batch's disposition."""
    deviations = tuple(minted(ledger, "deviation") for _ in range(2))

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _own(vein, batch):
            return refusal
        opened = vein.batches.by_id[batch]
        return batch_record.correct_entry(
            vein.treatment,
            vein.batches,
            seen.recipe(opened.recipe, opened.recipe_version),
            batch=batch,
            step=step,
            round=round,
            entry=entry,
            new=new,
            reason=reason,
            disposed=bool(vein.disposition.of(batch).state),
            deviations=deviations,
            performed=seen.sign(command.actor, "performed"),
            verified=seen.sign(verifier, "verified"),
        )

    signers = {"verifier": (verifier,)}
    return decide(ledger, command, (), rule, verb="batch.correct_entry", treatment=treatment, signers=signers)


def complete_batch(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """Close a batch after its last step, its containers' labels reconciled; it leaves its suite."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _own(vein, batch):
            return refusal
        opened = vein.batches.by_id[batch]
        seen.entries("suite", opened.suite)
        recipe = seen.recipe(opened.recipe, opened.recipe_version)
        signature = seen.sign(command.actor, "performed")
        return batch_record.complete_batch(
            vein.treatment, vein.labels, vein.batches, vein.deviations, recipe, batch, signature
        )

    return _ending(ledger, command, treatment, batch, rule, "batch.complete_batch")


def fail_batch(ledger: Ledger, command: Command, *, treatment: str, batch: str, cause: str) -> Answer:
    """Give a batch up, also after its treatment ended; it leaves its suite and what is left of its slot."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _own(vein, batch):
            return refusal
        opened = vein.batches.by_id[batch]
        seen.entries("suite", opened.suite)
        recipe = seen.recipe(opened.recipe, opened.recipe_version)
        signature = seen.sign(command.actor, "decided")
        failed = batch_record.fail_batch(vein.treatment, vein.batches, recipe, batch, cause, signature)
        return failed if isinstance(failed, Refusal) else (*failed, *_slot_freed(vein, opened))

    return _ending(ledger, command, treatment, batch, rule, "batch.fail_batch")


def _slot_freed(vein: Vein, batch: batches.Batch) -> Sequence[Fact]:
    """Give back what is left of the slot in which the batch was opened."""
    slot = vein.slot.current
    if slot is None or slot.suite != batch.suite or not slot.starts <= batch.opened < slot.ends:
        return ()
    given_back = slots.free(vein.treatment, vein.slot, "batch_failed")
    return () if isinstance(given_back, Refusal) else given_back


def _ending(ledger: Ledger, command: Command, treatment: str, batch: str, rule: Rule, verb: str) -> Answer:
    return decide(ledger, command, (subject("batch", batch),), rule, verb=verb, treatment=treatment)


def _own(vein: Vein, batch: str) -> Refusal | None:
    return batches.known(vein.batches, vein.treatment.id, batch)


def _approval_hash(seen: Seen, recipe: Recipe) -> str:
    """Hex of the hash of the entry that approved this version of the recipe."""
    approvals = [
        entry
        for fact, entry in seen.facts("recipe", recipe.id)
        if isinstance(fact, RecipeApproved) and fact.version == recipe.version
    ]
    return approvals[-1].hash.hex()


def _unless_waived(
    seen: Seen,
    treatment: str,
    kind: RefusalKind,
    reasons: tuple[SignedReason, ...],
    attempt: Callable[[frozenset[str]], Verdict],
) -> Verdict:
    """Ask the rule; where it refuses by ``kind`` and signed reasons were given, record the override and ask again."""
    verdict = attempt(frozenset())
    if not (isinstance(verdict, Refusal) and verdict.kind is kind and reasons):
        return verdict
    waived = waived_by(seen, treatment, kind, reasons)
    if isinstance(waived, Refusal):
        return waived
    opened = attempt(frozenset({kind.code}))
    return opened if isinstance(opened, Refusal) else (*waived, *opened)
