"""Puts one patient's whole chain into a timetable and takes it out again: the compiled core of offer, timetable and repair.

A chain is placed task after task at the earliest tick that its people, equipment and calendars allow. Where a hold time would run out,
the task before is begun later and the chain is placed anew from there (back-propagation of maximum lags), so that a chain is
either placed whole and within its limits, or not at all. Tasks that have begun stay where they are, and what they take is never free,
whether their job has its place or not.

Few wide tables instead of many narrow arrays: compiled code takes them as arguments, and both compiling and calling cost by the
argument. Numbers that are passed on are ``long``: for each width of number a function would be compiled again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yimai.planning.alone import alone_length
from yimai.planning.compiling import inner, must_be_compiled, outer
from yimai.planning.problem import NEVER, Ints, Problem
from yimai.planning.tables import FULL_WORD, SUITES_A_WORD, job_table, masks, next_open, shift_ends, task_table

TRIES: Final = 4000
"""How often a chain is begun anew before it counts as impossible."""
LOOK_BACK: Final = 120
"""How many ticks before a window the suites are compared, to take the one that has been free the shortest."""
FIRST, LAST, READY, SUITE, HELD, KEEP = range(6)  # columns of Arrays.job
DURATION, FIXED, CALENDAR, WITHIN, USES, LAGS, OPENS, JOB, TAIL = range(9)  # of Arrays.task
RESOURCE, AMOUNT, BEGINS, ENDS = range(4)  # of Arrays.use
AFTER, MINIMUM, MAXIMUM = range(3)  # of Arrays.lag
HELD_RESOURCE, OPENING, CLOSING, UNTIL_START, EXTRA, LEAST = range(6)  # of Arrays.span

long: Final[Any] = np.int64
TAKE, GIVE = long(1), long(-1)
ROOM, STUCK = -1, -2
LENIENT, STRICT = long(0), long(1)

Masks = NDArray[np.int64]


class Arrays(NamedTuple):
    """A problem as compiled code takes it; the columns of the tables are named above.

    job: where its tasks begin and end, ready, the suite it has, where its spans begin, the infusion's promised start or 0.
    task: duration, fixed, calendar, within one shift, where its uses and its lags begin, the suite span it opens or NEVER, its
    job, the fewest ticks from its start to its job's infusion.
    span: with the fewest ticks that it can last. opens: shape (calendars, horizon + 1), the next tick at which a task may start.
    shift_ends: the first tick of the next shift. suite_closed: shape (words, horizon), a bit for each suite that may not be held.
    What there is always enough of is left out of uses and spans.
    """

    job: Ints
    task: Ints
    use: Ints
    lag: Ints
    span: Ints
    opens: Ints
    shift_ends: Ints
    capacity: Ints
    suite_closed: Masks
    full: Masks
    suites: int
    horizon: int
    now: int


class Filled(NamedTuple):
    """A timetable being filled. load: shape (resources, horizon), what is taken. busy: shape (words, horizon), a bit for each suite
    that is held. starts: of each task. suite: of each job. placed: 1 where a job stands in the timetable. least: room to work in."""

    load: Ints
    busy: Masks
    starts: Ints
    suite: Ints
    placed: Any
    least: Ints


def arrays_of(problem: Problem) -> Arrays:
    """The problem as compiled code takes it. Raises NotCompiled where that is being made ready."""
    must_be_compiled()
    tables = task_table(problem)
    suites = next((number for number, each in enumerate(problem.resources) if each.kind == "suites"), NEVER)
    count = len(problem.suites)
    words = max(1, -(-count // SUITES_A_WORD))
    full = np.full(words, FULL_WORD, np.int64)
    if count % SUITES_A_WORD or not count:
        full[-1] = (1 << (count % SUITES_A_WORD)) - 1
    spans = tables.span
    spans[:, LEAST] = [
        alone_length(problem, int(row[OPENING]), int(row[CLOSING]), bool(row[UNTIL_START])) + int(row[EXTRA])
        for row in spans
    ]
    return Arrays(
        job_table(problem, tables.held_first), tables.task, tables.use, tables.lag, spans,
        next_open(problem), shift_ends(problem), problem.capacity,
        masks(problem.suite_closed, words, problem.horizon), full, suites, problem.horizon, problem.now,
    )  # fmt: skip


def empty(problem: Problem) -> Filled:
    """A timetable in which no job stands; what has begun takes what it takes."""
    words = max(1, -(-len(problem.suites) // SUITES_A_WORD))
    longest = max((job.last - job.first for job in problem.jobs), default=0)
    return Filled(
        begun_load(problem),
        np.zeros((words, problem.horizon), np.int64),
        np.full(len(problem.tasks.names), NEVER, np.int32),
        np.full(len(problem.jobs), NEVER, np.int32),
        np.zeros(len(problem.jobs), np.int8),
        np.zeros(longest, np.int32),
    )


def begun_load(problem: Problem) -> Ints:
    """What tasks that have begun take of each resource in each tick, shape (resources, horizon)."""
    uses, horizon = problem.uses, problem.horizon
    starts = np.repeat(problem.tasks.fixed, np.diff(uses.first))
    begun = starts != NEVER
    change = np.zeros((len(problem.resources), horizon + 1), np.int32)
    for ticks, sign in ((uses.begins, 1), (uses.ends, -1)):
        at = np.clip(starts[begun] + ticks[begun], 0, horizon)
        np.add.at(change, (uses.resource[begun], at), sign * uses.amount[begun])
    return np.ascontiguousarray(np.cumsum(change[:, :horizon], 1, dtype=np.int32))


@inner
def add_task(of: Arrays, to: Filled, task: int, sign: int) -> None:
    """TAKE or GIVE back what the task uses where it stands, unless it has begun."""
    if of.task[task, FIXED] >= 0:
        return
    start = to.starts[task]
    for use in range(of.task[task, USES], of.task[task + 1, USES]):
        row = to.load[of.use[use, RESOURCE]]
        amount = sign * of.use[use, AMOUNT]
        for tick in range(max(0, start + of.use[use, BEGINS]), min(of.horizon, start + of.use[use, ENDS])):
            row[tick] += amount


@inner
def last_full(of: Arrays, to: Filled, opens: int, closes: int) -> int:
    """-1 if some suite is free over the whole window; else the last tick such that from it to the window's end none is."""
    best = of.horizon
    closes = min(of.horizon, closes)
    for word in range(len(of.full)):
        taken = np.int64(0)
        for tick in range(opens, closes):
            taken |= to.busy[word, tick] | of.suite_closed[word, tick]
        if taken & of.full[word] != of.full[word]:
            return -1
        taken = np.int64(0)
        for tick in range(closes - 1, opens - 1, -1):
            taken |= to.busy[word, tick] | of.suite_closed[word, tick]
            if taken & of.full[word] == of.full[word]:
                best = min(best, tick)
                break
    return best


@inner
def earliest(of: Arrays, to: Filled, task: int, start: int, until: int) -> int:
    """The first tick from ``start`` to ``until`` at which the task can begin; -1 if there is none."""
    length = of.task[task, DURATION]
    calendar = of.task[task, CALENDAR]
    within = of.task[task, WITHIN]
    span = of.task[task, OPENS]
    latest = min(until, of.horizon - max(1, length))
    first, last = of.task[task, USES], of.task[task + 1, USES]
    while start <= latest:
        if calendar >= 0:
            start = of.opens[calendar, start]
            if start > latest:
                return -1
        if within and of.shift_ends[start] < start + length:
            start = of.shift_ends[start]
            continue
        again = -1
        for use in range(first, last):
            resource = of.use[use, RESOURCE]
            room = of.use[use, AMOUNT]
            load, capacity = to.load[resource], of.capacity[resource]
            begins = of.use[use, BEGINS]
            for tick in range(start + of.use[use, ENDS] - 1, start + begins - 1, -1):
                if load[tick] + room > capacity[tick]:
                    again = max(again, tick - begins + 1)
                    break
        if again < 0 and span >= 0:
            again = last_full(of, to, start, start + of.span[span, LEAST])
            if again >= 0:
                again += 1
        if again < 0:
            return start
        start = again
    return -1


@inner
def window(of: Arrays, to: Filled, span: int) -> tuple[int, int]:
    """From when until when a span is held, as its tasks stand."""
    closes = of.span[span, CLOSING]
    end = long(to.starts[closes])
    if not of.span[span, UNTIL_START]:
        end += of.task[closes, DURATION]
    return max(0, long(to.starts[of.span[span, OPENING]])), min(of.horizon, end + of.span[span, EXTRA])


@inner
def hold(of: Arrays, to: Filled, job: int, sign: int) -> None:
    """TAKE or GIVE back what the job holds over several tasks, its suite among it."""
    for span in range(of.job[job, HELD], of.job[job + 1, HELD]):
        opens, closes = window(of, to, span)
        row = to.load[of.span[span, HELD_RESOURCE]]
        for tick in range(opens, closes):
            row[tick] += sign
        if of.span[span, HELD_RESOURCE] == of.suites and to.suite[job] >= 0:
            word, bit = divmod(to.suite[job], SUITES_A_WORD)
            mask = np.int64(1) << np.int64(bit)
            busy = to.busy[word]
            if sign > 0:
                for tick in range(opens, closes):
                    busy[tick] |= mask
            else:
                for tick in range(opens, closes):
                    busy[tick] &= ~mask


@inner
def free_suite(of: Arrays, to: Filled, word: int, opens: int, closes: int, wanted: int) -> int:
    """A suite of this word that is free over the window: the wanted one, or that which has been free the shortest; -1 if none is."""
    taken = np.int64(0)
    for tick in range(opens, closes):
        taken |= to.busy[word, tick] | of.suite_closed[word, tick]
    free = ~taken & of.full[word]
    if free == 0:
        return -1
    if wanted >= 0 and wanted // SUITES_A_WORD == word and (free >> np.int64(wanted % SUITES_A_WORD)) & 1:
        return wanted
    for tick in range(opens - 1, max(-1, opens - LOOK_BACK), -1):
        near = free & (to.busy[word, tick] | of.suite_closed[word, tick])
        if near != 0:
            free = near
            break
    bit = 0
    while not (free >> np.int64(bit)) & 1:
        bit += 1
    return word * SUITES_A_WORD + bit


@inner
def choose_suite(of: Arrays, to: Filled, job: int, opens: int, closes: int) -> int:
    """Give the job a free suite, the wanted one first; return -1, or the tick after which the first suite will be free."""
    wanted = long(of.job[job, SUITE])
    found = -1
    for word in range(len(of.full)):
        suite = free_suite(of, to, word, opens, closes, wanted)
        if suite >= 0 and (found < 0 or suite == wanted):
            found = suite
    if found < 0:
        return last_full(of, to, opens, closes)
    to.suite[job] = found
    return -1


@inner
def is_busy(to: Filled, suite: int, opens: int, closes: int) -> bool:
    """Whether some job has the suite in the window."""
    word, bit = divmod(suite, SUITES_A_WORD)
    taken = np.int64(0)
    for tick in range(opens, closes):
        taken |= to.busy[word, tick]
    return bool((taken >> np.int64(bit)) & 1)


@inner
def spans_conflict(of: Arrays, to: Filled, job: int, strict: int) -> tuple[int, int]:
    """Where a span finds no room: the task that opens it and the tick from which to try again; ROOM when all have room. Strictly, STUCK if
    one that has begun, and so cannot begin later, would last into what another has."""
    for span in range(of.job[job, HELD], of.job[job + 1, HELD]):
        opens, closes = window(of, to, span)
        task = long(of.span[span, OPENING])
        resource = of.span[span, HELD_RESOURCE]
        if resource == of.suites:
            if of.task[task, FIXED] >= 0:
                to.suite[job] = of.job[job, SUITE]
                if strict and to.suite[job] >= 0 and is_busy(to, long(to.suite[job]), max(opens, of.now), closes):
                    return STUCK, STUCK
                continue
            conflict = choose_suite(of, to, job, opens, closes)
            if conflict >= 0:
                return task, conflict + 1
            continue
        begun = of.task[task, FIXED] >= 0
        if begun and not strict:
            continue
        load, capacity = to.load[resource], of.capacity[resource]
        for tick in range(closes - 1, max(opens, of.now) - 1, -1):
            if load[tick] >= capacity[tick]:
                return (STUCK, STUCK) if begun else (task, tick + 1)
    return ROOM, ROOM


@outer
def take_out(of: Arrays, to: Filled, job: int) -> None:
    """Take the job out of the timetable."""
    hold(of, to, job, GIVE)
    clear(of, to, long(of.job[job, FIRST]), long(of.job[job, LAST]))
    to.suite[job] = -1
    to.placed[job] = 0


@inner
def put_back(of: Arrays, to: Filled, job: int, starts: Ints, suite: int) -> None:
    """Put the job where it stood."""
    for task in range(long(of.job[job, FIRST]), long(of.job[job, LAST])):
        to.starts[task] = starts[task - of.job[job, FIRST]]
        add_task(of, to, task, TAKE)
    to.suite[job] = suite
    hold(of, to, job, TAKE)
    to.placed[job] = 1


@inner
def keep(of: Arrays, to: Filled, job: int, starts: Ints) -> bool:
    """Place the job's tasks just where they stood, in its suite or another; false, and nothing placed, if that cannot be."""
    begin, end = long(of.job[job, FIRST]), long(of.job[job, LAST])
    for task in range(begin, end):
        start = long(of.task[task, FIXED])
        if start < 0:
            start = long(starts[task])
            least, latest, _ = bounds(of, to, task, of.now)
            if task == begin:
                least = max(least, of.job[job, READY])
            if start < least or start > latest or earliest(of, to, task, start, start) != start:
                clear(of, to, begin, task)
                return False
        to.starts[task] = start
        add_task(of, to, task, TAKE)
    back, _ = spans_conflict(of, to, job, STRICT)
    if back != ROOM:
        clear(of, to, begin, end)
        return False
    hold(of, to, job, TAKE)
    to.placed[job] = 1
    return True


@inner
def bounds(of: Arrays, to: Filled, task: int, start: int) -> tuple[int, int, int]:
    """From when, and until when at the latest a task may start by what it waits for; and the lag that sets the latest."""
    latest, binding = long(of.horizon), -1
    for lag in range(of.task[task, LAGS], of.task[task + 1, LAGS]):
        after = of.lag[lag, AFTER]
        done = to.starts[after] + of.task[after, DURATION]
        start = max(start, done + of.lag[lag, MINIMUM])
        most = of.lag[lag, MAXIMUM]
        if most >= 0 and of.task[after, FIXED] < 0 and done + most < latest:
            latest = done + most
            binding = lag
    return start, latest, binding


@outer
def put_in(of: Arrays, to: Filled, job: int, not_before: int, until: int, strict: int) -> bool:
    """Place the whole chain as early as it can be, the first task that has not begun from ``not_before``; false if it cannot be, or if
    its infusion would begin after ``until``: that is known long before the chain is whole.

    A hold that breaks because the task before has begun already is broken: the checker names it. Leniently, so is the room of another that
    a job under way needs.
    """
    begin, end = long(of.job[job, FIRST]), long(of.job[job, LAST])
    least = to.least
    for task in range(begin, end):
        least[task - begin] = of.now
    least[0] = max(of.now, of.job[job, READY])
    least[end - 1 - begin] = max(of.now, of.job[job, KEEP])
    for task in range(begin, end):
        if of.task[task, FIXED] < 0:
            least[task - begin] = max(least[task - begin], not_before)
            break
    task = begin
    for _ in range(TRIES):
        back = -1
        while task < end:
            start = long(of.task[task, FIXED])
            if start < 0:
                start, latest, binding = bounds(of, to, task, long(least[task - begin]))
                start = earliest(of, to, task, start, long(until - of.task[task, TAIL]))
                if start < 0:
                    clear(of, to, begin, task)
                    return False
                if start > latest:
                    back = long(of.lag[binding, AFTER])
                    least[back - begin] = start - of.lag[binding, MAXIMUM] - of.task[back, DURATION]
                    break
            to.starts[task] = start
            add_task(of, to, task, TAKE)
            task += 1
        if back < 0:
            back, tick = spans_conflict(of, to, job, strict)
            if back == ROOM:
                hold(of, to, job, TAKE)
                to.placed[job] = 1
                return True
            if back == STUCK:
                break
            least[back - begin] = tick
        clear(of, to, back, task)
        task = back
    clear(of, to, begin, task)
    return False


@inner
def clear(of: Arrays, to: Filled, begin: int, end: int) -> None:
    """Give back what these tasks took."""
    for task in range(begin, end):
        add_task(of, to, task, GIVE)
