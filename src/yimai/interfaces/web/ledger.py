"""The ledger itself: how long it is, its newest root, and its verification from the bytes on."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from yimai.interfaces.web import bench, page, window
from yimai.interfaces.web.permitted import permitted
from yimai.ledger.entry import Checkpoint
from yimai.ledger.verify import Verified
from yimai.projections import ledger_board


def ledger(request: HttpRequest) -> HttpResponse:
    """What the ledger says of itself, and how anybody can verify it without this server."""
    return _shown(request, {})


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Derive everything again, now, and compare it with a root that was noted; nothing but the verdict reaches the reader."""
    written = request.POST.get("noted", "").strip()
    try:
        noted = Checkpoint.noted(written) if written else None
    except ValueError:
        return _shown(request, {"written": written, "unreadable": True}, 422)
    begun = monotonic()
    verdict = bench.opened().verify(noted)
    told = {
        "verdict": verdict,
        "holds": isinstance(verdict, Verified),
        "seconds": f"{monotonic() - begun:.1f}",
        "noted": noted,
        "written": written,
    }
    return _shown(request, told)


def _shown(request: HttpRequest, told: Mapping[str, Any], status: int = 200) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        context = {
            "seals": ledger_board.seals(cursor),
            "ledger": ledger_board.identity(cursor),
            "may_verify": who is not None and permitted(who, "read.verification"),
            **told,
        }
        return page.show(request, cursor, "ledger", context, status)
