"""Refusals as people read them: times at their own site, lengths of time and codes in words; programs get what the rule said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta, timezone

import pytest
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.pages.test_batch_record import starting
from tests.spec.harness import SpecPlant

from yimai.domain.batch_step import HOLD_EXCEEDED, STEP_RUNNING
from yimai.domain.disposition import DEVIATION_OPEN
from yimai.domain.person import NOT_OF_ROLE
from yimai.domain.treatment import HELD
from yimai.interfaces.web.refusal import told, zone_of
from yimai.projections.register import PersonRow, SiteRow
from yimai.wiring.embedded_database import EmbeddedDatabase

SHANGHAI = timezone(timedelta(hours=8))
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d|\+00:00|\d+:\d\d:\d\d")


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_refusal_on_a_page_tells_the_time_of_the_site(plant: SpecPlant, language: str) -> None:
    journey = plant.treatment("before:wash")
    operator = journey.at_base("operator")
    here = Tablet(plant, PersonRow(operator, plant.base.id, ("operator",)), language)
    given, typed = starting(journey, "wash")
    began = plant.clock().astimezone(SHANGHAI)
    here.does("batch.start_step", given, typed)
    page = refused(here.sent("batch.start_step", given, typed), "batch.step_running")
    (sentence,) = re.findall(r'data-code="batch.step_running".*?<p>(.*?)</p>', page, re.DOTALL)
    assert f"{began:%Y-%m-%d %H:%M} UTC+8" in sentence
    assert not ISO.search(sentence), sentence


def test_the_same_refusal_is_told_where_people_are() -> None:
    refusal = STEP_RUNNING(step="wash", started="2026-08-03T00:30:00+00:00")
    assert "2026-08-03 08:30 UTC+8" in told(refusal, SHANGHAI).zh
    assert "2026-08-03 06:00 UTC+5:30" in told(refusal, timezone(timedelta(hours=5, minutes=30))).en
    assert "2026-08-03T00:30:00+00:00" in refusal.en, "programs get ISO 8601"


def test_lengths_of_time_are_said_in_words() -> None:
    refusal = HOLD_EXCEEDED(
        step="activate", elapsed=timedelta(days=1, hours=5), after="receive", maximum=timedelta(hours=4)
    )
    assert "1 天 5 小时" in told(refusal, SHANGHAI).zh
    assert "1 d 5 h" in told(refusal, SHANGHAI).en
    assert "4 h" in told(refusal, SHANGHAI).en
    seconds = HOLD_EXCEEDED(step="activate", elapsed=timedelta(seconds=30), after="receive", maximum=timedelta(0))
    assert "30 s" in told(seconds, SHANGHAI).en


def test_codes_are_called_by_their_names() -> None:
    held = told(HELD(treatment="T", reason="progression"), SHANGHAI)
    assert "疾病进展" in held.zh
    assert "Progression" in held.en
    role = told(NOT_OF_ROLE(person="nurse-01", roles="qa/qualified_person"), SHANGHAI)
    assert "质量保证/质量受权人" in role.zh
    assert "QA/Qualified person" in role.en


def test_several_identifiers_are_listed_as_each_language_lists() -> None:
    listed = told(DEVIATION_OPEN(batch="B", deviations="V000000001, V000000002"), SHANGHAI)
    assert "V000000001、V000000002" in listed.zh
    assert "V000000001, V000000002" in listed.en
    said = "the bag leaked, so it seems"
    assert said in told(DEVIATION_OPEN(batch="B", deviations=said), SHANGHAI).zh, "what somebody wrote stays as it is"


def test_the_zone_is_that_of_the_reader_s_site_else_the_city_s() -> None:
    sites = {"far": SiteRow("far", "hospital", "远", "Far", "", 330)}
    assert zone_of(PersonRow("nurse-01", "far", ("nurse",)), sites) == timezone(timedelta(minutes=330))
    assert zone_of(None, sites) == SHANGHAI
