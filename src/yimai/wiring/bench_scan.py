"""The browser's part of ``yimai bench web``: from a scanner's last key to what a person sees."""

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


def _found(page: Any, script: str, argument: str | None) -> float:
    last = time.monotonic() + 10
    while not (found := page.evaluate(script, argument)):
        if time.monotonic() > last:
            raise TimeoutError(f"the browser showed no answer at {page.url}")
        page.wait_for_timeout(20)
    return float(found)
