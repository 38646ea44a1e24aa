"""Retention: keep an ended treatment's records, restrict its personal data, and after the last track destroy them."""

from __future__ import annotations

from yimai.actions.batch_evidence import pinned_recipe
from yimai.actions.decision import Answer, Seen
from yimai.actions.signed import Verdict, signed
from yimai.domain import retention as retentions
from yimai.domain.fact import Signature
from yimai.domain.retention import Retention
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def start(ledger: Ledger, command: Command, *, treatment: str) -> Answer:
    """Start keeping the records of a treatment that was declined, cancelled or withdrawn."""

    def ask(seen: Seen, vein: Vein, by: Signature) -> Verdict:
        return started(seen, vein, closed=vein.outcome.completed is not None)

    return signed(
        ledger,
        command,
        ask,
        verb="retention.start",
        treatment=treatment,
        meaning="decided",
    )


def restrict(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Restrict the patient's data in the vault to legal duties. The door restricts the key once this is on record."""

    def ask(seen: Seen, vein: Vein, decided: Signature) -> Verdict:
        return retentions.restrict(vein.treatment, _retention(seen, treatment), reason, decided)

    return signed(
        ledger,
        command,
        ask,
        verb="retention.restrict",
        treatment=treatment,
        meaning="decided",
    )


def destroy(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Decide the end of the patient's data. The door destroys the key once this is on record."""

    def ask(seen: Seen, vein: Vein, decided: Signature) -> Verdict:
        return retentions.destroy(vein.treatment, _retention(seen, treatment), reason, decided)

    return signed(
        ledger,
        command,
        ask,
        verb="retention.destroy",
        treatment=treatment,
        meaning="decided",
    )


def started(seen: Seen, vein: Vein, *, closed: bool) -> Verdict:
    """What the start of the recipe's legal track says on the day of the command."""
    latest = vein.batches.latest
    recipe = pinned_recipe(seen, vein, latest.id if latest is not None else "")
    retention = _retention(seen, vein.treatment.id)
    return retentions.start(vein.treatment, retention, recipe, closed=closed, day=seen.at.date())


def _retention(seen: Seen, treatment: str) -> Retention:
    retention = Retention()
    for fact, entry in seen.facts("treatment", treatment):
        retention = retentions.evolve(retention, fact, entry)
    return retention
