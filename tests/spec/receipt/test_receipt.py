"""Receipts: a number is published with the document by which anybody finds it again, and never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.spec.city import files, records, registered, row
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions.approval import approve_measure
from yimai.actions.decision import Answer, Done
from yimai.actions.plan import set_target
from yimai.actions.receipt import publish
from yimai.domain.annual_return import Sale
from yimai.domain.facts import decode
from yimai.domain.measure import Facts, Question
from yimai.domain.measure_definitions import DEFINITIONS, known_from
from yimai.domain.receipt import EvidenceShare, ReceiptPublished
from yimai.domain.receipt_document import Receipt, difference, measure, question_of, receipt_for
from yimai.domain.target import TargetSet, target_of
from yimai.ledger import merkle
from yimai.ledger.entry import Checkpoint

SCALE = "cell_industry_scale-1"
DAY, BEGINS = date(2026, 3, 2), date(2022, 1, 1)


def publishes(plant: SpecPlant, target: str = SCALE, day: date = DAY, **more: Any) -> Answer:
    return plant.asks(publish, "planner-01", "city-authority", target=target, day=day, **more)


def reads(plant: SpecPlant, target: str, *, measure: str, unit: str) -> None:
    """Let the goal be read by another measure as well."""
    said = target_of(tuple(decode(entry) for entry in plant.entries("target", SCALE))).said
    assert said is not None
    reading = replace(said, target=target, measure=measure, unit=unit, values=(5,), authority="")
    assert isinstance(plant.asks(set_target, "planner-01", "city-authority", target=reading), Done)
    plant.ledger.seal()


def facts_of(plant: SpecPlant) -> Facts:
    read = (known_from(position, entry) for position, entry in plant.ledger.sealed(0, 10**6))
    return Facts(each for each in read if each is not None)


def receipt(target: TargetSet, facts: Facts, sealed: Checkpoint) -> Receipt:
    measured = measure(question_of(target, DAY, BEGINS), facts)
    return receipt_for(target, BEGINS, DAY, measured, sealed)


@pytest.mark.requirement(
    "RCP-001", "A target's number is published from the ledger's own facts; an unknown one stays unknown."
)
def test_unknown_then_known(plant: SpecPlant) -> None:
    plant.ledger.seal()
    (unknown,) = then_facts(publishes(plant), ReceiptPublished)
    assert isinstance(unknown, ReceiptPublished)
    assert (unknown.value, unknown.status.outcome, unknown.count, unknown.shares) == (None, "unknown", 0, ())
    registered(plant)
    assert isinstance(files(plant), Done)
    sealed = plant.ledger.seal()
    assert sealed is not None
    (known,) = then_facts(publishes(plant), ReceiptPublished)
    assert isinstance(known, ReceiptPublished)
    assert (known.value, known.status.outcome, known.count, known.size) == (1000, "not_met", 1, sealed.size)
    again = then_refused(publishes(plant), "receipt.already_published")
    assert again.details["receipt"] == known.receipt


@pytest.mark.requirement(
    "RCP-010", "What is published says on all three axes how the target stood, and on what evidence the value rests."
)
def test_all_three_axes_are_published(memory_plant: SpecPlant) -> None:
    registered(memory_plant)
    assert isinstance(files(memory_plant), Done)
    assert isinstance(files(memory_plant, year=2023, audit="self_declared"), Done)
    memory_plant.ledger.seal()
    found = []
    for day in (date(2024, 12, 31), DAY, date(2023, 12, 31)):
        (known,) = then_facts(publishes(memory_plant, day=day), ReceiptPublished)
        assert isinstance(known, ReceiptPublished)
        found.append((known.value, known.status.provisional, known.status.evidence, known.shares))
    audited, declared = (EvidenceShare(each, 1000) for each in ("audited", "self_declared"))
    assert found == [
        (1000, True, "audited", (audited,)),
        (1000, False, "audited", (audited,)),
        (1000, True, "self_declared", (declared,)),
    ]


@pytest.mark.requirement(
    "RCP-009", "A number that counts patients is not published: the dashboard tells it, never of fewer than five."
)
def test_numbers_of_patients_are_not_published(memory_plant: SpecPlant) -> None:
    reads(memory_plant, "doses", measure="doses_released@1", unit="dose")
    then_refused(publishes(memory_plant, "doses"), "receipt.counts_patients")


@pytest.mark.requirement("RCP-011", "A number is published only by a definition that was approved, word for word.")
def test_a_definition_that_nobody_signed_publishes_nothing(
    memory_plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEFINITIONS, "firms@2", replace(DEFINITIONS["firms@1"], version=2))
    reads(memory_plant, "firms-2", measure="firms@2", unit="firm")
    then_refused(publishes(memory_plant, "firms-2"), "receipt.definition_not_approved")
    approved = memory_plant.asks(approve_measure, "planner-01", "city-authority", measure="firms@2")
    assert isinstance(approved, Done)
    then_facts(publishes(memory_plant, "firms-2"), ReceiptPublished)


@pytest.mark.requirement("RCP-002", "Whoever holds the first N facts computes the same receipt, byte for byte.")
def test_anybody_finds_it_again(plant: SpecPlant) -> None:
    registered(plant)
    assert isinstance(files(plant), Done)
    plant.ledger.seal()
    (known,) = then_facts(publishes(plant), ReceiptPublished)
    assert isinstance(known, ReceiptPublished)
    leaves = [entry.hash for _, entry in plant.ledger.sealed(0, known.size)]
    sealed = Checkpoint(plant.ledger.id, known.size, merkle.root(leaves), plant.clock())
    target = target_of(tuple(decode(entry) for entry in plant.entries("target", SCALE))).said
    assert target is not None
    found = receipt(target, facts_of(plant), sealed)
    assert (found.hash, found.contributions_root) == (known.receipt, known.contributions)


def test_net_of_sales_and_what_an_audit_outdoes(memory_plant: SpecPlant) -> None:
    registered(memory_plant)
    sold = (Sale("91310000MA1FL4GJ3A", 250),)
    assert isinstance(files(memory_plant, sales=sold), Done)
    assert isinstance(files(memory_plant, revenue=5000, audit="self_declared", document="cd" * 32), Done)
    memory_plant.ledger.seal()
    facts = facts_of(memory_plant)
    asked = {
        name: measure(Question(f"industry_{name}@1", date(2024, 12, 31)), facts)
        for name in ("revenue", "revenue_net", "value_added_net")
    }
    assert {name: found.value for name, found in asked.items()} == {
        "revenue": 900,
        "revenue_net": 650,
        "value_added_net": 400,
    }
    assert asked["revenue"].evidence == "audited"
    assert "outdone_by_audit" in {reason for _, reason in asked["revenue"].exclusions}


def test_the_difference_names_the_return_that_moved_the_number(memory_plant: SpecPlant) -> None:
    plant = memory_plant
    registered(plant)
    assert isinstance(files(plant), Done)
    target = target_of(tuple(decode(entry) for entry in plant.entries("target", SCALE))).said
    assert target is not None
    receipts = []
    for changes in ({"establishment": "plant-b", "organisation": "91310000MA1FL4GJ3A"}, {"gross_output": 1500}):
        sealed = plant.ledger.seal()
        assert sealed is not None
        receipts.append(receipt(target, facts_of(plant), sealed))
        assert isinstance(files(plant, **changes), Done)
    moved = difference(*receipts)
    assert [(each.before, each.after) for each in moved if each.after != "no_effect"] == [("", 1000)]


def test_a_facility_with_two_titles_is_one_facility_and_two_designations(memory_plant: SpecPlant) -> None:
    given = {"site": "lingang", "title_zh": "平台", "title_en": "Title", "since": "2024"}
    both = [
        row("designation", designation=f"d-{n}", type=kind, **given)
        for n, kind in enumerate(("platform", "key_laboratory"))
    ]
    assert isinstance(records(memory_plant, *both), Done)
    memory_plant.ledger.seal()
    facts = facts_of(memory_plant)
    values = {
        name: measure(Question(f"{name}@1", date(2025, 1, 1)), facts).value for name in ("facilities", "designations")
    }
    assert values == {"facilities": 1, "designations": 2}


@pytest.mark.requirement(
    "RCP-003", "Production is counted from its own facts: doses, patients, promises, hours from vein to vein."
)
def test_production(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("infused")
    product = row("product", authorisation="demo", recipe=str(memory_plant.recipe.id), title_zh="演示", title_en="Demo")
    assert isinstance(
        records(memory_plant, product, row("product_price", authorisation="demo", price=7, since="2025")), Done
    )
    memory_plant.ledger.seal()
    facts, until = facts_of(memory_plant), memory_plant.clock().date()
    names = ("doses_released", "patients_treated", "doses_listed_value", "slots_reserved")
    values = {name: measure(Question(f"{name}@1", until), facts).value for name in names}
    assert values == {"doses_released": 1, "patients_treated": 1, "doses_listed_value": 7, "slots_reserved": 1}
    hours = measure(Question("vein_to_vein@1", until), facts)
    assert hours.value is not None
    assert 24 < hours.value < 24 * 60
    assert [each.key for each in hours.contributions] == [f"treatment/{journey.treatment}"]
    assert measure(Question("capacity@1", until), facts).value == len(memory_plant.base.suites)
    assert measure(Question("on_time@1", until), facts).value in (0, 1_000_000)


@pytest.mark.requirement("RCP-004", "What has no measure, or no sealed facts, has no receipt.")
def test_what_is_refused(memory_plant: SpecPlant) -> None:
    memory_plant.ledger.seal()
    then_refused(publishes(memory_plant, "nothing"), "target.unknown")
    then_refused(publishes(memory_plant, "cell_top_talents-1"), "receipt.no_measure")
    then_refused(publishes(memory_plant, size=3), "receipt.not_sealed")
    answer = memory_plant.asks(publish, "qa-01", "lingang", target=SCALE, day=DAY)
    then_refused(answer, "person.not_of_role")
