"""The home of a base's operators: what runs out first, then each suite with its batch and what comes next there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.http import HttpRequest, HttpResponse

from yimai.domain.recipe import Words
from yimai.interfaces.web import page
from yimai.interfaces.web.to_do import ToDo, beginnings, to_do
from yimai.projections import approval_board, treatment_board, worklist
from yimai.projections.register import PersonRow
from yimai.projections.worklist_state import Room

SHOWN: Final = 60
BEGINNINGS: Final = ("deviation.report", "equipment.take_out")


@dataclass(frozen=True, slots=True)
class RoomCard:
    """A suite with what is done in it. pressing: how many of its tasks stand on top, among those that run out."""

    suite: str
    title: Words
    room: Room
    tasks: tuple[ToDo, ...]
    pressing: int


def operator(request: HttpRequest, cursor: psycopg.Cursor[Any], who: PersonRow) -> HttpResponse:
    now = page.now()
    tasks = to_do(worklist.for_site(cursor, who.site, ("operator",), now, person=who.person), who, now, request.path)
    rooms = {suite: room for suite, room in sorted(worklist.rooms(cursor).items()) if room.base == who.site}
    base = approval_board.base(cursor, who.site)
    titles = base.suite_titles if base is not None else {}
    cards = tuple(room_cards(tasks, rooms, titles))
    inside = {id(each) for card in cards for each in card.tasks}
    elsewhere = [each for each in tasks if id(each) not in inside and not (each.ready and each.pressing)]
    context = {
        "watch": [f"site/{who.site}"],
        "site": who.site,
        "revoked": treatment_board.revoked(cursor, who.site),
        "pressing": [each for each in tasks if each.ready and each.pressing],
        "rooms": cards,
        "ready": [each for each in elsewhere if each.ready][:SHOWN],
        "more": max(0, sum(each.ready for each in elsewhere) - SHOWN),
        "waiting": [each for each in elsewhere if not each.ready][:SHOWN],
        "beginnings": beginnings(BEGINNINGS, who),
    }
    return page.show(request, cursor, "home_operator", context)


def room_cards(tasks: Iterable[ToDo], rooms: Mapping[str, Room], titles: Mapping[str, Words]) -> Iterator[RoomCard]:
    """The suites that hold a batch or wait for one, in the order in which their clocks run out; then those out of use."""
    of_batch = {room.batch: suite for suite, room in rooms.items() if room.batch}
    listed = list(tasks)
    places = [_place(each, of_batch) for each in listed]
    of_treatment = {each.task.treatment: suite for each, suite in zip(listed, places, strict=True) if suite}
    found: dict[str, list[ToDo]] = {}
    for each, place in zip(
        listed, places, strict=True
    ):  # a label to print, a tube to fill: where its treatment is made
        suite = place or of_treatment.get(each.task.treatment, "")
        if suite in rooms:
            found.setdefault(suite, []).append(each)
    quiet = [suite for suite, room in rooms.items() if suite not in found and (room.batch or room.out)]
    for suite in (*found, *quiet):
        own = found.get(suite, [])
        calm = tuple(each for each in own if not (each.ready and each.pressing))
        yield RoomCard(suite, titles.get(suite, Words(suite, suite)), rooms[suite], calm, len(own) - len(calm))


def _place(each: ToDo, of_batch: Mapping[str, str]) -> str:
    """The suite that a task names, or where its batch is; else ""."""
    about = each.task.arguments
    return about.get("suite", "") or of_batch.get(about.get("batch", ""), "")
