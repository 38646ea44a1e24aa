"""``yimai programme export`` and ``brief``: plans with their results for others; what is not published only for a planner."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, Literal, cast

import psycopg

from yimai.domain import access
from yimai.domain.person import Person, Role
from yimai.interfaces.files import exchange
from yimai.ledger.entry import Checkpoint
from yimai.projections import plan_exchange, receipt_board, register
from yimai.wiring import house
from yimai.wiring.ledger_commands import opened_database
from yimai.wiring.problems import CommandProblem
from yimai.wiring.serve import clock_offset, shifted_clock

CITY: Final = timezone(timedelta(hours=8))


def export(folder: Path, form: str, file: Path, person: str, day: date | None) -> int:
    """Write the file. Raises CommandProblem."""
    with opened_database(folder) as database, house.reading(database) as cursor:
        at = _sealed(cursor)
        computed = _computed(cursor, person, day or _today(database)) if person else None
        contents = exchange.write(form, plan_exchange.gathered(cursor, at, computed))
    return _written(file, contents, at)


def brief(folder: Path, file: Path, language: Literal["zh", "en"], person: str, day: date | None) -> int:
    """Write the PDF. Raises CommandProblem."""
    from yimai.interfaces.web import brief as briefs
    from yimai.interfaces.web import brief_pdf

    with opened_database(folder) as database, house.reading(database) as cursor:
        at = _sealed(cursor)
        day = day or _today(database)
        computed = _computed(cursor, person, day) is not None if person else False
        contents = brief_pdf.pdf(briefs.brief(cursor, at, day, computed=computed), language)
    return _written(file, contents, at)


def _sealed(cursor: psycopg.Cursor[Any]) -> Checkpoint:
    at = receipt_board.sealed(cursor)
    if at is None:
        raise CommandProblem("nothing is sealed yet: run `yimai checkpoint` first")
    return at


def _today(database: house.Database) -> date:
    """By the ledger's clock."""
    clock = shifted_clock(clock_offset(database))
    return (clock() if clock is not None else datetime.now(UTC)).astimezone(CITY).date()


def _written(file: Path, contents: bytes, at: Checkpoint) -> int:
    try:
        file.write_bytes(contents)
    except OSError as error:
        raise CommandProblem(f"{file} cannot be written: {error.strerror}") from None
    print(f"Wrote {file}: {len(contents):,} bytes, of the ledger's first {at.size:,} facts.")
    return 0


def _computed(cursor: psycopg.Cursor[Any], person: str, day: date) -> date:
    """The day as of which numbers are computed, if the person may publish such."""
    found = register.people(cursor, [person]).get(person)
    if found is None:
        raise CommandProblem(f"no person {person} is registered")
    if refusal := access.ever("receipt.publish", Person(found.person, found.site, cast(tuple[Role, ...], found.roles))):
        raise CommandProblem(f"{refusal.en} ({refusal.code})")
    return day
