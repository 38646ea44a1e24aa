"""Samples at the laboratory: received by scan with their condition, before any result."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.pages.test_quality import analysts, at, read, text_of
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import home as homes
from yimai.interfaces.web import sample
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def drawn_now(plant: SpecPlant) -> tuple[Journey, dict[str, str], str]:
    """A treatment of which a sample has just been drawn; what the address says of it, and one of its tests."""
    plan = plant.treatment("ordered").recipe.samples[0]
    journey = plant.treatment(f"tube:{plan.id}")
    step = next(each for each in journey.recipe.steps if plan.id in each.samples)
    tube = journey.samples[plan.id]
    operator = Tablet(plant, PersonRow(journey.at_base("operator"), plant.base.id, ("operator",)))
    if tube not in journey.vein.samples.by_id:
        about = {"treatment": journey.treatment, "batch": journey.batch, "step": step.id, "plan": plan.id}
        if not journey.vein.batches.by_id[journey.batch].runs_of(step.id):
            journey.begin_step(step)
        operator.does("sample.take", about, {"plan": plan.id, "step": step.id, "sample": tube})
    return journey, {"treatment": journey.treatment, "sample": tube}, plan.tests[0]


def test_a_sample_is_received_by_scan_with_its_condition_before_any_result(plant: SpecPlant) -> None:
    journey, given, test = drawn_now(plant)
    analyst = at(plant, analysts(journey)[0])
    home = text_of(analyst.asked(RequestFactory().get("/zh-hans/"), homes.home))
    assert "待签收样品" in home
    wanted = {**given, "test": test}
    value = {"value": (journey._test(test).accepted or ("90",))[0]}
    refused(analyst.sent("sample.record_result", wanted, value), "sample.not_received")
    shown = analyst.shown("sample.receive", **given).content.decode()
    assert f'value="{given["sample"]}"' not in shown, "the tube in the hand is scanned, not believed"
    assert analyst.sent("sample.receive", given, {}).status_code == 422, "its condition is missing"
    (received,) = analyst.does("sample.receive", given, {"condition": "good"})
    assert (received.kind, received.data["condition"]) == ("sample.received.v1", "good")
    refused(analyst.sent("sample.receive", given, {"condition": "good"}), "sample.already_received")
    page = read(analyst, sample.sample, given["sample"])
    assert "实验室签收" in page
    assert "✓ 完好" in page
    analyst.does("sample.record_result", wanted, value)


def test_a_sample_in_bad_condition_is_not_tested_and_qa_gives_it_up(plant: SpecPlant) -> None:
    journey, given, test = drawn_now(plant)
    analyst, qa = at(plant, analysts(journey)[0]), at(plant, journey.at_base("qa"))
    refused(qa.sent("sample.receive", given, {"condition": "good"}), "person.not_of_role")
    analyst.does("sample.receive", given, {"condition": "insufficient"})
    value = {"value": (journey._test(test).accepted or ("90",))[0]}
    page = refused(analyst.sent("sample.record_result", {**given, "test": test}, value), "sample.unfit")
    assert "量不足" in page
    assert "✕ 量不足" in read(qa, sample.sample, given["sample"])
    (gone,) = qa.does("sample.void", given, {"reason": "sample_unsuitable"})
    assert gone.kind == "sample.voided.v1"


def test_a_sample_of_another_patient_is_not_received_here(plant: SpecPlant) -> None:
    journey, given, _ = drawn_now(plant)
    other = plant.treatment("labelled")
    answer = at(plant, analysts(journey)[0]).sent("sample.receive", given, {"sample": other.bag, "condition": "good"})
    refused(answer, "label.not_this_patients")
    assert plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"
