"""Whatever is asked of them, in whatever order, the ledger in memory and the one in PostgreSQL answer the same."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.conftest import clone_of_template
from tests.store.opened import draft, free, take

from yimai.ledger.entry import Command, Draft, Entry, Reading
from yimai.ledger.ledger import Ledger, LedgerProblem
from yimai.ledger.memory import MemoryLedger
from yimai.store.postgres_ledger import PostgresLedger
from yimai.wiring.embedded_database import EmbeddedDatabase

ID = "9b2f0c52-0000-4000-8000-000000000001"
SUBJECTS = ["treatment/T1", "treatment/T2", "suite/A", "suite/B"]

subjects = st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=3, unique=True).map(tuple)
ranges = st.none() | st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda at: (at[0], at[0] + at[1]))
claims = st.builds(
    lambda move, key, during: move(key, *(during or ())),
    st.sampled_from([take, take, free]),
    st.sampled_from("AB"),
    ranges,
)
drafts = st.lists(
    st.builds(lambda about, claimed: draft(*about, claims=claimed), subjects, st.lists(claims, max_size=2)),
    min_size=1,
    max_size=3,
)
steps = st.lists(
    st.tuples(
        drafts,
        st.lists(st.sampled_from(SUBJECTS), max_size=4, unique=True),
        st.integers(0, 2),
        st.integers(0, 12),
        st.integers(0, 1),
        st.booleans(),
    ),
    max_size=15,
)


def ticking() -> Callable[[], datetime]:
    """A clock of which every reading is one second later."""
    seconds = iter(range(10**6))
    return lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=next(seconds))


def answers(ledger: Ledger, plan: list[tuple[list[Draft], list[str], int, int, int, bool]]) -> list[object]:
    """Each step reads, appends after this reading or one that is up to two steps older, and sometimes seals."""
    given: list[object] = []
    readings: list[Reading] = []
    for wanted, read, age, number, body, seal in plan:
        named = {subject for one in wanted for subject in one.subjects}
        readings.append(ledger.about(*sorted(named | set(read))))
        command = Command(f"c{number}", "person/P1", "site/S1", bytes([body]) * 32)
        older = readings[max(0, len(readings) - 1 - age)]
        after = replace(older, now=readings[-1].now)
        try:
            given.append([entry.content for entry in ledger.append(wanted, command=command, after=after)])
        except LedgerProblem as problem:
            given.append((type(problem), str(problem)))
        if seal and (checkpoint := ledger.seal()):
            given.append((checkpoint.size, checkpoint.root))
    stored: list[tuple[int | None, Entry]] = list(ledger.entries())
    return [*given, stored, ledger.about(*SUBJECTS).heads]


@pytest.fixture(scope="module")
def server(postgres: EmbeddedDatabase) -> EmbeddedDatabase:
    return postgres


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=steps)
def test_memory_and_postgresql_answer_the_same(
    server: EmbeddedDatabase, plan: list[tuple[list[Draft], list[str], int, int, int, bool]]
) -> None:
    chance = random.Random(1).randbytes
    memory = MemoryLedger(ledger_id=ID, clock=ticking(), chance=chance, simulated=True)
    with clone_of_template(server) as url:
        app, sealer = (make_conninfo(url, user=role) for role in ("yimai_app", "yimai_sealer"))
        with (
            ConnectionPool(app, min_size=1, kwargs={"autocommit": True}, open=True) as pool,
            ConnectionPool(sealer, min_size=1, kwargs={"autocommit": True}, open=True) as sealer_pool,
        ):
            stored = PostgresLedger.open(
                pool, ledger_id=ID, simulated=True, clock=ticking(), chance=os.urandom, sealer_pool=sealer_pool
            )
            assert answers(stored, plan) == answers(memory, plan)
