"""Slots: reserve the chosen itinerary, free it."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import slot as slots
from yimai.domain.fact import Fact, subject
from yimai.domain.person import Person, of_role, of_site
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary
from yimai.domain.treatment import Treatment
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def reserve(ledger: Ledger, command: Command, *, treatment: str, itinerary: Itinerary) -> Answer:
    """Reserve an itinerary that was offered; of several who want the same suite time exactly one gets it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        return _may_book(actor, vein.treatment) or slots.reserve(
            vein.treatment,
            vein.slot,
            seen.recipe(vein.treatment.recipe),
            seen.base(vein.treatment.base),
            itinerary,
            seen.at,
            actor.sign("decided", seen.at),
        )

    read = (
        subject("treatment", treatment),
        subject("person", command.actor),
        subject("suite", itinerary.suite),
    )
    return decide(ledger, command, read, rule, gate="slot.reserve", treatment=treatment)


def free(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Free the treatment's slot."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        running = vein.batches.open
        batch = running.id if running is not None else ""
        return _may_book(actor, vein.treatment) or slots.free(vein.treatment, vein.slot, reason, batch=batch)

    read = (subject("treatment", treatment), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="slot.free", treatment=treatment)


def _may_book(actor: Person, ordered: Treatment) -> Refusal | None:
    """Whether the actor is the base's scheduler, or of the ordering hospital."""
    if ordered.id and actor.site == ordered.base:
        return of_role(actor, "scheduler")
    return of_role(actor, "coordinator", "physician") or of_site(actor, ordered.hospital)
