"""The office's pages: suites over time, people, sites, equipment, facts and their verification, and who may see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from tests.pages.conftest import House
from tests.pages.test_acting import WRONG
from tests.projections.story import BASE
from tests.signing_in import register_person, signed_in
from tests.windows import opened_bench

from yimai.interfaces.web.bench import Bench, Means
from yimai.ledger.entry import Checkpoint
from yimai.ledger.verify import FirstProblem, Verified

MOST_QUERIES = 20


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


def test_each_office_role_has_a_home_that_leads_to_its_pages(as_role: Callable[[str], Client]) -> None:
    leads = {
        "planner": {
            "/en/programme",
            "/en/sites",
            "/en/ledger",
            "/en/act/approval.approve_programme?next=/en/",
            "/en/act/plan.draft?next=/en/",
            "/en/act/register.record?next=/en/",
            "/en/act/annual_return.file?next=/en/",
            "/en/act/receipt.publish?next=/en/",
        },
        "inspector": {"/en/ledger", "/en/people", "/en/suites", "/en/equipment", "/en/account/administration/events"},
        "administrator": {"/en/people", "/en/sites", "/en/account/administration", "/en/equipment"},
        "scheduler": {"/en/suites", "/en/today"},
    }
    for role, wanted in leads.items():
        page = as_role(role).get("/en/").content.decode().replace("%2F", "/")
        assert not {each for each in wanted if f'href="{each}"' not in page}, role


@pytest.mark.parametrize("role", ["qa", "qualified_person", "scheduler", "planner", "inspector"])
def test_whoever_may_see_what_was_measured_finds_it_from_home(as_role: Callable[[str], Client], role: str) -> None:
    assert 'href="/en/calibration"' in as_role(role).get("/en/").content.decode()


def test_a_qualified_person_finds_where_recipes_and_bases_are_approved(as_role: Callable[[str], Client]) -> None:
    page = as_role("qualified_person").get("/en/").content.decode()
    assert "approval.approve_recipe" in page
    assert "approval.approve_base" in page


def test_an_administrator_away_from_a_base_is_offered_no_form_that_is_not_there(house: House) -> None:
    register_person(house.url, "administrator-away", "city-authority", "administrator")
    browser = signed_in(Client(SERVER_NAME="localhost"), "administrator-away")
    forms = set(re.findall(r'href="(/en/act/[^"]+)"', browser.get("/en/").content.decode()))
    assert forms
    assert {browser.get(each.replace("&amp;", "&")).status_code for each in forms} == {200}


def test_a_planners_pages_show_no_patient_and_no_treatment(house: House, as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    for path in ("/en/", "/en/programme", "/en/sites", "/en/ledger", f"/en/search?q={house.whole.coi}"):
        page = planner.get(path).content.decode()
        typed = (
            f'value="{house.whole.coi}"',
            f"“{house.whole.coi}”",
            f"q={house.whole.coi}",
        )  # his own words come back
        for each in typed:
            page = page.replace(each, "")
        assert house.whole.coi not in page, path
    assert planner.get(f"/en/treatment/{house.whole.coi}").status_code == 403
    assert "/en/today" not in planner.get("/en/").content.decode()


def test_the_register_shows_people_with_their_qualifications_sites_and_equipment(
    as_role: Callable[[str], Client], asked: Callable[[], int]
) -> None:
    administrator = as_role("administrator")
    people = administrator.get("/en/people").content.decode()
    assert asked() <= MOST_QUERIES
    assert "OPER-1" in people
    assert "site.register_person" in people
    assert "site.qualify_person" not in people
    assert "site.qualify_person?person=OPER-1" in as_role("qa").get("/en/people").content.decode()
    assert f"/en/people?site={BASE}" in administrator.get("/en/sites").content.decode()
    assert "bsc-01" in administrator.get("/en/equipment").content.decode()
    assert "equipment.take_out" in as_role("operator").get("/en/equipment").content.decode()
    assert "equipment.calibrate" not in as_role("operator").get("/en/equipment").content.decode()
    assert administrator.get("/en/people?site=nowhere").status_code == 404


def test_a_treatments_facts_are_checked_from_their_bytes(
    house: House, as_role: Callable[[str], Client], asked: Callable[[], int]
) -> None:
    path = f"/en/treatment/{house.whole.coi}/facts"
    page = as_role("qa").get(path).content.decode()
    assert asked() <= MOST_QUERIES
    assert "Hashes, chain and signatures hold" in page
    assert page.count('<code class="hash">') > 20
    assert as_role("courier").get(path).status_code == 403


def test_the_ledgers_roots_are_shown_and_who_may_verify_is_offered_it(as_role: Callable[[str], Client]) -> None:
    assert "Verify the whole ledger now" in as_role("inspector").get("/en/ledger").content.decode()
    nurse = as_role("nurse")
    assert "Verify the whole ledger now" not in nurse.get("/en/ledger").content.decode()
    assert nurse.post("/en/ledger/verify").status_code == 403
    assert as_role("inspector").get("/en/ledger/verify").status_code == 405


def test_the_verdict_is_shown_whatever_it_is(house: House, as_role: Callable[[str], Client]) -> None:
    key = Ed25519PrivateKey.generate()
    inspector = as_role("inspector")
    asked: list[Checkpoint | None] = []

    def answered(verdict: Verified | FirstProblem, noted: Checkpoint | None) -> Verified | FirstProblem:
        asked.append(noted)
        return verdict

    for verdict, said in (
        (Verified("l", 3, 3, bytes(32)), "All 3 entries hold"),
        (FirstProblem(2, 2, None, "the hash is not that of the content", "a", "b"), "entry 2: the hash is not"),
    ):
        tools = Bench(
            house.story.ledger,
            bytes(32),
            key,
            lambda *_: WRONG(),
            lambda _: Means(),
            verify=partial(answered, verdict),
        )
        with opened_bench(tools):
            assert said in inspector.post("/en/ledger/verify").content.decode()
            against = inspector.post("/en/ledger/verify", {"noted": f" 1,200: {'AB' * 32}\n"}).content.decode()
            assert said in against
            assert bool(re.search("The first 1.?200 are the ones that you noted", against)) is isinstance(
                verdict, Verified
            )
            wrong = inspector.post("/en/ledger/verify", {"noted": "1200:abc"})
            assert (wrong.status_code, said in wrong.content.decode()) == (422, False)
            assert 'value="1200:abc"' in wrong.content.decode()
        assert asked[-2:] == [None, Checkpoint.noted(f"1200:{'ab' * 32}")]
