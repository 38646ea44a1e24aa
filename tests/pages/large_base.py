"""A base of 60 suites with six weeks of batches: what the timetable's picture has to stay readable with."""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import django
import numpy as np
from django.template.loader import render_to_string
from django.utils import timezone, translation
from tests.planning.lingang import recipe

from yimai.domain.base import Base, base_from
from yimai.domain.identifier import mint
from yimai.interfaces.files.reading import read_base
from yimai.interfaces.web.live_plan import LivePlan, Outlook
from yimai.interfaces.web.timetable_drawing import DOUBTFUL, SURE, Axis, Drawing, Out, Picture
from yimai.planning.build import Horizon, OrderBook
from yimai.planning.order import Order
from yimai.planning.timetable import schedule
from yimai.projections.planning_problem import InFlight
from yimai.projections.slot_board import Window
from yimai.wiring import demo

SUITES: Final = 60
TIMES: Final = 5
"""So many times the demonstration base's people, equipment and places."""
BATCHES: Final = 330
EVERY: Final = 4.2
"""Hours from one order to the next."""
BEGINS: Final = datetime(2026, 3, 2, tzinfo=UTC)
NOW: Final = BEGINS + timedelta(days=28, hours=3)
ZONE: Final = ZoneInfo("Asia/Shanghai")


@cache
def base() -> Base:
    content: dict[str, Any] = deepcopy(dict(read_base(demo.BASE).content))
    suites, equipment = [], [each for each in content["equipment"] if "suite" not in each] * TIMES
    for number in range(1, SUITES + 1):
        suite = f"suite-{number:02}"
        title = {"zh": f"{number}号生产单元", "en": f"Suite {number}"}
        suites.append({**content["suites"][0], "id": suite, "title": title})
        equipment += [{**each, "suite": suite} for each in content["equipment"] if each.get("suite") == "suite-01"]
    content["suites"] = suites
    content["equipment"] = [{**each, "id": f"{each['id']}-{number}"} for number, each in enumerate(equipment)]
    content["people"] = [{**each, "id": f"{each['id']}-{time}"} for time in range(TIMES) for each in content["people"]]
    content["storage"] = []
    content["couriers"] *= TIMES
    for each in content["laboratory"]:
        each["places"] *= TIMES
    content["review"]["people"] *= TIMES
    for each in content["hospitals"]:
        each["collecting"]["places"] *= TIMES
    return base_from(content)


@cache
def plan() -> LivePlan:
    """Every ninth patient's promise is in doubt, every seventeenth's is more likely broken than kept."""
    at, hospitals = base(), [each.id for each in base().hospitals]
    orders = []
    for number in range(BATCHES):
        ready = BEGINS + timedelta(hours=EVERY * number)
        urgency = "routine" if number % 5 else "urgent"
        orders.append(
            Order(
                mint("treatment", (number * 7_368_787).to_bytes(5, "big")),
                hospitals[number % 3],
                urgency,
                ready,
                ready + timedelta(days=35),
            )
        )
    horizon = Horizon(BEGINS, BEGINS, timedelta(days=130))
    book = OrderBook({recipe().id: recipe()}, at, [(each, recipe().id) for each in orders], horizon)
    problem = book.problem()
    found = schedule(problem, moves=0)
    assert found.unplaced == ()
    starts = found.plan.starts
    now = problem.floor(NOW)
    jobs = tuple(replace(job, promised=int(starts[job.last - 1])) for job in problem.jobs)
    fixed = np.where(starts < now, starts, -1).astype(np.int32)
    problem = replace(problem, jobs=jobs, now=now, tasks=replace(problem.tasks, fixed=fixed))
    outlooks = tuple(
        Outlook(problem.at(job.promised), problem.at(job.promised), _odds(number)) for number, job in enumerate(jobs)
    )
    orders = [replace(each, promised=problem.at(job.promised)) for each, job in zip(orders, jobs, strict=True)]
    found_in = InFlight(problem, tuple(orders), (recipe(),) * BATCHES, book, {}, (), {}, {})
    return LivePlan(0, NOW, found_in, found.plan, outlooks, (), found.cost, found.bound, found.binding)


def windows() -> tuple[Window, ...]:
    """What is promised: each batch's time in its suite as it was planned, some a little sooner or later than the plan has it now."""
    live, found = plan(), []
    for number, job in live.jobs():
        steps = [each for each in range(job.first, job.last) if live.problem.tasks.names[each].kind == "step"]
        first, last = steps[0], steps[-1]
        starts = live.problem.at(int(live.plan.starts[first]))
        ends = live.problem.at(int(live.plan.starts[last] + live.problem.tasks.duration[last]))
        sooner = timedelta(hours=9 if _odds(number) < SURE else 0)
        stage = "in_manufacture" if starts <= NOW < ends else "in_testing" if ends <= NOW else "slot_reserved"
        suite = live.problem.suites[int(live.plan.suite[number])]
        found.append(
            Window(
                job.id, job.hospital, job.urgency, stage, "failed" if number % 61 == 60 else "", "", "", starts, suite,
                starts - sooner, ends - sooner,
            )
        )  # fmt: skip
    return tuple(found)


def drawn(days: int = 42) -> Drawing:
    """The picture of so many days: six weeks begin a week before now, as the page does."""
    back = {1: 0, 7: 1, 42: 7}[days]
    begins = (NOW.astimezone(ZONE) - timedelta(days=back)).replace(hour=0, minute=0)
    out = {
        "suite-17": Out("breakdown", NOW - timedelta(days=1), NOW + timedelta(days=9)),
        "suite-44": Out("", NOW, None),
    }
    return Picture(base(), Axis(begins, days), windows(), plan(), NOW.astimezone(ZONE), {}).drawn(out)


def rendered(drawing: Drawing, days: int = 42, language: str = "zh-hans") -> str:
    """The page's pictures of it, as the browser gets them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    begins = drawing.columns[0].date
    given = {
        "drawing": drawing, "days": days, "may_repair": True, "begins": datetime(begins.year, begins.month, begins.day, tzinfo=ZONE),
        "first": begins, "last": drawing.columns[-1].date, "sure": round(100 * SURE), "doubtful": round(100 * DOUBTFUL),
        "chain_of": "/timetable?chain=", "sites": {}, "language": language,
    }  # fmt: skip
    with translation.override(language), timezone.override(ZONE):
        return render_to_string("web/timetable_pictures.html", given)


def _odds(number: int) -> float:
    return 0.31 if number % 17 == 3 else 0.68 if number % 9 == 4 else 0.93
