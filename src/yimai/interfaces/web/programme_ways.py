"""Where one goes from the programme: its plans, the register, files for other systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from django.urls import reverse

from yimai.interfaces.web import exchange, page
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.programme_timeline import timeline
from yimai.projections import plan_board
from yimai.projections.register import PersonRow
from yimai.projections.register_board import Thing


def ways(cursor: psycopg.Cursor[Any], who: PersonRow | None, things: Iterable[Thing]) -> dict[str, Any]:
    """What ``programme_ways.html`` draws. things: what stands on the register."""
    may = who is not None and permitted(who, "plan.draft")
    draft = address("plan.draft", {"next": reverse("programme")}) if may else ""
    board = plan_board.board(cursor)
    assumed = {name for name, source in board.sources.items() if source.knowledge == "assumed"}
    return {
        "ways": {"plans": board.plans, "draft": draft, "roadmap": who is not None and permitted(who, "read.roadmap")},
        "timeline": timeline(board.plans, things, page.now().date(), assumed),
        "exchange": exchange.links(who),
        "taking_in": exchange.taking_in(who),
    }
