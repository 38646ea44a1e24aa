"""Equipment leaves and comes back for a reason."""

from __future__ import annotations

import pytest
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions import equipment
from yimai.domain.equipment import EquipmentReturned, EquipmentTakenOut


@pytest.mark.requirement("EQP-090", "A piece is taken out of use, and returned, for a listed reason only.")
def test_a_reason_is_needed(memory_plant: SpecPlant) -> None:
    asked = {"equipment": "washer-01"}
    asks = memory_plant.asks
    then_refused(asks(equipment.take_out, "qa-01", "lingang", **asked, reason=" "), "equipment.reason_missing")
    then_refused(asks(equipment.take_out, "qa-01", "lingang", **asked, reason="squeaks"), "reason.unknown")
    then_facts(asks(equipment.take_out, "qa-01", "lingang", **asked, reason="breakdown"), EquipmentTakenOut)
    then_refused(asks(equipment.put_back, "qa-01", "lingang", **asked, reason=""), "equipment.reason_missing")
    then_facts(asks(equipment.put_back, "qa-01", "lingang", **asked, reason="repaired"), EquipmentReturned)
