"""What measures read of a ledger's sealed entries. These never change, so what was read once is kept and only added to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final

from yimai.domain.measure import Facts, Measured, Question
from yimai.domain.measure_definitions import DEFINITIONS, known_from
from yimai.domain.receipt_document import measure
from yimai.ledger.entry import Checkpoint, Entry

Read = Callable[[int, int], Iterable[tuple[int, Entry]]]
"""The entries after one position up to another, in order; those that no measure reads may be left out."""
RootAt = Callable[[int], bytes | None]
"""The root over that many entries, or None where none was sealed."""
MOST_ANSWERS: Final = 4096


class SealedFacts:
    """The facts of ledgers, by their id, with the answers already found in them."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Checkpoint, Facts]] = {}
        self._answers: dict[tuple[str, Question, bytes], Measured] = {}
        self._reading = Lock()

    def until(self, sealed: Checkpoint, read: Read, root_at: RootAt) -> Facts:
        """The facts of the ledger's first ``sealed.size`` entries."""
        with self._reading:
            before, known = self._read.get(sealed.ledger, (None, Facts()))
            if before is not None and root_at(before.size) != before.root:
                before, known = None, Facts()  # another ledger of the same id: one that was restored, say
            after = before.size if before is not None else 0
            if before is None or after < sealed.size:
                self._read.pop(sealed.ledger, None)  # half of it read is nothing read
                for position, entry in read(after, sealed.size):
                    if (each := known_from(position, entry)) is not None:
                        known.add(each)
                self._read[sealed.ledger] = (sealed, known)
        return known.first(sealed.size)

    def measure(self, question: Question, facts: Facts, ledger: str) -> Measured:
        """The measure's answer; it moves only with the facts that the measure reads, of which the last tells all."""
        last = facts.last(DEFINITIONS[question.measure].kinds)
        key = (ledger, question, last)
        if key not in self._answers:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[key] = measure(question, facts)
        return self._answers[key]
