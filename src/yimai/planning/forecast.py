"""When a product will be released, delivered and given: distributions, given all that has happened, and the odds of a promise.

Each open task lasts as long as its lognormal distribution says, a step that ends by count as many rounds as it needs; what runs
already lasts longer than it has lasted. A task begins when what it waits for has ended and its calendar allows, and never before the time
for which the timetable has booked a collection or a suite. Waiting for people and equipment beyond the timetable is not modelled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from yimai.planning.problem import NEVER, Floats, Job, Plan, Problem

DRAWS: Final = 4000
SURE: Final = 0.95


@dataclass(frozen=True)
class Forecast:
    """What each of the draws says, shape (draws,), in ticks: the end of the review, of the transport, and the infusion's start."""

    released: Floats
    delivered: Floats
    infusion: Floats

    def odds(self, tick: int) -> float:
        """The odds that the infusion can begin by this tick, if the batch is released at all."""
        return float((self.infusion <= tick + 1e-9).mean())

    def delivered_by(self, odds: float = SURE) -> float:
        """The tick by which the product is at the hospital with these odds."""
        return float(np.quantile(self.delivered, odds))


def seed_of(treatment: str) -> int:
    """The seed of what is drawn for a treatment: the same on every page, so that all of them tell the same odds."""
    return int.from_bytes(hashlib.sha256(treatment.encode()).digest()[:8])


def forecast(problem: Problem, plan: Plan, job: Job, chance: np.random.Generator, draws: int = DRAWS) -> Forecast:
    """The distribution of a job's coming moments. The same generator state gives the same forecast."""
    tasks, lags = problem.tasks, problem.lags
    end = np.zeros((job.last - job.first, draws))
    released = delivered = infusion = np.zeros(draws)
    steps = [task for task in range(job.first, job.last) if tasks.names[task].kind == "step"]
    for task in range(job.first, job.last):
        kind = tasks.names[task].kind
        start = np.full(draws, float(problem.now))
        for number in range(int(lags.first[task]), int(lags.first[task + 1])):
            start = np.maximum(start, end[int(lags.after[number]) - job.first] + int(lags.minimum[number]))
        if tasks.fixed[task] != NEVER:
            start = np.full(draws, float(tasks.fixed[task]))
        elif kind == "collection" or task == steps[0]:
            start = np.maximum(start, float(plan.starts[task]))
        if tasks.fixed[task] == NEVER:
            start = _opens(problem, task, start)
        end[task - job.first] = start + _lasts(problem, task, start, chance)
        if kind == "review":
            released = end[task - job.first]
        elif kind == "outbound":
            delivered = end[task - job.first]
        elif kind == "infusion":
            infusion = start
    return Forecast(released, delivered, infusion)


def _opens(problem: Problem, task: int, start: Floats) -> Floats:
    """The first moment from ``start`` at which the task's calendar lets it begin; the horizon's end where it never does."""
    row = int(problem.tasks.calendar[task])
    if row == NEVER:
        return start
    following = np.full(problem.horizon + 1, problem.horizon)
    openings = np.flatnonzero(problem.calendars[row])
    place = np.searchsorted(openings, np.arange(problem.horizon))
    following[: problem.horizon] = np.append(openings, problem.horizon)[place]
    tick = np.minimum(np.floor(start), problem.horizon).astype(int)
    opens: Floats = np.maximum(start, following[tick].astype(float))
    return opens


def _lasts(problem: Problem, task: int, start: Floats, chance: np.random.Generator) -> Floats:
    """How long the task lasts in each draw; what has ended lasted as it did, what runs lasts beyond now."""
    tasks = problem.tasks
    median, sigma, success = float(tasks.median[task]), float(tasks.sigma[task]), float(tasks.success[task])
    draws = len(start)
    fixed = int(tasks.fixed[task])
    if fixed != NEVER and fixed + int(tasks.duration[task]) <= problem.now:
        return np.full(draws, float(tasks.duration[task]))
    number = np.minimum(chance.geometric(success, draws), tasks.most[task]) if 0 < success < 1 else np.ones(draws)
    total = np.zeros(draws)
    for each in range(int(number.max())):
        total += np.where(number > each, median * np.exp(sigma * chance.standard_normal(draws)), 0.0)
    if fixed != NEVER:
        total = _longer(total, problem.now - fixed, chance)
    return total


def _longer(total: Floats, elapsed: int, chance: np.random.Generator) -> Floats:
    """The draws that last longer than what has gone by, drawn again from among themselves; else a little more than that."""
    fit = total[total > elapsed]
    if not len(fit):
        return np.full(len(total), elapsed + 1.0)
    return fit[chance.integers(len(fit), size=len(total))]


def moment(problem: Problem, tick: float) -> datetime:
    """The moment of a tick that need not be whole."""
    return problem.begins + tick * problem.tick
