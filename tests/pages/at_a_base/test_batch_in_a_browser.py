"""The batch record on a tablet, as somebody in gloves uses it: scan, touch, see at once what is wrong, and the next step at the thumb."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.journeys.house import ServedHouse
from tests.pages.browsing import keep_picture
from tests.pages.test_scanner import scan
from tests.signing_in import signed_in
from tests.spec.harness import SpecPlant

from yimai.domain.identifier import mint
from yimai.domain.label_code import label_code
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey

VIEWS = {"tablet": (1024, 768), "tablet-upright": (820, 1180), "desktop": (1440, 900)}
LOW = """least => [...document.querySelectorAll("main .tile, main button, main .go, main select, main .change, main .batch-link, \
main input:not([type=hidden], [type=radio], [type=checkbox])")].filter(each => each.getClientRects().length)
.map(each => [each.className, each.textContent.trim().slice(0, 40), each.getBoundingClientRect().height])
.filter(each => each[2] < least)"""


@pytest.fixture(scope="module")
def washing(plant: SpecPlant) -> Journey:
    """A batch whose wash was done and corrected; its selection can begin."""
    return plant.treatment("before:select", fortune=Fortune(spared=True, corrected="wash"))


@pytest.fixture
def tablet(house: ServedHouse, washing: Journey, browser: Any) -> Iterator[Any]:
    """A tablet at which an operator who may do the selection is signed in."""
    operator = washing.at_base("operator", qualification="cell_selection")
    session = signed_in(Client(SERVER_NAME="localhost"), operator).cookies["sessionid"].value
    context = browser.new_context(base_url=house.address, viewport={"width": 820, "height": 1180}, has_touch=True)
    context.add_cookies([{"name": "sessionid", "value": session, "url": house.address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def start(journey: Journey, language: str = "zh-hans") -> str:
    return f"/{language}/act/batch.start_step?treatment={journey.treatment}&batch={journey.batch}&step=select"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("view", list(VIEWS))
def test_pages_fit_and_every_target_is_large(tablet: Any, washing: Journey, view: str, language: str) -> None:
    width, height = VIEWS[view]
    tablet.set_viewport_size({"width": width, "height": height})
    paths = {"home": f"/{language}/", "record": f"/{language}/batch/{washing.batch}", "start": start(washing, language)}
    for name, path in paths.items():
        assert tablet.goto(path).status == 200
        fits = tablet.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert fits, f"{name} is wider than {view}"
        assert tablet.evaluate(LOW, 48) == [], name
        keep_picture(tablet, f"operator-{name}-{language}-{view}")


def test_the_next_step_is_at_the_thumb_wherever_one_reads(tablet: Any, washing: Journey) -> None:
    tablet.goto(f"/zh-hans/batch/{washing.batch}")
    for place in ("0", "document.body.scrollHeight / 2"):
        tablet.evaluate(f"window.scrollTo(0, {place})")
        box = tablet.locator(".thumb a").bounding_box()
        assert box["height"] >= 64
        assert box["y"] + box["height"] <= 1180
    tablet.locator(".thumb a").click()
    assert "/act/batch.start_step" in tablet.url


def test_a_printed_record_holds_what_was_recorded_and_nothing_to_press(tablet: Any, washing: Journey) -> None:
    tablet.goto(f"/zh-hans/batch/{washing.batch}")
    tablet.emulate_media(media="print")
    for pressed in (".thumb", ".to-do", ".change", ".top nav"):
        assert not any(each.is_visible() for each in tablet.locator(pressed).all()), pressed
    assert tablet.locator("del").first.is_visible()
    assert tablet.locator(".used").first.is_visible()
    tablet.emulate_media(media="screen")


def test_a_wrong_patients_bag_is_red_at_once_and_the_right_one_goes_in_after_it(
    house: ServedHouse, tablet: Any, washing: Journey
) -> None:
    tablet.goto(start(washing))
    wrong = label_code(mint("container", b"\x09\x08\x07\x06\x05"), 1)
    pieces = [
        washing._piece(each) for each in ("tube_sealer", "cell_counter", "magnetic_selector", "biosafety_cabinet")
    ]
    lots = [washing._lot(each) for each in ("wash_buffer", "selection_set", "selection_reagent")]
    scan(tablet, wrong)
    answer = tablet.locator("#scan-answer")
    assert "bad" in answer.get_attribute("class")
    assert "停止" in answer.inner_text()
    assert "scan-bad" in tablet.locator("input[name=scanned]").first.get_attribute("class")
    second = washing.at_base(
        "operator", qualification="cell_selection", without=(tablet.locator("body").get_attribute("data-person"),)
    )
    for text in (*pieces, str(second), *lots):
        scan(tablet, text)
    tablet.locator("form[data-act] button.primary").click()
    tablet.wait_for_selector(".refusal")
    assert answer.is_hidden(), "the answer to a scan goes with the form that it was for"
    assert tablet.locator("input[name=scanned]").first.input_value() == "", "what does not match leaves its field"
    tablet.wait_for_timeout(1500)
    assert tablet.locator(".live-changed").count() == 0, "one's own refusal is nobody else's change"
    tablet.reload()
    tablet.locator(".kept-note").wait_for()
    scan(tablet, label_code(washing.bag, 1))
    assert "good" in answer.get_attribute("class")
    for text in (*pieces, str(second), *lots):
        scan(tablet, text)
    tablet.locator("form[data-act] button.primary").click()
    tablet.wait_for_selector("fieldset[data-signer]")


def test_a_step_begins_by_scans_in_any_order_and_a_value_out_of_limits_says_at_once_what_it_does(
    tablet: Any, washing: Journey
) -> None:
    tablet.goto(start(washing))
    second = next(
        each.id
        for each in washing.plant.base.people
        if any(one.qualification == "cell_selection" for one in each.qualifications)
        and not tablet.locator(f"[data-badge={each.id}]").is_checked()
    )
    pieces = [
        washing._piece(each) for each in ("tube_sealer", "cell_counter", "magnetic_selector", "biosafety_cabinet")
    ]
    lots = [washing._lot(each) for each in ("wash_buffer", "selection_set", "selection_reagent")]
    for text in (*pieces, second, *lots, label_code(washing.bag, 1)):
        scan(tablet, text)
        assert "good" in tablet.locator("#scan-answer").get_attribute("class"), (
            text,
            tablet.locator("#scan-answer").inner_text(),
        )
    assert tablet.locator("[data-expects].there").count() == 1
    assert "✓" not in tablet.locator("[data-crew]").inner_text()
    assert tablet.locator("[data-crew].there").count() == 1
    tablet.locator("form[data-act] button.primary").click()
    tablet.wait_for_selector("fieldset[data-signer]")
    assert tablet.locator("fieldset[data-signer]").count() == 1
    washing.begin_step(washing.recipe.step("select"))  # type: ignore[arg-type]
    tablet.goto(start(washing).replace("start_step", "complete_step"))
    purity = tablet.locator("[name=entry-purity]")
    purity.tap()
    for key in "75":
        tablet.locator(f".numpad [data-key='{key}']").tap()
    told = tablet.locator("#field-entry-purity .verdict").inner_text()
    assert "80" in told
    assert "偏差" in told
    assert "80–100" in tablet.locator("#field-entry-purity .limits").inner_text()
    keep_picture(tablet, "operator-out-of-limits")
