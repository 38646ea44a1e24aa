"""Checks every signature of the ledger again, from the entries alone: whose it is, over which record, by which key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from psycopg import Connection

from yimai.domain.signing import SignatureGiven, problem_of
from yimai.ledger.codec import parse
from yimai.ledger.entry import Entry
from yimai.ledger.verify import FirstProblem

_SIGNED: Final = """
SELECT e.arrival, l.position, e.content FROM ledger.entry AS e LEFT JOIN ledger.leaf AS l USING (arrival)
WHERE (e.actor, e.command) IN (SELECT s.actor, s.command FROM ledger.entry AS s WHERE s.kind = %s)
ORDER BY e.actor, e.command, e.ordinal
"""


def first_problem(connection: Connection[Any]) -> FirstProblem | None:
    """The first signature that does not hold, or None. Commands without evidence of signing are passed over."""
    for arrival, position, entries in _signed_commands(connection):
        if what := problem_of(entries):
            said = f"command {entries[0].command}"
            return FirstProblem(position, arrival, entries[0].subjects[0], what, "signatures that hold", said)
    return None


def _signed_commands(connection: Connection[Any]) -> Iterator[tuple[int, int | None, tuple[Entry, ...]]]:
    with connection.transaction(), connection.cursor("signed", binary=True) as cursor:
        cursor.execute(_SIGNED, (SignatureGiven.kind,))
        rows = ((arrival, position, parse(content)) for arrival, position, content in cursor)
        for _, command in groupby(rows, key=lambda row: (row[2].actor, row[2].command)):
            found = list(command)
            yield found[0][0], found[0][1], tuple(entry for _, _, entry in found)
