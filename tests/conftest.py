"""What tests share: a database server in memory for each test process, and what to do where a tool is missing."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg import sql

from yimai.wiring import compiled_code
from yimai.wiring.embedded_database import EmbeddedDatabase, start

hypothesis.settings.register_profile("shared machines", deadline=None)  # noisy ones: no test is timed
hypothesis.settings.load_profile("shared machines")

TEMPLATE = "yimai_template"
for _asked in ("REQUESTS_A_SECOND", "SIGN_INS_A_MINUTE", "SCANS_A_SECOND", "REST_A_SECOND", "UPLOADS_A_MINUTE"):
    os.environ.setdefault(f"YIMAI_{_asked}", "100000")  # tests ask faster than people; bounds have tests of their own
compiled_code.choose_folder()  # one for all test processes and the commands that they start: compiling takes a minute
TOGETHER: Final = ("tests/walks",)
"""Folders whose files share what is long in the making (a loaded plant, a walk through it): one process tests them all."""
LONGEST_FIRST: Final = (
    *("tests/journeys/test_whole_treatment.py", *TOGETHER, "tests/kills", "tests/wiring/test_command_line.py"),
    *("tests/wiring/test_bench_web.py", "tests/journeys", "tests/swaps", "tests/labels/test_read_back.py"),
    "tests/wiring/test_bench_ledger.py",
    *("tests/planning", "tests/wiring", "tests/plant", "tests/accounts/test_accounts_in_a_browser.py"),
)  # fmt: skip
"""What takes long goes first, so that no process is left alone with it at the end."""
DEBIANS_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a whole file to one process: what its tests share (a house, a browser) is then made once and not in each."""
    from xdist.scheduler import LoadScopeScheduling

    def together(nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)

    config.option.loadscopereorder = False  # by the number of tests; ours is by how long they take
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = together
    return scheduler


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((at for at, each in enumerate(LONGEST_FIRST) if each in item.nodeid), 99))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was collected, as the server lets it pass over its code: it lives to the end."""
    gc.collect()
    gc.freeze()


def missing_tool(name: str) -> NoReturn:
    """Skip the test, naming the tool; with YIMAI_TEST_ALL=1, as in .ci/run, fail it."""
    if os.environ.get("YIMAI_TEST_ALL") == "1":
        pytest.fail(f"{name} is missing, and YIMAI_TEST_ALL=1 asks for every test")
    pytest.skip(f"{name} is missing")


@contextmanager
def server_in_memory(binaries: Path | None = None) -> Iterator[EmbeddedDatabase]:
    """A server without fsync that lives as long as the block, in memory where the machine has a place for that."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="yimai-tests-", dir=memory if os.access(memory, os.W_OK) else None)
    try:
        database = start(Path(folder), durable=False, binaries=binaries)
        try:
            yield database
        finally:
            database.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def clone_of_template(server: EmbeddedDatabase) -> Iterator[str]:
    """The owner's URL of a new migrated database, dropped afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone():
            make_template(server, admin)
        copy_database(admin, TEMPLATE, name)
        try:
            yield server.url(database=name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy_database(admin: psycopg.Connection, template: str, name: str) -> None:
    """Its files as they are: by PostgreSQL's own choice each page would go through its log, which takes ten times as long."""
    wanted = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
    admin.execute(sql.SQL(wanted).format(sql.Identifier(name), sql.Identifier(template)))


def make_template(server: EmbeddedDatabase, admin: psycopg.Connection) -> None:
    from yimai.wiring.migrations import migrate

    unfinished = f"{TEMPLATE}_unfinished"
    for statement in ("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}"):
        admin.execute(sql.SQL(statement).format(sql.Identifier(unfinished)))
    migrate(server.url(database=unfinished))
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    admin.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(TEMPLATE)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedDatabase]:
    """The server that Yimai brings along."""
    with server_in_memory() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_15() -> Iterator[EmbeddedDatabase]:
    """The oldest PostgreSQL that is supported."""
    if not (DEBIANS_15 / "postgres").exists():
        missing_tool("PostgreSQL 15")
    with server_in_memory(DEBIANS_15) as server:
        yield server


@pytest.fixture
def fresh_database(postgres: EmbeddedDatabase) -> Iterator[str]:
    """The owner's URL of a new migrated database on the server that Yimai brings along."""
    with clone_of_template(postgres) as url:
        yield url


@pytest.fixture
def fresh_database_15(postgres_15: EmbeddedDatabase) -> Iterator[str]:
    """The owner's URL of a new migrated database on the oldest PostgreSQL that is supported."""
    with clone_of_template(postgres_15) as url:
        yield url


@pytest.fixture(params=["postgres", "postgres_15"])
def any_fresh_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same as `fresh_database`, once for each supported server: a test that asks for it runs on both."""
    with clone_of_template(request.getfixturevalue(request.param)) as url:
        yield url
