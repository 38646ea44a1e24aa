"""Signing in by password, what locks an account, how long a session lasts, and what nobody may do without one."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from threading import Thread

import pytest
from django.db import connections
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from tests.signing_in import PASSWORD, account_of, signed_in

from yimai.interfaces.accounts import administration, lockout, reception, sessions
from yimai.interfaces.accounts.events import KINDS
from yimai.interfaces.accounts.models import Account, Event, Session
from yimai.wiring.bounds import BUCKETS, Buckets, Limit

SIGN_IN = "/en/account/sign-in"


def sign_in(browser: Client, person: str, password: str, **more: str) -> int:
    return browser.post(SIGN_IN, {"person": person, "password": password, **more}).status_code


def events() -> list[str]:
    return list(Event.objects.order_by("id").values_list("what", flat=True))


def last_event() -> str:
    return events()[-1]


def test_the_right_password_leads_back_to_the_page_that_was_asked_for(nurse: str, browser: Client) -> None:
    asked = browser.get("/en/search?q=T1")
    assert asked.headers["Location"] == f"{SIGN_IN}?next=%2Fen%2Fsearch%3Fq%3DT1"
    answer = browser.post(SIGN_IN, {"person": " Nurse-01 ", "password": PASSWORD, "next": "/en/search?q=T1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/en/search?q=T1")
    assert last_event() == "signed_in"
    assert browser.get("/en/account/password").status_code == 200


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "x"])
def test_signing_in_never_leads_elsewhere(nurse: str, browser: Client, target: str) -> None:
    answer = browser.post(SIGN_IN, {"person": nurse, "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/en/"


@pytest.mark.parametrize(("person", "password"), [("nurse-01", "wrong"), ("nobody", PASSWORD), ("", ""), ("a\0", "b")])
def test_a_wrong_password_and_an_unknown_person_are_told_the_same(
    nurse: str, browser: Client, person: str, password: str
) -> None:
    answer = browser.post(SIGN_IN, {"person": person, "password": password})
    assert answer.status_code == 422
    assert "ask the administrator of accounts" in answer.content.decode()
    assert "sessionid" not in browser.cookies


def test_a_revoked_account_cannot_sign_in_and_its_session_ends_at_once(nurse: str, browser: Client) -> None:
    signed_in(browser, nurse)
    assert browser.get("/en/account/password").status_code == 200
    Account.objects.update(revoked=timezone.now())
    assert browser.get("/en/account/password").status_code == 302
    assert sign_in(browser, nurse, PASSWORD) == 422


def test_an_account_of_somebody_who_is_not_registered_opens_nothing(url: str, browser: Client) -> None:
    account_of("stranger", PASSWORD)
    answer = browser.post(SIGN_IN, {"person": "stranger", "password": PASSWORD})
    assert "not registered in the ledger" in answer.content.decode()
    assert signed_in(browser, "stranger").get("/en/").status_code == 302


class TestLock:
    def test_five_failures_lock_whatever_password_follows(self, nurse: str, browser: Client) -> None:
        assert {sign_in(browser, nurse, "wrong") for _ in range(lockout.ATTEMPTS)} == {422}
        assert last_event() == "locked"
        answer = browser.post(SIGN_IN, {"person": nurse, "password": PASSWORD})
        assert "is locked until" in answer.content.decode()
        Account.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
        assert sign_in(browser, nurse, PASSWORD) == 302
        assert Account.objects.get().failures == 0

    def test_each_lock_lasts_longer(self, nurse: str) -> None:
        account, pauses = Account.objects.get(), []
        for number in range(1, 4 * lockout.ATTEMPTS + 1):
            assert lockout.attempt(account) is None
            if number % lockout.ATTEMPTS == 0:
                until = Account.objects.get().locked_until
                assert until is not None
                pauses.append(round((until - timezone.now()) / lockout.FIRST_PAUSE))
                Account.objects.update(locked_until=None)
        assert pauses == [1, 2, 4, 8]

    def test_workers_that_guess_at_once_get_no_more_attempts_together(self, nurse: str) -> None:
        allowed: list[datetime | None] = []

        def worker() -> None:
            account = Account.objects.get(pk=nurse)
            allowed.extend([lockout.attempt(account) for _ in range(3)])
            connections.close_all()

        threads = [Thread(target=worker) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert allowed.count(None) == lockout.ATTEMPTS

    def test_too_many_attempts_from_one_place_must_wait(
        self, nurse: str, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(BUCKETS, "sign_in", Buckets(Limit(50_000, 0.001, 3)))
        browser = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.7")
        told = [browser.post(SIGN_IN, {"person": "", "password": ""}).content.decode() for _ in range(4)]
        assert ["Too many attempts to sign in" in each for each in told] == [False, False, False, True]
        other = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.8")
        assert other.post(SIGN_IN, {"person": nurse, "password": PASSWORD}).status_code == 302


class TestSession:
    def test_it_ends_after_a_quarter_of_an_hour_without_use(self, nurse: str, browser: Client) -> None:
        signed_in(browser, nurse)
        left = Session.objects.get().expire_date - timezone.now()
        assert timedelta(minutes=14) < left <= sessions.IDLE
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        led = browser.get("/en/search?q=T1")
        assert led.headers["Location"] == f"{SIGN_IN}?next=%2Fen%2Fsearch%3Fq%3DT1&ended=1"
        assert "after 15 minutes without use" in browser.get(led.headers["Location"]).content.decode()
        assert "without use" not in browser.get(f"{SIGN_IN}?next=/en/").content.decode()

    def test_use_makes_it_last_but_not_for_ever(self, nurse: str, browser: Client) -> None:
        signed_in(browser, nurse)
        now = timezone.now()
        Session.objects.update(seen=now - timedelta(minutes=10), expire_date=now + timedelta(minutes=5))
        browser.get("/en/account/password")
        assert Session.objects.get().expire_date > now + timedelta(minutes=14)
        began = now - sessions.LONGEST + timedelta(minutes=3)
        Session.objects.update(began=began, seen=now - timedelta(minutes=10))
        browser.get("/en/account/password")
        assert Session.objects.get().expire_date == began + sessions.LONGEST

    def test_one_account_has_a_few_at_most_and_the_oldest_gives_way(self, nurse: str) -> None:
        browsers = [Client(SERVER_NAME="localhost") for _ in range(sessions.AT_MOST + 1)]
        for each in browsers:
            assert sign_in(each, nurse, PASSWORD) == 302
        assert [each.get("/en/account/password").status_code for each in browsers] == [302, 200, 200, 200]
        assert last_event() == "oldest_session_ended"

    def test_signing_out_ends_it_on_the_server(self, nurse: str, browser: Client) -> None:
        signed_in(browser, nurse)
        kept = browser.cookies["sessionid"].value
        assert browser.get("/en/account/sign-out").status_code == 405
        assert browser.post("/en/account/sign-out").headers["Location"] == SIGN_IN
        browser.cookies["sessionid"] = kept
        assert browser.get("/en/").status_code == 302

    def test_the_cookie_is_out_of_reach_of_scripts_and_ends_with_the_browser(self, nurse: str, browser: Client) -> None:
        sign_in(browser, nurse, PASSWORD)
        cookie = browser.cookies["sessionid"]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")

    def test_what_stands_behind_the_gate_knows_who_it_is(self, nurse: str, browser: Client) -> None:
        answer = signed_in(browser, nurse).get("/en/account/password")
        request: HttpRequest = answer.wsgi_request
        assert (request.who.person, request.who.site, request.who.roles) == (nurse, "hospital-a", ("nurse",))  # type: ignore[attr-defined]
        assert timezone.now() - request.session_started < timedelta(seconds=5)  # type: ignore[attr-defined]
        assert answer.headers["Cache-Control"].startswith(("no-store", "max-age=0"))


class TestWhatWasTyped:
    def test_in_place_an_ended_session_asks_without_leaving_the_page(self, nurse: str, browser: Client) -> None:
        answer = browser.post("/en/account/password", {"new": "typed"}, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Trigger"]) == (401, "sign-in-needed")
        assert "what you typed is still on the page" in answer.content.decode()
        assert "<html" not in answer.content.decode()
        sent = {"person": nurse, "password": PASSWORD}
        done = browser.post(SIGN_IN, sent, headers={"HX-Request": "true"})
        assert (done.status_code, done.headers["HX-Trigger"], done.headers["X-Person"]) == (204, "signed-in", nurse)
        assert len(done.headers["X-CSRF-Token"]) == 64

    def test_without_scripts_it_says_that_nothing_was_written(self, url: str, browser: Client) -> None:
        answer = browser.post("/en/account/password", {"new": "typed"})
        assert answer.status_code == 401
        assert "Nothing was written" in answer.content.decode()


def test_every_page_but_a_few_needs_somebody(url: str, browser: Client) -> None:
    for path in ("/en/", "/en/search", "/en/programme", "/en/treatment/T1", "/en/account/password"):
        assert browser.get(path).headers["Location"].startswith(SIGN_IN)
    assert browser.get("/health").status_code in (200, 503)
    assert browser.get(SIGN_IN).status_code == 200
    assert browser.get("/zh-hans/account/sign-in").status_code == 200


def test_a_form_without_its_token_is_refused(nurse: str) -> None:
    browser = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert sign_in(browser, nurse, PASSWORD) == 403
    signed_in(browser, nurse)
    assert browser.post("/en/account/sign-out").status_code == 403


class TestPassword:
    def test_a_one_time_password_must_be_changed_before_anything_else(self, nurse: str, browser: Client) -> None:
        Account.objects.update(change_by=timezone.now() + timedelta(days=1))
        sign_in(browser, nurse, PASSWORD)
        assert browser.get("/en/").headers["Location"] == "/en/account/password"
        new = "another long phrase"
        sent = {"password": PASSWORD, "new": new, "again": new}
        assert browser.post("/en/account/password", sent).headers["Location"] == "/en/account/?changed=password"
        assert last_event() == "password_changed"
        assert Account.objects.get().change_by is None
        assert Account.objects.get().password.startswith("argon2$")
        assert sign_in(Client(SERVER_NAME="localhost"), nurse, new) == 302

    def test_people_s_passwords_are_hashed_at_full_cost(self) -> None:
        """Where no test has made it light: 100 MiB, above the 19 that OWASP's password storage cheat sheet asks at least."""
        said = (
            "import django; django.setup(); from django.contrib.auth.hashers import get_hasher as h;"
            " print(h().algorithm, *(getattr(h().params(), each) for each in ('time_cost', 'memory_cost')))"
        )
        environment = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "yimai.wiring.settings", "PYTHONPATH": os.pathsep.join(sys.path),
        }  # fmt: skip
        asked = [sys.executable, "-c", said]
        hashes = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout.split()
        assert hashes == ["argon2", "2", "102400"]

    def test_a_one_time_password_ends_by_itself(self, nurse: str, browser: Client) -> None:
        Account.objects.update(change_by=timezone.now() - timedelta(seconds=1))
        assert sign_in(browser, nurse, PASSWORD) == 422

    @pytest.mark.parametrize(
        ("new", "again", "told"),
        [
            ("short", "short", "too short"),
            ("password1234", "password1234", "too common"),
            ("nurse-01-2026", "nurse-01-2026", "too similar"),
            ("82739401827364", "82739401827364", "entirely numeric"),
            ("another long phrase", "another long phrose", "differ"),
            (PASSWORD, PASSWORD, "is the present one"),
        ],
    )
    def test_a_weak_or_mistyped_password_is_refused(
        self, nurse: str, browser: Client, new: str, again: str, told: str
    ) -> None:
        signed_in(browser, nurse)
        answer = browser.post("/en/account/password", {"password": PASSWORD, "new": new, "again": again})
        assert answer.status_code == 422
        assert told in answer.content.decode()
        assert Account.objects.get().check_password(PASSWORD)

    def test_a_change_ends_the_other_sessions(self, nurse: str, browser: Client) -> None:
        other = signed_in(Client(SERVER_NAME="localhost"), nurse)
        new = "another long phrase"
        signed_in(browser, nurse).post("/en/account/password", {"password": PASSWORD, "new": new, "again": new})
        assert browser.get("/en/account/password").status_code == 200
        assert other.get("/en/account/password").status_code == 302


def test_every_event_has_words_and_no_other_is_written(url: str) -> None:
    assert all(words.zh and words.en for words in KINDS.values())
    assert set(events()) <= set(KINDS)


class TestDemonstration:
    def test_a_visitor_of_a_simulated_ledger_chooses_a_role(self, nurse: str, browser: Client) -> None:
        administration.open_demonstration(["nurse-01", "nurse-02", "admin-01"], PASSWORD)
        reception.open(simulated=True, secrets_key=bytes(32), demo_password=PASSWORD)
        page = browser.get(SIGN_IN).content.decode()
        assert page.count('name="password" value="') == 2
        assert sign_in(browser, "nurse-02", PASSWORD) == 302
        reception.open(simulated=True, secrets_key=bytes(32))

    def test_no_shared_password_is_ever_shown_where_the_ledger_is_real(self, nurse: str, browser: Client) -> None:
        reception.open(simulated=False, secrets_key=bytes(32), demo_password=PASSWORD)
        assert PASSWORD not in browser.get(SIGN_IN).content.decode()
        reception.open(simulated=True, secrets_key=bytes(32))
