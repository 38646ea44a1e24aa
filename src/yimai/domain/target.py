"""Targets: one reading of a goal's clause as a number that a measure can meet. Readings that differ live side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact
from yimai.domain.goal import UNKNOWN as UNKNOWN_GOAL
from yimai.domain.goal import GoalSet
from yimai.domain.identifier import names
from yimai.domain.plan import BAD_NAME, Plan, changeable
from yimai.domain.refusal import Refusal, RefusalKind

Comparator = Literal["gt", "ge", "lt", "le", "eq", "between", "exists"]
Scope = Literal["", "cell", "gene"]
"""Which therapies are meant; "" means both."""
Mode = Literal["level", "cumulative", "delta"]
MEASURE: Final = re.compile(r"[a-z][a-z0-9_]*@[1-9]\d*")
NUMBERS: Final[dict[Comparator, int]] = {"gt": 1, "ge": 1, "lt": 1, "le": 1, "eq": 1, "between": 2, "exists": 0}
"""How many numbers each comparator compares with."""
COMPARE: Final[dict[Comparator, Callable[[int, tuple[int, ...]], bool]]] = {
    "gt": lambda value, numbers: value > numbers[0],
    "ge": lambda value, numbers: value >= numbers[0],
    "lt": lambda value, numbers: value < numbers[0],
    "le": lambda value, numbers: value <= numbers[0],
    "eq": lambda value, numbers: value == numbers[0],
    "between": lambda value, numbers: numbers[0] <= value <= numbers[1],
    "exists": lambda value, numbers: value > 0,
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Where the planned path begins: the value on that day."""

    value: int
    day: date


@dataclass(frozen=True, slots=True)
class TargetSet(Fact):
    """One reading of a goal's clause.

    measure: the definition and its version that decide it, such as ``firms@1``, or "" where none is defined.
    values: what the comparator compares with: one number, two for ``between``, none for ``exists``; money is in fen.
    therapies, district: what is counted and where, "" without a limit; scope_zh, scope_en: the same in words.
    basis: whether the day counts as the end of a period, or the moment itself. baseline: none where no source gives one.
    mode: the value as it stands, as it adds up from the plan's first day, or its change since the baseline.
    reading_zh, reading_en: how the clause is read; authority: the source that this reading rests on, or "".
    """

    kind: ClassVar[str] = "target.set.v1"
    about: ClassVar[tuple[str, ...]] = ("target", "goal")
    target: str
    goal: str
    measure: str
    comparator: Comparator
    values: tuple[int, ...]
    unit: str
    therapies: Scope
    district: str
    scope_zh: str
    scope_en: str
    deadline: date
    basis: Literal["end_of_period", "instant"]
    baseline: Baseline | None
    mode: Mode
    reading_zh: str
    reading_en: str
    authority: str

    def met(self, value: int) -> bool:
        """Whether the value meets this reading."""
        return COMPARE[self.comparator](value, self.values)


@dataclass(frozen=True, slots=True)
class TargetSuperseded(Fact):
    """A reading counts no more. by: the target that counts instead, or "" for none."""

    kind: ClassVar[str] = "target.superseded.v1"
    about: ClassVar[tuple[str, ...]] = ("target",)
    target: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ValueReported(Fact):
    """Somebody says that a target stood at a value on a day. It is what a source says and no measure: no receipt rests on it.

    receipt: the hash, in hex, of the receipt that it is said to rest on in another ledger, or "".
    """

    kind: ClassVar[str] = "target.value_reported.v1"
    about: ClassVar[tuple[str, ...]] = ("target",)
    target: str
    day: date
    value: int
    unit: str
    source: str
    receipt: str


UNKNOWN = RefusalKind(
    "target.unknown",
    "No target {target} is on record. Set it first, or choose one that is.",
    "没有指标 {target} 的记录。请先设立该指标，或选择已有的指标。",
)
ALREADY_SET = RefusalKind(
    "target.already_set",
    "Target {target} is on record already, and is never changed. Set another one and supersede this by it.",
    "指标 {target} 已有记录，不能更改。请另设一个指标并以其取代。",
)
NUMBERS_MISSING = RefusalKind(
    "target.numbers_missing",
    "The comparator {comparator} compares with {needed} numbers, in rising order, not with {given}. Correct the numbers.",
    "比较方式 {comparator} 需要 {needed} 个数（由小到大），而不是 {given} 个。请更正。",
)
NO_MEASURE = RefusalKind(
    "target.no_measure",
    "'{measure}' names no measure: write its name and version, such as firms@1, or leave it empty.",
    "“{measure}”不是度量：请写名称和版本，如 firms@1，或留空。",
)
OUTSIDE_PLAN = RefusalKind(
    "target.outside_plan",
    "The deadline {deadline} lies outside plan {plan}, which runs from {first} to {last}. Correct the day.",
    "截止日 {deadline} 不在计划 {plan} 的期间（{first} 至 {last}）内。请更正。",
)
NO_BASELINE = RefusalKind(
    "target.no_baseline",
    "A change is counted from a baseline. Give its value and its day, which lies before the deadline.",
    "变化量须以基线为起点。请填写基线的数值和日期（早于截止日）。",
)
ALREADY_SUPERSEDED = RefusalKind(
    "target.already_superseded",
    "Target {target} is superseded already, by {by}. Nothing to do.",
    "指标 {target} 已被 {by} 取代，无需操作。",
)
OF_ANOTHER_GOAL = RefusalKind(
    "target.of_another_goal",
    "Target {by} reads another goal than {target}, so it cannot supersede it. Choose one of goal {goal}.",
    "指标 {by} 与 {target} 不属于同一目标，不能取代。请选择目标 {goal} 的指标。",
)
UNIT_OF_ANOTHER_MEASURE = RefusalKind(
    "target.unit_of_another_measure",
    "Measure {measure} counts in '{unit}', not in '{given}'. Give the target's numbers in '{unit}'.",
    "度量 {measure} 的单位是“{unit}”，而不是“{given}”。请按“{unit}”填写指标的数值。",
)
OTHER_UNIT = RefusalKind(
    "target.other_unit",
    "Target {target} is in {unit}, the reported value in '{given}'. Give it in the target's unit.",
    "指标 {target} 的单位是 {unit}，而报告值的单位是“{given}”。请按指标的单位填写。",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A target as its facts tell; superseded: by what, or None while it counts."""

    said: TargetSet | None = None
    superseded: TargetSuperseded | None = None


def target_of(facts: tuple[Fact, ...]) -> Target:
    said = next((fact for fact in facts if isinstance(fact, TargetSet)), None)
    return Target(said, next((fact for fact in facts if isinstance(fact, TargetSuperseded)), None))


def set_target(said: TargetSet, earlier: Target, goal: GoalSet | None, plan: Plan) -> Refusal | tuple[Fact, ...]:
    """Set one reading of a goal."""
    if not names(said.target):
        return BAD_NAME(name=said.target[:64])
    if earlier.said is not None:
        return ALREADY_SET(target=said.target)
    if goal is None:
        return UNKNOWN_GOAL(goal=said.goal)
    if refusal := changeable(plan, goal.plan):
        return refusal
    if said.measure and not MEASURE.fullmatch(said.measure):
        return NO_MEASURE(measure=said.measure[:64])
    needed = NUMBERS[said.comparator]
    if len(said.values) != needed or list(said.values) != sorted(said.values):
        return NUMBERS_MISSING(comparator=said.comparator, needed=needed, given=len(said.values))
    if said.mode == "delta" and said.baseline is None:
        return NO_BASELINE()
    if said.baseline is not None and said.baseline.day >= said.deadline:
        return NO_BASELINE()
    drafted = plan.drafted
    if drafted is not None and not drafted.first <= said.deadline <= drafted.last:
        return OUTSIDE_PLAN(deadline=said.deadline, plan=plan.id, first=drafted.first, last=drafted.last)
    return (said,)


def supersede(superseded: TargetSuperseded, target: Target, by: Target, plan: Plan) -> Refusal | tuple[Fact, ...]:
    """Let another reading of the same goal, or none, count instead."""
    if target.said is None:
        return UNKNOWN(target=superseded.target)
    if refusal := changeable(plan, plan.id):
        return refusal
    if target.superseded is not None:
        return ALREADY_SUPERSEDED(target=superseded.target, by=target.superseded.by or "-")
    if superseded.by:
        if by.said is None or superseded.by == superseded.target:
            return UNKNOWN(target=superseded.by)
        if by.said.goal != target.said.goal:
            return OF_ANOTHER_GOAL(by=superseded.by, target=superseded.target, goal=target.said.goal)
    return (superseded,)


def report(said: ValueReported, target: Target) -> Refusal | None:
    """Whether a value may be reported of the target: of one that counts no more, too, for it is what was said."""
    if target.said is None:
        return UNKNOWN(target=said.target)
    unit = target.said.unit
    return None if said.unit == unit else OTHER_UNIT(target=said.target, unit=unit, given=said.unit[:40])
