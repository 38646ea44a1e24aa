"""How much one browser may ask: the size of what it sends, and how often it asks."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

LARGEST: Final = 6_000_000
"""Bytes of a whole request: four files of 1 MB, packed once more as they wait for their signature, and the form's fields."""
A_SECOND: Final = float(os.environ.get("YIMAI_REQUESTS_A_SECOND") or 30)
"""Requests that one session, or one address without a session, may make in the long run; static files do not count."""
AT_ONCE: Final = 10
"""Seconds' worth of requests that may come at once."""
REMEMBERED: Final = 10_000
TOO_LARGE: Final = (
    "请求过大（上限 6 MB）。请缩小文件后重试。\nThe request is too large (6 MB at most). Send smaller files.\n"
)
TOO_OFTEN: Final = "请求过于频繁，请稍后再试。\nToo many requests. Wait a moment, then go on.\n"


@dataclass
class Bucket:
    """What is left for one browser, and as of when (monotonic seconds)."""

    left: float
    at: float


class Buckets:
    """One bucket a browser, which fills by so many requests a second up to ``AT_ONCE`` seconds' worth."""

    def __init__(self, a_second: float) -> None:
        self._a_second = a_second
        self._known: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, browser: str, now: float) -> float:
        """Take one request; 0 if it may be made, else the seconds to wait."""
        with self._lock:
            bucket = self._known.pop(browser, None) or Bucket(self._a_second * AT_ONCE, now)
            bucket.left = min(self._a_second * AT_ONCE, bucket.left + (now - bucket.at) * self._a_second)
            bucket.at = now
            self._known[browser] = bucket
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            if bucket.left < 1:
                return (1 - bucket.left) / self._a_second
            bucket.left -= 1
            return 0.0


BUCKETS: Final = Buckets(A_SECOND)


def bounded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that refuses what is too large (413) or comes too often (429), before anything is read."""

    def answer(request: HttpRequest) -> HttpResponse:
        if _length(request) > LARGEST:
            return _plain(TOO_LARGE, 413)
        browser = request.COOKIES.get(settings.SESSION_COOKIE_NAME) or request.META.get("REMOTE_ADDR", "")
        if wait := BUCKETS.take(browser, time.monotonic()):
            response = _plain(TOO_OFTEN, 429)
            response["Retry-After"] = str(int(wait) + 1)
            return response
        return get_response(request)

    return answer


def _length(request: HttpRequest) -> int:
    """What the request says of its length; more than anything where it says nothing that can be read."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else LARGEST + 1


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
