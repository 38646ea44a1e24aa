"""Derives everything that a ledger claims about itself again, from its entries' bytes, and names the first thing wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from yimai.ledger import codec
from yimai.ledger.chain import OPENED
from yimai.ledger.claims import HeldClaims, Range
from yimai.ledger.codec import Content
from yimai.ledger.entry import NO_HASH, Checkpoint, Entry, Head
from yimai.ledger.ledger import ClaimNotHeld, ClaimTaken
from yimai.ledger.merkle import Frontier

Held = Mapping[tuple[str, str, Range | None], bytes]
"""Claims that are held (kind, key, range or None) with the hash of the entry that took each."""


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Kept(NamedTuple):
    """One entry as it is kept: its position (from 1; None if not sealed), arrival, canonical bytes and leaf hash."""

    position: int | None
    arrival: int
    content: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """All is as it should be: the ledger's id, the number of entries, and the root over the ``size`` sealed ones."""

    ledger: str
    entries: int
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class FirstProblem:
    """The first thing that is wrong.

    position, arrival: of the entry, where it is one entry that shows it. subject: the chain, claim or column concerned.
    what: a sentence; expected, found: as text.
    """

    position: int | None
    arrival: int | None
    subject: str | None
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = "ledger"
        if self.arrival is not None or self.position is not None:
            where = f"entry {self.position}" if self.position is not None else f"unsealed entry {self.arrival}"
        about = f", {self.subject}" if self.subject else ""
        return f"{where}{about}: {self.what} (expected {self.expected}, found {self.found})"


class _Wrong(Exception):
    def __init__(self, what: str, expected: object, found: object, subject: str | None = None) -> None:
        super().__init__(what)
        self.what, self.expected, self.found, self.subject = what, _text(expected), _text(found), subject


class Verification:
    """What the entries seen so far say. Feed it every entry in order of position, then those not sealed by arrival."""

    def __init__(self, checkpoints: Iterable[Checkpoint] = (), noted: Checkpoint | None = None) -> None:
        self.count = 0
        self.ledger = ""
        self.frontier = Frontier()
        self.claims = HeldClaims()
        self._checkpoints = {checkpoint.size: checkpoint for checkpoint in checkpoints}
        self._noted = noted
        self._heads: dict[str, tuple[int, bytes, str]] = {}
        self._commands: dict[tuple[str, str], tuple[int, str]] = {}
        self._last_arrival = 0

    def take(self, kept: Kept) -> FirstProblem | None:
        """Check the next entry; return what is wrong with it, or None."""
        position, arrival, content, stored_hash = kept
        try:
            if not content:
                raise _Wrong("the entry is missing", "an entry", None)
            digest = codec.leaf_hash(content)
            if digest != stored_hash:
                raise _Wrong("the hash is not that of the content", digest, stored_hash)
            try:
                fields = codec.read(content)
                fault = codec.fault(fields, content)
            except ValueError as error:
                raise _Wrong(f"the content is not an entry: {error}", "an entry", content[:60]) from None
            if fault:
                raise _Wrong(fault, "canonical form", content[:60])
            self._identity_and_command(fields)
            self._links(fields, digest)
            self._take_claims(fields, digest)
            self._place(position, arrival, digest)
        except _Wrong as wrong:
            return FirstProblem(position, arrival, wrong.subject, wrong.what, wrong.expected, wrong.found)
        self.count += 1
        return None

    def finish(self, heads: Mapping[str, Head] | None, claims: Held | None) -> Verified | FirstProblem:
        """Compare what is kept beside the entries with what they say; None: not kept."""
        try:
            self._finish(heads, claims)
        except _Wrong as wrong:
            return FirstProblem(None, None, wrong.subject, wrong.what, wrong.expected, wrong.found)
        return Verified(self.ledger, self.count, self.frontier.size, self.frontier.root())

    def _identity_and_command(self, fields: Content) -> None:
        if self.count == 0:
            self.ledger = fields.ledger
            if fields.kind != OPENED:
                raise _Wrong("the ledger does not begin with its opening", OPENED, fields.kind)
        elif fields.ledger != self.ledger:
            raise _Wrong("the entry belongs to another ledger", self.ledger, fields.ledger)
        elif fields.kind == OPENED:
            raise _Wrong("the ledger is opened a second time", "another kind", OPENED)
        command = (fields.actor, fields.command)
        ordinal, request = self._commands.get(command, (0, fields.request))
        if (fields.ordinal, fields.request) != (ordinal, request):
            what = f"the entry is not the next one of command {fields.command} of {fields.actor}"
            raise _Wrong(what, f"ordinal {ordinal} of request {request}", f"{fields.ordinal} of {fields.request}")
        self._commands[command] = (ordinal + 1, request)

    def _links(self, fields: Content, digest: bytes) -> None:
        if not fields.links:
            raise _Wrong("the entry has no subject", "at least one", 0)
        for link in fields.links:
            subject = link.subject
            sequence, previous, recorded = self._heads.get(subject, (0, NO_HASH, ""))
            if link.sequence != sequence + 1:
                raise _Wrong("the sequence number does not follow", sequence + 1, link.sequence, subject)
            if link.previous != previous.hex():
                raise _Wrong("the link is not to the entry before it", previous, link.previous, subject)
            if fields.recorded < recorded:  # both in one form, so text compares as time
                what = "recorded before the entry that it follows"
                raise _Wrong(what, f"at least {recorded}", fields.recorded, subject)
            self._heads[subject] = (link.sequence, digest, fields.recorded)

    def _take_claims(self, fields: Content, digest: bytes) -> None:
        for content in fields.claims:
            claim = codec.claim_of(content)
            subject = f"claim {claim.kind} {claim.key}"
            if (claim.starts is None) != (claim.ends is None) or (
                claim.starts is not None and claim.ends is not None and claim.starts >= claim.ends
            ):
                raise _Wrong("the claimed range is empty or open", "starts before it ends", content, subject)
            try:
                self.claims.apply(claim, digest)
            except ClaimTaken:
                raise _Wrong("the claim was already taken", "free", "taken", subject) from None
            except ClaimNotHeld:
                raise _Wrong("the claim that is freed was not held", "taken", "free", subject) from None

    def _place(self, position: int | None, arrival: int, digest: bytes) -> None:
        if position is None:
            if arrival <= self._last_arrival:
                raise _Wrong("the order of arrival is broken", f"after {self._last_arrival}", arrival)
            self._last_arrival = arrival
            return
        if position != self.frontier.size + 1:
            raise _Wrong("the positions have a gap", self.frontier.size + 1, position)
        self.frontier.add(digest)
        sealed = self._checkpoints.pop(position, None)
        if sealed is not None and sealed.root != (root := self.frontier.root()):
            raise _Wrong(f"the root of the seal of {position} entries is not theirs", root, sealed.root)
        if self._noted and self._noted.size == position and self._noted.root != (root := self.frontier.root()):
            raise _Wrong(f"the first {position} entries are not those whose root was noted", self._noted.root, root)

    def _finish(self, heads: Mapping[str, Head] | None, claims: Held | None) -> None:
        if self._noted and self._noted.size > self.frontier.size:
            raise _Wrong("sealed entries are missing since the root was noted", self._noted.size, self.frontier.size)
        if self._noted and self._noted.ledger not in ("", self.ledger):
            raise _Wrong("the noted root is another ledger's", self._noted.ledger, self.ledger)
        if self._checkpoints:
            size = min(self._checkpoints)
            raise _Wrong("a seal is not over the entries that have positions", self.frontier.size, size)
        if heads is not None:
            told = {subject: Head(sequence, digest) for subject, (sequence, digest, _) in self._heads.items()}
            _compare("head", told, {subject: head for subject, head in heads.items() if head != Head()})
        if claims is not None:
            _compare("claim", self.claims.held(), claims)


def verify(
    entries: Iterable[Kept],
    *,
    checkpoints: Iterable[Checkpoint] = (),
    heads: Mapping[str, Head] | None = None,
    claims: Held | None = None,
    noted: Checkpoint | None = None,
) -> Verified | FirstProblem:
    """Check entries, given in order of position and then of arrival, and what is kept beside them (None: not kept).

    noted: a size and root that were noted earlier, outside the ledger; with it also a cut tail and a rewritten history
    show. Its ledger may be empty text if it was not noted.
    """
    verification = Verification(checkpoints, noted)
    for kept in entries:
        if (problem := verification.take(kept)) is not None:
            return problem
    return verification.finish(heads, claims)


def kept(entries: Iterable[tuple[int | None, Entry]]) -> Iterable[Kept]:
    """Return what ``Ledger.entries`` iterates over in the form that ``verify`` takes."""
    return (Kept(position, at, entry.content, entry.hash) for at, (position, entry) in enumerate(entries, start=1))


def _compare(name: str, expected: Mapping[_Key, _Value], found: Mapping[_Key, _Value]) -> None:
    if expected == found:
        return
    for key in sorted(expected.keys() | found.keys(), key=str):
        if expected.get(key) != found.get(key):
            raise _Wrong(
                f"the stored {name} is not what the entries say", expected.get(key), found.get(key), _text(key)
            )


def _text(value: object) -> str:
    match value:
        case bytes():
            return value.hex()
        case Head():
            return f"sequence {value.sequence}, hash {value.hash.hex()}"
        case datetime():
            return value.isoformat()
        case tuple():
            return " ".join(_text(item) for item in value)
        case None:
            return "none"
        case _:
            return str(value)
