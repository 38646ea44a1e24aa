"""Deviations: report one by hand, assess it, close it; the words go to the vault, a reason's code to the fact."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.batch_evidence import permits_withdrawn
from yimai.actions.decision import Answer, Seen, decide, minted
from yimai.domain import batch as batches
from yimai.domain import deviation as deviations
from yimai.domain import disposition as dispositions
from yimai.domain.batch_step import step_of
from yimai.domain.deviation import Classification, Conclusion
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.commitment import SALT_LENGTH, commitment
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def report(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    batch: str,
    step: str = "",
    classification: Classification,
    reason: str,
    note: str,
) -> Answer:
    """Report a deviation of a batch, or of one of its steps, by hand; anybody who works at the base may."""
    deviation = minted(ledger, "deviation")
    salt = ledger.random(SALT_LENGTH)

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := batches.known(vein.batches, treatment, batch):
            return refusal
        if step:
            opened = vein.batches.by_id[batch]
            found = step_of(seen.recipe(opened.recipe, opened.recipe_version), batch, step)
            if isinstance(found, Refusal):
                return found
        committed = _committed(salt, note)
        signature = seen.sign(command.actor, "reported")
        return deviations.report(treatment, deviation, batch, step, classification, reason, committed, signature)

    deposits = _deposits(treatment, deviation, "report", note, salt)
    return decide(ledger, command, (), rule, verb="deviation.report", treatment=treatment, deposits=deposits)


def assess(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    deviation: str,
    classification: Classification,
    reason: str,
    note: str,
) -> Answer:
    """QA of the base records the root cause (a reason's code) and its account of cause and impact (the note)."""
    salt = ledger.random(SALT_LENGTH)

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        return deviations.assess(
            vein.deviations,
            treatment,
            deviation,
            classification,
            reason,
            _committed(salt, note),
            performers=_workers(vein, deviation),
            assessed=seen.sign(command.actor, "assessed"),
        )

    read = (subject("deviation", deviation),)
    deposits = _deposits(treatment, deviation, "assessment", note, salt)
    return decide(ledger, command, read, rule, verb="deviation.assess", treatment=treatment, deposits=deposits)


def close(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    deviation: str,
    conclusion: Conclusion,
    reason: str,
    approver: str = "",
) -> Answer:
    """QA of the base closes a deviation; a critical one together with the qualified person (the approver).

    The conclusion to reject a batch that was let go already revokes that at once.
    """

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        found = vein.deviations.by_id.get(deviation)
        closed = deviations.close(
            vein.deviations,
            treatment,
            deviation,
            conclusion,
            reason,
            performers=_workers(vein, deviation),
            decided=seen.sign(command.actor, "decided"),
            approved=seen.sign(approver, "approved") if approver else None,
        )
        if isinstance(closed, Refusal) or found is None or conclusion != "reject_batch":
            return closed
        return (*closed, *_revoked(seen, vein, found.batch, reason))

    read, signers = (subject("deviation", deviation),), {"approver": (approver,)}
    return decide(ledger, command, read, rule, verb="deviation.close", treatment=treatment, signers=signers)


def _workers(vein: Vein, deviation: str) -> frozenset[str]:
    """Everybody who worked on the deviation's step, or in its batch where it names no step."""
    found = vein.deviations.by_id.get(deviation)
    record = vein.batches.by_id.get(found.batch) if found is not None else None
    if record is None or found is None:
        return frozenset()
    return record.performers(found.step) if found.step else record.people


def _revoked(seen: Seen, vein: Vein, batch: str, reason: str) -> Sequence[Fact]:
    """What takes the batch's release back, if it has one: revocation, alert, permits withdrawn."""
    signature = seen.sign(seen.command.actor, "revoked")
    revoked = dispositions.revoke(vein.treatment, vein.disposition, batch, reason, signature)
    if isinstance(revoked, Refusal):
        return ()
    seen.entries("batch", batch)
    return (*revoked, *permits_withdrawn(seen, vein, batch, reason))


def _committed(salt: bytes, note: str) -> str:
    """Hex of the commitment to the note, or "" where there is none."""
    return commitment(salt, note.encode()).hex() if note.strip() else ""


def _deposits(treatment: str, deviation: str, what: str, note: str, salt: bytes) -> tuple[Deposit, ...]:
    return (Deposit(treatment, f"deviation/{deviation}/{what}", note.encode(), salt),) if note.strip() else ()
