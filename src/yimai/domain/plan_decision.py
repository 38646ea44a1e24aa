"""What may go on record about plans, goals and targets, given all that is known: the same whether a person enters it or a file brings it."""

from __future__ import annotations

from collections.abc import Iterator

from yimai.domain import goal as goals
from yimai.domain import plan as plans
from yimai.domain import source as sources
from yimai.domain import target as targets
from yimai.domain.fact import Fact
from yimai.domain.goal import GoalSet
from yimai.domain.identifier import names
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.plan import Plan, PlanDrafted
from yimai.domain.refusal import Refusal
from yimai.domain.register import Known
from yimai.domain.target import Target


def refusal_of(fact: Fact, known: Known) -> Refusal | None:
    """Why the fact may not go on record, or None."""
    for name in _sources(fact):
        if not name:
            return sources.UNTOLD()
        if refusal := sources.named(known("source", name), name):
            return refusal
    verdict = _verdict(fact, known)
    return verdict if isinstance(verdict, Refusal) else None


def plan_of(name: str, known: Known) -> Plan:
    """The plan as its facts tell; an unknown one has no id."""
    return plans.plan_of(known("plan", name))


def goal_of(name: str, known: Known) -> GoalSet | None:
    return goals.goal_of(known("goal", name))


def target_of(name: str, known: Known) -> Target:
    return targets.target_of(known("target", name))


def _sources(fact: Fact) -> Iterator[str]:
    """The sources that the fact rests on."""
    match fact:
        case plans.PlanDrafted() | plans.PlanStatusGiven() | targets.ValueReported():
            yield fact.source
        case goals.GoalSet():
            yield from (clause.source for clause in fact.clauses)
        case targets.TargetSet() if fact.authority:
            yield fact.authority


def _verdict(fact: Fact, known: Known) -> object:
    match fact:
        case sources.SourceNamed():
            return None if names(fact.source) else plans.BAD_NAME(name=fact.source[:64])
        case plans.PlanDrafted():
            unknown = [each for each in (fact.parent, fact.predecessor) if each and not plan_of(each, known).id]
            if unknown:
                return plans.UNKNOWN(plan=unknown[0])
            return plans.draft(fact, plan_of(fact.plan, known), _above(fact, known))
        case plans.PlanStatusGiven():
            return plans.give_status(fact, plan_of(fact.plan, known))
        case goals.GoalSet():
            return goals.set_goal(fact, goal_of(fact.goal, known), plan_of(fact.plan, known))
        case targets.TargetSet():
            measure = DEFINITIONS.get(fact.measure)
            if measure is not None and fact.unit != measure.unit:
                return targets.UNIT_OF_ANOTHER_MEASURE(measure=measure.id, unit=measure.unit, given=fact.unit[:40])
            goal = goal_of(fact.goal, known)
            return targets.set_target(fact, target_of(fact.target, known), goal, _plan_of_goal(goal, known))
        case targets.TargetSuperseded():
            target = target_of(fact.target, known)
            if target.said is None:
                return targets.UNKNOWN(target=fact.target)
            plan = _plan_of_goal(goal_of(target.said.goal, known), known)
            return targets.supersede(fact, target, target_of(fact.by, known), plan)
        case targets.ValueReported():
            return targets.report(fact, target_of(fact.target, known))
    return None


def _plan_of_goal(goal: GoalSet | None, known: Known) -> Plan:
    return plan_of(goal.plan, known) if goal is not None else Plan()


def _above(drafted: PlanDrafted, known: Known) -> Iterator[str]:
    """Every plan above or before the one that is drafted."""
    waiting, seen = [drafted.parent, drafted.predecessor], {""}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            above = plan_of(name, known).drafted
            waiting += (above.parent, above.predecessor) if above is not None else ()
