"""Every address, for every role and for nobody, tells the browser what to refuse; errors and files as much as pages do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.cookies import Morsel
from typing import Any, Final

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from tests.signing_in import PASSWORD, account_of
from tests.walks.addresses import BY_POST, grouped, places, sight_of
from tests.walks.loaded import LoadedPlant
from tests.walks.walked import walk

from yimai.interfaces.web import page
from yimai.interfaces.web.answers import FORGED
from yimai.wiring import bounds
from yimai.wiring.bounds import LARGEST, Buckets, Limit
from yimai.wiring.page_access import PAGES, PUBLIC

KEPT: Final = frozenset({"health", "worker", "offline", "rest:openapi-json", "rest:api-root"})
"""What holds nothing of anybody, so that a browser may keep it."""


def directives(policy: str) -> dict[str, list[str]]:
    """A Content-Security-Policy by its directives."""
    parts = [each.split() for each in policy.split(";") if each.strip()]
    return {name: sources for name, *sources in parts}


def missing(answer: Any, *, kept: bool = False) -> list[str]:
    """Which protections the answer lacks. kept: whether the browser may keep it."""
    headers: Mapping[str, str] = answer.headers
    policy = directives(headers.get("Content-Security-Policy", ""))
    sources = {source for name, given in policy.items() if name.endswith(("-src", "-uri")) for source in given}
    wanted = {
        "a policy that begins with nothing": policy.get("default-src") == ["'none'"],
        "nothing inline, evaluated or from anywhere": not sources
        & {"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "data:", "blob:", "http:", "https:"},
        "scripts of our own": policy.get("script-src") == ["'self'"],
        "no frames around it": policy.get("frame-ancestors") == ["'none'"],
        "no other base": policy.get("base-uri") == ["'none'"],
        "forms to us alone": policy.get("form-action") == ["'self'"],
        "no guessing of types": headers.get("X-Content-Type-Options") == "nosniff",
        "no referrer to others": headers.get("Referrer-Policy") == "same-origin",
        "its window to itself": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "no microphone, no place": "microphone=()" in headers.get("Permissions-Policy", "")
        and "geolocation=()" in headers.get("Permissions-Policy", ""),
        "a type": not answer.content or bool(headers.get("Content-Type")),
        "kept nowhere": kept or "no-store" in headers.get("Cache-Control", ""),
        "no server's name": not {"Server", "X-Powered-By"} & set(headers),
    }
    cookies = [f"cookie {morsel.key}: {lack}" for morsel in answer.cookies.values() for lack in lacks(morsel)]
    return [what for what, there in wanted.items() if not there] + cookies


def lacks(cookie: Morsel[str]) -> Iterator[str]:
    """What a cookie lacks of HttpOnly (forms' token excepted, which scripts send along), SameSite, and a host of its own."""
    if not cookie.value:
        return  # it is taken back
    if not cookie["httponly"] and "csrf" not in cookie.key:
        yield "HttpOnly"
    if cookie["samesite"] not in ("Lax", "Strict"):
        yield "SameSite"
    if cookie["domain"]:
        yield "no domain"


def test_every_answer_to_everybody(plant: LoadedPlant) -> None:
    wrong: dict[str, list[str]] = {}
    asked = list(walk(plant).answers())
    for place, path, answer in asked:
        assert (answer.status_code == 405) == (place.name in BY_POST), path
        assert answer.status_code < 500, path
        if found := missing(answer, kept=place.name in KEPT or answer.status_code == 405):
            wrong[f"{place.role} {path} ({answer.status_code})"] = found
    print(f"\n{len(asked)} answers")
    assert wrong == {}


UNKNOWN: Final = {
    "counted_fact": {"measure": "clusters@1", "digest": "0" * 64},
    "receipt": {"digest": "0" * 64},
}
"""Addresses of what is not there: of these no address is known beforehand."""


def test_every_answer_to_nobody(plant: LoadedPlant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a session every address answers, and none that is not public shows a page."""
    for kind in bounds.BUCKETS:
        monkeypatch.setitem(bounds.BUCKETS, kind, Buckets(Limit(LARGEST, 1000, 1000)))
    sight = sight_of(plant.people["qa"])
    wrong: dict[str, list[str]] = {}
    for name in PAGES:
        made_up = UNKNOWN.get(name, {})
        arguments = next((tried[0][0] for tried in grouped(name, sight) if tried), made_up)
        for method in ("get", "post"):
            answer = getattr(Client(SERVER_NAME="localhost"), method)(reverse(name, kwargs=arguments))
            open_to_all = PAGES[name] == PUBLIC
            assert open_to_all or answer.status_code in (302, 401, 403, 404, 405), (name, answer.status_code)
            if found := missing(answer, kept=name in KEPT or answer.status_code == 405):
                wrong[f"{method} {name} ({answer.status_code})"] = found
    assert wrong == {}


class TestErrors:
    """Each kind of error answers as guardedly as a page does; none is kept."""

    def test_unreadable_closed_missing_and_forged(self, plant: LoadedPlant) -> None:
        qa = plant.client("qa")
        forged = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
        forged.cookies = qa.cookies
        answers = {
            400: Client(SERVER_NAME="elsewhere.example").get("/en/"),
            401: Client(SERVER_NAME="localhost").post("/en/act/treatment.hold"),
            403: qa.get("/en/account/administration"),
            404: qa.get("/en/nowhere"),
            405: qa.get("/en/ledger/verify"),
            409: qa.get(next(each.paths[0] for each in places(plant, "qa") if each.name == "label_paper")),
            422: qa.post(f"/en/act/treatment.hold?treatment={sight_of(plant.people['qa']).things['treatment'][0]}"),
        }
        assert {status: answer.status_code for status, answer in answers.items()} == {each: each for each in answers}
        token = forged.post("/en/account/sign-out")
        assert token.status_code == 403
        assert b"<style" not in token.content
        assert FORGED.en in token.content.decode()
        assert missing(token, kept=True) == []
        for status, answer in answers.items():
            assert missing(answer, kept=status in (400, 405)) == [], status

    def test_too_large_and_too_often(self, plant: LoadedPlant, monkeypatch: pytest.MonkeyPatch) -> None:
        client = plant.client("qa")
        large = client.post("/en/", {}, CONTENT_LENGTH=str(LARGEST + 1))
        assert large.status_code == 413
        assert missing(large, kept=True) == []
        monkeypatch.setitem(bounds.BUCKETS, "page", Buckets(Limit(1000, 0.01, 0)))
        often = client.get("/en/")
        assert often.status_code == 429
        assert missing(often, kept=True) == []

    def test_a_failure(self, plant: LoadedPlant, monkeypatch: pytest.MonkeyPatch) -> None:
        client = plant.client("qa")
        client.raise_request_exception = False
        monkeypatch.setattr(page, "chosen_base", lambda *_: 1 / 0)
        failed = client.get("/en/today")
        assert failed.status_code == 500
        assert missing(failed) == []

    def test_a_trace_is_told_nothing_of_what_it_sent(self, plant: LoadedPlant) -> None:
        answer = plant.client("qa").generic("TRACE", "/en/?q=told", headers={"X-Told": "told-back"})
        assert b"told-back" not in answer.content
        assert missing(answer, kept=answer.status_code == 405) == []


@override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True)
def test_over_tls_cookies_are_secure(plant: LoadedPlant) -> None:
    account_of("operator-03", PASSWORD)
    browser = Client(SERVER_NAME="localhost")
    browser.get("/en/account/sign-in", secure=True)
    answer = browser.post("/en/account/sign-in", {"person": "operator-03", "password": PASSWORD}, secure=True)
    assert answer.status_code == 302
    given = {name: morsel for name, morsel in browser.cookies.items() if morsel.value}
    assert any("session" in name for name in given)
    for name, morsel in given.items():
        assert morsel["secure"], name
        assert morsel["samesite"] == "Lax", name
        assert list(lacks(morsel)) == [], name


def test_it_would_be_seen(plant: LoadedPlant) -> None:
    answer = plant.client("qa").get("/en/")
    assert missing(answer) == []
    answer.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self' 'unsafe-inline'"
    del answer.headers["Referrer-Policy"]
    answer.headers["Cache-Control"] = "private"
    assert set(missing(answer)) >= {
        "nothing inline, evaluated or from anywhere",
        "no referrer to others",
        "kept nowhere",
    }
