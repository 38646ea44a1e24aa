"""Requests are bounded in size and number, each kind by a limit of its own, and what fails shows nothing of itself."""

from __future__ import annotations

import logging
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from tests.pages.conftest import READER, House
from tests.signing_in import signed_in

from yimai.interfaces.web import answers, page
from yimai.interfaces.web.acts import FORMS
from yimai.interfaces.web.field import Upload
from yimai.wiring import bounds
from yimai.wiring.bounds import LIMITS, UPLOADING, Buckets, Limit, Readings, address_of

NAME = "虚构患者"
DEPLOYMENT = Path(__file__).resolve().parents[2] / "docs" / "deployment.md"
UPLOAD = "/en/act/custody.report_temperature"
KINDS = {
    "page": ("get", "/en/"),
    "sign_in": ("post", "/en/account/sign-in"),
    "scan": ("get", "/en/scan?code=x"),
    "rest": ("get", "/api/v1/openapi.json"),
    "upload": ("post", UPLOAD),
}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests of each kind may come at once, then one in a hundred seconds."""
    for kind in LIMITS:
        monkeypatch.setitem(bounds.BUCKETS, kind, Buckets(Limit(1000, 0.01, 2)))


def statuses(client: Client, number: int, method: str, address: str, **how: Any) -> list[int]:
    return [getattr(client, method)(address, **how).status_code for _ in range(number)]


def test_a_bucket_gives_what_came_at_once_and_then_so_many_a_second() -> None:
    buckets = Buckets(Limit(1, 2, 20))
    assert [buckets.take("a", 100.0) for _ in range(20)] == [0.0] * 20
    assert buckets.take("a", 100.0) == 0.5
    assert buckets.take("b", 100.0) == 0.0
    assert buckets.take("a", 100.5) == 0.0
    assert buckets.take("a", 100.5) > 0


@pytest.mark.parametrize("kind", LIMITS)
def test_each_kind_has_a_number_of_its_own(client: Client, few: None, kind: str) -> None:
    method, address = KINDS[kind]
    assert 429 not in statuses(client, 2, method, address)
    refused = getattr(client, method)(address)
    assert refused.status_code == 429
    assert 90 < int(refused["Retry-After"]) <= 101
    for other in KINDS.keys() - {kind}:
        assert getattr(client, KINDS[other][0])(KINDS[other][1]).status_code != 429


def test_made_up_sessions_count_by_their_address(house: House, few: None) -> None:
    answered = []
    for number in range(4):
        client = Client(SERVER_NAME="localhost")
        client.cookies["sessionid"] = f"{number:032}"
        answered.append(client.get("/en/account/sign-in").status_code)
    assert answered == [200, 200, 429, 429]


def test_a_session_without_an_account_counts_by_its_address(house: House, few: None) -> None:
    answered = [Client(SERVER_NAME="localhost").get("/en/account/passkey/challenge").status_code for _ in range(3)]
    assert answered == [200, 200, 429]


def test_an_account_is_one_asker_from_wherever_it_asks_and_no_other_one(house: House, few: None) -> None:
    mine, mine_too, other = (signed_in(Client(SERVER_NAME="localhost"), each) for each in (READER, READER, "COUR-1"))
    assert statuses(mine, 1, "get", "/en/", REMOTE_ADDR="192.0.2.1") == [200]
    assert statuses(mine_too, 2, "get", "/en/", REMOTE_ADDR="192.0.2.2") == [200, 429]
    assert statuses(other, 1, "get", "/en/", REMOTE_ADDR="192.0.2.1") == [200]
    assert statuses(Client(SERVER_NAME="localhost"), 1, "get", "/en/", REMOTE_ADDR="192.0.2.1") == [302]


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "", "10.0.0.1"),
        (0, "198.51.100.7", "10.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9,198.51.100.7,10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "<script>", "10.0.0.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_an_address_is_what_the_outermost_proxy_of_ours_saw(proxies: int, told: str, address: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=told)
    with override_settings(PROXIES=proxies):
        assert address_of(request) == address


@override_settings(PROXIES=1)
def test_behind_a_proxy_everybody_without_a_session_has_an_address_of_his_own(house: House, few: None) -> None:
    for browser in ("198.51.100.7", "198.51.100.8"):
        forged = {"HTTP_X_FORWARDED_FOR": f"{id(browser)}, {browser}"}
        client = Client(SERVER_NAME="localhost")
        assert statuses(client, 3, "get", "/en/account/sign-in", **forged) == [200, 200, 429]


@pytest.mark.parametrize("kind", LIMITS)
def test_each_kind_has_a_size_of_its_own(house: House, kind: str) -> None:
    method, address = KINDS[kind]
    for length, status in ((LIMITS[kind].largest, 200), (LIMITS[kind].largest + 1, 413)):
        body = {"CONTENT_LENGTH": str(length), "wsgi.input": BytesIO(b"x" * length)}
        request = getattr(RequestFactory(), method)(address, **body)
        assert bounds.bounded(lambda _: HttpResponse())(request).status_code == status


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_no_number_is_too_large(client: Client, length: str) -> None:
    assert client.post("/en/act/treatment.hold", {}, CONTENT_LENGTH=length).status_code == 413


def test_what_was_half_sent_is_not_done(client: Client) -> None:
    body = {"CONTENT_LENGTH": "1000", "wsgi.input": BytesIO(b"person=n")}
    request = RequestFactory().post("/en/account/sign-in", **body)  # type: ignore[arg-type]
    assert bounds.bounded(lambda _: HttpResponse())(request).status_code == 400


@pytest.mark.parametrize(
    ("method", "how", "status"),
    [
        ("POST", {"SERVER_PROTOCOL": "HTTP/2"}, 411),
        ("POST", {"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ("GET", {"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ("POST", {"SERVER_PROTOCOL": "HTTP/2", "CONTENT_LENGTH": "0"}, 200),
        ("GET", {"SERVER_PROTOCOL": "HTTP/2"}, 200),
        ("POST", {}, 200),
    ],
)
def test_a_body_states_its_length(house: House, method: str, how: dict[str, str], status: int) -> None:
    request = RequestFactory().generic(method, "/en/act/treatment.hold", **{"CONTENT_LENGTH": "", **how})  # type: ignore[arg-type]
    assert bounds.bounded(lambda _: HttpResponse())(request).status_code == status


def test_of_slow_senders_some_wait_and_nobody_else() -> None:
    readings = Readings(of_one=2, of_all=3)
    with readings.turn("a") as first, readings.turn("a") as second, readings.turn("a") as third:
        assert (first, second, third) == (True, True, False)
        with readings.turn("b") as other, readings.turn("c") as too_many:
            assert (other, too_many) == (True, False)
    with readings.turn("a") as again, readings.turn("c") as too:
        assert (again, too) == (True, True)


def test_a_file_may_be_larger_than_any_other_form(client: Client) -> None:
    body = {"file": SimpleUploadedFile("logger.csv", b"x" * 1_500_000)}
    assert client.post(UPLOAD, body).status_code != 413
    body["file"].seek(0)
    assert client.post("/en/act/treatment.hold", body).status_code == 413


def test_every_form_that_takes_a_file_is_known() -> None:
    plain = {verb: form.fields for verb, form in FORMS.items() if not callable(form.fields)}
    taking = {verb for verb, fields in plain.items() if any(isinstance(field, Upload) for field in fields)}
    assert taking == UPLOADING & plain.keys()
    assert FORMS.keys() >= UPLOADING


def test_the_limits_are_those_that_are_written_down() -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| [^|]+ \| (\d+) ([kM])B \| `YIMAI_", DEPLOYMENT.read_text(), re.MULTILINE)
    written = [(int(most), int(size) * {"k": 1000, "M": 1_000_000}[unit]) for most, size, unit in rows]
    assert written == [(limit.at_once, limit.largest) for limit in LIMITS.values()]


@pytest.mark.parametrize(
    ("language", "often", "large"),
    [("zh-hans", ("请求过于频繁", "返回上一页"), ("内容过大", "1000 kB")), ("en", ("Too many", "go back"), ("too large", "1000 kB"))],
)  # fmt: skip
def test_browsers_are_told_on_a_page_what_to_do(
    client: Client, few: None, language: str, often: tuple[str, ...], large: tuple[str, ...]
) -> None:
    said = client.post(f"/{language}/act/treatment.hold", CONTENT_LENGTH="9999999")
    assert said["Content-Type"].startswith("text/html")
    assert all(words in said.content.decode() for words in large)
    said = [client.get(f"/{language}/") for _ in range(3)][-1]
    assert said["Content-Type"].startswith("text/html")
    assert said["Content-Security-Policy"]
    assert all(words in said.content.decode() for words in often)


def test_too_many_sign_ins_are_told_on_a_page(house: House, few: None) -> None:
    client = Client(SERVER_NAME="localhost")
    said = [client.post("/en/account/sign-in", {"person": "x", "password": "y"}) for _ in range(3)][-1]
    assert said.status_code == 429
    assert "Too many attempts to sign in" in said.content.decode()
    assert client.get("/en/account/sign-in").status_code == 200, "showing the form counts with the pages"


def test_programs_are_told_as_a_problem(client: Client, few: None) -> None:
    large = client.post("/api/v1/treatment.hold", CONTENT_LENGTH="9999999", content_type="application/json")
    often = [client.get("/api/v1/openapi.json") for _ in range(3)][-1]
    for said, status in ((large, 413), (often, 429)):
        assert said["Content-Type"] == "application/problem+json"
        problem = said.json()
        assert (said.status_code, problem["status"]) == (status, status)
        assert problem["title"]
        assert problem["detail"] == problem["en"]
        assert problem["zh"]


@pytest.mark.parametrize("address", ["/en/", "/static/web/decoder.js", "/static/web/act.js", "/health", "/api/v1/none"])
def test_nothing_may_be_framed_or_given_another_base(client: Client, address: str) -> None:
    answer = client.get(address)
    policy = answer["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert any("wasm-unsafe-eval" in each for each in policy) == (address == "/static/web/decoder.js")
    getattr(answer, "close", lambda: None)()


def test_a_failure_says_nothing_of_itself(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("something inside")

    monkeypatch.setattr(page, "chosen_base", fail)
    client.raise_request_exception = False
    for language, words in (("zh-hans", answers.FAILED.zh), ("en", answers.FAILED.en)):
        with caplog.at_level(logging.ERROR):
            failed = client.get(f"/{language}/today?name={NAME}")
        assert failed.status_code == 500
        text = failed.content.decode()
        assert words in text
        assert "something inside" not in text
        assert "Traceback" not in text
        assert NAME not in text
    assert NAME not in caplog.text, "logs keep the path, never what was asked for"


@pytest.mark.parametrize(("view", "status"), [(answers.unreadable, 400), (answers.forbidden, 403)])
def test_other_refusals_have_pages_of_their_own(view: Any, status: int) -> None:
    request = HttpRequest()
    request.path = request.path_info = "/en/"
    assert view(request, ValueError("inside")).status_code == status
