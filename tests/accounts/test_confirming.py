"""Proving to be the signer of a record: what is asked, what is refused, and that the evidence can be checked without us."""

from __future__ import annotations

import json
import time
from base64 import b32decode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from tests.accounts.soft_passkey import PRESENT, SoftPasskey
from tests.signing_in import PASSWORD, account_of

from yimai.domain.refusal import Refusal
from yimai.domain.signing import Evidence, SignatureGiven
from yimai.interfaces.accounts import confirming, lockout
from yimai.interfaces.accounts.models import Account, Event

RECORD = sha256(b"a record").digest()
OTHER = sha256(b"another record").digest()


@pytest.fixture
def second(nurse: str) -> str:
    """Somebody who did not sign in here."""
    account_of("nurse-02", PASSWORD)
    return "nurse-02"


def request_of(person: str) -> HttpRequest:
    request = RequestFactory().post("/")
    request.user = Account.objects.get(pk=person)
    return request


def signs(person: str, posted: Mapping[str, str], *, first: bool = False, at: str = "nurse-01") -> str:
    """The method of the evidence, or the code of the refusal."""
    judged = confirming.confirm(request_of(at), person, RECORD, posted, first)
    if isinstance(judged, Refusal):
        return judged.code
    assert (judged.signer, judged.record) == (person, RECORD)
    return judged.method


def add_passkey(person: str, key: SoftPasskey) -> None:
    Authenticator.objects.create(
        user_id=person, type="webauthn", data={"name": "key", "credential": key.registration()}
    )


def add_code(person: str) -> str:
    """Give the account a one-time code; return the present one."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(Account.objects.get(pk=person), secret)
    assert len(b32decode(secret)) == 20
    return present_code(secret)


def present_code(secret: str) -> str:
    """The code of now; it will still be that when it is used."""
    left = -time.time() % 30
    if left < 5:
        time.sleep(left)
    counter = next(totp.yield_hotp_counters_from_time())
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


class TestPassword:
    def test_the_first_signature_asks_for_identifier_and_password(self, nurse: str) -> None:
        assert signs(nurse, {"person": " Nurse-01 ", "password": PASSWORD}, first=True) == "password"
        assert signs(nurse, {"password": PASSWORD}, first=True) == "accounts.nothing_given"
        assert signs(nurse, {"person": "nurse-02", "password": PASSWORD}, first=True) == "accounts.another_person"

    def test_afterwards_the_password_is_enough(self, nurse: str) -> None:
        assert signs(nurse, {"password": PASSWORD}) == "password"
        assert signs(nurse, {}) == "accounts.nothing_given"
        assert signs(nurse, {"password": "wrong"}) == "accounts.wrong_password"

    def test_a_second_person_is_always_asked_for_everything(self, second: str) -> None:
        assert signs(second, {"password": PASSWORD}) == "accounts.nothing_given"
        assert signs(second, {"person": second, "password": PASSWORD}) == "password"

    def test_nobody_signs_with_another_persons_password(self, second: str) -> None:
        account_of(second, "quite another phrase")
        assert signs(second, {"person": second, "password": PASSWORD}) == "accounts.wrong_password"

    def test_wrong_passwords_lock_at_the_signature_as_at_the_sign_in(self, second: str) -> None:
        given = {"person": second, "password": "wrong"}
        assert {signs(second, given) for _ in range(lockout.ATTEMPTS)} == {"accounts.wrong_password"}
        assert signs(second, {"person": second, "password": PASSWORD}) == "accounts.locked"
        found = list(Event.objects.filter(person=second).order_by("-id").values_list("what", flat=True))
        assert found[:2] == ["locked", "signature_failed"]

    def test_what_is_not_filled_in_is_no_attempt(self, nurse: str) -> None:
        for _ in range(lockout.ATTEMPTS):
            assert signs(nurse, {"password": ""}) == "accounts.nothing_given"
        assert Account.objects.get(pk=nurse).failures == 0


class TestWhoCannotSign:
    def test_without_an_account_or_with_a_revoked_one(self, second: str) -> None:
        given = {"person": second, "password": PASSWORD}
        assert signs("nobody", {"person": "nobody", "password": PASSWORD}) == "accounts.cannot_sign"
        Account.objects.filter(pk=second).update(revoked=timezone.now())
        assert signs(second, given) == "accounts.cannot_sign"
        assert confirming.means(second) == ((), False)

    def test_somebody_who_is_not_registered(self, nurse: str) -> None:
        account_of("stranger", PASSWORD)
        assert signs("stranger", {"person": "stranger", "password": PASSWORD}) == "accounts.cannot_sign"

    def test_with_a_one_time_password_of_the_administrator(self, second: str) -> None:
        Account.objects.filter(pk=second).update(change_by=timezone.now() + timedelta(days=1))
        assert signs(second, {"person": second, "password": PASSWORD}) == "accounts.one_time_password"


class TestCode:
    def test_it_is_asked_beside_the_password_and_used_once(self, nurse: str) -> None:
        code = add_code(nurse)
        given = {"person": nurse, "password": PASSWORD}
        assert confirming.means(nurse) == ((), True)
        assert signs(nurse, given, first=True) == "accounts.nothing_given"
        assert signs(nurse, {**given, "code": "000000"}, first=True) == "accounts.wrong_code"
        assert signs(nurse, {**given, "code": code}, first=True) == "password_and_code"
        assert signs(nurse, {**given, "code": code}, first=True) == "accounts.wrong_code"
        assert signs(nurse, {"password": PASSWORD}) == "password"

    def test_a_recovery_code_stands_in_for_it_once(self, nurse: str) -> None:
        add_code(nurse)
        code = RecoveryCodes.activate(Account.objects.get(pk=nurse)).get_unused_codes()[0]
        given = {"person": nurse, "password": PASSWORD, "code": code}
        assert signs(nurse, given, first=True) == "password_and_code"
        assert signs(nurse, given, first=True) == "accounts.wrong_code"

    def test_a_wrong_password_does_not_use_it_up(self, nurse: str) -> None:
        given = {"person": nurse, "code": add_code(nurse)}
        assert signs(nurse, {**given, "password": "wrong"}, first=True) == "accounts.wrong_password"
        assert signs(nurse, {**given, "password": PASSWORD}, first=True) == "password_and_code"


class TestPasskey:
    def test_the_evidence_is_checked_with_the_public_key_alone(self, nurse: str) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        posted = {"passkey": json.dumps(key.assertion(RECORD))}
        given = confirming.confirm(request_of(nurse), nurse, RECORD, posted, True)
        assert isinstance(given, Evidence)
        public = load_der_public_key(given.public_key)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        signed = given.authenticator_data + sha256(given.client_data).digest()
        public.verify(given.signature, signed, ec.ECDSA(hashes.SHA256()))
        assert signature(given).holds
        assert not signature(given, record=OTHER.hex()).holds

    def test_a_signature_cannot_be_moved_to_another_record(self, nurse: str) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        assert signs(nurse, {"passkey": json.dumps(key.assertion(OTHER))}) == "accounts.wrong_passkey"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"flags": PRESENT},
            {"domain": "elsewhere.example"},
            {"origin": "https://elsewhere.example"},
            {"credential": b"unknown credential"},
            {"key": ec.generate_private_key(ec.SECP256R1())},
        ],
        ids=lambda each: str(next(iter(each))),
    )
    def test_an_answer_that_does_not_fit_is_refused(self, nurse: str, wrong: Mapping[str, Any]) -> None:
        key = SoftPasskey()
        add_passkey(nurse, key)
        for name, value in wrong.items():
            setattr(key, name, value)
        assert signs(nurse, {"passkey": json.dumps(key.assertion(RECORD))}) == "accounts.wrong_passkey"

    @pytest.mark.parametrize("sent", ["x", "[]", "{}", '{"rawId": 1}', '{"id": "aa", "rawId": "aa", "response": {}}'])
    def test_what_is_no_answer_is_refused(self, nurse: str, sent: str) -> None:
        add_passkey(nurse, SoftPasskey())
        assert signs(nurse, {"passkey": sent}) == "accounts.wrong_passkey"

    def test_nobody_signs_with_another_persons_passkey(self, second: str) -> None:
        key = SoftPasskey()
        add_passkey("nurse-01", key)
        assert signs(second, {"passkey": json.dumps(key.assertion(RECORD))}) == "accounts.wrong_passkey"
        assert confirming.means("nurse-01")[0] == (), "it does not stand on the ledger yet"


def signature(given: Evidence, record: str = RECORD.hex()) -> SignatureGiven:
    return SignatureGiven(
        concerns="treatment:T1",
        signer=given.signer,
        meanings=("performed",),
        record=record,
        late=None,
        method=given.method,
        public_key=given.public_key,
        authenticator_data=given.authenticator_data,
        client_data=given.client_data,
        signature=given.signature,
    )
