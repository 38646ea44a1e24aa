"""The independent checker: names each rule that a plan breaks. It shares no code with any solver, and reads only the problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

import numpy as np

from yimai.planning.problem import NEVER, Ints, Job, Plan, Problem

Rule = Literal[
    "fixed", "ready", "past", "calendar", "shift", "order", "hold", "capacity", "suite_missing", "suite_taken", "suite_closed",
    "suite_moved", "horizon", "shape",
]  # fmt: skip
SAYS: Final[dict[Rule, tuple[str, str]]] = {
    "fixed": ("has begun already and cannot be moved", "已开始，不能移动"),
    "ready": ("starts before its order is ready", "早于医嘱可采集时间"),
    "past": ("would start in the past", "开始时间已过"),
    "calendar": ("starts when its place does not work", "开始时间不在工作日历内"),
    "shift": ("runs over a change of shift", "跨越交接班"),
    "order": ("starts before what it waits for has ended", "早于前序任务结束"),
    "hold": ("starts after its hold time has run out", "超过最长等待时间"),
    "capacity": ("takes more than there is", "超出可用数量"),
    "suite_missing": ("has no suite", "没有生产单元"),
    "suite_taken": ("shares its suite with another patient", "与另一患者同时占用生产单元"),
    "suite_closed": ("is in a suite that is out of service", "生产单元停用"),
    "suite_moved": ("has left the suite it was begun in", "离开了已开始的生产单元"),
    "horizon": ("ends after the planned time", "超出计划期"),
    "shape": ("does not fit the problem", "与问题不符"),
}


FAR: Final = 4
"""So many horizons ago who has no place takes nothing of this one."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a plan breaks: which, by which job and task (or of which resource), at which tick, and by how much.

    much: ticks, or for capacity the amount that is too much.
    """

    rule: Rule
    job: str
    what: str
    tick: int
    much: int = 0

    def __str__(self) -> str:
        return f"{self.what} of {self.job} {SAYS[self.rule][0]} (tick {self.tick}, by {self.much})"


def check(problem: Problem, plan: Plan, most: int = 100, without: Collection[int] = ()) -> list[Broken]:
    """What the plan breaks, at most so many; empty when nothing. A plan of another shape is broken as a whole.

    without: the numbers of jobs that have no place: they take nothing, and what they break is not asked.
    """
    jobs = [job for number, job in enumerate(problem.jobs) if number not in without]
    return list(islice(_broken(problem, plan, jobs, without), most))


def check_job(problem: Problem, plan: Plan, number: int, without: Collection[int] = ()) -> list[Broken]:
    """What the job of this number breaks, by itself or by what it takes beside all others; what others break is not asked."""
    return list(_broken(problem, plan, (problem.jobs[number],), without))


def _broken(problem: Problem, plan: Plan, jobs: Sequence[Job], without: Collection[int]) -> Iterator[Broken]:
    if len(plan.starts) != len(problem.tasks.names) or len(plan.suite) != len(problem.jobs):
        yield Broken("shape", "", "the plan", 0)
        return
    starts = plan.starts.copy()
    for number in without:
        starts[problem.jobs[number].first : problem.jobs[number].last] = -FAR * problem.horizon
    plan = Plan(starts, plan.suite)
    for rule in (_moments, _order, _capacity, _suites):
        yield from rule(problem, plan, jobs)


def _tasks(jobs: Sequence[Job]) -> Iterator[tuple[Job, int]]:
    for job in jobs:
        for task in range(job.first, job.last):
            yield job, task


def _end(problem: Problem, plan: Plan, task: int) -> int:
    return int(plan.starts[task]) + int(problem.tasks.duration[task])


def _moments(problem: Problem, plan: Plan, jobs: Sequence[Job]) -> Iterator[Broken]:
    """Each task by itself: fixed, in the past, its calendar, its shift, its order's readiness."""
    tasks = problem.tasks
    for job, task in _tasks(jobs):
        start, end, name = int(plan.starts[task]), _end(problem, plan, task), tasks.names[task].id
        fixed = int(tasks.fixed[task])
        if fixed != NEVER:
            if start != fixed:
                yield Broken("fixed", job.id, name, start, abs(start - fixed))
            continue
        if start < problem.now:
            yield Broken("past", job.id, name, start, problem.now - start)
            continue
        if end > problem.horizon or start >= problem.horizon:
            yield Broken("horizon", job.id, name, start, end - problem.horizon)
            continue
        if tasks.names[task].kind == "collection" and start < job.ready:
            yield Broken("ready", job.id, name, start, job.ready - start)
        calendar = int(tasks.calendar[task])
        if calendar != NEVER and not problem.calendars[calendar, start]:
            yield Broken("calendar", job.id, name, start)
        if tasks.within_shift[task] and end > start and problem.shift[start] != problem.shift[end - 1]:
            yield Broken("shift", job.id, name, start)


def _order(problem: Problem, plan: Plan, jobs: Sequence[Job]) -> Iterator[Broken]:
    """What each task waits for, and how long at most; between two things that have happened nothing can be kept any more."""
    lags, tasks = problem.lags, problem.tasks
    for job, task in _tasks(jobs):
        if tasks.fixed[task] != NEVER:
            continue
        for number in range(int(lags.first[task]), int(lags.first[task + 1])):
            before = int(lags.after[number])
            waited = int(plan.starts[task]) - _end(problem, plan, before)
            least, most = int(lags.minimum[number]), int(lags.maximum[number])
            if waited < least:
                yield Broken("order", job.id, tasks.names[task].id, int(plan.starts[task]), least - waited)
            if most != NEVER and waited > most:
                yield Broken("hold", job.id, tasks.names[task].id, int(plan.starts[task]), waited - most)


def _loads(problem: Problem, plan: Plan, jobs: Sequence[Job]) -> tuple[Ints, Ints]:
    """How much these jobs take of each resource in each tick, and how much of that has begun; shape (resources, horizon)."""
    uses, spans, fixed = problem.uses, problem.spans, problem.tasks.fixed
    mine = np.zeros(len(problem.tasks.names), np.bool_)
    for job in jobs:
        mine[job.first : job.last] = True
    task = np.repeat(np.arange(len(mine)), np.diff(uses.first))
    rows = np.flatnonzero(mine[task])
    start = plan.starts[task[rows]]
    held = np.flatnonzero(mine[spans.opens])
    opens, closes = (each[held] for each in _windows(problem, plan))
    resource = np.concatenate([uses.resource[rows], spans.resource[held]])
    begins = np.concatenate([start + uses.begins[rows], opens])
    ends = np.concatenate([start + uses.ends[rows], closes])
    amount = np.concatenate([uses.amount[rows], np.ones(len(held), np.int32)])
    begun = np.concatenate([fixed[task[rows]], fixed[spans.opens[held]]]) != NEVER
    return _summed(problem, resource, begins, ends, amount), _summed(problem, resource, begins, ends, amount * begun)


def _summed(problem: Problem, resource: Ints, begins: Ints, ends: Ints, amount: Ints) -> Ints:
    wide = problem.horizon + 1
    size = len(problem.resources) * wide
    at = [resource * wide + np.clip(each, 0, problem.horizon) for each in (begins, ends)]
    change = np.bincount(at[0], amount, size) - np.bincount(at[1], amount, size)
    return np.cumsum(change.reshape(-1, wide)[:, :-1], 1).astype(np.int32)


def _windows(problem: Problem, plan: Plan) -> tuple[Ints, Ints]:
    """From when until when each span is held, shape (spans,)."""
    spans = problem.spans
    last = plan.starts[spans.closes] + np.where(spans.until_start, 0, problem.tasks.duration[spans.closes])
    return plan.starts[spans.opens], last + spans.extra


def _capacity(problem: Problem, plan: Plan, jobs: Sequence[Job]) -> Iterator[Broken]:
    """No resource is taken beyond its capacity from now on; what has begun already may be more than that, but nothing is added to it."""
    taken, begun = _loads(problem, plan, problem.jobs)
    over = taken - np.maximum(begun, problem.capacity)
    over[:, : max(0, problem.now)] = 0
    if len(jobs) < len(problem.jobs):
        over[_loads(problem, plan, jobs)[0] <= 0] = 0
    for resource, tick in np.argwhere((over > 0) & (np.diff(over, prepend=0) != 0)).tolist():
        yield Broken("capacity", "", problem.resources[resource].id, tick, int(over[resource, tick]))


def _suites(problem: Problem, plan: Plan, jobs: Sequence[Job]) -> Iterator[Broken]:
    """One patient in a suite at a time, from line clearance to line clearance; a batch that was begun stays where it is."""
    spans, asked = problem.spans, {job.id for job in jobs}
    kinds = np.array([each.kind == "suites" for each in problem.resources])
    rows = np.flatnonzero(kinds[spans.resource])
    suites = plan.suite[spans.job[rows]]
    if len(jobs) < len(problem.jobs):  # of the others only those in the same suites can be in the way
        own = np.isin(spans.job[rows], [number for number, job in enumerate(problem.jobs) if job.id in asked])
        near = np.isin(suites, suites[own])
        rows, suites = rows[near], suites[near]
    held: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    opens, closes = (each[rows].tolist() for each in _windows(problem, plan))
    for number, suite, window in zip(rows.tolist(), suites.tolist(), zip(opens, closes, strict=True), strict=True):
        job = problem.jobs[int(spans.job[number])]
        if 0 <= suite < len(problem.suites):
            held[suite].append((*window, job.id))
        if job.id in asked:
            yield from _suite(problem, job, number, suite, window)
    for suite, intervals in sorted(held.items()):
        free, holder = problem.now, ""
        for begins, ends, job_id in sorted(intervals):
            if max(begins, problem.now) < free and ends > problem.now and asked & {job_id, holder}:
                yield Broken("suite_taken", job_id, problem.suites[suite], begins, free - begins)
            if ends > free:
                free, holder = ends, job_id


def _suite(problem: Problem, job: Job, span: int, suite: int, held: tuple[int, int]) -> Iterator[Broken]:
    """By itself: whether there is one, it is that in which the batch was begun, and in service."""
    opens, closes = held
    if not 0 <= suite < len(problem.suites):
        yield Broken("suite_missing", job.id, "batch", opens)
        return
    begun = problem.tasks.fixed[int(problem.spans.opens[span])] != NEVER
    if begun and job.suite != NEVER and suite != job.suite:
        yield Broken("suite_moved", job.id, problem.suites[suite], opens)
    closed = problem.suite_closed[suite, max(0, opens) : min(closes, problem.horizon)]
    if not begun and closed.any():
        yield Broken("suite_closed", job.id, problem.suites[suite], opens, int(closed.sum()))
