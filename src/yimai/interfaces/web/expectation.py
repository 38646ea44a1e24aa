"""What to expect of a treatment: when its product will be released, be at the hospital and can be given, and with which odds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import prod
from typing import Final

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from yimai.domain.recipe import Recipe, Words
from yimai.interfaces.web import page, waiting_times, window
from yimai.planning.forecast import MANY, SURE, forecast, moment, seed_of
from yimai.planning.problem import NEVER, Floats, Plan, Problem
from yimai.projections import approval_board, planning_problem, treatment_board

WIDTH: Final = 640
ROW: Final = 40
EDGES: Final = (0.1, 0.5, 0.9)
RELEASE: Final = Words("放行", "Released")
DELIVERY: Final = Words("送达医院", "At the hospital")
INFUSION: Final = Words("可以回输", "Can be infused")


@dataclass(frozen=True, slots=True)
class Range:
    """When something will be: eight of ten lie between ``early`` and ``late``. top, left, middle, width: in the drawing, in px."""

    title: Words
    early: datetime
    median: datetime
    late: datetime
    top: int
    left: int
    middle: int
    width: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """promised: the infusion as it was promised, and the odds in per cent that it can begin by then. sure: the product is at the
    hospital with these odds in per cent by ``delivered``; lymphodepletion: from when on it may start then, if availability is
    confirmed, None for at once. lost: the chance in per cent that the batch fails on its way. assumed: numbers behind it are placeholders.
    waited: it knows how long things wait for people and equipment; while it does not, all comes later than it says.
    """

    ranges: tuple[Range, ...]
    promised: datetime | None
    odds: int
    promised_at: int
    sure: int
    delivered: datetime
    lymphodepletion: datetime | None
    lost: float
    assumed: bool
    waited: bool


def expected(request: HttpRequest, identifier: str) -> HttpResponse:
    """A fragment of the treatment's page, asked for once that is shown."""
    with window.reading(page.reader(request)) as cursor:
        board = treatment_board.row(cursor, identifier)
        base = approval_board.base(cursor, board.base) if board is not None else None
        if board is None or base is None:
            raise Http404(identifier)
        found = planning_problem.alone(cursor, base, identifier, page.now())
        who = page.reader(request)
        told = None
        if found is not None:
            problem, plan, recipe = found
            waits = waiting_times.known(cursor, base, [recipe], page.now())
            told = _expectation(replace(problem, waits=waits), plan, recipe)
        context = {
            **page.everywhere(request, cursor),
            "expected": told,
            "at_hospital": who is not None and who.site == board.hospital,
        }
        return render(request, "web/expectation.html", context)


def _expectation(problem: Problem, plan: Plan, recipe: Recipe) -> Expectation | None:
    job = problem.jobs[0]
    told = forecast(problem, plan, job, np.random.default_rng(seed_of(job.id)), MANY)
    if problem.tasks.fixed[problem.task_of(job, "outbound")] != NEVER and told.delivered.max() <= problem.now:
        return None
    first, last = float(told.released.min()), float(np.quantile(told.infusion, 0.98))
    last = max(last, float(job.promised))

    def place(tick: float) -> int:
        return round(20 + (WIDTH - 40) * (tick - first) / max(1.0, last - first))

    def span(row: int, title: Words, draws: Floats) -> Range:
        early, median, late = (float(np.quantile(draws, each)) for each in EDGES)
        at = moment(problem, early), moment(problem, median), moment(problem, late)
        return Range(title, *at, ROW * row, place(early), place(median), max(4, place(late) - place(early)))

    delivered = told.delivered_by(SURE)
    least = recipe.product.lymphodepletion_minimum / problem.tick
    starts = max(delivered - least, float(np.quantile(told.released, SURE)))
    open_steps = [
        step for step in recipe.steps if problem.tasks.fixed[problem.task_of(job, f"step:{step.id}")] == NEVER
    ]
    kept = prod(1 - float(sum(failure.probability for failure in step.failures)) for step in open_steps)
    return Expectation(
        ranges=(span(0, RELEASE, told.released), span(1, DELIVERY, told.delivered), span(2, INFUSION, told.infusion)),
        promised=problem.at(job.promised) if job.promised != NEVER else None,
        odds=round(100 * told.odds(job.promised)),
        promised_at=place(float(job.promised)) if job.promised != NEVER else 0,
        sure=round(100 * SURE),
        delivered=_hour(moment(problem, delivered)),
        lymphodepletion=_hour(moment(problem, starts)) if starts > problem.now else None,
        lost=round(100 * (1 - kept), 1),
        assumed=problem.odds_assumed,
        waited=bool(problem.waits),
    )


def _hour(at: datetime) -> datetime:
    """The next full hour: nobody plans by minutes weeks ahead."""
    return (at + timedelta(minutes=59)).replace(minute=0, second=0, microsecond=0)
