"""``yimai bench programme``: receipts of 20 sites over five years, in which 1,000,000 facts of production happened.

Measures read some 75,000 of those, which the ledger's index by kind picks out; the bench holds these as stored bytes and
measures what follows: the cold computation of every receipt, the whole dashboard from what is kept, and the dashboard
after a further fact. Every receipt computed either way must be the same bytes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from yimai.domain.collection import CollectionCompleted
from yimai.domain.disposition import ConditionallyReleased, Released
from yimai.domain.fact import Fact, Quantity, Signature, draft
from yimai.domain.infusion import InfusionStarted
from yimai.domain.measure import Question
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.receipt_document import receipt_of
from yimai.domain.sealed_facts import SealedFacts
from yimai.domain.slot import Itinerary, SlotReserved
from yimai.domain.suite import SuiteRegistered
from yimai.domain.treatment import TreatmentOrdered
from yimai.ledger.chain import link
from yimai.ledger.codec import parse
from yimai.ledger.entry import Checkpoint, Command, Entry, Head, Reading
from yimai.wiring.bench_report import Aim, Figure, show_table, writable

TREATMENTS: Final = 12_500
"""Of some 80 facts each: a million."""
EACH: Final = 80
QUICK: Final = 200
SITES: Final = 20
BEGINS: Final = datetime(2021, 1, 1, tzinfo=UTC)
LEDGER: Final = "bec00000-0000-4000-8000-000000000001"
UNTIL: Final = date(2025, 12, 31)
HOUR: Final = timedelta(hours=1)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code."""
    writable(json_file)
    number = QUICK if quick else TREATMENTS
    stored = [(position, entry.content) for position, entry in _stored(number)]
    cold = Figure("cold: every receipt from stored bytes", "s", Aim("value", 60, "most"))
    dashboard = Figure("dashboard from what is kept", "s", Aim("value", 1, "most"))
    after = Figure("dashboard after a further fact", "s", Aim("value", 1, "most"))
    speed = Figure("receipts", "1/s")
    same = True
    for _ in range(1 if quick else 3):
        kept = SealedFacts()
        before = _timed(cold, partial(_receipts, kept, stored[:-1]))
        _timed(dashboard, partial(_receipts, kept, stored[:-1]))
        speed.runs.append(len(before) / dashboard.runs[-1])
        grown = _timed(after, partial(_receipts, kept, stored))
        same = same and grown == _receipts(SealedFacts(), stored)
    figures = [cold, dashboard, after, speed]
    facts = {
        "treatments": number,
        "facts": number * EACH,
        "read": len(stored),
        "same bytes": same,
        "load": os.getloadavg(),
    }
    show_table(figures, Console(width=None if sys.stdout.isatty() else 130))
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if json_file is not None:
        content = {**facts, "figures": [each.as_json() for each in figures]}
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 0 if same else 1


def _timed(figure: Figure, work: Callable[[], list[bytes]]) -> list[bytes]:
    begun = time.perf_counter()
    made = work()
    figure.runs.append(time.perf_counter() - begun)
    return made


def _receipts(kept: SealedFacts, stored: list[tuple[int, bytes]]) -> list[bytes]:
    """The documents of every measure, over all the years and over the last one."""
    size = stored[-1][0]
    sealed = Checkpoint(LEDGER, size, size.to_bytes(32, "big"), BEGINS)

    def read(after: int, until: int) -> Iterator[tuple[int, Entry]]:
        return ((position, parse(content)) for position, content in stored if after < position <= until)

    facts = kept.until(sealed, read, lambda size: size.to_bytes(32, "big"))
    questions = [Question(name, UNTIL, first) for name in DEFINITIONS for first in (None, date(2025, 1, 1))]
    return [receipt_of(each, kept.measure(each, facts, LEDGER), sealed).document for each in questions]


def _stored(number: int) -> Iterator[tuple[int, Entry]]:
    """The facts that measures read, each at the position that it has among all."""
    position = 0
    step = timedelta(days=5 * 365 - 60) / number
    for suite in range(SITES * 10):
        position += 1
        yield position, _entry(position, SuiteRegistered(f"r{suite}", f"site-{suite % SITES}", "B"), BEGINS)
    for place in range(number):
        began = BEGINS + step * place
        for hours, fact in _treatment(place, began):
            position += EACH // 6
            yield position, _entry(position, fact, began + hours * HOUR)


def _treatment(place: int, began: datetime) -> Iterator[tuple[int, Fact]]:
    name, batch, bag = f"t{place}", f"b{place}", f"k{place}"
    signed = Signature("operator-01", "5e" * 32, "performed", began)
    plan = Itinerary(f"r{place % 200}", *(began + HOUR * 24 * day for day in (3, 4, 5, 6, 18, 25, 26, 28)))
    amount = Quantity(Decimal(1), "1")
    yield (
        0,
        TreatmentOrdered(
            name, "hospital-1", f"site-{place % SITES}", "cd19-cart", "lbcl", "routine", "5e" * 32, signed
        ),
    )
    yield 24, SlotReserved(name, plan, signed)
    yield 72, CollectionCompleted(name, f"c{place}", f"w{place}", bag, amount, amount, amount, signed, signed)
    yield 600, ConditionallyReleased(name, batch, signed)
    yield 640, Released(name, batch, signed)
    yield 660 + place % 40, InfusionStarted(name, f"p{place}", bag, signed, signed)


def _entry(position: int, fact: Fact, at: datetime) -> Entry:
    ready = draft(fact, at)
    reading = Reading(at, {each: Head() for each in ready.subjects}, {})
    return link(
        [ready], ledger=LEDGER, command=Command(f"c{position}", "operator-01", "site-1", bytes(32)), after=reading
    )[0]
