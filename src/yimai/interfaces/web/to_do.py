"""Tasks as pages show them: what to do, on what, until when; a link where the reader can do it, else with whom it lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.urls import reverse

from yimai.domain.identifier import noun_of
from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.interfaces.web.acts import FORMS
from yimai.interfaces.web.field import NOTHING
from yimai.interfaces.web.form import address
from yimai.interfaces.web.patient import Patient
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.recorded import Following
from yimai.interfaces.web.today import SOON
from yimai.projections.register import PersonRow
from yimai.projections.words import ROLES, VERB_TITLES
from yimai.projections.worklist_state import Task

SHOWN: Final = (
    "container",
    "shipment",
    "suite",
    "batch",
    "sample",
    "deviation",
    "excursion",
    "permit",
    "item",
    "collection",
)
"""Arguments of a task that tell one from another, in the order in which they are said."""
Pressing = Literal["over", "soon", ""]


@dataclass(frozen=True, slots=True)
class ToDo:
    """One task. address: of its form, "" where the reader cannot do it now. things: noun and identifier of what it is about.

    with_whom: the roles that do it, where the reader does not. patient: whose treatment it is, where the reader may know.
    where: in which room it is done, and who is at it.
    """

    task: Task
    title: Words
    things: tuple[tuple[str, str], ...]
    address: str
    others: tuple[tuple[Words, str], ...]
    pressing: Pressing
    remaining: timedelta | None
    with_whom: tuple[Role, ...]
    patient: Patient | None = None
    where: Words | None = None

    @property
    def ready(self) -> bool:
        return bool(self.address)


def to_do(tasks: Iterable[Task], who: PersonRow, now: datetime, back: str) -> tuple[ToDo, ...]:
    """The tasks as this reader sees them. back: the page to which the forms return."""
    return tuple(_shown(task, who, now, back) for task in tasks)


def urgency(remaining: timedelta | None) -> Pressing:
    """How a clock presses that runs out in this time."""
    if remaining is None:
        return ""
    return "over" if remaining <= timedelta(0) else "soon" if remaining <= SOON else ""


def does(task: Task, who: PersonRow) -> bool:
    """Whether the reader is one of those who do it."""
    mine = task.site in ("", who.site) and not set(task.roles).isdisjoint(who.roles)
    return mine and task.person in ("", who.person) and who.person not in task.without


def _shown(task: Task, who: PersonRow, now: datetime, back: str) -> ToDo:
    mine = does(task, who)
    ready = mine and not task.blocked and task.verb in FORMS
    remaining = task.due - now if task.due is not None else None
    pressing: Pressing = "" if task.optional else urgency(remaining)
    others = (
        [(VERB_TITLES[verb], _address(verb, task, back)) for verb in task.alternatives if verb in FORMS]
        if ready
        else []
    )
    return ToDo(
        task,
        VERB_TITLES[task.verb],
        tuple(
            (name if name != "item" else noun_of(value) or "container", value)
            for name in SHOWN
            if (value := task.arguments.get(name, ""))
        ),
        _address(task.verb, task, back) if ready else "",
        tuple(others),
        pressing,
        remaining,
        () if mine else task.roles,
    )


def _address(verb: str, task: Task, back: str) -> str:
    return address(verb, {**task.arguments, "next": back})


def following(tasks: Iterable[Task], who: PersonRow, now: datetime, back: str) -> Following | None:
    """What comes next of a treatment's tasks: the reader's own that can be done now, else the first of somebody else."""
    free = [
        each
        for each in tasks
        if not (each.blocked or each.optional or (each.counts is not None and now < each.counts)) and each.verb in FORMS
    ]
    if not free:
        return None
    task = next((each for each in free if does(each, who)), free[0])
    shown = _shown(task, who, now, back)
    return Following(shown.title, task.about or NOTHING, shown.address, shown.with_whom)


def beginnings(verbs: Iterable[str], who: PersonRow) -> list[tuple[Words, str]]:
    """What the reader may begin of his own accord, of no task: its title and the form's address."""
    return [
        (VERB_TITLES.get(verb, FORMS[verb].title), address(verb, {"next": reverse("home")}))
        for verb in verbs
        if verb in FORMS and permitted(who, verb)
    ]


def own_roles(who: PersonRow) -> list[tuple[str, Words]]:
    """The roles between whose homes somebody of several chooses; none for a person of one."""
    return [(each, ROLES[each]) for each in who.roles] if len(who.roles) > 1 else []
