"""A tablet that loses the server, in a real browser: shown at once, nothing typed lost, gates closed, entries sent in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import Error
from tests.pages.bench_site.server import Switched, records, serving
from tests.pages.browsing import opened_browser

BENCH = "/en/bench/plain"


@pytest.fixture(scope="module")
def site() -> Iterator[Switched]:
    with serving() as switched:
        yield switched


@pytest.fixture(scope="module")
def browser(site: Switched) -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def context(browser: Any, site: Switched) -> Iterator[Any]:
    site.start()
    records.clear()
    opened = browser.new_context(base_url=site.address, viewport={"width": 820, "height": 1180})
    yield opened
    opened.close()
    site.start()


@pytest.fixture
def page(context: Any) -> Any:
    """The bench, signed in as operator-02, once its service worker knows it."""
    shown = context.new_page()
    shown.goto(f"/en/enter/operator-02?next={BENCH}")
    shown.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(shown, lambda: len(pages_kept(shown)) > 1)
    return shown


def until(page: Any, holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for what a promise of the page tells: Playwright's own waiting takes the promise itself for a yes."""
    last = monotonic() + seconds
    while True:
        with suppress(Error):  # the page goes on to another address
            if holds():
                return
        assert monotonic() < last, "waited in vain"
        page.wait_for_timeout(50)


def pages_kept(page: Any) -> list[str]:
    return list(
        page.evaluate(
            "caches.open('yimai-pages').then((cache) => cache.keys()).then((keys) => keys.map((key) => key.url))"
        )
    )


def lose(page: Any, site: Switched) -> None:
    site.cut()
    page.context.set_offline(True)
    page.locator("#link-banner.lost").wait_for()


def find(page: Any, site: Switched) -> None:
    site.start()
    page.context.set_offline(False)


def enter(page: Any, form: str, note: str) -> None:
    page.locator(f"#{form} input[name=note]").fill(note)
    page.locator(f"#{form} button").last.click()


def notes() -> list[str]:
    return [posted["note"] for posted in records.commands.values()]


def waiting(page: Any) -> list[dict[str, Any]]:
    return list(page.evaluate("yimai.store.all('queue')"))


def test_a_loss_is_shown_at_once_and_closes_identity_gates(page: Any, site: Switched) -> None:
    page.locator("#reason").fill("batch complete")
    assert page.locator("#sign button[type=submit]").is_enabled()
    lose(page, site)
    assert "No connection since" in page.locator("#link-banner").inner_text()
    assert page.locator("#sign button[type=submit]").is_disabled()
    assert "identities and signatures are checked by the server" in page.locator("#sign .gate-reason").inner_text()
    assert page.locator("#one button[type=submit]").is_enabled()
    page.locator("#reason").press("Enter")
    find(page, site)
    page.locator("#link-banner").wait_for(state="hidden")
    assert page.locator("#sign button[type=submit]").is_enabled()
    assert page.locator("#sign .gate-reason").is_hidden()
    assert records.calls == []


def test_a_silent_loss_is_noticed_by_asking(page: Any, site: Switched) -> None:
    site.cut()
    page.locator("#link-banner.lost").wait_for(timeout=15000)
    site.start()
    page.locator("#link-banner").wait_for(state="hidden", timeout=15000)


def test_entries_wait_outlive_a_killed_tab_and_are_sent_in_order(context: Any, page: Any, site: Switched) -> None:
    lose(page, site)
    page.locator("#temperature").fill("4.5")
    for form, note in (("one", "first"), ("two", "second")):
        enter(page, form, note)
    page.locator("#note3").press_sequentially("not yet finished", delay=5)
    page.wait_for_timeout(600)
    commands = [entry["command"] for entry in waiting(page)]
    page.close()

    again = context.new_page()
    again.goto(BENCH)
    again.locator(".waiting-entry").nth(1).wait_for()
    assert "first" in again.locator(".waiting-entry").first.inner_text()
    assert "Temperature: 4.5 °C" in again.locator(".waiting-entry").first.inner_text()
    assert again.locator("#one").count() == 0
    assert "Waits on this tablet since" in again.locator(".waiting-note").first.inner_text()
    assert again.locator("#note3").input_value() == "not yet finished"
    assert "is back" in again.locator("#three .kept-note").inner_text()
    assert records.calls == []

    find(again, site)
    again.locator("#waiting").wait_for(state="hidden")
    assert [how for how, _ in records.calls] == ["queued", "queued"]
    assert list(records.commands) == commands
    assert notes() == ["first", "second"]
    posted = records.calls[0][1]
    assert datetime.fromisoformat(posted["occurred"]).tzinfo is not None
    assert datetime.fromisoformat(posted["sent"]) >= datetime.fromisoformat(posted["occurred"])
    assert "Reload the page" in again.locator("#link-banner").inner_text()
    assert again.locator("#note3").input_value() == "not yet finished"


def test_nothing_overtakes_what_waits(page: Any, site: Switched) -> None:
    lose(page, site)
    enter(page, "one", "first")
    records.rules["one"] = "conflict"
    find(page, site)
    page.locator("[data-question]").wait_for()
    enter(page, "two", "second")
    assert [entry["fields"][-1][1] for entry in waiting(page)] == ["first", "second"]
    assert "earlier entries still wait" in page.locator("#sign .gate-reason").inner_text()
    assert records.commands == {}


def test_an_answer_that_was_lost_is_harmless(page: Any, site: Switched) -> None:
    records.rules["one"] = "lost"
    enter(page, "one", "once")
    until(page, lambda: len(records.calls) == 2 and waiting(page) == [])
    assert [how for how, _ in records.calls] == ["now", "queued"]
    assert len({posted["command"] for _, posted in records.calls}) == 1
    assert notes() == ["once"]


@pytest.mark.parametrize("choice", ["theirs", "mine", "discard"])
def test_a_conflict_becomes_a_question(page: Any, site: Switched, choice: str) -> None:
    lose(page, site)
    enter(page, "one", "first")
    enter(page, "two", "second")
    records.rules["one"] = "conflict"
    find(page, site)
    question = page.locator("[data-question]")
    question.wait_for()
    assert "An entry needs your decision" in page.locator("#link-banner").inner_text()
    assert "Somebody recorded theirs meanwhile" in question.inner_text()
    assert records.commands == {}
    page.reload()
    question.wait_for()
    if choice == "discard":
        page.evaluate("document.querySelector('[data-choice=theirs]').dataset.choice = 'discard'")
        page.locator("[data-choice=discard] button").click()
        assert page.locator("[data-choice=discard] button").inner_text() == "Discard it for good"
    page.locator(f"[data-choice={choice}] button").click()
    page.locator("#waiting").wait_for(state="hidden")
    assert notes() == (["mine after all", "second"] if choice == "mine" else ["second"])


def test_a_refusal_becomes_a_question_with_a_way_out(page: Any, site: Switched) -> None:
    lose(page, site)
    enter(page, "one", "first")
    records.rules["one"] = "refused"
    find(page, site)
    page.locator("[data-question] .refusal").wait_for()
    page.locator("[data-choice=discard] button").click()
    page.locator("[data-choice=discard] button").click()
    page.locator("#waiting").wait_for(state="hidden")
    assert records.commands == {}


def test_entries_are_sent_under_their_own_name_only(context: Any, page: Any, site: Switched) -> None:
    lose(page, site)
    enter(page, "one", "by operator-02")
    find_as = "operator-05"
    site.start()
    context.add_cookies([{"name": "who", "value": find_as, "url": site.address}])
    context.set_offline(False)
    page.locator("#link-banner.asking").wait_for()
    assert "Sign in again" in page.locator("#link-banner").inner_text()
    page.goto(BENCH)
    page.locator("#link-banner.asking").wait_for()
    assert "operator-02" in page.locator("#link-banner").inner_text()
    assert "by operator-02" not in page.locator("body").inner_text()
    assert records.calls == []
    page.goto(f"/en/enter/operator-02?next={BENCH}")
    until(page, lambda: waiting(page) == [])
    assert notes() == ["by operator-02"]


def test_an_expired_session_asks_to_sign_in_and_loses_nothing(context: Any, page: Any) -> None:
    page.locator("#reason").fill("complete")
    page.locator("#password").fill("correct horse")
    page.wait_for_timeout(600)
    context.clear_cookies()
    page.locator("#sign button[type=submit]").click()
    page.locator("#sign .act-notice a").click()
    page.goto(BENCH)
    page.locator("#sign .kept-note").wait_for()
    assert page.locator("#reason").input_value() == "complete"
    assert page.locator("#password").input_value() == ""


def test_what_was_typed_is_kept_as_promised_when_one_signed_out_in_another_tab(context: Any, page: Any) -> None:
    page.locator("#reason").fill("complete")
    page.wait_for_timeout(600)
    page.evaluate("yimai.kept.forgetAll()")  # as signing out does, for all tabs
    context.clear_cookies()
    page.locator("#sign button[type=submit]").click()
    assert "what you typed is kept" in page.locator("#sign .act-notice").inner_text()
    page.locator("#sign .act-notice a").click()
    page.goto(BENCH)
    page.locator("#sign .kept-note").wait_for()
    assert page.locator("#reason").input_value() == "complete"


def test_a_simulated_ledgers_page_tells_times_by_its_own_clock(page: Any) -> None:
    told = page.evaluate(
        "(() => { document.body.dataset.clock = new Date(performance.timeOrigin + 86400000 * 3).toISOString();"
        " return [yimai.clock(Date.now()), yimai.clock(new Date())]; })()"
    )
    assert told[0] == told[1]
    assert len(told[0]) == len("07:41"), "now is today by the page's clock"


def test_no_password_and_no_scan_of_an_identity_gate_lies_on_the_tablet(page: Any) -> None:
    page.locator("#reason").fill("complete")
    page.locator("#password").fill("correct horse")
    page.wait_for_timeout(600)
    kept = str(page.evaluate("yimai.store.all('kept')"))
    assert "complete" in kept
    assert "correct horse" not in kept
    page.goto("/en/bench/scan")
    page.locator("#bag").fill("K04106105N03F")
    page.locator("#remark").fill("cloudy")
    page.wait_for_timeout(600)
    kept = str(page.evaluate("yimai.store.all('kept')"))
    assert "cloudy" in kept
    assert "K04106105N" not in kept


def test_done_discarded_and_signed_out_is_forgotten(page: Any) -> None:
    enter(page, "one", "done")
    page.wait_for_url("**/bench/none")
    assert page.evaluate("yimai.store.all('kept')") == []
    page.goto(BENCH)
    page.locator("#note2").fill("typed")
    page.wait_for_timeout(600)
    page.reload()
    page.locator("#two .kept-note button").click()
    assert page.locator("#note2").input_value() == ""
    page.reload()
    page.wait_for_timeout(300)
    assert page.locator(".kept-note").count() == 0
    page.locator("#note2").fill("typed")
    page.wait_for_timeout(600)
    page.locator("#leave button").click()
    page.wait_for_url("**/bench/none")
    assert page.evaluate("yimai.store.all('kept')") == []
    assert pages_kept(page) == []


def test_nobody_signs_out_before_what_was_sent_is_answered(page: Any) -> None:
    """Else the answer leads back here, where nobody is signed in any more."""
    held: list[Any] = []
    page.route("**/bench-act/**", lambda route: held.append(route))
    enter(page, "one", "done")
    page.wait_for_selector("#one[data-sending]")
    page.locator("#leave button").click()
    page.wait_for_selector("#leave .act-notice")
    assert page.url.endswith(BENCH)
    held[0].continue_()
    page.wait_for_url("**/bench/none")
    assert page.locator("#leave .act-notice").count() == 0


def test_signing_out_says_what_still_waits(page: Any, site: Switched) -> None:
    lose(page, site)
    enter(page, "one", "first")
    page.locator("#leave button").click()
    assert "1 entries have not been sent" in page.locator("#leave").inner_text()
    page.locator("#leave button").click()
    until(page, lambda: pages_kept(page) == [])
    assert len(waiting(page)) == 1


def test_a_page_that_was_not_kept_says_so(context: Any, page: Any, site: Switched) -> None:
    lose(page, site)
    page.goto("/zh-hans/bench/none")
    assert page.locator("h1").inner_text() == "连接中断"
    assert page.locator("#link-banner.lost").is_visible()


def test_an_entry_under_a_command_that_waits_is_not_queued_twice(page: Any, site: Switched) -> None:
    lose(page, site)
    page.evaluate("window.form = document.querySelector('#one')")
    enter(page, "one", "first")
    page.evaluate("yimai.queue.add(form, [...new FormData(form)])")
    page.wait_for_timeout(300)
    assert len(waiting(page)) == 1
