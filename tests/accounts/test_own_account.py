"""Passkeys, one-time codes and recovery codes: set up, asked for at signing in, used once, taken away again."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from fido2.utils import websafe_decode
from tests.accounts.soft_passkey import PRESENT, SoftPasskey
from tests.accounts.test_confirming import add_code, add_passkey, present_code
from tests.signing_in import PASSWORD, account_of, signed_in

from yimai.domain.person import fingerprint
from yimai.interfaces.accounts import codes, lockout
from yimai.interfaces.accounts.models import Account, Event, Session

HERE = "/en/account"


def proven(browser: Client, person: str) -> Client:
    """Signed in, and shown once more who he is."""
    signed_in(browser, person)
    assert browser.post(f"{HERE}/prove", {"password": PASSWORD, "next": f"{HERE}/"}).status_code == 302
    return browser


def challenge(browser: Client) -> bytes:
    return websafe_decode(browser.get(f"{HERE}/passkey/challenge").json()["challenge"])


def last_event() -> str:
    found = Event.objects.order_by("-id").first()
    assert found is not None
    return found.what


class TestProving:
    def test_means_are_changed_only_by_who_has_just_proved_again(self, nurse: str, browser: Client) -> None:
        signed_in(browser, nurse)
        for path in ("passkey/add", "code", "recovery-codes"):
            assert browser.get(f"{HERE}/{path}").headers["Location"].startswith(f"{HERE}/prove?next=")
        for path in ("passkey/1/remove", "code/remove", "recovery-codes"):
            assert browser.post(f"{HERE}/{path}").headers["Location"].startswith(f"{HERE}/prove?next=")
        assert browser.post(f"{HERE}/prove", {"password": "wrong"}).status_code == 422
        sent = {"password": PASSWORD, "next": f"{HERE}/code"}
        assert browser.post(f"{HERE}/prove", sent).headers["Location"] == f"{HERE}/code"
        assert browser.get(f"{HERE}/code").status_code == 200

    def test_it_counts_for_minutes(self, nurse: str, browser: Client) -> None:
        proven(browser, nurse)
        session = browser.session
        for record in session["account_authentication_methods"]:
            record["at"] -= 301
        session.save()
        assert browser.get(f"{HERE}/code").status_code == 302

    def test_wrong_answers_lock(self, nurse: str, browser: Client) -> None:
        signed_in(browser, nurse)
        for _ in range(lockout.ATTEMPTS):
            browser.post(f"{HERE}/prove", {"password": "wrong"})
        assert "is locked until" in browser.post(f"{HERE}/prove", {"password": PASSWORD}).content.decode()

    def test_by_passkey(self, nurse: str, browser: Client) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        signed_in(browser, nurse)
        sent = {"credential": json.dumps(key.assertion(challenge(browser))), "next": f"{HERE}/code"}
        assert browser.post(f"{HERE}/prove", sent).headers["Location"] == f"{HERE}/code"
        assert browser.post(f"{HERE}/prove", sent).status_code == 422, "an answer counts once"


class TestPasskey:
    def test_one_is_made_and_opens_the_account_by_itself(self, nurse: str, browser: Client) -> None:
        key = SoftPasskey()
        proven(browser, nurse)
        options = asked_to_make(browser)
        assert options["rp"]["id"] == "localhost"
        assert {each["alg"] for each in options["pubKeyCredParams"]} == {-7, -8, -257}
        assert options["authenticatorSelection"]["userVerification"] == "required"
        made = json.dumps(key.registration(websafe_decode(options["challenge"])))
        answer = browser.post(f"{HERE}/passkey/add", {"name": "ward tablet", "credential": made})
        assert answer.headers["Location"] == f"{HERE}/recovery-codes"
        assert last_event() == "passkey_added"
        assert "ward tablet" in browser.get(f"{HERE}/").content.decode()

        other = Client(SERVER_NAME="localhost")
        sent = {"credential": json.dumps(key.assertion(challenge(other), user_handle=nurse)), "next": "/en/search"}
        assert other.post(f"{HERE}/passkey/sign-in", sent).headers["Location"] == "/en/search"
        assert last_event() == "signed_in"
        assert other.get(f"{HERE}/").status_code == 200

    @pytest.mark.parametrize("wrong", ["challenge", "flags", "domain", "nothing"])
    def test_what_does_not_fit_is_not_kept(self, nurse: str, browser: Client, wrong: str) -> None:
        proven(browser, nurse)
        asked = websafe_decode(asked_to_make(browser)["challenge"])
        key = SoftPasskey(
            flags=PRESENT if wrong == "flags" else SoftPasskey().flags,
            domain="elsewhere.example" if wrong == "domain" else "localhost",
        )
        made = json.dumps(key.registration(bytes(32) if wrong == "challenge" else asked))
        sent = {"credential": "" if wrong == "nothing" else made}
        assert browser.post(f"{HERE}/passkey/add", sent).status_code == 422
        assert not Authenticator.objects.exists()

    @pytest.mark.parametrize("wrong", ["challenge", "person", "nothing", "revoked", "locked"])
    def test_signing_in_by_what_does_not_fit(self, nurse: str, browser: Client, wrong: str) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        if wrong == "revoked":
            Account.objects.update(revoked=timezone.now())
        if wrong == "locked":
            Account.objects.update(locked_until=timezone.now() + timedelta(minutes=5))
        asked = challenge(browser)
        person = "nurse-02" if wrong == "person" else nurse
        answer = key.assertion(bytes(32) if wrong == "challenge" else asked, user_handle=person)
        sent = {"credential": "" if wrong == "nothing" else json.dumps(answer)}
        assert browser.post(f"{HERE}/passkey/sign-in", sent).status_code == 422
        assert browser.get(f"{HERE}/").status_code == 302

    def test_with_one_the_password_alone_no_longer_opens(self, nurse: str, browser: Client) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        sent = {"person": nurse, "password": PASSWORD}
        assert browser.post(f"{HERE}/sign-in", sent).headers["Location"] == f"{HERE}/second-step"
        assert browser.get(f"{HERE}/").status_code == 302
        assert browser.get(f"{HERE}/second-step").status_code == 200
        answer = {"credential": json.dumps(key.assertion(challenge(browser)))}
        assert browser.post(f"{HERE}/second-step", answer).headers["Location"] == "/en/"
        assert browser.get(f"{HERE}/").status_code == 200

    def test_it_is_removed_with_its_recovery_codes(self, nurse: str, browser: Client) -> None:
        add_passkey(nurse, SoftPasskey())
        add_passkey("nurse-01", SoftPasskey(credential=b"another passkey!"))
        proven(browser, nurse)
        browser.post(f"{HERE}/recovery-codes")
        first, second = Authenticator.objects.filter(type="webauthn").values_list("pk", flat=True)
        assert browser.post(f"{HERE}/passkey/{first}/remove").status_code == 302
        assert codes.recovery_codes_left(Account.objects.get(pk=nurse)) == 10
        browser.post(f"{HERE}/passkey/{second}/remove")
        assert not Authenticator.objects.exists()
        assert browser.post(f"{HERE}/passkey/{second}/remove").status_code == 404

    def test_nobody_removes_another_persons(self, nurse: str, browser: Client) -> None:
        from tests.signing_in import account_of

        account_of("nurse-02", PASSWORD)
        add_passkey("nurse-02", SoftPasskey())
        number = Authenticator.objects.get().pk
        assert proven(browser, nurse).post(f"{HERE}/passkey/{number}/remove").status_code == 404


class TestCode:
    def test_it_is_set_up_with_the_apps_first_code_and_asked_from_then_on(self, nurse: str, browser: Client) -> None:
        proven(browser, nurse)
        shown = browser.get(f"{HERE}/code").content.decode()
        secret = browser.session[totp.SECRET_SESSION_KEY]
        assert secret in shown.replace(" ", "")
        assert browser.post(f"{HERE}/code", {"code": "000000"}).status_code == 422
        answer = browser.post(f"{HERE}/code", {"code": present_code(secret)})
        assert answer.headers["Location"] == f"{HERE}/recovery-codes"
        assert secret not in str(Authenticator.objects.get(type="totp").data), "it does not lie there in the clear"

        other = Client(SERVER_NAME="localhost")
        sent = {"person": nurse, "password": PASSWORD, "next": "/en/search"}
        assert other.post(f"{HERE}/sign-in", sent).headers["Location"] == f"{HERE}/second-step"
        assert other.post(f"{HERE}/second-step", {"code": "000000"}).status_code == 422
        good = {"code": present_code(secret)}
        assert other.post(f"{HERE}/second-step", good).headers["Location"] == "/en/search"

    def test_wrong_codes_lock(self, nurse: str, browser: Client) -> None:
        code = add_code(nurse)
        browser.post(f"{HERE}/sign-in", {"person": nurse, "password": PASSWORD})
        for _ in range(lockout.ATTEMPTS):
            browser.post(f"{HERE}/second-step", {"code": "000000"})
        assert "is locked until" in browser.post(f"{HERE}/second-step", {"code": code}).content.decode()

    def test_nobody_comes_to_the_second_step_without_the_first(self, nurse: str, browser: Client) -> None:
        code = add_code(nurse)
        assert browser.post(f"{HERE}/second-step", {"code": code}).headers["Location"] == f"{HERE}/sign-in"

    def test_it_is_removed(self, nurse: str, browser: Client) -> None:
        add_code(nurse)
        cache.clear()
        assert proven(browser, nurse).post(f"{HERE}/code/remove").status_code == 302
        assert last_event() == "code_removed"
        assert not codes.asked_of(Account.objects.get(pk=nurse))


class TestRecoveryCodes:
    def test_they_are_shown_once_and_each_opens_once(self, nurse: str, browser: Client) -> None:
        add_passkey(nurse, SoftPasskey())
        page = proven(browser, nurse).post(f"{HERE}/recovery-codes").content.decode()
        shown = [each.replace(" ", "") for each in re.findall(r"<li><code>([\d ]+)</code></li>", page)]
        assert len(set(shown)) == 10
        assert shown[0] not in browser.get(f"{HERE}/recovery-codes").content.decode().replace(" ", "")
        for expected in (302, 422):
            other = Client(SERVER_NAME="localhost")
            other.post(f"{HERE}/sign-in", {"person": nurse, "password": PASSWORD})
            assert other.post(f"{HERE}/second-step", {"code": shown[0]}).status_code == expected
        assert "9 are left" in browser.get(f"{HERE}/").content.decode()


def test_other_sessions_are_ended_from_here(nurse: str, browser: Client) -> None:
    other = signed_in(Client(SERVER_NAME="localhost"), nurse)
    signed_in(browser, nurse)
    assert browser.get(f"{HERE}/").content.decode().count("<b>here</b>") == 1
    browser.post(f"{HERE}/sessions/end-others")
    assert (browser.get(f"{HERE}/").status_code, other.get(f"{HERE}/").status_code) == (200, 302)
    assert Session.objects.filter(account_id=nurse).count() == 1


def asked_to_make(browser: Client) -> Any:
    found = re.search(r'data-passkey-makes="([^"]+)"', browser.get(f"{HERE}/passkey/add").content.decode())
    assert found
    return json.loads(unescape(found[1]))["publicKey"]


class TestWithdrawnPasskey:
    """On the ledger a passkey is withdrawn for good; from then on it opens nothing here either."""

    def test_it_opens_nothing_and_its_person_sees_why(self, nurse: str, browser: Client, url: str) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        signed_in(browser, nurse)
        page = browser.get(f"{HERE}/").content.decode()
        (public,) = re.findall(r"site\.register_passkey\?public_key=([^&]*)", page)
        mark = fingerprint(b64decode(unquote(public)))
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO projection.passkey (passkey, person) VALUES (%s, %s)", (mark, nurse))
        assert f"site.withdraw_passkey?passkey={mark}" in unescape(browser.get(f"{HERE}/").content.decode())

        def opens() -> int:
            other = Client(SERVER_NAME="localhost")
            sent = {"credential": json.dumps(key.assertion(challenge(other), user_handle=nurse))}
            return other.post(f"{HERE}/passkey/sign-in", sent).status_code

        assert opens() == 302
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE projection.passkey SET withdrawn = true")
        assert opens() == 422
        page = unescape(browser.get(f"{HERE}/").content.decode())
        assert "Withdrawn: it neither signs in nor signs" in page
        assert "site.withdraw_passkey" not in page
        assert "site.register_passkey" not in page
        account_of("admin-01", PASSWORD)
        administrator = signed_in(Client(SERVER_NAME="localhost"), "admin-01")
        page = unescape(administrator.get(f"{HERE}/administration/person/{nurse}").content.decode())
        assert "Passkeys on the ledger" in page
        assert "site.revoke_passkey" not in page, "it is withdrawn already"
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE projection.passkey SET withdrawn = false")
        page = unescape(administrator.get(f"{HERE}/administration/person/{nurse}").content.decode())
        assert f"site.revoke_passkey?person={nurse}&passkey={mark}" in page
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM projection.passkey")
