"""Pages read as ``yimai_screen``: whoever asks the database for another's rows, in whatever way, gets none."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql
from tests.projections.story import BASE, HOSPITAL
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
    QA_AT_HOSPITAL,
    QA_OF_OTHER_BASE,
    SHOWN,
    Kept,
    count,
    kinds_of,
    owned,
    rows_as_text,
    screen_role,
)

from yimai.domain import access
from yimai.domain.access import ROLES
from yimai.domain.person import Role
from yimai.interfaces.web import window
from yimai.ledger.codec import parse
from yimai.projections import audience, rebuild, slot_board, trace, treatment_board, vein
from yimai.projections.register import PersonRow
from yimai.store.vault import VaultProblem

THINGS = (
    ("suite", "read.suites", "room"),
    ("equipment", "read.equipment", "equipment"),
    ("material_lot", "read.material_lots", "material_lot"),
)
"""What a base has, its row in the table of access, and the table that lists it."""


def test_every_table_has_an_audience_and_what_has_none_is_closed(kept: Kept) -> None:
    for module in rebuild.PROJECTIONS:
        assert set(module.AUDIENCE) == set(rebuild.tables_of(module.TABLES)), module.__name__
    with owned(kept) as owner, screen_role(kept) as screen:
        tables = owner.execute(
            "SELECT schemaname, tablename, rowsecurity FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert {(schema, table) for schema, table, _ in tables} >= set(SHOWN)
        for schema, table, secured in tables:
            select = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            if (schema, table) in SHOWN:
                assert secured, table
                screen.execute(select)
            else:
                with pytest.raises(DENIED):
                    screen.execute(select)


@pytest.mark.parametrize(("schema", "table"), OF_TREATMENTS)
def test_a_hospital_s_session_sees_its_own_rows_and_none_of_another_s(kept: Kept, schema: str, table: str) -> None:
    for who, own, others in (
        (NURSE, kept.mine.coi, (kept.theirs.coi, kept.elsewhere)),
        (OTHER_NURSE, kept.theirs.coi, (kept.mine.coi,)),
        (QA_OF_OTHER_BASE, kept.elsewhere, (kept.mine.coi, kept.theirs.coi)),
    ):
        with window.reading(who) as cursor:
            rows = rows_as_text(cursor, schema, table)
        hidden = set().union(*(kept.identifiers[other] for other in others))
        assert not [row for row in rows if any(each in row for each in hidden)], who.person
        if schema != "vault" or own != kept.elsewhere:
            assert any(each in row for row in rows for each in kept.identifiers[own]) or table == "chain", who.person


PUBLISHED = frozenset(
    {"ledger", "site", "programme", "plan", "goal", "target", "source", "event"}
    | {"organisation", "establishment", "cluster", "designation", "authorisation"}
)
"""The nouns of what a city publishes: its plans, and its register of organisations, places and products."""


@pytest.mark.parametrize(("schema", "table"), sorted(SHOWN))
def test_without_settings_nothing_but_what_is_public_shows(kept: Kept, schema: str, table: str) -> None:
    with screen_role(kept) as screen, screen.cursor() as cursor:
        for _ in range(2):
            rows = rows_as_text(cursor, schema, table)
            audiences = {"public"} if table in ("fact", "mention") else set()
            if table in ("identity", "site", "programme", "plan_fact", "register_fact"):
                assert rows
            elif table == "approval":
                assert {row.split(",")[0] for row in rows} == {"(programme"}
            elif table == "entry":
                kinds = {parse(bytes(row[0])).kind for row in cursor.execute("SELECT content FROM ledger.entry")}
                assert {"ledger.opened.v1", "site.registered.v1", "approval.programme_approved.v1"} <= kinds
                assert {each.partition(".")[0] for each in kinds} <= {"approval", *PUBLISHED}
            elif table == "chain":
                nouns = {row[1:].partition("/")[0] for row in rows}
                assert {"ledger", "site", "programme"} <= nouns <= PUBLISHED
            elif audiences:
                found = cursor.execute(f"SELECT DISTINCT audience FROM {schema}.{table}").fetchall()
                assert {each for (each,) in found} == audiences
            else:
                assert rows == []
            screen.execute("SELECT set_config('yimai.person', 'NURS-1', true)")  # local to its own statement
            with screen.transaction():
                audience.enter(cursor, "NURS-1", HOSPITAL, ["nurse"])
    assert slot_windows(None) == {}


def slot_windows(who: PersonRow | None) -> dict[str, Any]:
    with window.reading(who) as cursor:
        return slot_board.taken(cursor, BASE)


class TestInWhateverWayItIsAsked:
    """The second hospital's session knows every identifier of the first one's treatment."""

    def test_by_name(self, kept: Kept) -> None:
        coi = kept.mine.coi
        with window.reading(OTHER_NURSE) as cursor:
            assert treatment_board.row(cursor, coi) is None
            assert treatment_board.rows_of(cursor, [coi]) == ()
            assert vein.of(cursor, coi) == ()
            assert vein.entries(cursor, f"treatment/{coi}") == ()
            for identifier in kept.identifiers[coi]:
                assert trace.about(cursor, identifier) == ()
                if len(identifier) == 64:
                    assert trace.fact(cursor, bytes.fromhex(identifier)) is None
            assert all(coi not in each for each in trace.starting_with(cursor, coi[:2]))

    def test_through_what_both_have_in_common(self, kept: Kept) -> None:
        with window.reading(OTHER_NURSE) as cursor:
            for noun, identifier in (("person", "OPER-1"), ("site", BASE), ("material_lot", "LOT-001")):
                for found in trace.about(cursor, identifier, noun):
                    told = {each.identifier for each in (*found.related, *found.through)}
                    assert not told & kept.identifiers[kept.mine.coi], identifier
                    assert kept.mine.coi not in repr(found)

    def test_through_joins_subqueries_and_counts(self, kept: Kept) -> None:
        coi = kept.mine.coi
        with window.reading(OTHER_NURSE) as cursor:
            for rows in (
                "projection.mention AS m JOIN projection.fact AS f USING (hash) WHERE m.mention = 'treatment/' || %s",
                "ledger.chain AS c LEFT JOIN ledger.entry AS e USING (arrival) WHERE c.subject = 'treatment/' || %s",
                "projection.site WHERE EXISTS (SELECT FROM projection.treatment_board AS b WHERE b.treatment = %s)",
                "projection.party WHERE audience LIKE '%%' || %s",
                "vault.person WHERE person = %s",
                "vault.record WHERE person = %s",
                "(TABLE projection.clock) AS c FULL JOIN projection.slot AS s USING (treatment) WHERE treatment = %s",
            ):
                assert count(cursor, f"SELECT count(*) FROM {rows}", coi) == 0, rows

    def test_by_the_order_of_evaluation_or_the_planner_s_statistics(self, kept: Kept) -> None:
        """A condition that fails aloud on any row is never put to one that is not his."""
        with window.reading(PLANNER) as cursor:
            for table in ("vein", "treatment_board", "clock", "slot"):
                assert (
                    cursor.execute(
                        f"SELECT treatment FROM projection.{table} WHERE treatment::integer = 1 OR treatment = %s",
                        (kept.mine.coi,),
                    ).fetchall()
                    == []
                )
        with owned(kept) as owner:
            owner.execute("ANALYZE")
        with window.reading(OTHER_NURSE) as cursor:
            stored = cursor.execute("SELECT most_common_vals::text FROM pg_stats WHERE schemaname = 'projection'")
            assert not [row for row in stored.fetchall() if row[0] and kept.mine.coi in row[0]]


def test_people_of_the_base_see_the_treatments_of_every_hospital_that_orders_there(kept: Kept) -> None:
    with window.reading(OPERATOR) as cursor:
        assert {row.treatment for row in treatment_board.at(cursor, BASE)} == {kept.mine.coi, kept.theirs.coi}
        assert len(vein.entries(cursor, f"treatment/{kept.mine.coi}")) == len(vein.of(cursor, kept.mine.coi)) > 50
        assert treatment_board.row(cursor, kept.elsewhere) is None


@pytest.mark.parametrize("who", [PLANNER, ADMINISTRATOR, OTHER_COURIER, NOWHERE], ids=lambda who: who.person)
@pytest.mark.parametrize(("schema", "table"), OF_TREATMENTS)
def test_a_planner_an_administrator_and_who_has_no_part_in_it_see_no_treatment(
    kept: Kept, who: PersonRow, schema: str, table: str
) -> None:
    with window.reading(who) as cursor:
        rows = rows_as_text(cursor, schema, table)
        hidden = set().union(*kept.identifiers.values())
        assert not [row for row in rows if any(each in row for each in hidden)]


def test_an_administrator_sees_people_and_sites(kept: Kept) -> None:
    with window.reading(ADMINISTRATOR) as cursor:
        assert count(cursor, "SELECT count(*) FROM projection.person") > 10
        assert count(cursor, "SELECT count(*) FROM projection.site") > 5
        assert len(trace.about(cursor, "OPER-2", "person")) == 1


class TestACourier:
    def test_sees_what_moved_through_his_hands_and_no_more(self, kept: Kept) -> None:
        with window.reading(COURIER) as cursor:
            for coi in (kept.mine.coi, kept.theirs.coi):
                assert kinds_of(cursor, coi) <= audience.WAY
                assert "custody.container_handed_over.v1" in kinds_of(cursor, coi)
                stored = vein.entries(cursor, f"treatment/{coi}")
                assert {entry.kind for entry in stored} == kinds_of(cursor, coi)
            assert kinds_of(cursor, kept.elsewhere) == set()
            assert treatment_board.row(cursor, kept.mine.coi) is None
            assert count(cursor, "SELECT count(*) FROM projection.clock") == 0

    def test_learns_neither_patient_nor_order_nor_what_was_found(self, kept: Kept) -> None:
        with window.reading(COURIER) as cursor:
            rows = [row for schema, table in sorted(SHOWN) for row in rows_as_text(cursor, schema, table)
                    if table not in ("approval", "person", "party")]  # fmt: skip
            for kind in ("treatment.", "batch.", "sample.", "infusion.", "identity.", "disposition.", "deviation."):
                assert not [row for row in rows if f",{kind}" in row or f'"{kind}' in row], kind
            assert not [row for row in rows if '"segregated":' in row or '"indication":' in row]
            with pytest.raises(VaultProblem, match="keeps nothing"):
                window.vault_of(cursor).read(kept.mine.coi, "patient")


class TestAnInspector:
    def test_of_the_city_s_authority_sees_everything(self, kept: Kept) -> None:
        with window.reading(CITY) as cursor, owned(kept) as owner:
            for schema, table in SHOWN:
                seen = count(cursor, f"SELECT count(*) FROM {schema}.{table}")
                unseen = 2 if (schema, table) == ("vault", "record") else 0  # under a name that is for no screen
                assert seen == count(owner.cursor(), f"SELECT count(*) FROM {schema}.{table}") - unseen, table

    def test_of_a_district_sees_what_was_ordered_or_made_there(self, kept: Kept) -> None:
        with window.reading(HUANGPU) as cursor:
            assert {row.treatment for row in treatment_board.at(cursor, BASE)} == {kept.mine.coi}
            assert window.vault_of(cursor).read(kept.mine.coi, "patient") == f"{kept.mine.coi} patient".encode()
            with pytest.raises(VaultProblem):
                window.vault_of(cursor).read(kept.theirs.coi, "patient")
        with window.reading(LINGANG) as cursor:
            assert {row.treatment for row in treatment_board.at(cursor, BASE)} == {kept.mine.coi, kept.theirs.coi}
            assert treatment_board.row(cursor, kept.elsewhere) is None
            with pytest.raises(VaultProblem):  # both hospitals lie in other districts
                window.vault_of(cursor).read(kept.mine.coi, "patient")

    def test_cannot_have_a_district_that_means_all(self, kept: Kept) -> None:
        with window.reading(PersonRow("INSP-5", "nowhere", ("inspector",))) as cursor:
            assert treatment_board.at(cursor, BASE) == ()


class TestThingsOfASite:
    @pytest.mark.parametrize("who", [QA_AT_HOSPITAL, CITY, HUANGPU], ids=lambda who: who.person)
    def test_are_seen_by_its_people_and_inspectors(self, kept: Kept, who: PersonRow) -> None:
        with window.reading(who) as cursor:
            assert len(trace.about(cursor, "hospital-freezer", "equipment")) == 1

    @pytest.mark.parametrize(
        "who", [NURSE, OTHER_NURSE, OPERATOR, COURIER, PLANNER, LINGANG], ids=lambda who: who.person
    )
    def test_are_not_seen_by_others(self, kept: Kept, who: PersonRow) -> None:
        with window.reading(who) as cursor:
            assert trace.about(cursor, "hospital-freezer", "equipment") == ()

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize(("noun", "row", "table"), THINGS)
    def test_are_seen_at_the_base_in_the_roles_that_the_table_names(
        self, kept: Kept, noun: str, row: str, table: str, role: Role
    ) -> None:
        """In no other role does search lead to one, its fact open, or its row stand in a list."""
        wanted = access.ROWS[row, access.PERFORMER].cells[role] or frozenset()
        with window.reading(OPERATOR) as cursor:
            facts = cursor.execute("SELECT hash FROM projection.fact WHERE subject LIKE %s", (f"{noun}/%",)).fetchall()
        assert facts
        with window.reading(PersonRow("SOME-1", BASE, (role,))) as cursor:
            seen = [trace.fact(cursor, bytes(digest)) is not None for (digest,) in facts]
            listed = count(cursor, f"SELECT count(*) FROM projection.{table}")
            named = count(cursor, "SELECT count(*) FROM projection.mention WHERE mention LIKE %s", f"{noun}/%")
        assert (set(seen), listed > 0) == ({bool(wanted)}, bool(wanted))
        assert named > 0 or not wanted

    def test_when_suites_are_taken_is_seen_by_all_who_are_signed_in_and_by_whom_is_not(self, kept: Kept) -> None:
        windows = slot_windows(OPERATOR)
        assert {kept.mine.suite, kept.theirs.suite} <= set(windows)
        assert slot_windows(OTHER_NURSE) == windows
        with window.reading(OTHER_NURSE) as cursor:
            columns = [column.name for column in cursor.execute("SELECT * FROM projection.taken").description or ()]
        assert columns == ["base", "suite", "starts", "ends"]
