"""Slots: reserve the chosen itinerary, free it."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import slot as slots
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def reserve(ledger: Ledger, command: Command, *, treatment: str, itinerary: Itinerary) -> Answer:
    """Reserve an itinerary that was offered; of several who want the same suite time exactly one gets it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        running = vein.batches.open
        return slots.reserve(
            vein.treatment,
            vein.slot,
            seen.recipe(vein.treatment.recipe),
            seen.base(vein.treatment.base),
            itinerary,
            seen.at,
            seen.sign(command.actor, "decided"),
            batch=running.id if running is not None else "",
        )

    read = (subject("suite", itinerary.suite),)
    return decide(ledger, command, read, rule, verb="slot.reserve", treatment=treatment)


def free(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Free the treatment's slot."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        running = vein.batches.open
        batch = running.id if running is not None else ""
        return slots.free(vein.treatment, vein.slot, reason, batch=batch)

    return decide(ledger, command, (), rule, verb="slot.free", treatment=treatment)
