"""The city's register: rows are taken all or not at all, whether typed, imported, or a programme's first load."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import register as registers
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.domain.register import CITY, MOST_ROWS, TOO_MANY, Row, RowsRecorded
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def record(ledger: Ledger, command: Command, *, rows: tuple[Row, ...]) -> Answer:
    """A planner enters rows into the register: organisations, establishments, clusters, designations, products."""
    if len(rows) > MOST_ROWS:
        return TOO_MANY(rows=len(rows), most=MOST_ROWS)
    said = [registers.read_row(row) for row in rows]
    read = dict.fromkeys(name for fact in said if not isinstance(fact, Refusal) for name in fact.subjects())

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        facts = registers.record(registers.fates(said, known_of(seen)))
        if isinstance(facts, Refusal):
            return facts
        return (*facts, RowsRecorded(CITY, len(facts), seen.sign(command.actor, "recorded")))

    return decide(
        ledger, command, (*read, subject("register", CITY)), rule, verb="register.record", owner=lambda seen: ""
    )


def known_of(seen: Seen) -> registers.Known:
    """What the ledger knows about a subject, for the register's rules."""
    return lambda noun, identifier: tuple(fact for fact, _ in seen.facts(noun, identifier))
