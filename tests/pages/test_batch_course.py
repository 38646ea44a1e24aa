"""The batch at its bench where it does not run straight on: a hold that is exceeded, rounds until the count, the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.pages.test_batch_record import data, shown, starting, tablet
from tests.spec.harness import SpecPlant

from yimai.domain.recipe import Step
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import home
from yimai.interfaces.web.templatetags import wording
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase

COUNT = "entry-viable_cells"


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def steps(plant: SpecPlant) -> tuple[Step, ...]:
    return plant.treatment("ordered").recipe.steps


def links(tablet: Tablet, verb: str, batch: str) -> list[str]:
    """Where the operator's home leads for this verb and batch."""
    page = tablet.asked(RequestFactory().get(f"/{tablet.language}/"), home.home).content.decode()
    found = re.findall(rf'href="([^"]*/act/{re.escape(verb)}\?[^"]*)"', page)
    return [unescape(each) for each in found if f"batch={batch}" in each]


# A hold that is exceeded.


def test_an_exceeded_hold_stops_the_step_until_two_named_roles_have_signed_their_reasons(plant: SpecPlant) -> None:
    step, hold = next((each, hold) for each in steps(plant) for hold in each.holds if hold.after != "collection")
    journey = plant.treatment(f"before:{step.id}")
    given, typed = starting(journey, step.id)
    here = tablet(plant, str(typed["operators"][0]))
    assert "reasons.qa" not in here.shown("batch.start_step", **given).content.decode(), "nothing is exceeded yet"
    plant.clock.advance(hold.maximum + timedelta(hours=1))
    page = refused(here.sent("batch.start_step", given, typed), "batch.hold_exceeded")
    assert re.search(r"\d+ 小时", page), "in words"
    assert str(typed["scanned"][0]) in page, "nothing typed is lost"
    assert "reasons.qualified_person" in here.shown("batch.start_step", **given).content.decode()
    reasons = {
        "reasons.qa": journey.at_base("qa"),
        "reasons.qa.reason": "stability_data_support",
        "reasons.qualified_person": journey.at_base("qualified_person"),
        "reasons.qualified_person.reason": "within_validated_range",
    }
    half = {name: text for name, text in reasons.items() if "qualified" not in name}
    assert here.sent("batch.start_step", given, {**typed, **half}).status_code == 422
    same = {**reasons, "reasons.qualified_person": reasons["reasons.qa"]}
    refused(here.sent("batch.start_step", given, {**typed, **same}), "person.not_of_role")
    facts = here.does("batch.start_step", given, {**typed, **reasons})
    assert [each.kind for each in facts] == [
        "override.rule_overridden.v1",
        "batch.step_started.v1",
        "deviation.opened.v1",
    ]
    assert data(facts[2])["cause"] == "hold_exceeded"
    assert "⚑ 偏差" in shown(here, journey.batch)


# Rounds until the count is reached.


@pytest.fixture
def rounds(plant: SpecPlant) -> tuple[Journey, Step]:
    """A treatment that is about to begin the step which is repeated until its cells are enough."""
    step = next(each for each in steps(plant) if each.until is not None)
    return plant.treatment(f"before:{step.id}"), step


def once(plant: SpecPlant, journey: Journey, step: Step, count: str) -> tuple[list[str], int]:
    """One round at the tablet; the facts' kinds and the round's number."""
    given, typed = starting(journey, step.id)
    here = tablet(plant, str(typed["operators"][0]))
    started = here.does("batch.start_step", given, typed)
    plant.clock.advance(timedelta(hours=20))
    ended = here.does("batch.complete_step", given, {COUNT: count, "entry-viability": "92"})
    return [each.kind for each in ended], data(started[0])["round"]


def test_a_step_is_repeated_until_the_count_is_reached_and_the_record_shows_every_round(
    plant: SpecPlant, rounds: tuple[Journey, Step]
) -> None:
    journey, step = rounds
    here = tablet(plant, journey.at_base("operator"))
    assert once(plant, journey, step, "1200") == (["batch.step_completed.v1"], 1)
    following = steps(plant)[[each.id for each in steps(plant)].index(step.id) + 1]
    given, typed = starting(journey, following.id)
    refused(here.sent("batch.start_step", given, typed), "batch.step_not_done")
    assert any(f"step={step.id}" in each for each in links(here, "batch.start_step", journey.batch)), "once more"
    assert once(plant, journey, step, "3100") == (["batch.step_completed.v1"], 2)
    given, typed = starting(journey, step.id)
    refused(here.sent("batch.start_step", given, typed), "batch.step_already_completed")
    page = shown(here, journey.batch)
    assert "1200" in page
    assert "3100" in page
    assert any(f"step={following.id}" in each for each in links(here, "batch.start_step", journey.batch))


def test_a_count_that_is_never_reached_opens_a_deviation_and_the_batch_waits_for_qa(
    plant: SpecPlant, rounds: tuple[Journey, Step]
) -> None:
    journey, step = rounds
    assert step.until is not None
    for number in range(1, step.until.most):
        assert once(plant, journey, step, "1200") == (["batch.step_completed.v1"], number)
    kinds, number = once(plant, journey, step, "2900")
    assert (kinds, number) == (["batch.step_completed.v1", "deviation.opened.v1"], step.until.most)
    given, typed = starting(journey, step.id)
    here = tablet(plant, str(typed["operators"][0]))
    refused(here.sent("batch.start_step", given, typed), "batch.rounds_exhausted")
    following = steps(plant)[[each.id for each in steps(plant)].index(step.id) + 1]
    given, typed = starting(journey, following.id)
    refused(here.sent("batch.start_step", given, typed), "batch.count_not_reached")
    (short,) = journey.open_deviations
    journey.assess_deviation(short)
    journey.close_deviation(short)
    (started,) = here.does("batch.start_step", given, typed)
    assert data(started)["step"] == following.id


# The end.


def finished(plant: SpecPlant) -> tuple[Journey, dict[str, str]]:
    """A treatment whose last step is done; and the address's part of its batch's forms."""
    last = steps(plant)[-1]
    journey = plant.treatment(f"step:{last.id}")
    return journey, {"treatment": journey.treatment, "batch": journey.batch}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_batch_is_completed_once_and_leaves_its_suite(plant: SpecPlant, language: str) -> None:
    journey, given = finished(plant)
    operator = journey.at_base("operator")
    here = Tablet(plant, PersonRow(operator, plant.base.id, ("operator",)), language)
    assert links(here, "batch.complete_batch", journey.batch), "the home leads there"
    assert here.shown("batch.complete_batch", **given).status_code == 200
    kinds = [each.kind for each in here.does("batch.complete_batch", given, {})]
    assert kinds == ["batch.completed.v1", "suite.vacated.v1"]
    refused(here.sent("batch.complete_batch", given, {}), "batch.closed")
    assert not links(here, "batch.complete_batch", journey.batch)
    page = shown(here, journey.batch)
    assert "/act/batch.start_step" not in page


def test_a_batch_with_a_stray_label_is_not_completed_and_says_which(plant: SpecPlant) -> None:
    journey, given = finished(plant)
    here = tablet(plant, journey.at_base("operator"))
    bag = journey.final_bags[0]
    about = {"treatment": journey.treatment, "item": bag, "layout": journey.vein.labels.items[bag].layout}
    here.does("label.issue", {**about, "reprint": "yes"}, {**about, "reason": "illegible"})
    page = refused(here.sent("batch.complete_batch", given, {}), "label.unreconciled")
    assert wording.group(bag) in page


def test_a_batch_that_failed_is_not_completed_and_another_sites_person_neither(plant: SpecPlant) -> None:
    journey, given = finished(plant)
    nurse = Tablet(plant, PersonRow(journey.at_hospital("nurse"), journey.hospital, ("nurse",)))
    refused(nurse.sent("batch.complete_batch", given, {}), "person.not_of_site")
    here = tablet(plant, journey.at_base("operator"))
    here.does("batch.fail_batch", given, {"cause": "contamination"})
    refused(here.sent("batch.complete_batch", given, {}), "batch.closed")
