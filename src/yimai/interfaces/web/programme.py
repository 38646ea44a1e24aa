"""The programme: plans and goals word for word, every reading of them, where each comes from, and what is unknown."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from yimai.interfaces.web import page, window
from yimai.projections import programme_board


def programme(request: HttpRequest) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        boards = programme_board.boards(cursor)
        sources = {board.programme.id: {each.id: each for each in board.programme.sources} for board in boards}
        places = {site.id: site for board in boards for site in board.programme.sites}
        return page.show(request, cursor, "programme", {"boards": boards, "sources": sources, "places": places})
