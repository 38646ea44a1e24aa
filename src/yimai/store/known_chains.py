"""What one process has read of the subjects' chains: since they only grow, only newer entries need be fetched."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection

from yimai.ledger.codec import parse
from yimai.ledger.entry import NO_HASH, Entry, Head
from yimai.ledger.ledger import LedgerProblem
from yimai.store.array_text import of_integers, of_texts

_KEEP_ENTRIES = 50_000

_NEWER: LiteralString = "SELECT NULL, a.* FROM ledger.about(%s::text[], %s::bigint[]) AS a"
_NEWER_AND_ANSWERED: LiteralString = """
SELECT ARRAY(SELECT content FROM ledger.entry WHERE actor = %s AND command = %s ORDER BY ordinal), a.*
FROM ledger.about(%s::text[], %s::bigint[]) AS a
"""

Chain = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The database's clock, each subject's head and entries, and the contents that a command has written."""

    now: datetime
    heads: dict[str, Head]
    chains: dict[str, Chain]
    answered: Sequence[bytes]


class KnownChains:
    """Each subject's entries as far as this process has read them, the least recently read dropped first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chains: OrderedDict[str, Chain] = OrderedDict()
        self._size = 0

    def read(
        self, connection: Connection[Any], subjects: Sequence[str], command: tuple[str, str] | None = None
    ) -> Read:
        """Return what the database holds on the subjects, as of one moment. command: the actor and id of one, or None.

        Raises LedgerProblem if a stored chain does not hold together.
        """
        with self._lock:
            known = {subject: self._chains.get(subject, ()) for subject in subjects}
        try:
            return self._read(connection, known, command)
        except LedgerProblem:  # the database may have been restored to an earlier state: trust nothing known
            self._forget(subjects)
            return self._read(connection, dict.fromkeys(subjects, ()), command)

    def _read(self, connection: Connection[Any], known: dict[str, Chain], command: tuple[str, str] | None) -> Read:
        arguments = (of_texts(known), of_integers(map(len, known.values())))
        if command is None:
            rows = connection.execute(_NEWER, arguments, binary=True).fetchall()
        else:
            rows = connection.execute(_NEWER_AND_ANSWERED, (*command, *arguments), binary=True).fetchall()
        read = Read(rows[0][1], {}, {}, rows[0][0] or ())
        for _, _, subject, sequence, digest, contents in rows:
            head = Head(sequence, digest) if sequence else Head()
            newer = [parse(content) for content in contents or ()]
            read.heads[subject] = head
            read.chains[subject] = _joined(subject, known[subject], newer, head)
            if newer:
                self._remember(subject, read.chains[subject])
        return read

    def _remember(self, subject: str, entries: Chain) -> None:
        with self._lock:
            self._size += len(entries) - len(self._chains.get(subject, ()))
            self._chains[subject] = entries
            self._chains.move_to_end(subject)
            while self._size > _KEEP_ENTRIES:
                self._size -= len(self._chains.popitem(last=False)[1])

    def _forget(self, subjects: Sequence[str]) -> None:
        with self._lock:
            for subject in subjects:
                self._size -= len(self._chains.pop(subject, ()))


def _joined(subject: str, known: Chain, newer: list[Entry], head: Head) -> Chain:
    before = known[-1].hash if known else NO_HASH
    for entry in newer:
        if not any(link.subject == subject and link.previous == before for link in entry.links):
            raise LedgerProblem(f"{subject}: an entry does not follow the one before it; verify the ledger")
        before = entry.hash
    if (len(known) + len(newer), before) != (head.sequence, head.hash):
        raise LedgerProblem(f"{subject}: the head is not its last entry; verify the ledger")
    return (*known, *newer) if newer else known
