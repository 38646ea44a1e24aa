"""What is signed can be read before it is signed: words and files that the record holds by their hash only, ticks, names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.pages.tablets import Tablet, Typed, bench_opened
from tests.pages.test_batch_record import starting
from tests.spec.harness import SpecPlant

from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def panel(tablet: Tablet, verb: str, given: Mapping[str, str], typed: Typed | Mapping[str, Any]) -> str:
    """The text of the record that is shown for signing."""
    answer = tablet.sent(verb, given, typed)
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))
    assert answer["Yimai-Answer"] == "sign", text[-2500:]
    return text[text.index("将要记录的内容") :]


def test_the_words_of_a_note_are_read_beside_their_hash(plant: SpecPlant) -> None:
    journey = plant.treatment("opened")
    operator = Tablet(plant, PersonRow(journey.at_base("operator"), plant.base.id, ("operator",)))
    typed = {
        "batch": journey.batch,
        "classification": "minor",
        "reason": "delay",
        "note": "停电十分钟，<备用电源>已接通。",
    }
    shown = panel(operator, "deviation.report", {"treatment": journey.treatment}, typed)
    assert "停电十分钟，<备用电源>已接通。" in shown
    assert "备注（承诺值）" in shown


def test_consent_names_its_file_and_who_records_it_does_not_consent(plant: SpecPlant) -> None:
    journey = plant.treatment("ordered")
    coordinator = Tablet(plant, PersonRow(journey.at_hospital("coordinator"), journey.hospital, ("coordinator",)))
    typed = {"form": SimpleUploadedFile("知情同意 2026.pdf", b"%PDF-" + b"x" * 2043)}
    shown = panel(coordinator, "treatment.record_consent", {"treatment": journey.treatment}, typed)
    assert "知情同意 2026.pdf" in shown
    assert "2.0 KB" in shown.replace("\xa0", " ")
    assert "含义： 记录" in shown


def test_what_was_ticked_stands_above_the_signatures(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    first = journey.at_base("operator")
    second = journey.at_base("operator", without=(first,))
    here = Tablet(plant, PersonRow(first, plant.base.id, ("operator",)))
    assert journey.itinerary is not None
    points = {f"checked.{name}": "yes" for name in ("material", "labels", "surfaces")}
    typed = {"suite": journey.itinerary.suite, "verifier": second, **points}
    shown = panel(here, "suite.clear_line", {"treatment": journey.treatment}, typed)
    for point in ("上一批的物料、样品和产品已全部清除", "没有遗留的标签和记录", "台面和设备已清洁消毒"):
        assert f"✓ {point}" in shown


def test_everybody_in_the_record_is_named_and_nothing_stands_before_a_comma(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    given, typed = starting(journey, "wash")
    operators = [str(each) for each in typed["operators"]]
    here = Tablet(plant, PersonRow(operators[0], plant.base.id, ("operator",)))
    shown = panel(here, "batch.start_step", given, typed)
    assert len(operators) == 2
    assert len(re.findall(r"示例\S+ \(Sample [^)]+\) (?:operator|second-person)-\d+", shown)) >= 2, shown
    assert not re.search(r"</a>\s+,", here.sent("batch.start_step", given, typed).content.decode())
