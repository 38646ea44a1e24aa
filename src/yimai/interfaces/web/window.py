"""What wiring gives the pages: cursors that see what the signed-in person may see and write nothing, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from yimai.projections import audience
from yimai.projections.register import PersonRow
from yimai.store.vault import OpenVault


@dataclass(frozen=True, slots=True)
class Window:
    pool: ConnectionPool[Any]
    clock: Callable[[], datetime]
    wrapping_key: bytes = field(repr=False)


_opened: list[Window] = []


def open(pool: ConnectionPool[Any], clock: Callable[[], datetime], wrapping_key: bytes = b"") -> None:
    """Let the pages read through this pool of ``yimai_screen`` and tell the time by this clock (aware).

    wrapping_key: the vault's; without it no personal data can be read.
    """
    _opened[:] = [Window(pool, clock, wrapping_key)]


@contextmanager
def reading(who: PersonRow | None) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor that sees one moment of the database as that person may see it, and cannot write.

    who: the signed-in person for whom the page is read, or None before anybody has signed in: then only what is public.
    """
    with _window().pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        person, site, roles = (who.person, who.site, who.roles) if who is not None else ("", "", ())
        if not audience.enter(cursor, person, site, roles):
            raise RuntimeError("row security does not bind the window's role: wiring gives it a pool of yimai_screen")
        yield cursor


@contextmanager
def vault_reading(who: PersonRow | None) -> Iterator[OpenVault]:
    """The vault's personal data, as far as that person may see them."""
    with reading(who) as cursor:
        yield vault_of(cursor)


def vault_of(cursor: psycopg.Cursor[Any]) -> OpenVault:
    """The vault as the cursor of ``reading`` sees it."""
    return OpenVault(cursor, _window().wrapping_key)


def now() -> datetime:
    return _window().clock()


def _window() -> Window:
    if not _opened:
        raise RuntimeError("the web window is not open: wiring calls window.open(pool, clock, wrapping_key) first")
    return _opened[0]
