"""Debian's Chromium for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

    with sync_playwright() as playwright:
        _forget_connections()
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield opened
        opened.close()
        _forget_connections()


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
