"""Treatments at a glance: one row a treatment, with its stage, what stopped it and what is open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import class_row

from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.treatment_board (
    treatment text COLLATE "C" PRIMARY KEY,
    hospital text COLLATE "C" NOT NULL,
    base text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    indication text COLLATE "C" NOT NULL,
    urgency text COLLATE "C" NOT NULL,
    ordered timestamptz NOT NULL,
    stage text COLLATE "C" NOT NULL DEFAULT 'ordered',
    state text COLLATE "C" NOT NULL DEFAULT '',
    held text NOT NULL DEFAULT '',
    infectious boolean NOT NULL DEFAULT false,
    disposition text COLLATE "C" NOT NULL DEFAULT '',
    suite text COLLATE "C" NOT NULL DEFAULT '',
    slot_starts timestamptz,
    slot_ends timestamptz,
    batch text COLLATE "C" NOT NULL DEFAULT '',
    failed_collections integer NOT NULL DEFAULT 0,
    open_deviations integer NOT NULL DEFAULT 0,
    open_excursions integer NOT NULL DEFAULT 0,
    refused_matches integer NOT NULL DEFAULT 0,
    last_kind text COLLATE "C" NOT NULL,
    last_occurred timestamptz NOT NULL
);
CREATE INDEX treatment_board_stage ON projection.treatment_board (base, stage, state);
"""

AUDIENCE: Final = {"treatment_board": audience.OF_TREATMENT}

STAGES: Final = (
    "ordered",
    "accepted",
    "slot_reserved",
    "collecting",
    "in_transit",
    "received",
    "in_manufacture",
    "in_testing",
    "conditionally_released",
    "oos_supplied",
    "released",
    "in_delivery",
    "delivered",
    "permit_issued",
    "infused",
    "follow_up",
    "closed",
)
"""How far a treatment has come, in order. A re-collection goes back to an earlier stage."""

STATES: Final = ("declined", "cancelled", "withdrawn", "failed", "rejected", "revoked")
"""What stopped a treatment; "" while it goes on. A new slot or collection takes up a failed or rejected one again."""

_FORWARD: LiteralString = (
    ' stage = CASE WHEN array_position(%(stages)s::text[], stage COLLATE "default")'
    " < array_position(%(stages)s::text[], %(stage)s) THEN %(stage)s ELSE stage END,"
)


def _state(reached: LiteralString) -> LiteralString:
    """Set the state, unless the treatment has ended: what is decided on its material afterwards changes nothing."""
    return " state = CASE WHEN state IN ('declined', 'cancelled', 'withdrawn') THEN state ELSE '" + reached + "' END,"


_ONWARD: Final[dict[str, str]] = {
    "disposition.conditionally_released.v1": "conditionally_released",
    "disposition.oos_supplied.v1": "oos_supplied",
    "disposition.released.v1": "released",
    "permit.issued.v1": "permit_issued",
    "outcome.reported.v1": "follow_up",
    "outcome.treatment_completed.v1": "closed",
}
"""Kinds that take a treatment on to a stage, never back from a later one (a final release after the infusion)."""

_CHANGES: Final[dict[str, LiteralString]] = {
    "treatment.accepted.v1": " stage = 'accepted',",
    "treatment.declined.v1": " state = 'declined',",
    "treatment.cancelled.v1": " state = 'cancelled',",
    "treatment.withdrawn.v1": " state = 'withdrawn',",
    "treatment.held.v1": " held = %(reason)s,",
    "treatment.resumed.v1": " held = '',",
    "treatment.markers_reported.v1": " infectious = %(infectious)s,",
    "slot.reserved.v1": " stage = 'slot_reserved', state = '', suite = %(suite)s, slot_starts = %(starts)s,"
    " slot_ends = %(ends)s,",
    "slot.moved.v1": " suite = %(suite)s, slot_starts = %(starts)s, slot_ends = %(ends)s,",
    "slot.freed.v1": " suite = '', slot_starts = NULL, slot_ends = NULL,"
    " stage = CASE WHEN stage IN ('slot_reserved', 'collecting') THEN 'accepted' ELSE stage END,",
    "collection.started.v1": " stage = 'collecting', state = '',",
    "collection.failed.v1": " failed_collections = failed_collections + 1,"
    " stage = CASE suite WHEN '' THEN 'accepted' ELSE 'slot_reserved' END,",
    "custody.container_handed_over.v1": " stage = CASE WHEN stage = 'collecting' THEN 'in_transit'"
    " WHEN stage IN ('conditionally_released', 'oos_supplied', 'released') THEN 'in_delivery' ELSE stage END,",
    "custody.container_received.v1": " stage = CASE WHEN stage = 'in_transit' AND base = %(site)s THEN 'received'"
    " WHEN stage = 'in_delivery' AND hospital = %(site)s THEN 'delivered' ELSE stage END,",
    "shipment.excursion_opened.v1": " open_excursions = open_excursions + 1,",
    "shipment.excursion_assessed.v1": " open_excursions = open_excursions - 1,",
    "custody.container_consumed.v1": " stage = CASE WHEN %(how)s = 'infused' AND stage NOT IN ('follow_up', 'closed')"
    " THEN 'infused' ELSE stage END,",
    "permit.withdrawn.v1": " stage = CASE stage WHEN 'permit_issued' THEN 'delivered' ELSE stage END,",
    "batch.opened.v1": " stage = 'in_manufacture', batch = %(batch)s, disposition = '',",
    "batch.completed.v1": " stage = 'in_testing',",
    "batch.failed.v1": _state("failed"),
    "deviation.opened.v1": " open_deviations = open_deviations + 1,",
    "deviation.closed.v1": " open_deviations = open_deviations - 1,",
    "disposition.conditionally_released.v1": _state("") + " disposition = 'conditionally_released',",
    "disposition.oos_supplied.v1": _state("") + " disposition = 'oos_supplied',",
    "disposition.released.v1": _state("") + " disposition = 'released',",
    "disposition.rejected.v1": _state("rejected") + " disposition = 'rejected',",
    "disposition.revoked.v1": _state("revoked") + " disposition = 'revoked',",
    "identity.match_refused.v1": " refused_matches = refused_matches + 1,",
}
_ENDED: Final = frozenset({"declined", "cancelled", "withdrawn"})


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One treatment. state: one of ``STATES`` or "". held: why it rests, or "". times aware, in UTC."""

    treatment: str
    hospital: str
    base: str
    recipe: str
    indication: str
    urgency: str
    ordered: datetime
    stage: str
    state: str
    held: str
    infectious: bool
    disposition: str
    suite: str
    slot_starts: datetime | None
    slot_ends: datetime | None
    batch: str
    failed_collections: int
    open_deviations: int
    open_excursions: int
    refused_matches: int
    last_kind: str
    last_occurred: datetime

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen but decisions on its material."""
        return self.state in _ENDED or self.stage == "closed"


def _statement(kind: str) -> tuple[LiteralString, tuple[str, ...]]:
    """The update for a kind of fact, and the names of its values in order."""
    statement = (
        "UPDATE projection.treatment_board SET"
        + _CHANGES.get(kind, "")
        + (_FORWARD if kind in _ONWARD else "")
        + " last_kind = %(kind)s, last_occurred = %(occurred)s WHERE treatment = %(treatment)s"
    )
    return re.sub(r"%\(\w+\)s", "%s", statement), tuple(re.findall(r"%\((\w+)\)s", statement))


_IN_ORDER: Final = "{" + ",".join(STAGES) + "}"
_UPDATES: Final = {kind: _statement(kind) for kind in {*_CHANGES, *_ONWARD, ""}}
KINDS: Final = frozenset({*_CHANGES, *_ONWARD})
"""The kinds of fact that change more than the time of the last event."""


def changes(entry: Entry) -> Iterator[Change]:
    treatment = next((each for each in entry.subjects if each.startswith("treatment/")), "").removeprefix("treatment/")
    if not treatment:
        return
    data: Any = entry.data
    if entry.kind == "treatment.ordered.v1":
        yield Change(
            "INSERT INTO projection.treatment_board"
            " (treatment, hospital, base, recipe, indication, urgency, ordered, last_kind, last_occurred)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                treatment, data["hospital"], data["base"], data["recipe"], data["indication"], data["urgency"],
                entry.occurred, entry.kind, entry.occurred,
            ),
        )  # fmt: skip
        return
    values = {
        **data,
        **data.get("itinerary", {}),
        "infectious": "positive" in data.get("markers", {}).values(),
        "stages": _IN_ORDER,
        "stage": _ONWARD.get(entry.kind),
        "treatment": treatment,
        "kind": entry.kind,
        "occurred": entry.occurred,
    }
    statement, names = _UPDATES.get(entry.kind, _UPDATES[""])
    yield Change(statement, tuple(values[name] for name in names))


_SELECT: LiteralString = "SELECT * FROM projection.treatment_board"


def row(cursor: psycopg.Cursor[Any], treatment: str) -> BoardRow | None:
    """The treatment's row, or None if it is unknown."""
    with cursor.connection.cursor(row_factory=class_row(BoardRow)) as rows:
        return rows.execute(_SELECT + " WHERE treatment = %s", (treatment,)).fetchone()


def rows_of(cursor: psycopg.Cursor[Any], treatments: list[str]) -> tuple[BoardRow, ...]:
    """The rows of these treatments, in order of their orders."""
    with cursor.connection.cursor(row_factory=class_row(BoardRow)) as rows:
        found = rows.execute(_SELECT + " WHERE treatment = ANY(%s) ORDER BY ordered, treatment", (treatments,))
        return tuple(found.fetchall())


def visible(cursor: psycopg.Cursor[Any], most: int = 2000) -> tuple[BoardRow, ...]:
    """The treatments that the cursor's person may see, those with the latest events first."""
    with cursor.connection.cursor(row_factory=class_row(BoardRow)) as rows:
        found = rows.execute(_SELECT + " ORDER BY last_occurred DESC, treatment LIMIT %s", (most,))
        return tuple(found.fetchall())


def at(cursor: psycopg.Cursor[Any], base: str, most: int = 2000) -> tuple[BoardRow, ...]:
    """The base's treatments, those with the latest events first."""
    with cursor.connection.cursor(row_factory=class_row(BoardRow)) as rows:
        found = rows.execute(_SELECT + " WHERE base = %s ORDER BY last_occurred DESC, treatment LIMIT %s", (base, most))
        return tuple(found.fetchall())


def revoked(cursor: psycopg.Cursor[Any], site: str) -> tuple[BoardRow, ...]:
    """The treatments ordered or made at the site whose release was revoked and that go on, the latest first."""
    with cursor.connection.cursor(row_factory=class_row(BoardRow)) as rows:
        found = rows.execute(
            _SELECT + " WHERE state = 'revoked' AND stage <> 'closed' AND %s IN (hospital, base)"
            " ORDER BY last_occurred DESC, treatment",
            (site,),
        )
        return tuple(found.fetchall())


def going_at(cursor: psycopg.Cursor[Any], hospital: str) -> tuple[str, ...]:
    """The hospital's treatments that have not ended, in order of their orders."""
    found = cursor.execute(
        "SELECT treatment FROM projection.treatment_board WHERE hospital = %s AND stage <> 'closed'"
        " AND state NOT IN ('declined', 'cancelled', 'withdrawn') ORDER BY ordered, treatment",
        (hospital,),
    ).fetchall()
    return tuple(row[0] for row in found)
