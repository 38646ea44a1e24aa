"""(c) A value out of its limits opens a deviation; QA assesses and closes it, reviews the batch, and it is released."""

from __future__ import annotations

from tests.journeys.conftest import Opened

from yimai.interfaces.plant.draws import departing
from yimai.interfaces.plant.fortune import Departure, Fortune
from yimai.interfaces.plant.journey import drive

LANGUAGE = "en"


def test_an_entry_out_of_range_is_reviewed_and_the_batch_released(opened: Opened) -> None:
    with opened("deviation") as plant:
        step, entry = next(
            (step.id, entry.id)
            for step in plant.recipe.steps
            for entry in step.entries
            if departing(entry) and entry.type == "quantity" and not entry.critical
        )
        plant.in_browser = False
        journey = plant.treatment(f"before:{step}", fortune=Fortune(spared=True, departure=Departure(step, entry)))
        plant.in_browser = True
        drive(plant, (journey,), f"step:{step}")
        (found,) = journey.vein.deviations.by_id.values()
        assert (found.step, found.entry, found.state) == (step, entry, "open")
        plant.only = ("deviation", "disposition")
        drive(plant, (journey,), "released")
        (found,) = journey.vein.deviations.by_id.values()
        assert (found.state, found.conclusion) == ("closed", "acceptable")
        assert journey.vein.disposition.of(journey.batch).state == "released"
