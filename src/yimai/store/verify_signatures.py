"""Checks every signature of the ledger again, from the entries alone: whose it is, over which record, by whose key."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from psycopg import Connection

from yimai.domain.person import PasskeyRegistered, PasskeyWithdrawn, fingerprint
from yimai.domain.signing import SignatureGiven, problem_of
from yimai.ledger.codec import parse
from yimai.ledger.entry import Entry
from yimai.ledger.verify import FirstProblem

_SIGNED: Final = """
SELECT e.arrival, l.position, e.content FROM ledger.entry AS e LEFT JOIN ledger.leaf AS l USING (arrival)
WHERE (e.actor, e.command) IN (SELECT s.actor, s.command FROM ledger.entry AS s WHERE s.kind = %s)
ORDER BY e.actor, e.command, e.ordinal
"""

_ABOUT_KEYS: Final = "SELECT arrival, content FROM ledger.entry WHERE kind IN (%s, %s) ORDER BY arrival"


@dataclass(frozen=True, slots=True)
class _Key:
    """A passkey. since, until: the arrivals of its registration and of its withdrawal, if it was withdrawn."""

    holder: str
    since: int
    until: int | None = None


def first_problem(connection: Connection[Any]) -> FirstProblem | None:
    """The first signature that does not hold, or None. Commands without evidence of signing are passed over."""
    keys = _registered_keys(connection)
    for arrival, position, entries in _signed_commands(connection):
        if what := problem_of(entries) or _foreign_key(entries, arrival, keys):
            said = f"command {entries[0].command}"
            return FirstProblem(position, arrival, entries[0].subjects[0], what, "signatures that hold", said)
    return None


def _registered_keys(connection: Connection[Any]) -> dict[str, _Key]:
    """Whose each registered passkey is, from when and until when, by its fingerprint."""
    kinds = (PasskeyRegistered.kind, PasskeyWithdrawn.kind)
    found: dict[str, _Key] = {}
    for arrival, content in connection.execute(_ABOUT_KEYS, kinds, binary=True).fetchall():
        entry = parse(content)
        data: Any = entry.data
        if entry.kind == PasskeyRegistered.kind:
            found.setdefault(fingerprint(b64decode(data["public_key"])), _Key(data["person"], arrival))
        elif (known := found.get(data["passkey"])) is not None and known.until is None:
            found[data["passkey"]] = replace(known, until=arrival)
    return found


def _foreign_key(entries: Sequence[Entry], arrival: int, keys: Mapping[str, _Key]) -> str:
    """Say whose passkey is not known to be his, before the command whose first entry arrived then, or not any more.

    "" if all are. The last that a passkey may sign is its own withdrawal.
    """
    for data in (entry.data for entry in entries if entry.kind == SignatureGiven.kind):
        given: Any = data
        if given["method"] == "passkey":
            key = keys.get(fingerprint(b64decode(given["public_key"])), _Key("", 0))
            if key.holder != given["signer"] or key.since >= arrival:
                return f"the passkey of {given['signer']} was not registered as theirs before"
            if key.until is not None and key.until < arrival:
                return f"the passkey of {given['signer']} had been withdrawn before"
    return ""


def _signed_commands(connection: Connection[Any]) -> Iterator[tuple[int, int | None, tuple[Entry, ...]]]:
    with connection.transaction(), connection.cursor("signed", binary=True) as cursor:
        cursor.execute(_SIGNED, (SignatureGiven.kind,))
        rows = ((arrival, position, parse(content)) for arrival, position, content in cursor)
        for _, command in groupby(rows, key=lambda row: (row[2].actor, row[2].command)):
            found = list(command)
            yield found[0][0], found[0][1], tuple(entry for _, _, entry in found)
