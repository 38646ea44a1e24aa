"""Qualifications of people: for what, from when to when; one that was withdrawn is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from yimai.domain.person import PersonQualified, QualificationWithdrawn
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.qualification (
    person text COLLATE "C" NOT NULL,
    qualification text COLLATE "C" NOT NULL,
    valid_from date NOT NULL,
    valid_until date NOT NULL,
    audience text COLLATE "C" NOT NULL,
    PRIMARY KEY (person, qualification)
);
CREATE INDEX qualification_audience ON projection.qualification (audience, person);
"""

AUDIENCE: Final = {"qualification": audience.OF_ROW}


@dataclass(frozen=True, slots=True)
class QualificationRow:
    """One person's qualification, valid on both days and those between."""

    person: str
    qualification: str
    valid_from: date
    valid_until: date


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == PersonQualified.kind:
        yield Change(
            "INSERT INTO projection.qualification VALUES (%s, %s, %s, %s, %s) ON CONFLICT (person, qualification)"
            " DO UPDATE SET (valid_from, valid_until, audience) ="
            " (excluded.valid_from, excluded.valid_until, excluded.audience)",
            (
                data["person"],
                data["qualification"],
                data["valid_from"],
                data["valid_until"],
                f"site/{entry.site}",
            ),
        )
    elif entry.kind == QualificationWithdrawn.kind:
        yield Change(
            "DELETE FROM projection.qualification WHERE person = %s AND qualification = %s",
            (data["person"], data["qualification"]),
        )


def qualifications(cursor: psycopg.Cursor[Any], site: str) -> tuple[QualificationRow, ...]:
    """What the people of a site are qualified for, by person."""
    with cursor.connection.cursor(row_factory=class_row(QualificationRow)) as rows:
        found = rows.execute(
            "SELECT person, qualification, valid_from, valid_until FROM projection.qualification"
            " WHERE audience = %s ORDER BY person, qualification",
            (f"site/{site}",),
        )
        return tuple(found.fetchall())
