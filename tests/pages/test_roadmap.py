"""The roadmap's page: a planner chooses or gives a file and sees what opens when, what it costs, its odds, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.pages.conftest import House
from tests.windows import opened_bench

from yimai.domain.refusal import RefusalKind
from yimai.interfaces.files.reading import CATALOGUE
from yimai.interfaces.files.roadmap import read_roadmap
from yimai.interfaces.web import roadmap
from yimai.interfaces.web.bench import Bench, Means
from yimai.interfaces.web.roadmap_drawing import WIDTH, drawing
from yimai.planning.roadmap_content import roadmap_from
from yimai.planning.roadmap_search import cheapest
from yimai.wiring import content_files

SHIPPED = CATALOGUE / "roadmaps" / "shanghai.yaml"
WRONG = RefusalKind("test.wrong_password", "The password is wrong. Type it again.", "密码错误。请重新输入。")


def small(**goals: int) -> dict[str, Any]:
    """The shipped example with two parks, a platform, two hospitals and six quarters. goals: values by metric."""
    content: Any = json.loads(json.dumps(read_roadmap(SHIPPED).content))
    known = {each["metric"]: each for each in reversed(content["goals"])}
    chosen = [{**known[metric], "value": value, "by": 6, "since": 1} for metric, value in goals.items()]
    for each in chosen:
        if each["metric"] != "capital":
            del each["since"]
    kept = ("lingang", "cgt-park", "medical-zone-platform")
    sites = [each for each in content["sites"] if each["id"] in kept]
    return {**content, "quarters": 6, "sites": sites, "hospitals": content["hospitals"][:2], "goals": chosen}


@pytest.fixture(autouse=True)
def a_bench_with_files(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(roadmap, "PATIENCE", 0.0)
    monkeypatch.setattr(roadmap, "REPLICATIONS", 2)
    tools = Bench(
        house.story.ledger, bytes(32), Ed25519PrivateKey.generate(), lambda *_: WRONG(), lambda _: Means(),
        content_files.read, roadmaps=content_files.roadmaps,
    )  # fmt: skip
    with opened_bench(tools):
        yield
    for run in list(roadmap._running.values()):
        run.stop.set()
    roadmap.found.finish()
    roadmap._given.clear()


def given(browser: Client, content: dict[str, Any]) -> str:
    """The address of the page of this file."""
    file = SimpleUploadedFile("own.yaml", json.dumps(content, ensure_ascii=False).encode())
    answer = browser.post("/en/roadmap", {"file": file})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_planner_gives_a_file_and_sees_the_plan_its_price_and_its_odds(as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    assert "/en/roadmap" in planner.get("/en/").content.decode()
    first = planner.get("/en/roadmap").content.decode()
    assert 'value="shanghai"' in first
    assert "<svg" not in first.split("<main")[1]
    address = given(planner, small(served=60, facilities=3))
    waiting = planner.get(address).content.decode()
    assert "<progress" in waiting
    assert 'hx-select="#answer"' in waiting
    assert 'type="file"' not in waiting.split('id="answer"')[1], "what is drawn anew takes away no file that was chosen"
    roadmap.found.settle()
    page = planner.get(address).content.decode()
    assert "<progress" not in page
    assert '<svg class="roadmap"' in page
    assert '<svg class="city-map"' in page
    assert "% above the cheapest" in page
    assert page.count('class="tag good">met') == 2
    assert page.count('class="odds"') == 1, "what is opened follows from the decisions and has no odds"
    assert "million CNY" in page
    chinese = planner.get(address.replace("/en/", "/zh-hans/")).content.decode()
    assert "没有任何方案的费用低于" in chinese


def test_goals_that_conflict_are_explained_in_words(as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    address = given(planner, small(facilities=3, capital=1_000_000))
    planner.get(address)
    roadmap.found.settle()
    page = planner.get(address).content.decode()
    assert "Not all goals can be met" in page
    assert "These goals cannot all be met" in page
    assert '<svg class="roadmap"' not in page


def test_a_file_with_a_mistake_is_refused_at_its_place(as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    answer = planner.post("/en/roadmap", {"file": SimpleUploadedFile("own.yaml", b"roadmap: x\nquarters: many\n")})
    assert answer.status_code == 422
    assert "line 2" in answer.content.decode()
    assert "choose it again" in planner.get("/en/roadmap?file=unknown").content.decode()


def test_a_search_is_stopped_and_what_there_is_is_kept(as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    planner.get("/en/roadmap?file=shanghai")
    assert planner.post("/en/roadmap", {"stop": "shanghai"}).status_code == 302
    roadmap.found.settle()
    page = planner.get("/en/roadmap?file=shanghai").content.decode()
    assert "Stopped before a roadmap was found" in page or '<svg class="roadmap"' in page


def test_who_plans_no_city_does_not_ask(as_role: Callable[[str], Client]) -> None:
    for role in ("nurse", "scheduler", "qa"):
        assert as_role(role).get("/en/roadmap").status_code == 403, role


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_picture_holds_every_site_from_when_it_opens(language: str) -> None:
    content = roadmap_from(small(served=60, facilities=3))
    found = cheapest(content.city)
    drawn = drawing(content, found, language)
    opened = [each for each in found.opened() if each >= 0]
    assert [row.number for row in drawn.rows] == list(range(1, len(opened) + 1))
    assert len(drawn.rows) + len(drawn.idle) == len(drawn.pins) == 3
    assert all(row.x + row.width == pytest.approx(WIDTH, abs=0.2) for row in drawn.rows)
    for row in drawn.rows:
        assert all(row.x - 0.2 <= each.x and each.x + each.width <= WIDTH + 0.2 for each in row.suites)
    assert all(column.served <= column.wanted + 0.1 for column in drawn.columns)
