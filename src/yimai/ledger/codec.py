"""Entries as canonical bytes and back, strictly: one entry has one form, and anything else is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from yimai.ledger import canonical
from yimai.ledger.entry import Claim, Command, Draft, Entry, Link
from yimai.ledger.ledger import BadDraft

IDENTIFIER = re.compile(r"[!-~]{1,200}")
"""Subjects, actors, sites, commands, kinds and claims: 1 to 200 visible ASCII characters."""

_HASH = re.compile(r"[0-9a-f]{64}")
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class LinkContent(msgspec.Struct, forbid_unknown_fields=True):
    previous: str
    sequence: int
    subject: str


class ClaimContent(msgspec.Struct, forbid_unknown_fields=True):
    ends: str | None
    key: str
    kind: str
    move: Literal["free", "take"]
    starts: str | None


class Content(msgspec.Struct, forbid_unknown_fields=True):
    """What an entry's canonical bytes hold, field by field, times and hashes still as text."""

    actor: str
    claims: list[ClaimContent]
    command: str
    data: dict[str, Any]
    kind: str
    ledger: str
    links: list[LinkContent]
    occurred: str
    ordinal: int
    recorded: str
    request: str
    site: str
    v: Literal[1]


_DECODER = msgspec.json.Decoder(Content)
_ENCODER = msgspec.json.Encoder(order="sorted")


def leaf_hash(content: bytes) -> bytes:
    """Return the RFC 6962 leaf hash SHA-256(0x00 ‖ content)."""
    return hashlib.sha256(b"\0" + content).digest()


def compose(
    draft: Draft, links: Sequence[Link], *, ledger: str, command: Command, ordinal: int, recorded: datetime
) -> Entry:
    """Return the entry that this draft becomes at the end of these chains. Raises BadDraft."""
    data = dict(draft.data)
    canonical.check(data, "data")
    content = _ENCODER.encode(
        Content(
            actor=_identifier("actor", command.actor),
            claims=[_claim_content(claim) for claim in draft.claims],
            command=_identifier("command", command.id),
            data=data,
            kind=_identifier("kind", draft.kind),
            ledger=ledger,
            links=[
                LinkContent(link.previous.hex(), link.sequence, _identifier("subject", link.subject)) for link in links
            ],
            occurred=local_text("occurred", draft.occurred),
            ordinal=ordinal,
            recorded=utc_text("recorded", recorded),
            request=_request_text(command.request),
            site=_identifier("site", command.site),
            v=1,
        )
    )
    return parse(content)


def parse(content: bytes) -> Entry:
    """Decode an entry from its canonical bytes. Raises ValueError (missing or unknown key, wrong type, no such time)."""
    return entry_of(read(content), content, leaf_hash(content))


def read(content: bytes) -> Content:
    """Decode the bytes without interpreting times and hashes. Raises ValueError."""
    return _DECODER.decode(content)


def entry_of(fields: Content, content: bytes, digest: bytes) -> Entry:
    """Interpret decoded fields. Raises ValueError."""
    return Entry(
        content=content,
        hash=digest,
        ledger=fields.ledger,
        kind=fields.kind,
        data=fields.data,
        links=tuple([Link(link.subject, link.sequence, bytes.fromhex(link.previous)) for link in fields.links]),
        claims=tuple([claim_of(claim) for claim in fields.claims]),
        actor=fields.actor,
        site=fields.site,
        command=fields.command,
        ordinal=fields.ordinal,
        request=bytes.fromhex(fields.request),
        occurred=datetime.fromisoformat(fields.occurred),
        recorded=datetime.fromisoformat(fields.recorded),
    )


def claim_of(claim: ClaimContent) -> Claim:
    """Interpret a decoded claim. Raises ValueError."""
    starts = datetime.fromisoformat(claim.starts) if claim.starts is not None else None
    ends = datetime.fromisoformat(claim.ends) if claim.ends is not None else None
    return Claim(claim.kind, claim.key, claim.move, starts, ends)


def fault(fields: Content, content: bytes) -> str | None:
    """Say what keeps decoded bytes from being in canonical form, or None if nothing does. Raises ValueError."""
    try:
        canonical.check(fields.data, "data")
    except BadDraft as problem:
        return str(problem)
    if _ENCODER.encode(fields) != content:
        return "the bytes are not in canonical form (RFC 8785)"
    if datetime.fromisoformat(fields.occurred).isoformat(timespec="microseconds") != fields.occurred:
        return f"occurred {fields.occurred} is not written as ISO 8601 with microseconds and offset"
    moments = [fields.recorded, *[m for claim in fields.claims for m in (claim.starts, claim.ends) if m is not None]]
    for moment in moments:
        datetime.fromisoformat(moment)
        if not _UTC.fullmatch(moment):
            return f"{moment} is not written as ISO 8601 in UTC with microseconds"
    if not _HASH.fullmatch(fields.request):
        return "request is not a SHA-256 in hexadecimal"
    return None


def utc_text(name: str, moment: datetime) -> str:
    """Write an aware time in UTC with microseconds and ``Z``. Raises BadDraft if it has no zone."""
    if moment.utcoffset() is None:
        raise BadDraft(f"{name}: {moment} has no time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def local_text(name: str, moment: datetime) -> str:
    """Write an aware time with microseconds and its own offset. Raises BadDraft if that is not in whole minutes."""
    offset = moment.utcoffset()
    if offset is None:
        raise BadDraft(f"{name}: {moment} has no time zone")
    if offset % timedelta(minutes=1):
        raise BadDraft(f"{name}: the offset of {moment} is not a whole number of minutes")
    return moment.isoformat(timespec="microseconds")


def _claim_content(claim: Claim) -> ClaimContent:
    what = f"claim {claim.kind} {claim.key}"
    if claim.move not in ("take", "free"):
        raise BadDraft(f"{what}: the move {claim.move!r} is neither take nor free")
    if (claim.starts is None) != (claim.ends is None):
        raise BadDraft(f"{what}: give both ends of the range, or neither")
    starts = ends = None
    if claim.starts is not None and claim.ends is not None:
        starts, ends = utc_text(what, claim.starts), utc_text(what, claim.ends)
        if claim.starts >= claim.ends:
            raise BadDraft(f"{what}: the range from {starts} to {ends} is empty")
    kind, key = _identifier("claim kind", claim.kind), _identifier("claim key", claim.key)
    return ClaimContent(ends, key, kind, claim.move, starts)


def _identifier(name: str, text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        raise BadDraft(f"{name}: {text!r} is not an identifier (1 to 200 visible ASCII characters)")
    return text


def _request_text(request: bytes) -> str:
    if len(request) != 32:
        raise BadDraft(f"request: a SHA-256 has 32 bytes, not {len(request)}")
    return request.hex()
