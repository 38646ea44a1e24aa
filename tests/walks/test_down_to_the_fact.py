"""From a number on the city's dashboard down to the fact that made it, in a real browser, as issue 5 is done only with it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from tests.pages.bench_site.server import Quiet, Threaded
from tests.pages.browsing import keep_picture, opened_browser
from tests.walks.loaded import LoadedPlant

VIEWS = {"tablet": (1024, 768), "desktop": (1440, 900)}
WALKS = [("tablet", "zh-hans"), ("tablet", "en"), ("desktop", "zh-hans"), ("desktop", "en")]
HASH = re.compile(r"[0-9a-f]{64}")
ADDED = {"zh-hans": "已在本浏览器重新相加：一致。", "en": "Added again in this browser: it is the same."}
SIMULATED = {"zh-hans": "模拟", "en": "simulated"}
UNKNOWN = {"zh-hans": "未知", "en": "unknown"}
REAL_GOALS = ("cell_top_talents", "cell_other_talents", "pudong_products")
"""Of which no measure is defined, so that nobody knows."""


@pytest.fixture(scope="module")
def address(plant: LoadedPlant) -> Iterator[str]:
    with make_server("127.0.0.1", 0, WSGIHandler(), server_class=Threaded, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


class Walker:
    """A planner's browser that notes every complaint and every page that is wider than the screen."""

    def __init__(self, page: Any, address: str, view: str, language: str) -> None:
        self.page, self.view, self.language = page, view, language
        self.root = f"{address}/{language}"
        self.complaints: list[str] = []
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def goes_to(self, path: str) -> None:
        assert self.page.goto(f"{self.root}/{path}").status == 200
        self.looks(path.split("?")[0].replace("/", "-"))

    def follows(self, selector: str, name: str) -> None:
        link = self.page.locator(selector).first
        link.scroll_into_view_if_needed()
        link.click()
        self.page.wait_for_load_state("load")
        self.looks(name)

    def looks(self, name: str) -> None:
        keep_picture(self.page, f"{name}-{self.language}-{self.view}")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.complaints.append(f"{name} is {wide} pixels wider than the {self.view}")

    def text(self, selector: str = "main") -> str:
        return str(self.page.locator(selector).first.inner_text())


@pytest.fixture(params=WALKS, ids=lambda each: "-".join(each))
def walker(request: Any, plant: LoadedPlant, address: str) -> Iterator[Walker]:
    view, language = request.param
    width, height = VIEWS[view]
    with opened_browser() as browser:
        context = browser.new_context(viewport={"width": width, "height": height})
        session = plant.client("planner").cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        walking = Walker(context.new_page(), address, view, language)
        yield walking
        context.close()
    assert walking.complaints == []


def test_from_a_number_to_its_fact_and_back(walker: Walker) -> None:
    industry_scale(walker)
    one_infusion(walker)
    forecast(walker)
    receipts(walker)
    earlier(walker)
    other_pages(walker)


def industry_scale(walker: Walker) -> None:
    """Industry scale → formula → contributions, added again → a signed return → its hash and position."""
    walker.goes_to("programme")
    assert SIMULATED[walker.language] in walker.text("article[aria-labelledby=goal-cell_industry_scale]")
    for goal in REAL_GOALS:
        assert UNKNOWN[walker.language] in walker.text(f"article[aria-labelledby=goal-{goal}]")
    walker.follows("article[aria-labelledby=goal-cell_industry_scale] a.number", "number")
    assert "industry_gross_output@1" in walker.text("section[aria-labelledby=formula]")
    assert walker.page.locator("svg.outlook").count() == 0, "its deadline is over"
    walker.page.locator("[data-adds] .good").nth(1).wait_for()
    assert ADDED[walker.language] in walker.text("[data-adds]")
    walker.follows("section[aria-labelledby=made] tbody a[href*='/fact/']", "return")
    digest = walker.page.url.partition("/fact/")[2][:64]
    proof = "".join(walker.text("section[aria-labelledby=proof]").split())
    assert HASH.fullmatch(digest)
    assert digest in proof
    assert "planner-01" in walker.text("section[aria-labelledby=data]")
    walker.follows("section[aria-labelledby=proof] a[href*='/fact/']", "whole-fact")
    assert digest in walker.page.url


def one_infusion(walker: Walker) -> None:
    """Doses released and patients treated → one card, from which nobody can be found."""
    for measure in ("doses_released@1", "patients_treated@1"):
        walker.goes_to("programme")
        walker.follows(f"a.number[href*='{measure}']", measure)
        walker.page.wait_for_selector("[data-adds] .good")
        walker.follows("section[aria-labelledby=made] tbody a", f"one-of-{measure}")
        shown = walker.text()
        assert walker.page.url.partition("/fact/")[2][:64] in "".join(shown.split())
        assert re.search(r"\bT[0-9A-Z]{4}-?[0-9A-Z]{2}", shown) is None, "a treatment is named"
        assert re.search(r"\d{4}-\d{2}-\d{2}", walker.text("section[aria-labelledby=data]")) is None, "a day is told"


def forecast(walker: Walker) -> None:
    walker.goes_to("programme/target/simulated-follow-up-scale-1")
    assert walker.page.locator("svg.outlook circle").count() == 6
    assert walker.page.locator("section[aria-labelledby=outlook] tbody tr").count() == 5
    walker.follows("section[aria-labelledby=outlook] tbody a", "a-point")
    assert walker.page.locator(".big-number").is_visible()


def receipts(walker: Walker) -> None:
    """A published receipt, computed again, and what moved between two."""
    walker.goes_to("programme")
    walker.follows("article[aria-labelledby=goal-cell_industry_scale] a[href*='/receipt/']", "receipt")
    assert walker.page.locator(".verdict.good").is_visible()
    walker.follows("a[href*='/moved']", "moved")
    assert walker.page.locator("section[aria-labelledby=facts] tbody tr").count() == 6, "three returns were audited"
    walker.follows("section[aria-labelledby=facts] tbody a[href*='/fact/']", "moved-fact")


def earlier(walker: Walker) -> None:
    """The slider to an earlier root, by keyboard: the numbers are those of then, and the address keeps them."""
    walker.goes_to("programme")
    now = walker.text("[data-as-of]")
    walker.page.locator(".as-of input[type=range]").focus()
    for _ in range(3):
        walker.page.keyboard.press("PageDown")
    assert walker.text("[data-as-of]") != now
    walker.page.locator(".as-of button").click()
    walker.page.wait_for_url("**/programme?at=*")
    walker.looks("as-of")
    assert walker.text("[data-as-of]") != now


def other_pages(walker: Walker) -> None:
    for path in ("plan/cell_therapy", "register", "register/site/simulated-base-1", "programme/print", "ledger"):
        walker.goes_to(path)
    for language in ("zh", "en"):
        answer = walker.page.request.get(f"{walker.root}/programme/brief-{language}.pdf")
        assert answer.status == 200
        assert answer.body().startswith(b"%PDF")
    walker.page.emulate_media(media="print")
    walker.goes_to("programme/print")
    walker.page.emulate_media(media="screen")
