"""What the ledger's tests share: an opened ledger on a database, and short ways to say draft and command."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from yimai.ledger.entry import Claim, Command, Draft, Entry, Json, Reading
from yimai.ledger.ledger import Ledger
from yimai.store.postgres_ledger import PostgresLedger, Projection
from yimai.store.vault import Vault

SHANGHAI = timezone(timedelta(hours=8))
OCCURRED = datetime(2026, 3, 1, 9, 30, tzinfo=SHANGHAI)
DAY = datetime(2026, 3, 2, tzinfo=UTC)
WRAPPING_KEY = bytes(range(32))

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Opened:
    """A ledger with its vault in a database of its own; ``owner_url`` connects as the database's owner."""

    owner_url: str
    ledger: PostgresLedger
    vault: Vault
    pool: ConnectionPool[Any]
    sealer_pool: ConnectionPool[Any]

    def as_owner(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.owner_url, autocommit=True)

    def as_app(self) -> psycopg.Connection[Any]:
        return psycopg.connect(make_conninfo(self.owner_url, user="yimai_app"), autocommit=True)

    def as_sealer(self) -> psycopg.Connection[Any]:
        return psycopg.connect(make_conninfo(self.owner_url, user="yimai_sealer"), autocommit=True)


@contextmanager
def opened(owner_url: str, *, projections: Sequence[Projection] = (), clients: int = 8) -> Iterator[Opened]:
    """Open a ledger that is not simulated in a migrated database."""
    settings: dict[str, Any] = {"kwargs": {"autocommit": True}, "open": True, "min_size": 1}
    app, sealer = (make_conninfo(owner_url, user=role) for role in ("yimai_app", "yimai_sealer"))
    with (
        ConnectionPool(app, max_size=clients, **settings) as pool,
        ConnectionPool(sealer, max_size=2, **settings) as sealer_pool,
    ):
        vault = Vault(pool, WRAPPING_KEY, chance=os.urandom)
        ledger = PostgresLedger.open(
            pool,
            ledger_id=str(uuid4()),
            simulated=False,
            sealer_pool=sealer_pool,
            keep=vault.keep,
            projections=projections,
        )
        yield Opened(owner_url, ledger, vault, pool, sealer_pool)


def draft(*subjects: str, claims: Sequence[Claim] = (), kind: str = "test.noted.v1", **data: Json) -> Draft:
    return Draft(kind, data, subjects, OCCURRED, tuple(claims))


def command(id: str | None = None, body: str = "") -> Command:
    """A command by one actor; without an id, a new one."""
    number = id or f"c{next(_numbers)}"
    return Command(number, "person/P1", "site/S1", hashlib.sha256(body.encode()).digest())


def note(ledger: Ledger, *subjects: str, after: Reading | None = None, claims: Sequence[Claim] = ()) -> Entry:
    """Append one fact about the subjects, after reading them."""
    reading = after or ledger.about(*subjects)
    return ledger.append([draft(*subjects, claims=claims)], command=command(), after=reading)[0]


def take(key: str, first: int | None = None, last: int | None = None) -> Claim:
    """Claim a suite, whole or for the hours [first, last) of one day."""
    return _claim(key, "take", first, last)


def free(key: str, first: int | None = None, last: int | None = None) -> Claim:
    return _claim(key, "free", first, last)


def _claim(key: str, move: Any, first: int | None, last: int | None) -> Claim:
    if first is None or last is None:
        return Claim("suite", key, move)
    return Claim("suite", key, move, DAY + timedelta(hours=first), DAY + timedelta(hours=last))
