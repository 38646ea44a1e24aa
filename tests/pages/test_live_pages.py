"""What others record shows on an open page, and what is being entered stays as it is."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server

import pytest
from django.conf import settings
from django.core import signing
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from tests.pages.bench_site.server import Quiet, Threaded
from tests.pages.browsing import keep_picture, opened_browser
from tests.pages.conftest import READER, House
from tests.projections.story import Telling
from tests.signing_in import signed_in

from yimai.domain.recipe import Words
from yimai.interfaces.web import headers, live, recorded
from yimai.wiring.live_serving import kept_live
from yimai.wiring.network import Place
from yimai.wiring.sealing import kept_sealed

LONGEST = 10.0


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    """The pages, the live process beside them, and the sealer as ``serve`` runs it."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), Threaded, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        live_url = make_conninfo(house.url, user="yimai_live")
        with (
            kept_live(live_url, "only for tests", Place("127.0.0.1", server.server_port)) as follow,
            kept_sealed(house.story.ledger),
        ):
            live.open(follow)
            listening(follow)
            yield f"http://127.0.0.1:{server.server_port}"
        live.open("")
        server.shutdown()
        thread.join()


def listening(follow: str) -> None:
    """Wait until the live process listens: a page that came first would write a refused connection to its console."""
    until = time.monotonic() + LONGEST
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(str(urlsplit(follow).port))), timeout=1).close()
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    """A browser in which a reader is signed in."""
    with opened_browser() as opened:
        context = opened.new_context(viewport={"width": 1024, "height": 768})
        session = signed_in(Client(SERVER_NAME="localhost"), READER).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        yield context


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []


@pytest.fixture
def telling(house: House) -> Telling:
    telling = Telling(house.story, house.story.mint("treatment"))
    telling.until("accepted")
    return telling


def follow(page: Any, address: str) -> None:
    """Open the page and wait until it follows."""
    page.goto(address)
    page.wait_for_selector("[data-live-state=on]", timeout=15_000)


def wait_until(page: Any, expression: str) -> None:
    """Polled from here: the pages' policy lets nothing be evaluated in them. How soon it is, `yimai bench web` measures."""
    begun = time.monotonic()
    while not page.evaluate(expression):
        assert time.monotonic() - begun < LONGEST, expression
        page.wait_for_timeout(20)


def facts(page: Any) -> int:
    return int(page.locator(".line li").count())


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_happens_elsewhere_shows_here(
    house: House, page: Any, address: str, telling: Telling, language: str
) -> None:
    follow(page, f"{address}/{language}/treatment/{telling.coi}")
    keep_picture(page, f"live-{language}")
    for chapter in ("reserve", "collect", "send"):
        before = facts(page)
        getattr(telling, chapter)()
        wait_until(page, f"document.querySelectorAll('.line li').length > {before}")


def test_a_list_of_the_base_s_treatments_follows_all_of_them(house: House, page: Any, address: str) -> None:
    follow(page, f"{address}/en/today")
    telling = Telling(house.story, house.story.mint("treatment"))
    telling.until("ordered")
    wait_until(page, f"document.querySelector('main').innerHTML.includes('{telling.coi}')")


def test_scroll_and_focus_stay_where_they_are(page: Any, address: str, telling: Telling) -> None:
    telling.reserve()
    follow(page, f"{address}/en/treatment/{telling.coi}")
    link = page.locator(".line a").last
    link.focus()
    href = page.evaluate("document.activeElement.getAttribute('href')")
    page.evaluate("window.scrollTo(0, 420)")
    before = facts(page)
    telling.collect()
    wait_until(page, f"document.querySelectorAll('.line li').length > {before}")
    page.wait_for_timeout(200)
    assert page.evaluate("document.activeElement.getAttribute('href')") == href
    assert abs(page.evaluate("window.scrollY") - 420) < 3


def test_what_was_recorded_and_its_label_stay_until_one_goes_on(page: Any, address: str, telling: Telling) -> None:
    """Whoever does not see that it is recorded does it again; and the label's button stands in the same strip."""
    page.goto(f"{address}/en/")
    session = page.context.cookies()[0]["value"]
    telling.reserve()
    entry = telling.story.ledger.about(f"treatment/{telling.coi}").entries[f"treatment/{telling.coi}"][-1]
    kept_session = import_module(settings.SESSION_ENGINE).SessionStore(session)
    kept_session["done"] = recorded.kept(Words("预订档期", "Reserve a slot"), (), entry, None)
    kept_session.save()
    follow(page, f"{address}/en/treatment/{telling.coi}")
    toast = page.locator(".toast")
    assert "“Reserve a slot” is recorded" in toast.inner_text()
    before = facts(page)
    telling.collect()
    wait_until(page, f"document.querySelectorAll('.line li').length > {before}")
    page.wait_for_timeout(300)
    assert toast.count() == 1
    assert telling.coi[:4] in toast.inner_text()
    keep_picture(page, "recorded-stays")
    page.goto(f"{address}/en/treatment/{telling.coi}")
    assert toast.count() == 0


class TestAForm:
    def test_that_is_being_filled_in_is_not_replaced(self, page: Any, address: str, telling: Telling) -> None:
        follow(page, f"{address}/en/act/treatment.hold?treatment={telling.coi}")
        field = page.locator(
            "form[data-act] select, form[data-act] input:not([type=hidden]), form[data-act] textarea"
        ).first
        page.evaluate("document.querySelector('form[data-act]').dataset.mine = 'yes'")
        field.focus()
        command = page.locator("form[data-act] input[name=command]").input_value()
        telling.reserve()
        bar = page.locator(".live-changed")
        bar.wait_for(timeout=LONGEST * 1000)
        assert "What you typed is untouched" in bar.inner_text()
        keep_picture(page, "live-changed-en")
        assert page.locator("form[data-mine=yes]").count() == 1
        assert page.locator("form[data-act] input[name=command]").input_value() == command
        assert page.evaluate("document.activeElement.closest('form[data-mine=yes]') !== null")
        with page.expect_popup() as opened:
            bar.locator("a").click()
        assert opened.value.url == f"{address}/en/treatment/{telling.coi}"
        opened.value.close()

    def test_beside_other_things_is_kept_and_what_is_there_now_can_be_looked_at(
        self, page: Any, address: str, telling: Telling
    ) -> None:
        follow(page, f"{address}/en/treatment/{telling.coi}")
        page.evaluate(
            "document.querySelector('[data-live-region=content]').insertAdjacentHTML('afterbegin',"
            " '<form><input name=note></form><section data-live-region=part><p>old</p></section>')"
        )
        page.locator("input[name=note]").fill("half a sent")
        page.locator(".brand").focus()
        telling.reserve()
        page.locator(".live-changed").wait_for(timeout=LONGEST * 1000)
        assert page.locator("input[name=note]").input_value() == "half a sent"
        page.get_by_role("button", name="Show what is there now").click()
        fresh = page.locator(".live-fresh")
        assert "Slot reserved" in fresh.inner_text()
        assert fresh.evaluate("each => each.inert")
        assert fresh.locator("form, input, [id]").count() == 0
        telling.collect()
        page.wait_for_function("document.querySelectorAll('.live-changed').length === 1")
        assert page.locator("input[name=note]").input_value() == "half a sent"

    def test_that_nobody_has_touched_follows(self, page: Any, address: str, telling: Telling) -> None:
        follow(page, f"{address}/en/act/treatment.hold?treatment={telling.coi}")
        seen = page.locator("form[data-act] input[name=seen]").input_value()
        telling.reserve()
        wait_until(page, f"document.querySelector('input[name=seen]').value > {seen}")
        assert page.locator(".live-changed").count() == 0


def test_a_page_whose_session_has_ended_says_that_it_no_longer_follows(
    house: House, browser: Any, address: str, telling: Telling
) -> None:
    page = browser.new_page()
    follow(page, f"{address}/en/treatment/{telling.coi}")
    page.route(
        "**/en/treatment/*", lambda route: route.fulfill(status=302, headers={"Location": "/en/account/sign-in"})
    )
    page.evaluate(
        "document.body.dataset.liveToken = 'spoilt'; dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    page.wait_for_selector("[data-live-state=off]", timeout=10_000)
    assert telling.coi[:4] in page.locator("h1").inner_text()
    page.close()


def test_pages_may_connect_to_the_live_process_and_to_nobody_else(address: str, client: Client) -> None:
    policy = client.get("/en/").headers["Content-Security-Policy"]
    (allowed,) = re.findall(r"connect-src ([^;]+)", policy)
    assert allowed.split() == ["'self'", live.origin()]
    assert re.fullmatch(r"http://localhost:\d+", live.origin())
    live_address, live._opened[:] = live._opened[:], []
    assert headers.policy().endswith("connect-src 'self'")
    live._opened[:] = live_address


def test_a_page_that_asks_by_itself_keeps_no_session_alive(client: Client) -> None:
    from yimai.interfaces.accounts.models import Session

    key = client.cookies["sessionid"].value
    long_ago = timezone.now() - timedelta(minutes=10)
    Session.objects.filter(session_key=key).update(seen=long_ago)
    client.get("/en/", headers={"Yimai-Unattended": "1"})
    assert Session.objects.get(session_key=key).seen == long_ago
    client.get("/en/")
    assert Session.objects.get(session_key=key).seen > long_ago


def test_what_a_page_watches_is_bounded(client: Client) -> None:
    live.open("http://127.0.0.1:1/live")
    try:
        token = live.watching((f"treatment/T{number}" for number in range(1000)), "a session")["token"]
        found = live.watched_by(token, "only for tests")
        assert (len(found.subjects), found.session) == (live.MOST_SUBJECTS, live.mark_of("a session"))
        assert "a session" not in str(signing.loads(token, key="only for tests", salt=live._SALT))
        assert live.watching([], "a session") == {}
        assert live.watching(["treatment/T1"], None) == {}
    finally:
        live.open("")
