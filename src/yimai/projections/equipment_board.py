"""Equipment of a base: of which class, where it stands, until when it is calibrated, and what is out of use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from yimai.domain.equipment import EquipmentCalibrated, EquipmentRegistered, EquipmentReturned, EquipmentTakenOut
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.equipment (
    equipment text COLLATE "C" PRIMARY KEY,
    base text COLLATE "C" NOT NULL,
    equipment_class text COLLATE "C" NOT NULL,
    suite text COLLATE "C" NOT NULL,
    valid_until date,
    out text NOT NULL DEFAULT '',
    audience text COLLATE "C" NOT NULL
);
CREATE VIEW projection.equipment_out WITH (security_barrier) AS
SELECT base, equipment FROM projection.equipment WHERE out <> ''
AND (current_setting('yimai.person', true) <> '' OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.equipment_out TO yimai_screen;
"""
"""The view tells everybody who has signed in what a slot cannot be planned with, and nobody why."""

AUDIENCE: Final = {"equipment": audience.OF_ROW}


@dataclass(frozen=True, slots=True)
class EquipmentRow:
    """One piece. suite: where it stands, or "". valid_until: the last day of its calibration, or None for none. out: why."""

    equipment: str
    base: str
    equipment_class: str
    suite: str
    valid_until: date | None
    out: str

    def usable(self, day: date) -> bool:
        """Whether it is in use and calibrated on the day."""
        return not self.out and self.valid_until is not None and day <= self.valid_until


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == EquipmentRegistered.kind:
        yield Change(
            "INSERT INTO projection.equipment (equipment, base, equipment_class, suite, audience)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (equipment) DO UPDATE SET (base, equipment_class, suite, audience)"
            " = (excluded.base, excluded.equipment_class, excluded.suite, excluded.audience)",
            (
                data["equipment"],
                data["base"],
                data["equipment_class"],
                data["suite"],
                audience.of_thing("equipment", data["base"]),
            ),
        )
    elif entry.kind == EquipmentCalibrated.kind:
        yield Change(
            "UPDATE projection.equipment SET valid_until = %s WHERE equipment = %s",
            (data["valid_until"], data["equipment"]),
        )
    elif entry.kind in (EquipmentTakenOut.kind, EquipmentReturned.kind):
        out = data["reason"] if entry.kind == EquipmentTakenOut.kind else ""
        yield Change("UPDATE projection.equipment SET out = %s WHERE equipment = %s", (out, data["equipment"]))


def at(cursor: psycopg.Cursor[Any], base: str) -> tuple[EquipmentRow, ...]:
    """The base's equipment: what is out of use first, then by the end of its calibration."""
    with cursor.connection.cursor(row_factory=class_row(EquipmentRow)) as rows:
        found = rows.execute(
            "SELECT equipment, base, equipment_class, suite, valid_until, out FROM projection.equipment"
            " WHERE base = %s ORDER BY out = '', valid_until NULLS FIRST, equipment",
            (base,),
        )
        return tuple(found.fetchall())
