"""Which suite windows are taken, and who still asks for one: one row a treatment, empty again once its slot is freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import class_row

from yimai.domain.slot import SlotFreed, SlotMoved, SlotReserved
from yimai.domain.treatment import TreatmentOrdered
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.slot (
    treatment text COLLATE "C" PRIMARY KEY,
    base text COLLATE "C" NOT NULL,
    suite text COLLATE "C",
    starts timestamptz,
    ends timestamptz
);
CREATE INDEX slot_base ON projection.slot (base, ends) WHERE suite IS NOT NULL;
CREATE VIEW projection.taken WITH (security_barrier) AS
SELECT base, suite, starts, ends FROM projection.slot WHERE suite IS NOT NULL
AND (current_setting('yimai.person', true) <> '' OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.taken TO yimai_screen;
"""
"""The view shows when a suite is taken to everybody who has signed in, and to nobody by whom."""

AUDIENCE: Final = {"slot": audience.OF_TREATMENT}


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == TreatmentOrdered.kind:
        yield Change("INSERT INTO projection.slot VALUES (%s, %s)", (data["treatment"], data["base"]))
    elif entry.kind in (SlotReserved.kind, SlotMoved.kind):
        window = data["itinerary"]
        yield Change(
            "UPDATE projection.slot SET (suite, starts, ends) = (%s, %s, %s) WHERE treatment = %s",
            (window["suite"], window["starts"], window["ends"], data["treatment"]),
        )
    elif entry.kind == SlotFreed.kind:
        yield Change(
            "UPDATE projection.slot SET (suite, starts, ends) = (NULL, NULL, NULL) WHERE treatment = %s",
            (data["treatment"],),
        )


def taken(cursor: psycopg.Cursor[Any], base: str) -> dict[str, list[tuple[datetime, datetime]]]:
    """Each suite's windows [starts, ends) that are taken, in order."""
    rows = cursor.execute(
        "SELECT suite, starts, ends FROM projection.taken WHERE base = %s ORDER BY suite, starts",
        (base,),
    )
    windows: dict[str, list[tuple[datetime, datetime]]] = {}
    for suite, starts, ends in rows.fetchall():
        windows.setdefault(suite, []).append((starts, ends))
    return windows


@dataclass(frozen=True, slots=True)
class Asking:
    """A treatment at a base, and how far it has come."""

    treatment: str
    hospital: str
    urgency: str
    stage: str
    state: str
    held: str
    batch: str
    ordered: datetime


@dataclass(frozen=True, slots=True)
class Window(Asking):
    """A treatment's time in a suite."""

    suite: str
    starts: datetime
    ends: datetime


_OF: Final[LiteralString] = "SELECT s.treatment, b.hospital, b.urgency, b.stage, b.state, b.held, b.batch, b.ordered"
_FROM: Final[LiteralString] = (
    " FROM projection.slot AS s JOIN projection.treatment_board AS b USING (treatment) WHERE s.base = %s"
)


def between(cursor: psycopg.Cursor[Any], base: str, begins: datetime, ends: datetime) -> tuple[Window, ...]:
    """The windows of the base that reach into [begins, ends), by suite and time."""
    with cursor.connection.cursor(row_factory=class_row(Window)) as rows:
        found = rows.execute(
            _OF + ", s.suite, s.starts, s.ends" + _FROM + " AND s.suite IS NOT NULL AND s.starts < %s AND s.ends > %s"
            " ORDER BY s.suite, s.starts",
            (base, ends, begins),
        )
        return tuple(found.fetchall())


def wanted(cursor: psycopg.Cursor[Any], base: str) -> tuple[Asking, ...]:
    """Accepted treatments without a slot, and those that need another one: the urgent first, then by their order."""
    with cursor.connection.cursor(row_factory=class_row(Asking)) as rows:
        found = rows.execute(
            _OF + _FROM + " AND s.suite IS NULL"
            " AND ((b.stage = 'accepted' AND b.state = '') OR b.state IN ('failed', 'rejected'))"
            " ORDER BY b.urgency = 'urgent' DESC, b.ordered",
            (base,),
        )
        return tuple(found.fetchall())
