"""A story on PostgreSQL that every projection follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg_pool import ConnectionPool
from tests.projections.following import begin, followed
from tests.projections.story import Story


@pytest.fixture
def pool(fresh_database: str) -> Iterator[ConnectionPool[Any]]:
    with followed(fresh_database) as opened:
        yield opened


@pytest.fixture
def story(pool: ConnectionPool[Any]) -> Story:
    return begin(pool)
