"""A ledger on PostgreSQL that every projection follows, and a window for pages that counts what they ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.projections.story import Clock, Story

from yimai.projections import rebuild
from yimai.store.postgres_ledger import PostgresLedger


@contextmanager
def followed(database: str, **connection_arguments: Any) -> Iterator[ConnectionPool[Any]]:
    """A pool on a migrated database whose projections are made."""
    with psycopg.connect(database, options="-c role=yimai_owner") as connection:
        rebuild.create(connection.cursor())
    arguments = {"autocommit": True, **connection_arguments}
    with ConnectionPool(database, min_size=1, max_size=4, kwargs=arguments) as pool:
        yield pool


@contextmanager
def screen_pool(database: str, **connection_arguments: Any) -> Iterator[ConnectionPool[Any]]:
    """A pool of the role that pages read with, for the window."""
    arguments = {"autocommit": True, **connection_arguments}
    with ConnectionPool(make_conninfo(database, user="yimai_screen"), min_size=1, max_size=4, kwargs=arguments) as pool:
        yield pool


def begin(pool: ConnectionPool[Any]) -> Story:
    """A story in a new simulated ledger that the projections follow."""
    clock = Clock()
    identity = "11111111-1111-4111-8111-111111111111"
    ledger = PostgresLedger.open(pool, ledger_id=identity, simulated=True, clock=clock, projections=(rebuild.apply,))
    return Story(ledger, clock)
