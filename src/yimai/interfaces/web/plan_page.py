"""A plan's own page: what it says, what it became, every reading of its goals; and where a planner amends it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain.plan_rows import row_of
from yimai.domain.target import TargetSet
from yimai.interfaces.web import page, window
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.plan_changes import cells_of
from yimai.projections import plan_board
from yimai.projections.plan_board import GoalRow, PlanRow, TargetRow
from yimai.projections.register import PersonRow

SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "eq": "=", "between": "", "exists": ""}


@dataclass(frozen=True, slots=True)
class TargetLine:
    """again, supersede: addresses of the forms that set a further reading and let it count; "" where the reader may not."""

    row: TargetRow
    sign: str
    again: str
    supersede: str


@dataclass(frozen=True, slots=True)
class GoalLine:
    row: GoalRow
    targets: tuple[TargetLine, ...]
    amend: str
    target: str


def plan(request: HttpRequest, identifier: str) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        board = plan_board.board(cursor)
        row = next((each for each in board.plans if each.plan.id == identifier), None)
        if row is None:
            raise Http404(identifier)
        back = request.path
        may = who if who is not None and row.plan.status != "closed" else None
        context = {
            "row": row, "sources": board.sources, "goals": [_goal(each, row, may, back) for each in row.goals],
            "titles": {each.plan.id: each.drafted for each in board.plans}, "acts": _acts(row, may, back),
            "children": [each for each in board.plans if each.drafted.parent == identifier],
            "successors": [each for each in board.plans if each.drafted.predecessor == identifier],
        }  # fmt: skip
        return page.show(request, cursor, "plan", context)


def _acts(row: PlanRow, who: PersonRow | None, back: str) -> list[tuple[str, str]]:
    """The verbs that change the plan, each with its form, filled with what is said now."""
    given = {"plan": row.plan.id, "next": back}
    offered = (
        ("plan.draft", cells_of(row.drafted) | given),
        ("plan.give_status", given | {"source": row.drafted.source}),
        ("plan.set_goal", given | {"source_zh": row.drafted.source, "source_en": row.drafted.source}),
        ("plan.draft", {"predecessor": row.plan.id, "parent": row.drafted.parent, "next": back}),
    )
    return [
        (f"{verb}.next" if place == 3 else verb, address(verb, known))
        for place, (verb, known) in enumerate(offered)
        if who is not None and permitted(who, verb)
    ]


def _goal(row: GoalRow, plan: PlanRow, who: PersonRow | None, back: str) -> GoalLine:
    amends = who is not None and permitted(who, "plan.set_goal")
    one_each = len({clause.language for clause in row.said.clauses}) == len(row.said.clauses)
    known = {"goal": row.said.goal, "next": back, "deadline": plan.drafted.last.isoformat()}
    number = len(row.targets) + 1
    fresh = f"{row.said.goal}-{number}"
    targets = tuple(_target(each, fresh, who, back) for each in row.targets)
    return GoalLine(
        row, targets, address("plan.set_goal", cells_of(row.said) | {"next": back}) if amends and one_each else "",
        address("plan.set_target", known | {"target": fresh}) if amends else "",
    )  # fmt: skip


def _target(row: TargetRow, fresh: str, who: PersonRow | None, back: str) -> TargetLine:
    said: TargetSet = row.said
    if who is None or row.superseded is not None or not permitted(who, "plan.set_target"):
        return TargetLine(row, SIGNS[said.comparator], "", "")
    again = dict(row_of(said).cells) | {"target": fresh, "next": back}
    gone = {"target": said.target, "next": back}
    return TargetLine(
        row, SIGNS[said.comparator], address("plan.set_target", again), address("plan.supersede_target", gone)
    )
