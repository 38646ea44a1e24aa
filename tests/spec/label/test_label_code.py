"""What a scanner sends is understood however it is set, and what was misread is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spec.harness import SpecPlant, then_refused

from yimai.actions import label
from yimai.domain.identifier import ALPHABET, LETTERS, grouped, mint
from yimai.domain.label_code import COPIES, Scanned, gs1_elements, label_code, scanned
from yimai.domain.refusal import Refusal

PAGE = Path(__file__).parents[3] / "docs" / "identifiers.md"
GTIN = "09506000134352"
items = st.tuples(st.sampled_from(sorted(LETTERS)), st.binary(min_size=5, max_size=5))
copies = st.integers(1, COPIES)


def refused(text: str) -> str:
    answer = scanned(text)
    assert isinstance(answer, Refusal), f"{text!r} was read as {answer}"
    return answer.code


@pytest.mark.requirement("LBL-011", "A scan of a label tells the item's noun, its identifier and the copy.")
@given(items, copies)
def test_a_scan_tells_item_and_copy(of: tuple[str, bytes], copy: int) -> None:
    item = mint(*of)
    expected = Scanned(of[0], item, copy)
    code = label_code(item, copy)
    assert re.fullmatch("[0-9A-Z]{13}", code)
    assert scanned(code) == expected
    for elements in (gs1_elements(item, copy), gs1_elements(item, copy, GTIN)):
        assert scanned(elements) == expected
        assert scanned(elements.replace("(", "").replace(")", "")) == expected


@pytest.mark.requirement(
    "LBL-012", "A scan is understood in any case, with a scanner's prefixes, separators and blanks."
)
@pytest.mark.parametrize(
    "as_sent",
    [
        "{}", "]d1{}", "]d2{}\r\n", "\x1d{}", "]d2\x1d{}", "]Q3{}", " {}\t", "\ufeff{}",
        "]d20109506000134352<GS>21{item}\x1d91{rest}", "0109506000134352{GS}21{item}^]91{rest}", "91{}",
    ],
)  # fmt: skip
@given(of=items, copy=copies)
def test_scanners_are_set_differently(as_sent: str, of: tuple[str, bytes], copy: int) -> None:
    item = mint(*of)
    code = label_code(item, copy)
    sent = as_sent.replace("{}", code).replace("{item}", item).replace("{rest}", code[10:])
    wide = "".join(chr(ord(each) + 0xFEE0) if each.isalnum() else each for each in sent)
    for variant in (sent, sent.lower(), sent.swapcase(), wide):
        assert scanned(variant) == Scanned(of[0], item, copy), variant


@pytest.mark.requirement("LBL-013", "An identifier that is typed without a copy is understood as the item alone.")
@given(items)
def test_an_identifier_is_typed(of: tuple[str, bytes]) -> None:
    item = mint(*of)
    for typed in (item, grouped(item), grouped(item).lower(), f"0109506000134352 21 {item}"):
        assert scanned(typed) == Scanned(of[0], item, None)


@pytest.mark.requirement(
    "LBL-014", "A code with a wrong character, or two swapped in its identifier, is refused, never mended."
)
@given(items, copies, st.integers(0, 12), st.sampled_from(ALPHABET))
def test_a_misread_code_is_refused(of: tuple[str, bytes], copy: int, place: int, wrong: str) -> None:
    code = label_code(mint(*of), copy)
    misread = code[:place] + wrong + code[place + 1 :]
    if misread != code:
        assert isinstance(scanned(misread), Refusal)
    if 0 < place < 9:
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        if swapped != code:
            assert isinstance(scanned(swapped), Refusal)


@pytest.mark.requirement("LBL-015", "What is no label is refused with what to do, and nobody's text is repeated.")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "label_code.nothing"),
        (" \x1d\r\n", "label_code.nothing"),
        ("https://example.org/张三", "label_code.foreign"),
        ("6901234567892", "label_code.foreign"),
        ("R01", "label_code.foreign"),
        ("T4KY9X2Y", "label_code.cut_short"),
        ("T4KY9X2YX401", "label_code.cut_short"),
        ("T4KY9X2YX4015T4KY9X2YX401", "label_code.cut_short"),
        ("T4KY9X2YX4025", "label_code.wrong_check"),
        ("T4KY9X2YX5", "label_code.wrong_check"),
        ("T4KY9X2YX4005", "label_code.wrong_check"),
        ("T4KZ9X2ZX4015", "label_code.other_keyboard"),
        ("t'kyçxéyx'à&(", "label_code.other_keyboard"),
    ],
)
def test_what_is_no_label(text: str, code: str) -> None:
    assert refused(text) == code
    answer = scanned(text)
    assert isinstance(answer, Refusal)
    assert "张三" not in answer.zh
    assert answer.zh.endswith("。")


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    answer = scanned(text)
    assert isinstance(answer, Refusal) or answer.noun in LETTERS


@pytest.mark.requirement("LBL-016", "A copy number is never reused: after 99 copies no further one is issued.")
def test_a_hundredth_copy_is_refused(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("printed")
    nurse = journey.at_hospital("nurse")
    asked = {"treatment": journey.treatment, "layout": "collection_bag", "item": journey.bag, "reason": "illegible"}
    for _ in range(COPIES - 1):
        memory_plant.ask(label.issue, nurse, journey.hospital, **asked)
    then_refused(memory_plant.asks(label.issue, nurse, journey.hospital, **asked), "label.too_many_copies")
    with pytest.raises(ValueError, match="no label code"):
        label_code(journey.bag, COPIES + 1)


def test_the_worked_label_code_follows_the_recipe_on_the_page() -> None:
    """ISO 7064 MOD 37,36, done by hand as the page tells it."""
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    example = re.search(r"first copy of the label of `(\w+)` holds `(\w+)`", text)
    assert example
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    p = 36
    for character in example[2][:-1]:
        p = ((p + letters.index(character)) % 36 or 36) * 2 % 37
    assert (p + letters.index(example[2][-1])) % 36 == 1
    assert label_code(example[1], 1) == example[2]
    assert f"`{gs1_elements(example[1], 1, GTIN)}`" in text
    assert f"`{gs1_elements(example[1], 1)}`" in text
