"""A number, opened: its formula, what made it, what was left out and why, each fact with its place in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import psycopg
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from yimai.domain import disclosure
from yimai.domain.annual_return import AnnualReturnFiled
from yimai.domain.disclosure import Release
from yimai.domain.fact import Fact
from yimai.domain.measure import Facts, Known, Question
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.receipt_document import Moved, Receipt, difference
from yimai.interfaces.web import as_of, goal_rows, page, window
from yimai.interfaces.web.fact_card import details
from yimai.interfaces.web.form import address
from yimai.interfaces.web.outlook_drawing import drawing
from yimai.projections import approval_board, plan_board, receipt_board, register_board, trace
from yimai.projections.receipt_board import AsOf, GoalFigure

AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of a number. month: when it happened, or the months among which it did; site: "" where it is not told."""

    fact: bytes
    key: str
    amount: int
    month: str
    site: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the rows. before, here, after: what those before add up to, these, and those that follow."""

    rows: tuple[Row, ...]
    number: int
    pages: int
    before: int
    here: int
    after: int

    @property
    def sum(self) -> int:
        return self.before + self.here + self.after


@dataclass(frozen=True, slots=True)
class Cell:
    """What counts of a period at a site; "" stands for the sites that are not told apart."""

    period: str
    site: str
    count: int


def target_number(request: HttpRequest, target: str) -> HttpResponse:
    """The number of one reading of a goal."""
    with window.reading(page.reader(request)) as cursor:
        asked = _asked(request, cursor)
        board = plan_board.board(cursor, asked.sealed.size)
        found = receipt_board.figure(cursor, board, target, asked)
        if found is None or found.target.said.measure not in DEFINITIONS:
            raise Http404(target)
        goal = next(each for each in found.plan.goals if each.said.goal == found.target.said.goal)
        context = _opened(request, cursor, asked, found.receipt, DEFINITIONS[found.target.said.measure].id)
        facts = receipt_board.facts(cursor, asked.sealed)
        outlook = receipt_board.outlook(found, asked, facts)
        context |= {
            "plan": found.plan,
            "goal": goal,
            "known": goal_rows.sources(board),
            "reading": goal_rows.measured(found, facts, context["slider"].here, outlook),
            "outlook": outlook,
            "drawing": drawing(outlook, found.target.said),
            "publish": goal_rows.publish_link(found.target.said, found.receipt, request.get_full_path()),
            "document": _document_link("target_document", target, found.receipt, context["slider"].here),
            "differences": _differences(found, asked),
        }
        return page.show(request, cursor, "number", context)


def measure_number(request: HttpRequest, measure: str) -> HttpResponse:
    """A number that belongs to no target."""
    if measure not in DEFINITIONS:
        raise Http404(measure)
    with window.reading(page.reader(request)) as cursor:
        asked = _asked(request, cursor)
        receipt = receipt_board.answer(Question(measure, asked.day), asked, receipt_board.facts(cursor, asked.sealed))
        context = _opened(request, cursor, asked, receipt, measure)
        context["document"] = _document_link("measure_document", measure, receipt, context["slider"].here)
        return page.show(request, cursor, "number", context)


def target_document(request: HttpRequest, target: str) -> HttpResponse:
    """The receipt itself: the canonical bytes that its hash names."""
    with window.reading(page.reader(request)) as cursor:
        asked = _asked(request, cursor)
        found = receipt_board.figure(cursor, plan_board.board(cursor, asked.sealed.size), target, asked)
    return _document(found.receipt if found is not None else None)


def measure_document(request: HttpRequest, measure: str) -> HttpResponse:
    """The same of a number that belongs to no target."""
    if measure not in DEFINITIONS:
        raise Http404(measure)
    with window.reading(page.reader(request)) as cursor:
        asked = _asked(request, cursor)
        receipt = receipt_board.answer(Question(measure, asked.day), asked, receipt_board.facts(cursor, asked.sealed))
    return _document(receipt)


def moved(request: HttpRequest, target: str) -> HttpResponse:
    """Exactly the facts that moved a target's number between two roots."""
    with window.reading(page.reader(request)) as cursor:
        asked = _asked(request, cursor)
        earlier = as_of.earlier(request, cursor)
        if earlier is None:
            raise Http404(target)
        board = plan_board.board(cursor)
        before, after = (receipt_board.figure(cursor, board, target, each) for each in (earlier, asked))
        if before is None or after is None or before.receipt is None or after.receipt is None:
            raise Http404(target)
        patients = disclosure.counts_patients(after.receipt.definition)
        found = () if patients else difference(before.receipt, after.receipt)
        number = _page_number(request, "page")
        shown = found[(number - 1) * AT_ONCE : number * AT_ONCE]
        whole = max(earlier.sealed, asked.sealed, key=lambda each: each.size)
        known = receipt_board.those(
            receipt_board.facts(cursor, whole), after.receipt.definition.kinds, [each.fact for each in shown]
        )
        context = {
            "target": after.target.said,
            "before": before.receipt,
            "after": after.receipt,
            "patients": patients,
            "net": _net(found),
            "rows": [
                (each, _about(known[each.fact].fact), isinstance(each.before, int), isinstance(each.after, int))
                for each in shown
            ],
            "things": register_board.things(cursor),
            "whole": whole.size,
            "count": len(found),
            "number": number,
            "pages": _pages(len(found)),
            "query": urlencode({key: request.GET.get(key, "") for key in ("at", "day", "from", "from_day")}),
        }
        return page.show(request, cursor, "moved", context)


def counted_fact(request: HttpRequest, measure: str, digest: str) -> HttpResponse:
    """One fact behind a number: in full, or, where it tells of a patient, what may be told."""
    if measure not in DEFINITIONS:
        raise Http404(measure)
    definition = DEFINITIONS[measure]
    with window.reading(page.reader(request)) as cursor:
        asked = _asked(request, cursor)
        facts, name = receipt_board.facts(cursor, asked.sealed), bytes.fromhex(digest)
        context: dict[str, Any] = {"definition": definition, "asked": asked, "digest": digest, "here": _here(asked)}
        if disclosure.counts_patients(definition):
            receipt = receipt_board.answer(
                Question(measure, asked.day), asked, receipt_board.facts(cursor, asked.sealed)
            )
            release = receipt_board.release_of(receipt, asked, facts) if receipt is not None else None
            rows = _told(definition.rule, release, facts, [name]) if receipt is not None else ()
            if not rows or receipt is None:
                raise Http404(digest)
            context |= {"redacted": rows[0], "receipt": receipt}
        else:
            known = receipt_board.those(facts, definition.kinds, [name]).get(name)
            entry = receipt_board.entry(cursor, known.position) if known is not None else None
            if known is None or entry is None:
                raise Http404(digest)
            context |= {
                "known": known,
                "entry": entry,
                "details": details(entry, None),
                "opens": trace.fact(cursor, name) is not None,
                "root": receipt_board.root_over(cursor, known.position),
            }
        return page.show(request, cursor, "counted_fact", context)


def _opened(
    request: HttpRequest, cursor: psycopg.Cursor[Any], asked: AsOf, receipt: Receipt | None, measure: str
) -> dict[str, Any]:
    """What the page of a number shows, whether it belongs to a target or not."""
    definition = DEFINITIONS[measure]
    patients = disclosure.counts_patients(definition)
    context: dict[str, Any] = {
        "asked": asked,
        "slider": as_of.slider(request, cursor, asked),
        "definition": definition,
        "receipt": receipt,
        "patients": patients,
        "listed": not patients or definition.rule in disclosure.BROKEN_DOWN,
        "coverage": goal_rows.coverage(receipt),
        "approval": approval_board.measure(cursor, definition),
        "approve": address("approval.approve_measure", {"measure": definition.id, "next": request.get_full_path()}),
    }
    if receipt is None:
        return context
    facts = receipt_board.facts(cursor, asked.sealed)
    if patients:
        release = receipt_board.release_of(receipt, asked, facts)
        rows = _told(definition.rule, release, facts, [each.fact for each in receipt.measured.contributions])
        context |= {"cells": _cells(definition.rule, release, facts), "left_out": _coarse(receipt)}
    else:
        rows = _rows(receipt, facts)
        left = [*receipt.measured.exclusions, *((each, "basis") for each in receipt.measured.basis)]
        number = _page_number(request, "left")
        context |= {
            "left": _named(left[(number - 1) * AT_ONCE : number * AT_ONCE], receipt, facts),
            "things": register_board.things(cursor),
            "left_count": len(left),
            "left_number": number,
            "left_pages": _pages(len(left)),
        }
    return {**context, "page": _page(rows, _page_number(request, "page"))}


def _rows(receipt: Receipt, facts: Facts) -> tuple[Row, ...]:
    contributions = receipt.measured.contributions
    known = receipt_board.those(facts, receipt.definition.kinds, [each.fact for each in contributions])
    return tuple(
        Row(each.fact, each.key, each.amount, f"{known[each.fact].occurred:%Y-%m}", known[each.fact].site)
        for each in contributions
    )


def _named(left: Sequence[tuple[bytes, str]], receipt: Receipt, facts: Facts) -> list[tuple[bytes, str, str]]:
    """What each of these facts is about, between its hash and the reason."""
    known = receipt_board.those(facts, receipt.definition.kinds, [each for each, _ in left])
    return [(each, _about(known[each].fact), reason) for each, reason in left]


def _about(fact: Fact) -> str:
    return f"site/{fact.establishment}" if isinstance(fact, AnnualReturnFiled) else fact.subjects()[0]


def _told(rule: str, release: Release | None, facts: Facts, hashes: Sequence[bytes]) -> tuple[Row, ...]:
    """Facts that tell of patients: each by its own hash, with the months and the site as far as these may be told."""
    if release is None or rule not in disclosure.BROKEN_DOWN:
        return ()
    places = _sites(release, facts)
    wanted, found = set(hashes), []
    for period in release.periods:
        shown = _shown(period, places)
        for each in period.facts & wanted:
            site = places[each].site
            found.append(Row(each, "", 1, _months(period), site if site in shown else ""))
    return tuple(sorted(found, key=lambda row: row.fact))


def _cells(rule: str, release: Release | None, facts: Facts) -> tuple[Cell, ...]:
    """The number by period and site; every row of the list below stands in one of these cells."""
    if release is None or rule not in disclosure.BROKEN_DOWN:
        return ()
    places, found = _sites(release, facts), []
    for period in release.periods:
        shown, months = _shown(period, places), _months(period)
        counts = {site: sum(places[each].site == site for each in period.facts) for site in sorted(shown)}
        found += [Cell(months, site, count) for site, count in counts.items()]
        if rest := len(period.facts) - sum(counts.values()):
            found.append(Cell(months, "", rest))
    return tuple(found)


def _shown(period: disclosure.Period, places: Mapping[bytes, Known[Fact]]) -> frozenset[str]:
    if period.touched:
        return frozenset()
    counts: dict[str, int] = {}
    for each in period.facts:
        counts[places[each].site] = counts.get(places[each].site, 0) + 1
    return disclosure.told_apart(counts)


def _sites(release: Release, facts: Facts) -> dict[bytes, Known[Fact]]:
    wanted = [each for period in release.periods for each in period.facts]
    return receipt_board.those(facts, release.kinds, wanted)


def _months(period: disclosure.Period) -> str:
    if period.first is None or (period.first.year, period.first.month) == (period.until.year, period.until.month):
        return f"{'…–' if period.first is None else ''}{period.until:%Y-%m}"
    return f"{period.first:%Y-%m}–{period.until:%Y-%m}"


def _coarse(receipt: Receipt) -> tuple[tuple[str, bool], ...]:
    """Why facts that tell of patients were left out, and whether that is so of five or more."""
    reasons = [reason for _, reason in receipt.measured.exclusions]
    return tuple((each, reasons.count(each) >= disclosure.FEWEST) for each in sorted(set(reasons)))


def _page(rows: Sequence[Row], number: int) -> Page:
    start, end = (number - 1) * AT_ONCE, number * AT_ONCE
    before, here, after = (sum(row.amount for row in part) for part in (rows[:start], rows[start:end], rows[end:]))
    return Page(tuple(rows[start:end]), number, _pages(len(rows)), before, here, after)


def _pages(count: int) -> int:
    return max(1, -(-count // AT_ONCE))


def _page_number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "1")
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9]) < 10**6):
        raise Http404(text[:20])
    return int(text[:9])


def _asked(request: HttpRequest, cursor: psycopg.Cursor[Any]) -> AsOf:
    asked = as_of.as_of(request, cursor)
    if asked is None:
        raise Http404
    return asked


def _here(asked: AsOf) -> str:
    return urlencode({"at": asked.sealed.size, "day": asked.day.isoformat()})


def _document(receipt: Receipt | None) -> HttpResponse:
    """What tells of patients stays where it is: the document would name each treatment."""
    if receipt is None or disclosure.counts_patients(receipt.definition):
        raise Http404
    response = HttpResponse(receipt.document, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="receipt-{receipt.hash}.json"'
    return response


def _document_link(name: str, argument: str, receipt: Receipt | None, here: str) -> str:
    if receipt is None or disclosure.counts_patients(receipt.definition):
        return ""
    return f"{reverse(name, args=[argument])}?{here}"


def _differences(found: GoalFigure, asked: AsOf) -> tuple[tuple[date, int, str, str], ...]:
    """Each receipt that was published of the target, with the page of what has moved since."""
    target = found.target.said.target
    return tuple(
        (
            each.said.day,
            each.said.size,
            each.said.receipt,
            f"{reverse('moved', args=[target])}?"
            + urlencode({"from": each.said.size, "from_day": each.said.day, "at": asked.sealed.size, "day": asked.day}),
        )
        for each in found.target.published
        if each.said.size <= asked.sealed.size
    )


def _net(found: Sequence[Moved]) -> int:
    """By how much the facts that moved change the sum."""
    return sum(
        (each.after if isinstance(each.after, int) else 0) - (each.before if isinstance(each.before, int) else 0)
        for each in found
    )
