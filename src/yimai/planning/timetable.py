"""The base's timetable: every chain placed, and then made better by taking a few out and putting them in again.

Local search in compiled code: a few neighbouring patients are taken out and put in again in another order, whole chains at a time; what is
worse is undone, except at first, when a little worse may pass (simulated annealing). The same seed and number of moves give the same
timetable. It can be stopped after any number of moves and is whole then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from yimai.planning.insertion import Arrays, Filled, arrays_of, empty, put_back, put_in, take_out
from yimai.planning.problem import NEVER, Floats, Ints, Plan, Problem

AT_A_TIME: Final = 200
"""Moves between two looks at the clock."""
SOON: Final = 0.001
"""Of an hour's tardiness counts an hour that a patient waits within what was wanted: earlier is better, but only just."""
STRIDE: Final = 1_000_003
"""Keeps the seeds of two searches' rounds apart."""
MOST_OUT: Final = 6
NEIGHBOURS: Final = 12


@dataclass(frozen=True, slots=True)
class Staying:
    """What keeping promises is worth: ``moved`` hours of tardiness for each promise that is moved at all. anchor: each job's promised
    infusion, shape (jobs,), NEVER where nothing was promised; collection: its promised collection, so that it is not called earlier."""

    anchor: Ints
    collection: Ints
    moved: float


@dataclass(frozen=True, slots=True)
class Found:
    """A timetable and how it was found. cost: weighted hours of tardiness and moved promises. moves: tried. unplaced: jobs without room."""

    plan: Plan
    cost: float
    moves: int
    unplaced: tuple[int, ...]


def staying_of(problem: Problem, moved: float = 50.0, plan: Plan | None = None) -> Staying:
    """What has been promised: by the jobs themselves, or by an earlier plan of the same problem."""
    if plan is None:
        anchor = np.array([job.promised for job in problem.jobs], np.int32)
        return Staying(anchor, np.full(len(problem.jobs), NEVER, np.int32), moved)
    anchor = np.array([plan.starts[job.last - 1] for job in problem.jobs], np.int32)
    collection = np.array([plan.starts[job.first] for job in problem.jobs], np.int32)
    return Staying(anchor, collection, moved)


def schedule(
    problem: Problem,
    *,
    staying: Staying | None = None,
    start: Plan | None = None,
    moves: int = 20_000,
    stopwatch: Callable[[], float] | None = None,
    seconds: float = 0.0,
    seed: int = 1,
    told: Callable[[Found], bool] | None = None,
) -> Found:
    """The best timetable found within this many moves; with a stopwatch (seconds that have gone by) also within these seconds,
    and then the result depends on the machine.

    start: keep what still fits of this plan. told: is told of the timetable from time to time, and stops the search by a true answer.
    """
    of, to = arrays_of(problem), empty(problem)
    staying = staying or staying_of(problem)
    weights = _weights(problem, staying)
    _fill(problem, of, to, staying, start)
    costs = np.zeros(len(problem.jobs))
    total = all_costs(of, to, weights, staying.anchor, costs)
    best, best_cost, done = _kept(to), total, 0
    hour = 3600 / problem.tick.total_seconds()
    while done < moves and len(problem.jobs) > 1 and (stopwatch is None or stopwatch() < seconds):
        number = min(AT_A_TIME, moves - done)
        warmth = 2.0 * hour * max(0.0, 1 - 2 * done / moves) if stopwatch is None else 0.0
        improve(
            of, to, weights, staying.anchor, staying.collection, costs, (seed * STRIDE + done) % 2**31, number, warmth
        )
        done += number
        if (now := float(costs.sum())) < best_cost - 1e-9:
            best, best_cost = _kept(to), now
            if told is not None and told(_found(problem, best, best_cost, done)):
                break
        if best_cost <= 0:
            break
    return _found(problem, best, best_cost, done)


def _kept(to: Filled) -> Filled:
    return Filled(to.load, to.busy, to.starts.copy(), to.suite.copy(), to.placed.copy())


def _found(problem: Problem, to: Filled, cost: float, moves: int) -> Found:
    plan = Plan(to.starts.copy(), to.suite.copy())
    unplaced = tuple(int(each) for each in np.flatnonzero(to.placed == 0))
    hours = problem.tick.total_seconds() / 3600
    return Found(plan, cost * hours, moves, unplaced)


def _weights(problem: Problem, staying: Staying) -> Floats:
    """For each job: its due tick (the horizon where none is wanted), its weight, and the price of moving its promise, in ticks."""
    ticks = 3600 / problem.tick.total_seconds()
    rows = [
        (problem.horizon if job.due == NEVER else job.due, job.weight, staying.moved * ticks) for job in problem.jobs
    ]
    return np.array(rows, float).reshape(-1, 3)


def _fill(problem: Problem, of: Arrays, to: Filled, staying: Staying, start: Plan | None) -> None:
    """What has begun first, then what a start plan still has room for, then the others by weight and due."""
    jobs = problem.jobs
    begun = [number for number, job in enumerate(jobs) if problem.tasks.fixed[job.first] != NEVER]
    rest = [number for number in range(len(jobs)) if number not in set(begun)]
    rest.sort(
        key=lambda number: (
            start is None or start.starts[jobs[number].first] < 0,
            -jobs[number].weight,
            jobs[number].due,
            number,
        )
    )
    for number in (*begun, *rest):
        job = jobs[number]
        earliest = 0 if start is None else max(0, int(start.starts[job.first]))
        put_in(of, to, number, max(earliest, int(staying.collection[number])))


@njit(cache=True)
def cost_of(of: Arrays, to: Filled, weights: Floats, anchor: Ints, job: int) -> float:
    """A job's cost in ticks of tardiness; ten horizons where it has no place."""
    due, weight, moved = weights[job, 0], weights[job, 1], weights[job, 2]
    if to.placed[job] == 0:
        return float(10 * weight * of.horizon)
    infusion = to.starts[of.last[job] - 1]
    cost = weight * (max(0.0, infusion - due) + SOON * max(0, infusion - of.ready[job]))
    if anchor[job] >= 0 and infusion != anchor[job]:
        cost += weight * (moved + SOON * abs(infusion - anchor[job]))
    return float(cost)


@njit(cache=True)
def all_costs(of: Arrays, to: Filled, weights: Floats, anchor: Ints, costs: Floats) -> float:
    """Each job's cost into ``costs``; their sum."""
    for job in range(len(costs)):
        costs[job] = cost_of(of, to, weights, anchor, job)
    return float(costs.sum())


@njit(cache=True)
def neighbours(of: Arrays, to: Filled, seed_job: int, number: int, out: Ints) -> int:
    """The seed and up to ``number - 1`` jobs near it in time, from a random dozen each; how many were found."""
    jobs = len(of.first)
    out[0] = seed_job
    found = 1
    at = to.starts[of.last[seed_job] - 1]
    for _ in range(number - 1):
        best, distance = -1, 2**30
        for _ in range(NEIGHBOURS):
            job = np.random.randint(jobs)
            taken = False
            for other in range(found):
                taken = taken or out[other] == job
            away = abs(to.starts[of.last[job] - 1] - at)
            if not taken and away < distance:
                best, distance = job, away
        if best >= 0:
            out[found] = best
            found += 1
    return found


@njit(cache=True)
def improve(
    of: Arrays,
    to: Filled,
    weights: Floats,
    anchor: Ints,
    collection: Ints,
    costs: Floats,
    seed: int,
    moves: int,
    warmth: float,
) -> None:
    """So many moves; each is kept if the whole is better for it, or worse by an amount drawn from ``warmth`` (ticks)."""
    np.random.seed(seed)
    jobs = len(of.first)
    out = np.empty(MOST_OUT, np.int32)
    longest = (of.last - of.first).max()
    kept = np.empty((MOST_OUT, longest), np.int32)
    suites = np.empty(MOST_OUT, np.int32)
    for _ in range(moves):
        seed_job = np.random.randint(jobs)
        for _ in range(3):
            other = np.random.randint(jobs)
            if costs[other] > costs[seed_job]:
                seed_job = other
        number = neighbours(of, to, seed_job, np.random.randint(2, MOST_OUT + 1), out)
        before = 0.0
        for each in range(number):
            job = out[each]
            before += costs[job]
            suites[each] = to.suite[job]
            kept[each, : of.last[job] - of.first[job]] = to.starts[of.first[job] : of.last[job]]
            if to.placed[job]:
                take_out(of, to, job)
            else:
                suites[each] = -2
        order = np.random.permutation(number)
        after = 0.0
        for each in order:
            job = out[each]
            least = collection[job]
            if np.random.random() < 0.15:
                least = max(least, kept[each, 0] + np.random.randint(-48, 48))
            put_in(of, to, job, least)
            after += cost_of(of, to, weights, anchor, job)
        if after <= before or (warmth > 0 and np.random.random() < np.exp((before - after) / warmth)):
            for each in range(number):
                costs[out[each]] = cost_of(of, to, weights, anchor, out[each])
            continue
        for each in range(number):
            if to.placed[out[each]]:
                take_out(of, to, out[each])
        for each in range(number):
            if suites[each] != -2:
                put_back(of, to, out[each], kept[each], suites[each])
