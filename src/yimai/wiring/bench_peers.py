"""The peers of ``yimai bench plan``: raw CP-SAT on the same problem, and PyJobShop where it is installed (dependency group ``bench``)."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from yimai.planning.certify import Effort, certify, suites_of
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.staying import Staying

Tell = Callable[[Plan], None]
Clock = Callable[[], float]


def cp_sat(problem: Problem, staying: Staying, hint: Plan | None, clock: Clock, seconds: float, tell: Tell) -> None:
    """CP-SAT with one worker, hinted, until so many of the clock's seconds have gone by."""
    certify(problem, hint, Effort(work=0), staying, tell, lambda: clock() >= seconds)


def has_pyjobshop() -> bool:
    return importlib.util.find_spec("pyjobshop") is not None


def pyjobshop(problem: Problem, clock: Clock, seconds: float, tell: Tell, pace: float) -> None:
    """PyJobShop on OR-Tools with one worker, from nothing; it knows no moved promises and tells its plan only at the end.

    pace: seconds on the wall for one of the clock's, as it can be limited only by these. Only for problems in which each job waits
    in the one calendar for its collection, as the bench's do.
    """
    from pyjobshop import Model

    model = Model()
    tasks = _tasks(problem, model, _resources(problem, model))
    lags = problem.lags
    for number, task in tasks.items():
        for lag in range(int(lags.first[number]), int(lags.first[number + 1])):
            before = int(lags.after[lag])
            model.add_end_before_start(tasks[before], task, int(lags.minimum[lag]))
            if lags.maximum[lag] != NEVER and problem.tasks.fixed[before] == NEVER:
                model.add_start_before_end(task, tasks[before], -int(lags.maximum[lag]))
    model.set_objective(weight_total_tardiness=1000, weight_total_flow_time=1)
    found = model.solve(time_limit=max(0.1, (seconds - clock()) * pace), num_workers=1, display=False).best
    if found is None or not found.tasks:
        return
    starts = np.array([found.tasks[number].start for number in range(len(tasks))], np.int32)
    suite = suites_of(problem, starts)
    if suite is not None:
        tell(Plan(starts, suite))


def _resources(problem: Problem, model: Any) -> list[Any]:
    """Resources, with fixed tasks of their own (added later) where the capacity is less; last the calendar of collections."""
    most = [int(problem.capacity[number].max()) for number in range(len(problem.resources))]
    shut = np.flatnonzero(np.diff(np.concatenate(([0], ~problem.calendars[0], [0]))))
    breaks = list(zip(shut[::2].tolist(), shut[1::2].tolist(), strict=True))
    many = len(problem.jobs)
    return [*(model.add_renewable(each) for each in most), model.add_renewable(many, breaks=breaks)]


def _tasks(problem: Problem, model: Any, resources: list[Any]) -> dict[int, Any]:
    tasks, uses, spans = problem.tasks, problem.uses, problem.spans
    made: dict[int, Any] = {}
    for job in problem.jobs:
        of = model.add_job(weight=int(job.weight), due_date=job.due, release_date=min(job.ready, job.due))
        for number in range(job.first, job.last):
            fixed, length = int(tasks.fixed[number]), int(tasks.duration[number])
            earliest = max(problem.now, job.ready) if number == job.first else problem.now
            bounds = (fixed, fixed) if fixed != NEVER else (earliest, problem.horizon - length)
            made[number] = task = model.add_task(of, *bounds)
            rows = range(int(uses.first[number]), int(uses.first[number + 1]))
            taken = [(resources[int(uses.resource[use])], int(uses.amount[use])) for use in rows]
            if tasks.calendar[number] != NEVER and fixed == NEVER:
                taken.append((resources[-1], 1))
            model.add_mode(task, [each for each, _ in taken], length, [amount for _, amount in taken])
    for number in range(len(spans.job)):
        opens, closes = made[int(spans.opens[number])], made[int(spans.closes[number])]
        held = model.add_task(allow_idle=True)
        model.add_mode(held, [resources[int(spans.resource[number])]], 0, [1])
        model.add_start_at_start(opens, held)
        model.add_end_at_end(closes, held, int(spans.extra[number]))
    for resource in range(len(problem.resources)):
        _reductions(problem, model, resource, resources[resource])
    return made


def _reductions(problem: Problem, model: Any, number: int, resource: Any) -> None:
    """Fixed tasks that take what a resource lacks of its greatest capacity."""
    row = problem.capacity[number]
    edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
    for begins, ends in pairwise(edges):
        lacks = int(row.max()) - int(row[begins])
        if lacks and ends > problem.now:
            begins = max(begins, problem.now)
            model.add_mode(model.add_task(None, begins, begins), [resource], ends - begins, [lacks])
