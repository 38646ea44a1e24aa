"""(d) Sterility turns out positive after conditional release: the clinicians see it, and the bag cannot be infused."""

from __future__ import annotations

from tests.journeys.conftest import Opened

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import drive


def test_a_late_positive_alerts_the_clinician_and_blocks_the_infusion(opened: Opened) -> None:
    with opened("late-positive") as plant:
        test = next(each.id for each in plant.recipe.tests if each.stage == "final" and each.type == "choice")
        plant.in_browser = False
        fortune = Fortune(spared=True, late_positive=test, dispatched_early=True)
        journey = plant.treatment("conditionally_released", fortune=fortune)
        plant.in_browser = True
        plant.only = ("sample", "disposition")
        drive(plant, (journey,), "revoked")
        assert journey.vein.disposition.of(journey.batch).state == "revoked"
        nurse = plant.person(journey.at_hospital("physician"))
        nurse.look(f"treatment/{journey.treatment}")
        assert nurse.page.locator(".tag.stop").count() >= 1, "the treatment's page shouts that its product is revoked"
        nurse.look("")
        thaw = nurse.page.locator('a[href*="/act/infusion."]')
        assert thaw.count() == 0, "nothing of an infusion is offered"
