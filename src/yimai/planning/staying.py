"""What has been promised, and what it costs to move it; and what a whole plan costs, counted apart from any search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yimai.planning.problem import NEVER, Flags, Floats, Ints, Plan, Problem
from yimai.planning.search import SOON


@dataclass(frozen=True, slots=True)
class Staying:
    """What keeping promises is worth: ``moved`` hours of tardiness for each promise that is moved at all. anchor: each job's promised
    infusion, shape (jobs,), NEVER where nothing was promised; collection: its promised collection, so that it is not called earlier."""

    anchor: Ints
    collection: Ints
    moved: float


def staying_of(problem: Problem, moved: float = 50.0, plan: Plan | None = None) -> Staying:
    """What has been promised: by the jobs themselves, or by an earlier plan of the same problem."""
    if plan is None:
        anchor = np.array([job.promised for job in problem.jobs], np.int32)
        return Staying(anchor, np.full(len(problem.jobs), NEVER, np.int32), moved)
    anchor = np.array([plan.starts[job.last - 1] for job in problem.jobs], np.int32)
    collection = np.array([plan.starts[job.first] for job in problem.jobs], np.int32)
    return Staying(anchor, collection, moved)


def moved_by(problem: Problem, staying: Staying, plan: Plan) -> tuple[Flags, Flags]:
    """For each job: whether its promised infusion is moved, and whether its promised collection is."""
    infusion = plan.starts[[job.last - 1 for job in problem.jobs]]
    collection = plan.starts[[job.first for job in problem.jobs]]
    later = (staying.anchor >= 0) & (infusion != staying.anchor)
    return later, (staying.collection >= 0) & (collection != staying.collection)


def costs_of(problem: Problem, starts: Ints) -> Floats:
    """Each job's cost in ticks, shape (jobs,), its infusion at the start given there; promises are not counted."""
    jobs = problem.jobs
    infusion = starts[[job.last - 1 for job in jobs]].astype(float)
    due = np.array([problem.horizon if job.due == NEVER else job.due for job in jobs])
    ready = np.array([job.ready for job in jobs])
    weight = np.array([job.weight for job in jobs])
    return np.asarray(weight * (np.maximum(0, infusion - due) + SOON * np.maximum(0, infusion - ready)), float)


def cost_of_plan(problem: Problem, staying: Staying, plan: Plan) -> float:
    """Weighted hours of tardiness and of moved promises, if all jobs have a place."""
    ticks = 3600 / problem.tick.total_seconds()
    later, other = moved_by(problem, staying, plan)
    infusion = plan.starts[[job.last - 1 for job in problem.jobs]]
    weight = np.array([job.weight for job in problem.jobs])
    price = (later.astype(int) + other) * staying.moved * ticks + later * SOON * np.abs(infusion - staying.anchor)
    return float((costs_of(problem, plan.starts) + weight * price).sum()) / ticks
