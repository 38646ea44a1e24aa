"""Plans, goals and targets: dated facts that are amended and superseded, never edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.spec import harness
from tests.spec.harness import SpecPlant, then_refused

from yimai.actions import plan
from yimai.actions.decision import Answer
from yimai.domain.fact import Fact
from yimai.domain.facts import decode
from yimai.domain.goal import GoalClause, GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven, plan_of
from yimai.domain.register import RowsRecorded
from yimai.domain.target import Baseline, TargetSet, TargetSuperseded, target_of

DRAFTED = PlanDrafted(
    plan="pudong_next",
    title_zh="浦东新区下一计划",
    title_en="Pudong's next plan",
    owner_zh="浦东新区",
    owner_en="Pudong New Area",
    first=date(2026, 1, 1),
    last=date(2028, 12, 31),
    parent="",
    predecessor="pudong",
    source="announcement",
    document="",
)
GOAL = GoalSet(
    "next_firms", "pudong_next", "企业", "Firms", (GoalClause("zh", "20家以上", "quoted", "announcement", "3"),)
)
TARGET = TargetSet(
    target="next_firms-1",
    goal="next_firms",
    measure="firms@1",
    comparator="ge",
    values=(20,),
    unit="firm",
    therapies="cell",
    district="浦东新区",
    scope_zh="浦东新区",
    scope_en="Pudong",
    deadline=date(2028, 12, 31),
    basis="end_of_period",
    baseline=None,
    mode="level",
    reading_zh="二十家",
    reading_en="Twenty",
    authority="",
)


def then_facts(answer: Answer, *kinds: type[Fact]) -> tuple[Fact, ...]:
    """The facts of the plan, and behind them that the planner signed for them."""
    *facts, recorded = harness.then_facts(answer, *kinds, RowsRecorded)
    assert isinstance(recorded, RowsRecorded)
    assert (recorded.rows, recorded.recorded.signer) == (len(facts), "planner-01")
    return tuple(facts)


def asks(plant: SpecPlant, act: Any, **arguments: Any) -> Answer:
    return plant.asks(act, "planner-01", "city-authority", **arguments)


def drafted(plant: SpecPlant) -> None:
    then_facts(asks(plant, plan.draft, drafted=DRAFTED), PlanDrafted)


def with_goal(plant: SpecPlant) -> None:
    drafted(plant)
    then_facts(asks(plant, plan.set_goal, goal=GOAL), GoalSet)


@pytest.mark.requirement("PLN-001", "A plan is drafted once and amended by further drafts, until it is closed.")
def test_a_plan_is_drafted_and_amended(plant: SpecPlant) -> None:
    drafted(plant)
    amended = replace(DRAFTED, title_en="Pudong's plan, as amended")
    then_facts(asks(plant, plan.draft, drafted=amended), PlanDrafted)
    facts = [decode(entry) for entry in plant.entries("plan", "pudong_next")]
    assert facts == [DRAFTED, amended]
    assert plan_of(facts).drafted == amended
    closed = PlanStatusGiven("pudong_next", "closed", "2028", "announcement")
    then_facts(asks(plant, plan.give_status, given=closed), PlanStatusGiven)
    then_refused(asks(plant, plan.draft, drafted=DRAFTED), "plan.closed")
    then_refused(asks(plant, plan.set_goal, goal=GOAL), "plan.closed")


@pytest.mark.requirement("PLN-002", "A plan's parent and predecessor exist, and no plan stands above itself.")
def test_what_stands_above(memory_plant: SpecPlant) -> None:
    drafted(memory_plant)
    for changes, code in (
        ({"parent": "nowhere"}, "plan.unknown"),
        ({"predecessor": "pudong_next"}, "plan.not_above"),
        ({"last": date(2025, 1, 1)}, "plan.backwards"),
        ({"document": "abc"}, "plan.not_a_hash"),
        ({"source": "hearsay"}, "source.unknown"),
        ({"plan": "Pudong plan"}, "plan.bad_name"),
    ):
        then_refused(asks(memory_plant, plan.draft, drafted=replace(DRAFTED, **changes)), code)
    below = replace(DRAFTED, plan="below", parent="pudong_next", predecessor="")
    then_facts(asks(memory_plant, plan.draft, drafted=below), PlanDrafted)
    circle = replace(DRAFTED, parent="below")
    then_refused(asks(memory_plant, plan.draft, drafted=circle), "plan.not_above")


@pytest.mark.requirement("PLN-003", "A plan's status only goes forward: announced, issued, in force, closed.")
def test_the_status_goes_forward(memory_plant: SpecPlant) -> None:
    drafted(memory_plant)
    issued = PlanStatusGiven("pudong_next", "issued", "2026-02", "announcement")
    then_facts(asks(memory_plant, plan.give_status, given=issued), PlanStatusGiven)
    back = replace(issued, status="announced")
    then_refused(asks(memory_plant, plan.give_status, given=back), "plan.not_forward")
    then_refused(asks(memory_plant, plan.give_status, given=issued), "plan.not_forward")
    earlier = replace(issued, status="in_force", since="2026-01")
    then_refused(asks(memory_plant, plan.give_status, given=earlier), "plan.before_last_status")
    undated = replace(issued, status="in_force", since="spring")
    then_refused(asks(memory_plant, plan.give_status, given=undated), "plan.not_a_day")
    unknown = replace(issued, plan="nowhere")
    then_refused(asks(memory_plant, plan.give_status, given=unknown), "plan.unknown")
    then_facts(asks(memory_plant, plan.give_status, given=replace(earlier, since="2026")), PlanStatusGiven)


@pytest.mark.requirement("PLN-004", "A goal says what its plan says, word for word, with a source that is named.")
def test_a_goal(memory_plant: SpecPlant) -> None:
    with_goal(memory_plant)
    then_refused(asks(memory_plant, plan.set_goal, goal=replace(GOAL, clauses=())), "goal.no_clause")
    then_refused(asks(memory_plant, plan.set_goal, goal=replace(GOAL, plan="pudong")), "goal.of_another_plan")
    then_refused(asks(memory_plant, plan.set_goal, goal=replace(GOAL, plan="nowhere")), "plan.unknown")
    hearsay = replace(GOAL, clauses=(replace(GOAL.clauses[0], source="hearsay"),))
    then_refused(asks(memory_plant, plan.set_goal, goal=hearsay), "source.unknown")
    amended = replace(GOAL, title_en="Firms in Pudong")
    then_facts(asks(memory_plant, plan.set_goal, goal=amended), GoalSet)


@pytest.mark.requirement(
    "PLN-005", "Readings of one clause live side by side; a target is never changed, only superseded."
)
def test_two_readings_and_a_third_that_supersedes(plant: SpecPlant) -> None:
    with_goal(plant)
    other = replace(TARGET, target="next_firms-2", comparator="gt", reading_en="More than twenty")
    then_facts(asks(plant, plan.set_target, target=TARGET), TargetSet)
    then_facts(asks(plant, plan.set_target, target=other), TargetSet)
    assert [each.met(20) for each in (TARGET, other)] == [True, False]
    then_refused(asks(plant, plan.set_target, target=replace(TARGET, values=(30,))), "target.already_set")
    replaced = TargetSuperseded("next_firms-1", "next_firms-2", "clause_misread")
    then_facts(asks(plant, plan.supersede_target, superseded=replaced), TargetSuperseded)
    then_refused(asks(plant, plan.supersede_target, superseded=replaced), "target.already_superseded")
    facts = tuple(decode(entry) for entry in plant.entries("target", "next_firms-1"))
    assert target_of(facts).superseded == replaced


@pytest.mark.requirement(
    "PLN-006", "A target that cannot be decided is refused: numbers, unit, baseline, deadline, measure."
)
def test_a_target_must_be_decidable(memory_plant: SpecPlant) -> None:
    with_goal(memory_plant)
    for changes, code in (
        ({"comparator": "between"}, "target.numbers_missing"),
        ({"comparator": "between", "values": (5, 4)}, "target.numbers_missing"),
        ({"comparator": "exists"}, "target.numbers_missing"),
        ({"mode": "delta"}, "target.no_baseline"),
        ({"baseline": Baseline(3, date(2029, 1, 1))}, "target.no_baseline"),
        ({"deadline": date(2029, 1, 1)}, "target.outside_plan"),
        ({"unit": "facility"}, "target.unit_of_another_measure"),
        ({"measure": "industry_revenue@1", "unit": "yuan"}, "target.unit_of_another_measure"),
        ({"measure": "a feeling"}, "target.no_measure"),
        ({"goal": "nowhere"}, "goal.unknown"),
        ({"authority": "hearsay"}, "source.unknown"),
        ({"target": "Ziel 1"}, "plan.bad_name"),
    ):
        then_refused(asks(memory_plant, plan.set_target, target=replace(TARGET, **changes)), code)
    between = replace(TARGET, comparator="between", values=(4, 5))
    then_facts(asks(memory_plant, plan.set_target, target=between), TargetSet)
    assert [between.met(each) for each in (3, 4, 5, 6)] == [False, True, True, False]


def test_a_target_is_superseded_by_one_of_its_own_goal(memory_plant: SpecPlant) -> None:
    with_goal(memory_plant)
    then_facts(asks(memory_plant, plan.set_target, target=TARGET), TargetSet)
    for by, code in (
        ("nowhere", "target.unknown"),
        ("next_firms-1", "target.unknown"),
        ("cell_firms-1", "target.of_another_goal"),
    ):
        superseded = TargetSuperseded("next_firms-1", by, "plan_amended")
        then_refused(asks(memory_plant, plan.supersede_target, superseded=superseded), code)
    unknown = TargetSuperseded("nowhere", "", "plan_amended")
    then_refused(asks(memory_plant, plan.supersede_target, superseded=unknown), "target.unknown")


@pytest.mark.requirement("PLN-007", "Only a planner changes plans.")
def test_who(memory_plant: SpecPlant) -> None:
    then_refused(memory_plant.asks(plan.draft, "qualified-person-01", "lingang", drafted=DRAFTED), "person.not_of_role")
