"""The base's timetable: the plan as the facts have it, over a day, a week or six, with the chain of one patient through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from yimai.domain.base import Base
from yimai.domain.recipe import Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.distance import Distance
from yimai.interfaces.web.live_plan import LivePlan, Seen, kept, seen
from yimai.interfaces.web.news import news, running
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.timetable_drawing import (
    DOUBTFUL,
    SURE,
    Axis,
    Link,
    Out,
    Picture,
    Risk,
    at_risk,
    chain,
    promise,
    risk_of,
    why_it_stays,
)
from yimai.planning.check import SAYS, Broken
from yimai.planning.problem import NEVER
from yimai.projections import ledger_board, planning_problem, register, slot_board, worklist
from yimai.projections.worklist_state import Room

SPANS: Final = (1, 7, 42)
BEFORE: Final[Mapping[int, int]] = {1: 0, 7: 1, 42: 7}
"""Days before today that are shown at first."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=40)
"""No batch is longer in its suite, so that windows are looked up so far around the days shown."""
SHOWN: Final = 40
DELIVERED: Final = Words("已送达，等待医院回输", "Delivered: the hospital infuses")


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A promise in doubt. late: when the infusion can begin in nine of ten cases. running: the task that is being done now, or None.
    repair: the page on which it is mended, with that task filled in; "" where nothing is left to mend at the base."""

    treatment: str
    hospital: str
    urgent: bool
    promised: datetime
    planned: datetime
    late: datetime
    odds: int
    risk: Risk
    past: bool
    link: str
    running: Words | None
    repair: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that cannot be planned with. title: None where it has no name but its identifier. until: None where nobody has said
    until when. repair: the page with it filled in."""

    name: str
    title: Words | None
    until: datetime | None
    repair: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The patient whose chain is shown. stays: why the batch cannot be put elsewhere; None where it can."""

    treatment: str
    hospital: str
    links: tuple[Link, ...]
    promised: datetime | None
    planned: datetime
    late: datetime
    odds: int | None
    risk: Risk
    behind: int
    stays: Words | None


@dataclass(frozen=True, slots=True)
class Unkept:
    """Something that the plan cannot keep, in words."""

    treatment: str
    zh: str
    en: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pictures:
    """Parts of the page as they were rendered."""

    drawn: str
    table: str


def timetable(request: HttpRequest) -> HttpResponse:
    """The timetable of a base over some days."""
    who = page.reader(request)
    if who is None:
        raise Http404
    with window.reading(who) as cursor:
        base = page.base_of(cursor, who, request.GET.get("base", ""))
        zone = ZoneInfo(base.timezone)
        now = window.now().astimezone(zone)
        axis = _axis(request, now)
        rows = slot_board.between(cursor, base.id, axis.begins - LONGEST, axis.ends + LONGEST)
        known = seen(who, base.id, ledger_board.size(cursor), now)
        live = known.plan
        out = _suites_out(worklist.rooms(cursor), live, base, now)
        shown = {
            "base": base,
            "days": axis.days,
            "begins": axis.begins,
            "may_repair": permitted(who, "timetable.repair"),
            "first": axis.begins.date(),
            "last": (axis.ends - DAY).date(),
            "sure": round(100 * SURE),
            "doubtful": round(100 * DOUBTFUL),
            **_links(axis, now, base, request.GET.get("chain", "")),
            **(_told(live, known, axis, zone, request) if live is not None else {}),
        }
        key = (
            axis,
            page.language(),
            request.GET.get("chain", ""),
            rows,
            tuple(out.items()),
            now.hour,
            now.minute // 5,
        )
        context = {
            **shown,
            "plan": known,
            "watch": [f"site/{base.id}"],
            "here": request.get_full_path(),
        }

        def pictures() -> Pictures:
            sites = register.sites(cursor)
            drawing = Picture(base, axis, rows, live, now, sites).drawn(out)
            given = {**shown, "drawing": drawing, "sites": sites}
            return Pictures(*(render_to_string(f"web/timetable_{name}.html", given) for name in ("pictures", "table")))

        context["pictures"] = pictures() if live is None else kept(live, key, pictures)
        return page.show(request, cursor, "timetable", context)


def _suites_out(rooms: Mapping[str, Room], live: LivePlan | None, base: Base, now: datetime) -> dict[str, Out]:
    """The base's suites that are out of use, or will be: those that the plan reckons without, and those on record as out of use."""
    known = {} if live is None else live.found.out
    found = {}
    for suite in (each.id for each in base.suites):
        why = rooms[suite].out if suite in rooms else ""
        if live is not None and suite in known:
            begins, ends = known[suite]
            found[suite] = Out(why, begins, ends if _is_said(ends, live) else None)
        elif why:
            found[suite] = Out(why, now, None)
    return found


def _is_said(ends: datetime, live: LivePlan) -> bool:
    """Whether somebody has said until when something is out of use or away."""
    return ends - live.made < planning_problem.LOOK_AHEAD - HOUR


def _told(live: LivePlan, known: Seen, axis: Axis, zone: ZoneInfo, request: HttpRequest) -> dict[str, Any]:
    """What is said of the plan beside its picture."""
    found = at_risk(live)
    risks = [_at_risk(live, number, axis, zone) for number, _ in found[:SHOWN]]
    return {
        "risks": risks,
        "risks_more": max(0, len(found) - SHOWN),
        "unplaced": [job.id for number, job in enumerate(live.problem.jobs) if live.outlooks[number] is None],
        "unkept": [said_of(live, each, zone) for each in live.broken],
        "chosen": _chosen(live, request.GET.get("chain", ""), zone),
        "behind": max(0, known.position - live.position),
        "made": live.made.astimezone(zone),
        "out": _out(live, zone),
        "news": news(live, zone),
        "resting": sorted(live.found.resting.items()),
        "distance": Distance(live.cost, live.bound, live.binding),
    }


def _out(live: LivePlan, zone: ZoneInfo) -> list[Missing]:
    """What is out of use or away, with the page of its repair filled in."""
    base, found = live.found.book.base, []
    kinds = {each.id: "suite" for each in base.suites} | {each.id: "equipment" for each in base.equipment}
    titles = base.suite_titles
    for name, (_, ends) in sorted(live.found.out.items()):
        kind = kinds.get(name, "person")
        said = _is_said(ends, live)
        given = {"until": f"{ends.astimezone(zone):%Y-%m-%dT%H:%M}"} if said else {}
        link = f"{reverse('repair')}?{urlencode({'what': kind, kind: name, **given})}"
        found.append(Missing(name, titles.get(name), ends.astimezone(zone) if said else None, link))
    return found


def _at_risk(live: LivePlan, number: int, axis: Axis, zone: ZoneInfo) -> AtRisk:
    job, outlook, order = live.problem.jobs[number], live.outlooks[number], live.orders[number]
    odds = promise(live, number)[0]
    assert outlook is not None
    assert odds is not None
    assert order.promised is not None
    going = running(live, number)
    now = live.problem.tasks.names[going[0]] if going else None
    delivered = live.problem.tasks.fixed[live.problem.task_of(job, "outbound")] != NEVER and now is None
    hours = max(1, -(-(outlook.planned - order.promised) // HOUR))
    given = {"step": now.id, "hours": hours} if now is not None else {}
    mending = f"{reverse('repair')}?{urlencode({'what': 'longer', 'treatment': job.id, **given})}"
    return AtRisk(
        job.id, job.hospital, job.urgency == "urgent", order.promised.astimezone(zone), outlook.planned.astimezone(zone),
        outlook.late.astimezone(zone), round(100 * odds), risk_of(odds), order.promised < live.made, address(axis, chain=job.id) + "#chain",
        now.title if now is not None else DELIVERED if delivered else None, "" if delivered else mending,
    )  # fmt: skip


def _chosen(live: LivePlan, treatment: str, zone: ZoneInfo) -> Chosen | None:
    number = next((number for number, job in live.jobs() if job.id == treatment), None)
    outlook = None if number is None else live.outlooks[number]
    if number is None or outlook is None:
        return None
    odds, behind = promise(live, number)
    promised = live.orders[number].promised
    return Chosen(
        treatment, live.problem.jobs[number].hospital, chain(live, number),
        promised.astimezone(zone) if promised is not None else None, outlook.planned.astimezone(zone),
        outlook.late.astimezone(zone), None if odds is None else round(100 * odds), risk_of(odds), behind, why_it_stays(live, number),
    )  # fmt: skip


def said_of(live: LivePlan, broken: Broken, zone: tzinfo) -> Unkept:
    """A broken rule in words, and by how much where the checker says so."""
    en, zh = SAYS[broken.rule]
    if broken.much:
        hours = broken.much * live.problem.tick / HOUR
        counted = broken.rule == "capacity"
        en += f" by {broken.much}" if counted else f" by {hours:g} h"
        zh += f"（多 {broken.much}）" if counted else f"（{hours:g} 小时）"
    names = {each.id: each.title for each in live.problem.resources}
    names |= {each.id: each.title for each in live.problem.tasks.names}
    title = names.get(broken.what)
    what = broken.what if title is None else title.zh
    said = broken.what if title is None else title.en
    return Unkept(broken.job, f"{what}{zh}", f"{said} {en}", live.problem.at(max(0, broken.tick)).astimezone(zone))


def _axis(request: HttpRequest, now: datetime) -> Axis:
    text = request.GET.get("days", "")
    days = int(text) if text.isdecimal() and int(text) in SPANS else 42
    try:
        first = datetime.fromisoformat(request.GET.get("from", "")).date()
    except ValueError:
        first = (now - BEFORE[days] * DAY).date()
    return Axis(datetime.combine(first, time(), now.tzinfo), days)


def _links(axis: Axis, now: datetime, base: Base, chosen: str) -> dict[str, Any]:
    """Where the page leads: earlier, later, today, and nearer or further."""
    given = {"chain": chosen} if chosen else {}
    middle = now if axis.begins <= now < axis.ends else axis.begins + axis.days * DAY / 2

    def around(days: int) -> str:
        first = middle - BEFORE[days] * DAY
        return address(Axis(datetime.combine(first.date(), time(), now.tzinfo), days), **given)

    step = max(1, axis.days // 2) if axis.days > 1 else 1
    return {
        "spans": [(each, around(each)) for each in SPANS],
        "earlier": address(Axis(axis.begins - step * DAY, axis.days), **given),
        "later": address(Axis(axis.begins + step * DAY, axis.days), **given),
        "today": address(Axis(datetime.combine((now - BEFORE[axis.days] * DAY).date(), time(), now.tzinfo), axis.days), **given),
        "without_chain": address(axis),
        "chain_of": address(axis) + "&chain=",
    }  # fmt: skip


def address(axis: Axis, **given: str) -> str:
    """The page of these days."""
    return f"{reverse('timetable')}?{urlencode({'from': axis.begins.date().isoformat(), 'days': axis.days, **given})}"
