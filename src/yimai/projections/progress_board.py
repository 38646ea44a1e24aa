"""How far each treatment's chain has come, task by task, as the planner needs it: one row a treatment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.progress (
    treatment text COLLATE "C" PRIMARY KEY,
    base text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    urgency text COLLATE "C" NOT NULL,
    ordered timestamptz NOT NULL,
    accepted boolean NOT NULL DEFAULT false,
    itinerary jsonb,
    promised_before timestamptz,
    happened jsonb NOT NULL DEFAULT '{}',
    longer jsonb NOT NULL DEFAULT '{}',
    ended boolean NOT NULL DEFAULT false,
    resting text NOT NULL DEFAULT ''
);
CREATE INDEX progress_live ON projection.progress (base) WHERE NOT ended;
CREATE VIEW projection.load WITH (security_barrier) AS
SELECT base, recipe, hospital, urgency, ordered, accepted, itinerary, happened, longer, resting FROM projection.progress
WHERE NOT ended AND (current_setting('yimai.person', true) <> '' OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.load TO yimai_screen;
"""
"""happened: by task id [start, end or null]. longer: by task id [when it was said, by how many seconds it takes longer], or [when it was begun
anew, null]. promised_before: the infusion as it was promised before the slot was moved. resting: ``held`` or ``revoked`` where nothing goes on.

The view tells everybody who has signed in what a base has to do, and nobody for whom.
"""

AUDIENCE: Final = {"progress": audience.OF_TREATMENT}

_BEGINS: Final[LiteralString] = (
    "UPDATE projection.progress SET happened = happened || jsonb_build_object(%s::text,"
    " jsonb_build_array(coalesce(happened -> %s ->> 0, %s), null)) WHERE treatment = %s"
)
_ENDS: Final[LiteralString] = (
    "UPDATE projection.progress SET happened = happened || jsonb_build_object(%s::text,"
    " jsonb_build_array(coalesce(happened -> %s ->> 0, %s), %s::text)) WHERE treatment = %s"
)
_HANDED_OVER: Final[LiteralString] = (
    "UPDATE projection.progress SET happened = happened || CASE WHEN happened ? 'review'"
    " THEN jsonb_build_object('outbound', jsonb_build_array(coalesce(happened -> 'outbound' ->> 0, %s), null))"
    " ELSE jsonb_build_object('inbound', jsonb_build_array(coalesce(happened -> 'inbound' ->> 0, %s), null)) END"
    " WHERE treatment = %s"
)
_RECEIVED: Final[LiteralString] = (
    "UPDATE projection.progress SET happened = happened || CASE WHEN happened ? 'review'"
    " THEN jsonb_build_object('outbound', jsonb_build_array(coalesce(happened -> 'outbound' ->> 0, %s), %s::text))"
    " ELSE jsonb_build_object('inbound', jsonb_build_array(coalesce(happened -> 'inbound' ->> 0, %s), %s::text)) END"
    " WHERE treatment = %s AND CASE WHEN happened ? 'review' THEN hospital ELSE base END = %s"
)
_LONGER: Final[LiteralString] = (
    "UPDATE projection.progress SET longer = longer || jsonb_build_object(%s::text, jsonb_build_array(%s::text, %s::integer)) WHERE treatment = %s"
)
_SET_ENDED: Final[LiteralString] = "UPDATE projection.progress SET ended = true WHERE treatment = %s"
_SET_ANEW: Final[LiteralString] = (
    "UPDATE projection.progress SET happened = '{}', longer = '{}', resting = CASE resting WHEN 'revoked' THEN '' ELSE resting END"
    " WHERE treatment = %s"
)
_SET: Final[dict[str, LiteralString]] = {
    "treatment.accepted.v1": "UPDATE projection.progress SET accepted = true WHERE treatment = %s",
    "slot.freed.v1": "UPDATE projection.progress SET itinerary = NULL WHERE treatment = %s",
    "collection.failed.v1": "UPDATE projection.progress SET happened = happened - 'collection' WHERE treatment = %s",
    "batch.failed.v1": _SET_ANEW,
    "disposition.rejected.v1": _SET_ANEW,
    "treatment.held.v1": "UPDATE projection.progress SET resting = 'held' WHERE treatment = %s",
    "treatment.resumed.v1": "UPDATE projection.progress SET resting = '' WHERE treatment = %s AND resting = 'held'",
    "disposition.revoked.v1": "UPDATE projection.progress SET resting = 'revoked' WHERE treatment = %s",
    "treatment.declined.v1": _SET_ENDED,
    "treatment.cancelled.v1": _SET_ENDED,
    "treatment.withdrawn.v1": _SET_ENDED,
    "outcome.treatment_completed.v1": _SET_ENDED,
    "infusion.started.v1": _SET_ENDED,
}
_RELEASED: Final = ("disposition.conditionally_released.v1", "disposition.released.v1", "disposition.oos_supplied.v1")


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    at = entry.occurred.isoformat()
    match entry.kind:
        case "treatment.ordered.v1":
            yield Change(
                "INSERT INTO projection.progress (treatment, base, recipe, hospital, urgency, ordered)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (data["treatment"], data["base"], data["recipe"], data["hospital"], data["urgency"], entry.occurred),
            )
        case "slot.reserved.v1" | "slot.moved.v1":
            statement = "UPDATE projection.progress SET (itinerary, promised_before) = (%s, %s) WHERE treatment = %s"
            yield Change(statement, (Jsonb(data["itinerary"]), data.get("promised"), data["treatment"]))
        case kind if kind in _SET:
            yield Change(_SET[kind], (data["treatment"],))
        case "timetable.repaired.v1":
            for each in data["disruptions"]:
                if each["struck"] in ("takes_longer", "ends_sooner"):
                    by = datetime.fromisoformat(each["ends"]) - datetime.fromisoformat(each["begins"])
                    seconds = round(by.total_seconds()) * (1 if each["struck"] == "takes_longer" else -1)
                    yield Change(_LONGER, (each["step"], each["begins"], seconds, each["treatment"]))
        case "custody.container_handed_over.v1":
            yield Change(_HANDED_OVER, (at, at, data["treatment"]))
        case "custody.container_received.v1":
            yield Change(_RECEIVED, (at, at, at, at, data["treatment"], data["site"]))
        case _:
            yield from _worked(entry.kind, data, at)


def _worked(kind: str, data: Any, at: str) -> Iterator[Change]:
    """What begins or ends a task of the chain."""
    match kind:
        case "collection.started.v1":
            yield _begins("collection", data, at)
        case "collection.completed.v1":
            yield _ends("collection", data, at)
        case "batch.step_started.v1":
            yield _begins(f"step:{data['step']}", data, at)
        case "batch.step_completed.v1":
            yield _ends(f"step:{data['step']}", data, at)
        case "sample.taken.v1":
            yield _begins(f"sample:{data['plan']}", data, at)
        case "sample.result_recorded.v1":
            yield _ends(f"test:{data['test']}", data, at)
        case "sample.result_invalidated.v1":
            yield _set_without(f"test:{data['test']}", data)
            yield Change(_LONGER, (f"test:{data['test']}", at, None, data["treatment"]))
        case _ if kind in _RELEASED:
            yield _ends("review", data, at)
        case _:
            pass


def _begins(task: str, data: Any, at: str) -> Change:
    return Change(_BEGINS, (task, task, at, data["treatment"]))


def _ends(task: str, data: Any, at: str) -> Change:
    return Change(_ENDS, (task, task, at, at, data["treatment"]))


def _set_without(task: str, data: Any) -> Change:
    statement: LiteralString = "UPDATE projection.progress SET happened = happened - %s::text WHERE treatment = %s"
    return Change(statement, (task, data["treatment"]))


@dataclass(frozen=True, slots=True)
class Progress:
    """A treatment that goes on. treatment: "" where the reader may not know whose it is. itinerary: of its slot, or None.

    longer: by task id what takes longer, as the table has it. resting: why nothing goes on, as the table has it.
    happened: by task id when it began and ended, ISO 8601; a sample's tests begin when it is taken (``sample:…``).
    """

    treatment: str
    recipe: str
    hospital: str
    urgency: str
    ordered: datetime
    accepted: bool
    itinerary: Mapping[str, Any] | None
    happened: Mapping[str, tuple[str, str | None]]
    longer: Mapping[str, tuple[str, int | None]]
    resting: str


def going(cursor: psycopg.Cursor[Any], base: str) -> tuple[Progress, ...]:
    """The base's treatments that go on and that the reader may see."""
    with cursor.connection.cursor(row_factory=class_row(Progress)) as rows:
        found = rows.execute(
            "SELECT treatment, recipe, hospital, urgency, ordered, accepted, itinerary, happened, longer, resting FROM projection.progress"
            " WHERE base = %s AND NOT ended ORDER BY treatment",
            (base,),
        )
        return tuple(found.fetchall())


def load(cursor: psycopg.Cursor[Any], base: str) -> tuple[Progress, ...]:
    """All that the base has to do, without whose it is."""
    with cursor.connection.cursor(row_factory=class_row(Progress)) as rows:
        found = rows.execute(
            "SELECT '' AS treatment, recipe, hospital, urgency, ordered, accepted, itinerary, happened, longer, resting FROM projection.load"
            " WHERE base = %s ORDER BY ordered, happened::text",
            (base,),
        )
        return tuple(found.fetchall())


@dataclass(frozen=True, slots=True)
class Promise:
    """When a treatment's infusion is promised. before: what was promised until its slot was moved, or None."""

    infusion: datetime
    collection: datetime
    before: datetime | None


def promises(cursor: psycopg.Cursor[Any], treatments: Iterable[str]) -> dict[str, Promise]:
    """What is promised to those of the treatments that have a slot and whose infusion has not begun."""
    rows = cursor.execute(
        "SELECT treatment, (itinerary ->> 'infusion')::timestamptz, (itinerary ->> 'collection')::timestamptz, promised_before"
        " FROM projection.progress WHERE treatment = ANY (%s) AND itinerary IS NOT NULL AND NOT ended",
        (list(treatments),),
    )
    return {treatment: Promise(*promised) for treatment, *promised in rows.fetchall()}
