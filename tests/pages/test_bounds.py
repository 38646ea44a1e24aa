"""Requests are bounded in size and number, and what fails shows nothing of itself."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from tests.pages.conftest import House

from yimai.interfaces.web import answers, bounds, page
from yimai.interfaces.web.bounds import AT_ONCE, LARGEST, Buckets

NAME = "虚构患者"


def test_a_bucket_gives_what_came_at_once_and_then_so_many_a_second() -> None:
    buckets = Buckets(2)
    assert [buckets.take("a", 100.0) for _ in range(2 * AT_ONCE)] == [0.0] * 2 * AT_ONCE
    assert buckets.take("a", 100.0) == 0.5
    assert buckets.take("b", 100.0) == 0.0
    assert buckets.take("a", 100.5) == 0.0
    assert buckets.take("a", 100.5) > 0


def test_too_many_requests_must_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds.BUCKETS, "take", lambda *_: 1.2)
    refused = client.get("/en/")
    assert (refused.status_code, refused["Retry-After"]) == (429, "2")


@pytest.mark.parametrize("length", [str(LARGEST + 1), "-1", "many"])
def test_too_large_a_request_is_not_read(client: Client, length: str) -> None:
    refused = client.post("/en/act/treatment.hold", {}, CONTENT_LENGTH=length)
    assert refused.status_code == 413


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
