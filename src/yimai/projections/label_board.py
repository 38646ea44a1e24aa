"""Every copy of every label, and what became of it: what was issued and is neither used nor destroyed is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import class_row

from yimai.domain.label import Carrier, CopyState, LabelDestroyed, LabelIssued, LabelUsed
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.label (
    item text COLLATE "C" NOT NULL,
    copy smallint NOT NULL,
    treatment text COLLATE "C" NOT NULL,
    layout text COLLATE "C" NOT NULL,
    carrier text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    issued timestamptz NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    settled timestamptz,
    settler text COLLATE "C" NOT NULL DEFAULT '',
    void_reason text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (item, copy)
);
CREATE INDEX label_treatment ON projection.label (treatment);
CREATE INDEX label_open ON projection.label (treatment, issued) WHERE state = 'issued';
"""

AUDIENCE: Final = {"label": audience.OF_TREATMENT}


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy. reason: why it was printed again, or "". site: where it was issued.

    settled, settler: when it was used or destroyed and by whom, or None and "". void_reason: why it was destroyed, or "".
    """

    item: str
    copy: int
    treatment: str
    layout: str
    carrier: Carrier
    state: CopyState
    issued: datetime
    issuer: str
    site: str
    reason: str
    settled: datetime | None
    settler: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One layout's balance in a treatment: issued = used + destroyed + missing, and missing must come to zero."""

    layout: str
    issued: int
    used: int
    destroyed: int
    missing: int


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == LabelIssued.kind:
        yield Change(
            "INSERT INTO projection.label (item, copy, treatment, layout, carrier, state, issued, issuer, site, reason)"
            " VALUES (%s, %s, %s, %s, %s, 'issued', %s, %s, %s, %s)",
            (
                data["item"],
                data["copy"],
                data["treatment"],
                data["layout"],
                data["carrier"],
                entry.occurred,
                data["issued"]["signer"],
                entry.site,
                data["reason"],
            ),
        )
    elif entry.kind in (LabelUsed.kind, LabelDestroyed.kind):
        state = "used" if entry.kind == LabelUsed.kind else "destroyed"
        yield Change(
            "UPDATE projection.label SET state = %s, settled = %s, settler = %s, void_reason = %s"
            " WHERE (item, copy) = (%s, %s)",
            (
                state,
                entry.occurred,
                data[state]["signer"],
                data.get("reason", ""),
                data["item"],
                data["copy"],
            ),
        )


_SELECT: LiteralString = (
    "SELECT item, copy, treatment, layout, carrier, state, issued, issuer, site, reason, settled, settler, void_reason"
    " FROM projection.label"
)


def copy(cursor: psycopg.Cursor[Any], item: str, number: int) -> CopyRow | None:
    """That copy of the item's label, or None if it was never issued."""
    with cursor.connection.cursor(row_factory=class_row(CopyRow)) as rows:
        return rows.execute(_SELECT + " WHERE (item, copy) = (%s, %s)", (item, number)).fetchone()


def of(cursor: psycopg.Cursor[Any], treatment: str) -> tuple[CopyRow, ...]:
    """Every copy of the treatment's labels, by item in the order of their first issue."""
    ordered: LiteralString = " WHERE treatment = %s ORDER BY min(issued) OVER (PARTITION BY item), item, copy"
    with cursor.connection.cursor(row_factory=class_row(CopyRow)) as rows:
        return tuple(rows.execute(_SELECT + ordered, (treatment,)).fetchall())


def missing(cursor: psycopg.Cursor[Any], site: str, most: int = 500) -> tuple[CopyRow, ...]:
    """Copies issued in the site's treatments (ordered or made there), neither used nor destroyed; oldest first."""
    of_site: LiteralString = (
        " WHERE state = 'issued' AND treatment IN"
        " (SELECT treatment FROM projection.treatment_board WHERE %s IN (hospital, base))"
        " ORDER BY issued, item, copy LIMIT %s"
    )
    with cursor.connection.cursor(row_factory=class_row(CopyRow)) as rows:
        return tuple(rows.execute(_SELECT + of_site, (site, most)).fetchall())


def reckoning(cursor: psycopg.Cursor[Any], treatment: str) -> tuple[Reckoning, ...]:
    """The balance of each layout in the treatment, by the layout's identifier."""
    with cursor.connection.cursor(row_factory=class_row(Reckoning)) as rows:
        found = rows.execute(
            "SELECT layout, count(*) AS issued, count(*) FILTER (WHERE state = 'used') AS used,"
            " count(*) FILTER (WHERE state = 'destroyed') AS destroyed,"
            " count(*) FILTER (WHERE state = 'issued') AS missing"
            " FROM projection.label WHERE treatment = %s GROUP BY layout ORDER BY layout",
            (treatment,),
        )
        return tuple(found.fetchall())
