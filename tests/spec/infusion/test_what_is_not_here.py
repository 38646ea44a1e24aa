"""What was rejected, or is not received at the hospital, comes near no patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.spec.harness import SpecPlant, answer, then_refused

from yimai.domain import infusion
from yimai.domain.custody import Custody
from yimai.domain.fact import Signature
from yimai.domain.infusion import Bedside
from yimai.domain.refusal import Refusal


@pytest.mark.requirement("INF-090", "No permit is issued for a rejected batch.")
def test_a_rejected_batch_gets_no_permit(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("tested")
    journey.reject()
    then_refused(answer(journey.issue_permit), "disposition.rejected")


@pytest.mark.requirement("INF-091", "A bag that was not unpacked and matched at the hospital is not thawed.")
def test_a_bag_that_nobody_received_is_not_thawed(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("permitted")
    vein, bag = journey.vein, journey.final_bags[0]
    held = {**vein.custody.held, bag: replace(vein.custody.held[bag], received=False)}
    bedside = Bedside(
        vein.treatment,
        vein.labels,
        Custody(held),
        vein.shipments,
        vein.disposition,
        vein.infusion,
        journey.recipe.product,
        journey.now + timedelta(days=1),
    )
    nurse = Signature("hospital-a-nurse-01", "00", "performed", journey.now)
    verdict = infusion.thaw(bedside, permit=journey.permit, container=bag, performed=nurse)
    assert isinstance(verdict, Refusal)
    then_refused(verdict, "infusion.not_received")


@pytest.mark.requirement("INF-092", "A bag still in its dewar is not thawed.")
def test_a_bag_in_its_dewar_is_not_thawed(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("handed_in")
    journey.issue_permit()
    then_refused(answer(journey.thaw, journey.final_bags[0]), "custody.in_shipment")
