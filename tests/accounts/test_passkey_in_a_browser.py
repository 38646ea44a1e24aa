"""A passkey in Chromium with a virtual authenticator: made, signed in by, and signed with; checked by an independent few lines."""

from __future__ import annotations

import json
import re
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.core.wsgi import get_wsgi_application
from tests.pages.browsing import keep_picture, opened_browser
from tests.projections.following import screen_pool
from tests.signing_in import PASSWORD, account_of, accounts_on
from tests.spec.harness import SpecPlant, clone, founded_template, plant_on_postgres
from tests.windows import opened_bench, opened_window

from yimai.domain.signing import problem_of
from yimai.interfaces.accounts import confirming
from yimai.interfaces.web.bench import Bench, Means
from yimai.store import verify_signatures
from yimai.wiring.embedded_database import EmbeddedDatabase

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True)
class Served:
    plant: SpecPlant
    url: str
    address: str


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def served(postgres: EmbeddedDatabase) -> Iterator[Served]:
    """A founded plant at http://localhost, at which accounts' own way of confirming counts."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    with (
        clone(postgres, founded_template(postgres)) as url,
        plant_on_postgres(url) as plant,
        screen_pool(url) as screen,
        accounts_on(url),
        opened_window(screen, plant.clock),
        opened_bench(Bench(plant.ledger, bytes(32), key, confirming.confirm, means)),
        make_server("localhost", 0, get_wsgi_application(), handler_class=Quiet) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Served(plant, url, f"http://localhost:{server.server_port}/en")
        server.shutdown()
        thread.join()


def means(person: str) -> Means:
    return Means(*confirming.means(person))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def tablet(browser: Any) -> Iterator[Any]:
    """A page whose browser has an authenticator that says yes to everything."""
    context = browser.new_context(viewport={"width": 820, "height": 1180})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def sign_in(page: Any, served: Served, person: str) -> None:
    page.goto(f"{served.address}/account/sign-in")
    page.fill("#person", person)
    page.fill("#password", PASSWORD)
    page.click("form:has(#password) button")
    page.wait_for_url(f"{served.address}/")


def make_passkey(page: Any, served: Served) -> None:
    page.goto(f"{served.address}/account/passkey/add")
    page.fill("#password", PASSWORD)
    page.click("form:has(#password) button")
    page.fill("#name", "ward tablet")
    page.click("form[data-passkey-makes] button")
    page.wait_for_url(f"{served.address}/account/recovery-codes")
    page.click("main form button")
    assert page.locator(".recovery li").count() == 10


def register_it(page: Any, served: Served, person: str) -> None:
    """Put the passkey on the ledger, signed by password."""
    page.goto(f"{served.address}/account/")
    page.click(".keys a.button")
    page.click(".action-bar .primary")
    page.fill(f"[name=sign-{person}-person]", person)
    page.fill(f"[name=sign-{person}-password]", PASSWORD)
    assert page.locator("button[data-passkey]").count() == 0, "what is not registered yet signs nothing"
    page.click(".action-bar .primary")
    page.wait_for_url(f"{served.address}/account/")
    assert page.locator(".keys").inner_text().count("on the ledger") == 1


def test_a_collection_is_signed_by_passkey_and_by_a_second_persons_password(served: Served, tablet: Any) -> None:
    journey = served.plant.treatment("labelled")
    first = journey.at_hospital("nurse")
    second = journey.at_hospital("nurse", without=(first,))
    account_of(first, PASSWORD)
    account_of(second, PASSWORD)
    sign_in(tablet, served, first)
    make_passkey(tablet, served)
    register_it(tablet, served, first)
    keep_picture(tablet, "recovery-codes")
    tablet.click(".me button")
    tablet.wait_for_url(f"{served.address}/account/sign-in")
    tablet.click("form[data-passkey-asks] button")
    tablet.wait_for_url(f"{served.address}/")

    tablet.goto(f"{served.address}/act/collection.start?treatment={journey.treatment}")
    tablet.fill("[name=wristband]", journey.wristband)
    tablet.keyboard.press("Tab")
    choose(tablet, "verifier", second)
    tablet.click(".action-bar .primary")
    tablet.wait_for_selector(".signer")
    record = tablet.input_value("[name=record]")
    tablet.fill(f"[name=sign-{second}-person]", second)
    tablet.fill(f"[name=sign-{second}-password]", PASSWORD)
    keep_picture(tablet, "signing-with-passkey")
    tablet.click("button[data-passkey]")
    tablet.wait_for_url(re.compile(r"/treatment/|/en/$"))

    entries = served.plant.entries("treatment", journey.treatment)[-3:]
    given = {entry.data["signer"]: entry.data for entry in entries if entry.kind == "signing.signature_given.v1"}
    assert (given[first]["method"], given[second]["method"]) == ("passkey", "password")
    assert {each["record"] for each in given.values()} == {record}
    assert problem_of(entries) == ""
    assert_signed(given[first], record)
    with psycopg.connect(served.url) as connection:
        assert verify_signatures.first_problem(connection) is None


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


def choose(page: Any, name: str, value: str) -> None:
    field = page.locator(f"[name={name}]").first
    if field.evaluate("each => each.type") == "radio":
        page.locator(f"[name={name}][value='{value}']").check(force=True)
    elif field.evaluate("each => each.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


def test_without_an_authenticator_it_says_what_to_do(served: Served, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, "isUserVerified": False}})
    page.goto(f"{served.address}/account/sign-in")
    page.click("form[data-passkey-asks] button")
    page.wait_for_selector("[data-passkey-problem]:not([hidden])", timeout=20_000)
    assert "use the password" in page.inner_text("[data-passkey-problem]")
    context.close()
