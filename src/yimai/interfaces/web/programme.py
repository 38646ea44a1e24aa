"""The programme: plans and goals word for word, every reading of them, where each comes from, and what is unknown."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse

from yimai.interfaces.web import page, programme_ways, window
from yimai.interfaces.web.city_map import city_map
from yimai.projections import approval_board, programme_board


def programme(request: HttpRequest) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        boards = programme_board.boards(cursor)
        sources = {board.programme.id: {each.id: each for each in board.programme.sources} for board in boards}
        places = {site.id: site for board in boards for site in board.programme.sites}
        maps = {board.programme.id: city_map(board.programme.sites) for board in boards}
        context = {"boards": boards, "sources": sources, "places": places, "maps": maps}
        context |= programme_ways.ways(cursor, who)
        return page.show(request, cursor, "programme", context)


def file(request: HttpRequest, identifier: str) -> HttpResponse:
    """The approved content as a file that can be changed and approved anew: JSON, which YAML reads as it is."""
    with window.reading(page.reader(request)) as cursor:
        content = approval_board.content(cursor, "programme", identifier)
    if content is None:
        raise Http404(identifier)
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{identifier}.yaml"'
    return response
