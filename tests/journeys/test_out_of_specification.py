"""(e) A product out of specification is supplied at the physician's request, with risk and consent on record."""

from __future__ import annotations

from tests.journeys.conftest import Opened

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import drive

LANGUAGE = "en"


def test_a_product_out_of_specification_is_supplied(opened: Opened) -> None:
    with opened("out-of-specification") as plant:
        test = next(each.id for each in plant.recipe.tests if each.stage == "conditional" and each.type == "quantity")
        plant.in_browser = False
        journey = plant.treatment("sampled", fortune=Fortune(spared=True, failing=test, supplied=True))
        plant.in_browser = True
        plant.only = ("sample", "oos_supply", "disposition", "deviation")
        drive(plant, (journey,), "packed_product")
        assert journey.vein.disposition.of(journey.batch).state == "oos_supplied"
