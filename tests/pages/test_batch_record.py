"""The batch record in the browser: steps with their people, equipment, lots and values, right the first time or refused in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened
from tests.spec.harness import SpecPlant

from yimai.domain.recipe import Step
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import batch as record
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def tablet(plant: SpecPlant, person: str, *roles: str) -> Tablet:
    return Tablet(plant, PersonRow(person, plant.base.id, roles or ("operator",)))


def operators(journey: Journey, step: Step) -> tuple[str, ...]:
    """Who works on the step, as the plant chooses them; a second person among them."""
    return journey._operators(step)


def step_of(journey: Journey, name: str) -> Step:
    found = journey.recipe.step(name)
    assert found is not None
    return found


def starting(
    journey: Journey, name: str, **others: str | list[str]
) -> tuple[dict[str, str], dict[str, str | list[str]]]:
    """The address's part of a step's start, and what is scanned and touched."""
    step = step_of(journey, name)
    given = {"treatment": journey.treatment, "batch": journey.batch, "step": name}
    typed: dict[str, str | list[str]] = {
        "scanned": list(journey.containers),
        "operators": list(operators(journey, step)),
        **{f"equipment-{each}": journey._piece(each) for each in step.equipment},
    }
    for use in step.materials:
        typed[f"material-{use.material}"] = [journey._lot(use.material)]
        typed[f"material-{use.material}.quantity"] = [f"{use.quantity:f}"]
    return given, {**typed, **others}


def shown(tablet: Tablet, batch: str) -> str:
    """The batch record as it is served."""
    answer = tablet.asked(RequestFactory().get(f"/{tablet.language}/batch/{batch}"), record.batch, batch)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_a_record_shows_what_is_done_what_runs_and_what_comes_next(plant: SpecPlant) -> None:
    journey = plant.treatment("before:wash")
    here = tablet(plant, journey.at_base("operator"))
    page = shown(here, journey.batch)
    assert set(re.findall(r'<li class="step (\w+)" id="step-', page)) == {"done", "next", "ahead"}
    given, typed = starting(journey, "wash")
    here.does("batch.start_step", given, typed)
    page = shown(here, journey.batch)
    assert 'class="step running" id="step-wash"' in page
    assert f"/act/batch.record_entry?treatment={journey.treatment}" in page


def test_a_value_that_was_corrected_is_struck_and_its_reason_stands_beside_it(plant: SpecPlant) -> None:
    journey = plant.treatment("before:select", fortune=Fortune(spared=True, corrected="wash"))
    page = shown(tablet(plant, journey.at_base("operator")), journey.batch)
    (old,) = re.findall(r"<del>(.*?)</del>", page, re.DOTALL)
    assert old.strip()
    assert "记录笔误" in page
