"""What wiring gives the pages: read-only cursors and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from yimai.projections.register import PersonRow


@dataclass(frozen=True, slots=True)
class Window:
    pool: ConnectionPool[Any]
    clock: Callable[[], datetime]


_opened: list[Window] = []


def open(pool: ConnectionPool[Any], clock: Callable[[], datetime]) -> None:
    """Let the pages read through this pool (any role that may SELECT) and tell the time by this clock (aware)."""
    _opened[:] = [Window(pool, clock)]


@contextmanager
def reading(who: PersonRow | None) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor that sees one moment of the database and cannot write.

    who: the signed-in person for whom the page is read, or None before anybody has signed in.
    """
    with _window().pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield cursor


def now() -> datetime:
    return _window().clock()


def _window() -> Window:
    if not _opened:
        raise RuntimeError("the web window is not open: wiring calls window.open(pool, clock) first")
    return _opened[0]
