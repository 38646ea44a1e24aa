"""When each patient's chain would run if it had the base to itself: the contention-free bound on every moment of a timetable."""

from __future__ import annotations

import numpy as np

from yimai.planning.problem import NEVER, Ints, Problem


def alone_starts(problem: Problem) -> Ints:
    """The earliest start of each task, shape (tasks,), by what it waits for, its holds, calendars, shifts and what the base has at all;
    the horizon where there is none. Starts may only be later in any plan that keeps the holds."""
    tasks, lags = problem.tasks, problem.lags
    after, minimum, maximum = lags.after.tolist(), lags.minimum.tolist(), lags.maximum.tolist()
    first, duration, fixed = lags.first.tolist(), tasks.duration.tolist(), tasks.fixed.tolist()
    allowed = _Allowed(problem)
    starts: list[int] = [0] * len(duration)
    for job in problem.jobs:
        least = [problem.now] * (job.last - job.first)
        least[0] = max(problem.now, job.ready)
        task = job.first
        while task < job.last:
            if fixed[task] != NEVER:
                starts[task] = fixed[task]
                task += 1
                continue
            start = least[task - job.first]
            for lag in range(first[task], first[task + 1]):
                start = max(start, starts[after[lag]] + duration[after[lag]] + minimum[lag])
            starts[task] = start = allowed.next(task, start)
            again = task + 1
            for lag in range(first[task], first[task + 1]):
                before = after[lag]
                latest = starts[before] + duration[before] + maximum[lag]
                if maximum[lag] != NEVER and fixed[before] == NEVER and start > latest and start < problem.horizon:
                    least[before - job.first] = start - maximum[lag] - duration[before]
                    again = min(again, before)
            task = again
    return np.array(starts, np.int32)


def latest_after_begun(problem: Problem, alone: Ints) -> Ints:
    """Until when each task must start by its holds after tasks that have begun, shape (tasks,), NEVER where it has none; where even alone
    it is later, until when it could be. alone: ``alone_starts``."""
    tasks, lags = problem.tasks, problem.lags
    latest = np.full(len(tasks.names), NEVER, np.int32)
    task_of = np.repeat(np.arange(len(tasks.names)), np.diff(lags.first))
    bound = (lags.maximum != NEVER) & (tasks.fixed[lags.after] != NEVER) & (tasks.fixed[task_of] == NEVER)
    for lag in np.flatnonzero(bound):
        task, after = task_of[lag], lags.after[lag]
        until = int(tasks.fixed[after] + tasks.duration[after] + lags.maximum[lag])
        latest[task] = until if latest[task] == NEVER else min(int(latest[task]), until)
    return np.where(latest == NEVER, NEVER, np.maximum(latest, alone)).astype(np.int32)


def alone_length(problem: Problem, opens: int, closes: int, until_start: bool = False) -> int:
    """The fewest ticks from the start of one task to the end (or start) of a later one of the same job, by the lags alone."""
    tasks, lags = problem.tasks, problem.lags
    reached = {opens: 0}
    for task in range(opens + 1, closes + 1):
        waits = [
            reached[after] + int(tasks.duration[after]) + int(lags.minimum[number])
            for number in range(int(lags.first[task]), int(lags.first[task + 1]))
            if (after := int(lags.after[number])) in reached
        ]
        if waits:
            reached[task] = max(0, *waits)
    return reached.get(closes, 0) + (0 if until_start else int(tasks.duration[closes]))


def tails(problem: Problem) -> Ints:
    """For each task: the fewest ticks from its end to its job's infusion, by what waits for what."""
    tasks, lags = problem.tasks, problem.lags
    after, minimum = lags.after.tolist(), lags.minimum.tolist()
    first, duration = lags.first.tolist(), tasks.duration.tolist()
    tail = [0] * len(duration)
    reaches = [False] * len(duration)
    for job in problem.jobs:
        reaches[job.last - 1] = True
        for task in range(job.last - 1, job.first - 1, -1):
            if not reaches[task]:
                continue
            own = 0 if task == job.last - 1 else duration[task]
            for lag in range(first[task], first[task + 1]):
                reaches[after[lag]] = True
                tail[after[lag]] = max(tail[after[lag]], tail[task] + own + minimum[lag])
    # a task that nothing waits for does not delay the infusion: its work may be done at any time
    return np.array([each if known else -problem.horizon for each, known in zip(tail, reaches, strict=True)], np.int32)


def startable(problem: Problem) -> tuple[Ints, Ints]:
    """For each task the number of its row, shape (tasks,), and rows, shape (rows, horizon): the next tick from each at which such a task may
    start by its calendar, its shift and what the base has at all; the horizon where there is none."""
    allowed = _Allowed(problem)
    rows: dict[tuple[object, ...], int] = {}
    number = np.zeros(len(allowed.kinds), np.int32)
    for task, kind in enumerate(allowed.kinds):
        allowed.next(task, 0)
        number[task] = rows.setdefault(kind, len(rows))
    table = [allowed.rows[kind] for kind in rows]
    return number, np.array(table, np.int32).reshape(len(rows), problem.horizon)


class _Allowed:
    """For tasks alike, the next tick from each at which one may start."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rows: dict[tuple[object, ...], list[int]] = {}
        uses, tasks = problem.uses, problem.tasks
        columns = (uses.resource, uses.amount, uses.begins, uses.ends)
        rows = list(zip(*(each.tolist() for each in columns), strict=True))
        first = uses.first.tolist()
        own = zip(tasks.duration.tolist(), tasks.calendar.tolist(), tasks.within_shift.tolist(), strict=True)
        self.kinds = [(each, tuple(rows[first[task] : first[task + 1]])) for task, each in enumerate(own)]

    def next(self, task: int, start: int) -> int:
        kind = self.kinds[task]
        if (row := self.rows.get(kind)) is None:
            row = self.rows[kind] = self._row(task).tolist()
        return row[start] if start < self.problem.horizon else self.problem.horizon

    def _row(self, task: int) -> Ints:
        problem, uses = self.problem, self.problem.uses
        length, horizon = int(problem.tasks.duration[task]), problem.horizon
        fits = np.arange(horizon) + length <= horizon
        calendar = int(problem.tasks.calendar[task])
        if calendar != NEVER:
            fits &= problem.calendars[calendar]
        last = np.minimum(np.arange(horizon) + max(0, length - 1), horizon - 1)
        if problem.tasks.within_shift[task]:
            fits &= problem.shift == problem.shift[last]
        for number in range(int(uses.first[task]), int(uses.first[task + 1])):
            short = np.cumsum(np.append(0, problem.capacity[uses.resource[number]] < uses.amount[number]))
            begins, ends = (
                np.minimum(np.arange(horizon) + int(each), horizon) for each in (uses.begins[number], uses.ends[number])
            )
            fits &= short[ends] == short[begins]
        at = np.where(fits, np.arange(horizon, dtype=np.int32), np.int32(horizon))
        return np.minimum.accumulate(at[::-1])[::-1]
