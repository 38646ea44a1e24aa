"""People: registered once, named only in the vault, qualified from one day to another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions import batch, site
from yimai.actions.decision import Answer
from yimai.domain.batch import StepStarted
from yimai.domain.person import (
    PersonQualified,
    PersonRegistered,
    PersonRolesChanged,
    QualificationWithdrawn,
    RolesDecided,
)
from yimai.interfaces.plant.journey import Journey

FOREVER = (date(2026, 1, 1), date(2030, 1, 1))


def register(plant: SpecPlant, person: str, by: str = "administrator-01", **changes: Any) -> Answer:
    asked = {
        "person": person,
        "site": "lingang",
        "roles": ("operator",),
        "printed_name": "示例·新人 (Sample Newcomer)",
    }
    return plant.asks(site.register_person, by, "lingang", **{**asked, **changes})


@pytest.mark.requirement(
    "PER-001", "A person is registered once; the printed name goes to the vault, a commitment to the ledger."
)
def test_registration(plant: SpecPlant) -> None:
    done = register(plant, "operator-90")
    registered, _ = then_facts(done, PersonRegistered, RolesDecided)
    assert isinstance(registered, PersonRegistered)
    assert len(bytes.fromhex(registered.name)) == 32
    assert b"Newcomer" not in b"".join(entry.content for entry in plant.entries("person", "operator-90"))
    then_refused(register(plant, "operator-90"), "person.already_registered")
    then_refused(register(plant, "Operator 91"), "person.bad_name")


@pytest.mark.requirement(
    "PER-006", "Only an administrator registers people and sites; the first one registers himself, once in a ledger."
)
def test_who_registers(plant: SpecPlant) -> None:
    then_refused(register(plant, "operator-91", by="operator-01"), "person.not_of_role")
    then_refused(register(plant, "operator-91", by="nobody-01"), "person.not_of_role")
    then_refused(register(plant, "administrator-90", by="administrator-90", roles=("administrator",)), "decision.taken")
    assert not plant.entries("person", "administrator-90")
    founded = [entry.kind for entry in plant.entries("person", "administrator-01")]
    assert founded[:2] == ["person.administration_founded.v1", "person.registered.v1"]


def qualify(
    plant: SpecPlant, person: str, by: str = "qa-01", at: str = "lingang", days: tuple[date, date] = FOREVER
) -> Answer:
    arguments = {"person": person, "qualification": "cell_culture", "valid_from": days[0], "valid_until": days[1]}
    return plant.asks(site.qualify_person, by, at, **arguments)


def _begin(plant: SpecPlant, journey: Journey, operators: tuple[str, ...]) -> Answer:
    """The day-5 check needs two people qualified for cell culture."""
    step = next(each for each in plant.recipe.steps if each.id == "activation_culture")
    return plant.asks(
        batch.start_step,
        "operator-01",
        "lingang",
        treatment=journey.treatment,
        batch=journey.batch,
        step=step.id,
        scanned=journey.containers,
        operators=operators,
        equipment=("incubator-01",),
        materials=(),
    )


@pytest.mark.requirement(
    "PER-002", "A qualification holds on its first and last day and those between, in the base's zone."
)
@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        (datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC), False),  # 23:59:59 in Shanghai, the day before
        (datetime(2026, 3, 9, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 11, 15, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 11, 16, 0, tzinfo=UTC), False),
    ],
)
def test_the_days_of_a_qualification(memory_plant: SpecPlant, moment: datetime, valid: bool) -> None:
    journey = memory_plant.treatment("before:activation_culture")
    register(memory_plant, "operator-91")
    days = (date(2026, 3, 10), date(2026, 3, 11))
    then_facts(qualify(memory_plant, "operator-91", days=days), PersonQualified)
    memory_plant.clock.wait_until(max(moment, memory_plant.clock()))
    begun = _begin(memory_plant, journey, ("operator-91",))
    if valid:
        then_facts(begun, StepStarted)
    else:
        then_refused(begun, "person.not_qualified")


@pytest.mark.requirement(
    "PER-003", "QA qualifies people and withdraws qualifications, at once and with a listed reason."
)
def test_qualifying(plant: SpecPlant) -> None:
    register(plant, "operator-92")
    asked = {"person": "operator-92", "qualification": "cell_culture"}
    then_refused(qualify(plant, "operator-92", "operator-01"), "person.not_of_role")
    then_facts(qualify(plant, "operator-92"), PersonQualified)
    journey = plant.treatment("before:activation_culture")
    then_refused(
        plant.asks(site.withdraw_qualification, "operator-01", "lingang", **asked, reason="training_lapsed"),
        "person.not_of_role",
    )
    then_refused(
        plant.asks(site.withdraw_qualification, "qa-01", "lingang", **asked, reason="he is careless"), "reason.unknown"
    )
    then_facts(
        plant.asks(site.withdraw_qualification, "qa-01", "lingang", **asked, reason="training_lapsed"),
        QualificationWithdrawn,
    )
    then_refused(_begin(plant, journey, ("operator-92",)), "person.not_qualified")


@pytest.mark.requirement(
    "PER-007", "Only QA of the person's own site qualifies somebody, and nobody qualifies himself."
)
def test_who_qualifies_whom(memory_plant: SpecPlant) -> None:
    """Neither QA of another base, nor the administrator, nor the person; nor somebody whom nobody registered."""
    register(memory_plant, "qa-90", site="zhangjiang-cell-park", roles=("qa",))
    then_refused(qualify(memory_plant, "operator-01", "qa-90", "zhangjiang-cell-park"), "person.not_of_site")
    then_refused(qualify(memory_plant, "operator-01", "administrator-01"), "access.never")
    then_refused(qualify(memory_plant, "qa-01", "qa-01"), "person.own_qualification")
    then_refused(qualify(memory_plant, "operator-99"), "person.unknown")
    then_facts(qualify(memory_plant, "qa-01", "qa-02"), PersonQualified)


@pytest.mark.requirement("PER-004", "Who is not registered may do nothing, and is not taken for a second person.")
def test_an_unknown_person(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("before:activation_culture")
    then_refused(_begin(memory_plant, journey, ("operator-99",)), "person.not_of_role")


@pytest.mark.requirement("PER-005", "Whose qualification has run out, or who never had it, does not start a step.")
@pytest.mark.parametrize("person", ["operator-22", "qa-01"])
def test_the_unqualified(memory_plant: SpecPlant, person: str) -> None:
    journey = memory_plant.treatment("before:activation_culture")
    codes = {"operator-22": "person.not_qualified", "qa-01": "person.not_of_role"}
    then_refused(_begin(memory_plant, journey, (person,)), codes[person])


@pytest.mark.requirement("PER-020", "Roles change by an administrator, and by nobody for himself.")
def test_nobody_changes_his_own_roles(memory_plant: SpecPlant) -> None:
    asks = memory_plant.asks
    own = asks(
        site.change_roles, "administrator-01", "lingang", person="administrator-01", roles=("administrator", "qa")
    )
    then_refused(own, "person.own_roles")
    then_facts(
        asks(site.change_roles, "administrator-01", "lingang", person="operator-01", roles=("operator", "qa")),
        PersonRolesChanged,
        RolesDecided,
    )
