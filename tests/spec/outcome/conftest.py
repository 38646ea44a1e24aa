"""The treatment that these tests follow, on each kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.spec.disposition.course import Course, course_on_postgres


@pytest.fixture(params=["memory", "postgres"])
def course(request: pytest.FixtureRequest) -> Iterator[Course]:
    if request.param == "memory":
        yield Course()
        return
    with course_on_postgres(request.getfixturevalue("fresh_database")) as opened:
        yield opened
