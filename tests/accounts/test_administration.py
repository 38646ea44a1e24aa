"""The administrator of accounts: makes, unlocks, renews, revokes; sees what happened; and nobody else does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from tests.accounts.soft_passkey import SoftPasskey
from tests.accounts.test_confirming import add_passkey
from tests.signing_in import PASSWORD, account_of, signed_in

from yimai.interfaces.accounts.models import Account, Event, Session

HERE = "/en/account/administration"
DEEDS = ("password", "unlock", "revoke", "end-sessions")


@pytest.fixture
def administrator(nurse: str, browser: Client) -> Client:
    """A browser in which an administrator has just proved again who he is."""
    account_of("admin-01", PASSWORD)
    signed_in(browser, "admin-01")
    browser.post("/en/account/prove", {"password": PASSWORD})
    return browser


def of(person: str, deed: str = "") -> str:
    return f"{HERE}/person/{person}" + (f"/{deed}" if deed else "")


def issued(answer: str) -> str:
    found = re.search(r'<code class="secret">([a-z0-9-]{19})</code>', answer)
    assert found
    return found[1]


def last_event() -> tuple[str, str, str]:
    event = Event.objects.order_by("-id")[0]
    return event.person, event.what, event.by


class TestWhoSeesIt:
    @pytest.mark.parametrize("person", ["nurse-01", "inspector-01"])
    def test_to_others_the_page_is_closed(self, nurse: str, browser: Client, person: str) -> None:
        account_of(person, PASSWORD)
        signed_in(browser, person)
        browser.post("/en/account/prove", {"password": PASSWORD})
        assert browser.get(HERE).status_code == 403
        assert browser.get(of("nurse-01")).status_code == 403
        assert {browser.post(of("nurse-02", deed)).status_code for deed in DEEDS} == {403}
        assert browser.get(f"{HERE}/events").status_code == (200 if person == "inspector-01" else 403)
        assert "Accounts</a>" not in browser.get("/en/account/").content.decode()

    def test_nobody_sees_it_who_is_not_signed_in(self, nurse: str, browser: Client) -> None:
        assert browser.get(HERE).status_code == 302
        assert browser.post(of(nurse, "revoke")).status_code == 401

    def test_deeds_are_for_who_has_just_proved_again(self, nurse: str, browser: Client) -> None:
        account_of("admin-01", PASSWORD)
        signed_in(browser, "admin-01")
        for deed in DEEDS:
            answer = browser.post(of(nurse, deed), {"next": of(nurse)})
            assert answer.headers["Location"].startswith("/en/account/prove?next=%2Fen%2Faccount%2Fadministration")
        assert Account.objects.get(pk=nurse).state == "open"
        assert {browser.get(of(nurse, deed)).status_code for deed in DEEDS} == {405}


class TestDeeds:
    def test_an_account_is_made_for_somebody_registered(self, administrator: Client) -> None:
        assert "No account" in administrator.get(of("nurse-02")).content.decode()
        password = issued(administrator.post(of("nurse-02", "password")).content.decode())
        assert last_event() == ("nurse-02", "made", "admin-01")
        other = Client(SERVER_NAME="localhost")
        sent = {"person": "nurse-02", "password": password}
        assert other.post("/en/account/sign-in", sent).status_code == 302
        assert other.get("/en/account/").headers["Location"] == "/en/account/password"
        assert administrator.post(of("stranger", "password")).status_code == 404
        assert password not in administrator.get(of("nurse-02")).content.decode(), "it is shown once"

    def test_a_new_start_forgets_passkeys(self, administrator: Client, nurse: str) -> None:
        add_passkey(nurse, SoftPasskey())
        issued(administrator.post(of(nurse, "password")).content.decode())
        assert Authenticator.objects.count() == 1
        issued(administrator.post(of(nurse, "password"), {"wholly": "yes"}).content.decode())
        assert Authenticator.objects.count() == 0
        assert last_event() == (nurse, "second_factors_removed", "admin-01")

    def test_unlocking_revoking_and_ending_sessions(self, administrator: Client, nurse: str) -> None:
        Account.objects.filter(pk=nurse).update(locked_until=timezone.now() + timedelta(hours=1), failures=5)
        assert "Locked" in administrator.get(of(nurse)).content.decode()
        assert administrator.post(of(nurse, "unlock")).headers["Location"] == of(nurse)
        assert last_event() == (nurse, "unlocked", "admin-01")
        signed_in(Client(SERVER_NAME="localhost"), nurse)
        administrator.post(of(nurse, "end-sessions"))
        assert not Session.objects.filter(account_id=nurse).exists()
        assert last_event() == (nurse, "sessions_ended", "admin-01")
        administrator.post(of(nurse, "revoke"))
        assert last_event() == (nurse, "revoked", "admin-01")
        assert Account.objects.get(pk=nurse).state == "revoked"
        issued(administrator.post(of(nurse, "password")).content.decode())
        assert Account.objects.get(pk=nurse).state == "one-time password"

    def test_nobody_administers_their_own_account(self, administrator: Client) -> None:
        assert {administrator.post(of("admin-01", deed)).status_code for deed in DEEDS} == {422}
        assert Account.objects.get(pk="admin-01").state == "open"


class TestLists:
    def test_everybody_on_the_register_is_found_by_identifier_site_or_role(self, administrator: Client) -> None:
        def found(text: str) -> set[str]:
            page = administrator.get(HERE, {"q": text}).content.decode()
            return set(re.findall(r'person/([a-z0-9-]+)">', page))

        assert found("") == {"nurse-01", "nurse-02", "admin-01", "inspector-01"}
        assert found("HOSPITAL-A") == {"nurse-01", "nurse-02"}
        assert found("inspector") == {"inspector-01"}
        assert found("%") == found("x\0y") == set()

    def test_what_happened_is_listed_by_person_and_kind(self, administrator: Client, nurse: str) -> None:
        administrator.post(of(nurse, "revoke"))
        page = administrator.get(f"{HERE}/events", {"person": nurse, "what": "revoked"}).content.decode()
        assert page.count("<td>Account revoked</td>") >= 1
        assert "<td>Signed in</td>" not in page
        assert administrator.get(f"{HERE}/events", {"person": "x\0", "what": "x", "before": "x"}).status_code == 200
        Event.objects.bulk_create(Event(person=nurse, what="signed_in") for _ in range(60))
        page = administrator.get(f"{HERE}/events", {"person": nurse}).content.decode()
        earlier = re.search(r'href="(\?person=nurse-01&amp;what=&amp;before=\d+)"', page)
        assert earlier
        assert administrator.get(f"{HERE}/events{earlier[1].replace('&amp;', '&')}").status_code == 200
