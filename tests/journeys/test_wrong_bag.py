"""(f) Another patient's bag is scanned at the bedside: the page stops, the mismatch is on record, the right bag goes on."""

from __future__ import annotations

from tests.journeys.conftest import Opened
from tests.spec.harness import answer, then_refused

from yimai.interfaces.plant.journey import drive


def test_a_wrong_bag_at_the_bedside(opened: Opened) -> None:
    with opened("wrong-bag") as plant:
        plant.in_browser = False
        other, journey = plant.treatment("packed_product"), plant.treatment("thawed")
        plant.in_browser = True
        then_refused(answer(journey.match_bedside, other.final_bags[0]), "label.not_this_patients")
        stopped = next(each for each in plant.people.values() if each.page.locator("[role=alert]").count())
        assert stopped.page.locator("[data-code='label.not_this_patients'] strong").inner_text() in (
            "Stop",
            "停止",
            "停",
        )
        last = plant.entries("treatment", journey.treatment)[-1]
        assert (last.kind, last.data["details"]["presented"]) == ("identity.match_refused.v1", other.final_bags[0])
        drive(plant, (journey,), "infused")
        assert journey.vein.infusion.infused
