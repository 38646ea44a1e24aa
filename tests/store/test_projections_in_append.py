"""Projections are written in the append's transaction, once for each entry, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.store.opened import Opened, command, draft, note, opened, take

from yimai.ledger.entry import Deposit, Entry
from yimai.ledger.ledger import ClaimTaken, Conflict, LedgerProblem
from yimai.store.postgres_ledger import PostgresLedger
from yimai.store.vault import VaultProblem


def follow(cursor: psycopg.Cursor[Any], entry: Entry) -> None:
    cursor.execute("INSERT INTO projection.followed (hash) VALUES (%s)", (entry.hash,))


def count(cursor: psycopg.Cursor[Any], entry: Entry) -> None:
    row = cursor.execute("SELECT count(*) FROM projection.followed WHERE hash = %s", (entry.hash,)).fetchone()
    assert row == (1,), "projections run in the order in which they were given"


@pytest.fixture
def followed(any_fresh_database: str) -> Iterator[Opened]:
    with psycopg.connect(any_fresh_database) as owner:
        owner.execute("SET ROLE yimai_owner")
        owner.execute("CREATE TABLE projection.followed (number bigint GENERATED ALWAYS AS IDENTITY, hash bytea)")
    with opened(any_fresh_database, projections=[follow, count]) as store:
        yield store


def seen(store: Opened) -> list[bytes]:
    with store.as_app() as app:
        return [digest for (digest,) in app.execute("SELECT hash FROM projection.followed ORDER BY number")]


def test_each_entry_is_followed_once_and_in_order(followed: Opened) -> None:
    drafts = [draft("treatment/T1") for _ in range(5)]
    entries = followed.ledger.append(drafts, command=command(), after=followed.ledger.about())
    assert seen(followed) == [entry.hash for entry in entries]


def test_what_is_refused_or_repeated_is_not_followed(followed: Opened) -> None:
    asked, reading = command(), followed.ledger.about("treatment/T1")
    drafts = [draft("treatment/T1", claims=[take("A")])]
    entries = followed.ledger.append(drafts, command=asked, after=reading)
    assert followed.ledger.append(drafts, command=asked, after=reading) == entries
    with pytest.raises(ClaimTaken):
        note(followed.ledger, "treatment/T2", claims=[take("A")])
    with pytest.raises(Conflict):
        note(followed.ledger, "treatment/T1", after=reading)
    assert seen(followed) == [entries[0].hash]


def test_a_deposit_that_the_vault_refuses_undoes_the_append(followed: Opened) -> None:
    followed.ledger.append(
        [draft("treatment/T1")], command=command(), after=followed.ledger.about(),
        deposits=[Deposit("treatment/T1", "patient", b"", bytes(32))],
    )  # fmt: skip
    followed.vault.restrict("treatment/T1")
    followed.vault.destroy("treatment/T1", today=followed.ledger.about().now.date(), retained_until=None)
    with pytest.raises(VaultProblem, match="destroyed"):
        followed.ledger.append(
            [draft("treatment/T1")], command=command(), after=followed.ledger.about("treatment/T1"),
            deposits=[Deposit("treatment/T1", "patient", b"", bytes(32))],
        )  # fmt: skip
    assert len(seen(followed)) == 1
    assert len(list(followed.ledger.entries())) == 2


def test_deposits_need_a_vault(store: Opened) -> None:
    ledger = PostgresLedger(store.pool)
    with pytest.raises(LedgerProblem, match="vault"):
        ledger.append(
            [draft("treatment/T1")], command=command(), after=ledger.about(),
            deposits=[Deposit("treatment/T1", "patient", b"", bytes(32))],
        )  # fmt: skip
