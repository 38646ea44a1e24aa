"""The planning problem as plain arrays: what the offer, the timetable, the simulation and the checker all read.

Time is counted in *ticks* of equal length from ``begins``; a span of ticks [a, b) contains a and not b. Nothing here knows the
database, the ledger or a solver. What has started is fixed. ``build.py`` makes it of a recipe, a base and its orders.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from yimai.domain.recipe import Words
from yimai.planning.waiting import Waits

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEVER: Final = -1
"""In arrays of ticks: no bound, not fixed, nothing promised."""

ResourceKind = Literal["suites", "equipment", "operators", "bench", "collection", "courier", "review", "storage"]
TaskKind = Literal["collection", "inbound", "step", "test", "review", "outbound", "infusion"]


@dataclass(frozen=True, slots=True)
class Resource:
    """Something of which only so much is there at a time; its capacity stands in ``Problem.capacity``.

    Operators: one resource for each set of qualifications that can bind (Hall's theorem: people can be found for all tasks
    if and only if each set of qualifications has people enough), so that feasible counts mean feasible names.
    """

    id: str
    kind: ResourceKind
    title: Words


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a job. id: ``step:wash``, ``test:viability`` or the kind's own name. subject: the step or test."""

    kind: TaskKind
    id: str
    title: Words


@dataclass(frozen=True, slots=True)
class Job:
    """One patient's chain of tasks ``first`` … ``last`` (exclusive) in the task arrays.

    ready: before it no collection starts. due: the infusion's latest wanted start, or NEVER. weight: of an hour's tardiness.
    promised, promised_collection: the promised starts of the infusion and the collection, or NEVER. suite: the suite that is
    reserved or in use, or NEVER.
    """

    id: str
    hospital: str
    urgency: str
    recipe: str
    first: int
    last: int
    ready: int
    due: int
    weight: float
    promised: int = NEVER
    promised_collection: int = NEVER
    suite: int = NEVER


@dataclass(frozen=True)
class Tasks:
    """Arrays over all tasks, shape (tasks,).

    job: its job. duration: planned ticks, at the problem's quantile. fixed: start, if it has begun or happened, else NEVER.
    calendar: row of ``Problem.calendars`` in which it may start, or NEVER. within_shift: begins and ends in one shift.
    median, sigma: of the lognormal duration, in ticks. least: no shorter than this (incubation).
    success: the chance that a round reaches its count (1: no rounds); most: rounds.
    """

    job: Ints
    duration: Ints
    fixed: Ints
    calendar: Ints
    within_shift: Flags
    median: Floats
    sigma: Floats
    least: Floats
    success: Floats
    most: Ints
    names: tuple[Task, ...]


@dataclass(frozen=True)
class Uses:
    """What tasks take of resources: of task t those from ``first[t]`` to ``first[t + 1]``.

    amount of ``resource`` over [start + begins, start + ends), in ticks.
    """

    first: Ints
    resource: Ints
    amount: Ints
    begins: Ints
    ends: Ints


@dataclass(frozen=True)
class Lags:
    """What tasks wait for: task t starts at least ``minimum`` and at most ``maximum`` (or NEVER) ticks after the end of ``after``."""

    first: Ints
    after: Ints
    minimum: Ints
    maximum: Ints


@dataclass(frozen=True)
class Spans:
    """What a job holds over several tasks: one of ``resource`` from the start of ``opens`` until ``closes`` has ended (or, where
    ``until_start``, has begun) and ``extra`` ticks more. Suites are such spans: from line clearance to line clearance."""

    job: Ints
    resource: Ints
    opens: Ints
    closes: Ints
    until_start: Flags
    extra: Ints


@dataclass(frozen=True)
class Problem:
    """Everything that a planner must keep.

    now: no task that is not fixed starts before this tick. capacity: shape (resources, horizon).
    calendars: shape (calendars, horizon), true where a task may start. shift: shape (horizon,), the number of the shift that runs,
    another after each change. suites: their names; ``suite_closed`` shape (suites, horizon), true where a suite may not be held.
    quantile: of the durations that are planned with. assumed: whether any number behind it is a placeholder.
    waits: how long things wait for people and equipment, by recipe, as far as that is known; forecasts need it, plans do not.
    """

    begins: datetime
    tick: timedelta
    horizon: int
    now: int
    resources: tuple[Resource, ...]
    capacity: Ints
    jobs: tuple[Job, ...]
    tasks: Tasks
    uses: Uses
    lags: Lags
    spans: Spans
    calendars: Flags
    shift: Ints
    suites: tuple[str, ...]
    suite_closed: Flags
    quantile: float
    assumed: bool
    waits: Mapping[str, Waits] = field(default_factory=dict)

    @property
    def odds_assumed(self) -> bool:
        """Whether any number behind what is forecast is a placeholder."""
        return self.assumed or any(each.assumed for each in self.waits.values())

    @property
    def progress(self) -> Ints:
        """How many tasks of each job have begun or happened, shape (jobs,)."""
        begun = self.tasks.job[self.tasks.fixed != NEVER]
        return np.bincount(begun, minlength=len(self.jobs)).astype(np.int32)

    def at(self, tick: int) -> datetime:
        """The moment at which a tick begins."""
        return self.begins + tick * self.tick

    def floor(self, moment: datetime) -> int:
        """The tick in which a moment lies; negative before the beginning."""
        return (moment - self.begins) // self.tick

    def ceiling(self, moment: datetime) -> int:
        """The first tick that begins at or after a moment."""
        return -((self.begins - moment) // self.tick)

    def task_of(self, job: Job, task: str) -> int:
        """The number of the job's task with this id. Raises KeyError."""
        for number in range(job.first, job.last):
            if self.tasks.names[number].id == task:
                return number
        raise KeyError(task)

    def span(self, starts: Ints, job: Job, task: str) -> tuple[datetime, datetime]:
        """When a task begins and ends as planned. starts: of the job's tasks, shape (tasks of the job,). Raises KeyError."""
        number = self.task_of(job, task)
        begins = int(starts[number - job.first])
        return self.at(begins), self.at(begins + int(self.tasks.duration[number]))


@dataclass(frozen=True)
class Plan:
    """When each task starts, shape (tasks,), and which suite each job is given, shape (jobs,): NEVER where none is."""

    starts: Ints
    suite: Ints


def ticks_up(span: timedelta, tick: timedelta) -> int:
    """The least whole number of ticks that holds the span."""
    return -(-span // tick)


def sigma_of(cv: float) -> float:
    """The lognormal's sigma for a coefficient of variation."""
    return math.sqrt(math.log1p(cv * cv))
