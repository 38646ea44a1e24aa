"""Receipts: publish the number of a target, computed from the ledger's own facts and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Final

from yimai.actions.decision import Answer, Seen, decide
from yimai.actions.register import known_of
from yimai.domain import approval
from yimai.domain import receipt as receipts
from yimai.domain import target as targets
from yimai.domain.disclosure import counts_patients
from yimai.domain.fact import Fact, subject
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.plan import UNKNOWN as UNKNOWN_PLAN
from yimai.domain.plan_decision import goal_of, plan_of, target_of
from yimai.domain.receipt import COUNTS_PATIENTS, DEFINITION_NOT_APPROVED, NO_MEASURE, NOT_SEALED
from yimai.domain.receipt_document import published, question_of, receipt_for
from yimai.domain.refusal import Refusal
from yimai.domain.sealed_facts import SealedFacts
from yimai.ledger.entry import Command, Entry
from yimai.ledger.ledger import Ledger

AT_ONCE: Final = 5000
_known: Final = SealedFacts()


def publish(ledger: Ledger, command: Command, *, target: str, day: date, size: int = 0) -> Answer:
    """A planner publishes the receipt of a target as of a day, over the ledger's first ``size`` facts, else all sealed."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        said = target_of(target, known_of(seen)).said
        if said is None:
            return targets.UNKNOWN(target=target)
        if said.measure not in DEFINITIONS:
            return NO_MEASURE(target=target, measure=said.measure)
        if counts_patients(DEFINITIONS[said.measure]):
            return COUNTS_PATIENTS(target=target)
        definition = DEFINITIONS[said.measure]
        approvals = [fact for fact, _ in seen.facts("measure", definition.name)]
        if not approval.measure_is_approved(definition.hash, approvals):
            return DEFINITION_NOT_APPROVED(measure=said.measure)
        goal = goal_of(said.goal, known_of(seen))
        drafted = plan_of(goal.plan, known_of(seen)).drafted if goal is not None else None
        if drafted is None:
            return UNKNOWN_PLAN(plan=goal.plan if goal is not None else "")
        sealed = ledger.checkpoint(size or None)
        if sealed is None:
            return NOT_SEALED(size=size)
        facts = _known.until(sealed, partial(_entries, ledger), partial(_root, ledger))
        measured = _known.measure(question_of(said, day, drafted.first), facts, ledger.id)
        receipt = receipt_for(said, drafted.first, day, measured, sealed)
        found = published(receipt, facts, seen.sign(command.actor, "reported"))
        return receipts.publish(found, tuple(fact for fact, _ in seen.facts("receipt", found.receipt)))

    return decide(ledger, command, (subject("target", target),), rule, verb="receipt.publish", owner=lambda seen: "")


def _entries(ledger: Ledger, after: int, size: int) -> Iterator[tuple[int, Entry]]:
    while after < size and (batch := ledger.sealed(after, min(AT_ONCE, size - after))):
        yield from batch
        after = batch[-1][0]


def _root(ledger: Ledger, size: int) -> bytes | None:
    found = ledger.checkpoint(size)
    return found.root if found is not None else None
