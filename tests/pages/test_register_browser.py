"""The register's and the plans' own pages: what is looked for is found, with its history; a planner amends in place."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory
from django.utils import translation
from tests.pages import test_programme_forms
from tests.pages.test_acting import Tablet
from tests.pages.test_hospital import act, done
from tests.pages.test_programme_forms import GOAL, PLAN, TARGET
from tests.spec.city import CODE, OTHER_CODE, organisation, records, registered, row
from tests.spec.harness import SpecPlant

from yimai.actions.decision import Done
from yimai.interfaces.web import plan_page, register_browser
from yimai.projections.register import PersonRow

base_plant = test_programme_forms.base_plant
forms_plant = test_programme_forms.plant
PLANNER = PersonRow("planner-01", "city-authority", ("planner",))
READER = PersonRow("qa-01", "lingang", ("qa",))


@pytest.fixture
def plant(forms_plant: SpecPlant) -> SpecPlant:
    registered(forms_plant)
    rows = (
        row("cluster", cluster="east", title_zh="东区", title_en="East cluster", since="2020"),
        row("cluster_joined", cluster="east", site="plant-a", since="2021-05"),
        row("designation", designation="d-1", site="plant-a", type="platform", title_zh="平台", title_en="Platform", since="2022"),
        row("establishment_moved", site="plant-a", district="闵行区", since="2024-03-01"),
        row("establishment_closed", site="plant-b", since="2025"),
        row("establishment_qualified", site="demo-hospital-a", qualification="car_t", since="2023", until="2026"),
        organisation(title="改名公司"),
    )  # fmt: skip
    assert isinstance(records(forms_plant, *rows), Done)
    return forms_plant


def shown(view: Any, who: PersonRow, language: str = "en", /, *arguments: str, **given: str) -> str:
    request = RequestFactory().get("/en/register", given)
    request.who = who  # type: ignore[attr-defined]
    with translation.override(language):
        answer = view(request, *arguments)
    assert answer.status_code == 200
    return str(answer.content.decode())


def identifiers(page: str) -> list[str]:
    return [part.partition("</code>")[0] for part in page.partition("<tbody>")[2].split("<code>")[1:]]


def test_the_register_is_searched_and_narrowed(plant: SpecPlant) -> None:
    def found(**given: str) -> list[str]:
        return identifiers(shown(register_browser.register, READER, **given))

    assert {"plant-a", "plant-b", CODE, OTHER_CODE, "east", "d-1", "axi_cel", "demo-hospital-a"} <= set(found())
    assert found(q="platform") == ["d-1"]
    assert found(q="改名") == [CODE]
    assert found(kind="hospital", q="demo") == [f"demo-hospital-{each}" for each in "abc"]
    assert found(district="闵行区") == ["plant-a", "d-1"]
    assert found(cluster="east") == ["plant-a", "east", "d-1"]
    assert "plant-b" not in found(standing="1")
    assert "d-1" not in found(day="2021-12-31")
    assert found(cluster="east", day="2020-12-31") == ["east"]
    assert "plant-a" in found(district="浦东新区", day="2024-02-29")
    wrong = shown(register_browser.register, READER, day="yesterday")
    assert "no day" in wrong
    assert "Leave something out" in shown(register_browser.register, READER, q="nothing like it")
    assert "Enter rows" not in wrong
    assert "Enter rows" in shown(register_browser.register, PLANNER)


def test_a_thing_has_its_dated_history_and_each_fact_leads_to_its_card(plant: SpecPlant) -> None:
    page = shown(register_browser.thing, READER, "zh-hans", "site", "plant-a")
    assert "闵行区" in page
    assert "2024-03-01" in page
    assert plant.entries("site", "plant-a")[0].hash.hex() in page
    for other in (f"organisation/{CODE}", "cluster/east", "designation/d-1"):
        assert other in page
    assert "plant-a" in shown(register_browser.thing, READER, "en", "cluster", "east")
    assert "plant-a" in shown(register_browser.thing, READER, "en", "organisation", CODE)


def test_a_planner_amends_a_plan_on_its_page_and_sees_what_changes(plant: SpecPlant) -> None:
    planner = Tablet(PLANNER, {})
    for verb, fields in (("plan.draft", PLAN), ("plan.set_goal", GOAL), ("plan.set_target", TARGET)):
        done(act(planner, verb, {}, fields, "planner-01"))
    page = shown(plan_page.plan, PLANNER, "en", "next")
    for words in ("Amend the plan", "Record a status", "Draft its successor", "Amend the goal", "Supersede", "3"):
        assert words in page
    assert "title_en=The+next+plan" in page
    assert "Amend the plan" not in shown(plan_page.plan, READER, "en", "next")
    changed = act(
        planner, "plan.draft", {}, {**PLAN, "title_en": "Another title", "document": "ab" * 32}
    ).content.decode()
    preview = changed.partition("变更内容")[2].partition("</table>")[0]
    assert "<del>The next plan</del>" in preview
    assert "<ins>Another title</ins>" in preview
    assert preview.count("<tr>") == 3, "the head, the title and the document"
    titles = [each.data["title_en"] for each in plant.entries("plan", "next") if each.kind == "plan.drafted.v1"]
    assert titles == ["The next plan"], "nothing is written before it is signed"
    again = act(planner, "plan.set_goal", {}, {**GOAL, "clause_en": "more than 20", "source_en": "announcement"})
    assert "<ins>more than 20</ins>" in again.content.decode()
    status = {"plan": "next", "status": "issued", "since": "2026-02", "source": "announcement"}
    done(act(planner, "plan.give_status", {}, status, "planner-01"))
    done(
        act(planner, "plan.supersede_target", {}, {"target": "next_firms-1", "reason": "clause_misread"}, "planner-01")
    )
    amended = shown(plan_page.plan, READER, "en", "next")
    assert "superseded" in amended
    assert "2026-02" in amended


def test_an_unknown_plan_or_thing_is_not_there(plant: SpecPlant) -> None:
    for view, arguments in ((plan_page.plan, ("nothing",)), (register_browser.thing, ("site", "nothing"))):
        with pytest.raises(Http404):
            shown(view, READER, "en", *arguments)
