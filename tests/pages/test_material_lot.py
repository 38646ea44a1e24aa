"""Lots of material at the base: in quarantine, released, recalled, and every batch that used them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.pages.tablets import bench_opened, refused
from tests.pages.test_quality import at, read
from tests.spec.harness import SpecPlant

from yimai.interfaces.web import material_lot
from yimai.projections import trace
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as opened:
        yield opened


def test_a_lot_waits_in_quarantine_is_released_and_recalled_with_its_batches_before_it(plant: SpecPlant) -> None:
    journey = plant.treatment("opened")
    qa, operator = at(plant, journey.at_base("qa")), at(plant, journey.at_base("operator"))
    arrived = {"material_lot": "WB-9", "material": "wash_buffer", "quantity": "500", "expires": "2027-05-31"}
    operator.does("material_lot.receive", {}, arrived)
    page = read(qa, material_lot.material_lot, "WB-9")
    assert "待验" in page
    refused(operator.sent("material_lot.release", {"material_lot": "WB-9"}, {}), "person.not_of_role")
    (released,) = qa.does("material_lot.release", {}, {"material_lot": "WB-9"})
    assert released.kind == "material_lot.released.v1"
    refused(qa.sent("material_lot.release", {}, {"material_lot": "WB-9"}), "material_lot.already_decided")
    refused(qa.sent("material_lot.release", {}, {"material_lot": "NO-SUCH"}), "material_lot.unknown")
    (recalled,) = qa.does("material_lot.reject", {}, {"material_lot": "WB-9", "reason": "contamination"})
    assert recalled.data["reason"] == "contamination"
    used = next(use for run in plant.treatment("step:select").vein.batches.by_id.values() for use in lots(run))
    page = read(qa, material_lot.material_lot, used)
    assert "使用过该批的批次" in page


def test_every_batch_that_used_a_lot_is_named_however_many_facts_tell_of_it(
    plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trace shows the newest facts; a recall that did so would leave patients out."""
    monkeypatch.setattr(trace, "MOST_FACTS", 1)
    journeys = [plant.treatment("step:select") for _ in range(2)]
    plant.ledger.seal()
    used = set.intersection(
        *({use for run in each.vein.batches.by_id.values() for use in lots(run)} for each in journeys)
    )
    page = read(at(plant, journeys[0].at_base("qa")), material_lot.material_lot, used.pop()).replace("-", "")
    assert all(each.batch in page for each in journeys)


def lots(made: Any) -> Iterator[str]:
    for run in made.runs:
        for use in run.materials:
            yield use.material_lot
