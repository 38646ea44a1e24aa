"""(g) A nurse makes a passkey, signs in by it and signs a collection with it; an independent few lines check what she signed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.journeys.conftest import Opened
from tests.journeys.people import Person, account_with_password, enter_all
from tests.pages.browsing import give_authenticator
from tests.signing_in import PASSWORD

from yimai.domain.signing import problem_of

LANGUAGE = "en"


def test_a_collection_is_signed_by_passkey_and_by_a_second_persons_password(opened: Opened) -> None:
    with opened("passkey") as plant:
        plant.in_browser = False
        journey = plant.treatment("labelled")
        nurse = plant.person(journey.at_hospital("nurse"))
        second = journey.at_hospital("nurse", without=(nurse.identifier,))
        account_with_password(second)
        give_authenticator(nurse.page)

        make_passkey(nurse)
        register_it(nurse)
        nurse.page.click("form[data-sign-out] button")
        nurse.page.wait_for_url(f"**/{LANGUAGE}/account/sign-in")
        nurse.page.click("form[data-passkey-asks] button")
        nurse.page.wait_for_url(lambda url: "sign-in" not in url)

        record = sign_the_collection(nurse, journey, second)
        entries = plant.entries("treatment", journey.treatment)[-3:]
        given = {entry.data["signer"]: entry.data for entry in entries if entry.kind == "signing.signature_given.v1"}
        assert (given[nurse.identifier]["method"], given[second]["method"]) == ("passkey", "password")
        assert {each["record"] for each in given.values()} == {record}
        assert problem_of(entries) == ""
        assert_signed(given[nurse.identifier], record)


def make_passkey(nurse: Person) -> None:
    page = nurse.page
    nurse.look("account/passkey/add")
    page.fill("#password", PASSWORD)
    page.click("form:has(#password) button")
    page.fill("#name", "ward tablet")
    page.click("form[data-passkey-makes] button")
    page.wait_for_url("**/account/recovery-codes")
    with page.expect_navigation():
        page.click("main form button")
    assert page.locator(".recovery li").count() == 10


def register_it(nurse: Person) -> None:
    """Put the passkey on the ledger, signed by password."""
    page, person, verb = nurse.page, nurse.identifier, "site.register_passkey"
    nurse.look("account/")
    nurse.album.take(page, person, verb, "task")
    page.click(".keys a.button")
    page.wait_for_selector("form[data-act]")
    nurse.album.take(page, person, verb, "filled")
    page.click(".action-bar .primary")
    page.fill(f"[name=sign-{person}-person]", person)
    page.fill(f"[name=sign-{person}-password]", PASSWORD)
    assert page.locator("button[data-passkey]").count() == 0, "what is not registered yet signs nothing"
    nurse.album.take(page, person, verb, "sign")
    page.click(".action-bar .primary")
    page.wait_for_url(lambda url: url.endswith("/account/") and "/act/" not in url)
    assert page.locator(".keys a.button[href*=register_passkey]").count() == 0, "it is on the ledger"


def sign_the_collection(nurse: Person, journey: Any, second: str) -> str:
    """Fill in the form, let the second nurse sign by password and the first by passkey; return the record's hash."""
    page = nurse.page
    nurse.look(f"act/collection.start?treatment={journey.treatment}")
    enter_all(page, {"wristband": journey.wristband, "verifier": second})
    page.click(".action-bar .primary")
    page.wait_for_selector(".signer")
    record = str(page.input_value("[name=record]"))
    page.fill(f"[name=sign-{second}-person]", second)
    page.fill(f"[name=sign-{second}-password]", PASSWORD)
    nurse.album.take(page, nurse.identifier, "collection.start", "passkey")
    page.click("button[data-passkey]")
    page.wait_for_url(lambda url: "/act/" not in url)
    return record


def assert_signed(data: Any, record: str) -> None:
    """What anybody can do with the ledger alone: WebAuthn level 3, 7.2, with the public key that stands there."""
    public_key, authenticator, client, signature = (
        unpacked(data[name]) for name in ("public_key", "authenticator_data", "client_data", "signature")
    )
    told = json.loads(client)
    assert urlsafe_b64decode(told["challenge"] + "==").hex() == record
    assert told["type"] == "webauthn.get"
    assert authenticator[:32] == sha256(b"localhost").digest()
    assert authenticator[32] & 0b101 == 0b101, "present and verified"
    key = load_der_public_key(public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, authenticator + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))


def unpacked(text: str) -> bytes:
    return urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "==")
