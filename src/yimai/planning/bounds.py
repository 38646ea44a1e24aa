"""What no timetable can do better than: shown beside every one, so that it is known how much a longer search could gain at most.

Alone: each patient as if the base were theirs. Work: what open tasks take of a resource (operators bind first), or what batches hold of
suites, must fit into the hours that there are, shift by shift: a flow of least cost from tasks to shifts, in which work may be split.
A job's cost rises with its infusion, and so is at least the mean, over the units of its work, of what it would be

- if the job ended as early after that unit as it can, but no less than alone; or, for jobs that are late in a known timetable,
- if it ended as it does in the mean after its units, without this lower end: better where late it is.

Costs are those of the earliest moment of each shift, so that no bound is ever above the best timetable.

Prices: what each hour of each resource would have to cost for patients to share it (``prices``); for this a timetable must be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from yimai.domain.recipe import Words
from yimai.planning.alone import alone_length, alone_starts, tails
from yimai.planning.prices import priced_bound
from yimai.planning.problem import NEVER, Flags, Floats, Ints, Plan, Problem
from yimai.planning.search import SOON
from yimai.planning.staying import Staying, costs_of

ALONE: Final = Words("各患者独占基地时", "each patient as if the base were theirs alone")
"""The bound that reckons with nobody else."""
SHIFT: Final = 12
"""Hours of one bucket of work."""
MOST_BUCKETS: Final = 160
ARCS: Final = 250_000
"""To how many buckets after its earliest a piece of work can go, and how many arcs there are in all; later costs as the last."""
BUSIEST: Final = 3
"""For how many resources, the busiest, it is computed."""
SCALE: Final = 100_000
MUCH: Final = 0.2
"""The share of what is paid from which a resource is named."""
Counts = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Bound:
    """A lower bound on a timetable's cost, in weighted hours, and what it is made of."""

    hours: float
    why: Words


@dataclass(frozen=True, slots=True)
class _Work:
    """Pieces of work that open tasks ask of a resource, shape (pieces,). head: the earliest tick; after: from the last unit's end to the
    job's infusion at least; mean: the same from its units' mean."""

    job: Counts
    energy: Counts
    head: Counts
    after: Counts
    mean: Floats


def lower_bounds(problem: Problem, plan: Plan | None = None, staying: Staying | None = None) -> list[Bound]:
    """The bounds, the greatest first. plan: a timetable whose late jobs tell where to look; the bounds hold for any.

    staying: the promises whose moving costs; only prices count it, for else nothing need be moved.
    """
    hours = problem.tick.total_seconds() / 3600
    alone = alone_starts(problem)
    base = costs_of(problem, alone)
    late = np.zeros(len(problem.jobs), np.bool_)
    if plan is not None:
        due = [problem.horizon if job.due == NEVER else job.due for job in problem.jobs]
        late = plan.starts[[job.last - 1 for job in problem.jobs]] > np.maximum(
            due, alone[[job.last - 1 for job in problem.jobs]]
        )

    def best(work: _Work, room: Counts) -> float:
        nobody = _least(problem, work, room, base, np.zeros_like(late))
        return max(nobody, _least(problem, work, room, base, late)) if late.any() else nobody

    found = [Bound(float(base.sum()) * hours, ALONE)]
    tail = tails(problem)
    for resource in _busiest(problem):
        title = problem.resources[resource].title
        work, room = _tasks_work(problem, alone, tail, resource)
        why = Words(f"{title.zh}工时", f"{title.en}, hours of work")
        found.append(Bound(best(work, room) * hours, why))
    for resource in sorted(set(problem.spans.resource.tolist())):
        if problem.resources[resource].kind == "suites":
            work, room = _held_work(problem, alone, tail, resource)
            why = Words("生产单元占用时间", "hours in suites")
            found.append(Bound(best(work, room) * hours, why))
    if plan is not None:
        found.append(_priced(problem, plan, staying, alone))
    return sorted(found, key=lambda each: -each.hours)


def _priced(problem: Problem, plan: Plan, staying: Staying | None, alone: Ints) -> Bound:
    """The bound from prices, and who pays most of it."""
    nobody = np.full(len(problem.jobs), NEVER, np.int32)
    ticks, paid = priced_bound(problem, plan, staying or Staying(nobody, nobody, 0.0), alone)
    order = np.argsort(-paid, kind="stable")
    titles = [problem.resources[each].title for each in order if paid[each] > 0 and paid[each] >= MUCH * paid.sum()]
    zh, en = "、".join(each.zh for each in titles), ", ".join(each.en for each in titles)
    why = Words(f"{zh}（逐时分用）", f"{en}, shared hour by hour") if titles else ALONE
    return Bound(ticks * problem.tick.total_seconds() / 3600, why)


def _busiest(problem: Problem) -> list[int]:
    """The resources that open tasks take the greatest share of."""
    uses = problem.uses
    open_uses = np.repeat(problem.tasks.fixed == NEVER, np.diff(uses.first))
    energy = np.zeros(len(problem.resources))
    np.add.at(energy, uses.resource, uses.amount * (uses.ends - uses.begins) * open_uses)
    share = energy / np.maximum(1, problem.capacity[:, problem.now :].sum(axis=1))
    order = np.argsort(-share, kind="stable")[:BUSIEST]
    return [int(each) for each in order if share[each] > 0]


def _tasks_work(problem: Problem, alone: Ints, tail: Ints, resource: int) -> tuple[_Work, Counts]:
    """What open tasks use of a resource, and what begun ones leave of it at each tick."""
    uses, tasks = problem.uses, problem.tasks
    use_task = np.repeat(np.arange(len(tasks.names)), np.diff(uses.first))
    mine = uses.resource == resource
    room = problem.capacity[resource].astype(np.int64)
    for use in np.flatnonzero(mine & (tasks.fixed[use_task] != NEVER)):
        start = int(tasks.fixed[use_task[use]])
        room[max(0, start + uses.begins[use]) : max(0, start + uses.ends[use])] -= uses.amount[use]
    last = np.array([job.last - 1 for job in problem.jobs])
    mine &= (tasks.fixed[use_task] == NEVER) & (tasks.fixed[last[tasks.job[use_task]]] == NEVER)
    rows = np.flatnonzero(mine)
    task, length = use_task[rows], uses.ends[rows] - uses.begins[rows]
    after = tail[task] + tasks.duration[task] - uses.ends[rows]
    return (
        _Work(
            tasks.job[task],
            uses.amount[rows] * length,
            alone[task] + uses.begins[rows],
            after,
            after + (length - 1) / 2,
        ),
        room,
    )


def _held_work(problem: Problem, alone: Ints, tail: Ints, resource: int) -> tuple[_Work, Counts]:
    """For how long batches that have not begun hold a suite at least. Suites of batches that have begun count as free."""
    spans, tasks = problem.spans, problem.tasks
    last = np.array([job.last - 1 for job in problem.jobs])
    mine = (spans.resource == resource) & (tasks.fixed[spans.opens] == NEVER) & ~spans.until_start
    rows = np.flatnonzero(mine & (tasks.fixed[last[spans.job]] == NEVER))
    opens, closes, extra = spans.opens[rows], spans.closes[rows], spans.extra[rows]
    pairs = zip(opens.tolist(), closes.tolist(), strict=True)
    length = np.array([alone_length(problem, *pair) for pair in pairs], np.int64).reshape(-1) + extra
    after = tail[closes] - extra
    room = np.full(problem.horizon, len(problem.suites), np.int64) - problem.suite_closed.sum(0)
    for number in np.flatnonzero((spans.resource == resource) & (tasks.fixed[spans.opens] != NEVER)):
        job = problem.jobs[int(spans.job[number])]
        if job.suite != NEVER:
            room += problem.suite_closed[job.suite]
    return _Work(spans.job[rows], length, alone[opens], after, after + (length - 1) / 2), room


def _least(problem: Problem, work: _Work, room: Counts, base: Floats, late: Flags) -> float:
    """The least cost, in ticks, at which the work fits into the room."""
    if not len(work.job):
        return float(base.sum())
    jobs, job = problem.jobs, work.job
    room = np.maximum(0, room)
    room[: problem.now] = 0
    size = max(1, round(SHIFT * 3600 / problem.tick.total_seconds()))
    supply = np.add.reduceat(room, np.arange(0, problem.horizon, size))
    buckets = max(2, min(MOST_BUCKETS, ARCS // len(job)))
    bucket = np.minimum(work.head[:, None] // size + np.arange(buckets), len(supply) - 1)
    at = np.maximum(work.head[:, None], bucket * size)
    due, ready, weight = (
        np.array([getattr(each, name) for each in jobs], float)[job][:, None] for name in ("due", "ready", "weight")
    )
    due = np.where(due == NEVER, problem.horizon, due)
    is_late = late[job][:, None]
    infusion = at + 1 + np.where(is_late, work.mean[:, None], work.after[:, None])
    lower = np.where(is_late, -np.inf, 0.0)
    cost = weight * (np.maximum(lower, infusion - due) + SOON * np.maximum(lower, infusion - ready))
    cost = np.where(is_late, cost, np.maximum(base[job][:, None], cost))
    cost /= np.bincount(job, work.energy, len(jobs))[job][:, None]
    lowest = cost[:, 0]
    asked = np.zeros(len(jobs), np.bool_)
    asked[job] = True
    sure = float(base[~asked].sum()) + float((lowest * work.energy).sum())
    return max(float(base.sum()), sure + _flow(work.energy, bucket, cost - lowest[:, None], supply))


def _flow(energy: Counts, bucket: Counts, extra: Floats, supply: Counts) -> float:
    """Send each row's energy to its buckets at the least cost; what finds none goes on at the cost of its last."""
    rows, buckets = bucket.shape[0], len(supply)
    flow = min_cost_flow.SimpleMinCostFlow()
    costs = np.floor(extra * SCALE).astype(np.int64)
    keep = np.ones(bucket.shape, np.bool_)
    keep[:, 1:] = bucket[:, 1:] != bucket[:, :-1]
    tail = np.repeat(np.arange(rows), keep.sum(axis=1))
    flow.add_arcs_with_capacity_and_unit_cost(
        tail, rows + bucket[keep], np.repeat(energy, keep.sum(axis=1)), costs[keep]
    )
    sink = rows + buckets
    flow.add_arcs_with_capacity_and_unit_cost(
        rows + np.arange(buckets), np.full(buckets, sink), supply, np.zeros(buckets, np.int64)
    )
    flow.add_arcs_with_capacity_and_unit_cost(np.arange(rows), np.full(rows, sink), energy, costs[:, -1])
    flow.set_nodes_supplies(np.append(np.arange(rows), sink), np.append(energy, -energy.sum()))
    if flow.solve() != flow.OPTIMAL:
        return 0.0
    return float(flow.optimal_cost()) / SCALE
