"""What a page names is said in the words that people know: the step, the test, the sample, and where a link leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_batch_record import starting
from tests.pages.test_homes import at, home_of
from tests.spec.harness import SpecPlant

from yimai.domain.recipe import Words
from yimai.interfaces.web import sample, search, treatment_facts
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
                f"{re.escape(in_language(recorded, language))} [^·]*{re.escape(in_language(test.title, language))}",
                shown,
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


def toast(tablet: Tablet) -> tuple[str, str]:
    """What the next page says of what was just recorded: its HTML and its text."""
    strip = re.search(r'<p class="toast".*?</p>', home_of(tablet), re.DOTALL)
    assert strip
    return strip[0], text(strip[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_confirmation_names_the_test_sample_and_batch_and_what_comes_next(plant: SpecPlant, language: str) -> None:
    journey = plant.treatment("manufactured")
    tablet = at(plant, journey.at_base("qc_analyst"))
    tablet.language = language
    plan = next(each.id for each in plant.recipe.samples if "viability" in each.tests)
    given = {"treatment": journey.treatment, "sample": journey.samples[plan], "test": "viability"}
    tablet.does("sample.record_result", given, {"value": "91.5"})
    html, said = toast(tablet)
    test = plant.recipe.test("viability")
    assert test is not None
    assert in_language(test.title, language) in said
    for thing in (journey.treatment, journey.samples[plan]):
        assert f"{thing[:4]}-{thing[4:8]}-{thing[8:]}" in said
    assert {"zh-hans": "下一步", "en": "Next"}[language] in said
    assert re.search(
        rf'<a class="button" href="/{language}/act/sample\.record_result\?treatment={journey.treatment}', html
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_confirmation_names_the_step_and_its_batch(plant: SpecPlant, language: str) -> None:
    journey = plant.treatment("before:wash")
    given, typed = starting(journey, "wash")
    tablet = at(plant, str(typed["operators"][0]))
    tablet.language = language
    tablet.does("batch.start_step", given, typed)
    html, said = toast(tablet)
    step = plant.recipe.step("wash")
    assert step is not None
    assert in_language(step.title, language) in said
    assert f"{journey.batch[:4]}-{journey.batch[4:8]}-{journey.batch[8:]}" in said
    assert "/act/batch.complete_step?" in html


def test_what_lies_with_others_next_is_said_with_whom(plant: SpecPlant) -> None:
    journey = plant.treatment("tested")
    reviewer = at(plant, journey.at_base("qa"))
    reviewer.does("disposition.review", {"treatment": journey.treatment, "batch": journey.batch}, {"looked": "yes"})
    html, said = toast(reviewer)
    assert "/act/" not in html
    assert "下一步：有条件放行" in said.replace(" ", "")
    assert "质量受权人" in said


def test_a_registered_person_leads_to_the_account_for_whoever_may_make_it(plant: SpecPlant) -> None:
    tablet = at(plant, next(each.id for each in plant.base.people if "administrator" in each.roles))
    typed = {"person": "operator-77", "site": "lingang", "roles": "operator", "printed_name": "示例·新人"}
    tablet.does("site.register_person", {}, typed)
    html, said = toast(tablet)
    assert "下一步：开设账号" in said.replace(" ", "")
    assert "/account/administration/person/operator-77" in html


def test_a_tests_method_is_marked_as_english(plant: SpecPlant) -> None:
    journey = plant.treatment("manufactured")
    analyst = at(plant, journey.at_base("qc_analyst"))
    page = analyst.asked(RequestFactory().get("/zh-hans/x"), sample.sample, journey.samples["harvest"])
    assert '<span lang="en">Dye exclusion</span>' in page.content.decode()
