"""Collects a problem's resources, calendars and tasks, and makes arrays of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import exp
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from yimai.domain.base import Base, Hospital
from yimai.domain.recipe import Duration, Recipe, Step, Words
from yimai.domain.slot import suites_for
from yimai.planning import capacity
from yimai.planning.capacity import Away
from yimai.planning.problem import (
    NEVER,
    Flags,
    Ints,
    Job,
    Lags,
    Problem,
    Resource,
    Spans,
    Task,
    Tasks,
    Uses,
    sigma_of,
    ticks_up,
)

MANY: Final = 1_000_000
"""The capacity of what never runs out."""


def planned_length(duration: Duration, quantile: float) -> timedelta:
    """What is planned for it, that is kept with this probability; not rounded to ticks."""
    return duration.median * exp(sigma_of(float(duration.cv)) * NormalDist().inv_cdf(quantile))


class Rows(NamedTuple):
    """The rows of one order's tasks. first, last: of ``Shop.rows``, before and after they were added."""

    first: tuple[int, int, int, int]
    last: tuple[int, int, int, int]


class Shop:
    """Everything of a problem but the jobs' order of arrival; tasks are numbered as they are added."""

    def __init__(
        self, recipes: Sequence[Recipe], base: Base, begins: datetime, tick: timedelta, horizon: int, away: Away
    ) -> None:
        self.base, self.begins, self.tick, self.horizon = base, begins, tick, horizon
        self.grid = capacity.grid_of(base.timezone, begins, tick, horizon)
        self.suites = tuple(dict.fromkeys(suite for recipe in recipes for suite in suites_for(base, recipe)))
        self.closed = capacity.suites_closed(self.suites, self.grid, away)
        self.jobs: list[Job] = []
        self.assumed = bool(base.assumed) or any(
            step.duration.source.assumed for recipe in recipes for step in recipe.steps
        )
        self._resources: dict[str, tuple[Resource, Ints]] = {}
        self._sets: dict[str, frozenset[str]] = {}
        self._calendars: list[Flags] = []
        self._collecting: dict[str, int] = {}
        self._tasks: list[tuple[Task, int, int, int, int, bool, float, float, float, float, int]] = []
        self._uses: list[tuple[int, int, int, int, int]] = []
        self._lags: list[tuple[int, int, int, int]] = []
        self._spans: list[tuple[int, int, int, int, bool, int]] = []
        self._supply(recipes, away)
        self._place = {resource: number for number, resource in enumerate(self._resources)}
        self._needs = {id(step): tuple(self._needed(step)) for recipe in recipes for step in recipe.steps}
        self.open_days = self._calendar(capacity.open_days(base, self.grid))
        self.reviewing = (
            self._calendar(capacity.shift_hours(base, base.review.shift, self.grid)) if base.review else NEVER
        )

    def _supply(self, recipes: Sequence[Recipe], away: Away) -> None:
        base = self.base
        suites = Resource("suites", "suites", Words("生产单元", "Suites"))
        self._resources["suites"] = suites, (~self.closed).sum(0, np.int32)
        for resource, count, names in capacity.operators(base, recipes, self.grid, away):
            self._resources[resource.id] = resource, count
            self._sets[resource.id] = names
        titles = dict(pair for recipe in recipes for pair in recipe.equipment_classes)
        for resource, count, name in capacity.shared_equipment(base, self.grid, away):
            self._resources[resource.id] = Resource(resource.id, "equipment", titles.get(name, resource.title)), count
        for bench in base.laboratory:
            self._resources[f"bench:{bench.id}"] = (
                Resource(f"bench:{bench.id}", "bench", bench.title),
                self._even(bench.places),
            )
        for hospital in base.hospitals:
            words = Words(f"{hospital.id} 采集", f"Collection at {hospital.id}")
            found = Resource(f"collection:{hospital.id}", "collection", words)
            self._resources[found.id] = found, self._even(hospital.collecting.places)
        couriers = Resource("courier", "courier", Words("承运人", "Couriers"))
        self._resources["courier"] = couriers, self._even(base.couriers or MANY)
        if base.review:
            self._resources["review"] = (
                Resource("review", "review", Words("放行审核", "Release review")),
                self._even(base.review.people),
            )
        if places := sum(len(each.positions) for each in base.storage):
            self._resources["storage"] = (
                Resource("storage", "storage", Words("储存位", "Storage positions")),
                self._even(places),
            )

    def _even(self, number: int) -> Ints:
        return np.full(self.horizon, number, np.int32)

    def has(self, resource: str) -> bool:
        return resource in self._resources

    def _calendar(self, row: Flags) -> int:
        self._calendars.append(row)
        return len(self._calendars) - 1

    def collecting(self, hospital: Hospital, quantile: float) -> int:
        """The calendar of a hospital's collections, whose planned length ends within its hours."""
        if hospital.id not in self._collecting:
            needed = ticks_up(planned_length(hospital.collecting.duration, quantile), self.tick)
            self._collecting[hospital.id] = self._calendar(capacity.collecting_hours(hospital, self.grid, needed))
        return self._collecting[hospital.id]

    def needs(self, step: Step) -> Sequence[tuple[str, int]]:
        """What a step of the shop's recipes takes of people, by each set of qualifications that can bind, and of shared equipment."""
        return self._needs[id(step)]

    def _needed(self, step: Step) -> Iterator[tuple[str, int]]:
        for resource, names in self._sets.items():
            wanted = dict(step.operators)
            amount = sum(number for name, number in wanted.items() if name in names)
            if not names:
                amount = sum(wanted.values()) + step.second_person
            if amount:
                yield resource, amount
        for name in step.equipment:
            if self.has(f"equipment:{name}"):
                yield f"equipment:{name}", 1

    @property
    def size(self) -> int:
        return len(self._tasks)

    def floor(self, moment: datetime) -> int:
        return (moment - self.begins) // self.tick

    def ceiling(self, moment: datetime) -> int:
        return -((self.begins - moment) // self.tick)

    def add_task(
        self, name: Task, duration: int, fixed: int, calendar: int, median: float, sigma: float, chance: float, most: int, *,
        within_shift: bool = False, least: float = 0.0,
    ) -> int:  # fmt: skip
        job = len(self.jobs)
        self._tasks.append((name, job, duration, fixed, calendar, within_shift, median, sigma, least, chance, most))
        return self.size - 1

    def duration(self, task: int) -> int:
        return self._tasks[task][2]

    def use(self, task: int, resource: str, amount: int = 1, begins: int = 0, ends: int | None = None) -> None:
        """Take an amount over these ticks from the task's start; by default from its start to its end."""
        last = self.duration(task) if ends is None else ends
        if last > begins:
            self._uses.append((task, self._place[resource], amount, begins, last))

    def lag(self, task: int, after: int, minimum: int = 0, maximum: int = NEVER) -> None:
        self._lags.append((task, after, minimum, maximum))

    def span(self, resource: str, opens: int, closes: int, extra: int, *, until_start: bool = False) -> None:
        self._spans.append((len(self.jobs), self._place[resource], opens, closes, until_start, extra))

    def rows(self) -> tuple[int, int, int, int]:
        """How many tasks, uses, lags and spans there are."""
        return len(self._tasks), len(self._uses), len(self._lags), len(self._spans)

    def repeat(self, rows: Rows) -> None:
        """Add these rows once more, for the next job: making them anew takes ten times as long."""
        job, (tasks, uses, lags, spans), last = len(self.jobs), rows.first, rows.last
        by = self.size - tasks
        self._tasks += [(each[0], job, *each[2:]) for each in self._tasks[tasks : last[0]]]
        self._uses += [
            (task + by, of, amount, begins, ends) for task, of, amount, begins, ends in self._uses[uses : last[1]]
        ]
        self._lags += [(task + by, after + by, least, most) for task, after, least, most in self._lags[lags : last[2]]]
        self._spans += [
            (job, of, opens + by, closes + by, until_start, extra)
            for _, of, opens, closes, until_start, extra in self._spans[spans : last[3]]
        ]

    def problem(self, now: int, quantile: float) -> Problem:
        names, job, duration, fixed, calendar, within, median, sigma, least, chance, most = (
            zip(*self._tasks, strict=True) if self._tasks else ((),) * 11
        )
        tasks = Tasks(
            _ints(job), _ints(duration), _ints(fixed), _ints(calendar), np.array(within, np.bool_), np.array(median, float),
            np.array(sigma, float), np.array(least, float), np.array(chance, float), _ints(most), tuple(names),
        )  # fmt: skip
        first, uses = _by_task(self._uses, self.size, 5)
        before, lags = _by_task(self._lags, self.size, 4)
        spans = list(zip(*self._spans, strict=True)) or [()] * 6
        return Problem(
            begins=self.begins, tick=self.tick, horizon=self.horizon, now=now,
            resources=tuple(resource for resource, _ in self._resources.values()),
            capacity=np.stack([count for _, count in self._resources.values()]),
            jobs=tuple(self.jobs), tasks=tasks,
            uses=Uses(first, *uses), lags=Lags(before, *lags),
            spans=Spans(
                _ints(spans[0]), _ints(spans[1]), _ints(spans[2]), _ints(spans[3]), np.array(spans[4], np.bool_), _ints(spans[5])
            ),
            calendars=np.stack(self._calendars), shift=capacity.shift_numbers(self.base, self.grid), suites=self.suites,
            suite_closed=self.closed, quantile=quantile, assumed=self.assumed,
        )  # fmt: skip


def _ints(values: Sequence[object]) -> Ints:
    return np.array(values, np.int32)


def _by_task(rows: Sequence[tuple[int, ...]], tasks: int, width: int) -> tuple[Ints, list[Ints]]:
    """Rows sorted by task: where each task's begin, and the other columns."""
    rows = sorted(rows, key=lambda row: row[0])
    table = np.array(rows, np.int32).reshape(-1, width)
    first = np.searchsorted(table[:, 0], np.arange(tasks + 1)).astype(np.int32)
    return first, [np.ascontiguousarray(table[:, column]) for column in range(1, width)]
