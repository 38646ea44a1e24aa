"""The planning problem of a base as the ledger's facts have it now: what is in flight, what is reserved, what asks for a slot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.domain.slot import Itinerary
from yimai.planning.build import Horizon, OrderBook, build
from yimai.planning.capacity import Away
from yimai.planning.order import Happened, Order
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.waiting import Waits
from yimai.projections import approval_board, disruption_board, progress_board
from yimai.projections.progress_board import Progress

LOOK_AHEAD: Final = timedelta(days=90)
BEFORE: Final = timedelta(days=45)
"""How far back the first tick lies, so that what is in flight stands whole in the grid."""
WHOLE: Final = timedelta(days=45)
"""A chain that begins later than this before the last tick might not end within the grid."""


def order_of(progress: Progress, recipe: Recipe, now: datetime, name: str = "") -> Order:
    """The treatment as the planner takes it; what is reserved is claimed, and not planned anew."""
    happened = {
        task: Happened(datetime.fromisoformat(began), None if ended is None else datetime.fromisoformat(ended))
        for task, (began, ended) in progress.happened.items()
    }
    samples = {test: f"sample:{plan.id}" for plan in recipe.samples for test in plan.tests}
    for test, sample in samples.items():
        if taken := happened.get(sample):
            result = happened.get(f"test:{test}")
            happened[f"test:{test}"] = Happened(taken.starts, result.ends if result else None)
    longer = {
        task: by for task, said in progress.longer.items() if (by := _longer(happened.get(task), said, now)) is not None
    }
    window = progress.itinerary or {}
    moments = {key: datetime.fromisoformat(value) for key, value in window.items() if key != "suite"}
    return Order(
        id=progress.treatment or name,
        hospital=progress.hospital,
        urgency=progress.urgency,
        ready=moments.get("collection", max(now, progress.ordered)),
        promised=moments.get("infusion"),
        promised_collection=moments.get("collection"),
        suite=str(window.get("suite", "")),
        happened={task: each for task, each in happened.items() if not task.startswith("sample:")},
        claimed=(moments["starts"], moments["ends"]) if moments else None,
        longer=longer,
    )


def _longer(happened: Happened | None, said: tuple[str, int | None], now: datetime) -> timedelta | None:
    """By how much a task takes longer than usual, as was said then; None once it has ended since.

    A task that had ended goes on for the rest of what was said; one that was begun anew took what went by before for nothing.
    """
    at, seconds = datetime.fromisoformat(said[0]), said[1]
    if seconds is None:
        return max(at - happened.starts, timedelta()) if happened is not None and happened.ends is None else None
    by = timedelta(seconds=seconds)
    if happened is None or happened.ends is None:
        return by
    return at + by - now if happened.ends <= at and at + by > now else None


def problem(
    cursor: psycopg.Cursor[Any],
    base: Base,
    now: datetime,
    more: Iterable[tuple[Order, str]] = (),
    away: Away | None = None,
) -> tuple[Problem, Mapping[str, Recipe]]:
    """The base's problem for a reader who may not know whose the load is, with further orders behind it; and the recipes.

    Reserved windows are closed to everybody else. A treatment without a slot is left out: it takes nothing yet.
    """
    found = [each for each in progress_board.load(cursor, base.id) if each.itinerary or each.happened]
    wanted = {each.recipe for each in found} | {recipe for _, recipe in more}
    recipes = {each: recipe for each in sorted(wanted) if (recipe := approval_board.recipe(cursor, each)) is not None}
    orders = [
        (order_of(each, recipes[each.recipe], now, str(number)), each.recipe)
        for number, each in enumerate(found)
        if each.recipe in recipes
    ]
    closed = _closed(disruption_board.away(cursor, base.id, now, now + LOOK_AHEAD), away)
    for order, _ in orders:
        if order.claimed is not None:
            closed.setdefault(order.suite, []).append(order.claimed)
    begins = (now - BEFORE).replace(minute=0, second=0, microsecond=0)
    return build(recipes, base, [*orders, *more], Horizon(begins, now, BEFORE + LOOK_AHEAD), closed), recipes


def _closed(
    out: Mapping[str, tuple[datetime, datetime]], away: Away | None
) -> dict[str, list[tuple[datetime, datetime]]]:
    """What is away, and what is out of use."""
    closed = {name: list(spans) for name, spans in (away or {}).items()}
    for name, span in out.items():
        closed.setdefault(name, []).append(span)
    return closed


@dataclass(frozen=True)
class InFlight:
    """The problem of what goes on at a base, and what is known of each job: orders and recipes in the order of the problem's jobs.

    book: what the problem is built from once reserved slots may be moved, without what is out of use; its tasks are numbered alike.
    out: what is out of use or away, from when until when. itineraries: what is promised, by
    treatment. missed: treatments whose time in a suite went by without them; they need another slot and are no jobs. resting: treatments that
    are held, or whose release was revoked, and so are no jobs either, with which of it.
    """

    problem: Problem
    orders: tuple[Order, ...]
    recipes: tuple[Recipe, ...]
    book: OrderBook
    itineraries: Mapping[str, Itinerary]
    missed: tuple[str, ...]
    resting: Mapping[str, str]
    out: Mapping[str, tuple[datetime, datetime]]

    def with_waits(self, waits: Mapping[str, Waits]) -> InFlight:
        """The same, whose forecasts know how long things wait, by recipe."""
        return replace(self, problem=replace(self.problem, waits=waits), book=replace(self.book, waits=waits))


def in_flight(cursor: psycopg.Cursor[Any], base: Base, now: datetime, away: Away | None = None) -> InFlight:
    """The problem of the base's treatments that go on and that the reader may see, each by its name, each due when it was promised.

    Nobody's manufacture begins before the suite's time that is reserved for it; a treatment without a slot, or with one too far ahead,
    is left out, and so is one that is held or whose release was revoked; their suites stay reserved.
    """
    last, going = now + LOOK_AHEAD - WHOLE, progress_board.going(cursor, base.id)
    found = [
        each
        for each in going
        if not each.resting
        and (each.happened or (each.itinerary and datetime.fromisoformat(each.itinerary["starts"]) < last))
    ]
    recipes = {
        each: recipe
        for each in sorted({each.recipe for each in found})
        if (recipe := approval_board.recipe(cursor, each)) is not None
    }
    told = [(each, order_of(each, recipes[each.recipe], now)) for each in found if each.recipe in recipes]
    missed = tuple(order.id for each, order in told if _missed(order, recipes[each.recipe], now))
    known = [(each, order) for each, order in told if order.id not in missed]
    orders = tuple(replace(order, due=order.promised) for _, order in known)
    begins = (now - BEFORE).replace(minute=0, second=0, microsecond=0)
    horizon = Horizon(begins, now, BEFORE + LOOK_AHEAD)
    out = disruption_board.away(cursor, base.id, now, now + LOOK_AHEAD)
    closed = _closed({}, away)
    jobs = {order.id for order in orders}
    for each in going:
        if each.itinerary and each.treatment not in jobs:
            kept = stored_itinerary(each.itinerary)
            closed.setdefault(kept.suite, []).append((kept.starts, kept.ends))
    movable = [(replace(order, claimed=None), each.recipe) for order, (each, _) in zip(orders, known, strict=True)]
    book = OrderBook(recipes, base, movable, horizon, closed)
    named = [(order, each.recipe) for order, (each, _) in zip(orders, known, strict=True)]
    made = build(recipes, base, named, horizon, _closed(out, away))
    return InFlight(
        _as_reserved(made, orders, recipes), orders, tuple(recipes[each.recipe] for each, _ in known), book,
        {each.treatment: stored_itinerary(each.itinerary) for each, _ in known if each.itinerary}, missed,
        {each.treatment: each.resting for each in going if each.resting}, out,
    )  # fmt: skip


def stored_itinerary(stored: Mapping[str, Any]) -> Itinerary:
    """The itinerary of a slot as the board of progress has it."""
    moments = {name: datetime.fromisoformat(at) for name, at in stored.items() if name != "suite"}
    return Itinerary(suite=stored["suite"], **moments)


def _missed(order: Order, recipe: Recipe, now: datetime) -> bool:
    begun = any(f"step:{step.id}" in order.happened for step in recipe.steps)
    return order.claimed is not None and order.claimed[1] <= now and not begun


def _as_reserved(made: Problem, orders: Sequence[Order], recipes: Mapping[str, Recipe]) -> Problem:
    """The problem in which the first step of each batch that has not begun waits for the suite's reserved time."""
    calendar, rows = made.tasks.calendar.copy(), [made.calendars]
    number = len(made.calendars)
    for job, order in zip(made.jobs, orders, strict=True):
        first = next(step for step in recipes[job.recipe].steps if not step.after)
        task = made.task_of(job, f"step:{first.id}")
        if order.claimed is None or made.tasks.fixed[task] != NEVER:
            continue
        row = np.ones(made.horizon, np.bool_) if calendar[task] == NEVER else made.calendars[calendar[task]].copy()
        row[: max(0, made.floor(order.claimed[0]))] = False
        rows.append(row[np.newaxis])
        calendar[task], number = number, number + 1
    return replace(made, calendars=np.concatenate(rows), tasks=replace(made.tasks, calendar=calendar))


def alone(
    cursor: psycopg.Cursor[Any], base: Base, treatment: str, now: datetime
) -> tuple[Problem, Plan, Recipe] | None:
    """One treatment by itself, with the collection and the suite's time that are reserved for it: enough to say what to expect.

    None where it has no slot, or has ended, or the reader may not see it.
    """
    found = next((each for each in progress_board.going(cursor, base.id) if each.treatment == treatment), None)
    recipe = approval_board.recipe(cursor, found.recipe) if found is not None else None
    if found is None or recipe is None or not (found.itinerary or found.happened):
        return None
    order = order_of(found, recipe, now)
    begins = (now - BEFORE).replace(minute=0, second=0, microsecond=0)
    made = build({recipe.id: recipe}, base, [(order, recipe.id)], Horizon(begins, now, BEFORE + LOOK_AHEAD))
    starts = np.full(len(made.tasks.names), made.now, np.int32)
    if order.claimed is not None:
        first = next(step for step in recipe.steps if not step.after)
        starts[made.task_of(made.jobs[0], "collection")] = made.floor(order.ready)
        starts[made.task_of(made.jobs[0], f"step:{first.id}")] = made.floor(order.claimed[0])
    return made, Plan(starts, np.full(1, NEVER, np.int32)), recipe
