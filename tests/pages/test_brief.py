"""The brief: goals with their values, sources and hashes, in both languages; what is not published only for who plans."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from django.test import RequestFactory
from tests.conftest import missing_tool
from tests.pages import test_programme_forms
from tests.pages.test_register_browser import PLANNER, READER, shown
from tests.spec.city import files, registered
from tests.spec.harness import SpecPlant

from yimai.actions import receipt
from yimai.actions.decision import Done
from yimai.interfaces.web import brief_page
from yimai.projections.register import PersonRow

base_plant = test_programme_forms.base_plant
forms_plant = test_programme_forms.plant
DAY = "2026-03-02"


@pytest.fixture
def plant(forms_plant: SpecPlant) -> SpecPlant:
    registered(forms_plant)
    assert isinstance(files(forms_plant, gross_output=100_000_000), Done)
    forms_plant.ledger.seal()
    return forms_plant


def pdf(who: PersonRow, language: Any, day: str = DAY) -> bytes:
    request = RequestFactory().get("/zh-hans/programme/brief", {"day": day})
    request.who = who  # type: ignore[attr-defined]
    answer = brief_page.pdf(request, language)
    assert answer["Content-Type"] == "application/pdf"
    return bytes(answer.content)


def text_of(document: bytes) -> str:
    try:
        found = subprocess.run(["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True)
    except FileNotFoundError:
        missing_tool("pdftotext")
    return found.stdout.decode()


def test_the_same_state_day_and_language_give_the_same_bytes(plant: SpecPlant) -> None:
    first = pdf(PLANNER, "zh")
    assert first == pdf(PLANNER, "zh")
    assert first.startswith(b"%PDF")
    assert first != pdf(PLANNER, "en") != pdf(PLANNER, "en", "2026-03-03")


def test_it_says_what_is_known_and_what_is_not_in_both_languages(plant: SpecPlant) -> None:
    sealed = plant.ledger.checkpoint()
    assert sealed is not None
    for language, value, unknown in (("zh", "100 万元", "没有事实说明"), ("en", "1 million yuan", "no fact tells")):
        said = text_of(pdf(PLANNER, language))
        for words in (value, unknown, DAY, str(sealed.size), sealed.root.hex()[:40]):
            assert words in said, words
        assert "Not met" in said if language == "en" else "未达成" in said
        assert "audited" in said if language == "en" else "经审计" in said
        assert "Source: " in said if language == "en" else "来源：" in said


def test_only_what_is_published_stands_in_it_for_others(plant: SpecPlant) -> None:
    assert "1 million yuan" not in text_of(pdf(READER, "en"))
    published = plant.asks(
        receipt.publish, "planner-01", "city-authority", target="cell_industry_scale-1", day=plant.clock().date()
    )
    assert isinstance(published, Done)
    plant.ledger.seal()
    said = text_of(pdf(READER, "en", plant.clock().date().isoformat()))
    assert "1 million yuan" in said
    assert published.facts[0].receipt in said  # type: ignore[attr-defined]
    assert "not published" not in said


def test_the_print_view_shows_the_same(plant: SpecPlant) -> None:
    page = shown(brief_page.sheet, PLANNER, "en", day=DAY)
    for words in ("1 million yuan", "Not met", "no fact tells", "产业规模达到100亿元", "Checked against the source"):
        assert words in page
    assert "1 million yuan" not in shown(brief_page.sheet, READER, "en", day=DAY)
