"""The ledger in memory: same promises as the database's, for fast tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from yimai.ledger import chain
from yimai.ledger.claims import HeldClaims
from yimai.ledger.entry import Checkpoint, Command, Deposit, Draft, Entry, Head, Reading
from yimai.ledger.ledger import CommandReused, Conflict
from yimai.ledger.merkle import Frontier


class MemoryLedger:
    """A ledger that lives as long as the process; see ``ledger.Ledger`` for what it promises.

    clock, chance: its sources of time (aware) and of random bytes. deposits: what was given for the vault, in order.
    """

    def __init__(
        self,
        *,
        ledger_id: str,
        clock: Callable[[], datetime],
        chance: Callable[[int], bytes],
        simulated: bool = True,
    ) -> None:
        self.deposits: list[Deposit] = []
        self._id, self._simulated = ledger_id, simulated
        self._clock, self._chance = clock, chance
        self._lock = threading.RLock()
        self._chains: dict[str, list[Entry]] = {}
        self._commands: dict[tuple[str, str], tuple[Entry, ...]] = {}
        self._claims = HeldClaims()
        self._entries: list[Entry] = []
        self._frontier = Frontier()
        self._checkpoints: dict[int, Checkpoint] = {}
        self._keep((chain.opening(ledger_id, simulated=simulated, now=clock()),))

    @property
    def id(self) -> str:
        return self._id

    @property
    def simulated(self) -> bool:
        return self._simulated

    def answered(self, command: Command) -> tuple[Entry, ...] | None:
        with self._lock:
            stored = self._commands.get((command.actor, command.id))
        if stored is not None and stored[0].request != command.request:
            raise CommandReused(command)
        return stored

    def about(self, *subjects: str) -> Reading:
        with self._lock:
            entries = {subject: tuple(self._chains.get(subject, ())) for subject in subjects}
            return Reading(self._clock(), {subject: self._head(subject) for subject in subjects}, entries)

    def asked(self, command: Command, *subjects: str) -> tuple[tuple[Entry, ...] | None, Reading]:
        with self._lock:
            return self.answered(command), self.about(*subjects)

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        with self._lock:
            if (stored := self.answered(command)) is not None:
                return stored
            entries = chain.link(drafts, ledger=self._id, command=command, after=after)
            named = {subject: Head() for draft in drafts for subject in draft.subjects}
            for subject, head in sorted({**named, **after.heads}.items()):
                if self._head(subject) != head:
                    raise Conflict(subject)
            self._claims.apply_all(entries)
            self._keep(entries)
            self.deposits.extend(deposits)
            return entries

    def random(self, length: int) -> bytes:
        return self._chance(length)

    def seal(self) -> Checkpoint | None:
        with self._lock:
            unsealed = self._entries[self._frontier.size :]
            if not unsealed:
                return None
            for entry in unsealed:
                self._frontier.add(entry.hash)
            newest = Checkpoint(self._id, self._frontier.size, self._frontier.root(), self._clock())
            self._checkpoints[newest.size] = newest
            return newest

    def checkpoint(self, size: int | None = None) -> Checkpoint | None:
        with self._lock:
            return self._checkpoints.get(self._frontier.size if size is None else size)

    def sealed(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Entry]]:
        with self._lock:
            end = min(after + limit, self._frontier.size)
            return list(enumerate(self._entries[after:end], start=after + 1))

    def entries(self) -> Iterator[tuple[int | None, Entry]]:
        with self._lock:
            size, entries = self._frontier.size, list(self._entries)
        return ((index if index <= size else None, entry) for index, entry in enumerate(entries, start=1))

    def _head(self, subject: str) -> Head:
        entries = self._chains.get(subject)
        return Head(len(entries), entries[-1].hash) if entries else Head()

    def _keep(self, entries: tuple[Entry, ...]) -> None:
        self._commands[entries[0].actor, entries[0].command] = entries
        self._entries.extend(entries)
        for entry in entries:
            for subject in entry.subjects:
                self._chains.setdefault(subject, []).append(entry)
