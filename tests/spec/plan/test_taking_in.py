"""Plans that come from other systems: taken all or not at all; what others report is never measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.spec import harness
from tests.spec.harness import SpecPlant, then_refused
from tests.spec.plan.test_plan import DRAFTED, GOAL, TARGET
from tests.spec.receipt.test_receipt import SCALE, facts_of, publishes, receipt

from yimai.actions import plan
from yimai.actions.decision import Answer, Done
from yimai.domain.fact import Fact
from yimai.domain.facts import decode
from yimai.domain.goal import GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven
from yimai.domain.plan_rows import fates_of, in_order, read_row, row_of, sourced
from yimai.domain.register import MOST_ROWS, Row, RowsRecorded
from yimai.domain.source import SourceNamed
from yimai.domain.target import TargetSet, TargetSuperseded, ValueReported, report, target_of

SOURCE = SourceNamed("elsewhere", "另一系统", "Another system", "read")
STATUS = PlanStatusGiven("pudong_next", "issued", "2026-01", "elsewhere")
OTHER = replace(TARGET, target="next_firms-2", comparator="gt")
GONE = TargetSuperseded("next_firms-2", "next_firms-1", "clause_misread")
REPORTED = ValueReported("next_firms-1", date(2027, 1, 31), 7, "firm", "elsewhere", "")
ALL = (SOURCE, DRAFTED, STATUS, GOAL, TARGET, OTHER, GONE, REPORTED)


def takes_in(plant: SpecPlant, *said: Fact | Row) -> Answer:
    rows = tuple(each if isinstance(each, Row) else row_of(each) for each in said)
    return plant.asks(plan.take_in, "planner-01", "city-authority", rows=rows)


@pytest.mark.requirement(
    "PLN-010", "Plans, goals, targets and reported values of another system are taken in as they stand."
)
def test_taken_in(plant: SpecPlant) -> None:
    assert tuple(read_row(row_of(each)) for each in ALL) == ALL
    kinds = (SourceNamed, PlanDrafted, PlanStatusGiven, GoalSet, TargetSet, TargetSet, TargetSuperseded, ValueReported)
    *facts, recorded = harness.then_facts(takes_in(plant, *ALL), *kinds, RowsRecorded)
    assert tuple(facts) == ALL
    assert isinstance(recorded, RowsRecorded)
    assert recorded.rows == len(ALL)
    then_refused(takes_in(plant, *ALL), "register.nothing_new")
    amended = replace(DRAFTED, title_en="Another title")
    harness.then_facts(takes_in(plant, amended, STATUS, TARGET), PlanDrafted, RowsRecorded)


@pytest.mark.requirement("PLN-011", "One row that is refused lets none of a file of plans be taken in.")
def test_all_or_nothing(plant: SpecPlant) -> None:
    wrong = replace(OTHER, values=(1, 2))
    refused = then_refused(takes_in(plant, SOURCE, DRAFTED, GOAL, wrong), "register.row_refused")
    assert refused.details["row"] == "4"
    assert not plant.entries("plan", "pudong_next")
    unreadable = Row("target", {**row_of(TARGET).cells, "deadline": "soon"})
    refused = then_refused(takes_in(plant, SOURCE, DRAFTED, GOAL, unreadable), "register.row_refused")
    assert "deadline" in refused.en
    fates = fates_of([Row("plan", {"plan": "x", "colour": "red"}), Row("dose")], lambda noun, identifier: ())
    assert [each.refusal.code for each in fates if each.refusal] == ["register.unreadable", "register.unknown_entry"]
    then_refused(takes_in(plant, *[row_of(SOURCE)] * (MOST_ROWS + 1)), "register.too_many")


@pytest.mark.requirement("PLN-012", "What names no source rests on the source that the planner names for the file.")
def test_sources(plant: SpecPlant) -> None:
    (clause,) = GOAL.clauses
    silent = (
        replace(DRAFTED, source=""),
        replace(GOAL, clauses=(replace(clause, source=""),)),
        TARGET,
        replace(REPORTED, source=""),
    )
    rows = tuple(map(row_of, silent))
    then_refused(takes_in(plant, *rows), "register.row_refused")
    known = fates_of(rows, lambda noun, identifier: ())
    assert [each.refusal.code for each in known if each.refusal][:2] == ["source.untold", "source.untold"]
    then_refused(takes_in(plant, *sourced(rows, "nowhere")), "register.row_refused")
    answer = takes_in(plant, SOURCE, *sourced(rows, "elsewhere"))
    assert isinstance(answer, Done)
    assert [getattr(each, "source", "") for each in answer.facts[1:5]] == ["elsewhere", "", "", "elsewhere"]
    assert answer.facts[2].clauses[0].source == "elsewhere"  # type: ignore[attr-defined]


@pytest.mark.requirement(
    "PLN-013", "A value that others report is kept beside the target; it is not measured and moves no receipt."
)
def test_reported_is_not_measured(plant: SpecPlant) -> None:
    then_refused(takes_in(plant, replace(REPORTED, target="none", source="announcement")), "register.row_refused")
    said = replace(REPORTED, target=SCALE, source="announcement", unit="fen")
    other = replace(said, unit="firm")
    refused = then_refused(takes_in(plant, other), "register.row_refused")
    assert "fen" in refused.en
    verdict = report(other, target_of((replace(TARGET, target=SCALE, unit="fen"),)))
    assert verdict is not None
    assert verdict.code == "target.other_unit"
    harness.then_facts(takes_in(plant, said), ValueReported, RowsRecorded)
    sealed = plant.ledger.seal()
    assert sealed is not None
    target = target_of(tuple(fact for fact in map(decode, plant.entries("target", SCALE)))).said
    assert target is not None
    found = receipt(target, facts_of(plant), sealed)
    assert (found.value, found.status is not None and found.status.outcome) == (None, "unknown")


@pytest.mark.requirement("PLN-014", "A receipt of this ledger that comes back is no news; one of another is reported.")
def test_own_receipts(plant: SpecPlant) -> None:
    plant.ledger.seal()
    published = publishes(plant)
    assert isinstance(published, Done)
    own = published.facts[0].receipt  # type: ignore[attr-defined]
    back = ValueReported(SCALE, date(2026, 3, 2), 5, "fen", "announcement", own)
    then_refused(takes_in(plant, back), "register.nothing_new")
    harness.then_facts(takes_in(plant, replace(back, receipt="ab" * 32)), ValueReported, RowsRecorded)


def test_a_plan_stands_behind_its_parent_and_its_predecessor() -> None:
    child = row_of(replace(DRAFTED, plan="b", parent="a", predecessor="c"))
    above, before = row_of(replace(DRAFTED, plan="a")), row_of(replace(DRAFTED, plan="c", parent="a"))
    rows = in_order([row_of(TARGET), child, before, above, row_of(SOURCE)])
    assert [row.cells.get("plan") or row.entry for row in rows] == ["source", "a", "c", "b", "target"]
    circle = in_order([row_of(replace(DRAFTED, plan="a", parent="b")), row_of(replace(DRAFTED, plan="b", parent="a"))])
    assert len(circle) == 2
