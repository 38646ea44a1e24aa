"""The register: people with their roles and qualifications, sites, equipment; each with the verbs that change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import psycopg
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from yimai.domain.recipe import Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.form import address
from yimai.interfaces.web.forms.site import known_qualifications
from yimai.interfaces.web.patient import printed_names
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.situation import Situation
from yimai.projections import approval_board, equipment_board, people_board, register
from yimai.projections.people_board import QualificationRow
from yimai.projections.register import PersonRow

SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Held:
    """A qualification of somebody. state: ``over``, ``soon``, ``later`` (not begun yet) or ""."""

    row: QualificationRow
    title: Words
    state: str
    withdraw: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody on the register. qualify, change: addresses of forms, "" where the reader may not."""

    row: PersonRow
    name: str
    held: tuple[Held, ...]
    qualify: str
    change: str


def people(request: HttpRequest) -> HttpResponse:
    """Everybody of a site: one's own, or for who administers and inspects any."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        sites = register.sites(cursor)
        if who is None:
            raise Http404
        site = request.GET.get("site", "") or who.site
        if site not in sites:
            raise Http404(site)
        entered = register.at_site(cursor, site)
        titles = dict(known_qualifications(Situation(who, cursor, {}, page.now())))
        names = printed_names(cursor, {each.person for each in entered})
        held = _held(people_board.qualifications(cursor, site), titles, page.now().date(), who, request.get_full_path())
        back = request.get_full_path()
        qualifies = permitted(who, "site.qualify_person") and site == who.site
        rows = [
            Entered(
                each,
                names.get(each.person, ""),
                held.get(each.person, ()),
                address("site.qualify_person", {"person": each.person, "next": back})
                if qualifies and each.person != who.person
                else "",
                address("site.change_roles", {"person": each.person, "next": back})
                if permitted(who, "site.change_roles") and each.person != who.person
                else "",
            )
            for each in entered
        ]
        context = {
            "site": site,
            "rows": rows,
            "expiring": sum(1 for row in rows for each in row.held if each.state in ("over", "soon")),
            "register": address("site.register_person", {"site": site, "next": back}) if permitted(who, "site.register_person") else "",
            "accounts": reverse("account_administration") if permitted(who, "read.accounts") else "",
            "many": permitted(who, "site.register_person") or "inspector" in who.roles,
        }  # fmt: skip
        return page.show(request, cursor, "people", context)


def _held(
    rows: tuple[QualificationRow, ...], titles: Mapping[str, Words], today: date, who: PersonRow, back: str
) -> dict[str, tuple[Held, ...]]:
    found: dict[str, tuple[Held, ...]] = {}
    withdraws = permitted(who, "site.withdraw_qualification")
    for row in rows:
        state = "over" if row.valid_until < today else "later" if row.valid_from > today else ""
        state = state or ("soon" if row.valid_until <= today + SOON else "")
        given = {"person": row.person, "qualification": row.qualification, "next": back}
        title = titles.get(row.qualification, Words(row.qualification, row.qualification))
        each = Held(row, title, state, address("site.withdraw_qualification", given) if withdraws else "")
        found[row.person] = (*found.get(row.person, ()), each)
    return found


def sites(request: HttpRequest) -> HttpResponse:
    """Every site on the register."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        if who is None:
            raise Http404
        context = {
            "rows": list(register.sites(cursor).values()),
            "staff": Counter(register.staff(cursor)),
            "register": address("site.register_site", {"next": request.path}) if permitted(who, "site.register_site") else "",
            "reads_people": permitted(who, "read.people"),
        }  # fmt: skip
        return page.show(request, cursor, "sites", context)


def equipment(request: HttpRequest) -> HttpResponse:
    """The equipment of a base: what is out of use and what must be calibrated first."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        if who is None:
            raise Http404
        base = page.chosen_base(cursor, request.GET.get("base", "") or who.site)
        today, back = page.now().date(), request.get_full_path()
        verbs = [
            each for each in ("equipment.calibrate", "equipment.take_out", "equipment.put_back") if permitted(who, each)
        ]
        titles = _classes(cursor)
        rows = [
            (
                each,
                titles.get(each.equipment_class, Words(each.equipment_class, each.equipment_class)),
                "over"
                if each.valid_until and each.valid_until < today
                else "soon"
                if each.valid_until and each.valid_until <= today + SOON
                else "",
                [
                    (verb, address(verb, {"equipment": each.equipment, "next": back}))
                    for verb in verbs
                    if (verb != "equipment.put_back" or each.out) and (verb != "equipment.take_out" or not each.out)
                ],
            )
            for each in equipment_board.at(cursor, base)
        ]
        context = {
            "base": base,
            "rows": rows,
            "register": address("equipment.register", {"next": back}) if permitted(who, "equipment.register") and base == who.site else "",
            "approve": address("approval.approve_base", {"next": back}) if permitted(who, "approval.approve_base") else "",
        }  # fmt: skip
        return page.show(request, cursor, "equipment", context)


def _classes(cursor: psycopg.Cursor[Any]) -> dict[str, Words]:
    """What the approved recipes call the kinds of equipment."""
    found: dict[str, Words] = {}
    for identifier in approval_board.identifiers(cursor, "recipe"):
        recipe = approval_board.recipe(cursor, identifier)
        found |= dict(recipe.equipment_classes) if recipe is not None else {}
    return found
