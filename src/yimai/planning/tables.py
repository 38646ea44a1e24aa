"""Packs a problem into the tables of compiled code, and computes once what would be searched for again and again."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yimai.planning.alone import tails
from yimai.planning.problem import NEVER, Flags, Ints, Problem

SUITES_A_WORD: Final = 62
"""Suites a 64-bit word holds a bit for, so that no mask is negative."""
FULL_WORD: Final = (1 << SUITES_A_WORD) - 1


class TaskTables(NamedTuple):
    """See ``insertion.Arrays``; held_first: where each job's spans begin in ``span``, whose last column is still empty."""

    task: Ints
    use: Ints
    lag: Ints
    span: Ints
    held_first: Ints


def task_table(problem: Problem) -> TaskTables:
    """Tasks, uses, lags and spans, without what there is always enough of."""
    tasks, uses, lags, spans = problem.tasks, problem.uses, problem.lags, problem.spans
    number = len(tasks.names)
    scarce = _scarce(problem)
    use_of = np.repeat(np.arange(number), np.diff(uses.first))
    bind = scarce[uses.resource]
    use = np.stack([uses.resource, uses.amount, uses.begins, uses.ends], 1)[bind]
    use_first = np.searchsorted(use_of[bind], np.arange(number + 1))
    lag = np.stack([lags.after, lags.minimum, lags.maximum], 1)
    suites = [each.kind == "suites" for each in problem.resources]
    order = np.argsort(spans.job, kind="stable")
    order = order[[bool(scarce[each] or suites[each]) for each in spans.resource[order]]]
    span = np.stack([
        spans.resource[order], spans.opens[order], spans.closes[order], spans.until_start[order], spans.extra[order],
        np.zeros(len(order), np.int32),
    ], 1)  # fmt: skip
    opens = np.full(number + 1, NEVER, np.int32)
    for row, each in enumerate(order):
        if suites[spans.resource[each]] and tasks.fixed[spans.opens[each]] == NEVER:
            opens[spans.opens[each]] = row
    from_start = tails(problem) + tasks.duration
    from_start[[job.last - 1 for job in problem.jobs]] = 0
    zero = np.zeros(1, np.int32)
    task = np.stack([
        *(np.append(each, zero) for each in (tasks.duration, tasks.fixed, tasks.calendar, tasks.within_shift)),
        use_first, lags.first, opens, np.append(tasks.job, zero), np.append(from_start, zero),
    ], 1)  # fmt: skip
    held_first = np.searchsorted(spans.job[order], np.arange(len(problem.jobs) + 1))
    return TaskTables(*(np.ascontiguousarray(each, np.int32) for each in (task, use, lag, span, held_first)))


def _scarce(problem: Problem) -> Flags:
    """Which resources can run out at all, if every task took of them at once."""
    most = np.zeros(len(problem.resources), np.int64)
    np.add.at(most, problem.uses.resource, problem.uses.amount)
    np.add.at(most, problem.spans.resource, 1)
    return np.asarray(most > problem.capacity.min(axis=1, initial=2**30), np.bool_)


def job_table(problem: Problem, held_first: Ints) -> Ints:
    """Each job's first and last task, readiness, suite, spans and, still empty, its promise; and a row that ends the spans."""
    rows = [
        (job.first, job.last, job.ready, job.suite, held, 0)
        for job, held in zip(problem.jobs, held_first[:-1], strict=True)
    ]
    return np.array([*rows, (0, 0, 0, NEVER, held_first[-1], 0)], np.int32).reshape(-1, 6)


def next_open(problem: Problem) -> Ints:
    """For each calendar and tick: the first tick from it on at which a task may start; the horizon where there is none."""
    calendars, horizon = problem.calendars, problem.horizon
    at = np.where(calendars, np.arange(horizon, dtype=np.int32), np.int32(horizon))
    after = np.minimum.accumulate(at[:, ::-1], axis=1)[:, ::-1] if horizon else at
    return np.ascontiguousarray(np.pad(after, ((0, 0), (0, 1)), constant_values=horizon), np.int32)


def shift_ends(problem: Problem) -> Ints:
    """For each tick: the first tick at which another shift runs; the horizon for the last."""
    changes = np.flatnonzero(np.diff(problem.shift)) + 1
    ends = np.append(changes, problem.horizon)
    return np.asarray(ends[np.searchsorted(changes, np.arange(problem.horizon), side="right")], np.int32)


def masks(flags: Flags, words: int, horizon: int) -> NDArray[np.int64]:
    """Rows of flags as bits: row n is bit n % 62 of word n // 62."""
    out = np.zeros((words, horizon), np.int64)
    for number, row in enumerate(flags):
        out[number // SUITES_A_WORD] |= row.astype(np.int64) << (number % SUITES_A_WORD)
    return out
