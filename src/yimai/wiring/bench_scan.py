"""The browser's part of ``yimai bench web``: from a scanner's last key, or another's signature, to what a person sees."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Sequence
from typing import Any, Final

from yimai.domain.identifier import grouped, mint
from yimai.domain.label_code import label_code
from yimai.wiring.bench_report import Aim, Figure

PROGRAMS: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that there is: the shell draws the same pages and spares a busy machine the windows around them."""
CHROMIUM: Final = next(filter(None, map(shutil.which, PROGRAMS)), None)
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
WARM_UP: Final = 2
AIM: Final = Aim("value", 200, "most")
AIM_ELSEWHERE: Final = Aim("value", 2000, "most")
BURST: Final = """(text) => {
  const press = (key) => {
    const code = key.length > 1 ? key : /[0-9]/.test(key) ? `Digit${key}` : `Key${key.toUpperCase()}`;
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }));
  };
  for (const key of text) press(key);
  const last = performance.timeOrigin + performance.now();
  press("Enter");
  return last;
}"""
ANSWERED: Final = "() => performance.getEntriesByName('yimai.scan').length > 0 && performance.getEntriesByName('yimai.scan').at(-1).duration"
PAINTED: Final = """(code) => document.body.textContent.includes(code) && performance.getEntriesByName("first-contentful-paint").length > 0
  && performance.timeOrigin + performance.getEntriesByName("first-contentful-paint")[0].startTime"""


WATCH: Final = """() => {
  const marks = () => document.querySelectorAll(".marks .tag").length;
  const before = marks();
  window.yimaiShown = 0;
  new MutationObserver((_, observer) => {
    if (marks() <= before) return;
    window.yimaiShown = performance.timeOrigin + performance.now();
    observer.disconnect();
  }).observe(document.body, { childList: true, subtree: true });
}"""
SHOWN: Final = "() => window.yimaiShown"
NOW: Final = "() => performance.timeOrigin + performance.now()"


def can_look() -> bool:
    """Whether there is a browser and what drives it; Playwright comes with the development tools only."""
    return CHROMIUM is not None and importlib.util.find_spec("playwright") is not None


def scans_seen(address: str, session: str, treatments: Sequence[str], runs: int) -> list[Figure]:
    """How long a person waits for a scan's answer: in a form that waits for a shipper, and for the page of a treatment.

    The first figure ends when word and colour of the answer are drawn, the second with the first paint of the treatment's page.
    """
    from playwright.sync_api import sync_playwright

    answered = Figure("scan to its answer in a form, in the browser", "ms", AIM)
    shown = Figure("scan to the page of what was scanned, in the browser", "ms", AIM)
    shipper = label_code(mint("shipment", bytes(range(1, 6))), 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context(base_url=address, viewport={"width": 820, "height": 1180})
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        for number in range(runs + WARM_UP):
            treatment = treatments[number % len(treatments)]
            page.goto(f"/en/act/custody.receive?treatment={treatment}")
            page.wait_for_load_state("load")
            page.evaluate(BURST, shipper)
            one = _found(page, ANSWERED, None)
            page.goto("/en/today")
            page.wait_for_load_state("load")
            last = page.evaluate(BURST, label_code(treatment, 1))
            page.wait_for_url(
                f"**/treatment/{treatment}", wait_until="load"
            )  # asking sooner would make it lay out sooner
            other = _found(page, PAINTED, grouped(treatment)) - last
            if number >= WARM_UP:
                answered.runs.append(one)
                shown.runs.append(other)
        browser.close()
    return [answered, shown]


def shown_elsewhere(
    address: str, reader: str, signer: tuple[str, str, str], treatments: Sequence[str], runs: int
) -> Figure:
    """From the touch that signs on one tablet to the fact on another's page of the treatment.

    reader: his session. signer: who puts the treatments on hold, one after another, his session and his password.
    """
    from playwright.sync_api import sync_playwright

    figure = Figure("signed on one tablet, shown on another, in the browser", "ms", AIM_ELSEWHERE)
    person, session, password = signer
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        reading, signing = (
            browser.new_context(base_url=address, viewport={"width": 820, "height": 1180}) for _ in range(2)
        )
        for context, key in ((reading, reader), (signing, session)):
            context.add_cookies([{"name": "sessionid", "value": key, "url": address}])
        here, there = reading.new_page(), signing.new_page()
        for treatment in treatments[: runs + 1]:
            here.goto(f"/en/treatment/{treatment}")
            here.wait_for_selector("[data-live-state=on]")
            here.evaluate(WATCH)
            there.goto(f"/en/act/treatment.hold?treatment={treatment}")
            there.locator("[name=reason]").first.check()
            there.click("form[data-act] button.primary[type=submit]")
            there.wait_for_selector("fieldset[data-signer]")
            if there.locator(f'[name="sign-{person}-person"]').count():
                there.fill(f'[name="sign-{person}-person"]', person)
            there.fill(f'[name="sign-{person}-password"]', password)
            touched = there.evaluate(NOW)
            there.click("form[data-act] button.primary[type=submit]")
            figure.runs.append(_found(here, SHOWN, None) - touched)
            there.wait_for_url(lambda url: "/act/" not in url)
        browser.close()
    del figure.runs[:1]
    return figure


def _found(page: Any, script: str, argument: str | None) -> float:
    last = time.monotonic() + 10
    while not (found := page.evaluate(script, argument)):
        if time.monotonic() > last:
            raise TimeoutError(f"the browser showed no answer at {page.url}")
        page.wait_for_timeout(20)
    return float(found)
