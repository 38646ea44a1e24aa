"""What somebody has just recorded, told once on the next page: what was done, to whose and to what, with the way to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.http import HttpRequest

from yimai.domain.label import LabelIssued
from yimai.domain.recipe import Words
from yimai.interfaces.web.patient import Patient, patients
from yimai.interfaces.web.permitted import opens
from yimai.ledger.entry import Entry
from yimai.projections.register import PersonRow
from yimai.projections.words import NOUNS

NAMED: Final = ("treatment", "batch", "sample", "suite", "shipment", "deviation", "person")
"""What people know a record by, in the order in which it is said; the subjects of its fact follow."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What the record is about. linked: whether its reader finds something about it."""

    noun: str
    identifier: str
    linked: bool


@dataclass(frozen=True, slots=True)
class Following:
    """What is to be done next. address: of its form, "" where it lies with others: the roles with_whom."""

    title: Words
    about: Words
    address: str = ""
    with_whom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """title: of the form that recorded it. about: which step, test or label. kind, hash: of its first fact.

    item, copy: of the label that was issued.
    """

    title: Words
    about: tuple[Words, ...]
    kind: str
    hash: str
    patient: Patient | None
    things: tuple[Thing, ...]
    item: str
    copy: int
    following: Following | None


def kept(title: Words, about: Iterable[Words], entry: Entry, following: Following | None) -> dict[str, Any]:
    """What a session keeps until the next page tells it: identifiers, and nobody's name."""
    label = entry.kind == LabelIssued.kind
    named = [f"{noun}/{entry.data[noun]}" for noun in NAMED if entry.data.get(noun)]
    return {
        "title": _pair(title),
        "about": [_pair(each) for each in about],
        "kind": entry.kind,
        "hash": entry.hash.hex(),
        "subjects": list(dict.fromkeys([*named, *(link.subject for link in entry.links)])),
        "item": entry.data["item"] if label else "",
        "copy": entry.data["copy"] if label else 0,
        "following": (
            [_pair(following.title), _pair(following.about), following.address, list(following.with_whom)]
            if following is not None
            else []
        ),
    }


def _pair(words: Words) -> list[str]:
    return [words.zh, words.en]


def told(request: HttpRequest, cursor: psycopg.Cursor[Any], who: PersonRow | None) -> Recorded | None:
    """What the session's person has just recorded, said once; a page that only follows the record says nothing of it."""
    session = getattr(request, "session", None)
    if session is None or who is None or "Yimai-Unattended" in request.headers:
        return None
    found: Mapping[str, Any] | None = session.pop("done", None)
    if found is None or "following" not in found:  # a session may be older than this program
        return None
    named = [each.partition("/") for each in found["subjects"]]
    things = [Thing(noun, identifier, opens(who, noun)) for noun, _, identifier in named if noun in NOUNS]
    things.sort(key=lambda each: each.noun != "treatment")
    treatment = next((each.identifier for each in things if each.noun == "treatment"), "")
    patient = patients(cursor, [treatment]).get(treatment) if treatment else None
    about = tuple(Words(*each) for each in found["about"])
    return Recorded(
        Words(*found["title"]),
        about,
        found["kind"],
        found["hash"],
        patient,
        tuple(things),
        found["item"],
        found["copy"],
        _following(found["following"]),
    )


def _following(found: Sequence[Any]) -> Following | None:
    if not found:
        return None
    title, about, address, with_whom = found
    return Following(Words(*title), Words(*about), address, tuple(with_whom))
