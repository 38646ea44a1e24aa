"""The brief as a page to be printed, and as a PDF to be taken along."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import psycopg
from django.http import Http404, HttpRequest, HttpResponse

from yimai.interfaces.web import brief_pdf, page, window
from yimai.interfaces.web.brief import Brief, brief, receipts
from yimai.interfaces.web.permitted import permitted
from yimai.projections import receipt_board


def sheet(request: HttpRequest) -> HttpResponse:
    """To be printed from the browser."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        told = _asked(request, cursor)
        return page.show(request, cursor, "brief", {"brief": told, "receipts": list(receipts(told))})


def pdf(request: HttpRequest, language: Literal["zh", "en"]) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        told = _asked(request, cursor)
    response = HttpResponse(brief_pdf.pdf(told, language), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="programme-{told.at.size}-{told.day}-{language}.pdf"'
    return response


def _asked(request: HttpRequest, cursor: psycopg.Cursor[Any]) -> Brief:
    who = page.reader(request)
    at = receipt_board.sealed(cursor)
    if at is None:
        raise Http404
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        day = page.now().date()
    return brief(cursor, at, day, computed=who is not None and permitted(who, "receipt.publish"))
