"""The ledger itself: how long it is, its newest root, and its verification from the bytes on."""

from __future__ import annotations

from time import monotonic

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from yimai.interfaces.web import bench, page, window
from yimai.interfaces.web.permitted import permitted
from yimai.ledger.verify import Verified
from yimai.projections import ledger_board


def ledger(request: HttpRequest) -> HttpResponse:
    """What the ledger says of itself, and how anybody can verify it without this server."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        context = {
            "seals": ledger_board.seals(cursor),
            "ledger": ledger_board.identity(cursor),
            "may_verify": who is not None and permitted(who, "read.verification"),
        }
        return page.show(request, cursor, "ledger", context)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Derive everything again, now; nothing but the verdict reaches the reader."""
    begun = monotonic()
    verdict = bench.opened().verify()
    seconds = monotonic() - begun
    who = page.reader(request)
    with window.reading(who) as cursor:
        context = {
            "seals": ledger_board.seals(cursor),
            "ledger": ledger_board.identity(cursor),
            "may_verify": True,
            "verdict": verdict,
            "holds": isinstance(verdict, Verified),
            "seconds": f"{seconds:.1f}",
        }
        return page.show(request, cursor, "ledger", context)
