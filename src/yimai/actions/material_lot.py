"""Material lots: receive, release, reject."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from yimai.actions.decision import Answer, Rule, Seen, decide
from yimai.domain import approval
from yimai.domain import material_lot as lots
from yimai.domain.fact import Fact, Quantity, subject
from yimai.domain.refusal import Refusal
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def lot_of(seen: Seen, identifier: str) -> lots.MaterialLot:
    """Return the lot as its facts tell; an unknown one has no id."""
    state = lots.MaterialLot()
    for fact, entry in seen.facts("material_lot", identifier):
        state = lots.evolve(state, fact, entry)
    return state


def day_at(seen: Seen, base: str) -> date:
    """Return the day at the base now. Raises KeyError for an unapproved base."""
    return seen.at.astimezone(ZoneInfo(seen.base(base).timezone)).date()


def receive(
    ledger: Ledger,
    command: Command,
    *,
    material_lot: str,
    material: str,
    quantity: Quantity,
    expires: date,
) -> Answer:
    """Put a lot that arrived at the actor's base on record; it is not released yet. expires: its last day of use."""

    def rule(seen: Seen) -> Verdict:
        lot = lot_of(seen, material_lot)
        return _approved(seen, command.site) or lots.receive(
            lot, command.site, material_lot, material, quantity, expires
        )

    return _decide(ledger, command, material_lot, rule, "material_lot.receive")


def release(ledger: Ledger, command: Command, *, material_lot: str) -> Answer:
    """QA of the base releases a received, unexpired lot for use."""

    def rule(seen: Seen) -> Verdict:
        if refusal := _approved(seen, command.site):
            return refusal
        day, signature = day_at(seen, command.site), seen.sign(command.actor, "released")
        return lots.release(lot_of(seen, material_lot), command.site, material_lot, day, signature)

    return _decide(ledger, command, material_lot, rule, "material_lot.release")


def reject(ledger: Ledger, command: Command, *, material_lot: str, reason: str) -> Answer:
    """QA of the base rejects a lot, or recalls a released one."""

    def rule(seen: Seen) -> Verdict:
        signature = seen.sign(command.actor, "rejected")
        return lots.reject(lot_of(seen, material_lot), command.site, material_lot, reason, signature)

    return _decide(ledger, command, material_lot, rule, "material_lot.reject")


def _approved(seen: Seen, base: str) -> Refusal | None:
    return None if seen.entries("base", base) else approval.NOT_APPROVED(what="base", id=base)


def _decide(ledger: Ledger, command: Command, material_lot: str, rule: Rule, verb: str) -> Answer:
    def owner(seen: Seen) -> str:
        """The lot's base; one that is new is the actor's, and one that no base has is refused by the rule."""
        return lot_of(seen, material_lot).base or command.site

    return decide(ledger, command, (subject("material_lot", material_lot),), rule, verb=verb, owner=owner)
