"""Plans, goals, targets and reported values as rows of text, as they come from other systems: taken all or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from typing import Any, Final

import msgspec

from yimai.domain import goal as goals
from yimai.domain import plan as plans
from yimai.domain import source as sources
from yimai.domain import target as targets
from yimai.domain.fact import Fact
from yimai.domain.facts import unsound
from yimai.domain.plan_decision import refusal_of
from yimai.domain.receipt import PUBLISHED
from yimai.domain.refusal import Refusal
from yimai.domain.register import UNKNOWN_ENTRY, UNREADABLE, Fate, Known, Row, fates
from yimai.domain.target import Baseline

ENTRIES: Final[dict[str, type[Fact]]] = {
    "source": sources.SourceNamed,
    "plan": plans.PlanDrafted,
    "plan_status": plans.PlanStatusGiven,
    "goal": goals.GoalSet,
    "target": targets.TargetSet,
    "target_superseded": targets.TargetSuperseded,
    "value_reported": targets.ValueReported,
}
"""What a row may be, by its tag, in the order in which they stand on one another."""
ANEW: Final = (plans.PlanStatusGiven, targets.ValueReported)


def sourced(rows: Iterable[Row], source: str) -> tuple[Row, ...]:
    """The rows, each that should rest on a source and names none resting on this one."""
    return tuple(_sourced(row, source) for row in rows) if source else tuple(rows)


def _sourced(row: Row, source: str) -> Row:
    if row.entry == "goal" and row.cells.get("clauses"):
        clauses = msgspec.json.decode(row.cells["clauses"])
        told = [{**each, "source": each.get("source") or source} for each in clauses]
        return Row(row.entry, {**row.cells, "clauses": msgspec.json.encode(told).decode()})
    if row.entry in ("plan", "plan_status", "value_reported") and not row.cells.get("source"):
        return Row(row.entry, {**row.cells, "source": source})
    return row


def read_row(row: Row) -> Fact | Refusal:
    """The fact that the row's cells say. A missing cell is empty text."""
    entry = ENTRIES.get(row.entry)
    if entry is None:
        return UNKNOWN_ENTRY(entry=row.entry[:40], known=", ".join(ENTRIES))
    cells = dict(row.cells)
    try:
        said: dict[str, Any] = {each.name: cells.pop(each.name, "") for each in fields(entry)}
        if entry is targets.TargetSet:
            said["values"] = said["values"].split()
            value, day = cells.pop("baseline_value", ""), cells.pop("baseline_day", "")
            said["baseline"] = {"value": value, "day": day} if value or day else None
        if entry is goals.GoalSet:
            said["clauses"] = msgspec.json.decode(said["clauses"] or "[]")
        if unknown := next((name for name, text in cells.items() if text), ""):
            return UNREADABLE(entry=row.entry, why=f"{unknown[:40]!r}?")
        fact = msgspec.convert(said, entry, strict=False)
    except msgspec.MsgspecError as error:
        return UNREADABLE(entry=row.entry, why=str(error))
    wrong = unsound(fact)
    return UNREADABLE(entry=row.entry, why=wrong) if wrong else fact


def row_of(fact: Fact) -> Row:
    """The row that says the fact."""
    tag = next(name for name, entry in ENTRIES.items() if type(fact) is entry)
    cells: dict[str, str] = {}
    for each in fields(fact):
        value = getattr(fact, each.name)
        match value:
            case Baseline():
                cells |= {"baseline_value": str(value.value), "baseline_day": value.day.isoformat()}
            case None:
                pass
            case tuple() if each.name == "clauses":
                cells[each.name] = msgspec.json.encode(value).decode()
            case tuple():
                cells[each.name] = " ".join(map(str, value))
            case date():
                cells[each.name] = value.isoformat()
            case _:
                cells[each.name] = str(value)
    return Row(tag, cells)


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows in an order in which each may stand on those before it: a plan behind its parent and its predecessor."""
    known = list(rows)
    by_name = {row.cells.get("plan", ""): row for row in known if row.entry == "plan"}
    done: list[Row] = []

    def put(row: Row, above: tuple[str, ...]) -> None:
        for name in (row.cells.get("parent", ""), row.cells.get("predecessor", "")):
            if name in by_name and name not in above:
                put(by_name[name], (*above, name))
        if row not in done:
            done.append(row)

    for row in by_name.values():
        put(row, (row.cells.get("plan", ""),))
    order = {tag: number for number, tag in enumerate(ENTRIES)}
    rest = sorted((row for row in known if row.entry != "plan"), key=lambda row: order.get(row.entry, len(order)))
    first = [row for row in rest if row.entry == "source"]
    return (*first, *done, *(row for row in rest if row.entry != "source"))


def fates_of(rows: Iterable[Row], known: Known) -> tuple[Fate, ...]:
    """What becomes of each row. A receipt that this ledger published itself is no news to it."""
    found = fates([read_row(row) for row in rows], known, refusal_of, ANEW)
    return tuple(
        Fate(each.number, "same", each.fact) if each.fact is not None and _own_receipt(each.fact, known) else each
        for each in found
    )


def _own_receipt(fact: Fact, known: Known) -> bool:
    return isinstance(fact, targets.ValueReported) and any(
        isinstance(each, PUBLISHED) and each.target == fact.target for each in known("receipt", fact.receipt)
    )
