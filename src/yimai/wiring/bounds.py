"""How much one may ask: the size of what is sent, and how often; each kind of request has a limit of its own."""

from __future__ import annotations

import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Condition, Lock
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import Resolver404, resolve

from yimai.domain.recipe import Words
from yimai.interfaces.web import answers
from yimai.wiring.network import THREADS

PATIENCE_SECONDS: Final = 0.1
REMEMBERED: Final = 10_000
"""Askers of one kind of request; those who asked longest ago are forgotten first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """largest: bytes of a whole request. a_second: requests in the long run. at_once: how many may come together."""

    largest: int
    a_second: float
    at_once: int


def _set(name: str, otherwise: float) -> float:
    return float(os.environ.get(f"YIMAI_{name}") or otherwise)


LIMITS: Final[Mapping[str, Limit]] = {
    "page": Limit(1_000_000, _set("REQUESTS_A_SECOND", 30), 300),
    "sign_in": Limit(50_000, _set("SIGN_INS_A_MINUTE", 60) / 60, 120),
    "scan": Limit(10_000, _set("SCANS_A_SECOND", 5), 50),
    "rest": Limit(2_000_000, _set("REST_A_SECOND", 10), 100),
    "upload": Limit(6_000_000, _set("UPLOADS_A_MINUTE", 60) / 60, 60),
}
"""A whole hospital may sign in behind one address. A file of 1 MB is sent in base 64 by REST, and by a form again with its
signature, packed as text whose signs are escaped."""
LARGEST: Final = max(each.largest for each in LIMITS.values())

SIGNING_IN: Final = frozenset(
    {
        "account_login",
        "account_reauthenticate",
        "mfa_authenticate",
        "passkey_sign_in",
        "openid_connect_login",
        "openid_connect_callback",
    }
)
ASKED_BY_GET: Final = frozenset({"passkey_challenge", "openid_connect_login", "openid_connect_callback"})
"""Of signing in, what counts also without anything being sent; showing the form does not."""
UPLOADING: Final = frozenset(
    {
        "custody.report_temperature",
        "treatment.record_consent",
        "approval.approve_recipe",
        "approval.approve_base",
        "approval.approve_programme",
        "plan.take_in",
        "register.record",
    }
)
"""The verbs whose forms take a file."""

TOO_LARGE: Final = Words(
    "发送的内容过大（上限 {largest} kB），未作任何记录。请返回上一页，改用较小的文件后重试。",
    "What was sent is too large ({largest} kB at most), and nothing was recorded. Go back and send a smaller file.",
)
NO_LENGTH: Final = Words(
    "请求未说明其长度（Content-Length），未作任何记录。请用会说明长度的程序发送。",
    "The request does not state its length (Content-Length), and nothing was recorded. Send it by a program that does.",
)
CUT_OFF: Final = Words(
    "请求在途中被截断，未作任何记录。请返回上一页重试。",
    "The request was cut off on its way, and nothing was recorded. Go back and try again.",
)
TOO_OFTEN: Final = Words(
    "请求过于频繁，未作任何记录。请等待 {seconds} 秒后返回上一页重试。",
    "Too many requests, and nothing was recorded. Wait {seconds} seconds, then go back and try again.",
)
TOO_MANY_SIGN_INS: Final = Words(
    "此处的登录尝试过于频繁。请等待 {seconds} 秒后返回上一页重试。",
    "Too many attempts to sign in from here. Wait {seconds} seconds, then go back and try again.",
)


@dataclass
class Bucket:
    """What is left for one asker, and as of when (monotonic seconds)."""

    left: float
    at: float


class Buckets:
    """One bucket an asker, which holds ``at_once`` requests and fills by so many a second."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._known: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, asker: str, now: float) -> float:
        """Take one request; 0 if it may be made, else the seconds to wait."""
        with self._lock:
            bucket = self._known.pop(asker, None) or Bucket(self._limit.at_once, now)
            bucket.left = min(self._limit.at_once, bucket.left + (now - bucket.at) * self._limit.a_second)
            bucket.at = now
            self._known[asker] = bucket
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            if bucket.left < 1:
                return (1 - bucket.left) / self._limit.a_second
            bucket.left -= 1
            return 0.0


BUCKETS: Final = {kind: Buckets(limit) for kind, limit in LIMITS.items()}


class Readings:
    """Bodies that are being read: so many of one asker and so many of all, since whoever sends slowly holds a thread."""

    def __init__(self, of_one: int, of_all: int) -> None:
        self._of_one, self._of_all = of_one, of_all
        self._running: Counter[str] = Counter()
        self._freed = Condition()

    @contextmanager
    def turn(self, asker: str) -> Iterator[bool]:
        """Whether one more may be read now, after a moment's wait."""
        with self._freed:
            may = self._freed.wait_for(lambda: self._is_free(asker), PATIENCE_SECONDS)
            self._running[asker] += may
        try:
            yield may
        finally:
            with self._freed:
                self._running[asker] -= may
                self._running = +self._running
                self._freed.notify_all()

    def _is_free(self, asker: str) -> bool:
        return self._running[asker] < self._of_one and self._running.total() < self._of_all


READINGS: Final = Readings(of_one=3, of_all=THREADS - 2)


def bounded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that refuses what is too large (413) or comes too often (429) unread, and what was half sent (400).

    A body is read here as a whole. It stands behind the session, since who asks is the account of a session that exists; a
    cookie alone is anybody's to make up, and counts by the address it comes from.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        kind = kind_of(request)
        limit = LIMITS[kind]
        if _states_no_length(request):
            return _refused(request, 411, NO_LENGTH)
        if _length(request) > limit.largest:
            return _refused(request, 413, TOO_LARGE, largest=limit.largest // 1000)
        asker = asker_of(request)
        if wait := BUCKETS[kind].take(asker, time.monotonic()):
            return _must_wait(request, int(wait) + 1, TOO_MANY_SIGN_INS if kind == "sign_in" else TOO_OFTEN)
        if _length(request):
            with READINGS.turn(asker) as may:
                if not may:
                    return _must_wait(request, 2, TOO_OFTEN)
                if _is_cut_off(request):
                    return _refused(request, 400, CUT_OFF)
        return get_response(request)

    return answer


def _states_no_length(request: HttpRequest) -> bool:
    """Whether there may be a body whose length nobody knows: one in chunks, or any by HTTP/2 that does not say.

    Where such a body was cut off cannot be told from where it ends.
    """
    meta = request.META
    if "HTTP_TRANSFER_ENCODING" in meta:
        return True
    may_have_one = request.method not in ("GET", "HEAD", "OPTIONS")
    return may_have_one and not meta.get("CONTENT_LENGTH") and not meta["SERVER_PROTOCOL"].startswith("HTTP/1")


def _is_cut_off(request: HttpRequest) -> bool:
    """Read the body; whether less came than was announced: what was half sent is not to be done."""
    try:
        return len(request.body) < _length(request)
    except UnreadablePostError:
        return True


def _must_wait(request: HttpRequest, seconds: int, words: Words) -> HttpResponse:
    response = _refused(request, 429, words, seconds=seconds)
    response["Retry-After"] = str(seconds)
    return response


def kind_of(request: HttpRequest) -> str:
    """Which of the limits counts for the request."""
    if _is_rest(request):
        return "rest"
    try:
        found = resolve(request.path_info)
    except Resolver404:
        return "page"
    name, sent = found.view_name, request.method == "POST"
    if name in ASKED_BY_GET or (sent and name in SIGNING_IN):
        return "sign_in"
    if name == "act" and sent and found.kwargs["verb"] in UPLOADING:
        return "upload"
    return "scan" if name == "scan" else "page"


def asker_of(request: HttpRequest) -> str:
    """The signed-in account, else the address."""
    user = getattr(request, "user", None)
    return f"account {user.pk}" if user is not None and user.is_authenticated else address_of(request)


def address_of(request: HttpRequest) -> str:
    """Where the request comes from, as the outermost of our own proxies saw it; of IPv6 the network, which is one asker's.

    Whatever a browser itself writes into X-Forwarded-For stands before what our proxies add, and is not looked at.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    told = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    proxies = settings.PROXIES
    try:
        address = ip_address(told[-proxies] if 0 < proxies <= len(told) else direct)
    except ValueError:
        return direct
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def _is_rest(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _length(request: HttpRequest) -> int:
    """What the request says of its length; more than anything where it says nothing that can be read."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else LARGEST + 1


def _refused(request: HttpRequest, status: int, words: Words, **numbers: int) -> HttpResponse:
    said = Words(words.zh.format(**numbers), words.en.format(**numbers))
    if not _is_rest(request):
        return answers.bare(request, status, said)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": said.en,
        "zh": said.zh,
        "en": said.en,
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")
