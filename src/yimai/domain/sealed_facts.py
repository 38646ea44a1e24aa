"""What measures read of a ledger's sealed entries. These never change, so what was read once is kept and only added to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from yimai.domain.fact import Fact
from yimai.domain.measure import Facts, Known, Measured, Question
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
        self._read: dict[str, tuple[Checkpoint, list[Known[Fact]]]] = {}
        self._facts: dict[tuple[str, bytes], Facts] = {}
        self._answers: dict[tuple[str, Question, bytes], Measured] = {}

    def until(self, sealed: Checkpoint, read: Read, root_at: RootAt) -> Facts:
        """The facts of the ledger's first ``sealed.size`` entries."""
        before, known = self._read.get(sealed.ledger, (None, []))
        if before is not None and root_at(before.size) != before.root:
            before, known = None, []  # another ledger of the same id: one that was restored, say
        after = before.size if before is not None else 0
        if before is None or after < sealed.size:
            more = (known_from(position, entry) for position, entry in read(after, sealed.size))
            known = [*known, *(each for each in more if each is not None)]
            self._read[sealed.ledger] = (sealed, known)
        kept = self._facts.get((sealed.ledger, sealed.root))
        if kept is None:
            kept = Facts(each for each in known if each.position <= sealed.size)
            self._facts = {(sealed.ledger, sealed.root): kept}
        return kept

    def measure(self, question: Question, facts: Facts, ledger: str) -> Measured:
        """The measure's answer; it moves only with the facts that the measure reads, of which the last tells all."""
        last = facts.last(DEFINITIONS[question.measure].kinds)
        key = (ledger, question, last)
        if key not in self._answers:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[key] = measure(question, facts)
        return self._answers[key]
