"""The ledger's own record: its identity and the roots under which it was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class SealRow:
    """A root over the first ``size`` entries, and since when it stands."""

    size: int
    root: bytes
    sealed: datetime


def identity(cursor: psycopg.Cursor[Any]) -> str:
    """The ledger's id, "" before it is opened."""
    row = cursor.execute("SELECT id FROM ledger.identity").fetchone()
    return str(row[0]) if row else ""


def seals(cursor: psycopg.Cursor[Any], most: int = 10) -> tuple[SealRow, ...]:
    """The newest roots."""
    with cursor.connection.cursor(row_factory=class_row(SealRow)) as rows:
        return tuple(rows.execute("SELECT size, root, sealed FROM ledger.seal ORDER BY size DESC LIMIT %s", (most,)))


def size(cursor: psycopg.Cursor[Any]) -> int:
    """How many facts have been sealed: the ledger's position."""
    row = cursor.execute("SELECT coalesce(max(size), 0) FROM ledger.seal").fetchone()
    return int(row[0]) if row else 0


def sizes(cursor: psycopg.Cursor[Any]) -> tuple[int, int]:
    """Over how many facts the first root stands, and the newest; zeros before there is one."""
    row = cursor.execute("SELECT coalesce(min(size), 0), coalesce(max(size), 0) FROM ledger.seal").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
