"""The problem of many orders is made of the problems of each: what is shared for speed changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.planning.lingang import BEGINS, base, recipe

from yimai.planning.build import Horizon, build
from yimai.planning.order import Happened, Order
from yimai.planning.problem import NEVER, Problem

BASE, RECIPE, NOW = base(), recipe(), BEGINS + timedelta(days=10)
HORIZON = Horizon(NOW - timedelta(days=10), NOW, timedelta(days=90))
ORDERED = Order("T1", BASE.hospitals[0].id, "routine", NOW)
ORDERS = {
    "new": ORDERED,
    "the same again": replace(ORDERED, id="T2", urgency="urgent", ready=NOW + timedelta(days=3)),
    "of another hospital": replace(ORDERED, id="T3", hospital=BASE.hospitals[1].id),
    "of a hospital that is not listed": replace(ORDERED, id="T4", hospital="elsewhere"),
    "with a reserved suite": replace(ORDERED, id="T5", claimed=(NOW, NOW + timedelta(days=9)), suite=BASE.suites[0].id),
    "collected": replace(ORDERED, id="T6", happened={"collection": Happened(NOW - timedelta(days=1), None)}),
    "said to take longer": replace(ORDERED, id="T7", longer={"inbound": timedelta(hours=9)}),
    "new, after all these": replace(ORDERED, id="T8"),
}


def rows(problem: Problem, number: int) -> list[Any]:
    """Everything that the problem says of one job, with its tasks counted from nought."""
    job, tasks, uses, lags, spans = problem.jobs[number], problem.tasks, problem.uses, problem.lags, problem.spans
    own = slice(job.first, job.last)
    used, lagged = (slice(int(each.first[job.first]), int(each.first[job.last])) for each in (uses, lags))
    held = spans.job == number
    return [
        replace(job, first=0, last=job.last - job.first),
        *(
            np.array(column[own]).tolist()
            for column in (
                tasks.duration,
                tasks.fixed,
                tasks.calendar,
                tasks.median,
                tasks.sigma,
                tasks.success,
                tasks.most,
            )
        ),
        tasks.names[own],
        (uses.first[job.first : job.last + 1] - uses.first[job.first]).tolist(),
        *(column[used].tolist() for column in (uses.resource, uses.amount, uses.begins, uses.ends)),
        (lags.after[lagged] - job.first).tolist(),
        *(column[lagged].tolist() for column in (lags.minimum, lags.maximum)),
        *((column[held] - job.first).tolist() for column in (spans.opens, spans.closes)),
        *(column[held].tolist() for column in (spans.resource, spans.until_start, spans.extra)),
    ]


@pytest.mark.parametrize("which", ORDERS)
def test_each_order_is_in_the_whole_as_it_is_alone(which: str) -> None:
    whole = build({RECIPE.id: RECIPE}, BASE, [(each, RECIPE.id) for each in ORDERS.values()], HORIZON)
    number = list(ORDERS).index(which)
    together, alone = (
        rows(whole, number),
        rows(build({RECIPE.id: RECIPE}, BASE, [(ORDERS[which], RECIPE.id)], HORIZON), 0),
    )
    calendars = 3  # where it stands in the list of columns; calendars are numbered by who needs them first
    assert [row == NEVER for row in together.pop(calendars)] == [row == NEVER for row in alone.pop(calendars)]
    assert together == alone
    assert (whole.tasks.job[whole.jobs[number].first : whole.jobs[number].last] == number).all()
