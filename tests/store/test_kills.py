"""A killed server process or client leaves nothing half-written, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from tests.store.opened import DAY, Opened, command, draft, opened

from yimai.ledger.entry import Claim, Deposit, Entry
from yimai.ledger.ledger import LedgerProblem
from yimai.ledger.verify import Verified
from yimai.store.verify import verify
from yimai.wiring.embedded_database import start
from yimai.wiring.migrations import migrate

ROUNDS = 15


def write_until(stop: threading.Event, store: Opened, number: int, acknowledged: dict[str, tuple[Entry, ...]]) -> None:
    """Append commands of three facts, a claim and a deposit each; after a lost connection, send the same one again."""
    for n in range(10_000):
        if stop.is_set():
            return
        subject = f"treatment/{number}-{n}"
        claim = Claim("permit", f"{number}-{n}", "take")
        drafts = [draft(subject, claims=[claim]), draft(subject), draft(subject)]
        asked = command(f"k{number}-{n}")
        while asked.id not in acknowledged:
            try:
                reading = store.ledger.about(subject)
                deposit = Deposit(subject, "patient", b"contents", bytes(32))
                acknowledged[asked.id] = store.ledger.append(drafts, command=asked, after=reading, deposits=[deposit])
            except psycopg.OperationalError:
                continue


def victims(store: Opened) -> list[int]:
    with store.as_owner() as owner:
        rows = owner.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'yimai_app' AND datname = current_database()"
        )
        return [pid for (pid,) in rows]


def test_server_processes_that_are_ended_during_appends(any_store: Opened) -> None:
    with writing(any_store, 4) as acknowledged:
        for round_ in range(ROUNDS):
            with any_store.as_owner() as owner:
                for pid in victims(any_store):
                    owner.execute("SELECT pg_sleep(%s), pg_terminate_backend(%s)", (0.001 * (round_ % 7), pid))
            time.sleep(0.05)
    assert len(acknowledged) > 4
    stored = [entry.hash for _, entry in any_store.ledger.entries()][1:]
    assert sorted(stored) == sorted(entry.hash for entries in acknowledged.values() for entry in entries)
    with any_store.as_owner() as owner:
        counted = owner.execute("SELECT (SELECT count(*) FROM ledger.claim), (SELECT count(*) FROM vault.record)")
        assert counted.fetchone() == (len(acknowledged), len(acknowledged))
    any_store.ledger.seal()
    with any_store.as_app() as app:
        assert isinstance(verify(app), Verified)


@pytest.mark.parametrize("step", range(1, 9))
def test_an_append_that_fails_at_any_step_leaves_nothing(store: Opened, step: int) -> None:
    """One fact after another is projected; the projection of one of them fails."""
    seen: list[str] = []

    def project(cursor: psycopg.Cursor[object], entry: Entry) -> None:
        seen.append(entry.kind)
        if len(seen) == step:
            cursor.execute("SELECT 1 / 0")

    with opened(store.owner_url, projections=[project]) as other:
        drafts = [draft("treatment/T1", claims=[Claim("suite", "A", "take", DAY, DAY.replace(hour=n + 1))][: n == 0])
                  for n in range(8)]  # fmt: skip
        with pytest.raises(psycopg.errors.DivisionByZero):
            other.ledger.append(drafts, command=command(), after=other.ledger.about())
    with store.as_owner() as owner:
        for table, rows in (("entry", 1), ("chain", 1), ("claim", 0), ("head", 1)):
            assert owner.execute(f"SELECT count(*) FROM ledger.{table}").fetchone() == (rows,)


def test_a_client_process_that_is_killed_between_append_and_commit_leaves_nothing(store: Opened) -> None:
    child = os.fork()
    if child == 0:  # pragma: no cover

        def die(cursor: psycopg.Cursor[object], entry: Entry) -> None:
            cursor.execute("SELECT 1").fetchone()  # the append has run in the database by now
            os.kill(os.getpid(), signal.SIGKILL)

        with opened(store.owner_url, projections=[die]) as other:
            other.ledger.append([draft("treatment/T1")], command=command(), after=other.ledger.about())
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert len(list(store.ledger.entries())) == 1
    try:
        store.ledger.append([draft("treatment/T1")], command=command(), after=store.ledger.about())
    except LedgerProblem:
        pytest.fail("what the killed process began is still in the way")


def test_server_processes_that_are_killed_outright_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """SIGKILL of one server process makes PostgreSQL end all of them and recover from its log."""
    server = start(tmp_path / "data")
    try:
        migrate(server.url())
        with opened(server.url()) as store, writing(store, 3) as acknowledged:
            for _ in range(8):
                enough = len(acknowledged) + 5
                while len(acknowledged) < enough:
                    time.sleep(0.005)
                os.kill(victim(store), signal.SIGKILL)
        with opened(server.url()) as store:
            stored = [entry.hash for _, entry in store.ledger.entries()][1:]
            assert sorted(stored) == sorted(entry.hash for entries in acknowledged.values() for entry in entries)
            store.ledger.seal()
            with store.as_app() as app:
                assert isinstance(verify(app), Verified)
    finally:
        server.stop()


@contextmanager
def writing(store: Opened, writers: int) -> Iterator[dict[str, tuple[Entry, ...]]]:
    """Write from so many threads while the block runs; what was acknowledged is in the mapping, by command."""
    stop, acknowledged = threading.Event(), dict[str, tuple[Entry, ...]]()
    threads = [threading.Thread(target=write_until, args=(stop, store, n, acknowledged)) for n in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def victim(store: Opened) -> int:
    """The process number of one server process of the application, as soon as there is one."""
    while True:
        with suppress(psycopg.OperationalError):
            if found := victims(store):
                return found[0]
        time.sleep(0.01)
