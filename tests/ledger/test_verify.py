"""``verify`` on entries alone, as an inspector has them who trusts no server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from yimai.ledger.codec import leaf_hash
from yimai.ledger.entry import Checkpoint, Claim, Command, Draft, Head
from yimai.ledger.memory import MemoryLedger
from yimai.ledger.verify import FirstProblem, Kept, Verified, kept, verify

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def ledger() -> MemoryLedger:
    """Entries 2 to 9 are about treatment 1 and one container each; 8 are sealed; entry n claims hour n of suite A."""
    ticks = iter(range(10_000))
    ledger = MemoryLedger(
        ledger_id="L1", clock=lambda: START + timedelta(seconds=next(ticks)), chance=lambda length: bytes(length)
    )
    for n in range(2, 10):
        if n == 9:
            ledger.seal()
        claim = Claim("suite", "A", "take", START + timedelta(hours=n), START + timedelta(hours=n + 1))
        draft = Draft("test.noted.v1", {"n": n}, ("treatment/T1", f"container/C{n}"), START, (claim,))
        command = Command(f"c{n}", "person/P1", "site/S1", bytes(32))
        ledger.append([draft], command=command, after=ledger.about("treatment/T1"))
    return ledger


def entries(ledger: MemoryLedger) -> list[Kept]:
    return list(kept(ledger.entries()))


def edited(entry: Kept, old: bytes, new: bytes) -> Kept:
    content = entry.content.replace(old, new)
    assert content != entry.content
    return entry._replace(content=content, hash=leaf_hash(content))


def checkpoint(ledger: MemoryLedger) -> Checkpoint:
    found = ledger.checkpoint()
    assert found is not None
    return found


def test_an_honest_ledger_verifies(ledger: MemoryLedger) -> None:
    noted = checkpoint(ledger)
    outcome = verify(entries(ledger), checkpoints=[noted], noted=noted)
    assert outcome == Verified("L1", 9, 8, noted.root)


def test_entries_without_any_root_verify_too(ledger: MemoryLedger) -> None:
    assert isinstance(verify(entries(ledger)), Verified)


@pytest.mark.parametrize(
    ("at", "old", "new", "what"),
    [
        (4, b'"n":5', b'"n":6', "link is not to the entry before it"),
        (0, b"ledger.opened.v1", b"ledger.joined.v1", "does not begin with its opening"),
        (4, b"test.noted.v1", b"ledger.opened.v1", "opened a second time"),
        (4, b'"ledger":"L1"', b'"ledger":"L2"', "another ledger"),
        (4, b'"ordinal":0', b'"ordinal":1', "not the next one of command"),
        (4, b'"command":"c5"', b'"command":"c4"', "not the next one of command"),
        (4, b'"sequence":4', b'"sequence":5', "sequence number does not follow"),
        (4, b"container/C5", b"container/C4", "sequence number does not follow"),
        (4, b'"recorded":"2026', b'"recorded":"2025', "recorded before"),
        (4, b"2026-03-01T06:00:00.000000Z", b"2026-03-01T04:30:00.000000Z", "claimed range is empty"),
        (4, b'"starts":"2026-03-01T05:00', b'"starts":"2026-03-01T04:30', "already taken"),
        (4, b'"move":"take"', b'"move":"free"', "not held"),
        (4, b'"n":5', b'"n":5.5', "float"),
        (4, b'"n":5', b'"n": 5', "canonical form"),
        (4, b'"v":1', b'"v":2', "not an entry"),
        (4, b'"site":"site/S1",', b"", "not an entry"),
    ],
)
def test_an_edit_that_put_its_own_hash_right_is_named(
    ledger: MemoryLedger, at: int, old: bytes, new: bytes, what: str
) -> None:
    changed = entries(ledger)
    changed[at] = edited(changed[at], old, new)
    problem = verify(changed)
    assert isinstance(problem, FirstProblem)
    assert what in problem.what
    assert problem.position == (at + 2 if "link" in what else at + 1)
    assert str(problem).startswith(f"entry {problem.position}")


def test_a_hash_that_is_not_the_contents_is_named(ledger: MemoryLedger) -> None:
    changed = entries(ledger)
    changed[3] = changed[3]._replace(hash=bytes(32))
    problem = verify(changed)
    assert isinstance(problem, FirstProblem)
    assert (problem.position, problem.found) == (4, "00" * 32)


def test_a_missing_and_a_doubled_entry_are_named(ledger: MemoryLedger) -> None:
    whole = entries(ledger)
    for changed, position in ((whole[:3] + whole[4:], 5), (whole[:4] + whole[3:], 4)):
        problem = verify(changed)
        assert isinstance(problem, FirstProblem)
        assert problem.position == position


def test_a_cut_tail_shows_against_a_noted_root_only(ledger: MemoryLedger) -> None:
    cut = entries(ledger)[:6]
    assert isinstance(verify(cut), Verified)
    problem = verify(cut, noted=checkpoint(ledger))
    assert isinstance(problem, FirstProblem)
    assert (problem.what, problem.expected, problem.found) == (
        "sealed entries are missing since the root was noted",
        "8",
        "6",
    )


def test_another_ledgers_root_does_not_fit(ledger: MemoryLedger) -> None:
    real = checkpoint(ledger)
    for noted in (Checkpoint("L2", real.size, real.root, real.sealed), Checkpoint("L1", 8, bytes(32), real.sealed)):
        assert isinstance(verify(entries(ledger), noted=noted), FirstProblem)


def test_false_heads_and_claims_beside_the_entries_are_named(ledger: MemoryLedger) -> None:
    reading = ledger.about("treatment/T1", "ledger/L1", *(f"container/C{n}" for n in range(2, 10)))
    assert isinstance(verify(entries(ledger), heads=reading.heads), Verified)
    for heads in (
        {**reading.heads, "treatment/T1": Head(1, bytes(32))},
        {**reading.heads, "suite/A": Head(1, bytes(32))},
    ):
        problem = verify(entries(ledger), heads=heads)
        assert isinstance(problem, FirstProblem)
        assert problem.subject in {"treatment/T1", "suite/A"}
    assert isinstance(verify(entries(ledger), claims={}), FirstProblem)
