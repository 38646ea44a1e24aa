"""Slots: reserve the chosen itinerary, free it."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import allocation
from yimai.domain import queue as queues
from yimai.domain import reason as reasons
from yimai.domain import slot as slots
from yimai.domain import timetable as timetables
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary
from yimai.domain.treatment import Treatment
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def reserve(ledger: Ledger, command: Command, *, treatment: str, itinerary: Itinerary, out_of_turn: str = "") -> Answer:
    """Reserve an itinerary that was offered; of several who want the same suite time exactly one gets it.

    out_of_turn: a scheduler's reason (a code of ``domain.reason``) for not waiting until those who are ahead have chosen, or "".
    """

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        running = vein.batches.open
        overridden: tuple[Fact, ...] = ()
        if out_of_turn:
            if refusal := reasons.listed(out_of_turn):
                return refusal
            signature = seen.sign(command.actor, "decided")
            told = allocation.override_turn(treatment, out_of_turn, seen.person(command.actor), signature)
            if isinstance(told, Refusal):
                return told
            overridden = (told,)
        base = vein.treatment.base
        repairs, uses = seen.facts("timetable", base), seen.facts("suite", itinerary.suite)
        verdict = slots.reserve(
            vein.treatment,
            vein.slot,
            seen.recipe(vein.treatment.recipe),
            seen.base(base),
            itinerary,
            seen.at,
            seen.sign(command.actor, "decided"),
            batch=running.id if running is not None else "",
            outages=timetables.outages(itinerary.suite, repairs, uses, seen.at),
        )
        if isinstance(verdict, Refusal):
            return verdict
        return (*verdict, *overridden) if overridden else _out_of_turn(seen, vein.treatment, itinerary) or verdict

    read = (subject("suite", itinerary.suite),)
    return decide(ledger, command, read, rule, verb="slot.reserve", treatment=treatment)


def _out_of_turn(seen: Seen, ordered: Treatment, itinerary: Itinerary) -> Refusal | None:
    """Refuse an itinerary that would put back those who are ahead by the base's policy and have not had their time to choose."""
    base = seen.base(ordered.base)
    policy = base.allocation
    if policy is None:
        return None
    queue = seen.queue(base.id, max(policy.window, policy.hold, queues.BACK))
    reserved = queue.reserved(seen.now - policy.window, seen.now)
    before = allocation.ahead(allocation.credits(policy, queue.waiting, reserved, seen.now), ordered.id)
    if not before:
        return None
    seen.read_at_once([subject("suite", each.id) for each in base.suites])
    repairs = seen.facts("timetable", base.id)
    away = {
        each.id: timetables.outages(each.id, repairs, seen.facts("suite", each.id), seen.at) for each in base.suites
    }
    wanted = [seen.recipe(each.waiting.recipe) for each in before]
    later = slots.put_back(base, wanted, queue.taken(), itinerary, seen.at, away)
    return allocation.OUT_OF_TURN(put_back=later) if later else None


def free(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Free the treatment's slot."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        running = vein.batches.open
        batch = running.id if running is not None else ""
        return slots.free(vein.treatment, vein.slot, reason, batch=batch)

    return decide(ledger, command, (), rule, verb="slot.free", treatment=treatment)
