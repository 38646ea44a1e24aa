"""A stranger can verify a ledger from ``docs/ledger-format.md`` alone: the verifier printed there is run as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.architecture.sources import ROOT

from yimai.ledger.entry import Claim, Command, Draft, Entry
from yimai.ledger.memory import MemoryLedger

BEGAN = datetime(2026, 8, 3, tzinfo=UTC)
Row = tuple[int | None, bytes]
Verify = Callable[..., bytes]


@pytest.fixture(scope="module")
def verify() -> Verify:
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/ledger-format.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(compile(code[1], "docs/ledger-format.md", "exec"), names)  # noqa: S102 (it is our own page)
    verifier: Verify = names["verify"]
    return verifier


class Hours:
    """A clock that goes on by an hour whenever it is looked at."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


@pytest.fixture
def ledger() -> MemoryLedger:
    """Two treatments in one suite, one after the other, all sealed but the last entry."""
    ledger = MemoryLedger(ledger_id="6f1c2a9e-0b7d-4e55-9c3a-2d8f5e1b7a40", clock=Hours(), chance=bytes)
    for number, treatment in enumerate(["treatment/T1", "treatment/T2", "treatment/T1"]):
        starts = BEGAN + timedelta(days=number)
        window = Claim("suite", "R01", "take", starts, starts + timedelta(days=1))
        permit = Claim("permit_used", f"P{number}", "take")
        write(ledger, f"c{number}", treatment, "suite/R01", claims=(window, permit), facts=2)
    write(ledger, "free", "treatment/T1", claims=(Claim("permit_used", "P0", "free"),))
    ledger.seal()
    write(ledger, "later", "treatment/T2")
    return ledger


def write(ledger: MemoryLedger, id: str, *subjects: str, claims: tuple[Claim, ...] = (), facts: int = 1) -> None:
    draft = Draft("example.noted.v1", {"text": '第一批 "½"\t\u007f', "count": [1, None, True]}, subjects, BEGAN, claims)
    drafts = [draft, *[Draft("example.noted.v1", {}, subjects, BEGAN)] * (facts - 1)]
    ledger.append(
        drafts, command=Command(id, "P01", "lingang", sha256(id.encode()).digest()), after=ledger.about(*subjects)
    )


def rows(ledger: MemoryLedger) -> list[Row]:
    return [(position, entry.content) for position, entry in ledger.entries()]


def test_a_sound_ledger_is_found_sound_with_the_ledgers_own_root(verify: Verify, ledger: MemoryLedger) -> None:
    newest = ledger.checkpoint()
    assert newest is not None
    assert verify(rows(ledger), [(newest.size, newest.root)]) == newest.root


def changed(found: Sequence[Row], at: int, old: bytes, new: bytes) -> list[Row]:
    assert old in found[at][1]
    return [
        (position, content.replace(old, new, 1) if i == at else content) for i, (position, content) in enumerate(found)
    ]


TAMPERED: dict[str, Callable[[list[Row]], list[Row]]] = {
    "an edited fact": lambda found: changed(found, 1, b'"count":[1', b'"count":[2'),
    "a backdated fact": lambda found: changed(found, 3, b'"recorded":"2026-08-03', b'"recorded":"2026-08-01'),
    "bytes that are not canonical": lambda found: changed(found, 8, b'"data":{', b'"data": {'),
    "a missing fact": lambda found: [*found[:3], *found[4:]],
    "two facts in another order": lambda found: [found[0], (2, found[2][1]), (3, found[1][1]), *found[3:]],
    "a cut tail": lambda found: found[:6],
    "a position left out": lambda found: [(p + 1 if p and p > 4 else p, content) for p, content in found],
    "a command that lost a fact": lambda found: changed(found, 8, b'"ordinal":0', b'"ordinal":1'),
    "a second opening": lambda found: changed(found, 8, b"example.noted.v1", b"ledger.opened.v1"),
    "a claim freed twice": lambda found: changed(
        found,
        8,
        b'"claims":[]',
        b'"claims":[{"ends":null,"key":"P0","kind":"permit_used","move":"free","starts":null}]',
    ),
    "a claim on what is held": lambda found: changed(
        found,
        8,
        b'"claims":[]',
        b'"claims":[{"ends":null,"key":"P1","kind":"permit_used","move":"take","starts":null}]',
    ),
    "a window that overlaps another": lambda found: changed(
        found,
        8,
        b'"claims":[]',
        b'"claims":[{"ends":"2026-08-05T12:00:00.000000Z","key":"R01","kind":"suite","move":"take",'
        b'"starts":"2026-08-04T12:00:00.000000Z"}]',
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_ledger_is_found_out(verify: Verify, ledger: MemoryLedger, how: str) -> None:
    newest = ledger.checkpoint()
    assert newest is not None
    with pytest.raises(AssertionError):
        verify(TAMPERED[how](rows(ledger)), [(newest.size, newest.root)])


def test_the_page_names_exactly_the_keys_of_an_entry(ledger: MemoryLedger) -> None:
    import json

    text = (ROOT / "docs/ledger-format.md").read_text(encoding="utf-8")
    table = text[text.index("## An entry's bytes") : text.index("## Hash and chains")]
    first: Entry = next(iter(ledger.entries()))[1]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == sorted(json.loads(first.content))
