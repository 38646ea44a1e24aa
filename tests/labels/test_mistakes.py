"""Mistakes with labels that users of other systems reported, and content that would break out: all refused or harmless."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.labels.reading_back import codes, opened, page, squeezed, text_of
from tests.labels.stories import CARRIERS, Told, told

from yimai.domain.label import Carrier
from yimai.domain.label_code import label_code
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.domain.vein import vein_of
from yimai.interfaces.labels import rendering
from yimai.interfaces.labels.label_text import LabelText, Patient, issue_of, label_text
from yimai.interfaces.labels.rendering import NotDrawn

HOSTILE = (
    '#panic("x") #import "/etc/passwd" $sum_(i=1)$ *b* _i_ <label> @ref // /* \\u{23} `raw` = Title',
    "^XZ^XA^FO0,0^FDwrong^FS^XZ ~JR ~DGR:X.GRF,1,1,FF",
    "<script>alert(1)</script> &amp; {{ item }} %s {0}",
    "\" ' \\ ] } ) [ {",
)
each_carrier = pytest.mark.parametrize("carrier", CARRIERS)


def with_titles(tale: Told, carrier: Carrier, title: str, patient: Patient | None = None) -> LabelText:
    """The label where recipe and sites bear this title, and layouts and samples its beginning."""
    words, short = Words(title, title + " en"), Words(title[:30], title[:30] + " en")
    recipe = replace(
        tale.recipe,
        title=words,
        labels=tuple(replace(each, title=short) for each in tale.recipe.labels),
        samples=tuple(replace(each, title=short) for each in tale.recipe.samples),
    )
    text = label_text(tale.issue(carrier, 2), recipe, dict.fromkeys(tale.places, words), patient)
    assert not isinstance(text, Refusal)
    return text


@each_carrier
def test_the_wrong_layout_is_refused(carrier: Carrier) -> None:
    """Reported: the wrong label layout printed. Nobody chooses one: it stands in the issue, and must be the carrier's own."""
    tale = told("plain")
    issue = tale.issue(carrier, 1)
    for other in CARRIERS:
        if other != carrier:
            wrong = replace(issue, fact=replace(issue.fact, carrier=other))
            answer = label_text(wrong, tale.recipe, tale.places)
            assert isinstance(answer, Refusal)
            assert answer.code == "label.unknown_layout"
    gone = replace(tale.recipe, labels=tuple(each for each in tale.recipe.labels if each.id != issue.fact.layout))
    answer = label_text(issue, gone, tale.places)
    assert isinstance(answer, Refusal)


@each_carrier
def test_no_later_fact_makes_an_identifier_vanish(carrier: Carrier) -> None:
    """Reported: a donor number vanished from labels after an unrelated change. Here after each later fact in turn."""
    tale = told("plain")
    issue = tale.issue(carrier, 1)
    first = label_text(issue, tale.recipe, tale.places)
    assert isinstance(first, LabelText)
    for end in range(1, len(tale.entries) + 1):
        if issue_of(tale.entries[:end], issue.fact.item, 1) is None:
            continue
        now = label_text(issue, tale.recipe, tale.places, now=vein_of(tale.entries[:end]))
        assert isinstance(now, LabelText)
        assert (now.item, now.treatment, now.code, now.title, now.product) == (
            first.item,
            first.treatment,
            first.code,
            first.title,
            first.product,
        )
        again = issue_of(tale.entries[:end], issue.fact.item, 1)
        assert again == issue
        assert (
            label_text(again, tale.recipe, tale.places) == first
        )  # what was issued is written again, letter for letter


def test_a_transport_form_has_no_date_but_the_ledgers() -> None:
    """Reported: a wrong date on a transport form. Before it is packed the line is empty; then it is the fact's own time."""
    tale = told("plain")
    assert tale.text("shipper", 1).line("packed").value == Words("", "")
    (packed,) = tale.facts("shipment.packed.v1", shipment=tale.items["shipper"])
    occurred = packed.occurred
    assert tale.text("shipper", 2).line("packed").value.zh == f"{occurred:%Y-%m-%d %H:%M} +08:00"


def test_a_shipper_goes_to_the_orders_other_site() -> None:
    tale = told("plain")
    shippers = tale.facts("label.issued.v1", carrier="shipper", copy=1)
    ways = []
    for issued in shippers:
        issue = issue_of(tale.entries, str(issued.data["item"]), 1)
        assert issue is not None
        text = label_text(issue, tale.recipe, tale.places)
        assert isinstance(text, LabelText)
        ways.append((text.line("from").value, text.line("to").value, text.line("keep").value.zh))
    hospital, base = tale.places[tale.journey.hospital], tale.places["lingang"]
    assert ways == [(hospital, base, "2–8 °C"), (base, hospital, "≤ −130 °C")]


@each_carrier
@pytest.mark.parametrize("title", HOSTILE)
def test_markup_and_printer_commands_are_plain_text(carrier: Carrier, title: str) -> None:
    tale = told("plain")
    text = with_titles(tale, carrier, title, Patient(title, date(1957, 2, 6)))
    pdf = rendering.pdf(text)
    assert squeezed(title if carrier != "sample" else title[:30]) in text_of(pdf)
    assert codes(page(pdf, 203)) == [label_code(text.item, 2)]
    zpl = rendering.zpl(text, 8)
    assert re.findall(rb"\^[A-Z]{2}|~", zpl) == [b"^XA", b"^PW", b"^LL", b"^LH", b"^FO", b"^GF", b"^FS", b"^PQ", b"^XZ"]


@each_carrier
@pytest.mark.parametrize("title", ["很长的名称" * 40, "W" * 200, "long title " * 18])
def test_what_is_too_long_is_shown_whole_or_not_at_all(carrier: Carrier, title: str) -> None:
    text = with_titles(told("plain"), carrier, title)
    try:
        said = text_of(rendering.pdf(text))
    except NotDrawn:
        return
    assert squeezed(title if carrier != "sample" else title[:30]) in said


@pytest.mark.parametrize("name", ["王\u202e小明", "王\x00小明", "王\n小明", "𠮷田", "ไทย"])
def test_a_character_that_cannot_be_printed_is_refused(name: str) -> None:
    text = told("plain").text("wristband", 1, Patient(name, date(1957, 2, 6)))
    for draw in (rendering.pdf, rendering.png, lambda given: rendering.zpl(given, 8)):
        with pytest.raises(NotDrawn):
            draw(text)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], max_codepoint=0x9FFF), min_size=1, max_size=60)
)
def test_whatever_a_name_is_the_code_stays_readable(name: str) -> None:
    text = told("plain").text("wristband", 1, Patient(name, date(1957, 2, 6)))
    try:
        picture = opened(rendering.png(text))
    except NotDrawn:
        return
    assert codes(picture) == [label_code(text.item, 1)]


def test_the_gravest_label_still_fits() -> None:
    """Positive and missing markers on a bag with every test failing: nothing is too much to be said."""
    tale = told("supplied")
    issue = tale.issue("final_bag", 2)
    vein = issue.vein
    batch = vein.batches.of_container(issue.fact.item)
    assert batch is not None
    markers: dict[str, Any] = {**vein.treatment.markers, "hbv": "positive", "hcv": "positive"}
    del markers["hiv"]
    supplied = replace(vein.disposition.of(batch.id), accepted=tuple(each.id for each in tale.recipe.tests))
    grave = replace(
        vein,
        treatment=replace(vein.treatment, markers=markers),
        disposition=replace(vein.disposition, by_batch={batch.id: supplied}),
    )
    text = label_text(issue, tale.recipe, tale.places, now=grave)
    assert isinstance(text, LabelText)
    said = text_of(rendering.pdf(text))
    for sentence in ("OUT-OF-SPECIFICATIONSUPPLY", "BIOHAZARD", "NOTEVALUATEDFORINFECTIOUSSUBSTANCES"):
        assert sentence in said
    assert f"等{len(tale.recipe.tests)}项" in said
