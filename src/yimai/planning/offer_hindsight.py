"""Whether the odds of offers keep their word: a base promises each order its earliest itinerary, and then all of it happens, many times.

What happens are durations. Patients do not fall away, and nothing breaks: the odds are of a batch that is released.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from yimai.planning.execution import Policy, execute, lengths
from yimai.planning.forecast import forecast, seed_of
from yimai.planning.insertion import STRICT, put_in
from yimai.planning.offer import Live
from yimai.planning.problem import NEVER, Floats, Plan, Problem

WORKING: Final[tuple[Policy, ...]] = ("ahead", "fixed")
"""How a base works: ahead of its bookings where it can, or never before them."""


@dataclass(frozen=True, slots=True)
class Promises:
    """stated: the odds of each promise. kept: by how the base works, the share of the promises in each course of events."""

    stated: Floats
    kept: dict[Policy, Floats]


def promised(problem: Problem) -> Plan:
    """What stands after each order, in turn, was promised the earliest that was offered it then. Raises ValueError if one has no room."""
    live, last = Live(problem), len(problem.jobs) - 1
    if live.unplaced or not put_in(live.of, live.to, last, 0, problem.horizon, STRICT):
        raise ValueError(f"the horizon of {problem.horizon} ticks has no room for every order")
    return Plan(live.to.starts, live.to.suite)


def kept(problem: Problem, courses: Sequence[Callable[[], np.random.Generator]], first: int, draws: int) -> Promises:
    """The promises from the order numbered ``first`` on, when the base has filled: as stated, and as the courses of events left them."""
    plan = promised(problem)
    jobs = problem.jobs[first:]
    infusions = np.array([job.last - 1 for job in jobs])
    wanted = plan.starts[infusions]
    stated = [
        forecast(problem, plan, job, np.random.Generator(np.random.PCG64(seed_of(job.id))), draws).odds(int(tick))
        for job, tick in zip(jobs, wanted, strict=True)
    ]
    shares: dict[Policy, Floats] = {}
    for policy in WORKING:
        done = (execute(problem, plan, lengths(problem, course()), policy, NEVER) for course in courses)
        shares[policy] = np.array([(each.starts[infusions] <= wanted).mean() for each in done])
    return Promises(np.array(stated), shares)
