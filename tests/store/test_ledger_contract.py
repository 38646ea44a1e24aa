"""What every ledger promises, held against the one in memory and the ones in PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TypeVar

import pytest
from tests.store.opened import OCCURRED, command, draft, free, note, take

from yimai.ledger import merkle
from yimai.ledger.entry import NO_HASH, Claim, Head
from yimai.ledger.ledger import BadDraft, ClaimNotHeld, ClaimTaken, CommandReused, Conflict, Ledger
from yimai.ledger.verify import Verified, kept, verify

CLIENTS = 8
Answer = TypeVar("Answer")


def test_a_new_ledger_begins_with_a_fact_that_says_whether_it_is_simulated(ledger: Ledger) -> None:
    (position, opening), *others = ledger.entries()
    assert (position, others) == (None, [])
    assert (opening.kind, opening.data) == ("ledger.opened.v1", {"simulated": False})
    assert opening.subjects == (f"ledger/{ledger.id}",)
    assert ledger.simulated is False


def test_an_entry_says_who_where_when_and_what(ledger: Ledger) -> None:
    fact = draft("treatment/T1", note="交接", volume="65.5", count=3, missing=None, flags=[True, {"deep": "x"}])
    asked = command(body="x")
    before = ledger.about("treatment/T1")
    (entry,) = ledger.append([fact], command=asked, after=before)
    assert (entry.kind, entry.data, entry.subjects) == (fact.kind, fact.data, fact.subjects)
    assert (entry.actor, entry.site, entry.command, entry.request) == (asked.actor, asked.site, asked.id, asked.request)
    assert (entry.ordinal, entry.ledger) == (0, ledger.id)
    assert entry.occurred == OCCURRED
    assert entry.occurred.utcoffset() == timedelta(hours=8)
    assert entry.recorded == before.now
    assert ledger.about("treatment/T1").entries["treatment/T1"] == (entry,)


def test_in_each_subject_an_entry_has_the_next_number_and_names_the_hash_before_it(ledger: Ledger) -> None:
    first = note(ledger, "treatment/T1")
    second = note(ledger, "treatment/T1", "container/C1")
    assert [(link.subject, link.sequence, link.previous) for link in second.links] == [
        ("treatment/T1", 2, first.hash),
        ("container/C1", 1, NO_HASH),
    ]
    reading = ledger.about("treatment/T1", "container/C1", "suite/unknown")
    assert reading.heads == {
        "treatment/T1": Head(2, second.hash),
        "container/C1": Head(1, second.hash),
        "suite/unknown": Head(),
    }
    assert reading.entries == {"treatment/T1": (first, second), "container/C1": (second,), "suite/unknown": ()}


def test_one_command_may_write_many_facts_that_follow_one_another(ledger: Ledger) -> None:
    drafts = [draft("treatment/T1", n=n) for n in range(50)]
    entries = ledger.append(drafts, command=command(), after=ledger.about("treatment/T1"))
    assert [entry.ordinal for entry in entries] == list(range(50))
    assert [entry.links[0].sequence for entry in entries] == list(range(1, 51))
    assert all(later.links[0].previous == earlier.hash for earlier, later in pairwise(entries))


@pytest.mark.parametrize("subject", ['a"b', "a\\b", "{a,b}", "a'b", "NULL", "%s", "$1", '\\"'])
def test_a_subject_may_hold_any_visible_character(ledger: Ledger, subject: str) -> None:
    reading = ledger.about(subject, "treatment/T1")
    note(ledger, "treatment/T1", after=reading)
    first = note(ledger, subject, "suite/A", after=ledger.about(subject))
    note(ledger, "treatment/T1", after=ledger.about("treatment/T1", subject))
    assert ledger.about(subject).entries[subject] == (first,)


def test_recorded_time_never_goes_backwards_within_a_subject(ledger: Ledger) -> None:
    stale = ledger.about("treatment/T2")
    earlier = note(ledger, "treatment/T1")
    fresh = ledger.about("treatment/T1")
    clock_behind = replace(fresh, now=stale.now - timedelta(seconds=5))
    assert note(ledger, "treatment/T1", after=clock_behind).recorded == earlier.recorded


class TestConflicts:
    def test_a_subject_that_moved_since_it_was_read_refuses_the_append(self, ledger: Ledger) -> None:
        stale = ledger.about("treatment/T1")
        note(ledger, "treatment/T1")
        with pytest.raises(Conflict) as refused:
            note(ledger, "treatment/T1", after=stale)
        assert refused.value.subject == "treatment/T1"
        assert len(ledger.about("treatment/T1").entries["treatment/T1"]) == 1

    def test_so_does_one_that_was_only_read(self, ledger: Ledger) -> None:
        note(ledger, "suite/A")
        stale = ledger.about("treatment/T1", "suite/A")
        note(ledger, "suite/A")
        with pytest.raises(Conflict):
            note(ledger, "treatment/T1", after=stale)

    def test_so_does_one_that_was_read_while_it_did_not_exist(self, ledger: Ledger) -> None:
        stale = ledger.about("treatment/T1", "suite/A")
        note(ledger, "suite/A")
        with pytest.raises(Conflict):
            note(ledger, "treatment/T1", after=stale)

    def test_a_subject_that_was_not_read_is_taken_to_be_new(self, ledger: Ledger) -> None:
        note(ledger, "treatment/T1", after=ledger.about())
        with pytest.raises(Conflict):
            note(ledger, "treatment/T1", after=ledger.about())

    def test_reading_alone_does_not_move_a_subject(self, ledger: Ledger) -> None:
        suite = ledger.about("suite/A")
        note(ledger, "treatment/T1", after=suite)
        note(ledger, "treatment/T2", after=suite)
        assert note(ledger, "suite/A", after=suite).links[0].sequence == 1


class TestClaims:
    def test_what_is_taken_cannot_be_taken_again_until_it_is_freed(self, ledger: Ledger) -> None:
        note(ledger, "treatment/T1", claims=[take("A")])
        with pytest.raises(ClaimTaken) as refused:
            note(ledger, "treatment/T2", claims=[take("A")])
        assert refused.value.claim == take("A")
        note(ledger, "treatment/T1", claims=[free("A")])
        note(ledger, "treatment/T2", claims=[take("A")])

    @pytest.mark.parametrize(("first", "last"), [(8, 12), (9, 10), (7, 9), (11, 13), (0, 24)])
    def test_overlapping_ranges_cannot_both_be_taken(self, ledger: Ledger, first: int, last: int) -> None:
        note(ledger, "treatment/T1", claims=[take("A", 8, 12)])
        with pytest.raises(ClaimTaken) as refused:
            note(ledger, "treatment/T2", claims=[take("A", first, last)])
        assert refused.value.claim == take("A", first, last)

    def test_touching_ranges_and_other_keys_can(self, ledger: Ledger) -> None:
        for claim in (take("A", 8, 12), take("A", 12, 16), take("A", 4, 8), take("B", 8, 12), take("A")):
            note(ledger, "treatment/T1", claims=[claim])

    @pytest.mark.parametrize("claim", [free("A"), free("A", 8, 11), free("A", 8, 13), free("B", 8, 12)])
    def test_only_what_is_held_can_be_freed(self, ledger: Ledger, claim: Claim) -> None:
        note(ledger, "treatment/T1", claims=[take("A", 8, 12)])
        with pytest.raises(ClaimNotHeld) as refused:
            note(ledger, "treatment/T1", claims=[claim])
        assert refused.value.claim == claim

    def test_one_fact_may_move_a_claim(self, ledger: Ledger) -> None:
        note(ledger, "treatment/T1", claims=[take("A", 8, 12)])
        note(ledger, "treatment/T1", claims=[free("A", 8, 12), take("A", 10, 14)])
        with pytest.raises(ClaimTaken):
            note(ledger, "treatment/T1", claims=[take("A", 13, 15)])
        note(ledger, "treatment/T1", claims=[take("A", 8, 10)])

    def test_a_refused_claim_leaves_nothing_of_its_append(self, ledger: Ledger) -> None:
        note(ledger, "treatment/T1", claims=[take("C")])
        wanted = [draft("treatment/T2", claims=[take("A"), free("C")]), draft("treatment/T2", claims=[take("D", 1, 2)])]
        last = draft("treatment/T2", claims=[take("Z"), take("Z")])
        with pytest.raises(ClaimTaken):
            ledger.append([*wanted, last], command=command(), after=ledger.about())
        assert ledger.about("treatment/T2").entries["treatment/T2"] == ()
        ledger.append(wanted, command=command(), after=ledger.about())


class TestCommands:
    def test_a_repeat_is_answered_with_the_stored_entries_and_writes_nothing(self, ledger: Ledger) -> None:
        asked, reading = command(), ledger.about("treatment/T1")
        drafts = [draft("treatment/T1", claims=[take("A")]), draft("treatment/T1")]
        stored = ledger.append(drafts, command=asked, after=reading)
        assert ledger.append(drafts, command=asked, after=reading) == stored
        assert ledger.append([draft("treatment/T9", claims=[take("A")])], command=asked, after=reading) == stored
        assert ledger.append(drafts, command=asked, after=ledger.about("treatment/T1")) == stored
        assert ledger.answered(asked) == stored
        assert len(list(ledger.entries())) == 3

    def test_another_request_under_the_same_id_is_refused(self, ledger: Ledger) -> None:
        asked = command(body="one")
        ledger.append([draft("treatment/T1")], command=asked, after=ledger.about())
        other = command(asked.id, body="another")
        with pytest.raises(CommandReused):
            ledger.append([draft("treatment/T2")], command=other, after=ledger.about())
        with pytest.raises(CommandReused):
            ledger.answered(other)
        assert len(list(ledger.entries())) == 2

    def test_asking_at_once_tells_what_was_answered_and_what_there_is(self, ledger: Ledger) -> None:
        fresh = command()
        earlier, reading = ledger.asked(fresh, "treatment/T1", "treatment/T2")
        assert (earlier, reading.entries["treatment/T1"]) == (None, ())
        stored = ledger.append([draft("treatment/T1"), draft("container/C1")], command=fresh, after=reading)
        earlier, reading = ledger.asked(fresh, "treatment/T1", "treatment/T2")
        assert earlier == stored
        there = ledger.about("treatment/T1", "treatment/T2")
        assert (reading.heads, reading.entries) == (there.heads, there.entries)
        assert ledger.asked(fresh)[0] == stored
        with pytest.raises(CommandReused):
            ledger.asked(command(fresh.id, body="another"), "treatment/T1")

    def test_ids_are_the_actors_own(self, ledger: Ledger) -> None:
        asked = command()
        ledger.append([draft("treatment/T1")], command=asked, after=ledger.about())
        ledger.append([draft("treatment/T2")], command=replace(asked, actor="person/P2"), after=ledger.about())
        assert len(list(ledger.entries())) == 3

    def test_a_refusal_that_wrote_nothing_is_decided_afresh(self, ledger: Ledger) -> None:
        asked, stale = command(), ledger.about("treatment/T1")
        note(ledger, "treatment/T1")
        with pytest.raises(Conflict):
            ledger.append([draft("treatment/T1")], command=asked, after=stale)
        assert ledger.answered(asked) is None
        assert ledger.append([draft("treatment/T1")], command=asked, after=ledger.about("treatment/T1"))

    def test_simultaneous_repeats_write_once(self, ledger: Ledger) -> None:
        asked, reading = command(), ledger.about("treatment/T1")
        drafts = [draft("treatment/T1", claims=[take("A")]), draft("container/C1")]
        answers = at_once(lambda _: ledger.append(drafts, command=asked, after=reading))
        assert all(entries == answers[0] for entries in answers)
        assert len(list(ledger.entries())) == 3

    def test_so_do_simultaneous_repeats_that_chose_new_identifiers(self, ledger: Ledger) -> None:
        asked, reading = command(), ledger.about()
        answers = at_once(lambda n: ledger.append([draft(f"treatment/T{n}")], command=asked, after=reading))
        assert len({entries[0].hash for entries in answers}) == 1
        assert len(list(ledger.entries())) == 2


class TestBadDrafts:
    @pytest.mark.parametrize(
        ("value", "named"),
        [
            (1.5, "data.value"),
            ([{"x": 2**53}], "data.value[0].x"),
            ({"größe": 1}, "größe"),
            ("\ud800", "data.value"),
            ("a\0b", "data.value"),
            (b"bytes", "data.value"),
        ],
    )
    def test_what_canonical_form_cannot_hold_is_refused_by_name(
        self, ledger: Ledger, value: object, named: str
    ) -> None:
        with pytest.raises(BadDraft, match=r"test\.noted\.v1") as refused:
            ledger.append([draft("treatment/T1", value=value)], command=command(), after=ledger.about())  # type: ignore[arg-type]
        assert named in str(refused.value)
        assert len(list(ledger.entries())) == 1

    @pytest.mark.parametrize(
        "bad",
        [
            draft(),
            draft("treatment/T1", "treatment/T1"),
            draft(""),
            draft("with space"),
            draft("treatment/" + "x" * 200),
            draft("treatment/T1", kind=""),
            draft("treatment/T1", claims=[take("A", 8, 8)]),
            draft("treatment/T1", claims=[take("A", 9, 8)]),
            draft("treatment/T1", claims=[replace(take("A", 8, 9), ends=None)]),
            draft("treatment/T1", claims=[replace(take("A"), move="keep")]),  # type: ignore[arg-type]
            replace(draft("treatment/T1"), occurred=OCCURRED.replace(tzinfo=None)),
        ],
    )
    def test_so_are_missing_subjects_empty_ranges_and_times_without_zone(self, ledger: Ledger, bad: object) -> None:
        with pytest.raises(BadDraft):
            ledger.append([bad], command=command(), after=ledger.about())  # type: ignore[list-item]
        assert len(list(ledger.entries())) == 1

    def test_an_append_without_a_draft_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(BadDraft):
            ledger.append([], command=command(), after=ledger.about())


class TestSealing:
    def test_sealing_gives_positions_without_gaps_and_the_root_over_all_entries(self, ledger: Ledger) -> None:
        for n in range(5):
            note(ledger, f"treatment/T{n}")
        first = ledger.seal()
        note(ledger, "treatment/T0")
        second = ledger.seal()
        assert first is not None
        assert second is not None
        sealed = ledger.sealed()
        assert [position for position, _ in sealed] == [1, 2, 3, 4, 5, 6, 7]
        hashes = [entry.hash for _, entry in sealed]
        assert (first.size, first.root) == (6, merkle.root(hashes[:6]))
        assert (second.size, second.root, second.ledger) == (7, merkle.root(hashes), ledger.id)
        assert ledger.checkpoint() == second
        assert ledger.checkpoint(6) == first
        assert ledger.checkpoint(5) is None

    def test_with_nothing_to_seal_there_is_no_new_checkpoint(self, ledger: Ledger) -> None:
        assert ledger.checkpoint() is None
        first = ledger.seal()
        assert ledger.seal() is None
        assert ledger.checkpoint() == first

    def test_sealed_entries_are_read_in_pages(self, ledger: Ledger) -> None:
        for n in range(9):
            note(ledger, f"treatment/T{n}")
        ledger.seal()
        pages = [[position for position, _ in ledger.sealed(after, 4)] for after in (0, 4, 8, 10)]
        assert pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10], []]

    def test_entries_come_sealed_first_then_those_without_position(self, ledger: Ledger) -> None:
        first = note(ledger, "treatment/T1")
        ledger.seal()
        second = note(ledger, "treatment/T1")
        assert [(position, entry.hash) for position, entry in ledger.entries()][1:] == [
            (2, first.hash),
            (None, second.hash),
        ]


def test_what_was_appended_verifies(ledger: Ledger) -> None:
    for n in range(20):
        note(ledger, f"treatment/T{n % 3}", f"container/C{n}", claims=[take("A", n, n + 1)])
    checkpoint = ledger.seal()
    assert checkpoint is not None
    note(ledger, "treatment/T0", claims=[free("A", 3, 4)])
    outcome = verify(kept(ledger.entries()), checkpoints=[checkpoint], noted=checkpoint)
    assert outcome == Verified(ledger.id, 22, 21, checkpoint.root)


def test_random_bytes_are_as_many_as_asked_for(ledger: Ledger) -> None:
    assert [len(ledger.random(length)) for length in (0, 1, 32)] == [0, 1, 32]


def at_once(do: Callable[[int], Answer]) -> list[Answer]:
    """Do the same from several threads that start together."""
    start = threading.Barrier(CLIENTS)

    def one(number: int) -> Answer:
        start.wait()
        return do(number)

    with ThreadPoolExecutor(CLIENTS) as threads:
        return list(threads.map(one, range(CLIENTS)))
