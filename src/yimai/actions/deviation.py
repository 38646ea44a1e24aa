"""Deviations: report one by hand, assess it, close it; the words go to the vault, a reason's code to the fact."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.batch_evidence import permits_withdrawn
from yimai.actions.decision import Answer, Seen, decide, minted
from yimai.domain import batch as batches
from yimai.domain import deviation as deviations
from yimai.domain import disposition as dispositions
from yimai.domain import treatment as treatments
from yimai.domain.batch_step import step_of
from yimai.domain.deviation import Classification, Conclusion
from yimai.domain.fact import Fact, subject
from yimai.domain.person import of_role, of_site, two_people
from yimai.domain.refusal import Refusal, first_refusal
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
        actor = seen.person(command.actor)
        refusal = first_refusal(
            None if vein.treatment.id else treatments.UNKNOWN(),
            of_role(actor, "operator", "qc_analyst", "qa", "qualified_person"),
            of_site(actor, vein.treatment.base),
            batches.known(vein.batches, treatment, batch),
        )
        if refusal:
            return refusal
        if step:
            opened = vein.batches.by_id[batch]
            found = step_of(seen.recipe(opened.recipe, opened.recipe_version), batch, step)
            if isinstance(found, Refusal):
                return found
        committed = _committed(salt, note)
        signature = actor.sign("reported", seen.at)
        return deviations.report(treatment, deviation, batch, step, classification, reason, committed, signature)

    read = (subject("treatment", treatment), subject("person", command.actor))
    deposits = _deposits(treatment, deviation, "report", note, salt)
    gate = "deviation.report"
    return decide(ledger, command, read, rule, gate=gate, treatment=treatment, deposits=deposits)


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
        actor = seen.person(command.actor)
        refusal = first_refusal(
            None if vein.treatment.id else treatments.UNKNOWN(),
            of_role(actor, "qa"),
            of_site(actor, vein.treatment.base),
        )
        return refusal or deviations.assess(
            vein.deviations,
            treatment,
            deviation,
            classification,
            reason,
            _committed(salt, note),
            actor.sign("assessed", seen.at),
        )

    read = [subject(*each) for each in (("treatment", treatment), ("deviation", deviation), ("person", command.actor))]
    deposits = _deposits(treatment, deviation, "assessment", note, salt)
    gate = "deviation.assess"
    return decide(ledger, command, read, rule, gate=gate, treatment=treatment, deposits=deposits)


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
        first = seen.person(command.actor)
        second = seen.person(approver) if approver else None
        refusal = first_refusal(
            None if vein.treatment.id else treatments.UNKNOWN(),
            of_role(first, "qa"),
            of_site(first, vein.treatment.base),
        )
        if refusal is None and second is not None:
            refusal = first_refusal(
                of_role(second, "qualified_person"), of_site(second, vein.treatment.base), two_people(first, second)
            )
        if refusal:
            return refusal
        found = vein.deviations.by_id.get(deviation)
        record = vein.batches.by_id.get(found.batch) if found is not None else None
        workers: frozenset[str] = frozenset()
        if record is not None and found is not None:
            workers = record.performers(found.step) if found.step else record.people
        closed = deviations.close(
            vein.deviations,
            treatment,
            deviation,
            conclusion,
            reason,
            performers=workers,
            decided=first.sign("decided", seen.at),
            approved=second.sign("approved", seen.at) if second is not None else None,
        )
        if isinstance(closed, Refusal) or found is None or conclusion != "reject_batch":
            return closed
        return (*closed, *_revoked(seen, vein, found.batch, reason))

    people = [subject("person", person) for person in dict.fromkeys((command.actor, approver)) if person]
    read = [subject("treatment", treatment), subject("deviation", deviation), *people]
    return decide(ledger, command, read, rule, gate="deviation.close", treatment=treatment)


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
