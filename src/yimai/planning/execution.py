"""A timetable meets what really happens: its tasks take as long as they take, and people are where they were booked.

Three policies. *fixed*: every task keeps its booking, and begins later only where what it waits for, or people, are not there yet. *reveal*
(reserve on reveal): from the end of growth on nothing is booked at first; once that end can be forecast, everything that follows is
booked at the earliest. *ahead*: collections and suites keep their booking, everything else begins as soon as what it waits for and people are
there. Always tasks are served in the order in which they were booked; but for *ahead* none begins before its booking.

Suites, people, equipment, benches, calendars and shifts are kept; storage is taken to be ample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from statistics import NormalDist
from typing import Final, Literal

import numpy as np

from yimai.planning.problem import NEVER, Ints, Plan, Problem

Policy = Literal["fixed", "reveal", "ahead"]
LONGEST: Final = timedelta(hours=100)
"""For so long a chain's start is looked for where its first task has no hold time of its own."""
FORESEEN: Final = tuple(NormalDist().inv_cdf(each / 20) for each in range(1, 20, 2))
"""A chain is booked so that it holds as planned, and be all of it quick or slow: shifts make what lies between no safer."""
FIRST: Final = tuple(NormalDist().inv_cdf(each) for each in (0.005, 0.02, 0.98, 0.995))
"""And so that it holds, be its first task alone as quick or slow as it hardly ever is: at the edge of a shift the earliest start that holds is
the last that does."""
FRESH: Final = 0.5
"""A use that begins in the first half of its task is of its beginning, one that ends with the task of its end."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of a timetable. starts, ends: of each task, in ticks. exceeded: hold times that ran out, by the task that came too late.

    tardiness: hours by which infusions began later than wanted, times their weight.
    """

    starts: Ints
    ends: Ints
    exceeded: tuple[int, ...]
    tardiness: float


def lengths(problem: Problem, chance: np.random.Generator) -> Ints:
    """How long each task will really take, in the nearest ticks: lognormal, as many rounds as its count needs, no shorter than its least."""
    tasks = problem.tasks
    rounds = np.ones(len(tasks.names), np.int64)
    counted = tasks.success < 1
    rounds[counted] = np.minimum(chance.geometric(np.maximum(tasks.success[counted], 1e-9)), tasks.most[counted])
    drawn = np.zeros(len(tasks.names))
    for number in range(int(rounds.max(initial=1))):
        one = tasks.median * np.exp(tasks.sigma * chance.standard_normal(len(tasks.names)))
        drawn += np.where(rounds > number, one, 0.0)
    whole = np.maximum(np.rint(drawn), np.ceil(tasks.least - 1e-9))
    return np.where(tasks.duration > 0, np.maximum(1, whole), 0).astype(np.int32)


def execute(problem: Problem, plan: Plan, length: Ints, policy: Policy, lead: int) -> Executed:
    """What comes of the plan where tasks take so long. lead: ticks before its end at which the end of growth can be forecast.

    Raises ValueError where the problem's horizon is too short for it.
    """
    at_work = _Execution(problem, plan, length, lead, _revealed(problem) if policy == "reveal" else frozenset())
    if policy == "ahead":
        at_work.since[_unbooked(problem)] = problem.now
    return at_work.executed()


def _unbooked(problem: Problem) -> list[int]:
    """The tasks but collections and those with which a suite is taken."""
    opening = set(problem.spans.opens.tolist())
    return [task for task, name in enumerate(problem.tasks.names) if name.kind != "collection" and task not in opening]


def _revealed(problem: Problem) -> frozenset[int]:
    """The tasks that follow on growth until a count."""
    found: set[int] = set()
    lags = problem.lags
    for task in range(len(problem.tasks.names)):
        before = lags.after[lags.first[task] : lags.first[task + 1]]
        if any(problem.tasks.success[each] < 1 or int(each) in found for each in before):
            found.add(task)
    return frozenset(found)


class _Execution:
    """used: of each resource in each tick. waits: for how many things each task waits before it can be served."""

    def __init__(self, problem: Problem, plan: Plan, length: Ints, lead: int, revealed: frozenset[int]) -> None:
        self.problem, self.plan, self.length, self.lead, self.revealed = problem, plan, length, lead, revealed
        size = len(problem.tasks.names)
        self.starts, self.ends = np.full(size, NEVER, np.int32), np.full(size, NEVER, np.int32)
        self.used = np.zeros_like(problem.capacity)
        self.booked = plan.starts.astype(np.int64)
        self.since = np.maximum(problem.now, self.booked)
        self.since[list(revealed)] = problem.now
        self.waits, self.known = np.zeros(size, np.int64), np.zeros(size, np.bool_)
        self.follow: dict[int, list[int]] = defaultdict(list)
        self.suite_after: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.exceeded: list[int] = []
        median, sigma, rounds = problem.tasks.median, problem.tasks.sigma, problem.tasks.duration > 0
        self.foreseen = [
            problem.tasks.duration,
            *(np.ceil(median * np.exp(each * sigma)).astype(np.int32) * rounds for each in FORESEEN),
        ]
        self._order()

    def _order(self) -> None:
        """Whom each task lets follow: the tasks that wait for it, and the next batch of its suite."""
        lags, spans = self.problem.lags, self.problem.spans
        for task in range(len(self.starts)):
            for before in set(lags.after[lags.first[task] : lags.first[task + 1]].tolist()):
                self.follow[before].append(task)
                self.waits[task] += 1
        held: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for span in range(len(spans.job)):
            if self.problem.resources[int(spans.resource[span])].kind == "suites":
                opens, suite = int(spans.opens[span]), int(self.plan.suite[int(spans.job[span])])
                held[suite].append((int(self.booked[opens]), opens, span))
        for batches in held.values():
            for (_, _, span), (_, opens, _) in zip(sorted(batches), sorted(batches)[1:], strict=False):
                self.suite_after[int(spans.closes[span])].append((opens, int(spans.extra[span])))
                self.waits[opens] += 1

    def executed(self) -> Executed:
        ready: list[tuple[int, int]] = [(int(self.booked[task]), int(task)) for task in np.flatnonzero(self.waits == 0)]
        ready.sort()
        while ready:
            _, task = heappop(ready)
            self._serve(task)
            for later, extra in ((each, NEVER) for each in self.follow[task]):
                self._let(ready, later, extra, task)
            for later, extra in self.suite_after[task]:
                self._let(ready, later, extra, task)
        return Executed(self.starts, self.ends, tuple(self.exceeded), self._tardiness())

    def _let(self, ready: list[tuple[int, int]], later: int, extra: int, task: int) -> None:
        """What waited for the task waits for one thing less; a revealed one is booked when the end before it can be forecast."""
        if extra != NEVER:
            self.since[later] = max(self.since[later], self.ends[task] + extra)
        self.waits[later] -= 1
        if later in self.revealed:
            forecast = (
                self.booked[task] if task in self.revealed else max(self.starts[task], self.ends[task] - self.lead)
            )
            self.booked[later] = max(self.booked[later] if self.known[later] else 0, forecast)
            self.known[later] = True
        if self.waits[later] == 0:
            heappush(ready, (int(self.booked[later]), later))

    def _serve(self, task: int) -> None:
        lags, tasks = self.problem.lags, self.problem.tasks
        since = int(self.since[task])
        for lag in range(lags.first[task], lags.first[task + 1]):
            since = max(since, int(self.ends[lags.after[lag]]) + int(lags.minimum[lag]))
        if task in self.revealed and not self.revealed.issuperset(
            lags.after[lags.first[task] : lags.first[task + 1]].tolist()
        ):
            since = self._with_the_chain(task, since)
        start, end = self._placed(task, since)
        self.starts[task], self.ends[task] = start, end
        for lag in range(lags.first[task], lags.first[task + 1]):
            if lags.maximum[lag] != NEVER and start - self.ends[lags.after[lag]] > lags.maximum[lag]:
                self.exceeded.append(task)
        if tasks.names[task].kind == "collection":
            assert start >= self.problem.jobs[int(tasks.job[task])].ready

    def _with_the_chain(self, task: int, since: int) -> int:
        """The earliest start from which no hold time runs out, be what follows in the suite quick, as booked or slow.

        Where there is none in time for the task's own hold time, the start with the least that runs out.
        """
        lags = self.problem.lags
        held = [lag for lag in range(lags.first[task], lags.first[task + 1]) if lags.maximum[lag] != NEVER]
        last = min(
            [int(self.ends[lags.after[lag]]) + int(lags.maximum[lag]) for lag in held],
            default=since + LONGEST // self.problem.tick,
        )
        lengths = [*self.foreseen, *self._with_first(task)]
        head, best = since, since
        least: tuple[int, int] | None = None
        while head <= last:
            late = [self._late(task, head, length) for length in lengths]
            if not any(late):
                return head
            much = sum(late[: len(self.foreseen)]), sum(late)  # what is likely counts before what hardly ever is
            if least is None or much < least:
                best, least = head, much
            head += max(1, min(each for each in late if each))
        return best

    def _with_first(self, task: int) -> list[Ints]:
        """How long all would take at the median, and the task itself much shorter or longer."""
        usual = self.foreseen[1 + len(FORESEEN) // 2]
        found = [usual.copy() for _ in FIRST]
        for length, away in zip(found, FIRST, strict=True):
            length[task] = np.ceil(self.problem.tasks.median[task] * np.exp(away * self.problem.tasks.sigma[task]))
        return found

    def _late(self, task: int, since: int, length: Ints) -> int:
        """By how much the first hold time would run out if the task began then and all took so long; 0 if none."""
        tasks, lags, ends = self.problem.tasks, self.problem.lags, dict[int, int]()
        for each in range(task, self.problem.jobs[int(tasks.job[task])].last):
            if tasks.names[each].kind != "step":
                continue
            rows = [lag for lag in range(lags.first[each], lags.first[each + 1]) if int(lags.after[lag]) in ends]
            if each != task and not rows:
                continue
            start = max([since, *(ends[int(lags.after[lag])] + int(lags.minimum[lag]) for lag in rows)])
            start = self._earliest(each, start, self._uses(each, int(length[each])), int(length[each]))
            for lag in rows:
                over = start - ends[int(lags.after[lag])] - int(lags.maximum[lag])
                if lags.maximum[lag] != NEVER and over > 0:
                    return over
            ends[each] = start + int(length[each])
        return 0

    def _uses(self, task: int, real: int) -> list[tuple[int, int, int, int]]:
        """Resource, amount, begin and end of what the task takes if it takes so long; what is of its end moves with that."""
        uses, planned, found = self.problem.uses, int(self.problem.tasks.duration[task]), []
        for row in range(uses.first[task], uses.first[task + 1]):
            first, last = int(uses.begins[row]), int(uses.ends[row])
            longer = real - planned if last == planned else 0
            found.append(
                (
                    int(uses.resource[row]),
                    int(uses.amount[row]),
                    first + longer * (first > FRESH * planned),
                    last + longer,
                )
            )
        return found

    def _placed(self, task: int, since: int) -> tuple[int, int]:
        """When the task begins and ends, with what it takes: people of its end are waited for, and where booked not earlier than that."""
        planned, real = int(self.problem.tasks.duration[task]), int(self.length[task])
        uses = self._uses(task, real)
        finish = [
            (resource, amount, last - first) for resource, amount, first, last in uses if last == real and first > 0
        ]
        begins = [each for each in uses if each[3] != real or each[2] == 0]
        start = self._earliest(task, since, begins, real)
        end = start + real
        if finish:
            least = max(each[2] for each in finish)
            from_then = end - least
            if task not in self.revealed and self.since[task] > self.problem.now:
                from_then = max(from_then, int(self.plan.starts[task]) + planned - least)
            tail = self._earliest(
                NEVER, from_then, [(resource, amount, 0, last) for resource, amount, last in finish], 0
            )
            for resource, amount, last in finish:
                self.used[resource, tail : tail + last] += amount
            end = tail + least
        for resource, amount, first, last in begins:
            self.used[resource, start + first : start + last] += amount
        return start, end

    def _earliest(self, task: int, since: int, uses: Sequence[tuple[int, int, int, int]], real: int) -> int:
        problem, start = self.problem, since
        while start + real < problem.horizon:
            moved = self._next_open(task, start, real)
            for resource, amount, first, last in uses:
                window = slice(moved + first, moved + last)
                lacking = np.flatnonzero(problem.capacity[resource, window] - self.used[resource, window] < amount)
                if len(lacking):
                    moved += int(lacking[-1]) + 1
            if moved == start:
                return start
            start = moved
        raise ValueError(f"the horizon of {problem.horizon} ticks is too short")

    def _next_open(self, task: int, start: int, real: int) -> int:
        """The next tick in which the task's calendar and shift let it begin."""
        problem = self.problem
        if task == NEVER:
            return start
        calendar = int(problem.tasks.calendar[task])
        if calendar != NEVER and not problem.calendars[calendar, start]:
            return start + (int(np.argmax(problem.calendars[calendar, start:])) or problem.horizon)
        if problem.tasks.within_shift[task] and real and problem.shift[start] != problem.shift[start + real - 1]:
            longest = int(np.argmax(problem.shift[start:] != problem.shift[start]))
            whole = int(np.sum(problem.shift == problem.shift[start + longest]))
            return start + (longest if longest and whole >= real else 0)  # longer than any shift: it runs over
        return start

    def _tardiness(self) -> float:
        hour = self.problem.tick.total_seconds() / 3600
        late = 0.0
        for job in self.problem.jobs:
            if job.due != NEVER:
                late += job.weight * max(0, int(self.starts[job.last - 1]) - job.due) * hour
        return late
