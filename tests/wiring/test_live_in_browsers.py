"""Two people at two browsers of the served program, over TLS: what one records shows on the other's page."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.contrib.auth.hashers import make_password
from tests.journeys.house import ServedHouse
from tests.journeys.people import BrowserPlant, Person
from tests.pages.bench_site.server import Switched
from tests.pages.browsing import keep_picture, opened_browser
from tests.signing_in import PASSWORD, accounts_on
from tests.spec.harness import WRAPPING_KEY, clone, founded_ledger, founded_template
from tests.wiring.proxy import proxy
from tests.wiring.served import certificate_for, served

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.network import Certificate

WITHIN = 2.0
OWN, PROXY, BEHIND = ("127.0.0.2", 18443), 18543, ("127.0.0.2", 18600)


@contextmanager
def with_own_tls(url: str, folder: Path, certificate: Certificate) -> Iterator[str]:
    host, port = OWN
    files = ("--certificate", str(certificate.file), "--key", str(certificate.key))
    address = f"https://{host}:{port}"
    key = str(folder / "wrapping.key")
    with served(
        url, folder, "--listen", host, "--port", str(port), *files, YIMAI_ADDRESS=address, YIMAI_WRAPPING_KEY_FILE=key
    ) as found:
        assert found.address == f"{address}/"
        yield address


@contextmanager
def behind_a_proxy(url: str, folder: Path, certificate: Certificate) -> Iterator[str]:
    """Without YIMAI_TLS_PROXY, at which ``serve`` would refuse a simulated ledger."""
    host, port = BEHIND
    address = f"https://localhost:{PROXY}"
    told = {
        "YIMAI_ADDRESS": address,
        "YIMAI_PROXIES": "1",
        "YIMAI_SECOND_FACTOR": "optional",
        "YIMAI_LIVE_ADDRESS": f"{address}/live",
        "YIMAI_LIVE_PORT": str(port + 5),
        "YIMAI_WRAPPING_KEY_FILE": str(folder / "wrapping.key"),
    }
    with (
        served(url, folder, "--listen", host, "--port", str(port), **told),
        proxy(PROXY, certificate, BEHIND, (host, port + 5)),
    ):
        yield address


class Trusting:
    """A browser that takes a certificate which nobody has signed."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    def new_context(self, **how: Any) -> Any:
        return self._browser.new_context(ignore_https_errors=True, **how)


@pytest.fixture(scope="module", params=[with_own_tls, behind_a_proxy])
def washed(request: pytest.FixtureRequest, postgres: EmbeddedDatabase, tmp_path_factory: Any) -> Iterator[Journey]:
    """A batch whose selection can begin, in a plant with browsers at the served program."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "wrapping.key").write_bytes(WRAPPING_KEY)
    (folder / "wrapping.key").chmod(0o600)
    certificate = Certificate(*certificate_for(folder, "127.0.0.2", "localhost"))
    with ExitStack() as held:
        url = held.enter_context(clone(postgres, founded_template(postgres)))
        held.enter_context(accounts_on(url))
        ledger, clock = held.enter_context(founded_ledger(url, Random("two browsers")))
        browser = Trusting(held.enter_context(opened_browser()))
        record = held.enter_context(psycopg.connect(url, autocommit=True))
        plant = BrowserPlant(ServedHouse(url, "", ledger, clock, Switched(), record), browser, "en", "two")
        plant.in_browser = False
        journey = plant.treatment("before:select", fortune=Fortune(spared=True))
        plant.house = replace(plant.house, address=held.enter_context(request.param(url, folder, certificate)))
        from yimai.interfaces.accounts.models import Account

        Account.objects.update(password=make_password(PASSWORD))
        plant.in_browser = True
        yield journey
        plant.leave()


@pytest.fixture
def reader(washed: Journey) -> Person:
    """Somebody of quality assurance, whose page of the batch follows."""
    plant = washed.plant
    assert isinstance(plant, BrowserPlant)
    person = plant.person(washed.at_base("qa"))
    person.look(f"batch/{washed.batch}")
    person.page.wait_for_selector("[data-live-state=on]")
    return person


def test_what_one_records_shows_on_the_other_s_page(washed: Journey, reader: Person) -> None:
    plant = washed.plant
    assert isinstance(plant, BrowserPlant)
    operator = plant.person(washed.at_base("operator", qualification="cell_selection"))
    assert operator.page.context != reader.page.context
    before = reader.page.locator("main").inner_text()
    recorded: list[float] = []
    operator.page.on("response", lambda answer: recorded.append(time.monotonic()) if done(answer) else None)
    shown: list[float] = []

    def look() -> None:
        if recorded and not shown and reader.page.locator("main").inner_text() != before:
            shown.append(time.monotonic())

    washed.begin_step(washed.recipe.step("select"))  # type: ignore[arg-type]
    while not shown and time.monotonic() < recorded[0] + 10:
        look()
    print(f"shown {shown[0] - recorded[0]:.2f} s after it was recorded")
    assert shown[0] - recorded[0] < WITHIN
    keep_picture(reader.page, "two-browsers")


def done(answer: Any) -> bool:
    return bool(answer.request.method == "POST" and answer.headers.get("yimai-answer") == "done")


def test_who_signs_out_elsewhere_is_told_nothing_more(washed: Journey, reader: Person) -> None:
    other = reader.page.context.new_page()
    other.goto(reader.page.url)
    other.wait_for_selector("[data-live-state=on]")
    other.locator("form[action*='sign-out'] button").first.click()
    other.wait_for_url(lambda url: "sign-in" in url)
    reader.page.wait_for_selector("[data-live-state=off]", timeout=6_000)
    other.close()
    reader.sign_in()


def test_pages_connect_to_nothing_but_this_host(washed: Journey, reader: Person) -> None:
    policy = reader.page.request.get(reader.page.url).headers["content-security-policy"]
    (allowed,) = re.findall(r"connect-src ([^;]+)", policy)
    live = reader.page.evaluate("document.body.dataset.liveAddress")
    assert live.startswith("https://")
    assert urlsplit(live).hostname == urlsplit(reader.page.url).hostname
    assert allowed.split() == ["'self'", live.removesuffix("/live")]


def test_cookies_are_this_host_s_own_and_open_the_rest_interface_too(washed: Journey, reader: Person) -> None:
    cookies = {each["name"]: each for each in reader.page.context.cookies()}
    assert cookies.keys() == {"__Host-sessionid", "__Host-csrftoken"}
    assert all(each["secure"] and each["path"] == "/" for each in cookies.values())
    assert cookies["__Host-sessionid"]["httpOnly"]
    origin = reader.page.url.partition("/en/")[0]
    answer = reader.page.request.get(f"{origin}/api/v1/treatments")
    assert answer.status == 200
    assert washed.treatment in answer.text()
