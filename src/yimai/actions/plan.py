"""Plans of the city: draft them, set goals and targets, supersede a target, say what a plan has become, take in others'."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Rule, Seen, decide
from yimai.actions.register import known_of
from yimai.domain.fact import Fact, subject
from yimai.domain.goal import GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven
from yimai.domain.plan_decision import refusal_of
from yimai.domain.plan_rows import fates_of, read_row
from yimai.domain.refusal import Refusal
from yimai.domain.register import CITY, MOST_ROWS, TOO_MANY, Row, RowsRecorded, record
from yimai.domain.target import TargetSet, TargetSuperseded
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def draft(ledger: Ledger, command: Command, *, drafted: PlanDrafted) -> Answer:
    """A planner drafts a plan, or amends one that is not closed."""
    return _decide(ledger, command, drafted.subjects(), lambda seen: _recorded(drafted, seen), "plan.draft")


def give_status(ledger: Ledger, command: Command, *, given: PlanStatusGiven) -> Answer:
    """A planner records that a plan was announced, issued, came into force or was closed."""
    return _decide(ledger, command, given.subjects(), lambda seen: _recorded(given, seen), "plan.give_status")


def set_goal(ledger: Ledger, command: Command, *, goal: GoalSet) -> Answer:
    """A planner sets a goal of a plan, with its clauses word for word, or amends one."""
    return _decide(ledger, command, goal.subjects(), lambda seen: _recorded(goal, seen), "plan.set_goal")


def set_target(ledger: Ledger, command: Command, *, target: TargetSet) -> Answer:
    """A planner sets one reading of a goal's clause as a target."""
    return _decide(ledger, command, target.subjects(), lambda seen: _recorded(target, seen), "plan.set_target")


def supersede_target(ledger: Ledger, command: Command, *, superseded: TargetSuperseded) -> Answer:
    """A planner lets another reading of the same goal, or none, count instead of a target."""
    return _decide(
        ledger, command, superseded.subjects(), lambda seen: _recorded(superseded, seen), "plan.supersede_target"
    )


def take_in(ledger: Ledger, command: Command, *, rows: tuple[Row, ...]) -> Answer:
    """A planner takes in plans, goals, targets and reported values that come from another system: all of them, or none."""
    if len(rows) > MOST_ROWS:
        return TOO_MANY(rows=len(rows), most=MOST_ROWS)
    said = [fact for fact in map(read_row, rows) if not isinstance(fact, Refusal)]
    read = dict.fromkeys(name for fact in said for name in fact.subjects())
    return _decide(ledger, command, tuple(read), lambda seen: record(fates_of(rows, known_of(seen))), "plan.take_in")


def _recorded(fact: Fact, seen: Seen) -> Verdict:
    return refusal_of(fact, known_of(seen)) or (fact,)


def _decide(ledger: Ledger, command: Command, read: tuple[str, ...], rule: Rule, verb: str) -> Answer:
    """Decide, and let the planner sign for what goes on record."""

    def signed(seen: Seen) -> Verdict:
        facts = rule(seen)
        if isinstance(facts, Refusal):
            return facts
        return (*facts, RowsRecorded(CITY, len(facts), seen.sign(command.actor, "recorded")))

    return decide(ledger, command, (*read, subject("register", CITY)), signed, verb=verb, owner=lambda seen: "")
