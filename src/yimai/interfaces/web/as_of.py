"""As of when a page of the programme tells: an address that carries it always shows the same numbers.

``at`` is a number of facts, of which the newest root over at most so many counts; ``day`` is the day for which it is
asked. Without either it is now; a root alone stands for its own day, a day alone for the last root of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import psycopg
from django.http import Http404, HttpRequest

from yimai.interfaces.web import page
from yimai.projections import ledger_board, receipt_board
from yimai.projections.receipt_board import AsOf

ZONE: Final = ZoneInfo(receipt_board.ZONE)


@dataclass(frozen=True, slots=True)
class Slider:
    """Where the slider stands. ends: the last roots of the months that are over, each with its last day."""

    least: int
    most: int
    at: int
    day: date
    given_day: str
    newest: bool
    ends: tuple[tuple[date, int], ...]

    @property
    def here(self) -> str:
        """What an address carries so that it shows these numbers for ever."""
        return urlencode({"at": self.at, "day": self.day.isoformat()})

    @property
    def earlier(self) -> tuple[date, int] | None:
        return next((each for each in reversed(self.ends) if each[1] < self.at), None)

    @property
    def later(self) -> tuple[date, int] | None:
        return next((each for each in self.ends if each[1] > self.at), None)


def as_of(request: HttpRequest, cursor: psycopg.Cursor[Any]) -> AsOf | None:
    """What the address asks for; None before anything was sealed. Raises Http404 for what is neither day nor number."""
    today = page.now().date()
    size, day = _number(request.GET.get("at", "")), _day(request.GET.get("day", ""))
    if size is None and day is not None and day < today:
        found = receipt_board.sealed(cursor, before=receipt_board.end_of(day, ZONE))
    else:
        found = receipt_board.sealed(cursor, size)
    if found is None:
        return None
    if day is None:
        day = today if size is None else found.sealed.astimezone(ZONE).date()
    return AsOf(day, found, receipt_board.ended(cursor, today))


def earlier(request: HttpRequest, cursor: psycopg.Cursor[Any]) -> AsOf | None:
    """The other moment, with which the address compares (``from`` and ``from_day``)."""
    size, day = _number(request.GET.get("from", "")), _day(request.GET.get("from_day", ""))
    found = receipt_board.sealed(cursor, size) if size is not None else None
    if found is None:
        return None
    return AsOf(day or found.sealed.astimezone(ZONE).date(), found, receipt_board.ended(cursor, page.now().date()))


def slider(request: HttpRequest, cursor: psycopg.Cursor[Any], asked: AsOf) -> Slider:
    """The slider over the whole history, standing where the address says."""
    least, most = ledger_board.sizes(cursor)
    ends = tuple((each.until, each.sealed.size) for each in asked.months)
    newest = "at" not in request.GET and "day" not in request.GET
    return Slider(least, most, asked.sealed.size, asked.day, request.GET.get("day", ""), newest, ends)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Http404(text[:20])
    return int(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404(text[:20]) from None
