"""A treatment's page: its vein as one line, its records, and room for every fact behind it."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from yimai.domain.recipe import Recipe
from yimai.domain.vein import Vein, vein_of
from yimai.interfaces.web import page, treatment_record, window
from yimai.interfaces.web.lymphodepletion import Signal, signal
from yimai.interfaces.web.patient import patients
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.templatetags.wording import address
from yimai.interfaces.web.to_do import ToDo, to_do
from yimai.interfaces.web.today import pressing
from yimai.interfaces.web.vein_drawing import draw
from yimai.projections import (
    approval_board,
    clock_board,
    progress_board,
    register,
    trace,
    treatment_board,
    vein,
    worklist,
)
from yimai.projections.register import PersonRow
from yimai.projections.treatment_board import BoardRow

SIGNALLED: Final = ("in_testing", "conditionally_released", "oos_supplied", "released", "in_delivery", "delivered")
"""Stages in which a hospital waits for the word that lymphodepletion may begin."""


EXPECTED: Final = ("slot_reserved", "collecting", "in_transit", "received", "in_manufacture", *SIGNALLED)
"""Stages in which the product is still to come, so that one asks when."""


def treatment(request: HttpRequest, identifier: str) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        board = treatment_board.row(cursor, identifier)
        if board is None:
            return redirect(_carried(cursor, page.reader(request), identifier))
        rows = vein.of(cursor, identifier)
        entries = vein.entries(cursor, f"treatment/{identifier}")
        state = vein_of(entries)
        recipe = recipe_of(cursor, state, board.recipe)
        people = register.people(cursor, {person for row in rows for person in row.who})
        couriers = frozenset(each.person for each in people.values() if "courier" in each.roles)
        base = approval_board.base(cursor, board.base)
        context = {
            "board": board,
            "watch": [f"treatment/{identifier}"],
            "vein": state,
            "recipe": recipe,
            "indications": dict(recipe.indications) if recipe else {},
            "suites": base.suite_titles if base else {},
            "drawing": draw(rows, entries, board, recipe, state.slot.current, couriers, page.language() != "en"),
            "reads_facts": (who := page.reader(request)) is not None and permitted(who, "read.facts"),
            "vein_length": len(rows),
            "people": people,
            "clocks": pressing(clock_board.running(cursor, treatment=identifier), window.now()),
            "containers": treatment_record.containers(state),
            "sheets": treatment_record.sheets(state, recipe),
            "deviations": state.deviations.by_id.values(),
            "shipments": state.shipments.by_id.values(),
            "permits": state.infusion.permits.values(),
            "outcomes": state.outcome.reports,
            "to_do": (tasks := _to_do(request, cursor, identifier)),
            "acts": any(each.ready and not each.task.optional for each in tasks),
            "signal": _signal(request, cursor, board),
            "expects": bool(board.suite) and not board.ended and board.stage in EXPECTED,
            "promise": progress_board.promises(cursor, [identifier]).get(identifier),
            "patient": patients(cursor, [identifier]).get(identifier),
        }
        return page.show(request, cursor, "treatment", context)


def _carried(cursor: psycopg.Cursor[Any], who: PersonRow | None, treatment: str) -> str:
    """Where somebody is led who sees no more of a treatment than what moves: his leg, else its last shipment.

    Raises Http404 where he sees nothing of it.
    """
    found = trace.about(cursor, treatment, "treatment")
    shipments = [each for about in found for each in about.of("shipment")]
    if who is None or not shipments:
        raise Http404(treatment)
    if "courier" in who.roles:
        legs = [each for each in worklist.legs(cursor, who.person) if each.treatment == treatment]
        mine = [each for each in legs if each.holder == who.person] or [each for each in legs if each.waits]
        if mine:
            return reverse("home_of", args=["courier"]) + f"#{mine[0].shipment}"
    return address("shipment", max(shipments, key=lambda each: each.last).identifier)


def _signal(request: HttpRequest, cursor: psycopg.Cursor[Any], board: BoardRow) -> Signal | None:
    """Whether lymphodepletion may begin, for the hospital's people while they wait for it."""
    who = page.reader(request)
    if who is None or who.site != board.hospital or board.stage not in SIGNALLED or board.ended:
        return None
    return signal(Situation(who, cursor, {"treatment": board.treatment}, page.now()))


def _to_do(request: HttpRequest, cursor: psycopg.Cursor[Any], identifier: str) -> tuple[ToDo, ...]:
    """What is to be done next, the reader's own first."""
    who = page.reader(request)
    if who is None:
        return ()
    tasks = worklist.for_treatment(cursor, identifier, page.now())
    return tuple(
        sorted(to_do(tasks, who, page.now(), request.path), key=lambda each: (each.task.optional, not each.ready))
    )


def recipe_of(cursor: psycopg.Cursor[Any], state: Vein, identifier: str) -> Recipe | None:
    """The recipe as the latest batch pins it, else as approved last."""
    latest = state.batches.latest
    return approval_board.recipe(cursor, identifier, latest.recipe_version if latest is not None else "")
