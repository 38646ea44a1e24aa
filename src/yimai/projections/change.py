"""What a projection does with one entry: statements with their values, which all projections send as one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple

import psycopg


class Change(NamedTuple):
    """One INSERT, UPDATE or DELETE without a WITH of its own. values: for its ``%s``, in order."""

    statement: LiteralString
    values: tuple[Any, ...]


def send(cursor: psycopg.Cursor[Any], changes: Iterable[Change]) -> None:
    """Make the changes in one statement. No two may touch the same row: none sees what another does."""
    made = tuple(changes)
    if made:
        values = [value for change in made for value in change.values]
        cursor.execute(_together(tuple(change.statement for change in made)), values)


@lru_cache(maxsize=1024)
def _together(statements: tuple[LiteralString, ...]) -> bytes:
    *others, last = statements
    named = ", ".join(f"change_{place} AS ({statement})" for place, statement in enumerate(others))
    return (f"WITH {named} {last}" if named else last).encode()
