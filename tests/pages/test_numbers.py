"""Every number is a link: from the dashboard to the formula, to the facts that made it, to one fact and its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest
from django.test import Client
from tests.pages.conftest import House

LANGUAGES = ("zh-hans", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_dashboard_down_to_a_fact_and_its_hash(
    house: House, as_role: Callable[[str], Client], asked: Callable[[], int], language: str
) -> None:
    planner = as_role("planner")
    planner.get(f"/{language}/programme")
    before = asked()
    page = planner.get(f"/{language}/programme").content.decode()
    assert asked() - before <= 20
    link = re.search(r'href="(/[a-z-]+/programme/measure/clusters@1[^"]*)"', page)
    assert link is not None
    number = planner.get(link[1].replace("&amp;", "&"))
    assert number.status_code == 200
    opened = number.content.decode()
    fact = re.search(r'href="([^"]+/fact/([0-9a-f]{64})[^"]*)"', opened)
    document = re.search(r'data-document="([^"]+)" data-hash="([0-9a-f]{64})"', opened)
    assert fact is not None
    assert document is not None
    written = planner.get(document[1].replace("&amp;", "&")).content
    assert hashlib.sha256(written).hexdigest() == document[2]
    card = planner.get(fact[1].replace("&amp;", "&"))
    assert card.status_code == 200
    assert fact[2] in card.content.decode()


def test_of_fewer_than_five_patients_nothing_is_told(house: House, as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    page = planner.get("/en/programme/measure/patients_treated@1").content.decode()
    assert "fewer than 5: not shown" in page
    assert house.whole.coi not in page
    assert planner.get("/en/programme/measure/patients_treated@1/document").status_code == 404
    infused = next(entry for _, entry in house.story.ledger.entries() if entry.kind == "infusion.started.v1")
    assert planner.get(f"/en/programme/measure/patients_treated@1/fact/{infused.hash.hex()}").status_code == 404


def test_a_target_s_number_opens_and_an_address_with_its_moment_never_changes(as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    page = planner.get("/en/programme").content.decode()
    fixed = re.search(r'href="(\?at=\d+&amp;day=[\d-]+)"', page)
    assert fixed is not None
    address = "/en/programme/target/cell_clusters-1" + fixed[1].replace("&amp;", "&")
    first = planner.get(address)
    assert first.status_code == 200
    assert "receipt.publish" in first.content.decode()
    hashes = re.findall(r"[0-9a-f]{64}", first.content.decode())
    assert hashes == re.findall(r"[0-9a-f]{64}", planner.get(address).content.decode())
    moved = planner.get("/en/programme/target/cell_clusters-1/moved?from=99999")
    assert moved.status_code == 200
    assert "No fact counts otherwise" in moved.content.decode()


def test_who_does_not_plan_sees_what_was_published_only(as_role: Callable[[str], Client]) -> None:
    quality = as_role("qa")
    page = quality.get("/en/programme").content.decode()
    assert "nothing is published" in page
    assert "programme/measure/" not in page
    assert quality.get("/en/programme/measure/clusters@1").status_code == 403


@pytest.mark.parametrize("wrong", ["at=x", "day=soon", "at=99999999999999999999"])
def test_a_moment_that_is_none_is_not_found(as_role: Callable[[str], Client], wrong: str) -> None:
    assert as_role("planner").get(f"/en/programme?{wrong}").status_code == 404
