"""A sample's page: how it was taken, and for each of its tests the limits, every attempt, the second check, what is next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from yimai.domain.incubation import counts_from
from yimai.domain.recipe import Test
from yimai.domain.sample import Result, Sample
from yimai.interfaces.web import page, window
from yimai.interfaces.web.fact_lines import about, line
from yimai.interfaces.web.offers import situation_of
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.to_do import ToDo, to_do
from yimai.projections import worklist


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test that the sample serves. attempts: every result, the invalidated ones too. tasks: what is to be done on it.

    counts: from when on a conforming result counts, or None where it does at any time.
    """

    test: Test
    standing: Result | None
    attempts: tuple[Result, ...]
    tasks: tuple[ToDo, ...]
    counts: datetime | None


def sample(request: HttpRequest, identifier: str) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        situation = situation_of(request, cursor, "sample", identifier)
        taken = situation.vein.samples.by_id.get(identifier)
        if taken is None or who is None:  # a tube that is labelled but not filled yet
            return redirect("about", "sample", identifier)
        tasks = to_do(worklist.for_treatment(cursor, situation.treatment, page.now()), who, page.now(), request.path)
        own = [each for each in tasks if each.task.arguments.get("sample") == identifier]
        context = {
            "sample": taken,
            "plan": situation.recipe.sample(taken.plan),
            "step": situation.recipe.step(taken.step),
            "situation": situation,
            "watch": [f"treatment/{situation.treatment}"],
            "tests": tuple(tests(situation, taken, own)),
            "besides": [each for each in own if "test" not in each.task.arguments],
            "lines": [line(each, situation.recipe) for each in about(situation.entries, "sample", identifier)],
        }
        return page.show(request, cursor, "sample", context)


def tests(situation: Situation, taken: Sample, tasks: Iterable[ToDo]) -> Iterator[TestLine]:
    plan = situation.recipe.sample(taken.plan)
    waiting = list(tasks)
    for identifier in plan.tests if plan is not None else ():
        test = situation.recipe.test(identifier)
        if test is not None:
            own = tuple(each for each in waiting if each.task.arguments.get("test") == identifier)
            yield TestLine(
                test, taken.valid(identifier), taken.attempts(identifier), own, counts_from(test, taken.taken)
            )
