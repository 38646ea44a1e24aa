"""Receipts as screens show them: of every target that counts, as of a day, over the ledger's sealed facts.

Who plans may have any number computed, so that the facts behind it are open to him, by pseudonym. Everybody else sees
what was published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import psycopg

from yimai.domain.measure import Facts, Question
from yimai.domain.measure_definitions import DEFINITIONS, READ
from yimai.domain.receipt_document import Receipt, question_of, receipt_for, receipt_of
from yimai.domain.sealed_facts import SealedFacts
from yimai.ledger.codec import parse
from yimai.ledger.entry import Checkpoint, Entry
from yimai.projections import ledger_board
from yimai.projections.change import Change
from yimai.projections.plan_board import PlanBoard, PlanRow, TargetRow

TABLES: Final = """
CREATE OR REPLACE VIEW projection.measured WITH (security_barrier) AS
SELECT l.position, e.content FROM ledger.entry AS e JOIN ledger.leaf AS l USING (arrival) WHERE e.kind IN (KINDS)
AND (string_to_array(current_setting('yimai.roles', true), ',') && ARRAY['planner'] OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.measured TO yimai_screen, yimai_app;
""".replace("KINDS", ", ".join(f"'{kind}'" for kind in sorted(READ)))
"""What measures read, with its position, for those who plan: the ledger is closed to them elsewhere. It is no table: nothing follows."""

AUDIENCE: Final[dict[Any, Any]] = {}
_known: Final = SealedFacts()


@dataclass(frozen=True, slots=True)
class GoalFigure:
    """A target with its receipt; None where it has no measure, or there is nothing sealed."""

    plan: PlanRow
    target: TargetRow
    receipt: Receipt | None


def changes(entry: Entry) -> Iterator[Change]:
    return iter(())


def sealed(cursor: psycopg.Cursor[Any], size: int | None = None) -> Checkpoint | None:
    """The newest root, or the newest over at most so many facts."""
    row = cursor.execute(
        "SELECT size, root, sealed FROM ledger.seal WHERE %s::bigint IS NULL OR size <= %s ORDER BY size DESC LIMIT 1",
        (size, size),
    ).fetchone()
    return Checkpoint(ledger_board.identity(cursor), row[0], bytes(row[1]), row[2]) if row is not None else None


def facts(cursor: psycopg.Cursor[Any], at: Checkpoint) -> Facts:
    """What measures read of the ledger's first facts."""
    return _known.until(at, partial(_entries, cursor), partial(_root, cursor))


def figures(cursor: psycopg.Cursor[Any], board: PlanBoard, day: date, at: Checkpoint) -> tuple[GoalFigure, ...]:
    """Every target that counts, with its receipt as of the day."""
    known = facts(cursor, at)
    return tuple(GoalFigure(plan, target, _receipt(plan, target, day, known, at)) for plan, target in board.targets)


def answer(cursor: psycopg.Cursor[Any], question: Question, at: Checkpoint) -> Receipt:
    """The receipt of a number that belongs to no target. Raises KeyError for a measure that is not defined."""
    known = facts(cursor, at)
    return receipt_of(question, _known.measure(question, known, at.ledger), at)


def _receipt(plan: PlanRow, target: TargetRow, day: date, known: Facts, at: Checkpoint) -> Receipt | None:
    if target.said.measure not in DEFINITIONS:
        return None
    begins = plan.drafted.first
    measured = _known.measure(question_of(target.said, day, begins), known, at.ledger)
    return receipt_for(target.said, begins, day, measured, at)


def _entries(cursor: psycopg.Cursor[Any], after: int, size: int) -> Iterator[tuple[int, Entry]]:
    found = cursor.execute(
        "SELECT position, content FROM projection.measured WHERE position > %s AND position <= %s ORDER BY position",
        (after, size),
    )
    return ((position, parse(bytes(content))) for position, content in found)


def _root(cursor: psycopg.Cursor[Any], size: int) -> bytes | None:
    row = cursor.execute("SELECT root FROM ledger.seal WHERE size = %s", (size,)).fetchone()
    return bytes(row[0]) if row is not None else None
