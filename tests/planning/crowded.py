"""Small crowded bases: the bench's batches with few suites and people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from yimai.planning.problem import Problem
from yimai.wiring import bench_problem


def crowded(batches: int, seed: int, suites: int = 2, people: int = 3, bench: int = 2) -> Problem:
    problem = bench_problem.problem(batches, seed)
    capacity = problem.capacity.copy()
    capacity[0], capacity[1], capacity[4] = suites, np.minimum(capacity[1], people), bench
    closed = problem.suite_closed[:suites]
    return replace(problem, capacity=capacity, suites=problem.suites[:suites], suite_closed=closed)
