"""Receipts: publish the number of a target, computed from the ledger's own facts and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from yimai.actions.decision import Answer, Seen, decide
from yimai.actions.plan import goal_of, plan_of, target_of
from yimai.domain import receipt as receipts
from yimai.domain import target as targets
from yimai.domain.fact import Fact, subject
from yimai.domain.measure import Facts, Known
from yimai.domain.measure_definitions import DEFINITIONS, known_from
from yimai.domain.plan import UNKNOWN as UNKNOWN_PLAN
from yimai.domain.receipt import NO_MEASURE, NOT_SEALED
from yimai.domain.receipt_document import published, receipt_for
from yimai.domain.refusal import Refusal
from yimai.ledger.entry import Checkpoint, Command
from yimai.ledger.ledger import Ledger

AT_ONCE: Final = 5000


class SealedFacts:
    """What measures read of a ledger's sealed entries. They never change, so what was read once is kept and only added to."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Checkpoint, list[Known]]] = {}

    def until(self, ledger: Ledger, sealed: Checkpoint) -> Facts:
        """The facts of the ledger's first ``sealed.size`` entries."""
        before, known = self._read.get(ledger.id, (None, []))
        if before is not None and ledger.checkpoint(before.size) != before:
            before, known = None, []  # another ledger of the same id: one that was restored, say
        after = before.size if before is not None else 0
        if after < sealed.size:
            known = [*known, *_read(ledger, after, sealed.size)]
            self._read[ledger.id] = (sealed, known)
        return Facts(each for each in known if each.position <= sealed.size)


def _read(ledger: Ledger, after: int, size: int) -> Iterator[Known]:
    while after < size and (batch := ledger.sealed(after, min(AT_ONCE, size - after))):
        for position, entry in batch:
            if (known := known_from(position, entry)) is not None:
                yield known
        after = batch[-1][0]


_sealed: Final = SealedFacts()


def publish(ledger: Ledger, command: Command, *, target: str, day: date, size: int = 0) -> Answer:
    """A planner publishes the receipt of a target as of a day, over the ledger's first ``size`` facts, else all sealed."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        said = target_of(seen, target).said
        if said is None:
            return targets.UNKNOWN(target=target)
        if said.measure not in DEFINITIONS:
            return NO_MEASURE(target=target, measure=said.measure)
        goal = goal_of(seen, said.goal)
        drafted = plan_of(seen, goal.plan).drafted if goal is not None else None
        if drafted is None:
            return UNKNOWN_PLAN(plan=goal.plan if goal is not None else "")
        sealed = ledger.checkpoint(size or None)
        if sealed is None:
            return NOT_SEALED(size=size)
        facts = _sealed.until(ledger, sealed)
        found = published(receipt_for(said, drafted.first, day, facts, sealed), seen.sign(command.actor, "reported"))
        return receipts.publish(found, tuple(fact for fact, _ in seen.facts("receipt", found.receipt)))

    return decide(ledger, command, (subject("target", target),), rule, verb="receipt.publish", owner=lambda seen: "")
