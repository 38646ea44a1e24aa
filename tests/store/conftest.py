"""Opened ledgers on each kind of store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.conftest import clone_of_template
from tests.store.opened import Opened, opened
from tests.store.screens import Kept, kept_house

from yimai.ledger.ledger import Ledger
from yimai.ledger.memory import MemoryLedger


@pytest.fixture(params=["memory", "postgres", "postgres_15"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An open ledger of each kind."""
    if request.param == "memory":
        yield MemoryLedger(
            ledger_id="9b2f0c52-0000-4000-8000-000000000001",
            clock=lambda: datetime.now(UTC),
            chance=os.urandom,
            simulated=False,
        )
        return
    with clone_of_template(request.getfixturevalue(request.param)) as url, opened(url) as store:
        yield store.ledger


@pytest.fixture
def store(fresh_database: str) -> Iterator[Opened]:
    """A ledger and its vault on the server that Yimai brings along."""
    with opened(fresh_database) as store:
        yield store


@pytest.fixture
def any_store(any_fresh_database: str) -> Iterator[Opened]:
    """The same, once for each supported server."""
    with opened(any_fresh_database) as store:
        yield store


@pytest.fixture(scope="module", params=["postgres", "postgres_15"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    """One house on each supported server for all tests of a module that change nothing."""
    with clone_of_template(request.getfixturevalue(request.param)) as url, kept_house(url) as house:
        yield house
