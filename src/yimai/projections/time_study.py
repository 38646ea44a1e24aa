"""How long things took, what was measured and what failed, by recipe and version: a base's own time study, from its facts alone.

Whose it was stands in the rows for row security; what is read here names no treatment, batch or person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from yimai.domain import access
from yimai.domain.person import Role
from yimai.domain.recipe import Recipe
from yimai.ledger.entry import Entry
from yimai.planning.study import Course, Run, Study, Tested
from yimai.projections import audience
from yimai.projections.change import Change

_READERS: Final = access.all_roles_of("read.calibration")
_AT_HOME: Final = access.roles_of("read.calibration")


def _has(*roles: Role) -> LiteralString:
    listed: LiteralString = ", ".join(f"'{role}'" for role in roles)
    return "string_to_array(current_setting('yimai.roles', true), ',') && ARRAY[" + listed + "]"


_SEEN: Final[LiteralString] = (
    "(" + _has(*(role for role in _READERS if role not in _AT_HOME))
    + " OR base = current_setting('yimai.site', true) AND " + _has(*_AT_HOME)
    + " OR pg_has_role(current_user, 'yimai_app', 'usage'))"
)  # fmt: skip
TABLES: Final = """
CREATE TABLE projection.step_run (
    batch text COLLATE "C",
    step text COLLATE "C",
    round integer,
    treatment text COLLATE "C" NOT NULL,
    started timestamptz NOT NULL,
    ended timestamptz,
    quantities jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (batch, step, round)
);
CREATE TABLE projection.test_run (
    sample text COLLATE "C",
    treatment text COLLATE "C" NOT NULL,
    batch text COLLATE "C" NOT NULL,
    plan text COLLATE "C" NOT NULL,
    taken timestamptz NOT NULL,
    voided timestamptz,
    recorded jsonb NOT NULL DEFAULT '{}',
    results jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (sample)
);
CREATE TABLE projection.batch_course (
    batch text COLLATE "C" PRIMARY KEY,
    treatment text COLLATE "C" NOT NULL,
    base text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    opened timestamptz NOT NULL,
    ended timestamptz,
    cause text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX batch_course_recipe ON projection.batch_course (base, recipe, version);
CREATE TABLE projection.collection_course (
    treatment text COLLATE "C",
    collection text COLLATE "C",
    base text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    ended timestamptz,
    cause text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (treatment, collection)
);
CREATE VIEW projection.measured_run WITH (security_barrier) AS
SELECT c.base, c.recipe, c.version, r.step, r.round, r.started, r.ended, c.ended AS until, r.quantities
FROM projection.step_run AS r JOIN projection.batch_course AS c USING (batch) WHERE SEEN;
CREATE VIEW projection.measured_test WITH (security_barrier) AS
SELECT c.base, c.recipe, c.version, t.plan, t.taken,
    coalesce(t.voided, CASE WHEN c.cause <> '' THEN c.ended END) AS until, t.recorded, t.results
FROM projection.test_run AS t JOIN projection.batch_course AS c USING (batch) WHERE SEEN;
CREATE VIEW projection.measured_batch WITH (security_barrier) AS
SELECT c.base, c.recipe, c.version, c.opened, c.ended, c.cause,
    ARRAY(SELECT r.step FROM projection.step_run AS r WHERE r.batch = c.batch AND r.round = 1 ORDER BY r.started, r.step) AS begun
FROM projection.batch_course AS c WHERE SEEN;
CREATE VIEW projection.measured_collection WITH (security_barrier) AS
SELECT base, recipe, ended, cause FROM projection.collection_course WHERE ended IS NOT NULL AND SEEN;
GRANT SELECT ON projection.measured_run, projection.measured_test, projection.measured_batch, projection.measured_collection TO yimai_screen;
""".replace("SEEN", _SEEN)
"""collection_course: a row with the collection '' stands for the order. recorded: by test when its first result was told; results: its valid
quantity. The views tell what was measured, and nobody of whom."""

AUDIENCE: Final = dict.fromkeys(("step_run", "test_run", "batch_course", "collection_course"), audience.OF_TREATMENT)

_BEGUN: Final = """
INSERT INTO projection.collection_course (treatment, collection, base, recipe)
SELECT treatment, %s, base, recipe FROM projection.collection_course WHERE treatment = %s AND collection = ''
"""
_RECORDED: Final[LiteralString] = (
    "UPDATE projection.test_run SET recorded = jsonb_build_object(%s::text, %s::text) || recorded,"
    " results = results || %s WHERE sample = %s"
)
_INVALID: Final[LiteralString] = "UPDATE projection.test_run SET results = results - %s::text WHERE sample = %s"


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    at = entry.occurred
    match entry.kind.partition(".")[0]:
        case "batch":
            yield from _of_batch(entry, data)
        case "sample":
            yield from _of_sample(entry, data)
        case "treatment" if entry.kind == "treatment.ordered.v1":
            yield Change(
                "INSERT INTO projection.collection_course (treatment, collection, base, recipe) VALUES (%s, '', %s, %s)",
                (data["treatment"], data["base"], data["recipe"]),
            )
        case "collection" if entry.kind == "collection.started.v1":
            yield Change(_BEGUN, (data["collection"], data["treatment"]))
        case "collection" if entry.kind in ("collection.completed.v1", "collection.failed.v1"):
            yield Change(
                "UPDATE projection.collection_course SET ended = %s, cause = %s WHERE treatment = %s AND collection = %s",
                (at, data.get("cause", ""), data["treatment"], data["collection"]),
            )
        case _:
            pass


def _of_batch(entry: Entry, data: Any) -> Iterator[Change]:
    at = entry.occurred
    match entry.kind:
        case "batch.opened.v1":
            yield Change(
                "INSERT INTO projection.batch_course (batch, treatment, base, recipe, version, opened)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (data["batch"], data["treatment"], entry.site, data["recipe"], data["recipe_version"], at),
            )
        case "batch.completed.v1" | "batch.failed.v1":
            yield Change(
                "UPDATE projection.batch_course SET ended = %s, cause = %s WHERE batch = %s",
                (at, data.get("cause", ""), data["batch"]),
            )
        case "batch.step_started.v1":
            yield Change(
                "INSERT INTO projection.step_run (batch, step, round, treatment, started) VALUES (%s, %s, %s, %s, %s)",
                (data["batch"], data["step"], data["round"], data["treatment"], at),
            )
        case "batch.step_completed.v1":
            found = {name: value["value"] for name, value in data["entries"].items() if isinstance(value, dict)}
            yield Change(
                "UPDATE projection.step_run SET ended = %s, quantities = %s WHERE (batch, step, round) = (%s, %s, %s)",
                (at, Jsonb(found), data["batch"], data["step"], data["round"]),
            )
        case "batch.entry_corrected.v1" if isinstance(data["new"], dict):
            yield Change(
                "UPDATE projection.step_run SET quantities = quantities || %s WHERE (batch, step, round) = (%s, %s, %s)",
                (Jsonb({data["entry"]: data["new"]["value"]}), data["batch"], data["step"], data["round"]),
            )
        case _:
            pass


def _of_sample(entry: Entry, data: Any) -> Iterator[Change]:
    at = entry.occurred
    match entry.kind:
        case "sample.taken.v1":
            yield Change(
                "INSERT INTO projection.test_run (sample, treatment, batch, plan, taken) VALUES (%s, %s, %s, %s, %s)",
                (data["sample"], data["treatment"], data["batch"], data["plan"], at),
            )
        case "sample.voided.v1":
            yield Change("UPDATE projection.test_run SET voided = %s WHERE sample = %s", (at, data["sample"]))
        case "sample.result_recorded.v1":
            result = Jsonb({data["test"]: data["value"]} if data["unit"] else {})
            yield Change(_RECORDED, (data["test"], at.isoformat(), result, data["sample"]))
        case "sample.result_invalidated.v1":
            yield Change(_INVALID, (data["test"], data["sample"]))
        case _:
            pass


def extent(cursor: psycopg.Cursor[Any], base: str, recipe: Recipe) -> tuple[Any, ...]:
    """What tells one study of the base from a later one, without reading it: how much was measured, and a digest of the values."""
    return tuple(
        cursor.execute(_EXTENT, {"base": base, "recipe": recipe.id, "version": recipe.version}).fetchone() or ()
    )


_EXTENT: Final = """
SELECT * FROM
    (SELECT count(*), count(ended), sum(hashtext(quantities::text)) FROM projection.measured_run
        WHERE base = %(base)s AND recipe = %(recipe)s AND version = %(version)s) AS runs,
    (SELECT count(*), sum(hashtext(recorded::text || results::text)) FROM projection.measured_test
        WHERE base = %(base)s AND recipe = %(recipe)s AND version = %(version)s) AS tests,
    (SELECT count(*), count(ended) FROM projection.measured_batch
        WHERE base = %(base)s AND recipe = %(recipe)s AND version = %(version)s) AS batches,
    (SELECT count(*) FROM projection.measured_collection WHERE base = %(base)s AND recipe = %(recipe)s) AS collections
"""


def study(cursor: psycopg.Cursor[Any], base: str, recipe: Recipe, now: datetime) -> Study:
    """What the base has measured of this version of the recipe. Collections are counted for all versions: they come before any is chosen."""
    asked = (base, recipe.id, recipe.version)
    runs = cursor.execute(
        "SELECT step, round, started, ended, coalesce(until, %s), quantities FROM projection.measured_run"
        " WHERE base = %s AND recipe = %s AND version = %s ORDER BY started, step",
        (now, *asked),
    ).fetchall()
    tests = cursor.execute(
        "SELECT plan, taken, coalesce(until, %s), recorded, results FROM projection.measured_test"
        " WHERE base = %s AND recipe = %s AND version = %s ORDER BY taken, plan",
        (now, *asked),
    ).fetchall()
    batches = cursor.execute(
        "SELECT begun, ended IS NOT NULL, cause FROM projection.measured_batch"
        " WHERE base = %s AND recipe = %s AND version = %s ORDER BY opened",
        asked,
    ).fetchall()
    collections = cursor.execute(
        "SELECT cause FROM projection.measured_collection WHERE base = %s AND recipe = %s ORDER BY ended", asked[:2]
    ).fetchall()
    return Study(
        tuple(
            Run(step, round_, started, ended, until, {name: Decimal(value) for name, value in quantities.items()})
            for step, round_, started, ended, until, quantities in runs
        ),
        tuple(each for row in tests for each in _tested(recipe, *row)),
        tuple(Course(tuple(begun), ended, cause) for begun, ended, cause in batches),
        tuple(cause for (cause,) in collections),
    )


def _tested(
    recipe: Recipe, plan: str, taken: datetime, until: datetime, recorded: dict[str, str], results: dict[str, str]
) -> Iterator[Tested]:
    """Each test of a sample that the recipe plans."""
    planned = recipe.sample(plan)
    for test in planned.tests if planned is not None else ():
        told = datetime.fromisoformat(recorded[test]) if test in recorded else None
        value = Decimal(results[test]) if test in results else None
        yield Tested(test, taken, told, until, value)
