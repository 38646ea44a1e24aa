"""The timetable: slots moved together when something has broken."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import timetable as timetables
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.domain.timetable import Case, Disruption, Move, Way
from yimai.domain.treatment import not_ended
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def repair(
    ledger: Ledger,
    command: Command,
    *,
    base: str,
    disruptions: Sequence[Disruption],
    way: Way,
    moves: Sequence[Move],
    reason: str,
) -> Answer:
    """The scheduler moves slots of the base together, by one signature: all of them or none."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        if not seen.entries("base", base):
            return timetables.NO_BASE(base=base)
        cases: dict[str, Case] = {}
        for move in moves:
            vein = seen.vein(move.treatment)
            if refusal := not_ended(vein.treatment):
                return refusal
            recipe = seen.recipe(vein.treatment.recipe)
            cases[move.treatment] = Case(vein.treatment, vein.slot, recipe, vein.batches.open is not None)
        return timetables.repair(
            seen.base(base), disruptions, way, moves, cases, seen.at, reason, seen.sign(command.actor, "decided")
        )

    read = (
        subject("timetable", base),
        subject("base", base),
        *(subject("treatment", each.treatment) for each in moves),
    )
    return decide(ledger, command, read, rule, verb="timetable.repair", owner=lambda _: base)
