"""Slots: reserve the chosen itinerary, free it."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import slot as slots
from yimai.domain.fact import Fact, subject
from yimai.domain.person import of_role, of_site
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def reserve(ledger: Ledger, command: Command, *, treatment: str, itinerary: Itinerary) -> Answer:
    """Reserve an itinerary that was offered; of several who want the same suite time exactly one gets it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        at_base = actor.site == vein.treatment.base
        refusal = (
            of_role(actor, "scheduler")
            if at_base
            else of_role(actor, "coordinator", "physician") or of_site(actor, vein.treatment.hospital)
        )
        return refusal or slots.reserve(
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
        refusal = of_role(actor, "scheduler", "coordinator", "physician")
        if refusal is None and actor.site not in (vein.treatment.base, vein.treatment.hospital):
            refusal = of_site(actor, vein.treatment.hospital)
        return refusal or slots.free(vein.treatment, vein.slot, reason)

    read = (subject("treatment", treatment), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="slot.free", treatment=treatment)
