"""The base's plan as it stands: computed from the facts behind the page's back, kept in the process, and shown with its age."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import numpy as np

from yimai.domain.recipe import Words
from yimai.interfaces.web import waiting_times, window
from yimai.interfaces.web.behind import Behind
from yimai.planning.check import Broken, check
from yimai.planning.forecast import forecast, moment, seed_of
from yimai.planning.order import Order
from yimai.planning.problem import NEVER, Job, Plan, Problem
from yimai.planning.staying import Staying
from yimai.planning.timetable import schedule
from yimai.projections import approval_board, ledger_board, planning_problem
from yimai.projections.planning_problem import InFlight
from yimai.projections.register import PersonRow

MOVES: Final = 4_000
KEPT: Final = 16
"""Plans of so many bases and readers, the oldest forgotten first."""
STALE: Final = timedelta(minutes=10)
"""A plan without news is computed anew after this time: what has not begun goes on not having begun."""
AGAIN: Final = timedelta(seconds=10)
"""After this time it is asked again how long things wait, where that could not be simulated: the simulator was still being compiled."""
PATIENCE: Final = 2.5
"""Seconds for which a page waits for the first plan."""
WHOLE: Final = 120.0
"""Seconds for which a plan waits to know how long things wait."""
LATE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a job. late: when the infusion can begin in nine of ten cases. odds: of the promise, or None
    without one or where it is not known how long things wait."""

    planned: datetime
    late: datetime
    odds: float | None


@dataclass(frozen=True)
class LivePlan:
    """A plan for every treatment that goes on, and what is to be said of it.

    position: how many of the ledger's facts it knows. made: when. outlooks: by job, None where the plan has no room for it.
    broken: what it cannot keep. cost: weighted hours behind the promises; bound: what no timetable has less than, made of: binding.
    awaited: what it was made without, as that was still being simulated: how long things wait. drawn: what pages made of it, by what
    it depends on beside the plan.
    """

    position: int
    made: datetime
    found: InFlight
    plan: Plan
    outlooks: tuple[Outlook | None, ...]
    broken: tuple[Broken, ...]
    cost: float
    bound: float
    binding: Words | None
    awaited: tuple[Hashable, ...] = ()
    drawn: Behind[Any] = field(default_factory=lambda: Behind(PICTURES), repr=False, compare=False)

    @property
    def problem(self) -> Problem:
        return self.found.problem

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.found.orders

    @property
    def odds_known(self) -> bool:
        """Whether it knows how long things wait, without which nobody is told odds."""
        return all(job.recipe in self.problem.waits for _, job in self.jobs())

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

plans: Final[Behind[LivePlan]] = Behind(KEPT)


def seen(who: PersonRow, base: str, position: int, now: datetime) -> Seen:
    """The newest plan for this reader; where it is not up to date another is computed meanwhile, and awaited if there is none."""
    key: Key = (base, who.site, tuple(who.roles))
    plan = plans.get(key)
    if plan is None or plan.position < position or abs(now - plan.made) > STALE or _came(plan, now):
        plan = plans.begin(key, lambda: _planned(base, who, now), 0.0 if plan is not None else PATIENCE)
    return Seen(plan, position, plans.running(key))


def _came(plan: LivePlan, now: datetime) -> bool:
    """Whether something that a plan was made without is there meanwhile, or has to be asked for again."""
    waits, old = waiting_times.kept, abs(now - plan.made) > AGAIN
    return any(waits.get(each) is not None or (old and not waits.running(each)) for each in plan.awaited)


def kept(plan: LivePlan, key: Hashable, make: Callable[[], Made]) -> Made:
    """What was made of the plan for this key before, else what is made now."""
    found: Made | None = plan.drawn.get(key)
    if found is None:
        found = make()
        plan.drawn.keep(key, found)
    return found


def _planned(base: str, who: PersonRow, now: datetime) -> LivePlan:
    with window.reading(who) as cursor:
        position = ledger_board.size(cursor)
        approved = approval_board.base(cursor, base)
        if approved is None:
            raise LookupError(base)
        found = planning_problem.in_flight(cursor, approved, now)
        recipes = {each.id: each for each in found.recipes}.values()
        waits, awaited = waiting_times.looked_up(cursor, approved, recipes, now, WHOLE)
        found = found.with_waits(waits)
    problem = found.problem
    free = np.full(len(problem.jobs), NEVER, np.int32)
    made = schedule(problem, staying=Staying(free, free, 0.0), moves=MOVES)
    broken = check(problem, made.plan, without=made.unplaced)
    outlooks = tuple(
        None if number in made.unplaced else _outlook(problem, made.plan, number) for number in range(len(problem.jobs))
    )
    return LivePlan(
        position, now, found, made.plan, outlooks, tuple(broken), made.cost, made.bound, made.binding, awaited
    )


def _outlook(problem: Problem, plan: Plan, number: int) -> Outlook:
    job = problem.jobs[number]
    told = forecast(problem, plan, job, np.random.default_rng(seed_of(job.id)))
    return Outlook(
        problem.at(int(plan.starts[job.last - 1])),
        moment(problem, float(np.quantile(told.infusion, LATE))),
        told.odds(job.promised) if job.promised != NEVER and job.recipe in problem.waits else None,
    )
