"""Answers that belong to no noun: where nothing is, what is closed to the reader, and whether the server is well."""

from __future__ import annotations

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import activate, get_language_from_path, get_language_from_request

from yimai.domain.refusal import Refusal
from yimai.interfaces.web import page, window


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say in the reader's language that there is nothing here, and offer the search."""
    activate(get_language_from_path(request.path_info) or get_language_from_request(request))
    with window.reading(page.reader(request)) as cursor:
        return page.show(request, cursor, "not_found", {}, status=404)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Say why the page is closed to the reader, and whom to ask."""
    activate(get_language_from_path(request.path_info) or get_language_from_request(request))
    with window.reading(page.reader(request)) as cursor:
        return page.show(request, cursor, "refused", {"refusal": refusal}, status=403)


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """200 if the database answers, else 503; for machines, without a language."""
    try:
        with window.reading(None) as cursor:
            cursor.execute("SELECT 1 FROM ledger.identity").fetchone()
    except psycopg.Error:
        return JsonResponse({"database": "unavailable"}, status=503)
    return JsonResponse({"database": "ok"})
