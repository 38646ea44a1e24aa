"""The base's timetable: every chain placed, and then made better by taking a few out and putting them in again.

Local search in compiled code: a few neighbouring patients are taken out and put in again in another order, whole chains at a time; what is
worse is undone, except at first, when a little worse may pass (simulated annealing). The same seed and number of moves give the same
timetable. It can be stopped after any number of moves and is whole then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.alone import alone_starts, latest_after_begun
from yimai.planning.bounds import lower_bounds
from yimai.planning.insertion import KEEP, SUITE, Arrays, Filled, arrays_of, empty
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.search import Aims, all_costs, fill, improve
from yimai.planning.staying import Staying, cost_of_plan, costs_of, staying_of
from yimai.planning.window import tightened

AT_A_TIME: Final = 200
"""Moves between two looks at the clock."""
STRIDE: Final = 1_000_003
"""Keeps the seeds of two searches' rounds apart."""
WARMTH: Final = 0.3
"""Hours of tardiness by which a move may at first be worse, in the mean."""


@dataclass(frozen=True, slots=True)
class Found:
    """A timetable and how it was found. cost: weighted hours of tardiness and moved promises; bound: what no timetable can cost less than.
    moves: tried. unplaced: jobs without room. binding: what the bound is made of, None where the timetable reaches what each patient
    would have alone."""

    plan: Plan
    cost: float
    bound: float
    moves: int
    unplaced: tuple[int, ...]
    binding: Words | None = None

    @property
    def gap(self) -> float:
        """By what share of the bound a better timetable could be cheaper at most."""
        if self.cost <= self.bound + 1e-9:
            return 0.0
        return (self.cost - self.bound) / self.bound if self.bound else float("inf")


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
    stop: Callable[[], bool] | None = None,
    prove: float = 0.0,
) -> Found:
    """The best timetable found within this many moves; with a stopwatch (seconds that have gone by) also within these seconds,
    and then the result depends on the machine.

    start: what of this plan still fits stays just where it was at first. told: is told of the first timetable and of better ones, with the
    bound of patients that are alone, and stops the search by a true answer. stop: is asked many times a second. prove: CP-SAT's
    deterministic seconds for what is most delayed at the end, or for a small problem as a whole.
    """
    of, to = arrays_of(problem), empty(problem)
    staying = staying or staying_of(problem)
    aims = _aims(problem, staying)
    of.job[:-1, KEEP] = np.maximum(0, staying.anchor)
    if start is not None:
        of.job[:-1, SUITE] = np.where(of.job[:-1, SUITE] == NEVER, start.suite, of.job[:-1, SUITE])
    _fill(problem, of, to, aims, staying, start)
    costs = np.zeros(len(problem.jobs))
    best_cost, done = all_costs(of, to, aims, costs), 0
    best, least = _kept(to), float(aims.least.sum())
    hour = 3600 / problem.tick.total_seconds()
    if told is not None and told(_found(problem, best, best_cost, least, done)):
        return _found(problem, best, best_cost, least, done)
    while done < moves and len(problem.jobs) > 1 and best_cost > least + 1e-9:
        if stop is not None and stop():
            break
        gone = done / moves
        if stopwatch is not None:
            gone = max(gone, stopwatch() / max(seconds, 1e-9))
            if gone >= 1:
                break
        number = min(AT_A_TIME, moves - done)
        improve(of, to, aims, costs, (seed * STRIDE + done) % 2**31, number, WARMTH * hour * (1 - gone) ** 2)
        done += number
        if (now := float(costs.sum())) < best_cost - 1e-9:
            best, best_cost = _kept(to), now
            if told is not None and told(_found(problem, best, best_cost, least, done)):
                break
    found = _found(problem, best, best_cost, least, done)
    if best_cost > least + 1e-9:
        highest = lower_bounds(problem, found.plan, staying)[0]
        found = replace(found, bound=max(found.bound, highest.hours), binding=highest.why)
    if prove and found.gap and not found.unplaced:
        plan, proven = tightened(problem, found.plan, staying, prove, seed)
        cost = cost_of_plan(problem, staying, plan)
        if cost <= found.cost + 1e-6:
            found = replace(found, plan=plan, cost=cost, bound=cost if proven else found.bound)
    return found


def _kept(to: Filled) -> Filled:
    return to._replace(starts=to.starts.copy(), suite=to.suite.copy(), placed=to.placed.copy())


def _found(problem: Problem, to: Filled, cost: float, least: float, moves: int) -> Found:
    plan = Plan(to.starts.copy(), to.suite.copy())
    unplaced = tuple(int(each) for each in np.flatnonzero(to.placed == 0))
    hours = problem.tick.total_seconds() / 3600
    return Found(plan, cost * hours, least * hours, moves, unplaced)


def _aims(problem: Problem, staying: Staying) -> Aims:
    """What each job's place costs, and what it costs at least: as if it had the base to itself."""
    jobs = problem.jobs
    due = np.array([problem.horizon if job.due == NEVER else job.due for job in jobs], float)
    weight = np.array([job.weight for job in jobs], float)
    alone = alone_starts(problem)
    moved = staying.moved * 3600 / problem.tick.total_seconds()
    infusion = alone[[job.last - 1 for job in jobs]]
    target = np.where(staying.anchor >= 0, staying.anchor, due)
    wanted = np.clip(target - infusion, 0, problem.horizon - infusion - 1).astype(np.int32)
    latest = latest_after_begun(problem, alone)
    holds = np.array([(latest[job.first : job.last] != NEVER).any() for job in jobs], np.int32)
    least = costs_of(problem, alone)
    return Aims(due, weight, moved, staying.anchor, staying.collection, least, alone, wanted, latest, holds)


def _fill(problem: Problem, of: Arrays, to: Filled, aims: Aims, staying: Staying, start: Plan | None) -> None:
    """What has begun first, the furthest before the others: its suite is not free. Then what can stay where a start plan has it, then by
    when each would be done alone and, the less it weighs the more, by how much later it may be: by weight and due alone it cost twice as much."""
    jobs, progress = problem.jobs, problem.progress
    done = aims.alone[[job.last - 1 for job in jobs]]
    urgency = done + np.maximum(0, aims.due - done) / np.maximum(aims.weight, 1e-9)
    numbers = sorted(range(len(jobs)), key=lambda number: (-progress[number], urgency[number], number))
    order = np.array(numbers, np.int32)
    starts = np.full(len(problem.tasks.names), NEVER, np.int32) if start is None else start.starts
    fill(of, to, order, np.maximum(0, staying.collection), starts)
