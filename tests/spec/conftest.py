"""What the specification's tests share: a founded plant on each kind of ledger, and the documents written from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.spec import document
from tests.spec.harness import SpecPlant, clone, founded_template, plant_in_memory, plant_on_postgres

from yimai.wiring.embedded_database import EmbeddedDatabase

DOCUMENTS = Path(__file__).parent.parent.parent / "docs"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("the specification").addoption(
        "--write-spec",
        nargs="?",
        const=str(DOCUMENTS),
        metavar="FOLDER",
        help="write spec.md and requirements.md from the tests that were collected (docs)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id, sentence): what the test holds, stated once for each id")


def pytest_collection_finish(session: pytest.Session) -> None:
    folder = session.config.getoption("--write-spec", default=None)
    if folder:
        (Path(folder) / "spec.md").write_text(document.spec_document(session.items), encoding="utf-8")
        (Path(folder) / "requirements.md").write_text(document.requirements_document(session.items), encoding="utf-8")


@pytest.fixture(scope="session")
def founded_database(request: pytest.FixtureRequest) -> str:
    """The name of a database of the test server in which the plant is founded already, to be cloned."""
    server: EmbeddedDatabase = request.getfixturevalue("postgres")
    return founded_template(server)


@pytest.fixture(params=["memory", "postgres"])
def plant(request: pytest.FixtureRequest) -> Iterator[SpecPlant]:
    """A founded plant at its medians, once on the ledger in memory and once on PostgreSQL.

    After a test on PostgreSQL the ledger verifies, and the projections rebuilt from it equal the ones that followed it.
    """
    if request.param == "memory":
        yield plant_in_memory()
        return
    server: EmbeddedDatabase = request.getfixturevalue("postgres")
    with clone(server, request.getfixturevalue("founded_database")) as url, plant_on_postgres(url) as opened:
        yield opened


@pytest.fixture
def memory_plant() -> SpecPlant:
    """A founded plant on the ledger in memory, for what only the rules decide."""
    return plant_in_memory()
