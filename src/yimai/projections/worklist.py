"""What is to be done next, for whom and until when: one row a treatment, from which its tasks are computed.

The homes of the roles and the buttons of a treatment's page come from here. It only suggests: what may be done is
decided from facts.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from yimai.domain.person import Role
from yimai.domain.recipe import Recipe
from yimai.ledger.entry import Entry
from yimai.projections import approval_board, audience
from yimai.projections.change import Change
from yimai.projections.tasks import finished, planned
from yimai.projections.tasks_carrying import Errand, handing_over
from yimai.projections.worklist_marks import marked
from yimai.projections.worklist_state import Room, Row, Task

TABLES: Final = """
CREATE TABLE projection.worklist (
    treatment text COLLATE "C" PRIMARY KEY,
    hospital text COLLATE "C" NOT NULL,
    base text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL DEFAULT '',
    urgency text COLLATE "C" NOT NULL,
    ordered timestamptz NOT NULL,
    ended text COLLATE "C" NOT NULL DEFAULT '',
    kept boolean NOT NULL DEFAULT false,
    head bytea NOT NULL,
    marks jsonb NOT NULL DEFAULT '{}',
    opened jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX worklist_base ON projection.worklist (base) WHERE NOT (ended <> '' AND kept AND opened = '{}');
CREATE INDEX worklist_hospital ON projection.worklist (hospital) WHERE NOT (ended <> '' AND kept AND opened = '{}');
CREATE TABLE projection.errand (
    shipment text COLLATE "C" PRIMARY KEY,
    treatment text COLLATE "C" NOT NULL,
    urgency text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    destination text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    packed timestamptz NOT NULL,
    keeps timestamptz,
    inside text[] NOT NULL
);
CREATE INDEX errand_open ON projection.errand (holder) WHERE inside <> '{}';
CREATE TABLE projection.room (
    suite text COLLATE "C" PRIMARY KEY,
    base text COLLATE "C" NOT NULL,
    batch text COLLATE "C" NOT NULL DEFAULT '',
    cleared_for text COLLATE "C" NOT NULL DEFAULT '',
    out text NOT NULL DEFAULT '',
    audience text COLLATE "C" NOT NULL
);
CREATE VIEW projection.room_out WITH (security_barrier) AS
SELECT base, suite FROM projection.room WHERE out <> ''
AND (current_setting('yimai.person', true) <> '' OR pg_has_role(current_user, 'yimai_app', 'usage'));
GRANT SELECT ON projection.room_out TO yimai_screen;
"""
"""The view tells everybody who has signed in what a slot cannot be planned with, and nobody why."""
AUDIENCE: Final[dict[str, audience.Condition]] = {
    "worklist": audience.OF_TREATMENT,
    "errand": audience.OF_WAY + " OR ({table}.site = {table}.origin AND cardinality({table}.inside) > 0"
    " AND (SELECT 'courier' = ANY(string_to_array(current_setting('yimai.roles', true), ','))))",
    "room": audience.OF_ROW,
}
"""What waits to be carried is seen by every courier, for any of them may come for it."""

_LIVE: LiteralString = " AND NOT (ended <> '' AND kept AND opened = '{}')"
ENDING: Final = {
    "treatment.declined.v1": "declined",
    "treatment.cancelled.v1": "cancelled",
    "treatment.withdrawn.v1": "withdrawn",
    "outcome.treatment_completed.v1": "completed",
}


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == "treatment.ordered.v1":
        yield Change(
            "INSERT INTO projection.worklist (treatment, hospital, base, recipe, urgency, ordered, head)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                data["treatment"], data["hospital"], data["base"], data["recipe"], data["urgency"],
                entry.occurred, entry.hash,
            ),
        )  # fmt: skip
        return
    left = marked(entry)
    if left is not None:
        yield Change(
            "UPDATE projection.worklist SET marks = (marks || %s) - %s::text[], opened = (opened || %s) - %s::text[],"
            " head = %s, version = coalesce(%s, version), kept = kept OR %s,"
            " ended = CASE ended WHEN '' THEN %s ELSE ended END WHERE treatment = %s",
            (
                Jsonb(left.marks), list(left.gone), Jsonb(left.opened), list(left.gone), entry.hash,
                data.get("recipe_version"), entry.kind == "retention.started.v1", ENDING.get(entry.kind, ""),
                data["treatment"],
            ),
        )  # fmt: skip
    yield from _errands(entry)
    yield from _rooms(entry)


def _errands(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == "shipment.packed.v1":
        yield Change(
            "INSERT INTO projection.errand SELECT %s, treatment, urgency, %s, %s, %s, %s, %s, %s, %s, %s"
            " FROM projection.worklist WHERE treatment = %s",
            (
                data["shipment"], data["origin"], data["destination"], data["given"]["signer"], data["origin"],
                entry.occurred, entry.occurred, data["qualified_until"], data["containers"], data["treatment"],
            ),
        )  # fmt: skip
    elif entry.kind == "custody.container_handed_over.v1":
        yield Change(
            "UPDATE projection.errand SET holder = %s, site = %s, since = %s WHERE shipment = %s",
            (data["taken"]["signer"], data["site"], entry.occurred, data["shipment"]),
        )
    elif entry.kind == "custody.container_received.v1":
        yield Change(
            "UPDATE projection.errand SET inside = array_remove(inside, %s) WHERE shipment = %s",
            (data["container"], data["shipment"]),
        )


_ROOM: LiteralString = "UPDATE projection.room SET "


def _rooms(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    match entry.kind:
        case "suite.registered.v1":
            yield Change(
                "INSERT INTO projection.room (suite, base, audience) VALUES (%s, %s, %s)"
                " ON CONFLICT (suite) DO UPDATE SET (base, audience) = (excluded.base, excluded.audience)",
                (data["suite"], data["base"], audience.of_thing("suite", data["base"])),
            )
        case "suite.taken_out.v1":
            yield Change(_ROOM + "out = %s, cleared_for = '' WHERE suite = %s", (data["reason"], data["suite"]))
        case "suite.returned.v1":
            yield Change(_ROOM + "out = '' WHERE suite = %s", (data["suite"],))
        case "suite.line_cleared.v1":
            yield Change(_ROOM + "cleared_for = %s WHERE suite = %s", (data["batch"], data["suite"]))
        case "suite.occupied.v1":
            yield Change(_ROOM + "batch = %s WHERE suite = %s", (data["batch"], data["suite"]))
        case "suite.vacated.v1":
            yield Change(_ROOM + "batch = '', cleared_for = '' WHERE suite = %s", (data["suite"],))
        case _:
            pass


# What people ask.


def for_site(
    cursor: psycopg.Cursor[Any],
    site: str,
    roles: Iterable[Role],
    now: datetime,
    *,
    person: str = "",
    optional: bool = False,
    most: int = 200,
) -> tuple[Task, ...]:
    """The tasks that somebody of these roles has at the site: clocks that run out first, then urgent ones, then by age.

    person: leaves out what somebody else alone can do, or what this person may not. optional: with what nobody waits for.
    """
    wanted = frozenset(roles)
    rows = _planned(cursor, "(base = %s OR hospital = %s)" + _LIVE, (site, site))
    mine = (
        task
        for tasks in rows.values()
        for task in tasks
        if task.site == site and not wanted.isdisjoint(task.roles) and (optional or not task.optional)
    )
    chosen = (each for each in mine if not person or (each.person in ("", person) and person not in each.without))
    return in_order(finished(chosen, now, rooms(cursor)), now)[:most]


def for_treatment(cursor: psycopg.Cursor[Any], treatment: str, now: datetime) -> tuple[Task, ...]:
    """Everything that is to be done for the treatment, by whomever, and after it what may be done besides."""
    rows = _planned(cursor, "treatment = %s", (treatment,))
    return in_order(finished(rows.get(treatment, ()), now, rooms(cursor)), now)


def of_hospital(cursor: psycopg.Cursor[Any], hospital: str, now: datetime) -> tuple[Task, ...]:
    """Everything that the hospital's treatments wait for, by whomever: clocks that run out first."""
    rows = _planned(cursor, "hospital = %s" + _LIVE, (hospital,))
    tasks = (task for tasks in rows.values() for task in tasks if not task.optional)
    return in_order(finished(tasks, now, rooms(cursor)), now)


def for_courier(cursor: psycopg.Cursor[Any], person: str, now: datetime) -> tuple[Task, ...]:
    """The shipments that the courier carries, and those that wait to be taken by any courier.

    Nothing but the shipment and the COI identifier: a courier learns nothing about the patient.
    """
    rows = cursor.execute(_ERRANDS + "e.inside <> '{}' AND (e.holder = %s OR e.site = e.origin)", (person,)).fetchall()
    tasks = (task for row in rows for task in handing_over(Errand(*row)) if task.side == "carrier")
    return in_order((task for task in tasks if task.person in ("", person)), now)


def legs(cursor: psycopg.Cursor[Any], person: str) -> tuple[Errand, ...]:
    """The shipments that the courier carries, that wait for any courier, and that have arrived and are not unpacked yet."""
    rows = cursor.execute(
        _ERRANDS + "e.inside <> '{}' AND (e.holder = %s OR e.site IN (e.origin, e.destination))"
        " ORDER BY e.keeps NULLS LAST, e.packed, e.shipment",
        (person,),
    ).fetchall()
    return tuple(Errand(*row) for row in rows)


def errand(cursor: psycopg.Cursor[Any], shipment: str) -> Errand | None:
    """The shipment as it waits or travels; None once it is unpacked, or where the reader may not know of it."""
    row = cursor.execute(_ERRANDS + "e.inside <> '{}' AND e.shipment = %s", (shipment,)).fetchone()
    return Errand(*row) if row is not None else None


def counts(tasks: Iterable[Task]) -> Counter[str]:
    """How many tasks of each verb could be done now."""
    return Counter(task.verb for task in tasks if not task.blocked)


def in_order(tasks: Iterable[Task], now: datetime) -> tuple[Task, ...]:
    """What runs out first is first; what a patient lies at stands among what runs out within the hour, and what is urgent
    without a clock before whatever has hours left."""

    def rank(task: Task) -> tuple[Any, ...]:
        due = task.due
        if due is None and task.verb in RUNNING:
            due = task.since + SOON
        elif due is None and task.urgency == "urgent":
            due = now + PRESSING
        clock = due.timestamp() if due is not None else float("inf")
        return (task.optional, clock, task.urgency != "urgent", task.since, task.treatment, task.verb)

    return tuple(sorted(tasks, key=rank))


RUNNING: Final = ("collection.complete", "infusion.finish")
"""They end what a patient lies at."""
SOON: Final = timedelta(hours=1)
PRESSING: Final = timedelta(hours=4)
"""What has less time left presses, whether it is urgent or not."""
_ERRANDS: LiteralString = (
    "SELECT e.shipment, e.treatment, e.urgency, e.origin, e.destination, e.holder, e.site, e.since, e.packed,"
    " e.keeps, coalesce(p.site, '') FROM projection.errand AS e LEFT JOIN projection.person AS p"
    " ON p.person = e.holder WHERE "
)
_HEADS: LiteralString = (
    "SELECT w.treatment, w.head, a.hash FROM projection.worklist AS w JOIN ("
    "SELECT id, version, hash FROM (SELECT id, version, hash,"
    " row_number() OVER (PARTITION BY id, version ORDER BY sequence DESC) AS place"
    " FROM projection.approval WHERE noun = 'recipe') AS approved WHERE place = 1 UNION ALL "
    "(SELECT DISTINCT ON (id) id, '', hash FROM projection.approval WHERE noun = 'recipe' ORDER BY id, sequence DESC)"
    ") AS a ON a.id = w.recipe AND a.version = w.version WHERE "
)
_TASKS: Final[OrderedDict[tuple[bytes, bytes], tuple[Task, ...]]] = OrderedDict()
_KEPT: Final = 8192
_RECIPES: Final[dict[bytes, Recipe]] = {}


def _planned(
    cursor: psycopg.Cursor[Any], where: LiteralString, values: tuple[str, ...]
) -> Mapping[str, tuple[Task, ...]]:
    """The tasks of the treatments in question, by treatment.

    They follow from the treatment's last fact and its recipe's approval, whose hashes stand for them: what was computed
    before is kept under these.
    """
    heads = cursor.execute(_HEADS + where, values).fetchall()
    missing = {treatment: (head, recipe) for treatment, head, recipe in heads if (head, recipe) not in _TASKS}
    if missing:
        _compute(cursor, missing)
    return {treatment: _TASKS[head, recipe] for treatment, head, recipe in heads if (head, recipe) in _TASKS}


def _compute(cursor: psycopg.Cursor[Any], missing: Mapping[str, tuple[bytes, bytes]]) -> None:
    rows = cursor.execute(
        "SELECT head, treatment, hospital, base, recipe, version, urgency, ordered, ended, (marks || opened)::text,"
        " coalesce((SELECT jsonb_object_agg(p.person, p.site) FROM projection.person AS p WHERE p.person IN"
        " (SELECT value ->> 'holder' FROM jsonb_each(opened) WHERE key LIKE 'held/%%')), '{}')"
        " FROM projection.worklist WHERE treatment = ANY(%s)",
        (list(missing),),
    ).fetchall()
    for head, *fields, marks, sites in rows:
        row = Row(*[*fields, msgspec.json.decode(marks), sites])
        known, approved = missing[row.treatment]
        if head == known:  # else it moved meanwhile, and is computed when it is asked for again
            _TASKS[head, approved] = tuple(planned(row, _recipe(cursor, row, approved)))
    while len(_TASKS) > _KEPT:
        _TASKS.popitem(last=False)


def _recipe(cursor: psycopg.Cursor[Any], row: Row, approved: bytes) -> Recipe:
    if approved not in _RECIPES:
        found = approval_board.recipe(cursor, row.recipe, row.version)
        assert found is not None, f"{row.recipe} {row.version} was approved"
        _RECIPES[approved] = found
    return _RECIPES[approved]


def rooms(cursor: psycopg.Cursor[Any]) -> Mapping[str, Room]:
    """Every suite that the reader may see, by its identifier: what is in it, and whether it is out of use."""
    rows = cursor.execute("SELECT suite, base, batch, cleared_for, out FROM projection.room").fetchall()
    return {row[0]: Room(*row) for row in rows}
