"""Pages in a real browser: they fit, they load nothing from outside, and they can be used by touch and by keyboard.

With YIMAI_SCREENSHOTS=FOLDER every view is kept there as a picture.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client
from tests.pages.browsing import opened_browser
from tests.pages.conftest import READER, House
from tests.pages.messages import WEB
from tests.signing_in import signed_in

VIEWS = {"tablet": (1024, 768), "tablet-upright": (820, 1180), "desktop": (1440, 900)}


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    """A browser context in which a reader is signed in."""
    with opened_browser() as opened:
        context = opened.new_context()
        session = signed_in(Client(SERVER_NAME="localhost"), READER).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        yield context


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("view", list(VIEWS))
def test_pages_fit_and_complain_of_nothing(house: House, browser: Any, address: str, view: str, language: str) -> None:
    width, height = VIEWS[view]
    page = _sized(browser, width, height)
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    paths = {
        "home": "/",
        "today": "/today",
        "treatment": f"/treatment/{house.whole.coi}",
        "planned": f"/treatment/{house.stages['slot_reserved']}",
        "programme": "/programme",
        "plan": "/plan/cell_therapy",
        "register": "/register",
        "lot": "/about/material_lot/LOT-001",
    }
    for name, path in paths.items():
        assert page.goto(f"{address}/{language}{path}").status == 200
        fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert fits, f"{name} is wider than {view}"
        _keep(page, f"{name}-{language}-{view}")
    page.close()
    assert complaints == []
    assert all(request.startswith(address) for request in requests)


def test_clocks_run_and_the_present_is_in_view(house: House, browser: Any, address: str) -> None:
    page = _sized(browser, 820, 1180)
    page.goto(f"{address}/zh-hans/treatment/{house.whole.coi}")
    frame = page.locator(".vein-frame").bounding_box()
    here = page.locator(".vein .here").bounding_box()
    assert frame["x"] <= here["x"]
    assert here["x"] + here["width"] <= frame["x"] + frame["width"]
    page.goto(f"{address}/zh-hans/today")
    assert page.locator(".clock .left b").count() > 0
    assert all(re.search(r"\d+ (天|小时|分)", text) for text in page.locator(".clock .left b").all_inner_texts())
    page.close()


def test_the_keyboard_reaches_the_content_first_and_every_target_is_large(browser: Any, address: str) -> None:
    page = _sized(browser, 1024, 768)
    page.goto(f"{address}/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    for box in (
        each.bounding_box() for each in page.locator(".top a, .top button, .top input:not([type=hidden]), .slip").all()
    ):
        assert box["height"] >= 44
    page.close()


def test_a_point_of_the_vein_leads_to_its_fact(house: House, browser: Any, address: str) -> None:
    page = _sized(browser, 1440, 900)
    page.goto(f"{address}/en/treatment/{house.whole.coi}")
    page.locator(".vein a").first.click()
    assert re.search(r"#fact-\d+$", page.url)
    page.locator(".line li:target .what > a").first.click()
    assert re.search(r"/en/fact/[0-9a-f]{64}$", page.url)
    page.close()


def test_inks_stand_out_from_their_grounds() -> None:
    """WCAG 2.2 AA, 1.4.3: at least 4.5:1."""
    tokens = dict(
        re.findall(r"--([\w-]+): (#[0-9a-f]{6});", (WEB / "static/web/yimai.css").read_text(encoding="utf-8"))
    )
    grounds = ("paper", "sheet")
    pairs = [
        (ink, ground) for ink in ("ink", "soft", "link", "vein", "warn", "stop", "good", "odd") for ground in grounds
    ]
    pairs += [("warn", "warn-tint"), ("stop", "stop-tint"), ("good", "good-tint"), ("odd", "odd-tint")]
    pairs += [("ink", "vein-tint"), ("soft", "blue-tint"), ("soft", "road-tint"), ("sheet", "vein"), ("sheet", "ink")]
    for ink, ground in pairs:
        assert contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _sized(context: Any, width: int, height: int) -> Any:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    return page


def _keep(page: Any, name: str) -> None:
    if folder := os.environ.get("YIMAI_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
