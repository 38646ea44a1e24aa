"""Sites: on the register once."""

from __future__ import annotations

import pytest
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions import site
from yimai.actions.decision import Answer
from yimai.domain.site import SiteRegistered


def register(plant: SpecPlant, name: str) -> Answer:
    registration = SiteRegistered(name, "hospital", "示范医院丁", "Demonstration hospital D", "", 480)
    return plant.asks(site.register_site, "administrator-01", "lingang", registration=registration)


@pytest.mark.requirement("SIT-001", "A site is registered once, under an identifier of its own.")
def test_registration(plant: SpecPlant) -> None:
    then_facts(register(plant, "demo-hospital-d"), SiteRegistered)
    then_refused(register(plant, "demo-hospital-d"), "site.already_registered")
    then_refused(register(plant, "lingang"), "site.already_registered")
    then_refused(register(plant, "Hospital D"), "site.bad_name")
