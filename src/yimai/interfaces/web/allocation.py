"""Why a treatment got its slot when it did: everybody who waited then, by the policy in force then, from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain import allocation as rules
from yimai.domain.allocation import Credit
from yimai.domain.approval import base_of
from yimai.domain.identifier import typed
from yimai.interfaces.web import page, window
from yimai.projections import vein, waiting_board
from yimai.projections.waiting_board import Turn

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """One who waited: what counted for it in days, and whether room was kept for it before the treatment that is asked about."""

    credit: Credit
    ahead: bool
    own: bool

    @property
    def waited(self) -> float:
        return self.credit.waited / DAY

    @property
    def urgency(self) -> float:
        return self.credit.urgency / DAY

    @property
    def excess(self) -> float:
        return self.credit.excess / DAY

    @property
    def total(self) -> float:
        return self.credit.total / DAY


def allocation(request: HttpRequest, identifier: str) -> HttpResponse:
    """The queue just before the treatment's last slot was reserved; while it waits, the queue as it is now."""
    with window.reading(page.reader(request)) as cursor:
        turns = waiting_board.turns(cursor, identifier)
        if not turns:
            raise Http404(identifier)
        turn = turns[-1]
        at = turn.until or page.now()
        base = base_of([each for each in vein.entries(cursor, f"base/{turn.base}") if each.recorded <= at])
        waiting = waiting_board.waiting(cursor, turn.base, at)
        places: tuple[Place, ...] = ()
        if base.allocation is not None:
            begins = at - base.allocation.window
            reserved = waiting_board.reserved(cursor, turn.base, begins, at)
            ranked = rules.credits(base.allocation, (each.waiting for each in waiting), reserved, at)
            before = rules.ahead(ranked, identifier)
            places = tuple(Place(each, each in before, each.waiting.treatment == identifier) for each in ranked)
        other = request.GET.get("other", "").strip()
        named = typed(other) or other
        context = {
            "turn": turn,
            "base": base,
            "policy": base.allocation,
            "urgent": base.allocation.urgent / DAY if base.allocation else 0,
            "hold": base.allocation.hold / HOUR if base.allocation else 0,
            "over_share": base.allocation.over_share / DAY if base.allocation else 0,
            "window": base.allocation.window / DAY if base.allocation else 0,
            "at": at,
            "places": places,
            "ahead": sum(each.ahead for each in places),
            "other": named,
            "about": _about(waiting_board.turns(cursor, named), turn, at) if named else "",
            "place": next((each for each in places if each.credit.waiting.treatment == named), None),
            "own": next((each for each in places if each.own), None),
            "watch": (f"treatment/{identifier}",),
        }
        return page.show(request, cursor, "allocation", context)


def _about(turns: tuple[Turn, ...], turn: Turn, at: datetime) -> str:
    """Where another treatment stood at that moment: a word of the page."""
    if not turns or turns[0].base != turn.base:
        return "unknown"
    if turns[0].since > at:
        return "later"
    then = [each for each in turns if each.since <= at]
    if then[-1].until is not None and then[-1].until < at:
        return "had" if then[-1].reserved else "ended"
    return "waited"
