"""No raw code and no bare number on a page people work with: units, limits, results and titles in the reader's words."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django
import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation
from tests.spec.harness import SpecPlant, plant_in_memory

from yimai.domain.label import NOT_THIS_PATIENTS
from yimai.domain.recipe import Words
from yimai.domain.specification import RESULT_MISSING
from yimai.interfaces.web import fact_card
from yimai.interfaces.web.refusal import told
from yimai.interfaces.web.templatetags import wording
from yimai.ledger.entry import Entry
from yimai.projections.field_words import VALUES


@pytest.fixture(scope="module")
def plant() -> SpecPlant:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    return plant_in_memory()


def entry(plant: SpecPlant, treatment: str, kind: str) -> Entry:
    return next(each for each in plant.entries("treatment", treatment) if each.kind == kind)


def written(found: Entry, recipe: Any, language: str = "zh-hans") -> str:
    """A fact's details as its page writes them."""
    line = "{% for detail in details %}[{{ detail.label|said }} {% include 'web/detail.html' %}]{% endfor %}"
    with translation.override(language):
        page = Template("{% load wording %}" + line).render(
            Context({"details": fact_card.details(found, recipe), "sites": {}})
        )
    return wording.group(" ".join(page.split()).replace(" ]", "]"))


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("{beads}/(3.10*6)", "个/3×10⁶ 细胞", "beads per 3×10⁶ cells"),
        ("{copies}/{cell}", "拷贝/细胞", "copies/cell"),
        ("{set}", "套", "set"),
        ("{bag}", "个", "bag"),
        ("10*6/mL", "×10⁶/mL", "×10⁶/mL"),
        ("Cel", "°C", "°C"),
        ("[EU]/mL", "EU/mL", "EU/mL"),
    ],
)
def test_a_unit_is_written_as_people_read_it(plant: SpecPlant, code: str, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert wording.unit(code) == zh
    with translation.override("en"):
        assert wording.unit(code) == en


def test_every_choice_of_a_result_has_words(plant: SpecPlant) -> None:
    tests = plant.recipe.tests
    assert {each for test in tests for each in test.choices} <= VALUES.keys()


def test_temperatures_bear_their_unit_and_limits_are_told_from_readings(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    packed = entry(plant, journey.treatment, "shipment.packed.v1")
    assert "[允许最低温度 2 °C]" in written(packed, journey.recipe)
    assert "[Highest allowed 8 °C]" in written(packed, journey.recipe, "en")
    reported = written(entry(plant, journey.treatment, "shipment.temperature_reported.v1"), journey.recipe)
    assert "[实测最高温度 " in reported
    assert reported.count("°C") == 2


def test_markers_are_named_as_the_form_names_them(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    shown = written(entry(plant, journey.treatment, "treatment.markers_reported.v1"), journey.recipe)
    assert "乙型肝炎" in shown
    assert "hbv" not in shown


def test_a_refusal_names_tests_and_groups_identifiers_as_labels_do(plant: SpecPlant) -> None:
    journey = plant.treatment("ordered")
    zone = wording.SHANGHAI
    missing = told(RESULT_MISSING(batch="B", tests="sterility, mycoplasma"), zone, journey.recipe)
    assert "药典无菌检查、支原体" in missing.zh
    assert "Compendial sterility, Mycoplasma" in missing.en
    item = journey.treatment
    wrong = told(NOT_THIS_PATIENTS(presented=item, treatment=item), zone)
    assert wording.group(item) in wrong.zh
    assert item not in wrong.zh
    assert item not in wrong.en


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (10_000_000_000, "100 亿元", "10 billion yuan"),
        (6_678_890_000, "66.7889 亿元", "6.67889 billion yuan"),
        (180_070_000, "1.8007 亿元", "180.07 million yuan"),
        (30_000_000, "3,000 万元", "30 million yuan"),
        (999_000, "99.9 万元", "999\u202f000 yuan"),
        (6_678_890_001, "6\u202f678\u202f890\u202f001 元", "6\u202f678\u202f890\u202f001 yuan"),
    ],
)
def test_a_measured_amount_stands_in_the_unit_of_its_target_and_stays_exact(
    plant: SpecPlant, value: int, zh: str, en: str
) -> None:
    with translation.override("zh-hans"):
        assert wording.yuan(value) == zh
    with translation.override("en"):
        assert wording.yuan(value) == en


def test_the_type_of_an_organisation_is_no_counted_unit(plant: SpecPlant) -> None:
    with translation.override("zh-hans"):
        assert wording.word("firm", "value") == "企业"
        assert wording.counted(49, "firm") == "49 家企业"
    with translation.override("en"):
        assert wording.word("firm", "value") == "Firm"
        assert wording.counted(49, "firm") == "49 firms"


def test_names_that_differ_at_their_end_stay_apart_when_they_are_cut() -> None:
    names = [f"Demonstration hospital {each}" for each in "ABC"]
    assert [wording.cut_to(each, 20) for each in names] == [f"Demonstration …tal {each}" for each in "ABC"]
    assert wording.cut_to("示范医院甲", 20) == "示范医院甲"
    assert wording.cut_to("上海市第一示范医院血液科甲", 20) == "上海市第一示范…科甲"


def test_lists_are_separated_as_each_language_does() -> None:
    told = Template(
        '{% load i18n %}{% for each in "abc" %}{{ each }}{% if not forloop.last %}{% translate ", " %}{% endif %}{% endfor %}'
    )
    for language, words in (("zh-hans", "a、b、c"), ("en", "a, b, c")):
        with translation.override(language):
            assert told.render(Context({})) == words
    pages = Path(str(files("yimai"))) / "interfaces"
    mixed = [
        page.name
        for page in pages.glob("*/templates/**/*.html")
        if "forloop.last %}, " in page.read_text(encoding="utf-8")
    ]
    assert mixed == []


def test_a_task_names_a_suite_as_people_call_it() -> None:
    task = SimpleNamespace(
        title=Words("释放档期", "Give the slot back"),
        task=SimpleNamespace(verb="slot.free", treatment="T0"),
        ready=False,
    )
    task.things, task.remaining = (("suite", "suite-09"),), None
    for suites, shown in (({"suite-09": Words("9号生产单元", "Suite 9")}, "9号生产单元"), ({}, "suite-09")):
        with translation.override("zh-hans"):
            page = render_to_string("web/to_do.html", {"tasks": [task], "suites": suites})
        assert shown in page
        assert ("suite-09" in page) == (not suites)
