"""One copy of a label: to look at, to print on paper, to send to a label printer.

Nothing here issues a copy or changes anything: ``label.issue`` does. The printable forms go to the person who issued the
copy, for the minutes in which it is printed; to anybody else, and afterwards, a copy is shown without its code and marked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg
from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain import label as labels
from yimai.domain.approval import recipe_of
from yimai.domain.facts import decode
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.domain.site import SiteRegistered
from yimai.domain.vein import vein_of
from yimai.interfaces.labels import rendering, window
from yimai.interfaces.labels.label_text import Issue, LabelText, Patient, issue_of, label_text
from yimai.projections import label_board, vein
from yimai.projections.register import PersonRow

DPI: Final = {203: 8, 300: 12}
"""Dots a millimetre of what is sold under that many dots an inch."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy's text, and why it may not be printed by this reader now, or None if it may."""

    text: LabelText
    refusal: Refusal | None


def picture(request: HttpRequest, item: str, copy: int) -> HttpResponse:
    """A picture for the screen: the label itself where it may be printed, else marked and without its code."""

    def draw(found: Copy) -> HttpResponse:
        view_only = found.refusal is not None
        return HttpResponse(rendering.png(found.text, view_only=view_only), content_type="image/png")

    return _drawn(request, item, copy, draw)


def paper(request: HttpRequest, item: str, copy: int) -> HttpResponse:
    """A PDF of the label's own size, or why there is none."""

    def draw(found: Copy) -> HttpResponse:
        if found.refusal is not None:
            return _refused(found.refusal)
        response = HttpResponse(rendering.pdf(found.text), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{found.text.item}-{copy:02}.pdf"'
        return response

    return _drawn(request, item, copy, draw)


def printer(request: HttpRequest, item: str, copy: int, dpi: int) -> HttpResponse:
    """ZPL for a label printer of 203 or 300 dpi, or why there is none."""
    if dpi not in DPI:
        raise Http404(f"{dpi} dpi")

    def draw(found: Copy) -> HttpResponse:
        if found.refusal is not None:
            return _refused(found.refusal)
        response = HttpResponse(rendering.zpl(found.text, DPI[dpi]), content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{found.text.item}-{copy:02}-{dpi}.zpl"'
        return response

    return _drawn(request, item, copy, draw)


def _drawn(request: HttpRequest, item: str, number: int, draw: Callable[[Copy], HttpResponse]) -> HttpResponse:
    who: PersonRow | None = getattr(request, "who", None)
    with window.opened().reading(who) as cursor:
        known = label_board.copy(cursor, item, number)
        issue = issue_of(vein.entries(cursor, f"treatment/{known.treatment}"), item, number) if known else None
        if who is None or issue is None:
            raise Http404(item)
        problem = None
        for patient in dict.fromkeys((_patient(cursor, issue), None)):  # a name that no font has is left for the hand
            found = _copy(cursor, issue, who, patient)
            if isinstance(found, Refusal):
                return _refused(found)
            try:
                return draw(found)
            except rendering.NotDrawn as why:
                problem = why
        return _refused(labels.NOT_DRAWN(item=item, problem=problem))


def _copy(cursor: psycopg.Cursor[Any], issue: Issue, who: PersonRow, patient: Patient | None) -> Copy | Refusal:
    """The copy as it was issued; it may be printed only while the ledger would still say the same."""
    fact, order = issue.fact, issue.vein.treatment
    places = {site: _place(cursor, site, issue) for site in (order.hospital, order.base)}
    approvals = [each for each in vein.entries(cursor, f"recipe/{order.recipe}") if each.recorded <= issue.recorded]
    batch = issue.vein.batches.of_container(fact.item) or issue.vein.batches.open
    recipe = recipe_of(approvals, batch.recipe_version if batch is not None else "")
    text = label_text(issue, recipe, places, patient)
    if isinstance(text, Refusal):
        return text
    today = vein_of(vein.entries(cursor, f"treatment/{fact.treatment}"))
    now = label_text(issue, recipe, places, patient, now=today)
    assert isinstance(now, LabelText)
    refusal = labels.printable(today.labels, fact, issue.recorded, who.person, window.opened().clock())
    changed = text.differences(now)
    if refusal is None and changed:
        refusal = labels.OUTDATED(item=fact.item, copy=fact.copy, lines=", ".join(changed))
    return Copy(text, refusal)


def _place(cursor: psycopg.Cursor[Any], site: str, issue: Issue) -> Words:
    """The site's title as it was registered when the copy was issued."""
    registered = [decode(each) for each in vein.entries(cursor, f"site/{site}") if each.recorded <= issue.recorded]
    titles = [Words(each.title_zh, each.title_en) for each in registered if isinstance(each, SiteRegistered)]
    return titles[-1] if titles else Words(site, site)


def _patient(cursor: psycopg.Cursor[Any], issue: Issue) -> Patient | None:
    """Whose wristband it is, if the reader may know; no other label asks."""
    if issue.fact.carrier != "wristband":
        return None
    kept = window.opened().patient(cursor, issue.fact.treatment)
    try:
        person = json.loads(kept or b"{}")
        return Patient(str(person["name"]), date.fromisoformat(str(person["born"])))
    except (ValueError, KeyError, TypeError):
        return None


def _refused(refusal: Refusal) -> HttpResponse:
    """Why there is nothing to print and what to do, in both languages, as plain text."""
    return HttpResponse(f"{refusal.zh}\n{refusal.en}\n", status=409, content_type="text/plain; charset=utf-8")
