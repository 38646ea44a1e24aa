"""Clocks that run out: fresh material, hold times, dewars, thawed bags, shelf life, the lymphodepletion window.

A treatment's row keeps the moments from which clocks run and at which they stop; how long each may run is the
recipe's, so what is due is computed when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import psycopg
from psycopg.types.json import Jsonb

from yimai.domain.recipe import Recipe
from yimai.ledger.entry import Entry
from yimai.projections import approval_board, audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.clock (
    treatment text COLLATE "C" PRIMARY KEY,
    base text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL DEFAULT '',
    moments jsonb NOT NULL DEFAULT '{}',
    ended boolean NOT NULL DEFAULT false
);
CREATE INDEX clock_live ON projection.clock (base) WHERE NOT ended;
"""

AUDIENCE: Final = {"clock": audience.OF_TREATMENT}

Name = Literal["fresh", "hold", "dewar", "thaw", "shelf_life", "lymphodepletion"]
NAMES: Final[tuple[Name, ...]] = ("fresh", "hold", "dewar", "thaw", "shelf_life", "lymphodepletion")

ENDING: Final = frozenset(
    {"treatment.declined.v1", "treatment.cancelled.v1", "treatment.withdrawn.v1", "outcome.treatment_completed.v1"}
)


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock that runs: item is the container, shipment or step. alert: from when it deserves attention.

    assumed: its limit is a placeholder of ours.
    """

    name: Name
    treatment: str
    item: str
    started: datetime
    alert: datetime
    due: datetime
    assumed: bool


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == "treatment.ordered.v1":
        yield Change(
            "INSERT INTO projection.clock (treatment, base, recipe) VALUES (%s, %s, %s)",
            (data["treatment"], data["base"], data["recipe"]),
        )
        return
    moments = dict(_moments(entry))
    if moments or entry.kind in ENDING:
        yield Change(
            "UPDATE projection.clock SET moments = moments || %s, version = coalesce(%s, version), ended = ended OR %s"
            " WHERE treatment = %s",
            (Jsonb(moments), data.get("recipe_version"), entry.kind in ENDING, data["treatment"]),
        )


def _moments(entry: Entry) -> Iterator[tuple[str, str]]:
    """The moments that the entry marks: ``mark/item`` and when."""
    data: Any = entry.data
    at = entry.occurred.isoformat()
    match entry.kind:
        case "collection.completed.v1":
            yield f"collected/{data['container']}", at
        case "batch.opened.v1":
            yield f"used/{data['container']}", at
            yield f"opened/{data['batch']}", at
        case "batch.step_started.v1":
            yield f"began/{data['batch']}/{data['step']}", at
        case "batch.step_completed.v1":
            yield f"ended/{data['batch']}/{data['step']}", at
        case "batch.completed.v1" | "batch.failed.v1":
            yield f"finished/{data['batch']}", at
        case "batch.container_filled.v1" if data["carrier"] == "final_bag":
            yield f"filled/{data['container']}", at
        case "shipment.packed.v1" if data["qualified_until"] is not None:
            yield f"packed/{data['shipment']}", at
            yield f"keeps/{data['shipment']}", data["qualified_until"]
        case "custody.container_received.v1":
            yield f"received/{data['shipment']}", at
        case "custody.container_consumed.v1" | "treatment.material_fate_decided.v1":
            yield f"used/{data['container']}", at
        case "infusion.product_thawed.v1":
            yield f"thawed/{data['container']}", at
        case "infusion.lymphodepletion_started.v1":
            yield "depleted/", at
        case "infusion.started.v1" | "infusion.continued.v1":
            yield f"used/{data['container']}", at
            yield "infused/", at
        case _:
            pass


def running(cursor: psycopg.Cursor[Any], base: str = "", treatment: str = "") -> tuple[Clock, ...]:
    """The clocks that run at a base or for a treatment, the one that is due first at the head."""
    rows = cursor.execute(
        "SELECT treatment, recipe, version, moments FROM projection.clock"
        " WHERE NOT ended AND moments <> '{}' AND (base = %s OR treatment = %s)",
        (base, treatment),
    ).fetchall()
    recipes = {
        (recipe, version): approval_board.recipe(cursor, recipe, version)
        for recipe, version in sorted({(row[1], row[2]) for row in rows})
    }
    clocks: list[Clock] = []
    for identifier, recipe_id, version, moments in rows:
        recipe = recipes[recipe_id, version]
        if recipe is not None:
            marks = {mark: datetime.fromisoformat(at) for mark, at in moments.items()}
            clocks += clocks_of(identifier, recipe, marks)
    return tuple(sorted(clocks, key=lambda clock: (clock.due, clock.treatment, clock.item)))


def clocks_of(treatment: str, recipe: Recipe, marks: Mapping[str, datetime]) -> Iterator[Clock]:
    """The clocks that run by these moments and limits. A clock whose stop is marked no longer runs."""
    sources = {**dict(recipe.starting_material.sources), **dict(recipe.product.sources)}

    def clock(name: Name, item: str, started: datetime, alert: timedelta, due: timedelta, source: str) -> Clock:
        assumed = source in sources and sources[source].assumed
        return Clock(name, treatment, item, started, started + alert, started + due, assumed)

    material, product = recipe.starting_material, recipe.product
    for mark, at in marks.items():
        name, _, item = mark.partition("/")
        if name == "collected" and f"used/{item}" not in marks:
            yield clock("fresh", item, at, material.fresh_alert, material.fresh_maximum, "fresh_maximum")
        elif name == "keeps" and f"received/{item}" not in marks:
            packed = marks[f"packed/{item}"]
            yield clock("dewar", item, packed, (at - packed) * 3 / 4, at - packed, "dewar_hold")
        elif name == "thawed" and f"used/{item}" not in marks:
            limit = product.thaw_to_infusion
            yield clock("thaw", item, at, limit / 2, limit, "thaw_to_infusion")
        elif name == "filled" and f"used/{item}" not in marks:
            limit = product.shelf_life
            yield clock("shelf_life", item, at, limit * 9 / 10, limit, "shelf_life")
        elif name == "depleted" and "infused/" not in marks:
            earliest, latest = product.lymphodepletion_minimum, product.lymphodepletion_maximum
            yield clock("lymphodepletion", treatment, at, earliest, latest, "lymphodepletion")
        elif name == "opened" and f"finished/{item}" not in marks:
            yield from _holds(treatment, recipe, item, marks)


def _holds(treatment: str, recipe: Recipe, batch: str, marks: Mapping[str, datetime]) -> Iterator[Clock]:
    for step in recipe.steps:
        for hold in step.holds:
            ended = marks.get(f"ended/{batch}/{hold.after}")
            begun = marks.get(f"began/{batch}/{step.id}")
            if ended is not None and (begun is None or begun < ended):
                alert, due = ended + hold.maximum * 3 / 4, ended + hold.maximum
                yield Clock("hold", treatment, step.id, ended, alert, due, hold.source.assumed)
