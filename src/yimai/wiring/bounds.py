"""How much one may ask: the size of what is sent, and how often; each kind of request has a limit of its own."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve

from yimai.domain.recipe import Words
from yimai.interfaces.web import answers

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
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
    }
)
"""The verbs whose forms take a file."""

TOO_LARGE: Final = Words(
    "发送的内容过大（上限 {largest} kB），未作任何记录。请返回上一页，改用较小的文件后重试。",
    "What was sent is too large ({largest} kB at most), and nothing was recorded. Go back and send a smaller file.",
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


def measured(application: Application) -> Application:
    """The application, told of every request how long it is.

    A body sent in chunks, or by HTTP/2, need not say so; Django then reads nothing of it. It is read here, no further than
    the largest that any request may have and one byte more, by which ``bounded`` sees that it is too large.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("CONTENT_LENGTH"):
            body = b"".join(_parts(environ["wsgi.input"], LARGEST + 1))
            environ.update({"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)})
        return application(environ, start)

    return answer


def _parts(source: Any, most: int) -> Iterable[bytes]:
    while most > 0 and (part := source.read(min(most, 65_536))):
        most -= len(part)
        yield part


def bounded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that refuses what is too large (413) or comes too often (429), before anything of it is read.

    It stands behind the session, since who asks is the account of a session that exists; a cookie alone is anybody's
    to make up, and counts by the address it comes from.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        kind = kind_of(request)
        limit = LIMITS[kind]
        if _length(request) > limit.largest:
            return _refused(request, 413, TOO_LARGE, largest=limit.largest // 1000)
        if wait := BUCKETS[kind].take(asker_of(request), time.monotonic()):
            seconds = int(wait) + 1
            words = TOO_MANY_SIGN_INS if kind == "sign_in" else TOO_OFTEN
            response = _refused(request, 429, words, seconds=seconds)
            response["Retry-After"] = str(seconds)
            return response
        return get_response(request)

    return answer


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
    title = "Too large" if status == 413 else "Too many requests"
    body = {"type": "about:blank", "title": title, "status": status, "detail": said.en, "zh": said.zh, "en": said.en}
    return JsonResponse(body, status=status, content_type="application/problem+json")
