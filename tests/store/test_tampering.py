"""Whoever owns the database can change anything in it, triggers or not. ``verify`` names what was done.

A root noted earlier, outside the database, is needed for two things only: a tail that was cut away with all its traces,
and a history that was written anew throughout.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.store.opened import Opened, command, draft, free, note, take

from yimai.ledger import canonical
from yimai.ledger.codec import leaf_hash
from yimai.ledger.entry import Checkpoint
from yimai.ledger.merkle import Frontier
from yimai.ledger.verify import FirstProblem, Verified
from yimai.store.verify import verify

Doc = dict[str, Any]
Owner = psycopg.Connection[Any]

TABLES = ("identity", "entry", "chain", "leaf", "seal")


@pytest.fixture
def store_with_history(any_store: Opened) -> Opened:
    """Entry 1 opens the ledger; 2 to 13 are about two treatments in turn, each even one claiming an hour of suite A."""
    ledger = any_store.ledger
    for n in range(12):
        claims = [take("A", n, n + 1)] if n % 2 == 0 else []
        note(ledger, f"treatment/T{n % 2}", f"container/C{n}", claims=claims)
        if n == 5:
            ledger.seal()
    note(ledger, "treatment/T0", claims=[free("A", 0, 1)])
    ledger.seal()
    note(ledger, "treatment/T1")
    return any_store


def tamper(store: Opened, *statements: str) -> None:
    """Run SQL as the database's owner, with the triggers out of the way."""
    with store.as_owner() as owner, owner.transaction():
        for table in TABLES:
            owner.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER USER")
        for statement in statements:
            owner.execute(statement)
        for table in TABLES:
            owner.execute(f"ALTER TABLE ledger.{table} ENABLE TRIGGER USER")


def found(store: Opened, noted: Checkpoint | None = None) -> FirstProblem:
    with store.as_app() as app:
        outcome = verify(app, noted=noted)
    assert isinstance(outcome, FirstProblem), outcome
    return outcome


def noted(store: Opened) -> Checkpoint:
    checkpoint = store.ledger.checkpoint()
    assert checkpoint is not None
    return checkpoint


def rewrite(store: Opened, position: int, change: Callable[[Doc], object], *, onwards: bool) -> None:
    """Edit one entry and put its hash right; ``onwards``: also every link, chain, head, claim, root and frontier after it."""
    with store.as_owner() as owner:
        rows = owner.execute(
            "SELECT e.arrival, e.content, l.position FROM ledger.entry e LEFT JOIN ledger.leaf l USING (arrival) ORDER BY 1"
        ).fetchall()
        seals = owner.execute("SELECT size FROM ledger.seal").fetchall()
    statements, new_hashes, frontier = [], dict[str, str](), Frontier()
    for arrival, content, at in rows:
        doc = json.loads(content)
        if at == position:
            change(doc)
        for link in doc["links"] if onwards else ():
            link["previous"] = new_hashes.get(link["previous"], link["previous"])
        new = content if not onwards and at != position else canonical.encode(doc)
        old_hash, new_hash = leaf_hash(content).hex(), leaf_hash(new).hex()
        new_hashes[old_hash] = new_hash
        statements.append(
            f"UPDATE ledger.entry SET content = '\\x{new.hex()}', hash = '\\x{new_hash}', "
            f"recorded = '{doc['recorded']}', occurred = '{doc['occurred']}' WHERE arrival = {arrival}"
        )
        if onwards:
            statements.append(f"UPDATE ledger.head SET hash = '\\x{new_hash}' WHERE hash = '\\x{old_hash}'")
            statements.append(f"UPDATE ledger.claim SET entry = '\\x{new_hash}' WHERE entry = '\\x{old_hash}'")
            if at:
                frontier.add(bytes.fromhex(new_hash))
            if (at,) in seals:
                nodes = b"".join(frontier.nodes).hex()
                statements.append(
                    f"UPDATE ledger.seal SET root = '\\x{frontier.root().hex()}', frontier = '\\x{nodes}' WHERE size = {at}"
                )
    tamper(store, *statements)


def test_what_nobody_touched_verifies(store_with_history: Opened) -> None:
    checkpoint = noted(store_with_history)
    with store_with_history.as_app() as app:
        outcome = verify(app, noted=checkpoint)
    assert outcome == Verified(store_with_history.ledger.id, 15, 14, checkpoint.root)


class TestAnEdit:
    def test_shows_by_the_entrys_hash(self, store_with_history: Opened) -> None:
        tamper(
            store_with_history,
            "UPDATE ledger.entry SET content = convert_to(replace(convert_from(content, 'UTF8'), 'site/S1', 'site/S9'), "
            "'UTF8') WHERE arrival = 6",
        )
        problem = found(store_with_history)
        assert (problem.position, problem.what) == (6, "the hash is not that of the content")

    def test_with_its_hash_put_right_shows_by_the_next_link(self, store_with_history: Opened) -> None:
        rewrite(store_with_history, 9, lambda doc: doc.update(data={"n": 1}), onwards=False)
        problem = found(store_with_history)
        assert (problem.position, problem.subject) == (11, "treatment/T1")
        assert problem.what == "the link is not to the entry before it"

    def test_of_a_chains_last_entry_shows_by_the_root(self, store_with_history: Opened) -> None:
        rewrite(store_with_history, 14, lambda doc: doc.update(data={"n": 1}), onwards=False)
        problem = found(store_with_history)
        assert (problem.position, problem.what) == (14, "the root of the seal of 14 entries is not theirs")

    def test_with_everything_after_it_written_anew_shows_by_a_noted_root_only(self, store_with_history: Opened) -> None:
        checkpoint = noted(store_with_history)
        rewrite(store_with_history, 6, lambda doc: doc.update(data={"n": 1}), onwards=True)
        with store_with_history.as_app() as app:
            assert isinstance(verify(app), Verified)
        problem = found(store_with_history, checkpoint)
        assert (problem.position, problem.what) == (14, "the first 14 entries are not those whose root was noted")

    def test_into_another_form_of_the_same_content_shows(self, store_with_history: Opened) -> None:
        spaced = b'{ "actor"'.hex()
        tamper(
            store_with_history,
            f"UPDATE ledger.entry SET content = '\\x{spaced}' || substring(content from 9) WHERE arrival = 6",
            "UPDATE ledger.entry SET hash = sha256('\\x00' || content) WHERE arrival = 6",
        )
        problem = found(store_with_history)
        assert (problem.position, problem.what) == (6, "the bytes are not in canonical form (RFC 8785)")


class TestADeletion:
    def test_shows_by_its_position(self, store_with_history: Opened) -> None:
        tamper(store_with_history, "DELETE FROM ledger.entry WHERE arrival = 7")
        problem = found(store_with_history)
        assert (problem.position, problem.what) == (7, "the entry is missing")

    def test_with_all_its_rows_shows_by_the_gap(self, store_with_history: Opened) -> None:
        tamper(store_with_history, *(f"DELETE FROM ledger.{t} WHERE arrival = 7" for t in ("entry", "chain", "leaf")))
        problem = found(store_with_history)
        assert (problem.position, problem.what, problem.expected) == (8, "the positions have a gap", "7")

    def test_with_the_gap_closed_shows_by_the_chain(self, store_with_history: Opened) -> None:
        tamper(
            store_with_history,
            *(f"DELETE FROM ledger.{table} WHERE arrival = 9" for table in ("entry", "chain", "leaf")),
            "UPDATE ledger.leaf SET position = -position WHERE position > 9",
            "UPDATE ledger.leaf SET position = -position - 1 WHERE position < 0",
        )
        problem = found(store_with_history)
        assert (problem.position, problem.subject) == (10, "treatment/T1")
        assert problem.what == "the sequence number does not follow"

    def test_of_an_entry_not_yet_sealed_shows_by_the_head(self, store_with_history: Opened) -> None:
        tamper(
            store_with_history,
            "DELETE FROM ledger.entry WHERE arrival = 15",
            "DELETE FROM ledger.chain WHERE arrival = 15",
        )
        problem = found(store_with_history)
        assert (problem.subject, problem.what) == ("treatment/T1", "the stored head is not what the entries say")


class TestACutTail:
    CUT = (
        "DELETE FROM ledger.entry WHERE arrival > 7",
        "DELETE FROM ledger.chain WHERE arrival > 7",
        "DELETE FROM ledger.leaf WHERE position > 7",
        "DELETE FROM ledger.seal WHERE size > 7",
    )
    TRACES = (
        "DELETE FROM ledger.head",
        """INSERT INTO ledger.head SELECT DISTINCT ON (subject) subject, sequence, hash, recorded
           FROM ledger.chain JOIN ledger.entry USING (arrival) ORDER BY subject, sequence DESC""",
        "DELETE FROM ledger.claim WHERE entry NOT IN (SELECT hash FROM ledger.entry)",
        """INSERT INTO ledger.claim SELECT 'suite', 'A', '[2026-03-02 00:00Z, 2026-03-02 01:00Z)', hash
           FROM ledger.entry WHERE arrival = 2""",
    )

    def test_shows_by_the_heads(self, store_with_history: Opened) -> None:
        tamper(store_with_history, *self.CUT)
        assert found(store_with_history).what == "the stored head is not what the entries say"

    def test_with_all_its_traces_removed_shows_by_a_noted_root_only(self, store_with_history: Opened) -> None:
        checkpoint = noted(store_with_history)
        tamper(store_with_history, *self.CUT, *self.TRACES)
        with store_with_history.as_app() as app:
            assert isinstance(verify(app), Verified)
        problem = found(store_with_history, checkpoint)
        assert problem.what == "sealed entries are missing since the root was noted"
        assert (problem.expected, problem.found) == ("14", "7")

    def test_grown_again_with_other_entries_shows_by_a_noted_root_only(self, store_with_history: Opened) -> None:
        checkpoint = noted(store_with_history)
        tamper(store_with_history, *self.CUT, *self.TRACES, "UPDATE ledger.sealing SET low = 7, pending_bound = NULL")
        for n in range(20):
            note(store_with_history.ledger, f"treatment/other{n}")
        store_with_history.ledger.seal()
        with store_with_history.as_app() as app:
            assert isinstance(verify(app), Verified)
        assert found(store_with_history, checkpoint).what == ("the first 14 entries are not those whose root was noted")


def test_reordering_shows_by_the_sequence(store_with_history: Opened) -> None:
    tamper(
        store_with_history,
        "UPDATE ledger.leaf SET position = -1 WHERE position = 4",
        "UPDATE ledger.leaf SET position = 4 WHERE position = 6",
        "UPDATE ledger.leaf SET position = 6 WHERE position = -1",
    )
    problem = found(store_with_history)
    assert (problem.position, problem.subject) == (4, "treatment/T0")
    assert problem.what == "the sequence number does not follow"
    assert (problem.expected, problem.found) == ("2", "3")


def test_reordering_facts_about_different_subjects_shows_by_the_root(store_with_history: Opened) -> None:
    tamper(
        store_with_history,
        "UPDATE ledger.leaf SET position = -1 WHERE position = 6",
        "UPDATE ledger.leaf SET position = 6 WHERE position = 7",
        "UPDATE ledger.leaf SET position = 7 WHERE position = -1",
    )
    problem = found(store_with_history)
    assert (problem.position, problem.what) == (7, "the root of the seal of 7 entries is not theirs")


def test_backdating_shows_by_the_order_of_recording(store_with_history: Opened) -> None:
    rewrite(store_with_history, 6, lambda doc: doc.update(recorded="2020-01-01T00:00:00.000000Z"), onwards=True)
    problem = found(store_with_history)
    assert (problem.position, problem.subject) == (6, "treatment/T0")
    assert problem.what == "recorded before the entry that it follows"


def test_swapping_two_subjects_facts_shows(store_with_history: Opened) -> None:
    tamper(
        store_with_history,
        "UPDATE ledger.entry AS e SET content = o.content, hash = o.hash FROM ledger.entry AS o "
        "WHERE (e.arrival, o.arrival) IN ((6, 7), (7, 6))",
    )
    assert found(store_with_history).position == 7


def test_renaming_two_subjects_into_one_another_shows_by_the_chain(store_with_history: Opened) -> None:
    def swap(doc: Doc) -> None:
        doc["links"][0]["subject"] = "treatment/T1"

    rewrite(store_with_history, 6, swap, onwards=True)
    problem = found(store_with_history)
    assert (problem.position, problem.subject) == (6, "treatment/T1")
    assert problem.what == "the link is not to the entry before it"


@pytest.mark.parametrize(
    ("forgery", "subject", "what"),
    [
        ("UPDATE ledger.head SET sequence = 1 WHERE subject = 'treatment/T0'", "treatment/T0", "head"),
        ("UPDATE ledger.head SET hash = sha256('') WHERE subject = 'treatment/T0'", "treatment/T0", "head"),
        (
            "UPDATE ledger.head SET recorded = 'epoch' WHERE subject = 'treatment/T0'",
            "treatment/T0 head",
            "recorded time",
        ),
        ("DELETE FROM ledger.head WHERE subject = 'treatment/T0'", "treatment/T0", "head"),
        ("INSERT INTO ledger.head VALUES ('treatment/T7', 1, sha256(''), now())", "treatment/T7", "head"),
        ("DELETE FROM ledger.claim WHERE lower(during) = '2026-03-02 02:00Z'", "suite A 2026-03-02T02", "claim"),
        (
            "INSERT INTO ledger.claim SELECT 'suite', 'B', NULL, hash FROM ledger.entry WHERE arrival = 5",
            "suite B",
            "claim",
        ),
        ("UPDATE ledger.claim SET entry = sha256('') WHERE lower(during) = '2026-03-02 02:00Z'", "suite A", "claim"),
        ("UPDATE ledger.entry SET kind = 'x' WHERE arrival = 5", "kind", "column"),
        ("UPDATE ledger.entry SET actor = 'x' WHERE arrival = 5", "actor", "column"),
        ("UPDATE ledger.entry SET site = 'x' WHERE arrival = 5", "site", "column"),
        ("UPDATE ledger.entry SET command = 'x' WHERE arrival = 5", "command", "column"),
        ("UPDATE ledger.entry SET ordinal = 5 WHERE arrival = 5", "ordinal", "column"),
        ("UPDATE ledger.entry SET request = '' WHERE arrival = 5", "request", "column"),
        ("UPDATE ledger.entry SET occurred = 'epoch' WHERE arrival = 5", "occurred", "column"),
        ("UPDATE ledger.entry SET recorded = 'epoch' WHERE arrival = 5", "recorded", "column"),
        ("DELETE FROM ledger.chain WHERE arrival = 5", "container/C3 chain", "sequence"),
        ("UPDATE ledger.chain SET sequence = 70 WHERE arrival = 5", "container/C3 chain", "sequence"),
        ("UPDATE ledger.chain SET subject = 'a' WHERE arrival = 5 AND sequence = 1", "a chain", "sequence"),
        ("INSERT INTO ledger.chain VALUES ('treatment/T0', 99, 5)", "treatment/T0 chain", "sequence"),
        ("UPDATE ledger.identity SET simulated = true", "identity", "identity"),
        ("UPDATE ledger.seal SET root = sha256('') WHERE size = 7", "", "root of the seal of 7"),
        ("UPDATE ledger.seal SET frontier = '' WHERE size = 14", "seal", "frontier"),
        ("INSERT INTO ledger.seal VALUES (15, sha256(''), '', now())", "", "seal is not over"),
        ("UPDATE ledger.sealing SET low = 15", "sealing", "never see"),
    ],
)
def test_forging_what_is_kept_beside_the_entries_shows(
    store_with_history: Opened, forgery: str, subject: str, what: str
) -> None:
    tamper(store_with_history, forgery)
    problem = found(store_with_history)
    assert what in problem.what
    assert subject in (problem.subject or "")


def test_an_entry_slipped_in_past_the_append_function_shows(store_with_history: Opened) -> None:
    tamper(
        store_with_history,
        "INSERT INTO ledger.entry (content, hash, kind, actor, site, command, ordinal, request, occurred, recorded) "
        "SELECT content, hash, kind, actor, site, 'another', ordinal, request, occurred, recorded "
        "FROM ledger.entry WHERE arrival = 5",
    )
    problem = found(store_with_history)
    assert problem.position is None
    assert "not the next one of command" in problem.what


def test_a_claim_taken_twice_past_the_constraints_shows(store_with_history: Opened) -> None:
    ledger = store_with_history.ledger
    twice = [draft("treatment/T8", claims=[take("Q")]), draft("treatment/T8", claims=[take("R")])]
    ledger.append(twice, command=command(), after=ledger.about())
    ledger.seal()
    rewrite(store_with_history, 17, lambda doc: doc["claims"][0].update(key="Q"), onwards=True)
    problem = found(store_with_history)
    assert (problem.position, problem.subject, problem.what) == (17, "claim suite Q", "the claim was already taken")
