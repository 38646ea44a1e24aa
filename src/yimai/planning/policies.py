"""How a base books what follows on growth: policies compared on the same orders, the same cells and the same bad luck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np

from yimai.planning.build import OrderBook
from yimai.planning.execution import Policy, execute, lengths
from yimai.planning.simulate import Estimate, estimate
from yimai.planning.timetable import schedule

POLICIES: Final[tuple[Policy, ...]] = ("fixed", "reveal")
QUANTILES: Final = (0.5, 0.8, 0.95)
LEAD: Final = timedelta(hours=24)
"""Before the end of growth, when it can be forecast."""
CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Outcome:
    """What a policy gave over the replications. quantile: of the durations that were booked.

    exceeded: hold times that ran out, per 100 batches, in each replication. hours: from collection to infusion, their mean. tardiness: weighted
    hours a batch by which infusions began later than wanted.
    """

    policy: Policy
    quantile: float
    exceeded: tuple[float, ...]
    hours: tuple[float, ...]
    tardiness: tuple[float, ...]

    def of(self, values: Sequence[float]) -> Estimate:
        return estimate(np.array(values), CONFIDENCE)


def outcomes(
    book: OrderBook,
    courses: Sequence[Callable[[], np.random.Generator]],
    quantiles: Sequence[float] = QUANTILES,
    *,
    seed: int,
    moves: int,
) -> Iterator[Outcome]:
    """Each policy at each quantile, planned with so many moves and met with the same courses of events.

    Raises ValueError where the horizon is too short for what happens.
    """
    for quantile in quantiles:
        problem = replace(book, horizon=replace(book.horizon, quantile=quantile)).problem()
        plan, hour = schedule(problem, moves=moves, seed=seed).plan, problem.tick / timedelta(hours=1)
        firsts, lasts = ([getattr(job, name) for job in problem.jobs] for name in ("first", "last"))
        for policy in POLICIES:
            exceeded, hours, tardiness = [], [], []
            for course in courses:
                real = lengths(problem, course())
                done = execute(problem, plan, real, policy, round(LEAD / problem.tick))
                exceeded.append(100 * len(done.exceeded) / len(problem.jobs))
                hours.append(float(np.mean(done.starts[np.array(lasts) - 1] - done.starts[firsts])) * hour)
                tardiness.append(done.tardiness / len(problem.jobs))
            yield Outcome(policy, quantile, tuple(exceeded), tuple(hours), tuple(tardiness))
