"""What a planner may ask: what if? Named changes of a base, a recipe or a scenario, each with what it takes for granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Final

from yimai.domain.base import Base, Member, Shift
from yimai.domain.recipe import Attended, Least, Recipe, Source, Step, Test, Words
from yimai.domain.slot import suites_for
from yimai.planning.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Case:
    """What is simulated."""

    recipe: Recipe
    base: Base
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class Change:
    """One change with its name for people. meaning: what is changed and what is assumed, in a sentence."""

    id: str
    title: Words
    meaning: Words
    made: Callable[[Case], Case]


_OURS: Final = Source("what the question assumes", assumed=True)
_HALF_HOUR: Final = timedelta(minutes=30)
_QC: Final = timedelta(days=3)
_DEMAND: Final = 1.3
_BY_DAY: Final = 0.15
_SYSTEM_YEAR: Final = 50_000.0


def named(id: str) -> Change:
    """The change of this name; several joined by ``+`` are made together. Raises KeyError."""
    changes = [CHANGES[each] for each in id.split("+")]
    if len(changes) == 1:
        return changes[0]

    def all_made(case: Case) -> Case:
        for change in changes:
            case = change.made(case)
        return case

    return Change(
        id,
        Words(" + ".join(each.title.zh for each in changes), " + ".join(each.title.en for each in changes)),
        Words("".join(each.meaning.zh for each in changes), " ".join(each.meaning.en for each in changes)),
        all_made,
    )


def _another_suite(case: Case) -> Case:
    """A suite like the last one that the recipe may use."""
    like = suites_for(case.base, case.recipe)[-1]
    suite = next(each for each in case.base.suites if each.id == like)
    another = replace(suite, id=f"{suite.id}+")
    return replace(case, base=replace(case.base, suites=(*case.base.suites, another)))


def _night_shift(case: Case) -> Case:
    """As many operators at night as by day; a base with one shift gets another for the hours between."""
    base = case.base
    if not base.shifts:
        return case
    staff = {shift.id: [each for each in base.people if _works(each, base, shift)] for shift in base.shifts}
    day = max(base.shifts, key=lambda shift: len(staff[shift.id]))
    others = [shift for shift in base.shifts if shift is not day]
    if not others:
        night = Shift("night", Words("夜班", "Night shift"), day.ends, day.begins)
        base = replace(base, shifts=(*base.shifts, night))
    else:
        night = min(others, key=lambda shift: len(staff[shift.id]))
    lacking = len(staff[day.id]) - len(staff.get(night.id, ()))
    more = tuple(replace(each, id=f"{each.id}+", shift=night.id) for each in staff[day.id][:lacking])
    return replace(case, base=replace(base, people=(*base.people, *more)))


def _more_by_day(case: Case) -> Case:
    """15 % more operators in the shift that has most of them, each like one who is there."""
    base = case.base
    staff = [[each for each in base.people if _works(each, base, shift)] for shift in base.shifts]
    largest = max(staff, key=len, default=[])
    more = tuple(replace(each, id=f"{each.id}+") for each in largest[: ceil(_BY_DAY * len(largest))])
    return replace(case, base=replace(base, people=(*base.people, *more)))


def _works(person: Member, base: Base, shift: Shift) -> bool:
    return person.site == base.id and "operator" in person.roles and person.shift == shift.id


def _closed_system(case: Case) -> Case:
    """Between receipt and filling one person loads and unloads a system of the suite's own; everything else is as it is."""
    steps = case.recipe.steps
    filling = max((number for number, step in enumerate(steps) if step.produces), default=len(steps))
    automated = tuple(_automated(step) if 0 < number < filling else step for number, step in enumerate(steps))
    scenario = replace(case.scenario, suite_year=case.scenario.suite_year + _SYSTEM_YEAR)
    return replace(case, recipe=replace(case.recipe, steps=automated), scenario=scenario)


def _automated(step: Step) -> Step:
    long = step.duration.median > 2 * _HALF_HOUR
    return replace(
        step,
        equipment=(),
        operators=tuple((name, 1) for name, _ in step.operators),
        second_person=False,
        attended=Attended(_HALF_HOUR, _HALF_HOUR, _OURS) if long else step.attended,
    )


def _more_demand(case: Case) -> Case:
    scenario = case.scenario
    arrivals = tuple(replace(each, per_year=each.per_year * _DEMAND) for each in scenario.arrivals)
    return replace(
        case, scenario=replace(scenario, arrivals=arrivals, orders_per_year=scenario.orders_per_year * _DEMAND)
    )


def _quick_tests(case: Case) -> Case:
    tests = tuple(test if test.stage == "final" else _within(test, _QC) for test in case.recipe.tests)
    return replace(case, recipe=replace(case.recipe, tests=tests))


def _within(test: Test, most: timedelta) -> Test:
    """The test by a method that takes so long at most: its incubation too."""
    if test.duration.median > most:
        test = replace(test, duration=replace(test.duration, median=most, source=_OURS))
    if test.least is not None and test.least.time > most:
        test = replace(test, least=Least(most, _OURS))
    return test


def _another_courier(case: Case) -> Case:
    couriers = case.base.couriers + 1 if case.base.couriers else 0
    return replace(case, base=replace(case.base, couriers=couriers))


CHANGES: Final = {
    each.id: each
    for each in (
        Change(
            "suite",
            Words("再加一间生产单元", "Another suite"),
            Words("增加一间与最后一间相同的生产单元，人员不变。", "One suite more, like the last; the people stay."),
            _another_suite,
        ),
        Change(
            "night",
            Words("夜班人数同白班", "A night shift as strong as the day's"),
            Words(
                "夜班操作员与白班一样多；只有一个班次的基地增设夜班。放行审核仍在原班次。",
                "As many operators at night as by day; a base with one shift gets a second. Review stays in its shift.",
            ),
            _night_shift,
        ),
        Change(
            "day",
            Words("白班增加一成半", "15 % more by day"),
            Words(
                "人数最多的班次增加 15 % 的操作员，资质与现有人员相同。",
                "15 % more operators in the shift that has most, qualified as those who are there.",
            ),
            _more_by_day,
        ),
        Change(
            "closed",
            Words("全自动封闭系统", "An automated closed system"),
            Words(
                "从接收后到灌装前，每步只需一人在首尾各半小时在场，不用公用设备；失败率不变，"
                "每间单元每年成本多 50,000 美元（情景另有货币时按其货币）。",
                "From after receipt until filling one person attends the first and last half hour of each step, without shared"
                " equipment; failures stay, each suite costs 50,000 US dollars (or of the scenario's currency) more a year.",
            ),
            _closed_system,
        ),
        Change(
            "demand",
            Words("需求增加三成", "30 % more demand"),
            Words("每家医院的订单增加 30 %。", "30 % more orders from each hospital."),
            _more_demand,
        ),
        Change(
            "qc",
            Words("检验三天完成", "QC in 3 days"),
            Words(
                "放行前所需的检验，中位时间最多三天；放行后的检验不变。",
                "Tests that release waits for take 3 days at most (median); those that may arrive later stay.",
            ),
            _quick_tests,
        ),
        Change(
            "courier",
            Words("再加一名承运人", "Another courier"),
            Words("可同时出行的承运人增加一名。", "One courier more can be under way at a time."),
            _another_courier,
        ),
    )
}
"""The changes that can be asked for by name."""
