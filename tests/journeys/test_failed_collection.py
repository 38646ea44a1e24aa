"""(b) A collection fails, its slot goes back, and a second attempt is booked and collected."""

from __future__ import annotations

from tests.journeys.conftest import Opened

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import drive

LANGUAGE = "en"


def test_a_failed_collection_and_a_second_attempt(opened: Opened) -> None:
    with opened("failed-collection") as plant:
        plant.in_browser = False
        journey = plant.treatment("labelled", fortune=Fortune(spared=True, collection_failures=("below_minimum",)))
        plant.in_browser = True
        drive(plant, (journey,), "collected")
        collections = [each.state for each in journey.vein.collections.by_id.values()]
        assert collections == ["failed", "completed"]
        assert journey.vein.slot.freed == 1
        assert journey.vein.slot.current is not None
