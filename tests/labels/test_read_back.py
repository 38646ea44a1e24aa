"""Every layout of the shipped recipe, drawn in every form and read back by a decoder that did not draw it."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

import numpy
import pytest
from PIL import Image
from tests.labels.reading_back import codes, ink_height, opened, page, printed, text_of, words_of
from tests.labels.stories import CARRIERS, copies, told

from yimai.domain.identifier import grouped
from yimai.domain.label import NOUNS, Carrier
from yimai.domain.label_code import Scanned, label_code, scanned
from yimai.interfaces.labels import rendering
from yimai.interfaces.labels.label_text import LabelText, Patient
from yimai.interfaces.labels.layout import LAYOUTS

PATIENT = Patient("虚构患者·松鹤 (Invented patient Pine-Crane)", date(1957, 2, 6))
each_copy = pytest.mark.parametrize(("story", "carrier", "copy"), list(copies()), ids=lambda value: str(value))
READABLE = {"wristband": 3.0, "collection_bag": 5.0, "container": 4.0, "sample": 3.0, "final_bag": 4.5, "shipper": 4.5}
"""How high the identifier's letters must be, in millimetres: at arm's length 4 mm are read without effort."""


def drawn(story: str, carrier: Carrier, copy: int) -> LabelText:
    return told(story).text(carrier, copy, PATIENT if carrier == "wristband" else None)


def leads_back(read: list[str], text: LabelText) -> None:
    """One code was read, and it names exactly this item and copy."""
    assert read == [label_code(text.item, text.copy)]
    assert scanned(read[0]) == Scanned(NOUNS[text.carrier], text.item, text.copy)


@each_copy
def test_paper_is_read_back(story: str, carrier: Carrier, copy: int) -> None:
    text = drawn(story, carrier, copy)
    leads_back(codes(page(rendering.pdf(text), 203)), text)


@each_copy
def test_the_picture_is_read_back(story: str, carrier: Carrier, copy: int) -> None:
    text = drawn(story, carrier, copy)
    picture = opened(rendering.png(text))
    assert picture.size == tuple(side * rendering.SCREEN for side in (LAYOUTS[carrier].width, LAYOUTS[carrier].height))
    leads_back(codes(picture), text)


@lru_cache(maxsize=1)
def from_printers() -> dict[tuple[str, Carrier, int, int], Image.Image]:
    """Every copy as printers of both kinds print it."""
    wanted = [(*each, dots) for each in copies() for dots in rendering.DOTS]
    labels = [
        (rendering.zpl(drawn(story, carrier, copy), dots), LAYOUTS[carrier].width, LAYOUTS[carrier].height, dots)
        for story, carrier, copy, dots in wanted
    ]
    return dict(zip(wanted, printed(labels), strict=True))


@pytest.mark.parametrize("dots", rendering.DOTS)
@each_copy
def test_what_a_label_printer_prints_is_read_back(story: str, carrier: Carrier, copy: int, dots: int) -> None:
    text = drawn(story, carrier, copy)
    on_paper = from_printers()[story, carrier, copy, dots]
    leads_back(codes(on_paper), text)
    ours = opened(rendering.picture(text, dots)).convert("L").point(lambda light: 0 if light < 128 else 255)
    assert on_paper.size == ours.size
    assert numpy.array_equal(numpy.asarray(on_paper.convert("L")), numpy.asarray(ours)), "dot for dot"


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_identifier_is_read_at_arms_length(carrier: Carrier) -> None:
    text = drawn("infectious", carrier, 2)
    pdf = rendering.pdf(text)
    (word,) = [each for each in words_of(pdf) if each.text == grouped(text.item)]
    height = ink_height(page(pdf, 25.4 * 20), word, 20)
    assert height >= READABLE[carrier]
    assert grouped(text.treatment) in text_of(pdf)


def test_every_layout_of_the_recipe_is_drawn() -> None:
    assert {each.carrier for each in told("plain").recipe.labels} == set(CARRIERS) == set(LAYOUTS)
    assert all(layout.module * dots % 1 == 0 for layout in LAYOUTS.values() for dots in rendering.DOTS)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_equal_texts_give_equal_bytes(carrier: Carrier) -> None:
    for draw in (rendering.pdf, rendering.png, lambda text: rendering.zpl(text, 8)):
        assert draw(drawn("plain", carrier, 2)) == draw(drawn("plain", carrier, 2))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_zpl_holds_one_picture_and_no_text(carrier: Carrier) -> None:
    for dots in rendering.DOTS:
        zpl = rendering.zpl(drawn("infectious", carrier, 2), dots).decode("ascii")
        assert re.fullmatch(r"\^XA\^PW\d+\^LL\d+\^LH0,0\^FO0,0\^GFA,(\d+),\1,\d+,[0-9A-Zg-z,:!]+\^FS\^PQ1\^XZ\n", zpl)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_is_only_looked_at_says_so_and_has_no_code(carrier: Carrier) -> None:
    text = drawn("plain", carrier, 1)
    assert codes(opened(rendering.png(text, view_only=True))) == []
    pdf = rendering.pdf(text, view_only=True)
    assert codes(page(pdf, 300)) == []
    assert text_of(pdf).endswith("仅供查看VIEWONLY")


@pytest.mark.parametrize(("gs1", "code"), [("own", "(91){}"), ("09506000134352", "(01)09506000134352(21){}(91){}")])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_gs1_matrix_is_read_back(carrier: Carrier, gs1: str, code: str) -> None:
    text = told("plain").text_with_gs1(carrier, 2, gs1)
    plain = label_code(text.item, text.copy)
    expected = code.format(plain) if gs1 == "own" else code.format(plain[:10], plain[10:])
    (read,) = codes(page(rendering.pdf(text), 203))
    assert read == expected
    assert scanned(read) == Scanned(NOUNS[carrier], text.item, 2)
