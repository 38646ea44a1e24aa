"""What lets a tablet go on when the server is out of reach: the service worker, the page it falls back on, pages it may keep.

The agreement with the scripts is ``docs/offline.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import override

from yimai.interfaces.web import page, window
from yimai.interfaces.web.templatetags.assets import asset
from yimai.interfaces.web.templatetags.tablet import SCRIPTS

P = ParamSpec("P")
WORKER: Final = "web/sw.js"


def kept(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page of the bench: its reader's tablet may show it again while the server is out of reach."""

    @wraps(view)
    def answer(request: HttpRequest, /, *arguments: P.args, **options: P.kwargs) -> HttpResponse:
        response = view(request, *arguments, **options)
        who = page.reader(request)
        if who is not None and request.method == "GET" and response.status_code == 200:
            response["Yimai-Keep"] = who.person
        return response

    return answer


@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """The worker's script, at the root so that it sees every page; it changes whenever one of our files does."""
    shell = []
    for language in page.LANGUAGES:
        with override(language):
            shell.append(reverse("offline"))
    head = f"const VERSION = {json.dumps(_version())};\nconst SHELL = {json.dumps(shell)};\n"
    response = HttpResponse(head + _worker(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """The page shown in place of one that was not kept; it holds no record."""
    with window.reading(None) as cursor:
        return page.show(request, cursor, "offline", {})


@cache
def _worker() -> str:
    found = finders.find(WORKER)
    if not isinstance(found, str):
        raise FileNotFoundError(WORKER)
    return Path(found).read_text(encoding="utf-8")


@cache
def _version() -> str:
    """Changes with every file of ours that the offline page needs, and with the page itself."""
    files = [
        Path(__file__).parent / "templates" / "web" / f"{name}.html" for name in ("base", "offline", "tablet_words")
    ]
    files += sorted((Path(__file__).parent / "locale").rglob("*.mo"))
    digest = hashlib.sha256("".join(asset(name) for name in ("web/yimai.css", *SCRIPTS)).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
