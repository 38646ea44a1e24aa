"""All projections together: make their tables, follow the ledger, start anew, compare."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import psycopg
from psycopg import sql

from yimai.ledger.chain import OPENED
from yimai.ledger.entry import Entry
from yimai.projections import (
    approval_board,
    audience,
    clock_board,
    disruption_board,
    equipment_board,
    label_board,
    material_board,
    party_board,
    people_board,
    plan_board,
    programme_board,
    progress_board,
    receipt_board,
    register,
    register_board,
    slot_board,
    time_study,
    trace,
    treatment_board,
    vein,
    waiting_board,
    worklist,
)
from yimai.projections.change import send

PROJECTIONS: Final = (
    approval_board,
    clock_board,
    disruption_board,
    equipment_board,
    label_board,
    material_board,
    party_board,
    people_board,
    plan_board,
    programme_board,
    progress_board,
    receipt_board,
    register,
    register_board,
    slot_board,
    time_study,
    trace,
    treatment_board,
    vein,
    waiting_board,
    worklist,
)
"""Each with TABLES, its statements of definition, AUDIENCE, who may see the rows of each table, and changes(entry)."""
_FORM: Final = """
CREATE TABLE IF NOT EXISTS projection.form (
    module text COLLATE "C" PRIMARY KEY,
    form text COLLATE "C" NOT NULL,
    tables text[] NOT NULL
)
"""
_AT_ONCE: Final = 1000
_AUDIENCE: Final = audience.__name__
"""Under this name stands the form of the policies."""


def tables_of(ddl: str) -> list[str]:
    """The names of the tables that the statements create, in their order."""
    return re.findall(r"CREATE TABLE projection\.(\w+)", ddl)


def create(cursor: psycopg.Cursor[Any]) -> bool:
    """Make the tables whose form is new or has changed, and say who sees their rows.

    True if there was anything to make or to say anew, and then ``rebuild`` must follow.

    The cursor's role owns the schema ``projection`` (``yimai_owner``).
    """
    cursor.execute(_FORM)
    rows = cursor.execute("SELECT module, form, tables FROM projection.form").fetchall()
    kept = {module: (form, tables) for module, form, tables in rows}
    wanted = {module.__name__: module.TABLES for module in PROJECTIONS}
    changed = False
    for module in sorted({*kept, *wanted}):
        form = hashlib.sha256(wanted[module].encode()).hexdigest() if module in wanted else ""
        earlier, tables = kept.get(module, ("", []))
        if form == earlier or module == _AUDIENCE:
            continue
        changed = True
        for table in tables:  # with the policies of others that ask it, and its views
            cursor.execute(sql.SQL("DROP TABLE projection.{} CASCADE").format(sql.Identifier(table)))
        cursor.execute("DELETE FROM projection.form WHERE module = %s", (module,))
        if module in wanted:
            cursor.execute(wanted[module])
            cursor.execute("INSERT INTO projection.form VALUES (%s, %s, %s)", (module, form, tables_of(wanted[module])))
    return _set_policies(cursor, kept.get(_AUDIENCE, ("", []))[0], anew=changed)


def _set_policies(cursor: psycopg.Cursor[Any], earlier: str, *, anew: bool) -> bool:
    """Say who sees which rows of all that screens read, if that has changed or tables were made; whether it was so.

    Audiences stand in the rows, so that with other policies they are written anew as well.
    """
    shown = [(table, condition) for module in PROJECTIONS for table, condition in module.AUDIENCE.items()]
    form = hashlib.sha256(repr((shown, audience.OUTSIDE)).encode()).hexdigest()
    if form == earlier and not anew:
        return False
    for table, condition in shown:
        audience.close(cursor, "projection", table)
        audience.show(cursor, "projection", table, condition)
    for (schema, table), condition in audience.OUTSIDE.items():
        audience.show(cursor, schema, table, condition)
    cursor.execute(
        "INSERT INTO projection.form VALUES (%s, %s, '{}') ON CONFLICT (module) DO UPDATE SET form = excluded.form",
        (_AUDIENCE, form),
    )
    return True


def apply(cursor: psycopg.Cursor[Any], entry: Entry) -> None:
    """Let every projection follow one entry, in the transaction that appends it."""
    if entry.kind == OPENED:  # written before anything can follow it, and nothing shows it
        return
    send(cursor, (change for module in PROJECTIONS for change in module.changes(entry)))


def rebuild(cursor: psycopg.Cursor[Any], entries: Iterable[Entry]) -> int:
    """Empty every table and follow the entries, each subject's in the order of its chain; return their number."""
    for module in PROJECTIONS:
        for table in tables_of(module.TABLES):
            cursor.execute(sql.SQL("TRUNCATE projection.{}").format(sql.Identifier(table)))
    count, remaining = 0, iter(entries)
    while batch := list(islice(remaining, _AT_ONCE)):
        with cursor.connection.pipeline():
            for entry in batch:
                apply(cursor, entry)
        count += len(batch)
    return count


def digest(cursor: psycopg.Cursor[Any]) -> dict[str, str]:
    """For each table its number of rows and a sum over the rows' hashes: equal tables have equal digests."""
    sums = {}
    for module in PROJECTIONS:
        for table in tables_of(module.TABLES):
            row = cursor.execute(
                sql.SQL(
                    "SELECT count(*), sum(('x' || substr(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 1, 15))"
                    "::bit(60)::bigint::numeric) FROM projection.{} AS t"
                ).format(sql.Identifier(table))
            ).fetchone()
            assert row is not None
            sums[table] = f"{row[0]}:{row[1] or 0}"
    return sums
