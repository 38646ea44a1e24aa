"""Answers that belong to no noun: where nothing is, what is closed to the reader, and whether the server is well."""

from __future__ import annotations

from typing import Final

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import activate, get_language_from_path, get_language_from_request

from yimai.domain.identifier import noun_of
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.interfaces.web import page, window

UNREADABLE: Final = Words(
    "无法理解此请求，未作任何记录。请返回上一页重试。",
    "This request could not be understood, and nothing was recorded. Go back and try again.",
)
FORBIDDEN: Final = Words(
    "您无权进行此操作，未作任何记录。如有需要请联系管理员。",
    "This is not open to you, and nothing was recorded. Ask the administrator if it should be.",
)
FORGED: Final = Words(
    "此表单已过期或不是从本系统发出，未作任何记录。请返回、重新加载页面后再试。",
    "This form has expired or did not come from here, and nothing was recorded. Go back, load the page anew and try again.",
)
PREPARING: Final = Words(
    "排程程序正在准备（每个版本首次启动约需一分钟），本页会自动刷新。",
    "The planner is being prepared, for about a minute after the first start of a version. This page loads itself anew.",
)
AGAIN: Final = 5
"""Seconds until then."""
FAILED: Final = Words(
    "服务器出错，未作任何记录。您填写的内容仍在上一页；请返回重试，如再次出错请联系管理员。",
    "The server failed, and nothing was recorded. What you typed is still on the page before; go back and try again. "
    "If it fails again, tell the administrator.",
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say in the reader's language that there is nothing here, and offer the search; of a label, what to do with the item."""
    activate(get_language_from_path(request.path_info) or get_language_from_request(request))
    asked = request.resolver_match.kwargs.get("identifier", "") if request.resolver_match else ""
    with window.reading(page.reader(request)) as cursor:
        return page.show(request, cursor, "not_found", {"identifier": asked if noun_of(asked) else ""}, status=404)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Say why the page is closed to the reader, and whom to ask."""
    activate(get_language_from_path(request.path_info) or get_language_from_request(request))
    with window.reading(page.reader(request)) as cursor:
        return page.show(request, cursor, "refused", {"refusal": refusal}, status=403)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request could not be understood, and that nothing was written."""
    return bare(request, 400, UNREADABLE)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that this is closed to the reader."""
    return bare(request, 403, FORBIDDEN)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that what was sent bore no valid token against forged requests."""
    return bare(request, 403, FORGED)


def failed(request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours; nothing of the request or of the failure stands on the page."""
    return bare(request, 500, FAILED)


def preparing(request: HttpRequest) -> HttpResponse:
    """Say that the planner cannot be asked yet; the browser asks again by itself."""
    answer = bare(request, 503, PREPARING)
    answer["Refresh"] = answer["Retry-After"] = str(AGAIN)
    return answer


def bare(request: HttpRequest, status: int, words: Words) -> HttpResponse:
    """A page that needs neither database nor session: they may be what failed."""
    activate(get_language_from_path(request.path_info) or get_language_from_request(request))
    return render(request, "web/failed.html", {"words": words, "status": status}, status=status)


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """200 if the database answers, else 503; for machines, without a language."""
    try:
        with window.reading(None) as cursor:
            cursor.execute("SELECT 1 FROM ledger.identity").fetchone()
    except psycopg.Error:
        return JsonResponse({"database": "unavailable"}, status=503)
    return JsonResponse({"database": "ok"})
