"""(a) One treatment from order to infusion, by everybody whom it needs, each at a browser of his own."""

from __future__ import annotations

from tests.journeys.conftest import Opened


def test_a_treatment_from_order_to_infusion(opened: Opened) -> None:
    with opened("whole-treatment") as plant:
        plant.keeps_pages = False  # the other journeys keep them, which costs a browser a quarter more
        journey = plant.treatment("infused")
        assert journey.vein.infusion.infused
        assert len(plant.people) >= 9
        led = sum(person.followed for person in plant.people.values())
        alone = {verb for person in plant.people.values() for verb in person.addressed}
        assert alone <= {"treatment.order"}, f"{led} tasks were found on the pages, but not {sorted(alone)}"
