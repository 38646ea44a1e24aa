"""The page of one fact, found by its hash."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from yimai.interfaces.web import page, window
from yimai.interfaces.web.fact_card import details
from yimai.ledger.canonical import decode
from yimai.projections import approval_board, register, trace


def fact(request: HttpRequest, digest: str) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        found = trace.fact(cursor, bytes.fromhex(digest))
        if found is None:
            raise Http404(digest)
        entry, position = found
        recipe = approval_board.only_recipe(cursor)
        links = [(*link.subject.partition("/")[::2], link) for link in entry.links]
        context = {
            "entry": entry,
            "position": position,
            "details": details(entry, recipe),
            "links": links,
            "people": register.people(cursor, [entry.actor]),
            "content": decode(entry.content) if len(entry.content) < 20_000 else None,
        }
        return page.show(request, cursor, "fact", context)
