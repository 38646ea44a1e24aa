"""Goals of a plan: what its text says, word for word, with the source and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.plan import BAD_NAME, Plan, changeable
from yimai.domain.refusal import Refusal, RefusalKind


@dataclass(frozen=True, slots=True)
class GoalClause:
    """What the plan says. wording: ``quoted`` is verbatim, ``reported`` retells a source. page: "" where not known."""

    language: Literal["zh", "en"]
    text: str
    wording: Literal["quoted", "reported"]
    source: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class GoalSet(Fact):
    """A goal of a plan, with its clauses; set again, it is amended. One without a target is an aim without a number."""

    kind: ClassVar[str] = "goal.set.v1"
    about: ClassVar[tuple[str, ...]] = ("goal", "plan")
    goal: str
    plan: str
    title_zh: str
    title_en: str
    clauses: tuple[GoalClause, ...]


UNKNOWN = RefusalKind(
    "goal.unknown",
    "No goal {goal} is on record. Set the goal first, or choose one that is.",
    "没有目标 {goal} 的记录。请先设立该目标，或选择已有的目标。",
)
NO_CLAUSE = RefusalKind(
    "goal.no_clause",
    "Goal {goal} quotes no clause. Give what the plan says, word for word, or as the source retells it.",
    "目标 {goal} 没有条文。请填写计划原文，或来源的转述。",
)
OF_ANOTHER_PLAN = RefusalKind(
    "goal.of_another_plan",
    "Goal {goal} is one of plan {plan} already. Choose another identifier.",
    "目标 {goal} 已属于计划 {plan}。请使用其他标识。",
)


def goal_of(facts: tuple[Fact, ...]) -> GoalSet | None:
    """The goal as last set."""
    return next((fact for fact in reversed(facts) if isinstance(fact, GoalSet)), None)


def set_goal(goal: GoalSet, earlier: GoalSet | None, plan: Plan) -> Refusal | tuple[Fact, ...]:
    """Set a goal of a plan, or amend it."""
    if not names(goal.goal):
        return BAD_NAME(name=goal.goal[:64])
    if refusal := changeable(plan, goal.plan):
        return refusal
    if earlier is not None and earlier.plan != goal.plan:
        return OF_ANOTHER_PLAN(goal=goal.goal, plan=earlier.plan)
    if not any(clause.text.strip() for clause in goal.clauses):
        return NO_CLAUSE(goal=goal.goal)
    return (goal,)
