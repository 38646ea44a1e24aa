"""What the latest decisions on a treatment asked for beyond what was read for them, so that the next reads it at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

SUBJECTS: Final = 6
TREATMENTS: Final = 4096


class ReadAhead:
    """A guess, never a fact: what is read ahead is as fresh as the rest, and counts only once a rule asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()

    def likely(self, ledger: str, treatment: str) -> tuple[str, ...]:
        """The subjects that a decision on the treatment will probably ask for, the latest first."""
        return self._asked.get((ledger, treatment), ())

    def learn(self, ledger: str, treatment: str, asked: Iterable[str]) -> None:
        """A decision on the treatment has asked for these subjects."""
        key = ledger, treatment
        latest = tuple(dict.fromkeys((*asked, *self.likely(ledger, treatment))))[:SUBJECTS]
        if not treatment or latest == self.likely(ledger, treatment):
            return
        with self._lock:
            self._asked[key] = latest
            self._asked.move_to_end(key)
            while len(self._asked) > TREATMENTS:
                self._asked.popitem(last=False)
