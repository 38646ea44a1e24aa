"""Bringing a database to the current form: again and again, by an owner without superuser's rights, by several at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import psycopg
import pytest
from tests.conftest import DEBIANS_15, missing_tool, server_in_memory

from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.migrations import ACCOUNTS, APP, LIVE, SCREEN, SEALER, MigrationProblem, migrate


@contextmanager
def foreign_server(version: str) -> Iterator[EmbeddedDatabase]:
    """A server that knows none of our roles: its superuser is called ``admin``."""
    if version == "15" and not (DEBIANS_15 / "postgres").exists():
        missing_tool("PostgreSQL 15")
    with server_in_memory(DEBIANS_15 if version == "15" else None) as server:
        with psycopg.connect(server.url(database="postgres"), autocommit=True) as owner:
            owner.execute("CREATE ROLE admin SUPERUSER LOGIN")
        with psycopg.connect(server.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute("ALTER ROLE yimai_owner RENAME TO first_superuser")
        yield server


@pytest.mark.parametrize("version", ["brought along", "15"])
def test_an_owner_who_may_create_roles_needs_no_superuser(version: str) -> None:
    with foreign_server(version) as server:
        with psycopg.connect(server.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute("CREATE ROLE city LOGIN CREATEROLE")
            admin.execute("CREATE DATABASE city OWNER city")
        migrate(server.url("city", "city"))
        migrate(server.url("city", "city"))
        with psycopg.connect(server.url("yimai_app", "city")) as app:
            assert app.execute("SELECT count(*) FROM ledger.entry").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("INSERT INTO ledger.head VALUES ('x', 0, '', NULL)")
        for role in (APP, SEALER, ACCOUNTS, SCREEN, LIVE):  # the owner's URL, its role lowered: no logins of their own
            with psycopg.connect(server.url("city", "city"), options=f"-c role={role}") as lowered:
                assert lowered.execute("SELECT current_user").fetchone() == (role,)
        with psycopg.connect(server.url("city", "city")) as city:
            owners = city.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('ledger', 'vault')")
            assert owners.fetchall() == [("yimai_owner",)]


def test_databases_of_one_server_may_be_migrated_at_once() -> None:
    with foreign_server("brought along") as server:
        names = [f"site{number}" for number in range(4)]
        with psycopg.connect(server.url("admin", "postgres"), autocommit=True) as admin:
            for name in names:
                admin.execute(f"CREATE DATABASE {name}")
        with ProcessPoolExecutor(len(names), mp_context=get_context("spawn")) as processes:
            list(processes.map(migrate, [server.url("admin", name) for name in [*names, names[0]]]))
        for name in names:
            with psycopg.connect(server.url("yimai_app", name)) as app:
                app.execute("SELECT * FROM ledger.entry")


def test_an_owner_who_may_not_prepare_the_database_is_told_what_is_needed() -> None:
    with foreign_server("brought along") as server:
        with psycopg.connect(server.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute("CREATE ROLE city LOGIN")
            admin.execute("CREATE DATABASE city OWNER city")
        with pytest.raises(MigrationProblem, match="CREATEROLE"):
            migrate(server.url("city", "city"))
