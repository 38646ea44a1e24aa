"""Recipes, bases and programmes: approving a version is a signed fact that holds its content."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, founding, then_facts, then_refused

from yimai.actions import approval, material_lot, site
from yimai.actions.decision import Answer
from yimai.domain.approval import BaseApproved, MeasureApproved, ProgrammeApproved, RecipeApproved, recipe_of
from yimai.domain.content_change import changes
from yimai.domain.equipment import EquipmentCalibrated, EquipmentRegistered
from yimai.domain.fact import Quantity
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.ledger.canonical import encode

QUALIFIED_PERSON = "qualified-person-01"


def changed(content: Any, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(dict(content)), **changes}


def approve(plant: SpecPlant, content: Any, by: str = QUALIFIED_PERSON) -> Answer:
    return plant.asks(approval.approve_recipe, by, "lingang", content=content)


@pytest.mark.requirement("APP-001", "A version is approved once; other content needs another version.")
def test_a_version_stands(plant: SpecPlant) -> None:
    recipe = founding().recipe
    then_refused(approve(plant, recipe), "approval.already_approved")
    reworded = changed(recipe, title={"zh": "改", "en": "Changed"})
    then_refused(approve(plant, reworded), "approval.same_version")
    then_facts(approve(plant, changed(reworded, version="2")), RecipeApproved)
    entries = plant.entries("recipe", "cd19-cart")
    assert recipe_of(entries).title.en == "Changed"
    assert recipe_of(entries, "1").title.en == "Autologous CD19 CAR-T cells"


@pytest.mark.requirement("APP-002", "A qualified person approves recipes and bases, a planner programmes.")
def test_who_approves(memory_plant: SpecPlant) -> None:
    files = founding()
    then_refused(approve(memory_plant, changed(files.recipe, version="2"), "qa-01"), "person.not_of_role")
    base = changed(files.base, version="2")
    then_refused(memory_plant.asks(approval.approve_base, "qa-01", "lingang", content=base), "person.not_of_role")
    programme = changed(files.programme, version="2")
    acts = memory_plant.asks
    then_refused(acts(approval.approve_programme, QUALIFIED_PERSON, "lingang", content=programme), "person.not_of_role")
    then_facts(acts(approval.approve_programme, "planner-01", "city-authority", content=programme), ProgrammeApproved)


@pytest.mark.requirement(
    "APP-003", "A batch keeps the version on which it was opened; a new one serves the next batch."
)
def test_a_batch_pins_its_version(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("opened")
    approve(memory_plant, changed(founding().recipe, version="2"))
    assert journey.vein.batches.by_id[journey.batch].recipe_version == "1"
    journey.reach("manufactured")
    later = memory_plant.treatment("opened")
    assert later.vein.batches.by_id[later.batch].recipe_version == "2"


@pytest.mark.requirement("APP-004", "A base's new version registers what is new and leaves what is known as it is.")
def test_a_bases_new_version(memory_plant: SpecPlant) -> None:
    piece = {"id": "washer-99", "class": "cell_washer", "calibrated": {"from": "2026-01-01", "until": "2027-01-01"}}
    base = changed(founding().base, version="2")
    base["equipment"].append(piece)
    approved = memory_plant.asks(approval.approve_base, QUALIFIED_PERSON, "lingang", content=base)
    then_facts(approved, BaseApproved, EquipmentRegistered, EquipmentCalibrated)


@pytest.mark.requirement(
    "APP-010", "A planner approves the definition of a measure once, as this version of the program holds it."
)
def test_a_measures_definition(memory_plant: SpecPlant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEFINITIONS, "firms@2", replace(DEFINITIONS["firms@1"], version=2))

    def approves(measure: str, by: str = "planner-01", site: str = "city-authority") -> Answer:
        return memory_plant.asks(approval.approve_measure, by, site, measure=measure)

    then_refused(approves("firms@1"), "approval.already_approved")
    then_refused(approves("firms@7"), "approval.measure_unknown")
    then_refused(approves("firms@2", QUALIFIED_PERSON, "lingang"), "person.not_of_role")
    (approved,) = then_facts(approves("firms@2"), MeasureApproved)
    assert isinstance(approved, MeasureApproved)
    assert approved.definition == sha256(encode(dict(approved.content))).hexdigest() == DEFINITIONS["firms@2"].hash
    monkeypatch.setitem(DEFINITIONS, "firms@2", replace(DEFINITIONS["firms@2"], evidence="audited"))
    then_refused(approves("firms@2"), "approval.same_version")


@pytest.mark.requirement("APP-005", "Content that is no recipe is not approved; the place that does not fit is named.")
def test_what_is_no_recipe(memory_plant: SpecPlant) -> None:
    broken = changed(founding().recipe, version="2")
    del broken["operations"]
    before = len(list(memory_plant.ledger.entries()))
    refusal = then_refused(approve(memory_plant, broken), "approval.unreadable")
    assert "operations is missing" in refusal.en
    assert len(list(memory_plant.ledger.entries())) == before


@pytest.mark.requirement("APP-006", "A base that is not approved receives no material.")
def test_a_base_that_is_not_approved(memory_plant: SpecPlant) -> None:
    memory_plant.asks(
        site.register_person,
        "administrator-01",
        "lingang",
        person="operator-97",
        site="zhangjiang-cell-park",
        roles=("operator",),
        printed_name="示例 (Sample)",
    )
    received = memory_plant.asks(
        material_lot.receive,
        "operator-97",
        "zhangjiang-cell-park",
        material_lot="lot-1",
        material="wash_buffer",
        quantity=Quantity(Decimal(1), "mL"),
        expires=date(2027, 1, 1),
    )
    then_refused(received, "approval.not_approved")


@pytest.mark.requirement("APP-007", "A recipe that makes no sense as a whole is not approved.")
def test_a_recipe_without_its_identity_test(memory_plant: SpecPlant) -> None:
    """The hard gate would be missing, and nobody would notice."""
    unsafe = changed(founding().recipe, version="2")
    for test in unsafe["tests"]:
        test.pop("identity", None)
    assert "identity" in then_refused(approve(memory_plant, unsafe), "approval.unsound").en
    circular = changed(founding().recipe, version="2")
    steps = [step for operation in circular["operations"] for step in operation["steps"]]
    steps[0]["after"] = [steps[-1]["id"]]
    then_refused(approve(memory_plant, circular), "approval.unsound")


@pytest.mark.requirement("APP-008", "A base is approved by its own qualified person.")
def test_another_bases_qualified_person(memory_plant: SpecPlant) -> None:
    elsewhere = changed(founding().base, base="zhangjiang-cell-park", version="1")
    asked = memory_plant.asks(approval.approve_base, QUALIFIED_PERSON, "lingang", content=elsewhere)
    then_refused(asked, "person.not_of_site")


@pytest.mark.requirement(
    "APP-009", "Before an approval is signed, every value that it would change is shown, at its place in the file."
)
def test_what_an_approval_changes_is_told_value_by_value() -> None:
    before = {
        "title": {"en": "Base"},
        "suites": [{"id": "s1", "area": 40}, {"id": "s2", "area": 40}],
        "days": ["mon", "tue"],
    }
    after = {"title": {"en": "Base"}, "suites": [{"id": "s2", "area": 42}, {"id": "s3", "area": 50}], "days": ["mon"]}
    assert [(each.place, each.before, each.after) for each in changes(before, after)] == [
        ("suites[s2].area", "40", "42"),
        ("suites[s3].id", None, "s3"),
        ("suites[s3].area", None, "50"),
        ("suites[s1].id", "s1", None),
        ("suites[s1].area", "40", None),
        ("days", "mon, tue", "mon"),
    ]
    assert changes(after, after) == ()
    assert [(each.before, each.after) for each in changes({"open": True}, {"open": None})] == [("true", "–")]
    assert [each.place for each in changes({"a": [{"x": 1}, {"x": 1}]}, {"a": [{"x": 1}, {"x": 2}]})] == ["a[1].x"]
