"""When a product will be released, delivered and given: distributions, given all that has happened, and the odds of a promise.

Each open task lasts as long as its lognormal distribution says, a step that ends by count as many rounds as it needs; what runs
already lasts longer than it has lasted. A task begins when what it waits for has ended and its calendar allows, and never before the time
for which the timetable has booked a collection or a suite. How long things wait for people and equipment is told by the problem's ``waits``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from yimai.planning.problem import NEVER, Floats, Job, Plan, Problem
from yimai.planning.waiting import HOUR, LEGS, Waits, leg

DRAWS: Final = 1000
MANY: Final = 4000
"""Draws where one treatment is forecast by itself; where there are many, ``DRAWS`` do."""
SURE: Final = 0.95
WITHIN: Final = 0.5
"""Where in its tick something began, on average."""


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
    """The distribution of a job's coming moments. The same generator state gives the same forecast.

    Where the problem does not know how long things wait, they begin when their own calendars allow: sooner than they will.
    """
    tasks, lags, waits = problem.tasks, problem.lags, problem.waits.get(job.recipe)
    end = np.zeros((job.last - job.first, draws))
    released = delivered = infusion = np.zeros(draws)
    steps = [task for task in range(job.first, job.last) if tasks.names[task].kind == "step"]
    for task in range(job.first, job.last):
        kind = tasks.names[task].kind
        after = range(int(lags.first[task]), int(lags.first[task + 1]))
        ready = np.full(draws, -np.inf)
        for number in after:
            ready = np.maximum(ready, end[int(lags.after[number]) - job.first] + int(lags.minimum[number]))
        start = np.maximum(ready, float(problem.now))
        if tasks.fixed[task] != NEVER:
            start = np.full(draws, float(tasks.fixed[task]) + (WITHIN if _runs(problem, task) else 0.0))
        elif kind == "collection" or task == steps[0]:
            start = _opens(problem, task, np.maximum(start, float(plan.starts[task])))
        elif waits is not None and after and tasks.names[task].id in waits.before:
            start = _opens(problem, task, _waited(problem, waits, task, ready, chance))
        else:
            start = _opens(problem, task, start)
        end[task - job.first] = start + _lasts(problem, task, start, chance, waits)
        if kind == "review":
            released = end[task - job.first]
        elif kind == "outbound":
            delivered = end[task - job.first]
        elif kind == "infusion":
            infusion = start
    return Forecast(released, delivered, infusion)


def _waited(problem: Problem, waits: Waits, task: int, ready: Floats, chance: np.random.Generator) -> Floats:
    """When the task begins in each draw; what has waited until now already waits longer."""
    first, hours = waits.hour(problem.begins), problem.tick / HOUR
    start = (waits.before[problem.tasks.names[task].id].drawn(first + ready * hours, chance) - first) / hours
    early = start < problem.now
    later = start[~early]
    if early.any():
        start[early] = chance.choice(later, int(early.sum())) if len(later) else float(problem.now)
    return start


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


def _lasts(problem: Problem, task: int, start: Floats, chance: np.random.Generator, waits: Waits | None) -> Floats:
    """How long the task lasts in each draw; what has ended lasted as it did, what runs lasts beyond now."""
    tasks, name = problem.tasks, problem.tasks.names[task].id
    draws, fixed = len(start), int(tasks.fixed[task])
    if fixed != NEVER and not _runs(problem, task):
        return np.full(draws, float(tasks.duration[task]))
    known = leg(name, problem.jobs[int(tasks.job[task])].hospital) if name in LEGS else name
    if waits is not None and known in waits.lasting:
        total = chance.choice(waits.lasting[known], draws) / (problem.tick / HOUR)
    else:
        total = _by_recipe(problem, task, draws, chance)
        if waits is not None and name in waits.after:
            first, hours = waits.hour(problem.begins), problem.tick / HOUR
            alone = waits.alone[name] / hours
            ready = np.maximum(start, start + total - alone)
            total = (waits.after[name].drawn(first + ready * hours, chance) - first) / hours + alone - start
    if fixed != NEVER:
        total = _longer(total, problem.now - fixed - WITHIN, chance)
    return total


def _runs(problem: Problem, task: int) -> bool:
    """Whether the task has begun and not ended."""
    fixed = int(problem.tasks.fixed[task])
    return fixed != NEVER and fixed + int(problem.tasks.duration[task]) > problem.now


def _by_recipe(problem: Problem, task: int, draws: int, chance: np.random.Generator) -> Floats:
    """As long as the recipe says, with the rounds that it takes, and no shorter than an incubation."""
    tasks = problem.tasks
    median, sigma, success = float(tasks.median[task]), float(tasks.sigma[task]), float(tasks.success[task])
    number = np.minimum(chance.geometric(success, draws), tasks.most[task]) if 0 < success < 1 else np.ones(draws)
    total = np.zeros(draws)
    for each in range(int(number.max())):
        total += np.where(number > each, median * np.exp(sigma * chance.standard_normal(draws)), 0.0)
    lasting: Floats = np.maximum(total, tasks.least[task])
    return lasting


def _longer(total: Floats, elapsed: float, chance: np.random.Generator) -> Floats:
    """The draws that last longer than what has gone by, drawn again from among themselves; else a little more than that."""
    fit = total[total > elapsed]
    if not len(fit):
        return np.full(len(total), elapsed + 1.0)
    return fit[chance.integers(len(fit), size=len(total))]


def moment(problem: Problem, tick: float) -> datetime:
    """The moment of a tick that need not be whole."""
    return problem.begins + tick * problem.tick
