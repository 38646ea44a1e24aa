"""Where an installation demands a second factor, a password alone opens nothing but the page on which one is set up."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.accounts.test_confirming import add_code
from tests.signing_in import signed_in

HERE = "/en/account"


@pytest.fixture(autouse=True)
def demanded(settings_of: Any) -> None:
    settings_of.SECOND_FACTOR = "required"


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    from django.conf import settings

    monkeypatch.setattr(settings, "SECOND_FACTOR", "optional")
    return settings


def test_who_has_none_is_led_to_set_one_up_and_may_do_nothing_else(nurse: str, browser: Client) -> None:
    signed_in(browser, nurse)
    for path in ("/en/", "/en/search", f"{HERE}/sessions/end-others"):
        assert browser.get(path).headers["Location"] == f"{HERE}/", path
    page = browser.get(f"{HERE}/").content.decode()
    assert "a password alone does not open an account" in page
    assert browser.get(f"{HERE}/prove?next={HERE}/code").status_code == 200
    assert browser.get(f"{HERE}/code").headers["Location"].startswith(f"{HERE}/prove")


def test_who_has_one_goes_on_until_he_takes_it_away(nurse: str, browser: Client) -> None:
    signed_in(browser, nurse)
    add_code(nurse)
    assert browser.get("/en/search").status_code == 200
    assert "a password alone" not in browser.get(f"{HERE}/").content.decode()
    from allauth.mfa.models import Authenticator

    Authenticator.objects.all().delete()
    assert browser.get("/en/search").headers["Location"] == f"{HERE}/"
