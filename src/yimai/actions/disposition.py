"""What becomes of a batch: review, two-stage release, rejection, revocation, certificate."""

from __future__ import annotations

from collections.abc import Callable

from yimai.actions.batch_evidence import evidence_of, permits_withdrawn, pinned_recipe
from yimai.actions.decision import Answer, Seen
from yimai.actions.signed import Ask, Verdict, signed
from yimai.domain import batch as batches
from yimai.domain import certificate
from yimai.domain import disposition as dispositions
from yimai.domain.disposition import BatchEvidence
from yimai.domain.fact import Meaning, Signature, subject
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Rule = Callable[[Vein, Recipe, BatchEvidence, Signature], Verdict]


def review(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """QA reviews the batch record by exception."""

    def rule(vein: Vein, recipe: Recipe, evidence: BatchEvidence, by: Signature) -> Verdict:
        return dispositions.review(vein.treatment, vein.samples, vein.shipments, vein.disposition, evidence, by)

    return _on_evidence(ledger, command, treatment, batch, "review", "reviewed", rule)


def release_conditionally(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """A qualified person lets the batch go while its final tests run."""

    def rule(vein: Vein, recipe: Recipe, evidence: BatchEvidence, by: Signature) -> Verdict:
        return dispositions.release_conditionally(
            vein.treatment, vein.labels, vein.samples, vein.shipments, vein.disposition, recipe, evidence, by
        )

    return _on_evidence(ledger, command, treatment, batch, "release_conditionally", "released", rule)


def release(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """A qualified person releases the batch on every result."""

    def rule(vein: Vein, recipe: Recipe, evidence: BatchEvidence, by: Signature) -> Verdict:
        return dispositions.release(
            vein.treatment, vein.labels, vein.samples, vein.shipments, vein.disposition, recipe, evidence, by
        )

    return _on_evidence(ledger, command, treatment, batch, "release", "released", rule)


def supply_out_of_specification(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """A qualified person supplies the batch at the treating physician's request; see oos_supply."""

    def rule(vein: Vein, recipe: Recipe, evidence: BatchEvidence, by: Signature) -> Verdict:
        return dispositions.supply_out_of_specification(
            vein.treatment, vein.labels, vein.samples, vein.shipments, vein.disposition, recipe, evidence, by
        )

    verb = "supply_out_of_specification"
    return _on_evidence(ledger, command, treatment, batch, verb, "decided", rule)


def issue_certificate(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """A qualified person certifies a full release; the fact holds the hash of the certificate's content."""

    def rule(vein: Vein, recipe: Recipe, evidence: BatchEvidence, by: Signature) -> Verdict:
        return certificate.issue(vein.treatment, vein.samples, vein.disposition, recipe, evidence, by)

    return _on_evidence(ledger, command, treatment, batch, "issue_certificate", "approved", rule)


def reject(ledger: Ledger, command: Command, *, treatment: str, batch: str, reason: str) -> Answer:
    """QA or a qualified person rejects the batch."""

    def rule(vein: Vein, recipe: Recipe, evidence: BatchEvidence, by: Signature) -> Verdict:
        return dispositions.reject(vein.treatment, vein.disposition, batch, reason, by)

    return _on_evidence(ledger, command, treatment, batch, "reject", "rejected", rule)


def revoke(ledger: Ledger, command: Command, *, treatment: str, batch: str, reason: str) -> Answer:
    """QA or a qualified person takes a release back; the hospital is alerted and the batch's permits are withdrawn."""

    def ask(seen: Seen, vein: Vein, by: Signature) -> Verdict:
        if refusal := batches.known(vein.batches, treatment, batch):
            return refusal
        revoked = dispositions.revoke(vein.treatment, vein.disposition, batch, reason, by)
        if isinstance(revoked, Refusal):
            return revoked
        return (*revoked, *permits_withdrawn(seen, vein, batch, reason))

    return _at_base(ledger, command, treatment, batch, "revoke", "revoked", ask)


def _on_evidence(
    ledger: Ledger,
    command: Command,
    treatment: str,
    batch: str,
    verb: str,
    meaning: Meaning,
    rule: Rule,
) -> Answer:
    """Ask a rule that judges this treatment's batch on its pinned recipe and its record."""

    def ask(seen: Seen, vein: Vein, by: Signature) -> Verdict:
        refusal = batches.known(vein.batches, treatment, batch)
        return refusal or rule(vein, pinned_recipe(seen, vein, batch), evidence_of(seen, vein, batch), by)

    return _at_base(ledger, command, treatment, batch, verb, meaning, ask)


def _at_base(
    ledger: Ledger,
    command: Command,
    treatment: str,
    batch: str,
    verb: str,
    meaning: Meaning,
    ask: Ask,
) -> Answer:
    return signed(
        ledger,
        command,
        ask,
        verb=f"disposition.{verb}",
        treatment=treatment,
        meaning=meaning,
        about=(subject("batch", batch),),
    )
