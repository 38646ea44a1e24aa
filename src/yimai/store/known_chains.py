"""What one process has read of the subjects' chains: since they only grow, only newer entries need be fetched."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from yimai.ledger.codec import parse
from yimai.ledger.entry import NO_HASH, Entry, Head
from yimai.ledger.ledger import LedgerProblem
from yimai.store.array_text import of_integers, of_texts

_KEEP_ENTRIES = 50_000

_NEWER = "SELECT * FROM ledger.about(%s::text[], %s::bigint[])"

Chain = tuple[Entry, ...]


class KnownChains:
    """Each subject's entries as far as this process has read them, the least recently read dropped first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chains: OrderedDict[str, Chain] = OrderedDict()
        self._size = 0

    def read(
        self, connection: Connection[Any], subjects: Sequence[str]
    ) -> tuple[datetime, dict[str, Head], dict[str, Chain]]:
        """Return the database's clock and each subject's head and entries, all as of one moment.

        Raises LedgerProblem if a stored chain does not hold together.
        """
        with self._lock:
            known = {subject: self._chains.get(subject, ()) for subject in subjects}
        try:
            return self._read(connection, known)
        except LedgerProblem:  # the database may have been restored to an earlier state: trust nothing known
            self._forget(subjects)
            return self._read(connection, dict.fromkeys(subjects, ()))

    def _read(
        self, connection: Connection[Any], known: dict[str, Chain]
    ) -> tuple[datetime, dict[str, Head], dict[str, Chain]]:
        sequences = [len(entries) for entries in known.values()]
        rows = connection.execute(_NEWER, (of_texts(known), of_integers(sequences)), binary=True).fetchall()
        heads: dict[str, Head] = {}
        chains: dict[str, Chain] = {}
        for _, subject, sequence, digest, contents in rows:
            heads[subject] = Head(sequence, digest) if sequence else Head()
            newer = [parse(content) for content in contents or ()]
            chains[subject] = _joined(subject, known[subject], newer, heads[subject])
            if newer:
                self._remember(subject, chains[subject])
        return rows[0][0], heads, chains

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
