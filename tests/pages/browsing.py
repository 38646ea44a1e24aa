"""Debian's Chromium for tests.

With YIMAI_LATE_PAGES=SECONDS a page's content comes so long after its head, as on a machine that is busy: a test that looks at what it has not
waited for then fails each time, not once in a hundred.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import django
from tests.conftest import missing_tool

from yimai.wiring.bench_scan import CHROMIUM, FLAGS

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@contextmanager
def opened_browser(flags: Sequence[str] = ()) -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the tests' own thread
    django.setup()
    if CHROMIUM is None:
        missing_tool("Chromium")
    from playwright.sync_api import sync_playwright

    if seconds := os.environ.get("YIMAI_LATE_PAGES"):
        _send_late(float(seconds))
    with sync_playwright() as playwright:
        _forget_connections()
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield opened
        opened.close()
        _forget_connections()


@cache
def _send_late(seconds: float) -> None:
    """Let this process's server pause within each page from now on; once, however many browsers are opened."""
    from django.http import HttpResponse

    whole = HttpResponse.__iter__

    def in_two(self: HttpResponse) -> Iterator[bytes]:
        content = b"".join(whole(self))
        head, main, rest = content.partition(b"<main")
        yield head
        if main:
            time.sleep(seconds)
            yield main + rest

    HttpResponse.__iter__ = in_two  # type: ignore[method-assign]


def _forget_connections() -> None:
    """While Playwright's loop runs Django keeps other connections than otherwise: one may still lead to a test's old database."""
    from django.db import connections

    for each in connections.all(initialized_only=True):
        each.close()
        del connections[each.alias]


def give_authenticator(page: Any, *, verifies: bool = True) -> None:
    """Let the page's browser have an authenticator that says yes to everything, or cannot tell who touches it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, "isUserVerified": verifies}})


def keep_picture(page: Any, name: str) -> None:
    """With YIMAI_SCREENSHOTS=FOLDER, keep what is shown."""
    if folder := os.environ.get("YIMAI_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
