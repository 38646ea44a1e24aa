"""What the ledger keeps: drafts before they are appended, entries afterwards, and what a writer has read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

NO_HASH = bytes(32)
"""What a subject's first entry names as the hash before it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something people may race for.

    kind, key: what is claimed, for example ``suite`` and a suite's identifier.
    move: ``take`` it, or ``free`` a claim that was taken with the same kind, key and range.
    starts, ends: half-open range [starts, ends) of aware datetimes, or both None for a claim without a range.
    """

    kind: str
    key: str
    move: Literal["take", "free"]
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact that is ready to be appended.

    kind: the fact's stored word and version, for example ``custody.container_handed_over.v1``.
    data: the fact's fields as JSON values; no floats (a quantity is a decimal string).
    subjects: what the fact is about, for example ``("treatment/T7K3…", "container/K9…")``; at least one, none twice.
    occurred: when it happened, aware, in the zone of the place where it happened.
    claims: what the fact takes or frees.
    """

    kind: str
    data: Mapping[str, Json]
    subjects: tuple[str, ...]
    occurred: datetime
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Deposit:
    """Contents for the vault, written in the same transaction as the facts that commit to them.

    person: whose key encrypts it (a treatment's COI identifier, or a member of staff's identifier).
    name: what it is, for example ``patient`` or ``printed_name``.
    contents: the plain bytes.
    salt: 32 random bytes that the commitment in the fact was made with.
    """

    person: str
    name: str
    contents: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """Who asks for something, from where, under which idempotency id.

    id: unique for this actor; a repeat is answered from the stored facts.
    actor, site: identifiers of the person (or system) and of the site.
    request: SHA-256 (32 bytes) of the request's canonical form; another body under the same id is refused.
    occurred: when it happened, aware, where that is not the moment of recording; None means now.
    zone: the site's UTC offset in minutes, used to write ``occurred`` when it is None.
    """

    id: str
    actor: str
    site: str
    request: bytes
    occurred: datetime | None = None
    zone: int = 480


@dataclass(frozen=True, slots=True)
class Link:
    """One subject's chain seen from an entry: the sequence number there (from 1), the hash of the entry before it."""

    subject: str
    sequence: int
    previous: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored entry, decoded from its canonical bytes.

    content: the exact canonical bytes; ``hash`` is the RFC 6962 leaf hash SHA-256(0x00 ‖ content).
    ordinal: the entry's place among those of its command, from 0.
    """

    content: bytes
    hash: bytes
    ledger: str
    kind: str
    data: Mapping[str, Json]
    links: tuple[Link, ...]
    claims: tuple[Claim, ...]
    actor: str
    site: str
    command: str
    ordinal: int
    request: bytes
    occurred: datetime
    recorded: datetime

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(link.subject for link in self.links)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a subject's chain; a subject without entries has sequence 0 and NO_HASH."""

    sequence: int = 0
    hash: bytes = NO_HASH


@dataclass(frozen=True, slots=True)
class Reading:
    """What a writer saw: for each subject its head and all its entries in order; ``now`` is the ledger's clock."""

    now: datetime
    heads: Mapping[str, Head]
    entries: Mapping[str, tuple[Entry, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The Merkle root (RFC 6962) over the ledger's first ``size`` sealed entries, at ``sealed`` time."""

    ledger: str
    size: int
    root: bytes
    sealed: datetime

    @classmethod
    def noted(cls, text: str) -> Checkpoint:
        """What somebody noted of a root as ``SIZE:ROOT``, the root in hexadecimal. Raises ValueError for anything else."""
        match = re.fullmatch(r"([1-9]\d{0,17}):([0-9a-f]{64})", re.sub(r"[\s,]", "", text).lower())
        if match is None:
            raise ValueError(text)
        return cls("", int(match[1]), bytes.fromhex(match[2]), datetime.min.replace(tzinfo=UTC))
