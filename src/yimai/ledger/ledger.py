"""The ledger as its users see it: read what you need, decide, append after what you read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from yimai.ledger.entry import Checkpoint, Claim, Command, Deposit, Draft, Entry, Reading


class LedgerProblem(Exception):
    """Something the ledger refuses; nothing was written."""


class Conflict(LedgerProblem):
    """A subject that was read has moved since; read again and decide again."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} has changed since it was read")
        self.subject = subject


class ClaimTaken(LedgerProblem):
    """What the fact claims is already taken, or overlaps with a range that is."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"{claim.kind} {claim.key} is already taken")
        self.claim = claim


class ClaimNotHeld(LedgerProblem):
    """The fact frees a claim that nobody holds."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"{claim.kind} {claim.key} is not taken, so it cannot be freed")
        self.claim = claim


class CommandReused(LedgerProblem):
    """The same actor used this idempotency id for another request."""

    def __init__(self, command: Command) -> None:
        super().__init__(f"{command.actor} already used command id {command.id} for a different request")
        self.command = command


class BadDraft(LedgerProblem):
    """The draft cannot be stored: a float, a non-ASCII key, an integer of 2^53 or more, no subject, an empty range …"""


class Ledger(Protocol):
    """Append-only facts about subjects.

    Subjects that a draft names but ``after`` did not read are taken to be new.
    A reading share-locks every head that was read when it is appended after; only the drafts' own subjects advance.
    """

    @property
    def id(self) -> str:
        """The ledger's UUID; every entry names it."""

    @property
    def simulated(self) -> bool:
        """Whether the ledger's first entry says that its clock and people are simulated."""

    def answered(self, command: Command) -> tuple[Entry, ...] | None:
        """Return the entries that this command already wrote, or None. Raises CommandReused."""

    def about(self, *subjects: str) -> Reading:
        """Read the named subjects: heads, entries and the ledger's clock, as of one moment."""

    def asked(self, command: Command, *subjects: str) -> tuple[tuple[Entry, ...] | None, Reading]:
        """Return what ``answered`` and ``about`` return, in one round trip. Raises CommandReused."""

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        """Append all drafts or none, with their claims, deposits and projections, in one transaction.

        A command that was already answered with the same request returns its stored entries and writes nothing.
        Raises Conflict, ClaimTaken, ClaimNotHeld, CommandReused, BadDraft.
        """

    def random(self, length: int) -> bytes:
        """Return random bytes from the ledger's source, for identifiers and salts (seeded in a simulated ledger)."""

    def seal(self) -> Checkpoint | None:
        """Give positions, without gaps, to the committed entries that have none, and store the new root.

        Returns the new checkpoint, or None if there was nothing to seal."""

    def checkpoint(self, size: int | None = None) -> Checkpoint | None:
        """Return the newest stored checkpoint, or the one of exactly ``size`` entries (None if there is none)."""

    def sealed(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Entry]]:
        """Return up to ``limit`` sealed entries with positions (from 1) greater than ``after``, in order."""

    def entries(self) -> Iterator[tuple[int | None, Entry]]:
        """Iterate over every entry: sealed ones by position, then those not yet sealed (None) in order of arrival."""
