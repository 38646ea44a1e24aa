"""Those who work beside the patient's way: a second person countersigns, a planner drafts and publishes, an inspector takes a copy that is
put on record, an administrator registers people and things; each finds the form from his own home, and the ledger verifies."""

from __future__ import annotations

import json
from typing import Any

from tests.journeys.conftest import Opened
from tests.journeys.people import Person

SECOND = "second-person-01"


def test_a_second_person_a_planner_an_inspector_and_an_administrator_do_their_own_work(opened: Opened) -> None:
    with opened("offices") as plant:
        plant.in_browser = False
        journey = plant.treatment("received")
        treatment = journey.treatment

        operator = plant.person("operator-01")
        done(
            operator, "suite.clear_line", {"treatment": treatment, "suite": journey.itinerary.suite, "verifier": SECOND}
        )
        cleared = plant.entries("treatment", treatment)[-3:]
        assert {each.data.get("signer") for each in cleared} >= {"operator-01", SECOND}

        plant.person(SECOND).see("", "home")

        planner = plant.person("planner-01")
        planner.see("", "home")
        planner.see("programme", "programme")
        planner.see("programme/measure/clusters@1", "number")
        plan = {
            "plan": "cell_therapy_next", "title_zh": "下一期细胞治疗行动方案", "title_en": "Next action plan for cell therapy",
            "owner_zh": "上海市科学技术委员会", "owner_en": "Shanghai Science and Technology Commission",
            "first": "2027-01-01", "last": "2029-12-31", "predecessor": "cell_therapy", "source": "announcement",
        }  # fmt: skip
        done(planner, "plan.draft", plan)
        done(
            planner,
            "plan.give_status",
            {"plan": "cell_therapy_next", "status": "announced", "since": "2026", "source": "announcement"},
        )

        planner.see("plan/cell_therapy_next", "plan")

        administrator = plant.person("administrator-01")
        administrator.see("", "home")
        nurse = {"person": "nurse-77", "site": "demo-hospital-a", "roles": ("nurse",), "printed_name": "演示护士"}
        done(administrator, "site.register_person", nurse)
        done(administrator, "site.change_roles", {"person": "nurse-77", "roles": ("nurse", "coordinator")})

        administrator.see("people", "people")
        administrator.see("account/administration/person/nurse-77", "accounts")

        plant.ledger.seal()
        inspector = plant.person("inspector-01")
        inspector.see("", "home")
        inspector.see(f"about/treatment/{treatment}", "trace")
        done(inspector, "treatment.export", {"treatment": treatment, "reason": "inspection"})
        assert verified_on_the_page(inspector)
        assert copied(inspector, treatment) == len(plant.entries("treatment", treatment)) - 1


def done(person: Person, verb: str, typed: dict[str, Any]) -> None:
    assert person.do(verb, typed) == ("done", ""), f"{person.identifier}: {verb}"


def verified_on_the_page(inspector: Person) -> bool:
    inspector.look("ledger")
    inspector.page.click("form.verify button")
    inspector.page.wait_for_selector(".verdict")
    inspector.album.take(inspector.page, inspector.identifier, "page.ledger", "seen")
    return bool(inspector.page.locator(".verdict.good").count())


def copied(inspector: Person, treatment: str) -> int:
    """Facts in the copy that stands on the treatment's page of facts, each line one."""
    inspector.see(f"treatment/{treatment}/facts", "facts")
    with inspector.page.expect_download() as download:
        inspector.page.locator("a[href*='/export/']").first.click()
    return len([json.loads(line) for line in download.value.path().read_text(encoding="utf-8").splitlines()])
