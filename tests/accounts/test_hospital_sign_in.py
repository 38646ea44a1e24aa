"""Signing in through a hospital's own OpenID Connect provider: a real one on loopback, of the package oidc-provider-mock."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.test import Client
from django.utils import timezone
from tests.conftest import missing_tool
from tests.signing_in import PASSWORD, account_of, signed_in

from yimai.interfaces.accounts import hospital_sign_in, providers
from yimai.interfaces.accounts.models import Account, Event
from yimai.wiring.hospital_providers import providers_in
from yimai.wiring.problems import CommandProblem

SUBJECT = "f0c8-4711"
BEGIN = "/oidc/hospital-a/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            mock: Any = import_module("oidc_provider_mock")
        except ImportError:
            missing_tool("oidc-provider-mock")
        known = mock.User(sub=SUBJECT, claims={"name": "真实姓名", "preferred_username": "nurse-02"})
        with mock.run_server_in_thread(user_claims=(known,)) as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(issuer: str, nurse: str, tmp_path: Path) -> Iterator[str]:
    """The hospital's provider, as its file names it."""
    with named(tmp_path, issuer=issuer):
        yield issuer


@contextmanager
def named(folder: Path, **changes: Any) -> Iterator[None]:
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": providers_in(str(written(folder, **changes)))}}
    try:
        yield
    finally:
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}


def written(folder: Path, **changes: Any) -> Path:
    (folder / "secret").write_text("a secret\n")
    entry = {
        "id": "hospital-a",
        "title": {"zh": "甲医院", "en": "Hospital A"},
        "issuer": "https://login.example",
        "client_id": "yimai",
        "secret_file": str(folder / "secret"),
        "sites": ["hospital-a"],
    }
    file = folder / "providers.json"
    file.write_text(json.dumps([{**entry, **changes}]))
    return file


def through(browser: Client, subject: str, **given: str) -> Any:
    """What a person's browser does: to the provider, say there who one is, and back."""
    there = browser.get(BEGIN, given).headers["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert asked["scope"] == ["openid"]
    assert asked["code_challenge_method"] == ["S256"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = requests.post(there, data={"sub": subject}, allow_redirects=False, timeout=10).headers["Location"]
        return browser.get(back.removeprefix("http://localhost"))


def signed_in_as(browser: Client) -> str:
    request: Any = browser.get("/en/account/").wsgi_request
    return request.who.person if request.who else ""


def test_a_bound_subject_signs_in_and_comes_back_to_where_it_was(provider: str, browser: Client) -> None:
    assert hospital_sign_in.bind("nurse-01", "hospital-a", SUBJECT, "admin-01") is None
    page = browser.get("/en/account/sign-in?next=/en/search").content.decode()
    assert "Sign in through Hospital A" in page
    assert through(browser, SUBJECT, next="/en/search").headers["Location"] == "/en/search"
    assert signed_in_as(browser) == "nurse-01"
    assert SocialAccount.objects.get().extra_data == {}, "nothing of what the provider tells is kept"
    assert Event.objects.order_by("-id")[0].what == "signed_in"


def test_nobody_is_let_in_by_a_name_that_the_provider_states(provider: str, browser: Client) -> None:
    """The provider calls this subject nurse-02, who has an account."""
    account_of("nurse-02", PASSWORD)
    for subject in (SUBJECT, "somebody-else", "nurse-02"):
        answer = through(browser, subject, next="/en/")
        assert answer.status_code == 422
        assert "not bound to a person" in answer.content.decode()
    assert signed_in_as(browser) == ""
    assert set(Account.objects.values_list("pk", flat=True)) == {"nurse-01", "nurse-02"}


@pytest.mark.parametrize("wrong", ["revoked", "locked", "site", "process"])
def test_a_bound_subject_is_not_always_let_in(
    provider: str, issuer: str, browser: Client, tmp_path: Path, wrong: str
) -> None:
    hospital_sign_in.bind("nurse-01", "hospital-a", SUBJECT, "admin-01")
    soon = timezone.now() + timedelta(minutes=5)
    if wrong in ("revoked", "locked"):
        Account.objects.update(**({"revoked": timezone.now()} if wrong == "revoked" else {"locked_until": soon}))
    with named(tmp_path, issuer=issuer, sites=["hospital-b"] if wrong == "site" else ["hospital-a"]):
        if wrong == "process":
            there = browser.get(BEGIN, {"process": "connect", "scope": "email"}).headers["Location"]
            assert parse_qs(urlsplit(there).query)["scope"] == ["openid"]
            return
        assert through(browser, SUBJECT).status_code == 422
    assert signed_in_as(browser) == ""


def test_what_comes_back_unasked_is_refused(provider: str, browser: Client) -> None:
    hospital_sign_in.bind("nurse-01", "hospital-a", SUBJECT, "admin-01")
    for query in ("", "?code=x&state=y", "?error=access_denied"):
        assert browser.get(f"{BEGIN}back{query}").status_code == 422
    assert browser.get("/oidc/elsewhere/").status_code == 404


def test_a_provider_that_does_not_answer_is_said_so(nurse: str, browser: Client, tmp_path: Path) -> None:
    with named(tmp_path, issuer="http://localhost:9"):
        answer = browser.get(BEGIN)
        assert answer.status_code == 422
        assert "机构的登录服务没有应答" in answer.content.decode()


def test_an_administrator_binds_and_unbinds(provider: str, browser: Client) -> None:
    account_of("admin-01", PASSWORD)
    signed_in(browser, "admin-01").post("/en/account/prove", {"password": PASSWORD})
    here = "/en/account/administration/person/nurse-02"
    sent = {"provider": "hospital-a", "subject": SUBJECT}
    assert browser.post(f"{here}/provider", sent).status_code == 302
    assert SUBJECT in browser.get(here).content.decode()
    assert not Account.objects.get(pk="nurse-02").has_usable_password(), "whoever signs in there needs no password here"
    taken = browser.post("/en/account/administration/person/nurse-01/provider", sent)
    assert "bound to another person" in taken.content.decode()
    for wrong in ({"provider": "x", "subject": "y"}, {"provider": "hospital-a", "subject": ""}):
        assert browser.post(f"{here}/provider", wrong).status_code == 422
    assert hospital_sign_in.bind("inspector-01", "hospital-a", "x", "admin-01") is not None, "not of this hospital"
    browser.post(f"{here}/unbind-provider")
    assert hospital_sign_in.bound("nurse-02") == []
    assert Event.objects.order_by("-id")[0].what == "provider_unbound"


class TestFile:
    def test_it_is_read(self, tmp_path: Path) -> None:
        (app,) = providers_in(str(written(tmp_path)))
        assert (app["provider_id"], app["secret"]) == ("hospital-a", "a secret")
        assert providers_in(None) == []
        assert providers.titles() == {}

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"issuer": "http://login.example"}, "must be an https address"),
            ({"secret_file": "/nowhere"}, "cannot be read"),
            ({"sites": []}, "at least one site"),
            ({"id": "a b"}, "letters, digits and hyphens"),
            ({"title": "x"}, r"at `\$\[0\]\.title`"),
            ({"unknown": 1}, "unknown"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, changes: dict[str, Any], told: str) -> None:
        with pytest.raises(CommandProblem, match=told):
            providers_in(str(written(tmp_path, **changes)))

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CommandProblem, match=r"missing\.json cannot be read"):
            providers_in(str(tmp_path / "missing.json"))
