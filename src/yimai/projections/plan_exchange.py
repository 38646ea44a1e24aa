"""What leaves the house about the city's plans: plans, goals and targets as they count, and what is known of each target.

Results are the receipts that were published, and what others reported; who plans may add numbers that are not published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import psycopg

from yimai.domain.fact import Fact
from yimai.domain.plan_rows import in_order, row_of
from yimai.domain.receipt_document import Receipt
from yimai.domain.register import Row
from yimai.domain.status import Status
from yimai.ledger.entry import Checkpoint
from yimai.projections import plan_board, receipt_board
from yimai.projections.plan_board import PlanBoard, PublishedRow, TargetRow

Standing = Literal["published", "computed", "reported"]


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of a target on a day. value: None where it is unknown. status: None where nobody has judged it.

    receipt: the hash of the document it rests on, "" of a reported value; size, root: of the facts behind that; count: how many made it.
    source: of a reported value.
    """

    target: str
    day: date
    value: int | None
    unit: str
    standing: Standing
    status: Status | None = None
    receipt: str = ""
    measure: str = ""
    definition: str = ""
    size: int = 0
    root: str = ""
    count: int = 0
    source: str = ""

    @property
    def outcome(self) -> str:
        return self.status.outcome if self.status is not None else ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """at: the ledger's sealed state of which this tells. results: by target, in the order of their days."""

    at: Checkpoint
    board: PlanBoard
    results: dict[str, tuple[Result, ...]]


def gathered(cursor: psycopg.Cursor[Any], at: Checkpoint, computed: date | None = None) -> Exchange:
    """Everything that counts. computed: the day as of which numbers that are not published are added; None for none."""
    board = plan_board.board(cursor)
    results: dict[str, list[Result]] = {}
    for plan in board.plans:
        for goal in plan.goals:
            for target in goal.targets:
                results[target.said.target] = list(_known(target, at.size))
    for figure in receipt_board.figures(cursor, board, computed, at) if computed is not None else ():
        if figure.receipt is not None:
            known = results[figure.target.said.target]
            if all(each.receipt != figure.receipt.hash for each in known):
                known.append(_computed(figure.target.said.target, figure.receipt))
    ordered = {
        name: tuple(sorted(each, key=lambda row: (row.day, row.size, row.receipt))) for name, each in results.items()
    }
    return Exchange(at, board, ordered)


def rows(board: PlanBoard) -> tuple[Row, ...]:
    """All of it but the receipts, as the rows by which another ledger takes it in."""
    return in_order(row_of(fact) for fact in _facts(board))


def _facts(board: PlanBoard) -> Iterator[Fact]:
    yield from board.sources.values()
    for plan in board.plans:
        yield plan.drafted
        yield from (each.said for each in plan.statuses)
        for goal in plan.goals:
            yield goal.said
            yield from (target.said for target in goal.targets)
            yield from (target.superseded for target in goal.targets if target.superseded is not None)
            yield from (each.said for target in goal.targets for each in target.reported)


def _known(target: TargetRow, size: int) -> Iterator[Result]:
    yield from (_published(each) for each in target.published if each.said.size <= size)
    for row in target.reported:
        said = row.said
        yield Result(said.target, said.day, said.value, said.unit, "reported", receipt=said.receipt, source=said.source)


def _published(row: PublishedRow) -> Result:
    said = row.said
    return Result(
        said.target, said.day, said.value, said.unit, "published", said.status, said.receipt, said.measure,
        said.definition, said.size, said.root, said.count,
    )  # fmt: skip


def _computed(target: str, receipt: Receipt) -> Result:
    return Result(
        target, receipt.day, receipt.value, receipt.definition.unit, "computed", receipt.status,
        receipt.hash, receipt.definition.id, receipt.definition.hash, receipt.size, receipt.root.hex(),
        len(receipt.measured.contributions),
    )  # fmt: skip
