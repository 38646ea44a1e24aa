"""A journey walks one treatment from order to outcome through the real actions, and its gates refuse strangers."""

from __future__ import annotations

from tests.spec.harness import (
    clone,
    founded_template,
    plant_in_memory,
    plant_on_postgres,
    then_recorded,
)

from yimai.actions.decision import Done
from yimai.domain.refusal import Refusal
from yimai.interfaces.plant.gates import gates
from yimai.wiring.embedded_database import EmbeddedDatabase


def test_a_treatment_walks_from_order_to_closing() -> None:
    journey = plant_in_memory().treatment("closed")
    assert journey.vein.outcome.completed is not None
    assert journey.vein.disposition.of(journey.batch).state == "released"
    assert all(held.gone for held in journey.vein.custody.held.values())


def test_it_walks_on_postgresql_as_in_memory(postgres: EmbeddedDatabase) -> None:
    """Ledger and projections are checked when the plant is left."""
    with clone(postgres, founded_template(postgres)) as url, plant_on_postgres(url) as plant:
        assert plant.treatment("closed").reached == plant_in_memory().treatment("closed").reached


def test_every_gate_refuses_what_belongs_to_another_and_then_opens_for_its_own() -> None:
    plant = plant_in_memory()
    stranger, journey = plant.treatment("matched"), plant.treatment("ordered")
    foreign = {gate.name: gate.own() for gate in gates(stranger) if gate.name not in ("result",)}
    foreign["result"] = stranger.samples["harvest"]
    for gate in gates(journey):
        journey.reach(gate.before)
        refusal = gate.present(foreign[gate.name])
        assert isinstance(refusal, Refusal), gate.name
        assert refusal.kind.identity, f"{gate.name}: {refusal.code}"
        then_recorded(journey, refusal.code)
        if not gate.name.startswith(("collection_wristband", "bedside_wristband", "bedside_order", "infusion_permit")):
            assert isinstance(done := gate.present(gate.own()), Done), f"{gate.name}: {done}"
    journey.reach("closed")
