"""The base's plan as it stands: computed from the facts behind the page's back, kept in the process, and shown with its age."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any, Final, TypeVar

import numpy as np

from yimai.domain.recipe import Recipe
from yimai.interfaces.web import window
from yimai.planning.check import Broken, check
from yimai.planning.compiling import NotCompiled
from yimai.planning.forecast import forecast, moment
from yimai.planning.order import Order
from yimai.planning.problem import NEVER, Job, Plan, Problem
from yimai.planning.staying import Staying
from yimai.planning.timetable import schedule
from yimai.projections import approval_board, ledger_board, planning_problem
from yimai.projections.register import PersonRow

logger = logging.getLogger(__name__)
MOVES: Final = 4_000
DRAWS: Final = 1_000
KEPT: Final = 16
"""Plans of so many bases and readers, the oldest forgotten first."""
STALE: Final = timedelta(minutes=10)
"""A plan without news is computed anew after this time: what has not begun goes on not having begun."""
PATIENCE: Final = 2.5
"""Seconds for which a page waits for the first plan."""
LATE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a job. late: when the infusion can begin in nine of ten cases. odds: of the promise, or None without one."""

    planned: datetime
    late: datetime
    odds: float | None


@dataclass(frozen=True)
class LivePlan:
    """A plan for every treatment that goes on, and what is to be said of it.

    position: how many of the ledger's facts it knows. made: when. outlooks: by job, None where the plan has no room for it.
    broken: what it cannot keep. cost: weighted hours behind the promises. missed: treatments that need another slot.
    drawn: what pages made of it, by what it depends on beside the plan.
    """

    position: int
    made: datetime
    problem: Problem
    orders: tuple[Order, ...]
    recipes: tuple[Recipe, ...]
    plan: Plan
    outlooks: tuple[Outlook | None, ...]
    broken: tuple[Broken, ...]
    cost: float
    missed: tuple[str, ...]
    drawn: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict, repr=False, compare=False)

    def jobs(self) -> Iterator[tuple[int, Job]]:
        """The jobs that have a place, with their numbers."""
        return ((number, job) for number, job in enumerate(self.problem.jobs) if self.outlooks[number] is not None)


@dataclass(frozen=True, slots=True)
class Seen:
    """plan: the newest there is, None while the first one is computed. position: of the ledger. computing: whether a newer one comes."""

    plan: LivePlan | None
    position: int
    computing: bool


Made = TypeVar("Made")
PICTURES: Final = 24
"""Of one plan so many drawings are kept."""
Key = tuple[str, str, tuple[str, ...]]
"""The base, and the reader's site and roles, on which depends what he may see."""

_lock: Final = Lock()
_kept: Final[OrderedDict[Key, LivePlan]] = OrderedDict()
_running: Final[dict[Key, Thread]] = {}


def seen(who: PersonRow, base: str, position: int, now: datetime) -> Seen:
    """The newest plan for this reader; where it is not up to date another is computed meanwhile, and awaited if there is none."""
    key = (base, who.site, tuple(who.roles))
    with _lock:
        plan = _kept.get(key)
        fresh = plan is not None and plan.position >= position and abs(now - plan.made) < STALE
        if not fresh and key not in _running:
            _running[key] = Thread(target=_compute, args=(key, who, now), name=f"plan of {base}", daemon=True)
            _running[key].start()
        running = _running.get(key)
    if plan is None and running is not None:
        running.join(PATIENCE)
        with _lock:
            plan = _kept.get(key)
            running = _running.get(key)
    return Seen(plan, position, running is not None)


def kept(plan: LivePlan, key: Hashable, make: Callable[[], Made]) -> Made:
    """What was made of the plan for this key before, else what is made now."""
    with _lock:
        found: Made | None = plan.drawn.get(key)
    if found is not None:
        return found
    made = make()
    with _lock:
        plan.drawn[key] = made
        while len(plan.drawn) > PICTURES:
            plan.drawn.popitem(last=False)
    return made


def _compute(key: Key, who: PersonRow, now: datetime) -> None:
    """Compute and keep a plan. Whatever goes wrong, the next page tries again."""
    try:
        plan = _planned(key[0], who, now)
        with _lock:
            _kept[key] = plan
            _kept.move_to_end(key)
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    except NotCompiled:
        pass
    except Exception:
        logger.exception("the plan of %s could not be computed", key[0])
    finally:
        with _lock:
            del _running[key]


def _planned(base: str, who: PersonRow, now: datetime) -> LivePlan:
    with window.reading(who) as cursor:
        position = ledger_board.size(cursor)
        approved = approval_board.base(cursor, base)
        if approved is None:
            raise LookupError(base)
        found = planning_problem.in_flight(cursor, approved, now)
    problem = found.problem
    free = np.full(len(problem.jobs), NEVER, np.int32)
    made = schedule(problem, staying=Staying(free, free, 0.0), moves=MOVES)
    broken = check(problem, made.plan) if not made.unplaced else []
    outlooks = tuple(
        None if number in made.unplaced else _outlook(problem, made.plan, number) for number in range(len(problem.jobs))
    )
    return LivePlan(
        position, now, problem, found.orders, found.recipes, made.plan, outlooks, tuple(broken), made.cost, found.missed
    )


def _outlook(problem: Problem, plan: Plan, number: int) -> Outlook:
    job = problem.jobs[number]
    told = forecast(problem, plan, job, np.random.default_rng(_seed(job)), DRAWS)
    return Outlook(
        problem.at(int(plan.starts[job.last - 1])),
        moment(problem, float(np.quantile(told.infusion, LATE))),
        None if job.promised == NEVER else told.odds(job.promised),
    )


def _seed(job: Job) -> int:
    return int.from_bytes(hashlib.sha256(job.id.encode()).digest()[:8])
