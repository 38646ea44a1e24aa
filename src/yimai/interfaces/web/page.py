"""What every page needs: its language and the other one, the time, whether the data are simulated, titles of sites."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final, cast

import psycopg
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, translate_url
from django.utils.translation import get_language

from yimai.domain.base import Base
from yimai.domain.recipe import Words
from yimai.interfaces.web import live, recorded, window
from yimai.interfaces.web.permitted import permitted
from yimai.projections import approval_board, register
from yimai.projections.register import PersonRow

LANGUAGES: Final = {"zh-hans": "中文", "en": "English"}
SHANGHAI: Final = 480
"""The UTC offset, in minutes, of pages that belong to no site in particular."""


ON_TOP: Final = (
    ("home", "", Words("我的工作", "My work")),
    ("today", "read.treatment", Words("今日", "Today")),
    ("timetable", "read.timetable", Words("时间表", "Timetable")),
    ("suites", "read.suites", Words("排程", "Suites")),
    ("programme", "read.programme", Words("计划", "Programme")),
    ("account_administration", "read.accounts", Words("账号", "Accounts")),
)
"""Each page's name, its row in the table of access ("" for none), and what it is called on top."""


def show(
    request: HttpRequest, cursor: psycopg.Cursor[Any], template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page with what every page needs.

    ``watch`` in the context: the subjects whose facts draw the page anew while it is looked at (see ``live``).
    """
    session = getattr(getattr(request, "session", None), "session_key", None)
    watched = live.watching(context.get("watch", ()), session)
    done = recorded.told(request, cursor, reader(request))
    more = {"live": watched, "done": done, **context}
    return render(request, f"web/{template}.html", {**everywhere(request, cursor), **more}, status=status)


def everywhere(request: HttpRequest, cursor: psycopg.Cursor[Any]) -> dict[str, Any]:
    """What the templates of every page and fragment find."""
    row = cursor.execute("SELECT simulated FROM ledger.identity").fetchone()
    return {
        "who": reader(request),
        "language": language(),
        "other_language": (other := other_language()),
        "other_language_name": LANGUAGES[other],
        "other_language_url": translate_url(request.get_full_path(), other),
        "simulated": bool(row and row[0]),
        "sites": register.sites(cursor),
        "now": now(),
    }


def navigation(who: PersonRow | None) -> list[tuple[str, Words, str]]:
    """The pages that stand on top of every page, as far as the table of access opens them to the reader."""
    if who is None:
        return []
    return [(name, words, reverse(name)) for name, row, words in ON_TOP if not row or permitted(who, row)]


def reader(request: HttpRequest) -> PersonRow | None:
    """The signed-in person for whom the page is read."""
    who: PersonRow | None = cast(Any, request).who  # set at the accounts' gate, else nothing is shown
    return who


def language() -> str:
    return get_language() or "zh-hans"


def other_language() -> str:
    return next(each for each in LANGUAGES if each != language())


def now(zone: int = SHANGHAI) -> datetime:
    """The window's time at a place with this UTC offset in minutes."""
    return window.now().astimezone(timezone(timedelta(minutes=zone)))


def chosen_base(cursor: psycopg.Cursor[Any], wanted: str = "") -> str:
    """The base to show: the wanted one, else the first that is approved, else "" where there is none yet."""
    known = approval_board.identifiers(cursor, "base")
    return wanted if wanted in known else next(iter(known), "")


def base_of(cursor: psycopg.Cursor[Any], who: PersonRow, wanted: str) -> Base:
    """The base that the reader works at, else the wanted one, else the first. Raises Http404 where there is none."""
    known = approval_board.identifiers(cursor, "base")
    name = next((each for each in (who.site, wanted) if each in known), next(iter(known), ""))
    base = approval_board.base(cursor, name)
    if base is None:
        raise Http404
    return base
