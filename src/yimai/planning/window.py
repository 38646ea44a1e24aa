"""A few jobs of a timetable as a problem of their own, in the room that the others leave: small enough to be solved to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from yimai.planning.certify import Effort, certify
from yimai.planning.problem import NEVER, Flags, Ints, Lags, Plan, Problem, Spans, Tasks, Uses
from yimai.planning.staying import Staying, costs_of

SMALL: Final = 6
"""Jobs that CP-SAT takes at once; measured: five crowded batches of twelve steps are solved to the end within a second."""


def tightened(problem: Problem, plan: Plan, staying: Staying, work: float, seed: int) -> tuple[Plan, bool]:
    """The plan with its most delayed job and that one's neighbours placed as CP-SAT finds best, others as they are; and whether that
    is proven the best of all, which can only be where these are all the jobs there are."""
    jobs = _crowded(problem, plan)
    part = window(problem, plan, jobs)
    within = Staying(staying.anchor[jobs], staying.collection[jobs], staying.moved)
    tasks = np.concatenate([np.arange(problem.jobs[job].first, problem.jobs[job].last) for job in jobs])
    found = certify(part, Plan(plan.starts[tasks], plan.suite[jobs]), Effort(work, seed=seed), within)
    if found.plan is None:
        return plan, False
    starts, suite = plan.starts.copy(), plan.suite.copy()
    starts[tasks], suite[jobs] = found.plan.starts, found.plan.suite
    return Plan(starts, suite), found.proven and len(jobs) == len(problem.jobs)


def _crowded(problem: Problem, plan: Plan) -> list[int]:
    """The job that costs most and those whose suites' times lie nearest to its own."""
    cost = costs_of(problem, plan.starts)
    worst = int(np.argmax(cost))
    middle = np.array([(plan.starts[job.first] + plan.starts[job.last - 1]) / 2 for job in problem.jobs])
    near = np.argsort(np.abs(middle - middle[worst]), kind="stable")[:SMALL]
    return sorted(int(each) for each in near)


def window(problem: Problem, plan: Plan, jobs: Sequence[int]) -> Problem:
    """The problem of these jobs alone, with what the others take by this plan taken away."""
    tasks = np.concatenate([np.arange(problem.jobs[job].first, problem.jobs[job].last) for job in jobs])
    number = np.full(len(problem.tasks.names), NEVER, np.int32)
    number[tasks] = np.arange(len(tasks))
    capacity, closed = _room(problem, plan, number)
    renumbered, first = [], 0
    for job in (problem.jobs[each] for each in jobs):
        size = job.last - job.first
        renumbered.append(replace(job, first=first, last=first + size))
        first += size
    all_tasks, spans = problem.tasks, problem.spans
    position = np.full(len(problem.jobs), NEVER, np.int32)
    position[list(jobs)] = np.arange(len(jobs))
    mine = position[spans.job] != NEVER
    return replace(
        problem, capacity=capacity, suite_closed=closed, jobs=tuple(renumbered),
        tasks=Tasks(
            position[all_tasks.job[tasks]], all_tasks.duration[tasks], all_tasks.fixed[tasks], all_tasks.calendar[tasks],
            all_tasks.within_shift[tasks], all_tasks.median[tasks], all_tasks.sigma[tasks], all_tasks.least[tasks],
            all_tasks.success[tasks], all_tasks.most[tasks], tuple(all_tasks.names[task] for task in tasks),
        ),
        uses=_uses(problem.uses, tasks), lags=_lags(problem.lags, tasks, number),
        spans=Spans(
            position[spans.job[mine]], spans.resource[mine], number[spans.opens[mine]], number[spans.closes[mine]],
            spans.until_start[mine], spans.extra[mine],
        ),
    )  # fmt: skip


def _room(problem: Problem, plan: Plan, number: Ints) -> tuple[Ints, Flags]:
    """Capacities and closed suites, once what tasks without a number take is taken away."""
    uses, spans, length = problem.uses, problem.spans, problem.tasks.duration
    capacity, closed = problem.capacity.copy(), problem.suite_closed.copy()
    use_task = np.repeat(np.arange(len(number)), np.diff(uses.first))
    for use in np.flatnonzero(number[use_task] == NEVER):
        start = int(plan.starts[use_task[use]])
        capacity[uses.resource[use], max(0, start + uses.begins[use]) : max(0, start + uses.ends[use])] -= uses.amount[
            use
        ]
    for span in np.flatnonzero(number[spans.opens] == NEVER):
        closes = int(spans.closes[span])
        ends = (
            int(plan.starts[closes]) + (0 if spans.until_start[span] else int(length[closes])) + int(spans.extra[span])
        )
        held = slice(max(0, int(plan.starts[spans.opens[span]])), max(0, ends))
        resource, suite = int(spans.resource[span]), int(plan.suite[spans.job[span]])
        if problem.resources[resource].kind == "suites" and suite != NEVER:
            capacity[resource, held] -= ~closed[suite, held]
            closed[suite, held] = True
        else:
            capacity[resource, held] -= 1
    return capacity, closed


def _picked(first: Ints, tasks: Ints) -> tuple[Ints, Ints]:
    """Rows of these tasks in a table that is sorted by task, and where each one's begin among them."""
    rows = np.concatenate([np.arange(first[task], first[task + 1]) for task in tasks]).astype(np.int32)
    counts = first[tasks + 1] - first[tasks]
    return rows, np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def _uses(uses: Uses, tasks: Ints) -> Uses:
    rows, first = _picked(uses.first, tasks)
    return Uses(first, uses.resource[rows], uses.amount[rows], uses.begins[rows], uses.ends[rows])


def _lags(lags: Lags, tasks: Ints, number: Ints) -> Lags:
    rows, first = _picked(lags.first, tasks)
    return Lags(first, number[lags.after[rows]], lags.minimum[rows], lags.maximum[rows])
