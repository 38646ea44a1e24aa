"""A bound from prices: what each tick of each resource would have to cost for patients to share the base.

Each patient's chain is placed as cheaply as it could be alone, paying for what it takes (the capacities relaxed with Lagrange's multipliers, and
what is left solved by a dynamic programme along the chain); what all would pay for what there is, is given back. For any prices that is
no more than the best timetable costs. They rise where more is asked than there is and fall where less (a subgradient, with Polyak's step and
some of the step before). It sees what bounds by hours of work do not: that a patient waits at one step after another.

Where a task has several successors, only one, on the way to the infusion, binds it; that only lowers the bound.

Fisher, M. L. (1981). The Lagrangian relaxation method for solving integer programming problems. Management Science 27(1), 1-18.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from yimai.planning.alone import startable, tails
from yimai.planning.compiling import inner, must_be_compiled, outer
from yimai.planning.insertion import begun_load
from yimai.planning.problem import NEVER, Flags, Floats, Ints, Plan, Problem
from yimai.planning.search import SOON
from yimai.planning.staying import Staying, cost_of_plan, costs_of

ROUNDS: Final = 60
"""How often prices are changed. With 1,000 crowded batches 60 rounds find 0.98 of what 600 do above patients alone."""
PATIENCE: Final = 2
SHORTER: Final = 0.6
"""After so many rounds without a better bound, steps are taken for so much of what was hoped for above it."""
INERTIA: Final = 0.7
"""How much of a change goes on in the next."""
LATER, MUCH_LATER = 72, 14 * 24
"""Hours by which an infusion may be later than alone, and twice its delay in the known timetable, up to so many; all later ones cost as the
next. Where delays are longer than that, hours of work say more."""
WORK: Final = 100_000_000
"""Starts that are looked at in all rounds, about a second: fewer rounds of a large base."""
OUT: Final = 1e18
"""What it costs to begin where a task may not."""
RESOURCE, AMOUNT, BEGINS, ENDS = range(4)  # of Chains.use


class Chains(NamedTuple):
    """The open tasks of all jobs as compiled code takes them.

    first: of each job's tasks, and the end. next: the task that binds it, on the way to the infusion, or NEVER; an infusion has none.
    least, most: ticks (most: or NEVER) from its start to that one's. begins, width: the first tick at which it can start and how many are
    looked at; none of those that have begun. row: which of ``startable`` is its. use_first, use: what it takes, spans as two endless uses.
    cost_first, cost: what each start costs by itself, from the place of ``cost_first`` on, or NEVER. beyond: each job's cost if its
    infusion is later than all that is looked at.
    """

    first: Ints
    next: Ints
    least: Ints
    most: Ints
    begins: Ints
    width: Ints
    row: Ints
    startable: Ints
    use_first: Ints
    use: Ints
    cost_first: Ints
    cost: Floats
    beyond: Floats


def priced_bound(problem: Problem, plan: Plan, staying: Staying, alone: Ints) -> tuple[float, Floats]:
    """What no timetable costs less than, in ticks, and what of it is paid for each resource, shape (resources,).

    plan: a known timetable, by whose cost the steps are measured; the bound holds for any. alone: ``alone_starts``. Raises NotCompiled.
    """
    must_be_compiled()
    of, room = _chains(problem, plan, staying, alone), _room(problem, alone)
    known = cost_of_plan(problem, staying, plan) * 3600 / problem.tick.total_seconds()
    price, change, best = np.zeros_like(room), np.zeros_like(room), -np.inf
    paid, load = (np.zeros((len(room), problem.horizon + 1)) for _ in range(2))
    starts, values = np.full(len(alone), NEVER, np.int32), np.zeros(len(problem.jobs))
    bought, reach, idle = np.zeros(len(room)), np.inf, 0
    longest = (int(np.diff(of.first).max(initial=1)), int(of.width.max(initial=1)))
    for _ in range(min(ROUNDS, max(1, WORK // max(1, int(of.width.sum()))))):
        np.cumsum(price, 1, out=paid[:, 1:])
        cheapest(of, paid, starts, values, *longest)
        spent = (price * room).sum(1)
        bound = float(values.sum() - spent.sum())
        idle += 1
        if bound > best:
            best, bought, idle = bound, spent, 0
            reach = min(reach, known - best)
        if idle == PATIENCE:
            reach, idle = reach * SHORTER, 0
        taken(of, starts, load)
        over = load[:, :-1] - room
        over[(price <= 0) & (over < 0)] = 0
        if bound >= known or not over.any():
            break
        change = over + INERTIA * change
        step = min(known - bound, best + reach - bound) / float((change * change).sum())
        price = np.maximum(0, price + step * change)
    return best, bought


def _chains(problem: Problem, plan: Plan, staying: Staying, alone: Ints) -> Chains:
    tasks, jobs, horizon = problem.tasks, problem.jobs, problem.horizon
    first = np.array([*(job.first for job in jobs), len(alone)], np.int32)
    last = first[1:] - 1
    tail = tails(problem)
    after, least, most = _bound_to(problem, tail)
    rest = tail + tasks.duration
    rest[last] = 0
    hours = 3600 / problem.tick.total_seconds()
    delay = np.where(plan.starts[last] < 0, 0, plan.starts[last] - alone[last])
    later = np.minimum(round(LATER * hours) + 2 * np.maximum(0, delay), round(MUCH_LATER * hours))
    until = np.minimum(alone[last] + later, horizon - 1)
    begun = tasks.fixed != NEVER
    begun |= np.repeat(begun[last], np.diff(first)) | (tail < 0)
    width = np.where(begun, 0, np.maximum(0, np.repeat(until, np.diff(first)) - rest - alone + 1)).astype(np.int32)
    width = np.minimum(width, horizon - alone).astype(np.int32)
    row, rows = startable(problem)
    use_first, use = _all_uses(problem, begun)
    cost_first, cost = _own_costs(problem, staying, alone, width)
    beyond = costs_of(problem, np.where(begun, alone, np.repeat(until + 1, np.diff(first))))
    return Chains(
        first, np.where(begun, NEVER, after).astype(np.int32), least, most, alone, width, row, rows, use_first, use,
        cost_first, cost, beyond,
    )  # fmt: skip


def _bound_to(problem: Problem, tail: Ints) -> tuple[Ints, Ints, Ints]:
    """For each task the one that binds it: that must follow within a hold, or that leaves the least time."""
    lags, duration = problem.lags, problem.tasks.duration
    after = np.full(len(duration), NEVER, np.int32)
    least, most = np.zeros(len(duration), np.int32), np.full(len(duration), NEVER, np.int32)
    follower = np.repeat(np.arange(len(duration)), np.diff(lags.first))
    leaves = tail[follower] + duration[follower] + lags.minimum
    order = np.lexsort((leaves, lags.maximum != NEVER))  # what comes last, stays
    for lag in order[tail[follower[order]] >= 0]:
        task = lags.after[lag]
        after[task], least[task] = follower[lag], duration[task] + lags.minimum[lag]
        most[task] = NEVER if lags.maximum[lag] == NEVER else duration[task] + lags.maximum[lag]
    return after, least, most


def _all_uses(problem: Problem, begun: Flags) -> tuple[Ints, Ints]:
    """What open tasks take. A span is taken for ever when it opens, and given back for ever when it closes."""
    uses, spans, duration, horizon = problem.uses, problem.spans, problem.tasks.duration, problem.horizon
    task = np.repeat(np.arange(len(duration)), np.diff(uses.first))
    open_spans = ~begun[spans.opens] & ~begun[spans.closes]
    opens, closes, resource = (each[open_spans] for each in (spans.opens, spans.closes, spans.resource))
    ends = (np.where(spans.until_start, 0, duration[spans.closes]) + spans.extra)[open_spans]
    one, ever = np.ones(len(opens), np.int32), np.full(len(opens), horizon, np.int32)
    rows = np.concatenate([
        np.stack([task, uses.resource, uses.amount, uses.begins, uses.ends], 1)[~begun[task]],
        np.stack([opens, resource, one, 0 * one, ever], 1),
        np.stack([closes, resource, -one, ends, ever], 1),
    ])  # fmt: skip
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    use_first = np.searchsorted(rows[:, 0], np.arange(len(duration) + 1)).astype(np.int32)
    return use_first, np.ascontiguousarray(rows[:, 1:], np.int32)


def _own_costs(problem: Problem, staying: Staying, alone: Ints, width: Ints) -> tuple[Ints, Floats]:
    """What each start of an infusion, or of a promised collection, costs."""
    cost_first, found, size = np.full(len(alone), NEVER, np.int32), [np.zeros(0)], 0
    moved = staying.moved * 3600 / problem.tick.total_seconds()
    for number, job in enumerate(problem.jobs):
        at = alone[job.last - 1] + np.arange(width[job.last - 1])
        due = problem.horizon if job.due == NEVER else job.due
        cost = np.maximum(0, at - due) + SOON * np.maximum(0, at - job.ready)
        if (anchor := int(staying.anchor[number])) >= 0:
            cost += np.where(at == anchor, 0.0, moved + SOON * np.abs(at - anchor))
        rows = [(job.last - 1, cost)]
        if (collection := int(staying.collection[number])) >= 0:
            at = alone[job.first] + np.arange(width[job.first])
            rows.append((job.first, np.where(at == collection, 0.0, moved)))
        for task, row in rows:
            cost_first[task] = size
            found.append(job.weight * row)
            size += len(row)
    return cost_first, np.concatenate(found)


def _room(problem: Problem, alone: Ints) -> Floats:
    """What those that have begun leave to the others at least, shape (resources, horizon): they hold what they hold until they could be
    done, and of suites that are out of use, their own count as if they were not."""
    spans, fixed = problem.spans, problem.tasks.fixed
    room = (problem.capacity - begun_load(problem)).astype(float)
    for number in np.flatnonzero(fixed[spans.opens] != NEVER):
        job, closes = problem.jobs[int(spans.job[number])], int(spans.closes[number])
        ends = int(
            alone[closes] + spans.extra[number] + (0 if spans.until_start[number] else problem.tasks.duration[closes])
        )
        if problem.resources[spans.resource[number]].kind == "suites" and job.suite != NEVER:
            room[spans.resource[number]] += problem.suite_closed[job.suite]
        room[spans.resource[number], problem.now : max(problem.now, ends)] -= 1
    left: Floats = np.maximum(0.0, room)
    return left


@inner
def priced(of: Chains, paid: Floats, task: int, row: Floats) -> None:
    """What each start of the task costs by itself and for what it takes. paid: the sums of prices before each tick."""
    begins, horizon = of.begins[task], paid.shape[1] - 1
    for at in range(of.width[task]):
        row[at] = of.cost[of.cost_first[task] + at] if of.cost_first[task] >= 0 else 0.0
        if of.startable[of.row[task], begins + at] != begins + at:
            row[at] = OUT
    for use in range(of.use_first[task], of.use_first[task + 1]):
        sums, amount = paid[of.use[use, RESOURCE]], of.use[use, AMOUNT]
        for at in range(of.width[task]):
            opens = min(horizon, max(0, begins + at + of.use[use, BEGINS]))
            closes = min(horizon, max(0, begins + at + of.use[use, ENDS]))
            row[at] += amount * (sums[closes] - sums[opens])


@inner
def passed_on(of: Chains, task: int, row: Floats, into: Floats, chosen: Ints, queue: Ints) -> None:
    """Add to each start of the task that binds this one what this one costs at least before it; chosen: where it then stands.
    queue: room for the starts that may still be the cheapest of a window that moves on."""
    after, begins = of.next[task], of.begins[task]
    head, tail, ahead = 0, 0, 0
    for at in range(of.width[after]):
        moment = of.begins[after] + at - begins
        latest = min(of.width[task] - 1, moment - of.least[task])
        soonest = 0 if of.most[task] < 0 else moment - of.most[task]
        while ahead <= latest:
            while tail > head and row[queue[tail - 1]] > row[ahead]:
                tail -= 1
            queue[tail] = ahead
            tail += 1
            ahead += 1
        while head < tail and queue[head] < soonest:
            head += 1
        chosen[at] = queue[head] if head < tail else 0
        into[at] += row[queue[head]] if head < tail else OUT


@outer
def cheapest(of: Chains, paid: Floats, starts: Ints, values: Floats, most_tasks: int, widest: int) -> None:
    """Each job's cheapest chain at these prices: its open tasks' starts, NEVER where it comes later than is looked at, and what it costs."""
    total = np.empty((most_tasks, widest))
    chosen = np.empty((most_tasks, widest), np.int32)
    queue = np.empty(widest, np.int32)
    for job in range(len(of.beyond)):
        first, last = of.first[job], of.first[job + 1] - 1
        starts[first : last + 1] = NEVER
        values[job] = of.beyond[job]
        for task in range(first, last + 1):
            priced(of, paid, task, total[task - first])
        for task in range(first, last):
            if of.next[task] >= 0:
                passed_on(of, task, total[task - first], total[of.next[task] - first], chosen[task - first], queue)
        best, row = 0, total[last - first]
        for at in range(of.width[last]):
            if row[at] < row[best]:
                best = at
        if of.width[last] == 0 or row[best] >= of.beyond[job]:
            continue
        values[job] = row[best]
        starts[last] = of.begins[last] + best
        for task in range(last - 1, first - 1, -1):
            after = of.next[task]
            if after >= 0 and starts[after] >= 0:
                starts[task] = of.begins[task] + chosen[task - first, starts[after] - of.begins[after]]


@outer
def taken(of: Chains, starts: Ints, load: Floats) -> None:
    """What the chains take of each resource at each tick, shape (resources, horizon + 1)."""
    horizon = load.shape[1] - 1
    load[:] = 0
    for task in range(len(starts)):
        if starts[task] >= 0:
            for use in range(of.use_first[task], of.use_first[task + 1]):
                row = load[of.use[use, RESOURCE]]
                row[min(horizon, max(0, starts[task] + of.use[use, BEGINS]))] += of.use[use, AMOUNT]
                row[min(horizon, max(0, starts[task] + of.use[use, ENDS]))] -= of.use[use, AMOUNT]
    for row in load:
        for tick in range(horizon):
            row[tick + 1] += row[tick]
