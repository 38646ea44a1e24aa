"""The home of a hospital's people: what is to be done for which patient, and with whom each of their patients waits.

It names patients, so no tablet keeps it for when the server is out of reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpRequest, HttpResponse

from yimai.domain import access
from yimai.domain.person import Role
from yimai.interfaces.web import page, window
from yimai.interfaces.web.patient import Patient, patients
from yimai.interfaces.web.to_do import ToDo, to_do
from yimai.projections import treatment_board, words, worklist
from yimai.projections.register import PersonRow
from yimai.projections.treatment_board import BoardRow

ROLES: Final[frozenset[Role]] = frozenset({"coordinator", "nurse", "physician"})
SHOWN: Final = 60
"""Tasks, and patients, on one page; what runs out first is among them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of the hospital's patients. steps: what comes next, the reader's own first, then what lies with others."""

    row: BoardRow
    steps: tuple[ToDo, ...]
    patient: Patient | None = None

    @property
    def pressing(self) -> str:
        return next((each.pressing for each in self.steps if each.pressing), "")


def hospital(request: HttpRequest, who: PersonRow, roles: tuple[Role, ...], role: str) -> HttpResponse:
    with window.reading(who) as cursor:
        now = page.now()
        wanted = worklist.of_hospital(cursor, who.site, now)
        tasks = to_do(wanted, replace(who, roles=roles), now, request.path)
        ready = [each for each in tasks if each.ready]
        pressing = [each for each in ready if each.pressing]
        calm = [each for each in ready if not each.pressing]
        waiting = [each for each in tasks if not each.ready and not each.with_whom]
        rows = list(_cases(treatment_board.rows_of(cursor, list(treatment_board.going_at(cursor, who.site))), tasks))
        shown = (*pressing, *calm[:SHOWN], *waiting[:SHOWN])
        known = patients(
            cursor, {*(each.task.treatment for each in shown), *(each.row.treatment for each in rows[:SHOWN])}
        )
        context = {
            "role": role,
            "watch": [f"site/{who.site}"],
            "roles": [(each, words.ROLES[each]) for each in who.roles] if len(who.roles) > 1 else [],
            "site": who.site,
            "revoked": treatment_board.revoked(cursor, who.site),
            "pressing": _named(pressing, known),
            "ready": _named(calm[:SHOWN], known),
            "more": max(0, len(calm) - SHOWN),
            "waiting": _named(waiting[:SHOWN], known),
            "orders": not set(access.roles_of("treatment.order")).isdisjoint(roles),
            "cases": [replace(each, patient=known.get(each.row.treatment)) for each in rows[:SHOWN]],
            "cases_more": max(0, len(rows) - SHOWN),
        }
        return page.show(request, cursor, "home_hospital", context)


def _cases(rows: Iterable[BoardRow], tasks: Iterable[ToDo]) -> Iterator[Case]:
    """Every patient whose treatment goes on; those whose clocks run out first at the head."""
    by_treatment = {row.treatment: row for row in rows}
    of: dict[str, list[ToDo]] = {}
    for each in tasks:
        of.setdefault(each.task.treatment, []).append(each)
    for treatment, found in of.items():
        if treatment in by_treatment:
            yield Case(by_treatment.pop(treatment), _next(found))
    for row in by_treatment.values():
        yield Case(row, ())


def _next(tasks: list[ToDo]) -> tuple[ToDo, ...]:
    """The first task that is the reader's, and the first that somebody else can do; where there is neither, what waits."""
    own = [each for each in tasks if each.ready][:1]
    others = [each for each in tasks if each.with_whom and not each.task.blocked][:1]
    return (*own, *others) or tuple(tasks[:1])


def _named(tasks: Iterable[ToDo], known: dict[str, Patient]) -> list[ToDo]:
    return [replace(each, patient=known.get(each.task.treatment)) for each in tasks]
