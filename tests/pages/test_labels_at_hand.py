"""In the demonstration alone a form that wants a scan says which labels one would hold; a touch is read as their scan."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.pages.tablets import Tablet, bench_opened
from tests.spec.harness import SpecPlant

from yimai.domain.label_code import scanned
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import page
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def nurse(plant: SpecPlant, journey: Journey) -> Tablet:
    return Tablet(plant, PersonRow(journey.at_hospital("nurse"), journey.hospital, ("nurse",)))


def offered(tablet: Tablet, verb: str, **given: str) -> dict[str, int | None]:
    """The identifiers of the labels that the form offers, each with its copy."""
    shown = tablet.shown(verb, **given).content.decode()
    codes = [scanned(each) for each in re.findall(r'data-hand="([^"]+)"', shown)]
    return {getattr(each, "identifier", ""): getattr(each, "copy", None) for each in codes}


def test_the_bedside_is_offered_wristband_order_and_the_bag_that_is_there(plant: SpecPlant) -> None:
    journey = plant.treatment("thawed")
    (permit,) = journey.vein.infusion.permits
    found = offered(nurse(plant, journey), "infusion.match_bedside", treatment=journey.treatment, permit=permit)
    thawed = next(
        each.container for each in journey.vein.custody.held.values() if not each.gone and each.site == journey.hospital
    )
    assert {journey.wristband, journey.treatment, thawed} <= found.keys()
    assert journey.bag not in found, "the collection's bag went into the batch long ago"
    assert found[journey.wristband] == 1, "its label's own code, with the copy"


def test_the_base_is_offered_no_wristband_and_a_form_without_a_scan_nothing(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    operator = Tablet(plant, PersonRow(journey.at_base("operator"), plant.base.id, ("operator",)))
    found = offered(operator, "custody.receive", treatment=journey.treatment)
    assert set(found) == {journey.shipment, journey.bag}
    assert not offered(operator, "deviation.report", treatment=journey.treatment)


def test_a_ledger_that_is_not_simulated_never_offers_them(plant: SpecPlant, monkeypatch: pytest.MonkeyPatch) -> None:
    journey = plant.treatment("arrived")
    operator = Tablet(plant, PersonRow(journey.at_base("operator"), plant.base.id, ("operator",)))
    told = page.everywhere
    monkeypatch.setattr(page, "everywhere", lambda *given: {**told(*given), "simulated": False})
    assert not offered(operator, "custody.receive", treatment=journey.treatment)
    assert 'id="at-hand"' not in operator.shown("custody.receive", treatment=journey.treatment).content.decode()
