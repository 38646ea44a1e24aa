"""The laboratory's home: what can be done now is counted as it is listed; a culture waits below with the time from which it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.pages.tablets import bench_opened
from tests.pages.test_homes import at, home_of
from tests.spec.harness import SpecPlant

from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def section(page: str, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def results_in(part: str) -> list[str]:
    return re.findall(r"/act/sample\.record_result\?[^\"]*test=([a-z0-9_]+)", part)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_does_not_count_yet_is_not_due_and_the_heading_counts_what_is_listed(
    plant: SpecPlant, language: str
) -> None:
    journey = plant.treatment("manufactured")
    tablet = at(plant, journey.at_base("qc_analyst"))
    tablet.language = language
    page = home_of(tablet)
    due, incubating = section(page, "tubes"), section(page, "incubating")
    assert "sterility" in results_in(incubating)
    assert "sterility" not in results_in(due)
    for part in (due, incubating):
        counted = re.search(r'<span class="count">(\d+)</span>', part)
        assert counted
        assert int(counted[1]) == len(results_in(part)) > 0
    rows = due.partition("<tbody>")[2].count("<tr")
    assert {"zh-hans": f"样品：{rows}", "en": f"samples: {rows}"}[language] in due
    plan = next(each.id for each in plant.recipe.samples if "sterility" in each.tests)
    taken = journey.vein.samples.by_id[journey.samples[plan]].taken
    assert (taken + timedelta(days=14)).strftime("%Y-%m-%d %H:%M") in re.sub(r"<[^>]+>", "", incubating)
    plant.clock.wait_until(taken + timedelta(days=14))
    assert "sterility" in results_in(section(home_of(tablet), "tubes"))
