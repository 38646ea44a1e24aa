"""The sealer passes over no entry, however late it is committed, and gives no position twice."""

from __future__ import annotations

import threading

import psycopg
import pytest
from tests.store.opened import Opened, command, draft, note

from yimai.ledger import chain
from yimai.ledger.verify import Verified
from yimai.store import postgres_ledger
from yimai.store.verify import verify


def begin_append(store: Opened, subject: str) -> psycopg.Connection[tuple[object, ...]]:
    """Append in a transaction that stays open; return its connection."""
    (entry,) = chain.link(
        [draft(subject)], ledger=store.ledger.id, command=command(), after=store.ledger.about(subject)
    )
    connection = store.as_app()
    connection.execute("BEGIN")
    connection.execute("SELECT ledger.append(%s::bytea[], '{}', '{}', '{}')", ([entry.content],))
    return connection


def low(store: Opened) -> int:
    with store.as_app() as app:
        row = app.execute("SELECT low FROM ledger.sealing").fetchone()
    assert row is not None
    return int(row[0])


def sealed_subjects(store: Opened) -> list[str]:
    return [entry.subjects[0] for _, entry in store.ledger.sealed()][1:]


def test_a_late_commit_is_sealed_after_what_overtook_it(any_store: Opened) -> None:
    with begin_append(any_store, "treatment/late") as late:
        for n in range(5):
            note(any_store.ledger, f"treatment/T{n}")
            any_store.ledger.seal()
        assert sealed_subjects(any_store) == [f"treatment/T{n}" for n in range(5)]
        assert low(any_store) < 2
        late.execute("COMMIT")
    any_store.ledger.seal()
    assert sealed_subjects(any_store)[-1] == "treatment/late"
    with any_store.as_app() as app:
        assert isinstance(verify(app), Verified)


def test_so_are_several_that_commit_in_any_order(any_store: Opened) -> None:
    waiting = []
    for n in range(6):
        waiting.append(begin_append(any_store, f"treatment/late{n}"))
        note(any_store.ledger, f"treatment/T{n}")
        any_store.ledger.seal()
    for n in (4, 0, 5, 2, 1, 3):
        waiting[n].execute("ROLLBACK" if n == 2 else "COMMIT")
        waiting[n].close()
        any_store.ledger.seal()
        note(any_store.ledger, f"treatment/after{n}")
    any_store.ledger.seal()
    sealed = sealed_subjects(any_store)
    assert [name for name in sealed if "late" in name] == [f"treatment/late{n}" for n in (4, 0, 5, 1, 3)]
    assert len(sealed) == len(set(sealed)) == 6 + 5 + 6


def test_what_was_rolled_back_leaves_no_gap_in_the_positions(any_store: Opened) -> None:
    for n in range(4):
        with begin_append(any_store, f"treatment/gone{n}") as gone:
            gone.execute("ROLLBACK")
        note(any_store.ledger, f"treatment/T{n}")
        any_store.ledger.seal()
    assert [position for position, _ in any_store.ledger.sealed()] == [1, 2, 3, 4, 5]


def test_the_sealer_looks_again_only_at_what_could_still_come(any_store: Opened) -> None:
    for n in range(30):
        note(any_store.ledger, f"treatment/T{n}")
        any_store.ledger.seal()
    assert low(any_store) >= 28


def test_a_seal_in_several_parts_leaves_nothing_out(store: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_ledger, "_SEAL_AT_MOST", 7)
    store.ledger.append([draft("treatment/T1") for _ in range(40)], command=command(), after=store.ledger.about())
    checkpoint = store.ledger.seal()
    assert checkpoint is not None
    assert checkpoint.size == 41
    with store.as_app() as app:
        assert isinstance(verify(app), Verified)


def test_sealers_and_writers_at_once_leave_one_line_of_positions(any_store: Opened) -> None:
    writing = threading.Event()

    def seal() -> None:
        while not writing.is_set():
            any_store.ledger.seal()

    def write(number: int) -> None:
        for n in range(40):
            note(any_store.ledger, f"treatment/{number}-{n}")

    sealers = [threading.Thread(target=seal) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in sealers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in sealers:
        thread.join()
    any_store.ledger.seal()
    assert [position for position, _ in any_store.ledger.sealed(0, 1000)] == list(range(1, 162))
    with any_store.as_app() as app:
        assert isinstance(verify(app), Verified)


def test_readers_are_told_of_each_seal(any_store: Opened) -> None:
    with any_store.as_app() as reader:
        reader.execute("LISTEN ledger")
        note(any_store.ledger, "treatment/T1")
        any_store.ledger.seal()
        (told,) = reader.notifies(timeout=10, stop_after=1)
    assert (told.channel, told.payload) == ("ledger", "2")


def test_a_ledger_restored_into_a_younger_database_is_sealed_on(any_store: Opened) -> None:
    note(any_store.ledger, "treatment/T1")
    any_store.ledger.seal()
    with any_store.as_owner() as owner:
        owner.execute("UPDATE ledger.sealing SET low = 0, pending = 1, pending_bound = '4000000000'")
    for n in range(4):
        note(any_store.ledger, f"treatment/R{n}")
        any_store.ledger.seal()
    assert low(any_store) >= 4
    assert len(any_store.ledger.sealed()) == 6
