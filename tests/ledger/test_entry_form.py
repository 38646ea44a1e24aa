"""One entry has one form in bytes: what is stored is exactly this, and anything else is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from yimai.ledger import canonical, codec
from yimai.ledger.commitment import commitment
from yimai.ledger.entry import Claim, Command, Draft, Entry, Json, Link

RECORDED = datetime(2026, 3, 1, 2, 3, 4, 5, tzinfo=UTC)
GOLDEN = (
    b'{"actor":"person/P1","claims":[{"ends":"2026-03-02T04:00:00.000000Z","key":"A","kind":"suite","move":"take",'
    b'"starts":"2026-03-02T00:00:00.000000Z"}],"command":"c1","data":{"\\"":"\\u001f/\x7f","n":1,"z":"'
    + "交接".encode()
    + b'"},"kind":"custody.container_handed_over.v1","ledger":"L1","links":[{"previous":"'
    + b"00" * 32
    + b'","sequence":1,"subject":"container/C1"},{"previous":"'
    + b"01" * 32
    + b'","sequence":7,"subject":"treatment/T1"}],"occurred":"2026-03-01T09:30:00.000000+08:00","ordinal":2,'
    b'"recorded":"2026-03-01T02:03:04.000005Z","request":"' + b"02" * 32 + b'","site":"site/S1","v":1}'
)


def composed() -> Entry:
    occurred = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    starts = datetime(2026, 3, 2, 8, tzinfo=timezone(timedelta(hours=8)))
    claim = Claim("suite", "A", "take", starts, starts + timedelta(hours=4))
    data: dict[str, Json] = {"z": "交接", "n": 1, '"': "\x1f/\x7f"}
    draft = Draft("custody.container_handed_over.v1", data, ("container/C1", "treatment/T1"), occurred, (claim,))
    links = [Link("container/C1", 1, bytes(32)), Link("treatment/T1", 7, b"\1" * 32)]
    command = Command("c1", "person/P1", "site/S1", b"\2" * 32)
    return codec.compose(draft, links, ledger="L1", command=command, ordinal=2, recorded=RECORDED)


def test_the_golden_bytes() -> None:
    entry = composed()
    assert entry.content == GOLDEN
    assert entry.hash == hashlib.sha256(b"\0" + GOLDEN).digest()  # RFC 6962, section 2.1: the leaf's hash


def test_parsing_gives_back_what_was_composed() -> None:
    entry = codec.parse(GOLDEN)
    assert entry == composed()
    assert codec.fault(codec.read(GOLDEN), GOLDEN) is None
    assert entry.recorded == RECORDED
    assert entry.occurred.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "change",
    [
        lambda doc: doc.update(extra=1),
        lambda doc: doc.pop("site"),
        lambda doc: doc.pop("v"),
        lambda doc: doc.update(v=2),
        lambda doc: doc.update(ordinal="0"),
        lambda doc: doc.update(data=[]),
        lambda doc: doc["links"][0].update(more=1),
        lambda doc: doc["links"][0].pop("previous"),
        lambda doc: doc["claims"][0].update(move="keep"),
        lambda doc: doc["claims"][0].update(starts="soon"),
        lambda doc: doc.update(recorded="2026-02-30T00:00:00.000000Z"),
        lambda doc: doc.update(request="xyz"),
    ],
)
def test_missing_unknown_and_impossible_fields_are_refused(change: Callable[[dict[str, Any]], object]) -> None:
    doc = json.loads(GOLDEN)
    change(doc)
    with pytest.raises(ValueError, match=r"."):
        codec.parse(canonical.encode(doc))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"n":1', b'"n":1.0'),
        (b'"n":1', b'"n":9007199254740993'),
        (b'"n":1,', b'"n": 1,'),
        (b"\\u001f", b"\\u001F"),
        (b'"actor":"person/P1",', b'"actor":"x","actor":"person/P1",'),
        (b".000005Z", b".000005+00:00"),
        (b".000005Z", b".00000500Z"),
        (b"2026-03-01T02", b"2026-03-01 02"),
        (b"09:30:00.000000+08:00", b"09:30:00+08:00"),
        (b"09:30:00.000000+08:00", b"09:30:00.000000+0800"),
        (b"2026-03-02T04:00:00.000000Z", b"2026-03-02T12:00:00.000000+08:00"),
        (b"02" * 32, b"0A" * 32),
    ],
)
def test_another_way_to_write_the_same_is_a_fault(old: bytes, new: bytes) -> None:
    content = GOLDEN.replace(old, new)
    assert content != GOLDEN
    assert codec.fault(codec.read(content), content)


def test_a_commitment_binds_salt_and_contents() -> None:
    salt = bytes(range(32))
    assert commitment(salt, b"x") != commitment(salt, b"y") != commitment(bytes(32), b"x")
    assert len(commitment(salt, b"")) == 32
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        commitment(salt[:31], salt[31:] + b"x")
