"""``yimai programme export``: plans with their results for other systems; what is not published only for a planner."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import psycopg

from yimai.domain import access
from yimai.domain.person import Person, Role
from yimai.interfaces.files import exchange
from yimai.projections import plan_exchange, receipt_board, register
from yimai.wiring import house
from yimai.wiring.ledger_commands import opened_database
from yimai.wiring.problems import CommandProblem


def export(folder: Path, form: str, file: Path, person: str, day: date | None) -> int:
    """Write the file. Raises CommandProblem."""
    with opened_database(folder) as database, house.reading(database) as cursor:
        at = receipt_board.sealed(cursor)
        if at is None:
            raise CommandProblem("nothing is sealed yet: run `yimai checkpoint` first")
        computed = _computed(cursor, person, day) if person else None
        contents = exchange.write(form, plan_exchange.gathered(cursor, at, computed))
    try:
        file.write_bytes(contents)
    except OSError as error:
        raise CommandProblem(f"{file} cannot be written: {error.strerror}") from None
    print(f"Wrote {file}: {len(contents):,} bytes, of the ledger's first {at.size:,} facts.")
    return 0


def _computed(cursor: psycopg.Cursor[Any], person: str, day: date | None) -> date:
    """The day as of which numbers are computed, if the person may publish such."""
    found = register.people(cursor, [person]).get(person)
    if found is None:
        raise CommandProblem(f"no person {person} is registered")
    if refusal := access.ever("receipt.publish", Person(found.person, found.site, cast(tuple[Role, ...], found.roles))):
        raise CommandProblem(f"{refusal.en} ({refusal.code})")
    return day or datetime.now().astimezone().date()
