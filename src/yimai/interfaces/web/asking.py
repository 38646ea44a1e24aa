"""Who asks for a slot of a base, in the order of its policy, with what each place rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from django.http import HttpRequest

from yimai.domain import allocation as rules
from yimai.domain.allocation import Credit
from yimai.domain.base import Base
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.projections import slot_board, waiting_board
from yimai.projections.register import PersonRow
from yimai.projections.slot_board import Asking

DAY: Final = timedelta(days=1)
SHOWN: Final = 40
"""Of a long queue those in front are decided about; the others are a touch away."""


@dataclass(frozen=True, slots=True)
class Asker:
    """One who asks. credit: what its place rests on, None where the base has no policy. kept_until: until when room is kept for it, or None.

    lead: by how many days of credit it is before the next one, None of the last. reserve: the form's address, "" where the reader may not.
    """

    row: Asking
    credit: Credit | None
    kept_until: datetime | None
    lead: float | None
    reserve: str

    @property
    def waited(self) -> float:
        return self.credit.waited / DAY if self.credit else 0.0

    @property
    def urgency(self) -> float:
        return self.credit.urgency / DAY if self.credit else 0.0

    @property
    def excess(self) -> float:
        return -self.credit.excess / DAY if self.credit else 0.0

    @property
    def total(self) -> float:
        return self.credit.total / DAY if self.credit else 0.0


@dataclass(frozen=True, slots=True)
class Queue:
    """Those who wait, the first of them as askers. everybody: the address that shows them all, "" where all are shown."""

    number: int
    askers: tuple[Asker, ...]
    everybody: str


def asking(request: HttpRequest, cursor: psycopg.Cursor[Any], base: Base, now: datetime, who: PersonRow) -> Queue:
    """Those who wait for a slot: the first in turn first; without a policy the urgent, then by their order."""
    rows = {each.treatment: each for each in slot_board.wanted(cursor, base.id)}
    policy = base.allocation
    ranked: tuple[Credit, ...] = ()
    if policy is not None and rows:
        turns = [each for each in waiting_board.waiting(cursor, base.id, now) if each.treatment in rows]
        reserved = waiting_board.reserved(cursor, base.id, now - policy.window, now)
        ranked = rules.credits(policy, (each.waiting for each in turns), reserved, now)
    credits = {each.waiting.treatment: each for each in ranked}
    order = [*credits, *(each for each in rows if each not in credits)]
    may = permitted(who, "slot.reserve")
    found, shown = [], len(order) if request.GET.get("queue") == "all" else SHOWN
    back = request.get_full_path()
    for place, treatment in enumerate(order[:shown]):
        credit = credits.get(treatment)
        after = ranked[place + 1] if place + 1 < len(ranked) else None
        found.append(
            Asker(
                rows[treatment],
                credit,
                credit.waiting.since + policy.hold if credit is not None and credit.held and policy else None,
                (credit.total - after.total) / DAY if credit is not None and after is not None else None,
                address("slot.reserve", {"treatment": treatment, "next": back}) if may else "",
            )
        )
    more = request.GET.copy()
    more["queue"] = "all"
    everybody = f"{request.path}?{more.urlencode()}#wanted" if len(order) > len(found) else ""
    return Queue(len(order), tuple(found), everybody)
