"""How much of each resource a plan takes, tick by tick: for pictures and figures. The checker counts for itself."""

from __future__ import annotations

import numpy as np

from yimai.planning.problem import NEVER, Ints, Plan, Problem


def loads(problem: Problem, plan: Plan) -> Ints:
    """What is taken, shape (resources, horizon); of tasks without a place nothing."""
    change = np.zeros((len(problem.resources), problem.horizon + 1), np.int32)
    uses, spans, tasks = problem.uses, problem.spans, problem.tasks
    task = np.repeat(np.arange(len(tasks.names)), np.diff(uses.first))
    starts = plan.starts[task]
    placed = starts != NEVER
    _take(change, uses.resource, starts + uses.begins, starts + uses.ends, uses.amount, placed)
    if len(spans.job):
        opens, closes = plan.starts[spans.opens], plan.starts[spans.closes]
        ends = np.where(spans.until_start, closes, closes + tasks.duration[spans.closes]) + spans.extra
        held = (opens != NEVER) & (closes != NEVER)
        _take(change, spans.resource, opens, ends, np.ones(len(opens), np.int32), held)
    return np.cumsum(change[:, :-1], axis=1, dtype=np.int32)


def _take(change: Ints, resource: Ints, begins: Ints, ends: Ints, amount: Ints, counts: Ints) -> None:
    last = change.shape[1] - 1
    for at, more in ((begins, amount), (ends, -amount)):
        np.add.at(change, (resource[counts], np.clip(at, 0, last)[counts]), more[counts])
