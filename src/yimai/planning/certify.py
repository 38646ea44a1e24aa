"""The problem as CP-SAT takes it: proves a small timetable best or bounds it, and mends small crowded windows. Always hinted with a plan.

Suites that are alike are one resource here and are told apart afterwards, so that a bound is always sound while a plan is given
only where the suites could be told apart. With one worker and a limit of work the result is the same on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, Thread
from typing import Final

import numpy as np
from ortools.sat.python import cp_model

from yimai.planning.alone import alone_starts, latest_after_begun
from yimai.planning.problem import NEVER, Flags, Ints, Plan, Problem
from yimai.planning.search import SOON
from yimai.planning.staying import Staying

SCALE: Final = 10_000
"""Costs are whole numbers to CP-SAT: ten-thousandths of a tick."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long it may take: work (CP-SAT's deterministic seconds, 0: no limit) and, by the clock, seconds (0: no limit)."""

    work: float = 10.0
    seconds: float = 0.0
    workers: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Certified:
    """cost and bound: weighted hours, as a timetable's. plan: None where none was found. proven: whether the plan is the best there is."""

    plan: Plan | None
    cost: float
    bound: float
    proven: bool


def certify(
    problem: Problem,
    hint: Plan | None,
    effort: Effort,
    staying: Staying,
    told: Callable[[Plan], None] | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> Certified:
    """The best plan and the best bound that CP-SAT finds. told: is told of each plan; interrupted: asked ten times a second."""
    model = _Model(problem, staying)
    if hint is not None:
        for task, start in model.starts.items():
            if hint.starts[task] >= 0:
                model.cp.add_hint(start, int(hint.starts[task]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = effort.workers
    solver.parameters.random_seed = effort.seed
    if effort.work:
        solver.parameters.max_deterministic_time = effort.work
    if effort.seconds:
        solver.parameters.max_time_in_seconds = effort.seconds
    with _watched(solver, interrupted):
        status = solver.solve(model.cp, _Told(model, told))
    hours = problem.tick.total_seconds() / 3600 / SCALE
    bound = max(0.0, solver.best_objective_bound * hours)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Certified(None, float("inf"), bound, False)
    plan = model.plan(solver.value)
    return Certified(plan, solver.objective_value * hours, bound, status == cp_model.OPTIMAL)


@contextmanager
def _watched(solver: cp_model.CpSolver, interrupted: Callable[[], bool] | None) -> Iterator[None]:
    """Stop the solver as soon as it is interrupted."""
    done = Event()

    def watch() -> None:
        while not done.wait(0.1):
            if interrupted is not None and interrupted():
                solver.stop_search()

    watcher = Thread(target=watch, daemon=True)
    if interrupted is not None:
        watcher.start()
    try:
        yield
    finally:
        done.set()
        if watcher.is_alive():
            watcher.join()


class _Told(cp_model.CpSolverSolutionCallback):
    def __init__(self, model: _Model, told: Callable[[Plan], None] | None) -> None:
        super().__init__()
        self.model, self.told = model, told

    def on_solution_callback(self) -> None:
        if self.told is None:
            return
        plan = self.model.plan(self.value)
        if plan is not None:
            self.told(plan)


class _Model:
    """Starts, lags, resources and costs; what has begun is a constant."""

    def __init__(self, problem: Problem, staying: Staying) -> None:
        self.problem, self.cp = problem, cp_model.CpModel()
        self.starts: dict[int, cp_model.IntVar] = {}
        self.taken: dict[int, list[tuple[cp_model.IntervalVar, int]]] = defaultdict(list)
        self.begun = np.zeros(problem.capacity.shape, np.int64)
        self._begins()
        self._waits()
        self._uses()
        self._spans()
        for resource in sorted(self.taken):
            self._cumulative(resource)
        self.cp.minimize(sum(self._costs(staying)))

    def _begins(self) -> None:
        problem, tasks = self.problem, self.problem.tasks
        least = alone_starts(problem)
        latest = latest_after_begun(problem, least)
        for task, length in enumerate(tasks.duration.tolist()):
            if tasks.fixed[task] != NEVER:
                continue
            last = problem.horizon - max(1, length)
            calendar = int(tasks.calendar[task])
            allowed = np.ones(problem.horizon, np.bool_) if calendar == NEVER else problem.calendars[calendar].copy()
            if tasks.within_shift[task] and length:
                allowed[: last + 1] &= problem.shift[: last + 1] == problem.shift[length - 1 : length + last]
            allowed[: int(least[task])] = False
            allowed[(last if latest[task] == NEVER else min(last, int(latest[task]))) + 1 :] = False
            runs = [[first, end - 1] for first, end in _runs(allowed)]
            self.starts[task] = self.cp.new_int_var_from_domain(cp_model.Domain.from_intervals(runs), f"s{task}")

    def at(self, task: int) -> cp_model.LinearExprT:
        return self.starts[task] if task in self.starts else int(self.problem.tasks.fixed[task])

    def _waits(self) -> None:
        lags, length = self.problem.lags, self.problem.tasks.duration
        for task, start in self.starts.items():
            for lag in range(int(lags.first[task]), int(lags.first[task + 1])):
                before = int(lags.after[lag])
                done = self.at(before) + int(length[before])
                self.cp.add(start >= done + int(lags.minimum[lag]))
                if lags.maximum[lag] != NEVER and before in self.starts:
                    self.cp.add(start <= done + int(lags.maximum[lag]))

    def _uses(self) -> None:
        uses = self.problem.uses
        for task in range(len(self.problem.tasks.names)):
            for use in range(int(uses.first[task]), int(uses.first[task + 1])):
                resource, amount, begins, ends = (
                    int(each[use]) for each in (uses.resource, uses.amount, uses.begins, uses.ends)
                )
                if task not in self.starts:
                    at = int(self.problem.tasks.fixed[task])
                    self.begun[resource, max(0, at + begins) : max(0, at + ends)] += amount
                    continue
                interval = self.cp.new_fixed_size_interval_var(self.starts[task] + begins, ends - begins, f"u{use}")
                self.taken[resource].append((interval, amount))

    def _spans(self) -> None:
        problem, spans = self.problem, self.problem.spans
        for number, resource in enumerate(spans.resource.tolist()):
            opens, closes = int(spans.opens[number]), int(spans.closes[number])
            more = int(spans.extra[number])
            if not spans.until_start[number]:
                more += int(problem.tasks.duration[closes])
            if opens not in self.starts:
                begins = int(problem.tasks.fixed[opens])
                job = problem.jobs[int(spans.job[number])]
                if problem.resources[resource].kind == "suites" and job.suite != NEVER:
                    # its suite may be closed meanwhile, and it stays there: that suite counts as open for it
                    self.begun[resource] -= problem.suite_closed[job.suite].astype(np.int64)
                if closes not in self.starts:
                    self.begun[resource, max(0, begins) : max(0, int(problem.tasks.fixed[closes]) + more)] += 1
                    continue
                begins = max(0, begins)
                size = self.cp.new_int_var(0, problem.horizon + more, f"l{number}")
                self.taken[resource].append(
                    (self.cp.new_interval_var(begins, size, self.starts[closes] + more, f"h{number}"), 1)
                )
                continue
            size = self.cp.new_int_var(0, problem.horizon + more, f"l{number}")
            interval = self.cp.new_interval_var(self.starts[opens], size, self.at(closes) + more, f"h{number}")
            self.taken[resource].append((interval, 1))

    def _cumulative(self, resource: int) -> None:
        """What begun tasks leave of a resource, as one capacity and intervals that take the difference."""
        problem = self.problem
        room = np.maximum(0, problem.capacity[resource] - self.begun[resource])
        room[: problem.now] = room[problem.now :].max(initial=0)
        most = int(room.max(initial=0))
        if most >= sum(amount for _, amount in self.taken[resource]) and (room == most).all():
            return
        intervals = [each for each, _ in self.taken[resource]]
        amounts = [amount for _, amount in self.taken[resource]]
        for begins, ends in _even_runs(room):
            if room[begins] < most:
                name = f"n{resource}-{begins}"
                intervals.append(self.cp.new_fixed_size_interval_var(begins, ends - begins, name))
                amounts.append(most - int(room[begins]))
        self.cp.add_cumulative(intervals, amounts, most)

    def _costs(self, staying: Staying) -> Iterator[cp_model.LinearExprT]:
        """As ``search.cost_of``, in ten-thousandths of a tick."""
        problem, cp = self.problem, self.cp
        moved = round(staying.moved * SCALE * 3600 / problem.tick.total_seconds())
        for number, job in enumerate(problem.jobs):
            weight, last = round(job.weight * SCALE), job.last - 1
            if last in self.starts:
                late = cp.new_int_var(0, problem.horizon, f"t{number}")
                cp.add(late >= self.starts[last] - (problem.horizon if job.due == NEVER else job.due))
                yield weight * late + round(weight * SOON) * (self.starts[last] - job.ready)
            else:
                infusion = int(problem.tasks.fixed[last])
                late_by = max(0, infusion - job.due) if job.due != NEVER else 0
                yield weight * late_by + round(weight * SOON) * max(0, infusion - job.ready)
            promises: tuple[tuple[int, int], ...] = (
                (last, int(staying.anchor[number])), (job.first, int(staying.collection[number])),
            )  # fmt: skip
            for task, promised in promises:
                if promised >= 0 and task in self.starts:
                    start, other = self.starts[task], cp.new_bool_var(f"m{task}")
                    cp.add(start >= promised)
                    cp.add(start <= promised).only_enforce_if(~other)
                    yield round(job.weight * moved) * other
                    if task != job.first:
                        yield round(weight * SOON) * (start - promised)

    def plan(self, value: Callable[[cp_model.IntVar], int]) -> Plan | None:
        """The plan with suites told apart; None where that cannot be done."""
        starts = self.problem.tasks.fixed.copy()
        for task, start in self.starts.items():
            starts[task] = value(start)
        suite = suites_of(self.problem, starts)
        return None if suite is None else Plan(starts, suite)


def suites_of(problem: Problem, starts: Ints) -> Ints | None:
    """A suite for each job, by the order in which they begin: its own where that is free; None where they do not suffice."""
    spans, length = problem.spans, problem.tasks.duration
    suite = np.full(len(problem.jobs), NEVER, np.int32)
    busy = problem.suite_closed.copy()
    held: list[tuple[bool, int, int, int]] = []
    for number, resource in enumerate(spans.resource.tolist()):
        if problem.resources[resource].kind == "suites":
            opens, closes = int(spans.opens[number]), int(spans.closes[number])
            ends = int(starts[closes]) + (0 if spans.until_start[number] else int(length[closes]))
            begun = problem.tasks.fixed[opens] != NEVER
            held.append((not begun, int(starts[opens]), ends + int(spans.extra[number]), int(spans.job[number])))
    for free, begins, ends, job in sorted(held):
        wanted, window = problem.jobs[job].suite, slice(max(0, begins), max(0, ends))
        fits = np.flatnonzero(~busy[:, window].any(axis=1))
        if (not free and wanted != NEVER) or wanted in fits:
            suite[job] = wanted
        elif len(fits):
            suite[job] = fits[0]
        else:
            return None
        busy[suite[job], window] = True
    return suite


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """Where flags are true: [first, end) of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _even_runs(row: Ints) -> Iterator[tuple[int, int]]:
    edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
    yield from pairwise(edges)
