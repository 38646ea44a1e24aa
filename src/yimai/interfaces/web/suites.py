"""Suites over time: what is reserved and running in each, what is free, what is out of use, and what a scheduler must look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from yimai.domain.base import Base
from yimai.domain.recipe import Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.asking import asking
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.projections import disruption_board, slot_board, worklist
from yimai.projections.register import PersonRow
from yimai.projections.slot_board import Window
from yimai.projections.treatment_board import STAGES
from yimai.projections.worklist_state import Room

SPANS: Final = (7, 14, 28)
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
BEFORE: Final = 2
"""Days before today that are shown at first."""
LEFT, WIDTH, TOP, ROW = 132, 1200, 46, 44
"""Pixels of the drawing: the suites' names, the whole, the days' names, one suite."""
BAR: Final = 30
SHORTEST: Final = 4
LETTER: Final = 8.2
STARTED: Final = STAGES.index("in_manufacture")


@dataclass(frozen=True, slots=True)
class DayColumn:
    """A day of the base. closed: it starts no batch then."""

    x: float
    width: float
    day: date
    closed: Words | None
    weekend: bool
    labelled: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A window as drawn. look: ``done``, ``running``, ``planned``, or ``stopped`` where it will not be used as it stands."""

    x: float
    y: float
    width: float
    slot: Window
    look: str
    text: bool


@dataclass(frozen=True, slots=True)
class SuiteLine:
    """One suite. free_from: when it is free next, None while it is out of use without an end. free_until: when its next window begins.

    away: from when until when a signed repair keeps it free of batches, or None. out_x, out_width: where either is drawn.
    """

    suite: str
    title: Words
    y: float
    room: Room
    bars: tuple[Bar, ...]
    free_from: datetime | None
    free_until: datetime | None
    away: tuple[datetime, datetime] | None
    out_x: float
    out_width: float
    take_out: str
    put_back: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture. now: where today's moment stands, or None outside it."""

    width: int
    height: float
    left: int
    columns: tuple[DayColumn, ...]
    lines: tuple[SuiteLine, ...]
    now: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """A slot to look at. why: a word of the page. free: address of the form that gives it back, "" where one may not."""

    slot: Window
    why: str
    free: str


def suites(request: HttpRequest) -> HttpResponse:
    """The suites of a base over some days."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        if who is None:
            raise Http404
        base = page.base_of(cursor, who, request.GET.get("base", ""))
        zone = ZoneInfo(base.timezone)
        now = window.now().astimezone(zone)
        begins, days = _span(request, now)
        ends = begins + days * DAY
        rows = slot_board.between(cursor, base.id, min(begins, now - DAY), max(ends, now + 120 * DAY))
        back = request.get_full_path()
        rooms = worklist.rooms(cursor)
        context = {
            "base": base,
            "drawing": drawing(
                base, rooms, rows, disruption_board.away(cursor, base.id, now, ends), begins, days, now, who, back
            ),
            "rows": [row for row in rows if row.starts < ends and row.ends > begins],
            "look_at": look_at(rows, now, who, back),
            "wanted": asking(request, cursor, base, now, who),
            "out": [room for room in rooms.values() if room.out and room.base == base.id],
            "now_here": now,
            "first": begins.date(),
            "last": (ends - DAY).date(),
            "days": days,
            "spans": [(each, _link(begins, each)) for each in SPANS],
            "earlier": _link(begins - days * DAY, days),
            "later": _link(begins + days * DAY, days),
            "today": _link(_midnight(now) - BEFORE * DAY, days),
        }  # fmt: skip
        return page.show(request, cursor, "suites", context)


def drawing(
    base: Base,
    rooms: Mapping[str, Room],
    rows: Sequence[Window],
    away: Mapping[str, tuple[datetime, datetime]],
    begins: datetime,
    days: int,
    now: datetime,
    who: PersonRow,
    back: str,
) -> Drawing:
    """The picture of the base's suites from the first day on."""
    scale = (WIDTH - LEFT) / days

    def place(at: datetime) -> float:
        return LEFT + (at - begins) / DAY * scale

    lines = []
    for number, suite in enumerate(base.suites):
        room = rooms.get(suite.id, Room(suite.id, base.id))
        own = [row for row in rows if row.suite == suite.id]
        out = None if room.out else away.get(suite.id)
        y, free = TOP + number * ROW, free_from(own, now, out)
        first, last = (now, begins + days * DAY) if room.out else out or (now, now)
        out_x, out_end = (min(WIDTH, max(LEFT, place(each))) for each in (first, last))
        lines.append(
            SuiteLine(
                suite.id,
                suite.title,
                y,
                room,
                tuple(_bars(own, y, place, now, begins, begins + days * DAY)),
                None if room.out else free,
                next((row.starts for row in own if row.starts >= free), None),
                out,
                round(out_x, 1),
                round(out_end - out_x, 1),
                _address("suite.take_out", who, back, suite=suite.id) if not room.out else "",
                _address("suite.put_back", who, back, suite=suite.id) if room.out else "",
            )
        )
    here = place(now)
    return Drawing(
        WIDTH,
        TOP + len(lines) * ROW + 4,
        LEFT,
        _columns(base, begins, days, scale),
        tuple(lines),
        round(here, 1) if LEFT <= here <= WIDTH else None,
    )


def _columns(base: Base, begins: datetime, days: int, scale: float) -> tuple[DayColumn, ...]:
    return tuple(
        DayColumn(
            round(LEFT + number * scale, 1),
            round(scale, 1),
            day.date(),
            next((each.title for each in base.closures if each.first <= day.date() <= each.last), None),
            day.weekday() >= 5,
            days <= 14 or day.weekday() == 0 or number == 0,
        )
        for number in range(days)
        for day in [begins + number * DAY]
    )


def look_at(rows: Iterable[Window], now: datetime, who: PersonRow, back: str) -> list[Look]:
    """Slots that will not be used as they stand: their treatment rests or has stopped, or nothing was begun in them."""
    found = []
    for row in rows:
        if row.ends <= now:
            continue
        begun = STAGES.index(row.stage) >= STARTED
        why = "stopped" if row.state else "held" if row.held else "late" if row.starts <= now and not begun else ""
        if why:
            found.append(
                Look(
                    row,
                    why,
                    "" if begun and not row.state else _address("slot.free", who, back, treatment=row.treatment),
                )
            )
    return found  # fmt: skip


def _bars(
    rows: Sequence[Window],
    y: float,
    place: Callable[[datetime], float],
    now: datetime,
    begins: datetime,
    ends: datetime,
) -> Iterator[Bar]:
    for row in rows:
        if row.starts >= ends or row.ends <= begins:
            continue
        left, right = max(LEFT, place(row.starts)), min(WIDTH, place(row.ends))
        width = max(SHORTEST, right - left - 2)
        yield Bar(round(left + 1, 1), y + (ROW - BAR) / 2, round(width, 1), row, _look(row, now), width > 12 * LETTER)


def _look(row: Window, now: datetime) -> str:
    stage = STAGES.index(row.stage)
    if row.ends <= now or stage > STARTED:
        return "done"
    if row.state or row.held:
        return "stopped"
    return "running" if stage == STARTED else "planned"


def free_from(rows: Sequence[Window], now: datetime, away: tuple[datetime, datetime] | None) -> datetime:
    """From when the suite is free for an hour or more, after now."""
    at = now
    for starts, ends in sorted([*((row.starts, row.ends) for row in rows), *([away] if away else [])]):
        if starts - HOUR < at < ends:
            at = ends.astimezone(now.tzinfo)
    return at


def _address(verb: str, who: PersonRow, back: str, **given: str) -> str:
    """The form's address where the reader's role does it, else ""."""
    return address(verb, {**given, "next": back}) if permitted(who, verb) else ""


def _span(request: HttpRequest, now: datetime) -> tuple[datetime, int]:
    days = int(text) if (text := request.GET.get("days", "")).isdecimal() and int(text) in SPANS else 14
    try:
        first = datetime.fromisoformat(request.GET.get("from", "")).date()
    except ValueError:
        first = (now - BEFORE * DAY).date()
    return datetime.combine(first, time(), now.tzinfo), days


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.date(), time(), at.tzinfo)


def _link(begins: datetime, days: int) -> str:
    return f"{reverse('suites')}?{urlencode({'from': begins.date().isoformat(), 'days': days})}"
