"""Material lots of a base: what waits for release, what may be used and until when, what was rejected or recalled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, LiteralString

import psycopg
from psycopg.rows import class_row

from yimai.domain.material_lot import MaterialLotReceived, MaterialLotRejected, MaterialLotReleased
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.material_lot (
    material_lot text COLLATE "C" PRIMARY KEY,
    base text COLLATE "C" NOT NULL,
    material text COLLATE "C" NOT NULL,
    quantity numeric NOT NULL,
    unit text COLLATE "C" NOT NULL,
    expires date NOT NULL,
    received timestamptz NOT NULL,
    receiver text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'received',
    decided timestamptz,
    decider text COLLATE "C" NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    audience text COLLATE "C" NOT NULL
);
CREATE INDEX material_lot_base ON projection.material_lot (base, expires);
"""

AUDIENCE: Final = {"material_lot": audience.OF_ROW}

State = Literal["received", "released", "rejected"]


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot. expires: its last day of use. decided, decider, reason: of its release or rejection, or None and ""."""

    material_lot: str
    base: str
    material: str
    quantity: Decimal
    unit: str
    expires: date
    received: datetime
    receiver: str
    state: State
    decided: datetime | None
    decider: str
    reason: str


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == MaterialLotReceived.kind:
        yield Change(
            "INSERT INTO projection.material_lot"
            " (material_lot, base, material, quantity, unit, expires, received, receiver, audience)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                data["material_lot"],
                data["base"],
                data["material"],
                data["quantity"]["value"],
                data["quantity"]["unit"],
                data["expires"],
                entry.occurred,
                entry.actor,
                audience.of_entry(entry),
            ),
        )
    elif entry.kind in (MaterialLotReleased.kind, MaterialLotRejected.kind):
        state = "released" if entry.kind == MaterialLotReleased.kind else "rejected"
        yield Change(
            "UPDATE projection.material_lot SET state = %s, decided = %s, decider = %s, reason = %s"
            " WHERE material_lot = %s",
            (state, entry.occurred, data[state]["signer"], data.get("reason", ""), data["material_lot"]),
        )


_SELECT: LiteralString = (
    "SELECT material_lot, base, material, quantity, unit, expires, received, receiver, state, decided, decider, reason"
    " FROM projection.material_lot"
)


def lot(cursor: psycopg.Cursor[Any], identifier: str) -> LotRow | None:
    """The lot, or None if there is none that the reader may see."""
    with cursor.connection.cursor(row_factory=class_row(LotRow)) as rows:
        return rows.execute(_SELECT + " WHERE material_lot = %s", (identifier,)).fetchone()


def at(cursor: psycopg.Cursor[Any], base: str, most: int = 500) -> tuple[LotRow, ...]:
    """The base's lots that are not rejected, those that wait for release first, then by their last day of use."""
    with cursor.connection.cursor(row_factory=class_row(LotRow)) as rows:
        found = rows.execute(
            _SELECT + " WHERE base = %s AND state <> 'rejected'"
            " ORDER BY state <> 'received', expires, material_lot LIMIT %s",
            (base, most),
        )
        return tuple(found.fetchall())
