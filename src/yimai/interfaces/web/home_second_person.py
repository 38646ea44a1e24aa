"""The home of those who only check and countersign: what needs a second signature, where it is done and with whom.

A second person signs on the tablet of whoever works there, so each line leads to the record and no line to a form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from yimai.domain import access
from yimai.domain.recipe import Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.patient import patients
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.to_do import ToDo, own_roles, to_do
from yimai.projections import approval_board, treatment_board, worklist
from yimai.projections.register import PersonRow
from yimai.projections.worklist_state import Task

SECOND: Final = {
    verb: row.cells["second_person"] or frozenset()
    for (verb, capacity), row in access.ROWS.items()
    if capacity == "verifier"
}
"""On which side of a treatment the table of access lets a second person countersign each verb."""
IN_PROGRESS: Final = ("batch.complete_step", "collection.complete")
"""What somebody is in the middle of, and will want to sign soon."""
SHOWN: Final = 60


def second_person(request: HttpRequest, who: PersonRow, role: str) -> HttpResponse:
    """It may name patients at a hospital, so no tablet keeps it for when the server is out of reach."""
    with window.reading(who) as cursor:
        now = page.now()
        tasks = worklist.for_site(cursor, who.site, access.ROLES, now, most=10 * SHOWN)
        wanted = [each for each in tasks if countersigned(each, who) and not each.blocked]
        running = [each for each in wanted if each.verb in IN_PROGRESS]
        others = [each for each in wanted if each.verb not in IN_PROGRESS]
        shown = to_do((*running[:SHOWN], *others[:SHOWN]), who, now, request.path)
        lines = _led(shown, Situation(who, cursor, {}, now))
        context = {
            "role": role,
            "watch": [f"site/{who.site}"],
            "roles": own_roles(who),
            "site": who.site,
            "revoked": treatment_board.revoked(cursor, who.site),
            "rooms": True,
            "running": [each for each in lines if each.task.verb in IN_PROGRESS],
            "others": [each for each in lines if each.task.verb not in IN_PROGRESS],
            "more": max(0, len(running) - SHOWN) + max(0, len(others) - SHOWN),
        }
        return page.show(request, cursor, "home_second_person", context)


def countersigned(task: Task, who: PersonRow) -> bool:
    """Whether the task needs a second signature that this person may give."""
    if task.verb == "batch.complete_step" and "verifier_needed" not in task.arguments:
        return False
    return task.side in SECOND.get(task.verb, ()) and who.person not in task.people


def _rooms(situation: Situation) -> dict[str, Words]:
    """What the room is called in which each batch is, by the batch; and each suite's own title."""
    base = approval_board.base(situation.cursor, situation.who.site)
    titles = base.suite_titles if base is not None else {}
    inside = worklist.rooms(situation.cursor)
    return titles | {room.batch: titles[suite] for suite, room in inside.items() if room.batch and suite in titles}


def _led(shown: Iterable[ToDo], situation: Situation) -> list[ToDo]:
    """Each task with the record to look at, where it is done and who is at it."""
    found, rooms = list(shown), _rooms(situation)
    known = patients(situation.cursor, {each.task.treatment for each in found})
    lines = []
    for each in found:
        task = each.task
        batch = task.arguments.get("batch", "")
        room = rooms.get(task.arguments.get("suite", "") or batch)
        names = [situation.printed_name(person) or person for person in task.people]
        where = Words(
            *(
                " · ".join(part for part in (there, between.join(names)) if part)
                for there, between in zip(_called(room), ("、", ", "), strict=True)
            )
        )
        opened = task.verb.startswith("batch.")
        address = reverse("batch", args=[batch]) if opened else reverse("treatment", args=[task.treatment])
        lines.append(
            replace(
                each,
                address=address,
                others=(),
                where=where,
                patient=known.get(task.treatment),
                with_whom=() if names else task.roles,
            )
        )
    return lines


def _called(room: Words | None) -> tuple[str, str]:
    return (room.zh, room.en) if room is not None else ("", "")
