"""The city's programme as approved: plans, goals with every reading of their clauses; values unknown until measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from yimai.domain.approval import ProgrammeApproved
from yimai.domain.programme import Goal, Plan, Programme
from yimai.ledger.entry import Entry
from yimai.projections import approval_board, audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.programme (
    programme text COLLATE "C" PRIMARY KEY,
    version text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    approved timestamptz NOT NULL
);
"""

AUDIENCE: Final = {"programme": audience.PUBLIC}


@dataclass(frozen=True, slots=True)
class GoalRow:
    """value: what has been achieved, or None while no measure and receipt exist for it."""

    goal: Goal
    value: int | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    plan: Plan
    goals: tuple[GoalRow, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeBoard:
    """hash: of the approving fact."""

    programme: Programme
    hash: bytes
    approved: datetime
    plans: tuple[PlanRow, ...]


def changes(entry: Entry) -> Iterator[Change]:
    if entry.kind == ProgrammeApproved.kind:
        yield Change(
            "INSERT INTO projection.programme VALUES (%s, %s, %s, %s) ON CONFLICT (programme) DO UPDATE SET"
            " (version, hash, approved) = (excluded.version, excluded.hash, excluded.approved)",
            (entry.data["programme"], entry.data["version"], entry.hash, entry.occurred),
        )


def boards(cursor: psycopg.Cursor[Any]) -> tuple[ProgrammeBoard, ...]:
    """Every approved programme, as last approved."""
    rows = cursor.execute("SELECT programme, hash, approved FROM projection.programme ORDER BY programme").fetchall()
    return tuple(
        _board(programme, bytes(digest), approved)
        for identifier, digest, approved in rows
        if (programme := approval_board.programme(cursor, identifier)) is not None
    )


def _board(programme: Programme, digest: bytes, approved: datetime) -> ProgrammeBoard:
    plans = tuple(
        PlanRow(plan, tuple(GoalRow(goal, None) for goal in programme.goals if goal.plan == plan.id))
        for plan in programme.plans
    )
    return ProgrammeBoard(programme, digest, approved, plans)
