"""Today at a base: clocks that run out, what needs a decision, and every treatment by its stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

from yimai.interfaces.web import page, window
from yimai.projections import clock_board, treatment_board
from yimai.projections.clock_board import Clock
from yimai.projections.treatment_board import STAGES, STATES, BoardRow

PHASES: Final = (
    ("before", ("ordered", "accepted", "slot_reserved")),
    ("collection", ("collecting", "in_transit", "received")),
    ("making", ("in_manufacture", "in_testing")),
    ("release", ("conditionally_released", "oos_supplied", "released", "in_delivery", "delivered")),
    ("infusion", ("permit_issued", "infused", "follow_up", "closed")),
)
SHOWN: Final = {"follow_up": 4, "closed": 3}
SHOWN_ELSE: Final = 6
CLOCKS_SHOWN: Final = 8
SOON: Final = timedelta(hours=4)
"""What runs out within this time presses, be it a task or a clock."""
HORIZON: Final = timedelta(days=3)
"""A clock is shown from its alert on, or when it runs out within this time."""


@dataclass(frozen=True, slots=True)
class RunningClock:
    """state: ``over``, ``alert`` or ``calm``."""

    clock: Clock
    remaining: timedelta
    state: str


@dataclass(frozen=True, slots=True)
class StageColumn:
    stage: str
    rows: tuple[BoardRow, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    stages: tuple[StageColumn, ...]
    count: int


def today(request: HttpRequest) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        base = page.chosen_base(cursor, request.GET.get("base", ""))
        rows = treatment_board.at(cursor, base)
        going = [row for row in rows if not row.state]
        context = {
            "base": base,
            "watch": [f"site/{base}"],
            "total": len(rows),
            "going": sum(1 for row in going if row.stage != "closed"),
            "clocks": pressing(clock_board.running(cursor, base), window.now())[:CLOCKS_SHOWN],
            "exceptions": [row for row in rows if needs_attention(row)],
            "phases": phases(going),
            "stopped": [_column(state, found) for state in STATES if (found := _of_state(rows, state))],
        }
        return page.show(request, cursor, "today", context)


def treatments(request: HttpRequest, stage: str) -> HttpResponse:
    """All treatments of one stage, or stopped in one way."""
    if stage not in (*STAGES, *STATES):
        raise Http404
    with window.reading(page.reader(request)) as cursor:
        base = page.chosen_base(cursor, request.GET.get("base", ""))
        rows = treatment_board.at(cursor, base)
        found = _of_state(rows, stage) or tuple(row for row in rows if row.stage == stage and not row.state)
        return page.show(
            request,
            cursor,
            "treatments",
            {"stage": stage, "stopped": stage in STATES, "rows": found, "watch": [f"site/{base}"]},
        )


def pressing(clocks: Sequence[Clock], now: datetime) -> list[RunningClock]:
    """The clocks that deserve a look now, the one that is due first at the head."""
    return [
        RunningClock(clock, clock.due - now, _state(clock, now))
        for clock in clocks
        if clock.alert <= now or clock.due - now <= HORIZON
    ]


def _state(clock: Clock, now: datetime) -> str:
    """How a clock presses. The alert of lymphodepletion is when its window opens: what presses there is the last day."""
    alert = clock.due - timedelta(days=1) if clock.name == "lymphodepletion" else clock.alert
    if clock.due <= now:
        return "over"
    return "alert" if alert <= now or clock.due - now <= SOON else "calm"


def phases(rows: Sequence[BoardRow]) -> list[Phase]:
    found = []
    for name, stages in PHASES:
        columns = [_column(stage, tuple(row for row in rows if row.stage == stage)) for stage in stages]
        found.append(Phase(name, tuple(columns), sum(len(each.rows) + each.more for each in columns)))
    return found


def _column(stage: str, rows: tuple[BoardRow, ...]) -> StageColumn:
    shown = SHOWN.get(stage, SHOWN_ELSE)
    return StageColumn(stage, rows[:shown], max(0, len(rows) - shown))


def _of_state(rows: Sequence[BoardRow], state: str) -> tuple[BoardRow, ...]:
    return tuple(row for row in rows if row.state == state)


def needs_attention(row: BoardRow) -> bool:
    """Whether something about the treatment is open, rests or has stopped."""
    return not row.ended and bool(row.held or row.open_deviations or row.open_excursions or row.state)
