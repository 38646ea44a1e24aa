"""What somebody has just recorded, told once on the next page: what was done, to whose and to what, with the way to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from django.http import HttpRequest

from yimai.domain.label import LabelIssued
from yimai.domain.recipe import Words
from yimai.interfaces.web.patient import Patient, patients
from yimai.interfaces.web.permitted import opens
from yimai.ledger.entry import Entry
from yimai.projections.register import PersonRow
from yimai.projections.words import NOUNS


@dataclass(frozen=True, slots=True)
class Thing:
    """What the record is about. linked: whether its reader finds something about it."""

    noun: str
    identifier: str
    linked: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """title: of the form that recorded it. kind, hash: of its first fact. item, copy: of the label that was issued."""

    title: Words
    kind: str
    hash: str
    patient: Patient | None
    things: tuple[Thing, ...]
    item: str
    copy: int


def kept(title: Words, entry: Entry) -> dict[str, Any]:
    """What a session keeps until the next page tells it: identifiers, and nobody's name."""
    label = entry.kind == LabelIssued.kind
    return {
        "title": [title.zh, title.en],
        "kind": entry.kind,
        "hash": entry.hash.hex(),
        "subjects": [link.subject for link in entry.links],
        "item": entry.data["item"] if label else "",
        "copy": entry.data["copy"] if label else 0,
    }


def told(request: HttpRequest, cursor: psycopg.Cursor[Any], who: PersonRow | None) -> Recorded | None:
    """What the session's person has just recorded, said once; a page that only follows the record says nothing of it."""
    session = getattr(request, "session", None)
    if session is None or who is None or "Yimai-Unattended" in request.headers:
        return None
    found: Mapping[str, Any] | None = session.pop("done", None)
    if found is None or "title" not in found:
        return None
    named = [each.partition("/") for each in found["subjects"]]
    things = [Thing(noun, identifier, opens(who, noun)) for noun, _, identifier in named if noun in NOUNS]
    things.sort(key=lambda each: each.noun != "treatment")
    treatment = next((each.identifier for each in things if each.noun == "treatment"), "")
    patient = patients(cursor, [treatment]).get(treatment) if treatment else None
    title = Words(*found["title"])
    return Recorded(title, found["kind"], found["hash"], patient, tuple(things), found["item"], found["copy"])
