"""The problem of ``yimai bench plan``: many batches of twelve steps at one large base, made by a seed.

On a grid of hours: 50 suites, held from selection to the end of freezing; 13 operators by day, 5 by night; 2 selectors, 2 freezers and
38 places for quality control. In culture a step waits for cells at least, and 0 to 12 hours more at most; from harvest to freezing no
more than 2 hours. Of the material 40 % is fresh and to be begun within 24 hours of its collection. Batches arrive so that suites,
operators and quality control are used to about 0.85. Weight 1, 2 or 4; one in twenty is wanted sooner than it can be made even alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.problem import (
    NEVER,
    Flags,
    Ints,
    Job,
    Lags,
    Plan,
    Problem,
    Resource,
    ResourceKind,
    Spans,
    Task,
    TaskKind,
    Tasks,
    Uses,
)

SUITES: Final = 50
BY_DAY, BY_NIGHT = 13, 5
BETWEEN: Final = 4.85
"""Hours from one order to the next, in the mean."""
COLLECTING: Final = 1
OUTAGE: Final = 14 * 24
AGAIN: Final = 4 * 24
"""Hours until a patient whose batch is lost can be collected again."""
CLEARING: Final = 8
"""Hours of line clearance before a suite is free again."""
AFTERWARDS: Final = 75 * 24
"""Hours that the grid goes on after the last order."""
RESOURCES: Final[tuple[tuple[str, ResourceKind, int], ...]] = (
    ("suites", "suites", SUITES), ("operators", "operators", 0), ("selector", "equipment", 2), ("freezer", "equipment", 2),
    ("bench", "bench", 38),
)  # fmt: skip


class Step(NamedTuple):
    """hours: from, to (drawn); operators; equipment, a resource; waits: hours at least after the step before, from, to; more: at most."""

    name: str
    hours: tuple[int, int]
    operators: int
    equipment: str
    waits: tuple[int, int]
    more: tuple[int, int]


STEPS: Final = (
    Step("receive", (2, 2), 1, "", (0, 0), (NEVER, NEVER)),
    Step("select", (4, 4), 2, "selector", (0, 0), (12, 12)),
    Step("activate", (2, 2), 1, "", (0, 0), (2, 4)),
    Step("transduce", (3, 3), 2, "", (22, 24), (2, 12)),
    Step("feed-1", (1, 2), 1, "", (46, 49), (2, 12)),
    Step("feed-2", (1, 1), 1, "", (46, 49), (2, 12)),
    Step("feed-3", (1, 2), 1, "", (24, 48), (4, 12)),
    Step("count", (1, 1), 1, "", (8, 36), (4, 12)),
    Step("harvest", (4, 4), 2, "", (0, 0), (6, 12)),
    Step("freeze", (3, 3), 1, "freezer", (0, 0), (2, 2)),
    Step("control", (122, 182), 0, "bench", (0, 0), (NEVER, NEVER)),
    Step("release", (2, 2), 1, "", (0, 0), (NEVER, NEVER)),
)


def problem(batches: int, seed: int = 1) -> Problem:
    """So many batches, each with its own times, from an empty base on."""
    chance = np.random.default_rng(seed)
    horizon = int(batches * BETWEEN) + AFTERWARDS
    hour = np.arange(horizon) % 24
    by_day = (hour >= 8) & (hour < 20)
    capacity = np.stack([np.full(horizon, number, np.int32) for _, _, number in RESOURCES])
    capacity[1] = np.where(by_day, BY_DAY, BY_NIGHT)
    collecting = (hour >= 8) & (hour < 17)
    rows = _Rows()
    for number, ready in enumerate(np.sort(chance.integers(0, int(batches * BETWEEN), batches))):
        rows.add(number, int(ready), chance)
    return rows.problem(horizon, capacity, collecting[None], _ints(np.cumsum(np.diff(by_day, prepend=by_day[0]))))


def disrupted(problem: Problem, plan: Plan, now: int) -> tuple[Problem, int]:
    """The problem at a tick of its plan, when a suite fails for a fortnight and its batch is lost; and the job that is lost.

    What has begun by then is fixed. The lost batch is made again of a new collection.
    """
    tasks, spans = problem.tasks, problem.spans
    begun = (plan.starts >= 0) & (plan.starts < now)
    fixed = np.where(begun, plan.starts, NEVER).astype(np.int32)
    ends = plan.starts[spans.closes] + tasks.duration[spans.closes]
    held = [
        int(job)
        for job, opens, end in zip(spans.job, plan.starts[spans.opens], ends, strict=True)
        if opens < now - 48 and end > now + 24
    ]
    lost = held[len(held) // 2]
    mine = slice(problem.jobs[lost].first, problem.jobs[lost].last)
    fixed[mine] = NEVER
    failed = int(plan.suite[lost])
    jobs = tuple(
        replace(job, ready=now + AGAIN) if number == lost else replace(job, suite=int(plan.suite[number]))
        if begun[job.first + 2]
        else job
        for number, job in enumerate(problem.jobs)
    )  # fmt: skip
    closed, capacity = problem.suite_closed.copy(), problem.capacity.copy()
    closed[failed, now : now + OUTAGE] = True
    capacity[0] = (~closed).sum(0)
    after = replace(
        problem, now=now, jobs=jobs, tasks=replace(tasks, fixed=fixed), suite_closed=closed, capacity=capacity
    )
    return after, lost


class _Rows:
    """Tasks, uses, lags, spans and jobs as they are added."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.tasks: list[tuple[int, int, int, Task]] = []
        self.uses: list[tuple[int, int, int, int, int]] = []
        self.lags: list[tuple[int, int, int, int]] = []
        self.spans: list[tuple[int, int, int, int, bool, int]] = []

    def _task(self, kind: TaskKind, name: str, length: int, calendar: int = NEVER) -> int:
        self.tasks.append((len(self.jobs), length, calendar, Task(kind, name, Words(name, name))))
        return len(self.tasks) - 1

    def add(self, number: int, ready: int, chance: np.random.Generator) -> None:
        first = before = self._task("collection", "collection", COLLECTING, 0)
        fresh = bool(chance.random() < 0.4)
        alone, opens, closes = COLLECTING, 0, 0
        for step in STEPS:
            length = int(chance.integers(step.hours[0], step.hours[1] + 1))
            task = self._task("step", f"step:{step.name}", length)
            waits = int(chance.integers(step.waits[0], step.waits[1] + 1))
            more = int(chance.integers(step.more[0], step.more[1] + 1))
            most = NEVER if more == NEVER else waits + more
            if step.name == "receive" and fresh:
                most = 24
            self.lags.append((task, before, waits, most))
            for name, amount in (("operators", step.operators), (step.equipment, 1)):
                if name and amount:
                    self.uses.append((task, _resource(name), amount, 0, length))
            alone += waits + length
            opens, closes = (task if step.name == "select" else opens), (task if step.name == "freeze" else closes)
            before = task
        infusion = self._task("infusion", "infusion", 0)
        self.lags.append((infusion, before, 0, NEVER))
        self.spans.append((len(self.jobs), 0, opens, closes, False, CLEARING))
        slack = int(chance.integers(-48, 0) if chance.random() < 0.05 else chance.integers(16, 168))
        weight = float(chance.choice([1.0, 2.0, 4.0], p=[0.6, 0.2, 0.2]))
        due = ready + alone + slack
        urgency = "urgent" if weight == 4.0 else "standard"
        job = Job(f"B{number}", "", urgency, "bench", first, len(self.tasks), ready, due, weight)
        self.jobs.append(job)

    def problem(self, horizon: int, capacity: Ints, calendars: Flags, shift: Ints) -> Problem:
        count = len(self.tasks)
        job, length, calendar, names = zip(*self.tasks, strict=True)
        never, one = np.full(count, NEVER, np.int32), np.ones(count)
        tasks = Tasks(
            _ints(job), _ints(length), never, _ints(calendar), np.zeros(count, np.bool_), np.array(length, float),
            np.zeros(count), np.zeros(count), one, np.ones(count, np.int32), names,
        )  # fmt: skip
        uses, lags = (np.array(rows, np.int32) for rows in (self.uses, self.lags))
        spans = list(zip(*self.spans, strict=True))
        at = np.arange(count + 1)
        return Problem(
            begins=datetime(2026, 1, 5, tzinfo=UTC), tick=timedelta(hours=1), horizon=horizon, now=0,
            resources=tuple(Resource(name, kind, Words(name, name)) for name, kind, _ in RESOURCES),
            capacity=capacity, jobs=tuple(self.jobs), tasks=tasks,
            uses=Uses(_ints(np.searchsorted(uses[:, 0], at)), *(np.ascontiguousarray(uses[:, each]) for each in range(1, 5))),
            lags=Lags(_ints(np.searchsorted(lags[:, 0], at)), *(np.ascontiguousarray(lags[:, each]) for each in range(1, 4))),
            spans=Spans(
                _ints(spans[0]), _ints(spans[1]), _ints(spans[2]), _ints(spans[3]), np.array(spans[4], np.bool_), _ints(spans[5])
            ),
            calendars=calendars, shift=shift, suites=tuple(f"suite-{each + 1:02}" for each in range(SUITES)),
            suite_closed=np.zeros((SUITES, horizon), np.bool_), quantile=0.5, assumed=True,
        )  # fmt: skip


def _resource(name: str) -> int:
    return next(number for number, (each, _, _) in enumerate(RESOURCES) if each == name)


def _ints(values: object) -> Ints:
    return np.array(values, np.int32)
