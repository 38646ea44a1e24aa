"""60 suites over six weeks stay readable: names fit, rows are found, a printed page cuts none of them, and the page is not too large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from tests.pages import large_base
from tests.pages.browsing import opened_browser
from tests.pages.test_brief import text_of

from yimai.interfaces.web.timetable_drawing import LEFT, SHEET, WIDTH, Batch

LARGEST = 600_000
"""Bytes of the six weeks' pictures."""
SHEET_OF_PAPER = (1512, 1047)
"""Pixels of an A3 sheet without its margins."""
PAGES = 5

OVERLAPPING = """() => {
  const boxes = [...document.querySelectorAll("svg.course")].flatMap((svg) => [...svg.querySelectorAll(":is(.who, .names text, .day text)")]
    .map((each) => ({ text: each.textContent, svg, box: each.getBoundingClientRect() })));
  const found = [];
  for (const [number, one] of boxes.entries()) for (const other of boxes.slice(number + 1)) {
    if (one.svg !== other.svg) continue;
    const [a, b] = [one.box, other.box];
    if (a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 6 && b.top < a.bottom - 6) found.push([one.text, other.text]);
  }
  return found;
}"""
OUTSIDE = """() => [...document.querySelectorAll(".batch")].filter((each) => each.querySelector(".who")).filter((each) => {
  const name = each.querySelector(".who").getBoundingClientRect();
  const bar = (each.querySelector(".bar") || each.querySelector(".promised")).getBoundingClientRect();
  return name.left < bar.left || name.right > bar.right || name.top < bar.top - 2 || name.bottom > bar.bottom + 2;
}).map((each) => each.querySelector(".who").textContent)"""
LEGEND = """(name) => { const seen = getComputedStyle(document.querySelector(`.legend .${name}`));
  return [seen.borderTopColor, seen.borderTopStyle, seen.backgroundImage, seen.backgroundColor]; }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


def shown(browser: Any, width: int, days: int = 42, language: str = "zh-hans") -> Any:
    web = files("yimai") / "interfaces" / "web" / "static" / "web"
    css, chain, drag = ((web / name).read_text(encoding="utf-8") for name in ("yimai.css", "chain.js", "drag.js"))
    pictures = large_base.rendered(large_base.drawn(days), days, language)
    page = browser.new_page(viewport={"width": width, "height": 1180})
    body = (
        f"<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><style>{css}</style><main>{pictures}</main>"
        f"<script>const yimai = {{ whenShown: (then) => then() }}; {chain}{drag}</script>"
    )
    page.route("**/*", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("http://localhost/timetable")
    return page


def batches(days: int) -> list[Batch]:
    return [batch for block in large_base.drawn(days).blocks for line in block.suites for batch in line.batches]


def test_every_suite_has_its_row_and_no_block_is_longer_than_a_page() -> None:
    for days in (1, 7, 42):
        drawing = large_base.drawn(days)
        rows = [line for block in drawing.blocks for line in block.suites]
        assert [line.suite for line in rows] == [each.id for each in large_base.base().suites]
        for block in drawing.blocks:
            assert len(block.suites) * drawing.row <= SHEET
            assert all(line.y + drawing.row <= block.height for line in block.suites)
    assert len(batches(42)) > 200


def test_a_batch_bears_its_name_only_where_there_is_room() -> None:
    named = [batch for batch in batches(42) if batch.text_at is not None]
    assert len(named) > 150
    for batch in batches(42):
        span = batch.planned or batch.promised
        assert span is not None
        assert LEFT <= span[0] < WIDTH
        assert batch.text_at is None or span[1] > 90
        assert not batch.with_odds or (batch.risk and span[1] > 130)
    assert any(batch.with_odds for batch in named)
    assert any(batch.risk and not batch.with_odds for batch in batches(42))


def test_the_page_is_not_too_large() -> None:
    assert len(large_base.rendered(large_base.drawn(42), 42).encode()) < LARGEST


@pytest.mark.parametrize("width", [820, 1440])
@pytest.mark.parametrize("days", [42, 7, 1])
def test_no_name_covers_another_or_leaves_its_batch(browser: Any, width: int, days: int) -> None:
    page = shown(browser, width, days)
    assert page.evaluate(OVERLAPPING) == []
    assert page.evaluate(OUTSIDE) == []
    page.close()


def test_on_a_tablet_the_suites_names_stay_while_days_are_scrolled_and_pointing_lights_a_chain(browser: Any) -> None:
    page = shown(browser, 820, language="en")
    name = page.locator(".names text", has_text="Suite 37")
    before = name.bounding_box()
    page.evaluate("document.querySelector('.timetable').scrollLeft = 260")
    page.wait_for_function("[...document.querySelectorAll('.timetable')].every((each) => each.scrollLeft === 260)")
    assert name.bounding_box()["x"] == before["x"]
    batch = page.locator("[data-suite='suite-37'] .batch").nth(1)
    batch.hover()
    assert page.locator(".chain-mark").count() == len((batch.get_attribute("data-chain") or "").split(";"))
    assert batch.locator("title").first.text_content().startswith("Suite 37 · ")
    page.close()


def test_each_look_has_its_own_sign_in_the_legend(browser: Any) -> None:
    page = shown(browser, 1440)
    names = ("promised", "planned", "running", "done", "stopped", "watch", "late", "closed", "out")
    signs = Counter(str(page.evaluate(LEGEND, name)) for name in names)
    assert set(signs.values()) == {1}
    assert page.evaluate(LEGEND, "running")[0] != page.evaluate(LEGEND, "late")[0], "red is for what is in trouble"
    assert page.evaluate(LEGEND, "planned")[1] == "solid", "as it is drawn"
    page.close()


def test_printed_no_suite_is_cut_by_the_end_of_a_page(browser: Any) -> None:
    for days in (1, 7, 42):
        page = shown(browser, SHEET_OF_PAPER[0], days)
        page.emulate_media(media="print")
        blocks = page.evaluate(
            "[...document.querySelectorAll('.block')].map((each) => [each.getBoundingClientRect().height, getComputedStyle(each).breakInside])"
        )
        assert len(blocks) >= 3
        for height, inside in blocks:
            assert inside == "avoid"
            assert height < SHEET_OF_PAPER[1]
        first = page.locator(".block").first.bounding_box()
        assert first["y"] + first["height"] < SHEET_OF_PAPER[1], "the first page would stay empty but for its heading"
        page.close()


def test_printed_each_suite_stands_on_one_page(browser: Any) -> None:
    page = shown(browser, 1440)
    pages = text_of(page.pdf(prefer_css_page_size=True)).rstrip("\f").split("\f")
    page.close()
    assert 3 <= len(pages) <= PAGES
    for number in range(1, large_base.SUITES + 1):
        assert sum(f"{number}号生产单元" in each.split() for each in pages) == 1, number


def test_a_batch_is_dragged_from_one_block_of_suites_to_another(browser: Any) -> None:
    page = shown(browser, 1440)
    batch = page.locator("[data-suite='suite-19'] .batch[data-moves]").first
    begins, ends = batch.bounding_box(), page.locator("[data-suite='suite-23']").bounding_box()
    page.mouse.move(begins["x"] + 40, begins["y"] + 8)
    page.mouse.down()
    page.mouse.move(begins["x"] + 60, begins["y"] + 30)
    page.mouse.move(begins["x"] + 60, ends["y"] + 12)
    with page.expect_request("**/repair?*") as asked:
        page.mouse.up()
    assert f"treatment={batch.get_attribute('data-treatment')}&suite=suite-23" in asked.value.url
    page.close()
