"""The append function does not trust the application: what contradicts the heads, the clock or itself is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.store.opened import Opened, command, draft, note, take

from yimai.ledger import canonical, chain
from yimai.ledger.entry import Entry, Reading

Forgery = Callable[[dict[str, Any]], object]


def append(store: Opened, contents: Sequence[bytes], read: Sequence[tuple[str, int, bytes]] = ()) -> None:
    """What a hijacked application could send."""
    subjects, sequences, hashes = ([row[column] for row in read] for column in range(3))
    with store.as_app() as app:
        app.execute(
            "SELECT ledger.append(%s::bytea[], %s::text[], %s::bigint[], %s::bytea[])",
            (list(contents), subjects, sequences, hashes),
        )


def entries(store: Opened, count: int = 1, reading: Reading | None = None) -> tuple[Entry, ...]:
    drafts = [draft("treatment/T1", "container/C1", claims=[take(f"A{n}", 8, 9)]) for n in range(count)]
    after = reading or store.ledger.about("treatment/T1", "container/C1")
    return chain.link(drafts, ledger=store.ledger.id, command=command(), after=after)


def test_honest_contents_are_taken(any_store: Opened) -> None:
    note(any_store.ledger, "treatment/T1")
    append(any_store, [entry.content for entry in entries(any_store, 3)])
    assert len(any_store.ledger.about("container/C1").entries["container/C1"]) == 3


@pytest.mark.parametrize(
    ("forge", "refusal"),
    [
        (lambda doc: doc["links"][0].update(sequence=1), "YM003"),
        (lambda doc: doc["links"][0].update(sequence=3), "YM003"),
        (lambda doc: doc["links"][0].update(previous="00" * 32), "YM003"),
        (lambda doc: doc["links"][0].update(previous="11" * 32), "YM003"),
        (lambda doc: doc["links"][0].update(sequence=1, previous="00" * 32), "YM003"),
        (lambda doc: doc["links"][1].update(sequence=2, previous="11" * 32), "YM003"),
        (lambda doc: doc["links"].append(doc["links"][0]), "YM006"),
        (lambda doc: doc.update(links=[]), "YM006"),
        (lambda doc: doc.update(ledger="another"), "YM006"),
        (lambda doc: doc.update(ordinal=1), "YM006"),
        (lambda doc: doc.update(v=2), "YM006"),
        (lambda doc: doc.update(recorded="2020-01-01T00:00:00.000000Z"), "YM006"),
        (lambda doc: doc.update(recorded="2099-01-01T00:00:00.000000Z"), "YM006"),
        (lambda doc: doc.update(recorded=None), "YM006"),
        (lambda doc: doc["claims"][0].update(ends=doc["claims"][0]["starts"]), "YM006"),
        (lambda doc: doc["claims"][0].update(ends=None), "YM006"),
        (lambda doc: doc["claims"][0].update(move="keep"), "YM006"),
        (lambda doc: doc.update(kind=None), "23502"),
        (lambda doc: doc.update(site=None), "23502"),
        (lambda doc: doc.update(occurred="yesterday-ish"), "22007"),
    ],
)
def test_a_forged_content_is_refused(any_store: Opened, forge: Forgery, refusal: str) -> None:
    note(any_store.ledger, "treatment/T1")
    (entry,) = entries(any_store)
    doc = json.loads(entry.content)
    forge(doc)
    with pytest.raises(psycopg.Error) as refused:
        append(any_store, [canonical.encode(doc)])
    assert refused.value.sqlstate == refusal
    assert len(list(any_store.ledger.entries())) == 2


def test_contents_that_do_not_follow_one_another_are_refused(store: Opened) -> None:
    first, second, third = (entry.content for entry in entries(store, 3))
    for contents in ([first, third], [second, first], [first, first], [first, second, second]):
        with pytest.raises(psycopg.Error) as refused:
            append(store, contents)
        assert refused.value.sqlstate in {"YM003", "YM006"}


def test_contents_of_two_commands_are_refused(store: Opened) -> None:
    first, other = entries(store, 2), entries(store, 2)
    with pytest.raises(psycopg.Error, match="one command"):
        append(store, [first[0].content, other[1].content])


@pytest.mark.parametrize("contents", [[], [b""], [b"{}"], [b"[]"], [b"null"], [b"\xff"], [b"not JSON"]])
def test_what_is_no_entry_is_refused(store: Opened, contents: list[bytes]) -> None:
    with pytest.raises(psycopg.Error):
        append(store, contents)
    assert len(list(store.ledger.entries())) == 1


def test_a_second_opening_is_refused(store: Opened) -> None:
    now = store.ledger.about().now
    with pytest.raises(psycopg.Error):
        append(store, [chain.opening("another", simulated=True, now=now).content])
    with pytest.raises(psycopg.Error):
        append(store, [chain.opening(store.ledger.id, simulated=True, now=now).content])


def test_an_entry_recorded_before_the_one_it_follows_is_refused(store: Opened) -> None:
    stale = store.ledger.about()
    note(store.ledger, "treatment/T1")
    reading = store.ledger.about("treatment/T1", "container/C1")
    backdated = Reading(stale.now - timedelta(seconds=1), reading.heads, {})
    with pytest.raises(psycopg.Error, match="recorded before") as refused:
        append(store, [entry.content for entry in entries(store, reading=backdated)])
    assert refused.value.sqlstate == "YM006"


@pytest.mark.parametrize(("sequence", "digest"), [(1, b"\1" * 32), (0, bytes(32)), (2, b""), (0, b"\1" * 32)])
def test_a_head_that_was_not_read_so_is_refused(store: Opened, sequence: int, digest: bytes) -> None:
    note(store.ledger, "suite/A")
    (entry,) = entries(store)
    with pytest.raises(psycopg.Error) as refused:
        append(store, [entry.content], [("suite/A", sequence, digest)])
    assert refused.value.sqlstate == "YM003"
