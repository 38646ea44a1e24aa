"""What the database lets each role do: the application reads the ledger and appends to it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.conftest import clone_of_template
from tests.store.opened import Opened, note, opened

DENIED = psycopg.errors.InsufficientPrivilege
TABLES = ["identity", "entry", "chain", "head", "claim", "leaf", "seal", "sealing"]


@pytest.fixture(scope="module", params=["postgres", "postgres_15"])
def kept(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """One ledger on each supported server for all of these tests: they change nothing."""
    with clone_of_template(request.getfixturevalue(request.param)) as url, opened(url) as store:
        note(store.ledger, "treatment/T1")
        store.ledger.seal()
        yield store


@pytest.mark.parametrize("table", TABLES)
class TestTheApplication:
    def test_may_read(self, kept: Opened, table: str) -> None:
        with kept.as_app() as app:
            app.execute(f"SELECT * FROM ledger.{table}")

    def test_may_not_insert(self, kept: Opened, table: str) -> None:
        with kept.as_app() as app, pytest.raises(DENIED):
            app.execute(f"INSERT INTO ledger.{table} OVERRIDING SYSTEM VALUE SELECT * FROM ledger.{table}")

    def test_may_not_update(self, kept: Opened, table: str) -> None:
        column = {"entry": "kind = 'x'", "chain": "sequence = 9", "head": "sequence = 9", "claim": "key = 'x'"}
        change = column.get(table) or {"leaf": "position = 9", "seal": "size = 9", "sealing": "low = 9"}.get(table)
        with kept.as_app() as app, pytest.raises(DENIED):
            app.execute(f"UPDATE ledger.{table} SET {change or 'simulated = true'}")

    def test_may_not_delete(self, kept: Opened, table: str) -> None:
        with kept.as_app() as app, pytest.raises(DENIED):
            app.execute(f"DELETE FROM ledger.{table}")

    def test_may_not_truncate(self, kept: Opened, table: str) -> None:
        with kept.as_app() as app, pytest.raises(DENIED):
            app.execute(f"TRUNCATE ledger.{table}")

    def test_may_not_disable_a_trigger(self, kept: Opened, table: str) -> None:
        with kept.as_app() as app, pytest.raises(DENIED):
            app.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL")

    def test_may_not_drop(self, kept: Opened, table: str) -> None:
        with kept.as_app() as app, pytest.raises(DENIED):
            app.execute(f"DROP TABLE ledger.{table}")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ledger.advance('treatment/T1', 1, '', 2, '', now())",
        "SELECT ledger.hold('treatment/T1', 1, '')",
        "SELECT ledger.apply_claims(ARRAY[]::jsonb[], ARRAY[]::bytea[])",
        "SELECT ledger.identify('{}')",
        "SELECT * FROM ledger.unsealed(10)",
        "SELECT ledger.seal(ARRAY[1], 3, '', '', now())",
        "SELECT nextval('ledger.entry_arrival_seq')",
        "SELECT setval('ledger.entry_arrival_seq', 1)",
        "CREATE TABLE ledger.other ()",
        "CREATE OR REPLACE FUNCTION ledger.hold(text, bigint, bytea) RETURNS void LANGUAGE sql AS ''",
        "DROP FUNCTION ledger.append",
        "DROP TRIGGER append_only ON ledger.entry",
        "SET session_replication_role = replica",
        "SET ROLE yimai_owner",
        "CREATE SCHEMA other",
        "DROP SCHEMA projection",
    ],
)
def test_the_application_may_not_go_round_the_append_function(kept: Opened, statement: str) -> None:
    with kept.as_app() as app, pytest.raises(DENIED):
        app.execute(statement)


def test_the_application_cannot_grant_itself_more(kept: Opened) -> None:
    with kept.as_app() as app:
        app.execute("GRANT INSERT ON ledger.head TO yimai_app")  # only a warning in PostgreSQL
        with pytest.raises(DENIED):
            app.execute("INSERT INTO ledger.head VALUES ('x', 0, '', NULL)")


def test_the_application_keeps_projections_that_the_owner_created(kept: Opened) -> None:
    with kept.as_owner() as owner:
        owner.execute("SET ROLE yimai_owner")
        owner.execute("CREATE TABLE projection.board (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    with kept.as_app() as app:
        app.execute("INSERT INTO projection.board (name) VALUES ('a')")
        app.execute("UPDATE projection.board SET name = 'b'")
        assert app.execute("SELECT name FROM projection.board").fetchall() == [("b",)]
        app.execute("TRUNCATE projection.board")


class TestTheSealer:
    @pytest.mark.parametrize("table", TABLES)
    def test_may_write_no_table_itself(self, kept: Opened, table: str) -> None:
        with kept.as_sealer() as sealer, pytest.raises(DENIED):
            sealer.execute(f"DELETE FROM ledger.{table}")

    def test_may_not_append(self, kept: Opened) -> None:
        with kept.as_sealer() as sealer, pytest.raises(DENIED):
            sealer.execute(
                "SELECT ledger.append(ARRAY[]::bytea[], ARRAY[]::text[], ARRAY[]::bigint[], ARRAY[]::bytea[])"
            )

    def test_may_not_look_into_the_vault(self, kept: Opened) -> None:
        with kept.as_sealer() as sealer, pytest.raises(DENIED):
            sealer.execute("SELECT * FROM vault.person")

    @pytest.mark.parametrize(
        ("arrivals", "size"), [("ARRAY[1]", 3), ("ARRAY[99]", 3), ("ARRAY[]::bigint[]", 2), ("ARRAY[2, 2]", 4)]
    )
    def test_may_not_seal_twice_nor_what_is_not_there(self, kept: Opened, arrivals: str, size: int) -> None:
        frontier = "decode(repeat('00', 32 * bit_count(%s::bigint::bit(64))::int), 'hex')"
        with kept.as_sealer() as sealer, pytest.raises(psycopg.Error) as refused:
            sealer.execute(
                f"SELECT ledger.seal({arrivals}, %s, decode(repeat('00', 32), 'hex'), {frontier}, now())", (size, size)
            )
        assert refused.value.sqlstate in {"YM006", "23505"}

    def test_may_not_leave_out_positions(self, kept: Opened) -> None:
        with kept.as_sealer() as sealer, pytest.raises(psycopg.Error, match="does not follow") as refused:
            sealer.execute("SELECT ledger.seal(ARRAY[3], 4, decode(repeat('00', 32), 'hex'), '', now())")
        assert refused.value.sqlstate == "YM006"


@pytest.mark.parametrize("table", ["identity", "entry", "chain", "leaf", "seal"])
@pytest.mark.parametrize("statement", ["UPDATE ledger.{} SET {}", "DELETE FROM ledger.{}", "TRUNCATE ledger.{}"])
def test_even_the_owner_is_stopped_by_a_trigger_at_first(store: Opened, table: str, statement: str) -> None:
    change = {"identity": "id = ''", "entry": "kind = ''", "chain": "sequence = 0", "leaf": "position = 0"}
    with store.as_owner() as owner, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        owner.execute(statement.format(table, change.get(table, "size = 0")))


def test_nobody_else_may_even_look(kept: Opened) -> None:
    with kept.as_owner() as owner:
        owner.execute("DO $$ BEGIN CREATE ROLE somebody; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        owner.execute("SET ROLE somebody")
        for schema, table in (("ledger", "entry"), ("vault", "record")):
            with pytest.raises(DENIED):
                owner.execute(f"SELECT * FROM {schema}.{table}")
