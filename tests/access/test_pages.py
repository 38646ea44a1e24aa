"""Every address stands in the table of access: none is open that is not listed, and each turns away whom the table does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import django
import pytest
from django.test import Client
from tests.access.reading import BY_NAME, ROLES
from tests.conftest import clone_of_template
from tests.projections.following import begin, followed, screen_pool
from tests.signing_in import PASSWORD, account_of, accounts_on, register_person, signed_in
from tests.windows import opened_window

from yimai.interfaces.web.permitted import NOUNS
from yimai.projections import audience
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.page_access import OF_NOUN, OF_VERB, PAGES, PUBLIC, SIGNED_IN, refusal_of, row_of

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
django.setup()

BASE = "lingang"
GIVEN = {"role": "qa", "verb": "treatment.hold", "stage": "ordered", "noun": "suite", "number": 1, "copy": 1, "dpi": 203,
         "digest": "0" * 64, "item": "C0000000000", "identifier": "T0000000000"}  # fmt: skip


def addresses(patterns: object = None, before: str = "") -> Iterator[tuple[str, object]]:
    """Every address of the doors: its name with its namespace, and its view."""
    from django.urls import URLPattern, get_resolver

    for each in patterns if patterns is not None else get_resolver().url_patterns:  # type: ignore[attr-defined]
        if isinstance(each, URLPattern):
            yield f"{before}{each.name}", each.callback
        else:
            space = each.app_name if each.app_name else ""
            yield from addresses(each.url_patterns, f"{before}{space}:" if space else before)


def test_every_address_is_listed_and_none_that_does_not_exist() -> None:
    assert {name for name, _ in addresses()} == set(PAGES)
    rows = {verb for verb, capacity in BY_NAME if capacity == "performer"}
    assert set(PAGES.values()) - {PUBLIC, SIGNED_IN, OF_VERB, OF_NOUN} <= rows
    assert set(NOUNS.values()) <= rows


def test_every_row_of_reading_and_of_accounts_is_asked_for_somewhere() -> None:
    """By an address, by everything about a noun, or by row security of what lies behind the pages."""
    asked = {*PAGES.values(), *NOUNS.values(), *(row for _, row in audience.VAULT.values())}
    assert {verb for verb, _ in BY_NAME if verb.startswith(("read.", "account."))} - asked == set()


def test_what_is_public_asks_for_no_session_and_everything_else_does() -> None:
    for name, view in addresses():
        open_to_all = not getattr(view, "login_required", True)
        assert open_to_all == (PAGES[name] == PUBLIC or name.startswith("rest:")), name


def test_an_address_that_is_not_listed_is_closed_to_everybody() -> None:
    refusal = refusal_of("forgotten", {}, PersonRow("a", BASE, ("qa",)))
    assert refusal is not None
    assert refusal.code == "access.unlisted"


@pytest.mark.parametrize("role", ROLES)
def test_each_address_turns_away_whom_the_table_turns_away(role: str) -> None:
    for name in PAGES:
        row = row_of(name, GIVEN)
        if row not in (None, PUBLIC, SIGNED_IN):
            refusal = refusal_of(name, GIVEN, PersonRow("a", BASE, (role,)))
            written = BY_NAME[row, "performer"].written[role]  # type: ignore[index]
            assert (refusal is not None) == (written in (".", "x")), name


@pytest.fixture(scope="module")
def door(postgres: EmbeddedDatabase) -> Iterator[str]:
    with (
        clone_of_template(postgres) as url,
        followed(url) as pool,
        screen_pool(url) as screen,
        accounts_on(url),
    ):
        story = begin(pool)
        story.open_house("园区")
        for role in ROLES:
            register_person(url, f"{role}-x", BASE, role)
        with opened_window(screen, story.clock):
            yield url


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_themselves_turn_them_away_and_say_whose_work_it_is(door: str, role: str, language: str) -> None:
    from django.urls import reverse
    from django.utils.translation import override

    client = signed_in(Client(SERVER_NAME="localhost"), f"{role}-x")
    for name, arguments in (
        ("today", {}),
        ("treatments", {"stage": "ordered"}),
        ("treatment", {"identifier": "T0000000000"}),
        ("batch", {"identifier": "B0000000000"}),
        ("about", {"noun": "suite", "identifier": "suite-01"}),
        ("programme", {}),
        ("home", {}),
        *(("act", {"verb": verb}) for verb in ("suite.take_out", "deviation.report")),
    ):
        with override(language):
            answer = client.get(reverse(name, kwargs=arguments))
        row = row_of(name, arguments)
        turned_away = row in {verb for verb, _ in BY_NAME} and BY_NAME[row, "performer"].written[role] in (".", "x")  # type: ignore[index]
        assert (answer.status_code == 403) == turned_away, (name, answer.status_code)
        if turned_away:
            said = answer.content.decode()
            assert ("登记为" if language == "zh-hans" else "registered as") in said


@pytest.mark.parametrize("role", ROLES)
def test_deeds_of_account_administration_are_done_by_whom_the_table_names_and_nobody_else(door: str, role: str) -> None:
    """Asked for a colleague's account, of one's own site and of another."""
    from django.urls import reverse

    from yimai.interfaces.accounts.models import Account, Event

    deeds = {name: row for name, row in PAGES.items() if row.startswith("account.")}
    assert set(deeds.values()) == {verb for verb, _ in BY_NAME if verb.startswith("account.")}
    assert len(deeds) == 6
    client = signed_in(Client(SERVER_NAME="localhost"), f"{role}-x")
    register_person(door, "colleague-elsewhere", "demo-hospital-a", "nurse")
    account_of("colleague-elsewhere", PASSWORD)
    before = Account.objects.get(pk="colleague-elsewhere").password
    for person in ("nurse-x" if role != "nurse" else "qa-x", "colleague-elsewhere"):
        for name, row in deeds.items():
            answer = client.post(reverse(name, kwargs={"person": person}), {"next": "/"})
            allowed = BY_NAME[row, "performer"].written[role] not in (".", "x")  # type: ignore[index]
            assert (answer.status_code != 403) == allowed, (name, person, answer.status_code)
    assert (Account.objects.get(pk="colleague-elsewhere").password != before) == allowed
    assert Event.objects.filter(by=f"{role}-x").exists() == allowed


def test_an_endpoint_answers_a_machine_in_both_languages(door: str) -> None:
    client = signed_in(Client(SERVER_NAME="localhost"), "planner-x")
    answer = client.get("/api/v1/treatments")
    assert answer.status_code == 403
    assert answer.json()["code"] == "access.never"
    assert "planner" in answer.json()["en"]
    assert "planner" in answer.json()["zh"]
