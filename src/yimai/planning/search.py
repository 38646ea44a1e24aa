"""The compiled search behind the timetable: take a few neighbouring patients out, put their whole chains in again in another order; or let
a late one take the suite of a second, that one a third one's, and so on.

What is worse is undone, but for a little at first (simulated annealing). How much worse a move may be is drawn before it is made, so that
it is given up as soon as what has been put in again, and the least that the rest can cost, is more than that.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from yimai.planning.compiling import inner, outer
from yimai.planning.insertion import (
    AFTER,
    DURATION,
    FIRST,
    FIXED,
    LAGS,
    LAST,
    LENIENT,
    MINIMUM,
    OPENS,
    READY,
    STRICT,
    USES,
    Arrays,
    Filled,
    keep,
    long,
    put_back,
    put_in,
    take_out,
)
from yimai.planning.problem import Floats, Ints

SOON: Final = 0.001
"""Of an hour's tardiness counts an hour that a patient waits within what was wanted: earlier is better, but only just."""
MOST_OUT: Final = 5
RIVALS: Final = 0.7
"""How often those are taken out that want the same hours; else those that were collected at about the same time."""
FAR: Final = 0.5
"""How often those are taken out that stand where a late job would not be late, and not those around it."""
NEAR: Final = 24
"""How many ticks late it may be there."""
MUCH: Final = 1.0
"""Ticks of tardiness more than it need cost at least, from which a job counts as late."""
LATE: Final = 0.5
"""How often a late job is begun with, where there is one."""
SAMPLED: Final = 12
"""For each rival so many jobs are looked at."""
NO_PLACE: Final = 10
"""What a job without a place costs, in horizons of tardiness."""
SUCCEEDING: Final = 0.3
"""How often a late job takes the suite of another, that one a third one's, and so on: jobs that are left over late find room by nothing else."""
REACHED: Final = 0.5
"""By what share at least of its lateness the late one comes sooner, and of its own spare time each of the others later."""
ABOUT: Final = 3
"""Ticks before and after the wanted moment in which another must get its suite."""
CANDIDATES: Final = 3
"""So many are looked at for each place; the one with the most spare time is taken."""
ROUNDED: Final = 0.001
"""Ticks by which the latest moment that is allowed may be missed by rounding."""
BROKEN: Final = 1
"""What a hold costs, in horizons of tardiness, that runs out though it need not."""


class Aims(NamedTuple):
    """What a job's place costs. due: tick (the horizon where none is wanted); weight: of a tick's tardiness; moved: the price, in ticks, of a
    moved promise; anchor and collection: the promised infusion and collection, or NEVER; least: what it costs at least; alone: each task's
    start if its job had the base to itself; wanted: by how many ticks later than that the job would not be late; latest: until when a task
    must start that follows on one that has begun, or NEVER; holds: 1 for each job with such a task."""

    due: Floats
    weight: Floats
    moved: float
    anchor: Ints
    collection: Ints
    least: Floats
    alone: Ints
    wanted: Ints
    latest: Ints
    holds: Ints


@inner
def cost_of(of: Arrays, to: Filled, aims: Aims, job: int) -> float:
    """A job's cost in ticks of tardiness."""
    weight = aims.weight[job]
    if to.placed[job] == 0:
        return float(NO_PLACE * weight * of.horizon)
    infusion = to.starts[of.job[job, LAST] - 1]
    cost = max(0.0, infusion - aims.due[job]) + SOON * max(0, infusion - of.job[job, READY])
    if aims.anchor[job] >= 0 and infusion != aims.anchor[job]:
        cost += aims.moved + SOON * abs(infusion - aims.anchor[job])
    if aims.collection[job] >= 0 and to.starts[of.job[job, FIRST]] != aims.collection[job]:
        cost += aims.moved
    if aims.holds[job]:
        for task in range(of.job[job, FIRST], of.job[job, LAST]):
            if 0 <= aims.latest[task] < to.starts[task]:
                cost += BROKEN * of.horizon + to.starts[task] - aims.latest[task]
    return float(weight * cost)


@inner
def latest_for(of: Arrays, aims: Aims, job: int, most: float) -> int:
    """The latest infusion at which the job can cost no more than this."""
    latest = float(of.horizon)
    if aims.weight[job] > 0:
        ticks, due, ready = most / aims.weight[job], aims.due[job], of.job[job, READY]
        until_due = ready + ticks / SOON
        latest = min(latest, until_due if until_due <= due else (ticks + due + SOON * ready) / (1 + SOON))
    found: int = long(latest + ROUNDED)
    return found


@outer
def all_costs(of: Arrays, to: Filled, aims: Aims, costs: Floats) -> float:
    """Each job's cost into ``costs``; their sum."""
    for job in range(len(costs)):
        costs[job] = cost_of(of, to, aims, job)
    return float(costs.sum())


@outer
def fill(of: Arrays, to: Filled, order: Ints, not_before: Ints, starts: Ints) -> None:
    """Place these jobs one after another: first those that can stay just where they stood (``starts``, NEVER where nowhere), last those that
    need, being under way, what another has."""
    for job in order:
        if starts[of.job[job, FIRST]] >= 0:
            keep(of, to, long(job), starts)
    for job in order:
        if to.placed[job] == 0:
            put_in(of, to, long(job), long(not_before[job]), long(of.horizon), STRICT)
    for job in order:
        if to.placed[job] == 0:
            put_in(of, to, long(job), long(not_before[job]), long(of.horizon), LENIENT)


@inner
def is_among(out: Ints, found: int, job: int) -> bool:
    """Whether the job is one of those that have been found."""
    among = False
    for each in range(found):
        among = among or out[each] == job
    return among


@inner
def neighbours(order: Ints, rank: Ints, seed_job: int, number: int, out: Ints) -> int:
    """The seed and up to ``number - 1`` jobs near it in time; how many were found."""
    out[0] = seed_job
    found = 1
    reach = (5, 15, 50)[np.random.randint(3)]
    low, high = max(0, rank[seed_job] - reach), min(len(order), rank[seed_job] + reach + 1)
    for _ in range(2 * number):
        job = order[np.random.randint(low, high)]
        if not is_among(out, found, job):
            out[found] = job
            found += 1
            if found == number:
                break
    return found


@inner
def rivals(
    of: Arrays, to: Filled, aims: Aims, order: Ints, begins: Ints, span: int, seed_job: int, number: int, out: Ints
) -> int:
    """The seed and up to ``number - 1`` jobs that have a task near the moment at which one of the seed's could begin; how many.

    order: the jobs by their beginnings, which ``begins`` holds; span: how long before that moment such a job began at most.
    Of a seed that is late by more than that moment is away: where it would stand if it were not late.
    """
    out[0] = seed_job
    first, last = of.job[seed_job, FIRST], of.job[seed_job, LAST]
    task = np.random.randint(first, last)
    at = to.starts[task]
    if np.random.random() < 0.5 and of.task[task, LAGS] < of.task[task + 1, LAGS]:
        lag = of.task[task, LAGS]
        at = to.starts[of.lag[lag, AFTER]] + of.task[of.lag[lag, AFTER], DURATION] + of.lag[lag, MINIMUM]
    late = to.starts[last - 1] - aims.alone[last - 1] - aims.wanted[seed_job]
    if late > 0 and np.random.random() < FAR:
        at = aims.alone[task] + np.random.randint(aims.wanted[seed_job] + min(late, NEAR) + 1)
    reach = (2, 4, 8)[np.random.randint(3)]
    low, high = np.searchsorted(begins, at - span), np.searchsorted(begins, at + reach + 1)
    found = 1
    if low >= high:
        return found
    for _ in range(SAMPLED * number):
        job = order[np.random.randint(low, high)]
        if found == number:
            break
        if not is_among(out, found, job) and near(of, to, long(job), at - reach, at + reach):
            out[found] = job
            found += 1
    return found


@inner
def succession(
    of: Arrays, to: Filled, aims: Aims, turns: Ints, gets: Ints, opening: Ints, seed_job: int, number: int, out: Ints
) -> int:
    """The late seed, one that gets a suite when the seed should, one that gets one when that could still wait, and so on to where the seed
    stands, in this order; how many. turns: the jobs as they get their suites, at ``gets``; opening: the task with which each does."""
    out[0] = seed_job
    last = of.job[seed_job, LAST] - 1
    late = to.starts[last] - max(aims.due[seed_job], aims.alone[last])
    if late <= 0 or opening[seed_job] < 0:
        return 1
    stands = to.starts[opening[seed_job]]
    at = stands - long(late * (REACHED + np.random.random()))
    found = 1
    while found < number and at < stands:
        low, high = np.searchsorted(gets, at - ABOUT), np.searchsorted(gets, at + ABOUT + 1)
        best, most = -1, -1.0
        for _ in range(CANDIDATES if low < high else 0):
            job = turns[np.random.randint(low, high)]
            infusion = of.job[job, LAST] - 1
            spare = max(0.0, aims.due[job] - to.starts[infusion])
            if spare > most and not is_among(out, found, job):
                best, most = job, spare
        if best < 0:
            break
        out[found] = best
        found += 1
        at = to.starts[opening[best]] + long(most * (REACHED + (1 - REACHED) * np.random.random())) + 1
    return found


@inner
def near(of: Arrays, to: Filled, job: int, soonest: int, latest: int) -> bool:
    """Whether a task of the job that takes something begins between these moments."""
    for task in range(of.job[job, FIRST], of.job[job, LAST]):
        if soonest <= to.starts[task] <= latest and of.task[task, USES] < of.task[task + 1, USES]:
            return True
    return False


@inner
def arrange(of: Arrays, to: Filled, aims: Aims, out: Ints, number: int) -> None:
    """The order in which these are put in again: by chance, the first chosen first, or by what they would lose, more or less."""
    way = np.random.randint(3)
    begin = 0
    if way == 1:
        begin = 1
    if way == 2:
        for each in range(1, number):
            job, place = out[each], each
            key = aims.due[job] - 100 * aims.weight[job]
            while place > 0 and aims.due[out[place - 1]] - 100 * aims.weight[out[place - 1]] > key:
                out[place] = out[place - 1]
                place -= 1
            out[place] = job
        if np.random.random() < 0.5:
            return
        first, second = np.random.randint(number), np.random.randint(number)
        out[first], out[second] = out[second], out[first]
        return
    for each in range(number - 1, begin, -1):
        other = np.random.randint(begin, each + 1)
        out[each], out[other] = out[other], out[each]


@inner
def begun_first(of: Arrays, out: Ints, number: int, begun: Ints) -> None:
    """Those that have begun before the others, the furthest first and else as they were: a suite in which a batch runs is not free."""
    for each in range(number):
        begun[each] = 0
        for task in range(of.job[out[each], FIRST], of.job[out[each], LAST]):
            begun[each] += of.task[task, FIXED] >= 0
    for each in range(1, number):
        job, much, place = out[each], begun[each], each
        while place > 0 and begun[place - 1] < much:
            out[place], begun[place] = out[place - 1], begun[place - 1]
            place -= 1
        out[place], begun[place] = job, much


@inner
def seed_of(costs: Floats, aims: Aims, late: Ints) -> int:
    """One of the jobs that cost more than they need to, mostly. late: those that cost much more when they were looked at last."""
    if len(late) and np.random.random() < LATE:
        one, other = late[np.random.randint(len(late))], late[np.random.randint(len(late))]
        worse: int = one if costs[one] - aims.least[one] >= costs[other] - aims.least[other] else other
        return worse
    best = np.random.randint(len(costs))
    for _ in range(7):
        job = np.random.randint(len(costs))
        if costs[job] - aims.least[job] > costs[best] - aims.least[best]:
            best = job
    return best


@outer
def by_beginning(of: Arrays, to: Filled, jobs: int) -> tuple[Ints, Ints, Ints, int]:
    """The jobs by their beginnings, these, each job's place among them, and how long a job is, with some to spare."""
    order = np.argsort(to.starts[of.job[:jobs, FIRST]]).astype(np.int32)
    rank = np.empty(jobs, np.int32)
    for place in range(jobs):
        rank[order[place]] = place
    lengths = to.starts[of.job[:jobs, LAST] - 1] - to.starts[of.job[:jobs, FIRST]]
    return order, to.starts[of.job[:jobs, FIRST]][order], rank, long(1.3 * lengths.mean())


@outer
def by_suite(of: Arrays, to: Filled, jobs: int) -> tuple[Ints, Ints, Ints]:
    """The jobs in the order in which they get a suite, when they do, and the task with which each does; -1 for one that holds none."""
    opening = np.full(jobs, -1, np.int32)
    held = np.full(jobs, -1, np.int32)
    for job in range(jobs):
        for task in range(of.job[job, FIRST], of.job[job, LAST]):
            if of.task[task, OPENS] >= 0 and opening[job] < 0:
                opening[job] = task
                held[job] = to.starts[task]
    turns = np.argsort(held).astype(np.int32)
    return turns, held[turns], opening


@inner
def undo(of: Arrays, to: Filled, out: Ints, number: int, held: Ints, kept: Ints, suites: Ints) -> None:
    """Put those that were taken out back where they stood. held: them, in the order of ``kept`` and ``suites`` (-2 where one had no place)."""
    for each in range(number):
        if to.placed[out[each]]:
            take_out(of, to, long(out[each]))
    for each in range(number):
        if suites[each] != -2:
            put_back(of, to, long(held[each]), kept[each], suites[each])


@outer
def improve(of: Arrays, to: Filled, aims: Aims, costs: Floats, seed: int, moves: int, warmth: float) -> None:
    """So many moves; each is kept if the whole is better for it, or worse by less than an amount drawn from ``warmth`` (ticks)."""
    np.random.seed(seed)
    jobs = len(costs)
    out = np.empty(MOST_OUT, np.int32)
    longest = len(to.least)
    kept = np.empty((MOST_OUT, longest), np.int32)
    suites = np.empty(MOST_OUT, np.int32)
    held = np.empty(MOST_OUT, np.int32)
    begun = np.empty(MOST_OUT, np.int32)
    order, begins, rank, span = by_beginning(of, to, jobs)
    turns, gets, opening = by_suite(of, to, jobs)
    late = np.flatnonzero(costs - aims.least > MUCH).astype(np.int32)
    for _ in range(moves):
        seed_job = seed_of(costs, aims, late) if np.random.random() < 0.8 else np.random.randint(jobs)
        number = np.random.randint(2, min(jobs, MOST_OUT) + 1)
        found = 1
        if np.random.random() < SUCCEEDING:
            found = succession(of, to, aims, turns, gets, opening, seed_job, number, out)
        in_turn = found > 1
        if in_turn:
            number = found
        elif np.random.random() < RIVALS:
            number = rivals(of, to, aims, order, begins, span, seed_job, number, out)
        else:
            number = neighbours(order, rank, seed_job, number, out)
        limit = -warmth * np.log(1 - np.random.random())
        rest = 0.0
        for each in range(number):
            job = long(out[each])
            limit += costs[job]
            rest += aims.least[job]
        for each in range(number):
            job = long(out[each])
            suites[each] = to.suite[job]
            held[each] = job
            kept[each, : of.job[job, LAST] - of.job[job, FIRST]] = to.starts[of.job[job, FIRST] : of.job[job, LAST]]
            if to.placed[job]:
                take_out(of, to, job)
            else:
                suites[each] = -2
        if not in_turn:
            arrange(of, to, aims, out, number)
        begun_first(of, out, number, begun)
        after = 0.0
        for each in range(number):
            job = long(out[each])
            least = max(0, long(aims.collection[job]))
            if np.random.random() < 0.1:
                least = max(least, to.starts[of.job[job, FIRST]] + np.random.randint(-48, 48))
            rest -= aims.least[job]
            put_in(of, to, job, least, latest_for(of, aims, job, limit - after - rest), STRICT)
            after += cost_of(of, to, aims, job)
            if after + rest > limit:
                break
        if after + rest <= limit:
            for each in range(number):
                costs[out[each]] = cost_of(of, to, aims, long(out[each]))
            continue
        undo(of, to, out, number, held, kept, suites)
