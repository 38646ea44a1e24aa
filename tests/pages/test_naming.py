"""What a page names is said in the words that people know: the step, the test, the sample, and where a link leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_homes import at, home_of
from tests.spec.harness import SpecPlant

from yimai.domain.recipe import Words
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import search, treatment_facts
from yimai.interfaces.web.form import address
from yimai.projections.words import KINDS
from yimai.wiring.embedded_database import EmbeddedDatabase

LANGUAGES = ("zh-hans", "en")


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def in_language(words: Words, language: str) -> str:
    return words.en if language == "en" else words.zh


def text(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def lines_of(tablet: Tablet, view: object, *arguments: str) -> str:
    request = RequestFactory().get(f"/{tablet.language}/about")
    return text(tablet.asked(request, view, *arguments).content.decode())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_trace_names_the_step_and_the_test_of_each_fact(plant: SpecPlant, language: str) -> None:
    journey = plant.treatment("tested")
    inspector = at(plant, journey.at_base("qa"))
    inspector.language = language
    step, test = plant.recipe.step("wash"), plant.recipe.test("viability")
    assert step is not None
    assert test is not None
    begun, recorded = KINDS["batch.step_started.v1"], KINDS["sample.result_recorded.v1"]
    for view, arguments in (
        (search.about, ("batch", journey.batch)),
        (search.about, ("treatment", journey.treatment)),
        (treatment_facts.facts, (journey.treatment,)),
    ):
        shown = lines_of(inspector, view, *arguments)
        assert f"{in_language(begun, language)} {in_language(step.title, language)}" in shown
        if arguments[0] != "batch":
            assert re.search(
                f"{re.escape(in_language(recorded, language))} [^·]*{re.escape(in_language(test.title, language))}", shown
            )


@pytest.mark.parametrize(
    ("language", "back", "said"),
    [
        ("zh-hans", "/zh-hans/", "返回我的工作"),
        ("en", "/en/", "Back to my work"),
        ("en", "/en/treatment/{treatment}", "Back to the treatment"),
        ("zh-hans", "/zh-hans/treatment/{treatment}", "返回治疗"),
    ],
)
def test_the_way_back_says_where_it_leads(plant: SpecPlant, language: str, back: str, said: str) -> None:
    journey = plant.treatment("ordered")
    tablet = at(plant, journey.at_hospital("coordinator"))
    tablet.language = language
    there = back.format(treatment=journey.treatment)
    page = tablet.shown("treatment.hold", treatment=journey.treatment, next=there).content.decode()
    assert re.search(rf'<a class="button quiet" href="{re.escape(there)}">{said}</a>', page)
