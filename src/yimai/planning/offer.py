"""The best end-to-end itineraries for one order against the live timetable: nobody else is moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from yimai.planning.check import check_job
from yimai.planning.forecast import Forecast, forecast
from yimai.planning.insertion import LENIENT, STRICT, Arrays, Filled, arrays_of, empty, put_in, take_out
from yimai.planning.problem import Ints, Plan, Problem, Resource

APART: Final = 6
"""Hours at least between the collections of two offers."""


@dataclass(frozen=True)
class Offer:
    """One itinerary. starts: of the job's tasks, shape (tasks of the job,). suite: its number. forecast: what becomes of it.

    odds: that the infusion can begin by the planned moment, if the batch is released at all.
    """

    starts: Ints
    suite: int
    infusion: int
    forecast: Forecast
    odds: float


@dataclass(frozen=True)
class Offers:
    """The offers, the earliest infusion first; and why it is not earlier: what binds, and how many ticks without it would win.

    binding: None where nothing but the therapy's own length and the calendars binds.
    """

    offers: tuple[Offer, ...]
    binding: Resource | None
    gain: int


class Live:
    """A timetable as it stands, into which one order after another can be asked for; fills the arrays once.

    ahead: how many jobs before the last are placed after all others, in their order: those who choose before it.
    """

    def __init__(self, problem: Problem, ahead: int = 0) -> None:
        self.problem = problem
        self.of: Arrays = arrays_of(problem)
        self.to: Filled = empty(problem)
        self.unplaced: list[int] = []
        jobs = problem.jobs
        going = len(jobs) - 1 - ahead
        progress = problem.progress
        order = sorted(range(going), key=lambda number: (-progress[number], jobs[number].ready, number))
        for number in (*order, *range(going, going + ahead)):
            if not put_in(self.of, self.to, number, 0, problem.horizon, LENIENT):
                self.unplaced.append(number)

    def offers(self, chance: np.random.Generator, number: int = 5, not_before: int = 0) -> Offers:
        """The earliest itineraries of the problem's last job, apart from one another by hours; each has passed the checker."""
        job = len(self.problem.jobs) - 1
        found: list[Offer] = []
        least = not_before
        apart = round(APART * 3600 / self.problem.tick.total_seconds())
        while len(found) <= number and put_in(self.of, self.to, job, least, self.problem.horizon, STRICT):
            offer = self._offer(job, chance)
            take_out(self.of, self.to, job)
            if found and found[-1].infusion >= offer.infusion:
                found.pop()  # the same infusion with a later collection: fresh cells wait less
            elif len(found) == number:
                break
            found.append(offer)
            least = int(offer.starts[0]) + apart
        found = [each for each in found if self._sound(job, each)]
        binding, gain = self._binding(job, found[0].infusion, not_before) if found else (None, 0)
        return Offers(tuple(sorted(found, key=lambda each: (each.infusion, each.starts[0]))), binding, gain)

    def _sound(self, number: int, offer: Offer) -> bool:
        """Whether the independent checker passes the offer beside what stands."""
        job, starts, suite = self.problem.jobs[number], self.to.starts.copy(), self.to.suite.copy()
        starts[job.first : job.last], suite[number] = offer.starts, offer.suite
        return not check_job(self.problem, Plan(starts, suite), number, self.unplaced)

    def _offer(self, number: int, chance: np.random.Generator) -> Offer:
        job = self.problem.jobs[number]
        plan = Plan(self.to.starts, self.to.suite)
        infusion = int(self.to.starts[job.last - 1])
        told = forecast(self.problem, plan, job, chance)
        return Offer(
            self.to.starts[job.first : job.last].copy(), int(self.to.suite[number]), infusion, told, told.odds(infusion)
        )

    def _binding(self, job: int, infusion: int, not_before: int) -> tuple[Resource | None, int]:
        """The one resource without whose limit the infusion could be earliest."""
        best: tuple[int, Resource | None] = (infusion, None)
        for number, resource in enumerate(self.problem.resources):
            freed = self.of.capacity.copy()
            freed[number] = 2**30
            of = self.of._replace(capacity=freed)
            to = self.to
            if resource.kind == "suites":
                of = of._replace(suite_closed=np.zeros_like(self.of.suite_closed))
                to = to._replace(busy=np.zeros_like(self.to.busy))
            if put_in(of, to, job, not_before, best[0] - 1, STRICT):
                best = int(to.starts[self.problem.jobs[job].last - 1]), resource
                take_out(of, to, job)
        return best[1], infusion - best[0]
