"""The office's pages: suites over time, and who may see them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.test import Client
from tests.pages.conftest import House
from tests.projections.story import BASE
from tests.signing_in import register_person, signed_in

MOST_QUERIES = 20


@pytest.fixture
def as_role(house: House) -> Callable[[str], Client]:
    def browser(role: str) -> Client:
        register_person(house.url, f"{role}-office", BASE, role)
        return signed_in(Client(SERVER_NAME="localhost"), f"{role}-office")

    return browser


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_suites_are_drawn_over_time_with_what_is_reserved_and_what_is_free(
    house: House, as_role: Callable[[str], Client], asked: Callable[[], int], language: str
) -> None:
    with psycopg.connect(house.url) as connection:
        row = connection.execute(
            "SELECT treatment, starts::date FROM projection.slot WHERE suite <= 'suite-12' ORDER BY starts LIMIT 1"
        ).fetchone()
    assert row is not None
    answer = as_role("scheduler").get(f"/{language}/suites?days=28&from={row[1]}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="slot ' in page
    assert f"/treatment/{row[0]}" in page
    assert "slot.reserve?treatment=" in page
    assert ("Free next" if language == "en" else "最近空闲") in page
    assert asked() <= MOST_QUERIES


def test_a_span_that_cannot_be_read_shows_today(as_role: Callable[[str], Client]) -> None:
    page = as_role("scheduler").get("/en/suites?from=yesterday&days=999").content.decode()
    assert 'class="now"' in page


def test_verbs_are_offered_to_those_who_do_them(as_role: Callable[[str], Client]) -> None:
    qa, operator = (as_role(role).get("/en/suites").content.decode() for role in ("qa", "operator"))
    assert "suite.take_out" in qa
    assert "slot.reserve" not in qa
    assert "suite.take_out" not in operator
    assert as_role("planner").get("/en/suites").status_code == 403
