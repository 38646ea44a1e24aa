"""Options that write what these tests compare: ``pytest tests/architecture --write-documents --write-golden``."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    house = parser.getgroup("the written house")
    house.addoption(
        "--write-documents", action="store_true", help="bring the tables and the tree in the documents up to date"
    )
    house.addoption("--write-golden", action="store_true", help="add a golden file for each kind of fact that has none")


@pytest.fixture
def write_documents(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-documents", default=False))


@pytest.fixture
def write_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-golden", default=False))
