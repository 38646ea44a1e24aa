"""Everybody's home: today's work of one's own roles, what runs out first on top; what waits for others below, greyed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

import psycopg
from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.interfaces.web import (
    home_courier,
    home_hospital,
    home_office,
    home_operator,
    home_quality,
    home_second_person,
    page,
    window,
)
from yimai.interfaces.web.asking import Queue, asking
from yimai.interfaces.web.home_quality import QUALITY
from yimai.interfaces.web.tablet import kept
from yimai.interfaces.web.to_do import ToDo, beginnings, own_roles, to_do
from yimai.projections import approval_board, treatment_board, worklist
from yimai.projections.register import PersonRow
from yimai.projections.worklist_state import Task

SHOWN: Final = 60
"""Tasks on one page; what runs out first is among them."""
BEGINNINGS: Final[dict[Role, tuple[str, ...]]] = {
    "coordinator": ("treatment.order",),
    "physician": ("treatment.order",),
    "operator": home_operator.BEGINNINGS,
    "qc_analyst": ("deviation.report",),
    "qa": home_quality.BEGINNINGS,
    "qualified_person": home_quality.BEGINNINGS,
}
"""What a role begins of its own accord, for no treatment that is going already."""


def home(request: HttpRequest, role: str = "") -> HttpResponse:
    """The home of all one's roles; a person of several may name one."""
    who = page.reader(request)
    if who is None or role not in ("", *who.roles):
        raise Http404(role)
    roles = cast(tuple[Role, ...], tuple(each for each in who.roles if role in ("", each)))
    if roles and home_hospital.ROLES.issuperset(roles):
        return home_hospital.hospital(request, who, roles, role)
    if roles == ("courier",):
        return home_courier.courier(request, who)
    if roles == ("second_person",):
        return home_second_person.second_person(request, who, role)
    return _home(request, who, roles, role)


@kept
def _home(request: HttpRequest, who: PersonRow, roles: tuple[Role, ...], role: str) -> HttpResponse:
    with window.reading(who) as cursor:
        now = page.now()
        if roles and set(roles) <= set(QUALITY):
            return home_quality.quality(request, cursor, who, roles)
        if roles == ("operator",):
            return home_operator.operator(request, cursor, who)
        if roles == ("qc_analyst",):
            return home_quality.laboratory(request, cursor, who)
        if roles and home_office.OFFICE.issuperset(roles):
            return home_office.office(request, cursor, who, roles)
        tasks = to_do(_tasks(cursor, who, roles, now), who, now, request.path)
        ready = [each for each in tasks if each.ready]
        context = {
            "role": role,
            "watch": [f"site/{who.site}"],
            "roles": own_roles(who),
            "site": who.site,
            "revoked": treatment_board.revoked(cursor, who.site),
            "pressing": [each for each in ready if each.pressing],
            "ready": [each for each in ready if not each.pressing][:SHOWN],
            "more": max(0, sum(not each.pressing for each in ready) - SHOWN),
            "waiting": [each for each in tasks if not each.ready][:SHOWN],
            "beginnings": _beginnings(who, roles),
            "places": home_office.places(who, roles),
            "wanted": _wanted(request, cursor, who, roles, now),
            "suites": _suites(cursor, tasks),
        }
        return page.show(request, cursor, "home", context)


def _tasks(cursor: psycopg.Cursor[Any], who: PersonRow, roles: tuple[Role, ...], now: datetime) -> tuple[Task, ...]:
    own = worklist.for_site(cursor, who.site, roles, now, person=who.person)
    carried = worklist.for_courier(cursor, who.person, now) if "courier" in roles else ()
    return (*carried, *own)


def _suites(cursor: psycopg.Cursor[Any], tasks: Sequence[ToDo]) -> dict[str, Words]:
    """The titles of suites by identifier, where a task names one."""
    if not any(noun == "suite" for each in tasks for noun, _ in each.things):
        return {}
    known = filter(None, (approval_board.base(cursor, each) for each in approval_board.identifiers(cursor, "base")))
    return {suite: title for base in known for suite, title in base.suite_titles.items()}


def _wanted(
    request: HttpRequest, cursor: psycopg.Cursor[Any], who: PersonRow, roles: tuple[Role, ...], now: datetime
) -> Queue | None:
    """Who asks for a slot of the scheduler's base."""
    base = approval_board.base(cursor, who.site) if "scheduler" in roles else None
    return asking(request, cursor, base, now, who) if base is not None else None


def _beginnings(who: PersonRow, roles: tuple[Role, ...]) -> list[tuple[Words, str]]:
    return beginnings(dict.fromkeys(verb for role in roles for verb in BEGINNINGS.get(role, ())), who)
