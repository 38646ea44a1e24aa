"""Many clients at once: what only one may have, one gets; chains stay whole; nobody waits for ever."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import pytest
from tests.store.opened import Opened, command, draft, note, opened, take

from yimai.ledger.entry import Claim, Reading
from yimai.ledger.ledger import ClaimTaken, Conflict, LedgerProblem
from yimai.ledger.verify import Verified
from yimai.store.verify import verify

CLIENTS = 64
Answer = TypeVar("Answer")


@pytest.fixture
def crowd(any_fresh_database: str) -> Iterator[Opened]:
    """A ledger with a connection for each of the clients."""
    with opened(any_fresh_database, clients=CLIENTS) as store:
        yield store


def at_once(clients: int, do: Callable[[int], Answer]) -> list[Answer | LedgerProblem]:
    """Do the same from so many threads that start together; a refusal is an answer too."""
    start = threading.Barrier(clients)

    def one(number: int) -> Answer | LedgerProblem:
        start.wait()
        try:
            return do(number)
        except LedgerProblem as problem:
            return problem

    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(one, range(clients)))


def assert_whole(store: Opened) -> None:
    store.ledger.seal()
    with store.as_app() as app:
        assert isinstance(verify(app), Verified)


@pytest.mark.parametrize("claim", [take("A"), take("A", 8, 12)])
def test_of_64_clients_exactly_one_gets_the_last_slot(crowd: Opened, claim: Claim) -> None:
    answers = at_once(CLIENTS, lambda n: note(crowd.ledger, f"treatment/T{n}", claims=[claim]))
    refused = [answer for answer in answers if isinstance(answer, ClaimTaken)]
    assert len(refused) == CLIENTS - 1
    assert_whole(crowd)


def test_of_ranges_that_overlap_in_a_row_no_two_neighbours_are_taken(crowd: Opened) -> None:
    answers = at_once(20, lambda n: note(crowd.ledger, f"treatment/T{n}", claims=[take("A", n, n + 2)]))
    winners = [n for n, answer in enumerate(answers) if not isinstance(answer, ClaimTaken)]
    assert all(later - earlier >= 2 for earlier, later in pairwise(winners))
    assert len(winners) >= 7
    assert_whole(crowd)


def test_of_64_clients_that_read_the_same_only_one_appends(crowd: Opened) -> None:
    reading = crowd.ledger.about("treatment/T1")
    answers = at_once(CLIENTS, lambda _: note(crowd.ledger, "treatment/T1", after=reading))
    assert sum(isinstance(answer, Conflict) for answer in answers) == CLIENTS - 1
    assert_whole(crowd)


def test_clients_that_read_again_all_get_their_turn_in_one_whole_chain(crowd: Opened) -> None:
    def until_done(number: int) -> int:
        for tries in range(1, 1000):
            try:
                note(crowd.ledger, "treatment/T1", f"container/C{number}")
            except Conflict:
                continue
            return tries
        raise AssertionError("never got its turn")

    at_once(16, until_done)
    chain = crowd.ledger.about("treatment/T1").entries["treatment/T1"]
    assert [link.sequence for entry in chain for link in entry.links if link.subject == "treatment/T1"] == list(
        range(1, 17)
    )
    assert_whole(crowd)


@pytest.mark.parametrize("existing", [True, False])
def test_two_that_each_read_what_the_other_advances_cannot_both_win(crowd: Opened, existing: bool) -> None:
    for round_ in range(20):
        one, other = f"suite/A{round_}", f"suite/B{round_}"
        if existing:
            note(crowd.ledger, one, other)
        reading = crowd.ledger.about(one, other)

        def advance(number: int, sides: tuple[str, str] = (one, other), reading: Reading = reading) -> object:
            return note(crowd.ledger, sides[number], after=reading)

        answers = at_once(2, advance)
        assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Entry"]
    assert_whole(crowd)


@pytest.mark.parametrize("existing", [True, False])
def test_readers_of_one_head_do_not_refuse_one_another(crowd: Opened, existing: bool) -> None:
    if existing:
        note(crowd.ledger, "suite/A")
    reading = crowd.ledger.about("suite/A")
    answers = at_once(16, lambda n: note(crowd.ledger, f"treatment/T{n}", after=reading))
    assert not [answer for answer in answers if isinstance(answer, LedgerProblem)]
    assert_whole(crowd)


def test_appends_on_subjects_in_any_order_never_deadlock(crowd: Opened) -> None:
    subjects = [f"suite/S{n}" for n in range(6)]

    def work(number: int) -> int:
        chance, done = random.Random(number), 0
        for _ in range(25):
            chosen = chance.sample(subjects, 4)
            keys = chance.sample("ABCDEF", 2)
            claims = [take(key, number * 100 + done, number * 100 + done + 1) for key in keys]
            reading = crowd.ledger.about(*chosen)
            try:
                wanted = [draft(*chosen[:2], claims=claims), draft(chosen[2])]
                crowd.ledger.append(wanted, command=command(), after=reading)
                done += 1
            except Conflict:
                continue
        return done

    answers = at_once(12, work)
    assert sum(answer for answer in answers if isinstance(answer, int)) > 12
    with crowd.as_owner() as owner:
        owner.execute("SELECT pg_stat_force_next_flush()")
        # the ledger tries again after a deadlock, so only the database's count tells
        deadlocks = owner.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert deadlocks.fetchone() == (0,)
    assert_whole(crowd)
