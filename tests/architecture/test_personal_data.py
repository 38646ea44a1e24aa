"""Whatever somebody scans or types, nothing that could be a person's name, number or history gets into a fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from tests.architecture.fact_instances import example

from yimai.actions.decision import Done, Seen, decide
from yimai.domain.fact import Fact, draft
from yimai.domain.identifier import mint
from yimai.domain.label import NOT_THIS_PATIENTS
from yimai.domain.person import PersonRegistered
from yimai.domain.refusal import Refusal
from yimai.domain.treatment import TreatmentHeld, TreatmentOrdered
from yimai.ledger.entry import Command, Entry
from yimai.ledger.memory import MemoryLedger

NOW = datetime(2026, 8, 3, 1, 30, tzinfo=UTC)
COI = mint("treatment", b"treat")
SOMEBODY = ["张三 1980-01-01", "ZHANG-SAN", "13800138000", "MRN0012345", "https://example.org/?p=zhangsan"]


@pytest.fixture
def ledger() -> MemoryLedger:
    """A ledger with one order, and P01 who works on it."""
    ledger = MemoryLedger(ledger_id="6f1c2a9e-0b7d-4e55-9c3a-2d8f5e1b7a40", clock=lambda: NOW, chance=bytes)
    ordered = example(TreatmentOrdered)
    assert isinstance(ordered, TreatmentOrdered)
    facts = (
        replace(ordered, treatment=COI, base="lingang"),
        PersonRegistered("P01", "lingang", ("operator", "qa"), ""),
    )
    drafts = [draft(each, NOW) for each in facts]
    read = ledger.about(*(name for each in drafts for name in each.subjects))
    ledger.append(drafts, command=command("order"), after=read)
    return ledger


def command(id: str) -> Command:
    return Command(id, "P01", "lingang", sha256(id.encode()).digest())


def newest(ledger: MemoryLedger) -> Entry:
    return [entry for _, entry in ledger.entries()][-1]


@pytest.mark.parametrize("scanned", SOMEBODY)
def test_what_was_scanned_from_a_strangers_wristband_is_not_written_down(ledger: MemoryLedger, scanned: str) -> None:
    def rule(seen: Seen) -> Refusal:
        return NOT_THIS_PATIENTS(presented=scanned, treatment=COI)

    answer = decide(ledger, command("scan"), (), rule, verb="custody.store", treatment=COI)
    assert isinstance(answer, Refusal)
    assert newest(ledger).kind == "identity.match_refused.v1"
    assert scanned.encode() not in newest(ledger).content


def test_another_patients_item_is_written_down_by_its_identifier(ledger: MemoryLedger) -> None:
    bag = mint("container", b"other")

    def rule(seen: Seen) -> Refusal:
        return NOT_THIS_PATIENTS(presented=bag, treatment=COI)

    decide(ledger, command("scan"), (), rule, verb="custody.store", treatment=COI)
    assert newest(ledger).data["details"] == {"presented": bag, "treatment": COI}


@pytest.mark.parametrize("reason", SOMEBODY)
def test_a_reason_in_free_text_is_refused(ledger: MemoryLedger, reason: str) -> None:
    held = example(TreatmentHeld)
    assert isinstance(held, TreatmentHeld)

    def rule(seen: Seen) -> tuple[Fact, ...]:
        return (TreatmentHeld(COI, reason, held.held),)

    answer = decide(ledger, command("hold"), (), rule, verb="treatment.hold", treatment=COI)
    assert not isinstance(answer, Done)
    assert answer.code == "reason.unknown"
