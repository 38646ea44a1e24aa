"""Samples and results: take, give up, record, verify, invalidate. A late failing result revokes at once."""

from __future__ import annotations

from yimai.actions.batch_evidence import permits_withdrawn, pinned_recipe
from yimai.actions.decision import Answer, Seen
from yimai.actions.signed import Verdict, signed
from yimai.domain import batch as batches
from yimai.domain import disposition as dispositions
from yimai.domain import sample as samples
from yimai.domain.fact import Signature, subject
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def take(ledger: Ledger, command: Command, *, treatment: str, batch: str, sample: str, plan: str, step: str) -> Answer:
    """Draw a labelled sample at a sampling point of the batch's recipe."""

    def ask(seen: Seen, vein: Vein, taken: Signature) -> Verdict:
        if refusal := batches.known(vein.batches, treatment, batch):
            return refusal
        return samples.take(
            vein.treatment,
            vein.labels,
            vein.samples,
            pinned_recipe(seen, vein, batch),
            batch=batch,
            sample=sample,
            plan=plan,
            step=step,
            step_begun=bool(vein.batches.by_id[batch].runs_of(step)),
            taken=taken,
        )

    return signed(
        ledger,
        command,
        ask,
        verb="sample.take",
        treatment=treatment,
        meaning="taken",
        about=(subject("batch", batch), subject("sample", sample)),
    )


def receive(ledger: Ledger, command: Command, *, treatment: str, sample: str, condition: samples.Condition) -> Answer:
    """An analyst takes a sample over for the laboratory, by its scan, and says in which condition it came."""

    def ask(seen: Seen, vein: Vein, received: Signature) -> Verdict:
        return samples.receive(
            vein.treatment,
            vein.labels,
            vein.samples,
            sample=sample,
            condition=condition,
            occurred=seen.occurred,
            received=received,
        )

    return signed(
        ledger,
        command,
        ask,
        verb="sample.receive",
        treatment=treatment,
        meaning="taken",
        about=(subject("sample", sample),),
    )


def void(ledger: Ledger, command: Command, *, treatment: str, sample: str, reason: str) -> Answer:
    """QA gives up a sample that was lost, so that nobody waits for its results."""

    def ask(seen: Seen, vein: Vein, decided: Signature) -> Verdict:
        return samples.void(vein.treatment, vein.labels, vein.samples, sample, reason, decided)

    return signed(
        ledger,
        command,
        ask,
        verb="sample.void",
        treatment=treatment,
        meaning="decided",
        about=(subject("sample", sample),),
    )


def record_result(
    ledger: Ledger, command: Command, *, treatment: str, sample: str, test: str, value: str, unit: str
) -> Answer:
    """Record a result; one that fails after release revokes it, alerts the hospital and withdraws its permits."""

    def ask(seen: Seen, vein: Vein, reported: Signature) -> Verdict:
        verdict = samples.record(
            vein.treatment,
            vein.labels,
            vein.samples,
            pinned_recipe(seen, vein, _batch(vein, sample)),
            sample=sample,
            test=test,
            value=value,
            unit=unit,
            occurred=seen.occurred,
            reported=reported,
        )
        if isinstance(verdict, Refusal):
            return verdict
        batch = verdict[0].batch
        seen.entries("batch", batch)
        alarm = dispositions.after_result(vein.treatment, vein.disposition, verdict[0])
        return (*verdict, *alarm, *(permits_withdrawn(seen, vein, batch, "late_positive") if alarm else ()))

    return signed(
        ledger,
        command,
        ask,
        verb="sample.record_result",
        treatment=treatment,
        meaning="reported",
        about=(subject("sample", sample),),
    )


def verify_result(ledger: Ledger, command: Command, *, treatment: str, sample: str, test: str) -> Answer:
    """A second analyst confirms the standing result."""

    def ask(seen: Seen, vein: Vein, verified: Signature) -> Verdict:
        return samples.verify(vein.treatment, vein.labels, vein.samples, sample=sample, test=test, verified=verified)

    return signed(
        ledger,
        command,
        ask,
        verb="sample.verify_result",
        treatment=treatment,
        meaning="verified",
        about=(subject("sample", sample),),
    )


def invalidate_result(
    ledger: Ledger, command: Command, *, treatment: str, sample: str, test: str, reason: str
) -> Answer:
    """QA invalidates the standing result for a cause in the laboratory; it stays visible."""

    def ask(seen: Seen, vein: Vein, decided: Signature) -> Verdict:
        batch = _batch(vein, sample)
        recipe = pinned_recipe(seen, vein, batch)
        return samples.invalidate(
            vein.treatment,
            vein.labels,
            vein.samples,
            recipe,
            sample=sample,
            test=test,
            reason=reason,
            relied_on=dispositions.relied_on(vein.disposition, recipe, batch, test),
            decided=decided,
        )

    return signed(
        ledger,
        command,
        ask,
        verb="sample.invalidate_result",
        treatment=treatment,
        meaning="decided",
        about=(subject("sample", sample),),
    )


def _batch(vein: Vein, sample: str) -> str:
    taken = vein.samples.by_id.get(sample)
    return taken.batch if taken is not None else ""
