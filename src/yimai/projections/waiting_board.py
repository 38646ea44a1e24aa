"""Who waits for a slot, and who waited when: one row a turn, from acceptance or the loss of a slot to the next slot or the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import class_row

from yimai.domain.allocation import TurnOverridden, Waiting
from yimai.domain.queue import ENDED, LOST
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.waiting (
    treatment text COLLATE "C",
    turn integer,
    base text COLLATE "C" NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    urgency text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    since timestamptz,
    until timestamptz,
    reserved boolean NOT NULL DEFAULT false,
    ended boolean NOT NULL DEFAULT false,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (treatment, turn)
);
CREATE INDEX waiting_base ON projection.waiting (base, since, until);
CREATE VIEW projection.queue WITH (security_barrier) AS
SELECT base, hospital, urgency, recipe, since, until, reserved FROM projection.waiting WHERE since IS NOT NULL
AND (current_setting('yimai.person', true) <> '' OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.queue TO yimai_screen;
"""
"""since: null until the order is accepted. reserved: the turn ended with a slot. ended: so did the treatment, which waits no more whatever becomes of
its slot. reason: why it was taken out of turn, or ''.
The view tells everybody who has signed in how many wait for a base and since when, and nobody for whom."""

AUDIENCE: Final = {"waiting": audience.OF_TREATMENT}

_SINCE: Final = """
UPDATE projection.waiting AS w SET since = %s WHERE treatment = %s AND since IS NULL
AND turn = (SELECT max(turn) FROM projection.waiting WHERE treatment = w.treatment)
"""
_RESERVED: Final = """
UPDATE projection.waiting AS w SET until = %s, reserved = true WHERE treatment = %s AND until IS NULL
AND turn = (SELECT max(turn) FROM projection.waiting WHERE treatment = w.treatment)
"""
_OVER: Final = """
UPDATE projection.waiting AS w SET until = coalesce(until, %s), ended = true WHERE treatment = %s
AND turn = (SELECT max(turn) FROM projection.waiting WHERE treatment = w.treatment)
"""
_AGAIN: Final = """
INSERT INTO projection.waiting (treatment, turn, base, hospital, urgency, recipe, since)
SELECT treatment, turn + 1, base, hospital, urgency, recipe, %s FROM projection.waiting AS w WHERE treatment = %s AND reserved AND NOT ended
AND turn = (SELECT max(turn) FROM projection.waiting WHERE treatment = w.treatment)
"""
_REASON: Final = """
UPDATE projection.waiting AS w SET reason = %s WHERE treatment = %s
AND turn = (SELECT max(turn) FROM projection.waiting WHERE treatment = w.treatment)
"""


def changes(entry: Entry) -> Iterator[Change]:
    """Times are those of the record: whoever wrote down an earlier moment waits no longer for it."""
    data: Any = entry.data
    at = entry.recorded
    match entry.kind:
        case "treatment.ordered.v1":
            yield Change(
                "INSERT INTO projection.waiting (treatment, turn, base, hospital, urgency, recipe) VALUES (%s, 0, %s, %s, %s, %s)",
                (data["treatment"], data["base"], data["hospital"], data["urgency"], data["recipe"]),
            )
        case "treatment.accepted.v1":
            yield Change(_SINCE, (at, data["treatment"]))
        case "slot.reserved.v1":
            yield Change(_RESERVED, (at, data["treatment"]))
        case TurnOverridden.kind:
            yield Change(_REASON, (data["reason"], data["treatment"]))
        case kind if kind in LOST:
            yield Change(_AGAIN, (at, data["treatment"]))
        case kind if kind in ENDED:
            yield Change(_OVER, (at, data["treatment"]))
        case _:
            pass


@dataclass(frozen=True, slots=True)
class Turn:
    """One wait of a treatment. until: None while it lasts. reserved: it ended with a slot. reason: why that was out of turn, or ""."""

    treatment: str
    base: str
    hospital: str
    urgency: str
    recipe: str
    since: datetime
    until: datetime | None
    reserved: bool
    reason: str

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.treatment, self.hospital, self.urgency, self.recipe, self.since)


_TURNS: Final[LiteralString] = (
    "SELECT treatment, base, hospital, urgency, recipe, since, until, reserved, reason FROM projection.waiting"
)


def turns(cursor: psycopg.Cursor[Any], treatment: str) -> tuple[Turn, ...]:
    """The treatment's waits, in order; none before it is accepted, or where the reader may not see it."""
    with cursor.connection.cursor(row_factory=class_row(Turn)) as rows:
        return tuple(
            rows.execute(_TURNS + " WHERE treatment = %s AND since IS NOT NULL ORDER BY turn", (treatment,)).fetchall()
        )


def waiting(cursor: psycopg.Cursor[Any], base: str, at: datetime) -> tuple[Turn, ...]:
    """Who waited for a slot of the base just before that moment, as far as the reader may see them."""
    with cursor.connection.cursor(row_factory=class_row(Turn)) as rows:
        found = rows.execute(
            _TURNS + " WHERE base = %s AND since <= %s AND (until IS NULL OR until >= %s) ORDER BY since, treatment",
            (base, at, at),
        )
        return tuple(found.fetchall())


def queue(cursor: psycopg.Cursor[Any], base: str) -> tuple[Waiting, ...]:
    """Everybody who waits for the base now, without names: numbers stand for them."""
    rows = cursor.execute(
        "SELECT hospital, urgency, recipe, since FROM projection.queue WHERE base = %s AND until IS NULL ORDER BY since",
        (base,),
    ).fetchall()
    return tuple(Waiting(str(number), *row) for number, row in enumerate(rows))


def reserved(cursor: psycopg.Cursor[Any], base: str, begins: datetime, ends: datetime) -> Mapping[str, int]:
    """How many slots of the base each hospital reserved in [begins, ends)."""
    rows = cursor.execute(
        "SELECT hospital, count(*) FROM projection.queue WHERE base = %s AND reserved AND until >= %s AND until < %s GROUP BY hospital",
        (base, begins, ends),
    )
    return dict(rows.fetchall())
