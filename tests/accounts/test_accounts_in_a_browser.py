"""Accounts in Chromium: every page fits and can be used by everybody; what was typed outlives its session.

With YIMAI_SCREENSHOTS=FOLDER every page is kept there as a picture.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from tests.pages.axe import wrong_with
from tests.pages.browsing import give_authenticator, keep_picture, opened_browser
from tests.projections.following import screen_pool
from tests.signing_in import PASSWORD, account_of, accounts_on
from tests.spec.harness import SpecPlant, clone, founded_template, plant_on_postgres
from tests.windows import opened_bench, opened_window

from yimai.interfaces.accounts import confirming
from yimai.interfaces.accounts.models import Account, Session
from yimai.interfaces.web.bench import Bench, Means
from yimai.wiring.embedded_database import EmbeddedDatabase


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
    """A page that complains of nothing."""
    context = browser.new_context(viewport={"width": 820, "height": 1180})
    page = context.new_page()
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


def test_without_an_authenticator_it_says_what_to_do(served: Served, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    give_authenticator(page, verifies=False)
    page.goto(f"{served.address}/account/sign-in")
    page.click("form[data-passkey-asks] button")
    page.wait_for_selector("[data-passkey-problem]:not([hidden])", timeout=20_000)
    assert "use the password" in page.inner_text("[data-passkey-problem]")
    context.close()


VIEWS = {"tablet": (1024, 768), "tablet-upright": (820, 1180), "desktop": (1440, 900)}
OWN_PAGES = {
    "own-account": "account/",
    "password": "account/password",
    "add-passkey": "account/passkey/add",
    "set-up-code": "account/code",
    "recovery-codes": "account/recovery-codes",
    "administration": "account/administration",
    "administered": "account/administration/person/operator-01",
    "account-events": "account/administration/events",
}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_and_axe_finds_nothing(served: Served, browser: Any, language: str) -> None:
    account_of("administrator-01", PASSWORD)
    account_of("operator-01", PASSWORD)
    Account.objects.filter(pk="operator-01").update(locked_until=timezone.now() + timedelta(hours=1))
    context = browser.new_context()
    page = context.new_page()
    here = served.address.removesuffix("en") + language

    def looked_at(name: str) -> None:
        """In every size: these pages have no script that asks for it, so that they need not be loaded for each."""
        for view, (width, height) in VIEWS.items():
            page.set_viewport_size({"width": width, "height": height})
            assert wrong_with(page) == [], (name, view)
            keep_picture(page, f"{name}-{language}-{view}")

    def send() -> None:
        with page.expect_navigation():
            page.click("form:has(#password) button")

    page.goto(f"{here}/account/sign-in")
    looked_at("sign-in")
    page.fill("#person", "administrator-01")
    page.fill("#password", "wrong")
    send()
    looked_at("sign-in-refused")
    page.fill("#password", PASSWORD)
    send()
    page.goto(f"{here}/account/passkey/add")
    looked_at("prove")
    page.fill("#password", PASSWORD)
    send()
    for name, path in OWN_PAGES.items():
        assert page.goto(f"{here}/{path}").status == 200
        looked_at(name)
    context.close()


def test_what_was_typed_outlives_its_session(served: Served, tablet: Any) -> None:
    account_of("qa-01", PASSWORD)
    sign_in(tablet, served, "qa-01")
    form = f"{served.address}/act/equipment.calibrate"
    tablet.goto(form)
    tablet.fill("[name=equipment]", "bsc-01")
    tablet.fill("[name=valid_until]", "2029-03-31")
    tablet.wait_for_timeout(600)
    Session.objects.filter(account_id="qa-01").update(expire_date=timezone.now() - timedelta(seconds=1))
    tablet.click(".action-bar .primary")
    tablet.click(".act-notice a")
    tablet.fill("#person", "qa-01")
    tablet.fill("#password", PASSWORD)
    tablet.click("form:has(#password) button")
    tablet.wait_for_url(form)
    tablet.wait_for_selector(".kept-note")
    assert tablet.input_value("[name=valid_until]") == "2029-03-31"
    assert tablet.input_value("[name=equipment]") == "", "what is scanned to match identities is scanned anew"
    keep_picture(tablet, "what-was-typed-is-back")


def test_what_is_about_the_patients_person_stays_on_the_page_while_one_signs_in_beside_it(
    served: Served, tablet: Any
) -> None:
    """It may not lie on the tablet, so the page may not go; and only who typed it may send it."""
    coordinator = "hospital-a-coordinator-01"
    account_of(coordinator, PASSWORD)
    account_of("qa-01", PASSWORD)
    sign_in(tablet, served, coordinator)
    tablet.goto(f"{served.address}/act/treatment.order")
    typed = {"patient_name": "演示患者", "born": "1980-02-29", "hospital_number": "H-0042"}
    for name, value in typed.items():
        tablet.fill(f"[name={name}]", value)
    Session.objects.filter(account_id=coordinator).update(expire_date=timezone.now() - timedelta(seconds=1))
    tablet.click(".action-bar .primary")
    with tablet.context.expect_page() as opened:
        tablet.click(".act-notice a")
    beside = opened.value
    for person in ("qa-01", coordinator):
        beside.fill("#person", person)
        beside.fill("#password", PASSWORD)
        beside.click("form:has(#password) button")
        beside.wait_for_selector("form[data-sign-out]")
        tablet.evaluate("for (const each of document.querySelectorAll('[role=alert]')) each.remove()")
        tablet.click(".action-bar .primary")
        tablet.wait_for_selector("[role=alert]")
        for name, value in typed.items():
            assert tablet.input_value(f"[name={name}]") == value, person
        assert tablet.locator(".act-notice a").count() == (person != coordinator), "sent for who typed it alone"
        if person != coordinator:
            with beside.expect_navigation():
                beside.click("form[data-sign-out] button")
            beside.goto(f"{served.address}/account/sign-in")


def test_somebody_else_does_not_get_what_was_typed(served: Served, tablet: Any) -> None:
    for person in ("qa-01", "qa-02"):
        account_of(person, PASSWORD)
    Account.objects.update(locked_until=None, failures=0)
    sign_in(tablet, served, "qa-01")
    form = f"{served.address}/act/equipment.calibrate"
    tablet.goto(form)
    tablet.fill("[name=valid_until]", "2029-03-31")
    tablet.wait_for_timeout(600)
    Session.objects.filter(account_id="qa-01").update(expire_date=timezone.now() - timedelta(seconds=1))
    sign_in(tablet, served, "qa-02")
    tablet.goto(form)
    tablet.wait_for_timeout(600)
    assert tablet.input_value("[name=valid_until]") == ""
