"""Plans of the city: draft them, set goals and targets, supersede a target, say what a plan has become, take in others'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yimai.actions.decision import Answer, Rule, Seen, decide
from yimai.actions.register import known_of
from yimai.domain import goal as goals
from yimai.domain import plan as plans
from yimai.domain import source as sources
from yimai.domain import target as targets
from yimai.domain.fact import Fact, subject
from yimai.domain.goal import GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven
from yimai.domain.plan_rows import fates_of, read_row
from yimai.domain.refusal import Refusal
from yimai.domain.register import CITY, MOST_ROWS, TOO_MANY, Row, RowsRecorded, record
from yimai.domain.target import TargetSet, TargetSuperseded
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def draft(ledger: Ledger, command: Command, *, drafted: PlanDrafted) -> Answer:
    """A planner drafts a plan, or amends one that is not closed."""

    def rule(seen: Seen) -> Verdict:
        for above in (drafted.parent, drafted.predecessor):
            if above and not plan_of(seen, above).id:
                return plans.UNKNOWN(plan=above)
        refusal = _named(seen, drafted.source)
        return refusal or plans.draft(drafted, plan_of(seen, drafted.plan), _above(seen, drafted))

    return _decide(ledger, command, (subject("plan", drafted.plan),), rule, "plan.draft")


def give_status(ledger: Ledger, command: Command, *, given: PlanStatusGiven) -> Answer:
    """A planner records that a plan was announced, issued, came into force or was closed."""

    def rule(seen: Seen) -> Verdict:
        return _named(seen, given.source) or plans.give_status(given, plan_of(seen, given.plan))

    return _decide(ledger, command, (subject("plan", given.plan),), rule, "plan.give_status")


def set_goal(ledger: Ledger, command: Command, *, goal: GoalSet) -> Answer:
    """A planner sets a goal of a plan, with its clauses word for word, or amends one."""

    def rule(seen: Seen) -> Verdict:
        unnamed = (_named(seen, clause.source) for clause in goal.clauses)
        refusal = next((each for each in unnamed if each is not None), None)
        return refusal or goals.set_goal(goal, goal_of(seen, goal.goal), plan_of(seen, goal.plan))

    read = (subject("goal", goal.goal), subject("plan", goal.plan))
    return _decide(ledger, command, read, rule, "plan.set_goal")


def set_target(ledger: Ledger, command: Command, *, target: TargetSet) -> Answer:
    """A planner sets one reading of a goal's clause as a target."""

    def rule(seen: Seen) -> Verdict:
        if target.authority and (refusal := _named(seen, target.authority)):
            return refusal
        goal = goal_of(seen, target.goal)
        plan = plan_of(seen, goal.plan) if goal is not None else plans.Plan()
        return targets.set_target(target, target_of(seen, target.target), goal, plan)

    read = (subject("target", target.target), subject("goal", target.goal))
    return _decide(ledger, command, read, rule, "plan.set_target")


def supersede_target(ledger: Ledger, command: Command, *, superseded: TargetSuperseded) -> Answer:
    """A planner lets another reading of the same goal, or none, count instead of a target."""

    def rule(seen: Seen) -> Verdict:
        target = target_of(seen, superseded.target)
        if target.said is None:
            return targets.UNKNOWN(target=superseded.target)
        goal = goal_of(seen, target.said.goal)
        plan = plan_of(seen, goal.plan) if goal is not None else plans.Plan()
        return targets.supersede(superseded, target, target_of(seen, superseded.by), plan)

    return _decide(ledger, command, (subject("target", superseded.target),), rule, "plan.supersede_target")


def take_in(ledger: Ledger, command: Command, *, rows: tuple[Row, ...]) -> Answer:
    """A planner takes in plans, goals, targets and reported values that come from another system: all of them, or none."""
    if len(rows) > MOST_ROWS:
        return TOO_MANY(rows=len(rows), most=MOST_ROWS)
    said = [fact for fact in map(read_row, rows) if not isinstance(fact, Refusal)]
    read = dict.fromkeys(name for fact in said for name in fact.subjects())
    return _decide(ledger, command, tuple(read), lambda seen: record(fates_of(rows, known_of(seen))), "plan.take_in")


def plan_of(seen: Seen, identifier: str) -> plans.Plan:
    """The plan as its facts tell; an unknown one has no id."""
    return plans.plan_of(fact for fact, _ in seen.facts("plan", identifier))


def goal_of(seen: Seen, identifier: str) -> GoalSet | None:
    return goals.goal_of(tuple(fact for fact, _ in seen.facts("goal", identifier)))


def target_of(seen: Seen, identifier: str) -> targets.Target:
    return targets.target_of(tuple(fact for fact, _ in seen.facts("target", identifier)))


def _above(seen: Seen, drafted: PlanDrafted) -> Iterator[str]:
    """Every plan above or before the one that is drafted."""
    waiting, known = [drafted.parent, drafted.predecessor], {""}
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            yield name
            above = plan_of(seen, name).drafted
            waiting += (above.parent, above.predecessor) if above is not None else ()


def _named(seen: Seen, source: str) -> Refusal | None:
    return sources.named(tuple(fact for fact, _ in seen.facts("source", source)), source)


def _decide(ledger: Ledger, command: Command, read: tuple[str, ...], rule: Rule, verb: str) -> Answer:
    """Decide, and let the planner sign for what goes on record."""

    def signed(seen: Seen) -> Verdict:
        facts = rule(seen)
        if isinstance(facts, Refusal):
            return facts
        return (*facts, RowsRecorded(CITY, len(facts), seen.sign(command.actor, "recorded")))

    return decide(ledger, command, (*read, subject("register", CITY)), signed, verb=verb, owner=lambda seen: "")
