"""What the table of access says about the reader, for pages that offer a verb or lead to another page."""

from __future__ import annotations

from typing import cast

from yimai.domain import access
from yimai.domain.person import Person, Role
from yimai.projections.register import PersonRow


def permitted(who: PersonRow, row: str) -> bool:
    """Whether there is anything with which the reader may do this (a verb, or a ``read.…`` row)."""
    return access.ever(row, Person(who.person, who.site, cast(tuple[Role, ...], who.roles))) is None
