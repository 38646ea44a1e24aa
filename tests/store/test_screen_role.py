"""The role that pages read with, its pool and the vault as it sees it: nothing written, nothing carried over, no detour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.architecture.sources import modules
from tests.projections.story import HOSPITAL
from tests.store.screens import (
    ADMINISTRATOR,
    CITY,
    COURIER,
    DENIED,
    HUANGPU,
    LINGANG,
    NOWHERE,
    NURSE,
    OF_TREATMENTS,
    OPERATOR,
    OTHER_COURIER,
    OTHER_NURSE,
    PLANNER,
    QA,
    QA_AT_HOSPITAL,
    QA_OF_OTHER_BASE,
    SHOWN,
    Kept,
    count,
    owned,
    screen_role,
)
from tests.windows import opened_window

from yimai.interfaces.web import window
from yimai.projections import audience, treatment_board
from yimai.store.vault import VaultProblem


class TestTheVault:
    @pytest.mark.parametrize(
        ("name", "readers"),
        [
            ("patient", {"NURS-1", "INSP-1", "INSP-2"}),
            ("consent", {"NURS-1", "INSP-1", "INSP-2"}),
            ("deviation/D1/report", {"OPER-1", "QA-1", "QA-8", "INSP-1", "INSP-2", "INSP-3"}),
            ("risk_evaluation/B1", {"QA-1", "QA-8", "INSP-1", "INSP-2", "INSP-3"}),
            ("logger/S1", {"NURS-1", "OPER-1", "QA-1", "QA-8", "INSP-1", "INSP-2", "INSP-3"}),
            ("unheard_of", set[str]()),
        ],
    )
    def test_opens_a_treatment_s_records_to_those_whose_work_needs_them(
        self, kept: Kept, name: str, readers: set[str]
    ) -> None:
        everybody = (
            NURSE, OTHER_NURSE, OPERATOR, QA, COURIER, OTHER_COURIER, PLANNER, ADMINISTRATOR, CITY, HUANGPU, LINGANG,
            NOWHERE, QA_OF_OTHER_BASE, QA_AT_HOSPITAL, None,
        )  # fmt: skip
        could = set()
        for who in everybody:
            with window.vault_reading(who) as vault:
                try:
                    assert vault.read(kept.mine.coi, name) == f"{kept.mine.coi} {name}".encode()
                    could.add(who.person if who else "nobody")
                except VaultProblem:
                    continue
        assert could == readers

    def test_tells_printed_names_to_all_who_are_signed_in(self, kept: Kept) -> None:
        for who in (OTHER_NURSE, COURIER, PLANNER, ADMINISTRATOR):
            with window.vault_reading(who) as vault:
                assert vault.newest(["NURS-1", "NURS-2", kept.mine.coi], "printed_name") == {
                    "NURS-1": "护士一".encode()
                }
        with window.vault_reading(None) as vault:
            assert vault.newest(["NURS-1"], "printed_name") == {}

    def test_knows_every_name_under_which_actions_keep_something(self) -> None:
        texts = [module.text for module in modules() if module.name.startswith("yimai.actions")]
        kept_names = {name for text in texts for name in re.findall(r'Deposit\(\s*\w+,\s*f?"([a-z_]+)', text)}
        assert kept_names <= {*audience.VAULT, audience.PRINTED_NAME}, "say in projections/audience.py who may read it"
        assert {"patient", "printed_name", "deviation"} <= kept_names


class TestThePool:
    def test_carries_nothing_from_one_request_to_the_next(self, kept: Kept) -> None:
        with window.reading(NURSE) as cursor:
            assert treatment_board.row(cursor, kept.mine.coi) is not None
        with kept.screen.connection() as connection, connection.cursor() as cursor:  # the very same connection
            for name in ("person", "site", "roles", "district"):
                row = cursor.execute("SELECT current_setting(%s, true)", (f"yimai.{name}",)).fetchone()
                assert row in ((None,), ("",))
            assert treatment_board.row(cursor, kept.mine.coi) is None
        with window.reading(None) as cursor:
            assert treatment_board.row(cursor, kept.mine.coi) is None
        with window.reading(OTHER_NURSE) as cursor:
            assert treatment_board.row(cursor, kept.mine.coi) is None

    def test_carries_nothing_even_after_a_failure_or_a_setting_for_the_whole_session(self, kept: Kept) -> None:
        with pytest.raises(psycopg.errors.DivisionByZero), window.reading(NURSE) as cursor:
            cursor.execute("SELECT 1/0")
        with kept.screen.connection() as connection:
            connection.execute("SELECT set_config('yimai.person', 'NURS-1', false)")
            connection.execute("SELECT set_config('yimai.site', %s, false)", (HOSPITAL,))
            connection.execute("SELECT set_config('yimai.roles', 'nurse', false)")
        try:
            with window.reading(None) as cursor:
                assert treatment_board.row(cursor, kept.mine.coi) is None
        finally:
            with kept.screen.connection() as connection:
                connection.execute("RESET ALL")

    def test_of_a_role_that_row_security_does_not_bind_is_refused(self, kept: Kept) -> None:
        with owners_window(kept.url) as refused, pytest.raises(RuntimeError, match="row security"), refused:
            pass


@contextmanager
def owners_window(url: str) -> Iterator[Any]:
    """The window on another pool, for as long as the block runs."""
    with (
        ConnectionPool(url, min_size=1, max_size=1, kwargs={"autocommit": True}) as pool,
        opened_window(pool, lambda: datetime.now(UTC)),
    ):
        yield window.reading(NURSE)


class TestTheScreensRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}",
            "DELETE FROM {}",
            "TRUNCATE {}",
            "SELECT * FROM {} FOR UPDATE",
        ],
    )
    def test_writes_nothing_and_holds_nobody_up(self, kept: Kept, statement: str) -> None:
        with screen_role(kept) as screen:
            for schema, table in SHOWN:
                with pytest.raises(DENIED):
                    screen.execute(statement.replace("{}", f"{schema}.{table}"))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE projection.treatment_board SET held = 'x'",
            "UPDATE vault.person SET state = 'active'",
            "SELECT * FROM vault.record FOR SHARE",
            "SELECT ledger.append(ARRAY[]::bytea[], ARRAY[]::text[], ARRAY[]::bigint[], ARRAY[]::bytea[])",
            "SELECT * FROM ledger.about(ARRAY['x'], ARRAY[0])",
            "SELECT nextval('ledger.entry_arrival_seq')",
            "SELECT * FROM ledger.head",
            "SELECT * FROM ledger.claim",
            "SELECT * FROM projection.form",
            "SET ROLE yimai_owner",
            "SET ROLE yimai_app",
            "SET SESSION AUTHORIZATION yimai_app",
            "SET session_replication_role = replica",
            "CREATE TABLE projection.other ()",
            "CREATE SCHEMA other",
            "CREATE POLICY more ON projection.vein USING (true)",
            "ALTER TABLE projection.vein DISABLE ROW LEVEL SECURITY",
            "ALTER ROLE yimai_screen BYPASSRLS",
            "DROP POLICY screen ON projection.vein",
            "CREATE VIEW projection.all_of_it AS SELECT * FROM projection.vein",
            "SELECT pg_read_file('PG_VERSION')",
            "COPY projection.vein TO PROGRAM 'cat'",
        ],
    )
    def test_may_not(self, kept: Kept, statement: str) -> None:
        with screen_role(kept) as screen, pytest.raises(DENIED):
            screen.execute(statement)

    def test_gets_an_error_rather_than_rows_where_it_asks_for_no_row_security(self, kept: Kept) -> None:
        with screen_role(kept) as screen:
            screen.execute("SET row_security = off")
            for schema, table in OF_TREATMENTS:
                with pytest.raises(DENIED, match="row-level security"):
                    screen.execute(f"SELECT * FROM {schema}.{table}")

    def test_is_bound_by_policy_and_so_is_the_application_s(self, kept: Kept) -> None:
        with owned(kept) as owner:
            attributes = owner.execute(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"
                " WHERE rolname IN ('yimai_screen', 'yimai_app', 'yimai_sealer') ORDER BY 1"
            ).fetchall()
        assert [row[1:] for row in attributes] == [(False, False, False)] * 3
        with psycopg.connect(make_conninfo(kept.url, user="yimai_app")) as app, app.cursor() as cursor:
            for table in ("projection.vein", "ledger.entry", "vault.record"):
                assert count(cursor, f"SELECT row_security_active('{table}')::integer") == 1
            assert treatment_board.row(cursor, kept.mine.coi) is not None
