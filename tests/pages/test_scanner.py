"""A scanner in a real browser: told from a person's typing, taken wherever the focus is, answered at once by words, colour and tone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from tests.pages.bench_site import EXPECTED
from tests.pages.bench_site.server import Switched, serving
from tests.pages.browsing import opened_browser

from yimai.domain.identifier import LETTERS, grouped, mint
from yimai.domain.label_code import gs1_elements, label_code, scanned
from yimai.domain.refusal import Refusal

BAG = mint("container", b"\x01\x02\x03\x04\x05")
TREATMENT = mint("treatment", b"\x01\x02\x03\x04\x07")
WRISTBAND = mint("wristband", b"\x09\x02\x03\x04\x05")
SPY = """
window.tones = [];
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const made = make.call(this);
  setTimeout(() => window.tones.push(made.type));
  return made;
};
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Switched]:
    with serving() as switched:
        yield switched


@pytest.fixture(scope="module")
def browser(site: Switched) -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Any, site: Switched) -> Iterator[Any]:
    context = browser.new_context(base_url=site.address, viewport={"width": 820, "height": 1180})
    context.add_init_script(SPY)
    shown = context.new_page()
    complaints: list[str] = []
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield shown
    context.close()
    assert complaints == []


BURST = """([text, end]) => {
  const press = (key) => {
    const digit = /[0-9]/.test(key);
    const code = key.length > 1 ? key : key === "]" ? "BracketRight" : digit ? `Digit${key}` : `Key${key.toUpperCase()}`;
    const at = document.activeElement;
    const went = at.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }));
    if (went && key.length === 1 && at.matches("input, textarea")) document.execCommand("insertText", false, key);
    if (went && key === "Enter" && at.matches("button")) at.click();
  };
  for (const key of text) press(key);
  if (end) press(end);
}"""


def scan(page: Any, text: str, end: str = "Enter") -> None:
    """A scanner's burst, at the same pace however busy the machine is: what each key does to the page, done in the page."""
    page.evaluate(BURST, [text, end])
    page.wait_for_timeout(300)


def said(page: Any) -> str:
    return str(page.locator("#scan-answer").inner_text())


@pytest.mark.parametrize("end", ["Enter", "Tab", ""])
def test_a_scan_fills_the_field_that_waits_without_a_focus(page: Any, end: str) -> None:
    page.goto("/en/bench/scan")
    code = label_code(BAG, 1)
    scan(page, code, end)
    assert page.locator("#bag").input_value() == code
    assert page.locator("#wristband").input_value() == ""
    assert "scan-read" in page.locator("#bag").get_attribute("class"), "in a gate of identity only the server can tell"
    assert page.locator("#bag-scanned").inner_text() == f"▶ Container {grouped(BAG)} · copy 1"
    assert f"Container {grouped(BAG)}" in said(page)
    assert "Wristband" in said(page)
    assert page.evaluate("tones") == ["sine"]
    scan(page, WRISTBAND)
    assert page.locator("#wristband").input_value() == WRISTBAND
    assert "Everything here is scanned" in said(page)


def test_what_is_typed_after_the_last_scan_is_not_added_to_it(page: Any) -> None:
    page.goto("/en/bench/scan")
    scan(page, label_code(BAG, 1))
    scan(page, WRISTBAND)
    page.keyboard.type("150", delay=150)
    assert page.locator("#wristband").input_value() == WRISTBAND


def test_giver_and_taker_scan_the_same_shipper_one_after_the_other(page: Any) -> None:
    page.goto("/en/bench/hand")
    shipper = label_code(mint("shipment", b"\x05\x02\x03\x04\x05"), 1)
    for place in ("given", "taken"):
        scan(page, shipper)
        assert "bad" not in page.locator("#scan-answer").get_attribute("class"), said(page)
        assert page.locator(f"#{place}").input_value() == shipper


def test_another_than_the_one_that_a_form_is_about_is_red_at_once_and_the_right_one_takes_its_place(page: Any) -> None:
    page.goto("/en/bench/known")
    other, right = label_code(mint("shipment", b"\x06\x02\x03\x04\x05"), 1), label_code(EXPECTED, 1)
    scan(page, other)
    assert "bad" in page.locator("#scan-answer").get_attribute("class")
    assert "does not belong here" in said(page)
    for place in ("given", "taken"):
        scan(page, right)
        assert "good" in page.locator("#scan-answer").get_attribute("class"), place
    assert [page.locator(f"#{place}").input_value() for place in ("given", "taken")] == [right, right]


def test_a_bases_own_name_is_never_read_as_one_of_ours_by_chance(page: Any) -> None:
    page.goto("/en/bench/scan")
    scan(page, "selector-07")
    assert "ample" not in said(page)
    assert page.locator("#bag").input_value() == ""


def test_how_long_each_answer_takes_from_the_last_key_is_measured(page: Any) -> None:
    """For `yimai bench web`, which sets it beside its aim of 200 ms."""
    page.goto("/en/bench/scan")
    page.wait_for_timeout(300)
    for end in ("Enter", "", "Enter", "", "Enter", ""):
        scan(page, label_code(BAG, 1), end)
    took = page.evaluate("performance.getEntriesByName('yimai.scan').map((each) => each.duration)")
    assert len(took) == 6
    assert min(took) > 0


def test_a_scan_leaves_the_field_that_has_the_focus_as_it_was(page: Any) -> None:
    page.goto("/en/bench/scan")
    page.locator("#remark").press_sequentially("slightly cloudy", delay=70)
    page.wait_for_timeout(100)
    scan(page, label_code(BAG, 2))
    assert page.locator("#remark").input_value() == "slightly cloudy"
    assert page.locator("#bag").input_value() == label_code(BAG, 2)


def test_a_scan_presses_no_button_that_has_the_focus(page: Any) -> None:
    page.route("**/scan?*", lambda route: route.fulfill(status=204))
    page.goto("/en/bench/plain")
    page.locator("#one button").last.focus()
    page.evaluate("document.querySelector('#one').addEventListener('submit', () => { window.sent = true; })")
    scan(page, "ZZZZ99999")
    assert page.evaluate("window.sent") is None


def test_what_a_person_types_is_no_scan(page: Any) -> None:
    page.goto("/en/bench/scan")
    page.locator("#remark").press_sequentially(label_code(BAG, 1), delay=90)
    page.wait_for_timeout(200)
    assert page.locator("#remark").input_value() == label_code(BAG, 1)
    assert page.locator("#bag").input_value() == ""
    assert page.locator("#scan-answer").is_hidden()
    page.locator("#bag").press_sequentially(grouped(BAG).lower(), delay=90)
    page.locator("#remark").focus()
    assert page.locator("#bag-scanned").inner_text() == f"▶ Container {grouped(BAG)}"


def test_a_key_that_is_held_down_is_no_scan(page: Any) -> None:
    page.goto("/en/bench/scan")
    page.locator("#remark").focus()
    for _ in range(20):
        page.keyboard.down("k")
    page.keyboard.up("k")
    page.wait_for_timeout(200)
    assert page.locator("#remark").input_value() == "k" * 20
    assert page.locator("#scan-answer").is_hidden()


@pytest.mark.parametrize("person", ["operator-01", "qa-01", "hospital-b-nurse-01", "qualified-person-01"])
def test_a_badge_is_scanned_into_the_field_that_names_who_signs(page: Any, person: str) -> None:
    page.goto("/en/bench/scan")
    page.locator("#remark").focus()
    page.keyboard.type(person)
    page.wait_for_timeout(300)
    assert page.locator("#remark").input_value() == person
    assert page.locator("#scan-answer").is_hidden()


def test_a_badge_whose_keys_stumble_half_way_stays_whole_in_a_plain_field(page: Any) -> None:
    page.goto("/en/bench/scan")
    page.locator("#remark").focus()
    page.keyboard.type("qualified-")
    page.wait_for_timeout(60)  # a busy tablet
    page.keyboard.type("person-01")
    page.wait_for_timeout(300)
    assert page.locator("#remark").input_value() == "qualified-person-01"
    assert page.locator("#scan-answer").is_hidden()


def test_a_wrong_noun_is_refused_and_says_what_is_wanted(page: Any) -> None:
    page.goto("/zh-hans/bench/scan")
    batch = mint("batch", b"\x01\x02\x03\x04\x05")
    scan(page, batch)
    assert f"批次 {grouped(batch)}不属于此处。" in said(page)
    assert "此处需要：腕带。" in said(page)
    assert "scan-bad" in page.locator("#wristband").get_attribute("class")
    assert page.evaluate("tones") == ["square", "square"]
    assert all(page.locator(f"#{field}").input_value() == "" for field in ("wristband", "bag"))


def test_a_wrong_check_character_is_refused(page: Any) -> None:
    page.goto("/en/bench/scan")
    code = label_code(BAG, 1)
    scan(page, code[:-1] + ("7" if code[-1] != "7" else "8"))
    assert "misread" in said(page)
    assert page.locator("#bag").input_value() == ""


def test_the_same_thing_twice_and_a_field_that_is_full(page: Any) -> None:
    page.goto("/en/bench/scan")
    scan(page, label_code(BAG, 1))
    scan(page, label_code(BAG, 1))
    assert "scanned already" in said(page)
    other = mint("container", b"\x08\x02\x03\x04\x05")
    scan(page, other)
    assert "filled already" in said(page)
    assert page.locator("#bag").input_value() == label_code(BAG, 1)
    page.locator("#bag").focus()
    scan(page, other)
    assert page.locator("#bag").input_value() == other


def test_a_piece_or_a_lot_goes_to_the_field_that_lists_it_in_any_order(page: Any) -> None:
    page.goto("/en/bench/step")
    for text in ("selector-01", "(01)09506000134352(10)AB12", "BALANCE 01", label_code(BAG, 1)):
        scan(page, text)
        look = "read" if text == label_code(BAG, 1) else "good"
        assert look in page.locator("#scan-answer").get_attribute("class"), text
    values = {name: page.locator(f"#{name}").input_value() for name in ("bag", "scales", "selector", "lot")}
    assert values == {"bag": label_code(BAG, 1), "scales": "balance-01", "selector": "selector-01", "lot": "AB12"}


def test_a_listed_piece_whose_name_would_pass_for_one_of_our_samples_is_that_piece(page: Any, site: Switched) -> None:
    assert not isinstance(scanned("selector-07"), Refusal)
    page.goto("/en/bench/step")
    scan(page, "selector-07")
    assert page.locator("#selector").input_value() == "selector-07"
    assert "good" in page.locator("#scan-answer").get_attribute("class")
    page.goto("/en/bench/none")
    with page.expect_navigation():
        scan(page, "selector-07")
    assert page.url == f"{site.address}/en/scan?code=selector-07"


def test_a_piece_that_is_not_listed_fills_nothing_and_says_so(page: Any) -> None:
    page.goto("/zh-hans/bench/step")
    scan(page, "balance-09")
    assert "不在此处可用之列" in said(page)
    assert page.locator("#scales").input_value() == ""
    scan(page, "bsc-07")
    assert "不在此处可用之列" in said(page)
    assert [page.locator(f"#{name}").input_value() for name in ("scales", "selector", "lot")] == [""] * 3


def test_a_badge_marks_its_person_and_a_touch_fills_what_is_offered(page: Any) -> None:
    page.goto("/en/bench/step")
    scan(page, "courier-01")
    assert page.locator("[data-badge=courier-01]").is_checked()
    assert not page.locator("[data-badge=operator-02]").is_checked()
    button = page.locator("[data-fills=scales]")
    button.click()
    assert page.locator("#scales").input_value() == "balance-02"
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert page.locator("#scales").input_value() == ""


def test_a_page_without_scan_fields_leads_to_what_was_scanned(page: Any, site: Switched) -> None:
    page.goto("/en/bench/none")
    code = label_code(BAG, 1)
    with page.expect_navigation():
        scan(page, code.lower())
    assert page.url == f"{site.address}/en/scan?code={code}"


def test_a_record_with_a_page_of_its_own_is_gone_to_at_once(page: Any, site: Switched) -> None:
    page.goto("/en/bench/none")
    with page.expect_navigation():
        scan(page, label_code(TREATMENT, 2))
    assert page.url == f"{site.address}/en/treatment/{TREATMENT}"


def test_what_a_base_names_is_looked_up_by_the_server(page: Any, site: Switched) -> None:
    page.goto("/en/bench/none")
    with page.expect_navigation():
        scan(page, "selector-01")
    assert page.url == f"{site.address}/en/scan?code=selector-01"


def test_a_form_that_asks_for_it_is_sent_when_all_is_scanned(page: Any) -> None:
    page.goto("/en/enter/nurse-01?next=/en/bench/auto")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        scan(page, label_code(BAG, 3))
    assert f"bag={label_code(BAG, 3)}" in sent.value.post_data


def test_symbology_separators_and_input_methods(page: Any) -> None:
    page.goto("/en/bench/scan")
    key = "window.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...%s}))"
    page.evaluate(key % "{key: ']', code: 'BracketRight', ctrlKey: true}")
    scan(page, f"]d291{label_code(BAG, 1).lower()}")
    assert page.locator("#bag").input_value() == label_code(BAG, 1)
    page.reload()
    for letter in WRISTBAND:  # under a Chinese input method only the place of the key is told
        place = f"Key{letter}" if letter.isalpha() else f"Digit{letter}"
        page.evaluate(key % f"{{key: 'Process', code: '{place}', keyCode: 229, isComposing: true}}")
    page.evaluate(key % "{key: 'Enter', code: 'Enter'}")
    page.wait_for_timeout(150)
    assert page.locator("#wristband").input_value() == WRISTBAND


def test_sound_can_be_switched_off_and_stays_off(page: Any) -> None:
    page.goto("/en/bench/scan")
    page.locator("[data-sound]").click()
    page.reload()
    assert page.locator("[data-sound]").get_attribute("aria-pressed") == "false"
    scan(page, label_code(BAG, 1))
    assert page.evaluate("tones") == []
    assert "scan-read" in page.locator("#bag").get_attribute("class")


def test_the_browser_reads_codes_as_the_domain_does(page: Any) -> None:
    chance = random.Random(20270301)
    texts: list[str] = []
    for _ in range(300):
        item = mint(chance.choice(sorted(LETTERS)), chance.randbytes(5))
        copy = chance.randrange(1, 100)
        code = label_code(item, copy)
        at = chance.randrange(len(code))
        texts += [
            item, grouped(item).lower(), code, "]d1" + code, gs1_elements(item, copy), gs1_elements(item, copy, "09506000134352"),
            code[:at] + chance.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") + code[at + 1 :], code[:at] + code[at + 1 :],
            code.translate(str.maketrans("YZ", "ZY")),
        ]  # fmt: skip
    texts += ["LOT-001", "0123456789", "", "一二三", "K", "(01)09506000134352(10)AB12"]
    page.goto("/en/bench/none")
    read = page.evaluate("(texts) => texts.map((text) => yimai.read(text))", texts)
    problems = {
        "label_code.wrong_check": "check",
        "label_code.cut_short": "short",
        "label_code.other_keyboard": "keyboard",
    }
    for text, found in zip(texts, read, strict=True):
        expected = scanned(text)
        if isinstance(expected, Refusal):
            assert (found["noun"], found["problem"]) == (None, problems.get(expected.code)), text
        else:
            assert (found["noun"], found["identifier"], found["copy"]) == (
                expected.noun,
                expected.identifier,
                expected.copy,
            )
    assert read[-1]["lot"] == "AB12"


def test_after_a_wrong_scan_the_right_one_takes_its_place(page: Any) -> None:
    """The giver's shipper was refused, the taker's is right: the next scan of it is the giver's."""
    page.goto("/en/bench/hand")
    given, taken = page.locator("#given"), page.locator("#taken")
    shipper = label_code(mint("shipment", b"\x05\x02\x03\x04\x05"), 1)
    scan(page, shipper)
    scan(page, shipper)
    page.evaluate("""() => {
      const field = document.getElementById("given");
      field.value = "";
      field.setAttribute("aria-invalid", "true");
      document.activeElement.blur();
    }""")
    scan(page, shipper)
    assert (given.input_value(), taken.input_value()) == (shipper, shipper)


def test_a_field_marked_as_wrong_is_filled_anew_by_the_next_scan(page: Any) -> None:
    page.goto("/en/bench/scan")
    other = mint("container", b"\x01\x02\x03\x04\x06")
    scan(page, label_code(other, 1))
    page.evaluate("""() => {
      document.getElementById("bag").setAttribute("aria-invalid", "true");
      document.activeElement.blur();
    }""")
    scan(page, label_code(BAG, 1))
    assert page.locator("#bag").input_value() == label_code(BAG, 1)
    assert page.locator("#bag").get_attribute("aria-invalid") is None


def chosen(page: Any, name: str, kind: str, contents: bytes) -> tuple[str, int]:
    """Name and size of what the field holds a moment after this file was chosen."""
    page.locator("#form").set_input_files({"name": name, "mimeType": kind, "buffer": contents})
    page.wait_for_timeout(300)
    found = page.evaluate(
        "[document.getElementById('form').files[0].name, document.getElementById('form').files[0].size]"
    )
    return str(found[0]), int(found[1])


def test_a_photograph_of_a_form_is_made_small_enough_and_anything_else_left_alone(page: Any) -> None:
    page.goto("/en/bench/file")
    noise = Image.frombytes("L", (900, 600), random.Random(1).randbytes(540_000))
    photograph = BytesIO()
    noise.resize((4500, 3000), Image.Resampling.BILINEAR).save(photograph, "JPEG", quality=95)
    assert photograph.tell() > 1_500_000
    page.locator("#form").set_input_files(
        {"name": "form.jpeg", "mimeType": "image/jpeg", "buffer": photograph.getvalue()}
    )
    page.locator(".made-smaller").wait_for()
    size = page.evaluate("document.getElementById('form').files[0].size")
    assert 100_000 < size <= 1_000_000
    assert f"now {size / 1e6:.1f} MB" in page.locator(".made-smaller").text_content()
    assert chosen(page, "form.pdf", "application/pdf", b"%PDF-" + bytes(2_000_000)) == ("form.pdf", 2_000_005)
    assert page.locator(".made-smaller").count() == 0
    assert chosen(page, "small.jpg", "image/jpeg", b"\xff\xd8\xff") == ("small.jpg", 3)
    assert chosen(page, "no.jpg", "image/jpeg", bytes(2_000_000)) == ("no.jpg", 2_000_000)
