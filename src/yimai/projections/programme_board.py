"""The city's programme as approved: its announcement, register, clusters, context and sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from yimai.domain.approval import ProgrammeApproved
from yimai.domain.programme import Programme
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
class ProgrammeBoard:
    """hash: of the approving fact."""

    programme: Programme
    hash: bytes
    approved: datetime


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
        ProgrammeBoard(programme, bytes(digest), approved)
        for identifier, digest, approved in rows
        if (programme := approval_board.programme(cursor, identifier)) is not None
    )
