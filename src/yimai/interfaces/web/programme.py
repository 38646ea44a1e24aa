"""The city's dashboard: every goal with its target, what was measured and on what that rests, as of any moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain import disclosure
from yimai.domain.measure import Definition, Facts, Question
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.interfaces.web import as_of, goal_rows, page, programme_ways, window
from yimai.interfaces.web.city_map import city_map
from yimai.interfaces.web.goal_rows import Coverage, Reading
from yimai.interfaces.web.permitted import permitted
from yimai.projections import approval_board, plan_board, programme_board, receipt_board, register_board
from yimai.projections.plan_board import PlanBoard
from yimai.projections.receipt_board import AsOf


@dataclass(frozen=True, slots=True)
class Line:
    """A number that belongs to no target. value: None where unknown, or where too few patients count (withheld).

    coverage: of a subtotal, how much it covers.
    """

    definition: Definition
    value: int | None
    withheld: bool
    until: str
    link: str
    coverage: Coverage | None


def programme(request: HttpRequest) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        boards = programme_board.boards(cursor)
        sources = {each.id: each for board in boards for each in board.programme.sources}
        places = {site.id: site for board in boards for site in board.programme.sites}
        things = register_board.things(cursor).values()
        maps = {board.programme.id: city_map(board.programme.sites, things) for board in boards}
        context: dict[str, Any] = {
            "boards": boards,
            "sources": sources,
            "known": sources,
            "places": places,
            "maps": maps,
        }
        context |= programme_ways.ways(cursor, who, things)
        asked = as_of.as_of(request, cursor)
        if boards and asked is not None:
            computes = who is not None and permitted(who, "read.measured")
            board = plan_board.board(cursor, asked.sealed.size)
            slider = as_of.slider(request, cursor, asked)
            facts = receipt_board.facts(cursor, asked.sealed) if computes else None
            readings = _measured(board, asked, facts, slider.here) if facts is not None else _published(board, asked)
            context |= {
                "asked": asked,
                "slider": slider,
                "computes": computes,
                "plans": goal_rows.plans(board, readings),
                "tally": goal_rows.tally(readings),
                "lines": tuple(_lines(asked, facts, slider.here)) if facts is not None else (),
                "known": sources | goal_rows.sources(board),
            }
        return page.show(request, cursor, "programme", context)


def _measured(board: PlanBoard, asked: AsOf, facts: Facts, here: str) -> tuple[Reading, ...]:
    return tuple(
        goal_rows.measured(each, facts, here, receipt_board.outlook(each, asked, facts))
        for each in receipt_board.figures_of(board, asked, facts)
    )


def _published(board: PlanBoard, asked: AsOf) -> tuple[Reading, ...]:
    return tuple(goal_rows.published(target, asked.sealed.size, asked.day) for _, target in board.targets)


def _lines(asked: AsOf, facts: Facts, here: str) -> Iterator[Line]:
    for definition in DEFINITIONS.values():
        found = receipt_board.answer(Question(definition.id, asked.day), asked, facts)
        patients = disclosure.counts_patients(definition)
        yield Line(
            definition,
            found.value if found is not None else None,
            patients and found is None,
            found.day.isoformat() if found is not None else "",
            goal_rows.number_link(definition.id, here),
            goal_rows.coverage(found),
        )


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
