"""Small crowded bases: the bench's batches with few suites and people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from yimai.planning.problem import NEVER, Plan, Problem
from yimai.wiring import bench_problem


def crowded(batches: int, seed: int, suites: int = 2, people: int = 3, bench: int = 2) -> Problem:
    problem = bench_problem.problem(batches, seed)
    capacity = problem.capacity.copy()
    capacity[0], capacity[1], capacity[4] = suites, np.minimum(capacity[1], people), bench
    closed = problem.suite_closed[:suites]
    return replace(problem, capacity=capacity, suites=problem.suites[:suites], suite_closed=closed)


def under_way(problem: Problem, plan: Plan, now: int) -> Problem:
    """The problem at a tick of its plan: what has begun by then is fixed, and batches stay in their suites."""
    begun = (plan.starts >= 0) & (plan.starts < now)
    jobs = tuple(
        replace(job, suite=int(plan.suite[number])) if begun[job.first + 2] else job
        for number, job in enumerate(problem.jobs)
    )
    fixed = np.where(begun, plan.starts, NEVER).astype(np.int32)
    return replace(problem, now=now, jobs=jobs, tasks=replace(problem.tasks, fixed=fixed))
