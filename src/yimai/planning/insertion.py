"""Puts one patient's whole chain into a timetable and takes it out again: the compiled core of offer, timetable and repair.

A chain is placed task after task at the earliest tick that its people, equipment and calendars allow. Where a hold time would run out,
the task before is begun later and the chain is placed anew from there (back-propagation of maximum lags), so that a chain is
either placed whole and within its limits, or not at all. Tasks that have begun stay where they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from yimai.planning.problem import NEVER, Flags, Ints, Problem

TRIES = 4000
"""How often a chain is begun anew before it counts as impossible."""


class Arrays(NamedTuple):
    """A problem's arrays, as compiled code takes them; ``held_first`` leads from a job to its spans."""

    first: Ints
    last: Ints
    ready: Ints
    wanted_suite: Ints
    duration: Ints
    fixed: Ints
    calendar: Ints
    within_shift: Flags
    use_first: Ints
    use_resource: Ints
    use_amount: Ints
    use_begins: Ints
    use_ends: Ints
    lag_first: Ints
    lag_after: Ints
    lag_minimum: Ints
    lag_maximum: Ints
    held_first: Ints
    held_resource: Ints
    held_opens: Ints
    held_closes: Ints
    held_until_start: Flags
    held_extra: Ints
    calendars: Flags
    shift: Ints
    capacity: Ints
    suite_closed: Flags
    suites: int
    horizon: int
    now: int


class Filled(NamedTuple):
    """A timetable being filled. load: shape (resources, horizon), what is taken. busy: shape (suites, horizon), 1 where a suite is held.

    starts: of each task. suite: of each job. placed: 1 where a job stands in the timetable.
    """

    load: Ints
    busy: Any
    starts: Ints
    suite: Ints
    placed: Any


def arrays_of(problem: Problem) -> Arrays:
    """The problem as compiled code takes it."""
    tasks, uses, lags, spans = problem.tasks, problem.uses, problem.lags, problem.spans
    order = np.argsort(spans.job, kind="stable")
    held_first = np.searchsorted(spans.job[order], np.arange(len(problem.jobs) + 1)).astype(np.int32)
    suites = next((number for number, each in enumerate(problem.resources) if each.kind == "suites"), NEVER)
    job = np.array([(each.first, each.last, each.ready, each.suite) for each in problem.jobs], np.int32).reshape(-1, 4)

    def column(number: int) -> Ints:
        return np.ascontiguousarray(job[:, number])

    return Arrays(
        column(0), column(1), column(2), column(3),
        tasks.duration, tasks.fixed, tasks.calendar, tasks.within_shift,
        uses.first, uses.resource, uses.amount, uses.begins, uses.ends,
        lags.first, lags.after, lags.minimum, lags.maximum,
        held_first, spans.resource[order], spans.opens[order], spans.closes[order], spans.until_start[order], spans.extra[order],
        problem.calendars, problem.shift, problem.capacity, problem.suite_closed, suites, problem.horizon, problem.now,
    )  # fmt: skip


def empty(problem: Problem) -> Filled:
    """A timetable in which nothing stands."""
    return Filled(
        np.zeros((len(problem.resources), problem.horizon), np.int32),
        np.zeros((len(problem.suites), problem.horizon), np.int8),
        np.full(len(problem.tasks.names), NEVER, np.int32),
        np.full(len(problem.jobs), NEVER, np.int32),
        np.zeros(len(problem.jobs), np.int8),
    )


@njit(cache=True)
def add_task(of: Arrays, to: Filled, task: int, sign: int) -> None:
    """Take (1) or give back (-1) what the task uses where it stands."""
    start = to.starts[task]
    for use in range(of.use_first[task], of.use_first[task + 1]):
        row = to.load[of.use_resource[use]]
        amount = sign * of.use_amount[use]
        for tick in range(max(0, start + of.use_begins[use]), min(of.horizon, start + of.use_ends[use])):
            row[tick] += amount


@njit(cache=True)
def earliest(of: Arrays, to: Filled, task: int, start: int) -> int:
    """The first tick from ``start`` at which the task can begin; -1 if there is none before the horizon."""
    length = of.duration[task]
    calendar = of.calendar[task]
    while start + length <= of.horizon and start < of.horizon:
        if calendar >= 0 and not of.calendars[calendar, start]:
            start += 1
            continue
        if of.within_shift[task] and length > 0 and of.shift[start] != of.shift[start + length - 1]:
            start += 1
            continue
        again = -1
        for use in range(of.use_first[task], of.use_first[task + 1]):
            resource = of.use_resource[use]
            room = of.use_amount[use]
            for tick in range(start + of.use_ends[use] - 1, start + of.use_begins[use] - 1, -1):
                if to.load[resource, tick] + room > of.capacity[resource, tick]:
                    again = max(again, tick - of.use_begins[use] + 1)
                    break
        if again < 0:
            return start
        start = again
    return -1


@njit(cache=True)
def window(of: Arrays, to: Filled, span: int) -> tuple[int, int]:
    """From when until when a span is held, as its tasks stand."""
    closes = of.held_closes[span]
    end = to.starts[closes]
    if not of.held_until_start[span]:
        end += of.duration[closes]
    return to.starts[of.held_opens[span]], end + of.held_extra[span]


@njit(cache=True)
def hold(of: Arrays, to: Filled, job: int, sign: int) -> None:
    """Take or give back what the job holds over several tasks, its suite among it."""
    for span in range(of.held_first[job], of.held_first[job + 1]):
        opens, closes = window(of, to, span)
        row = to.load[of.held_resource[span]]
        for tick in range(max(0, opens), min(of.horizon, closes)):
            row[tick] += sign
        if of.held_resource[span] == of.suites and to.suite[job] >= 0:
            busy = to.busy[to.suite[job]]
            for tick in range(max(0, opens), min(of.horizon, closes)):
                busy[tick] += sign


@njit(cache=True)
def last_conflict(of: Arrays, to: Filled, suite: int, opens: int, closes: int) -> int:
    """The last tick of the window at which the suite is held or closed; -1 if there is none."""
    for tick in range(min(of.horizon, closes) - 1, max(0, opens) - 1, -1):
        if to.busy[suite, tick] > 0 or of.suite_closed[suite, tick]:
            return tick
    return -1


@njit(cache=True)
def choose_suite(of: Arrays, to: Filled, job: int, opens: int, closes: int) -> int:
    """Give the job a free suite, the wanted one first; return -1, or the tick after which the first suite will be free."""
    wanted = of.wanted_suite[job]
    if wanted >= 0 and last_conflict(of, to, wanted, opens, closes) < 0:
        to.suite[job] = wanted
        return -1
    best = of.horizon
    for suite in range(to.busy.shape[0]):
        conflict = last_conflict(of, to, suite, opens, closes)
        if conflict < 0:
            to.suite[job] = suite
            return -1
        best = min(best, conflict)
    return best


@njit(cache=True)
def spans_conflict(of: Arrays, to: Filled, job: int) -> tuple[int, int]:
    """Where a span finds no room: the task that opens it and the tick from which to try again; (-1, -1) when all have room."""
    for span in range(of.held_first[job], of.held_first[job + 1]):
        opens, closes = window(of, to, span)
        task = of.held_opens[span]
        resource = of.held_resource[span]
        if resource == of.suites:
            if of.fixed[task] >= 0:
                to.suite[job] = of.wanted_suite[job]
                continue
            conflict = choose_suite(of, to, job, opens, closes)
            if conflict >= 0:
                return task, conflict + 1
            continue
        if of.fixed[task] >= 0:
            continue
        for tick in range(min(of.horizon, closes) - 1, max(0, opens) - 1, -1):
            if to.load[resource, tick] >= of.capacity[resource, tick]:
                return task, tick + 1
    return -1, -1


@njit(cache=True)
def take_out(of: Arrays, to: Filled, job: int) -> None:
    """Take the job out of the timetable."""
    hold(of, to, job, -1)
    for task in range(of.first[job], of.last[job]):
        add_task(of, to, task, -1)
    to.suite[job] = -1
    to.placed[job] = 0


@njit(cache=True)
def put_back(of: Arrays, to: Filled, job: int, starts: Ints, suite: int) -> None:
    """Put the job where it stood."""
    for task in range(of.first[job], of.last[job]):
        to.starts[task] = starts[task - of.first[job]]
        add_task(of, to, task, 1)
    to.suite[job] = suite
    hold(of, to, job, 1)
    to.placed[job] = 1


@njit(cache=True)
def put_in(of: Arrays, to: Filled, job: int, not_before: int) -> bool:
    """Place the whole chain as early as it can be, the first task that has not begun from ``not_before``; false if it cannot be.

    A hold that must break because the task before has begun already is broken: the checker names it.
    """
    begin, end = of.first[job], of.last[job]
    least = np.full(end - begin, of.now, np.int32)
    least[0] = max(of.now, of.ready[job])
    for task in range(begin, end):
        if of.fixed[task] < 0:
            least[task - begin] = max(least[task - begin], not_before)
            break
    task = begin
    for _ in range(TRIES):
        back = -1
        while task < end:
            start = of.fixed[task]
            latest = of.horizon
            binding = -1
            if start < 0:
                start = least[task - begin]
                for lag in range(of.lag_first[task], of.lag_first[task + 1]):
                    after = of.lag_after[lag]
                    done = to.starts[after] + of.duration[after]
                    start = max(start, done + of.lag_minimum[lag])
                    if of.lag_maximum[lag] >= 0 and of.fixed[after] < 0 and done + of.lag_maximum[lag] < latest:
                        latest = done + of.lag_maximum[lag]
                        binding = lag
                start = earliest(of, to, task, start)
                if start < 0:
                    clear(of, to, begin, task)
                    return False
                if start > latest:
                    after = of.lag_after[binding]
                    least[after - begin] = start - of.lag_maximum[binding] - of.duration[after]
                    back = after
                    break
            to.starts[task] = start
            add_task(of, to, task, 1)
            task += 1
        if back < 0:
            back, tick = spans_conflict(of, to, job)
            if back < 0:
                hold(of, to, job, 1)
                to.placed[job] = 1
                return True
            least[back - begin] = tick
        clear(of, to, back, task)
        task = back
    clear(of, to, begin, task)
    return False


@njit(cache=True)
def clear(of: Arrays, to: Filled, begin: int, end: int) -> None:
    """Give back what these tasks took."""
    for task in range(begin, end):
        add_task(of, to, task, -1)
