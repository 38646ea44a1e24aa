"""When each kind of task may start over the years of a simulation, looking ahead at what its hold times and shifts force to follow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final

import numpy as np

from yimai.domain.base import Base
from yimai.planning.problem import NEVER, Flags, Ints, Problem

_SOON: Final = 8
"""Weeks beyond the end for which calendars are known."""


class Calendars:
    """Rows of ticks at which something may start; made once for each different row."""

    def __init__(self, problem: Problem, base: Base, hours: float) -> None:
        self.problem, self.base = problem, base
        self.week = round(timedelta(days=7) / problem.tick)
        self.days = math.ceil(hours / 24) + 7 * _SOON
        self.ticks = self.days * self.week // 7
        self._rows: list[Flags] = []
        self._known: dict[bytes, int] = {}
        self._first = next(
            task for task, name in enumerate(problem.tasks.names) if name.kind == "step"
        )  # the first step is the one that a closure keeps from starting
        self._open = self._open_days()
        self._allowed = self._look_ahead()

    def of(self, task: int, number: int) -> int:
        """The calendar of the task (numbered as in the first job; ``number`` in its own job), or NEVER if it may always start."""
        problem = self.problem
        name = problem.tasks.names[number]
        row = np.ones(self.ticks, np.bool_)
        own = int(problem.tasks.calendar[number])
        if own != NEVER and task != self._first:
            row &= self._tiled(problem.calendars[own])
        if name.kind in ("step", "review") and task in self._allowed:
            row &= self._tiled(self._allowed[task])
        if task == self._first:
            row &= self._open
        if name.kind == "collection":
            row &= self._arrives_in_time(number, number - task)
        return NEVER if row.all() else self._kept(row)

    def next_open(self) -> Ints:
        """For each calendar and tick the next tick at which it is open; beyond the last one, the end. A first row for none."""
        rows = self._rows or [np.ones(self.ticks, np.bool_)]
        return np.stack([_next(row) for row in rows])

    def longest_wait(self, row: int) -> float:
        """The longest time that a calendar of the problem stays closed, in hours."""
        opens = np.flatnonzero(self.problem.calendars[row])
        longest = int(np.diff(opens).max(initial=1)) - 1
        return longest * (self.problem.tick / timedelta(hours=1))

    def _kept(self, row: Flags) -> int:
        key = row.tobytes()
        if key not in self._known:
            self._known[key] = len(self._rows)
            self._rows.append(row)
        return self._known[key]

    def _tiled(self, row: Flags) -> Flags:
        return np.resize(row[: self.week], self.ticks)

    def _open_days(self) -> Flags:
        """Whether the base may start a batch; a year without listed closures has those of the last listed year before it."""
        listed = {each.first.year for each in self.base.closures}
        begins = self.problem.begins.date()
        days = [self._opens(begins + timedelta(days=number), listed) for number in range(self.days)]
        return np.repeat(np.array(days), self.week // 7)

    def _opens(self, day: date, listed: set[int]) -> bool:
        if day.year in listed or not listed:
            return not self.base.closed(day)
        year = max((each for each in listed if each < day.year), default=min(listed))
        if (day.month, day.day) == (2, 29):
            return True
        return not self.base.closed(day.replace(year=year))

    def _arrives_in_time(self, collection: int, first_task: int) -> Flags:
        """When a collection may start so that its batch can begin within the material's hold time, as planned."""
        tasks, lags = self.problem.tasks, self.problem.lags
        length = int(tasks.duration[collection])
        arrives = length + int(tasks.duration[collection + 1])
        first = first_task + self._first
        most = [
            int(lags.maximum[lag])
            for lag in range(lags.first[first], lags.first[first + 1])
            if lags.after[lag] == collection and lags.maximum[lag] != NEVER
        ]
        if not most:
            return np.ones(self.ticks, np.bool_)
        begins = np.resize(_next(self._open), self.ticks)
        begins = np.concatenate([begins[arrives:], np.full(arrives, self.ticks, np.int32)])
        return begins - (np.arange(self.ticks) + length) <= min(most)

    def _look_ahead(self) -> dict[int, Flags]:
        """For each step (and the review) that may not always start when it should: when it may, over three weeks.

        A step that must lie in one shift may start where it does. One that hold times tie to later ones may start where these can follow
        within their hold times, whether all go quickly or slowly (the planned quantile, and as much below the median).
        """
        allowed: dict[int, Flags] = {}
        job = self.problem.jobs[0]
        for task in range(job.last - 1, job.first - 1, -1):
            if self.problem.tasks.names[task].kind not in ("step", "review"):
                continue
            row = (
                self._within(task) if self.problem.tasks.within_shift[task] else np.ones(self.problem.horizon, np.bool_)
            )
            tied = self._tied(task)
            if tied:
                for quick in (False, True):
                    for start in range(self.week):
                        row[start] &= self._follows(task, tied, start, allowed, quick=quick)
            if not row[: self.week].all():
                row = np.resize(row[: self.week], self.problem.horizon)
                allowed[task] = row
        return allowed

    def _within(self, task: int) -> Flags:
        shift, length = self.problem.shift, int(self.problem.tasks.duration[task])
        row = np.ones(len(shift), np.bool_)
        if length > 1:
            row[: len(shift) - length + 1] = shift[: len(shift) - length + 1] == shift[length - 1 :]
        return row

    def _lags(self, task: int) -> Iterator[tuple[int, int]]:
        lags = self.problem.lags
        for lag in range(lags.first[task], lags.first[task + 1]):
            yield int(lags.after[lag]), int(lags.maximum[lag])

    def _tied(self, task: int) -> list[int]:
        """The steps after this one up to the last that a hold time ties to one of them."""
        last = task
        for step in range(task + 1, self.problem.jobs[0].last):
            if any(task <= after <= last and most != NEVER for after, most in self._lags(step)):
                last = step
        return [step for step in range(task + 1, last + 1) if self.problem.tasks.names[step].kind == "step"]

    def _length(self, task: int, *, quick: bool) -> int:
        tasks, quantile = self.problem.tasks, self.problem.quantile
        if not quick:
            return int(tasks.duration[task])
        factor = math.exp(-float(tasks.sigma[task]) * NormalDist().inv_cdf(quantile)) if 0 < quantile < 1 else 1.0
        return int(float(tasks.median[task]) * factor)

    def _follows(self, task: int, tied: list[int], start: int, allowed: dict[int, Flags], *, quick: bool) -> bool:
        ends = {task: start + self._length(task, quick=quick)}
        for step in tied:
            begins = max((ends[after] for after, _ in self._lags(step) if after in ends), default=ends[task])
            row = allowed.get(step)
            while row is not None and begins < len(row) and not row[begins]:
                begins += 1
            for after, most in self._lags(step):
                if most != NEVER and after in ends and begins > ends[after] + most:
                    return False
            ends[step] = begins + self._length(step, quick=quick)
        return True


def _next(row: Flags) -> Ints:
    """For each tick the next at which the row is true; its length where there is none."""
    numbers = np.where(row, np.arange(len(row)), len(row))
    return np.minimum.accumulate(numbers[::-1])[::-1].astype(np.int32)
