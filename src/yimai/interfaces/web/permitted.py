"""What the table of access says about the reader, for pages that offer a verb or lead to another page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from yimai.domain import access
from yimai.domain.person import Person, Role
from yimai.projections.register import PersonRow

NOUNS: Final[Mapping[str, str]] = {
    "treatment": "read.shipment",
    "collection": "read.treatment",
    "container": "read.shipment",
    "shipment": "read.shipment",
    "excursion": "read.shipment",
    "batch": "read.facts",
    "sample": "read.treatment",
    "deviation": "read.treatment",
    "permit": "read.treatment",
    "item": "read.treatment",
    "suite": "read.suites",
    "timetable": "read.timetable",
    "equipment": "read.equipment",
    "material_lot": "read.material_lots",
    "person": "read.people",
    "site": "read.sites",
    "recipe": "read.catalogue",
    "base": "read.catalogue",
    "programme": "read.programme",
    "plan": "read.programme",
    "goal": "read.programme",
    "target": "read.programme",
    "source": "read.programme",
    "event": "read.programme",
    "organisation": "read.programme",
    "cluster": "read.programme",
    "designation": "read.programme",
    "authorisation": "read.programme",
    "annual_return": "read.programme",
    "receipt": "read.programme",
    "register": "read.programme",
    "ledger": "read.ledger",
}
"""The row of the table of access under which everything about a thing of this noun is read."""


def permitted(who: PersonRow, row: str) -> bool:
    """Whether there is anything with which the reader may do this (a verb, or a ``read.…`` row)."""
    return access.ever(row, Person(who.person, who.site, cast(tuple[Role, ...], who.roles))) is None


def opens(who: PersonRow, noun: str) -> bool:
    """Whether the reader may read about some things of this noun, so that a link to them leads somewhere."""
    return noun in NOUNS and permitted(who, NOUNS[noun])
