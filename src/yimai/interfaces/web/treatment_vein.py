"""Every fact of a treatment, day by day: a part of its page that comes once the rest is shown, and a page by itself.

There are two thirds of the page in it, and who scans a bag to see what it is should not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from yimai.domain.recipe import Recipe
from yimai.domain.vein import vein_of
from yimai.interfaces.web import page, window
from yimai.interfaces.web.fact_card import Detail, details
from yimai.interfaces.web.treatment import recipe_of
from yimai.interfaces.web.vein_drawing import REFUSED, WARNINGS
from yimai.ledger.entry import Entry
from yimai.projections import register, treatment_board, vein
from yimai.projections.vein import VeinRow


@dataclass(frozen=True, slots=True)
class ListedFact:
    """One line of the list. tone: ``warning``, ``refused``, ``quiet`` (labels) or ""."""

    row: VeinRow
    tone: str
    brief: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    facts: tuple[ListedFact, ...]


def facts(request: HttpRequest, identifier: str) -> HttpResponse:
    """The part where the page asks for it, else a page around it."""
    with window.reading(page.reader(request)) as cursor:
        board = treatment_board.row(cursor, identifier)
        if board is None:
            raise Http404(identifier)
        rows = vein.of(cursor, identifier)
        entries = vein.entries(cursor, f"treatment/{identifier}")
        recipe = recipe_of(cursor, vein_of(entries), board.recipe)
        context = {
            "treatment": identifier,
            "days": days(rows, entries, recipe),
            "people": register.people(cursor, {person for row in rows for person in row.who}),
        }
        if "HX-Request" in request.headers:
            return render(request, "web/treatment_vein_lines.html", {**page.everywhere(request, cursor), **context})
        return page.show(request, cursor, "treatment_vein", {**context, "watch": [f"treatment/{identifier}"]})


def days(rows: Sequence[VeinRow], entries: Sequence[Entry], recipe: Recipe | None) -> tuple[Day, ...]:
    """Every fact, in order, under the day on which it happened where it happened."""
    listed = [
        ListedFact(row, _tone(row.kind), details(entry, recipe, brief=True))
        for row, entry in zip(rows, entries, strict=True)
    ]
    return tuple(Day(day, tuple(facts)) for day, facts in groupby(listed, key=lambda fact: fact.row.occurred.date()))


def _tone(kind: str) -> str:
    if kind in WARNINGS:
        return "warning"
    if kind in REFUSED:
        return "refused"
    return "quiet" if kind.startswith("label.") else ""
