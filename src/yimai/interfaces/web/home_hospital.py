"""The home of a hospital's people: what is to be done for which patient, and with whom each of their patients waits.

It names patients, so no tablet keeps it for when the server is out of reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from django.http import HttpRequest, HttpResponse

from yimai.domain import access
from yimai.domain.person import Role
from yimai.interfaces.web import page, window
from yimai.interfaces.web.patient import Patient, patients
from yimai.interfaces.web.to_do import ToDo, does, own_roles, to_do
from yimai.projections import progress_board, treatment_board, worklist
from yimai.projections.progress_board import Promise
from yimai.projections.register import PersonRow
from yimai.projections.treatment_board import BoardRow
from yimai.projections.worklist_state import Task

ROLES: Final[frozenset[Role]] = frozenset({"coordinator", "nurse", "physician"})
SHOWN: Final = 60
"""Tasks, and patients, on one page; what runs out first is among them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of the hospital's patients. promise: of the infusion. steps: what comes next, the reader's own first, then what lies with others."""

    row: BoardRow
    steps: tuple[ToDo, ...]
    promise: Promise | None = None
    patient: Patient | None = None

    @property
    def pressing(self) -> str:
        return next((each.pressing for each in self.steps if each.pressing), "")


def hospital(request: HttpRequest, who: PersonRow, roles: tuple[Role, ...], role: str) -> HttpResponse:
    with window.reading(who) as cursor:
        now, reader = page.now(), replace(who, roles=roles)
        wanted = worklist.of_hospital(cursor, who.site, now)
        own = [each for each in wanted if does(each, reader)]
        free = [each for each in own if not each.blocked]  # those whose clocks run out first at the head
        ready = to_do(free[:SHOWN], reader, now, request.path)
        waiting = to_do([each for each in own if each.blocked][:SHOWN], reader, now, request.path)
        going = treatment_board.rows_of(cursor, list(treatment_board.going_at(cursor, who.site)))
        cases = [
            Case(row, to_do(steps, reader, now, request.path))
            for row, steps in islice(_next(going, wanted, reader), SHOWN)
        ]
        promised = progress_board.promises(cursor, [each.row.treatment for each in cases])
        known = patients(
            cursor,
            {*(each.task.treatment for each in (*ready, *waiting)), *(each.row.treatment for each in cases)},
        )
        context = {
            "role": role,
            "watch": [f"site/{who.site}"],
            "roles": own_roles(who),
            "site": who.site,
            "revoked": treatment_board.revoked(cursor, who.site),
            "pressing": _named((each for each in ready if each.pressing), known),
            "ready": _named((each for each in ready if not each.pressing), known),
            "more": max(0, len(free) - SHOWN),
            "waiting": _named(waiting, known),
            "orders": not set(access.roles_of("treatment.order")).isdisjoint(roles),
            "cases": [
                replace(each, patient=known.get(each.row.treatment), promise=promised.get(each.row.treatment))
                for each in cases
            ],
            "cases_more": max(0, len(going) - SHOWN),
        }
        return page.show(request, cursor, "home_hospital", context)


def _next(
    rows: Iterable[BoardRow], tasks: Iterable[Task], reader: PersonRow
) -> Iterator[tuple[BoardRow, tuple[Task, ...]]]:
    """Every patient whose treatment goes on, those whose clocks run out first at the head, with what comes next.

    That is the first task which is the reader's, and the first that somebody else can do; where there is neither, what waits.
    """
    by_treatment = {row.treatment: row for row in rows}
    of: dict[str, list[Task]] = {}
    for each in tasks:
        of.setdefault(each.treatment, []).append(each)
    for treatment, found in of.items():
        if treatment in by_treatment:
            free = [each for each in found if not each.blocked]
            own = [each for each in free if does(each, reader)][:1]
            others = [each for each in free if not does(each, reader)][:1]
            yield by_treatment.pop(treatment), (*own, *others) or tuple(found[:1])
    for row in by_treatment.values():
        yield row, ()


def _named(tasks: Iterable[ToDo], known: dict[str, Patient]) -> list[ToDo]:
    return [replace(each, patient=known.get(each.task.treatment)) for each in tasks]
