"""What is out of use or away, and until when: what is on record of rooms and equipment, and what signed repairs of a timetable said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg

from yimai.ledger.entry import Entry
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.disruption (
    base text COLLATE "C" NOT NULL,
    thing text COLLATE "C" NOT NULL,
    begins timestamptz,
    ends timestamptz,
    said timestamptz NOT NULL
);
CREATE INDEX disruption_thing ON projection.disruption (thing, said);
CREATE VIEW projection.away WITH (security_barrier) AS
SELECT base, thing, begins, ends, said FROM projection.disruption AS d WHERE ends IS NOT NULL
AND NOT EXISTS (SELECT FROM projection.disruption AS later WHERE later.thing = d.thing AND later.said > d.said)
AND (current_setting('yimai.person', true) <> '' OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.away TO yimai_screen;
"""
"""thing: a suite, a piece of equipment or a person. ends: null where it was returned to use: what was said before counts no more.

The view tells everybody who has signed in what a slot cannot be planned with, and until when, and nobody why."""

AUDIENCE: Final[dict[str, LiteralString]] = {"disruption": "false"}
_INSERT: Final[LiteralString] = (
    "INSERT INTO projection.disruption (base, thing, begins, ends, said) VALUES (%s, %s, %s, %s, %s)"
)
_RETURNED: Final = {"suite.returned.v1": "suite", "equipment.returned.v1": "equipment"}


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == "timetable.repaired.v1":
        for each in data["disruptions"]:
            thing = each["suite"] or each["equipment"] or each["person"]
            if thing and each["ends"] and each["struck"] != "nothing_broken":
                yield Change(_INSERT, (data["base"], thing, each["begins"], each["ends"], entry.recorded))
    elif entry.kind in _RETURNED:
        yield Change(_INSERT, ("", data[_RETURNED[entry.kind]], None, None, entry.recorded))


def away(cursor: psycopg.Cursor[Any], base: str, now: datetime, last: datetime) -> dict[str, tuple[datetime, datetime]]:
    """What cannot be planned with, from when until when: as the latest signed repair said; what is on record as out of use without an
    end that is still to come, until ``last``."""
    rows = cursor.execute(
        "SELECT thing, min(begins), max(ends) FROM projection.away WHERE base = %s AND ends > %s GROUP BY thing",
        (base, now),
    ).fetchall()
    said = {thing: (begins, ends) for thing, begins, ends in rows}
    out = cursor.execute(
        "SELECT suite FROM projection.room_out WHERE base = %s"
        " UNION SELECT equipment FROM projection.equipment_out WHERE base = %s",
        (base, base),
    ).fetchall()
    return said | {thing: (now, said[thing][1] if thing in said else last) for (thing,) in out}
