"""The production floor that these tests work on, on each kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.spec.batch.floor import Floor, floor_on_postgres


@pytest.fixture(params=["memory", "postgres"])
def floor(request: pytest.FixtureRequest) -> Iterator[Floor]:
    if request.param == "memory":
        yield Floor()
        return
    with floor_on_postgres(request.getfixturevalue("fresh_database")) as opened:
        yield opened
