"""What every template of every door may use: the page's frame, the reader's language, the time, what the ledger is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import translate_url

from yimai.interfaces.accounts import reception
from yimai.interfaces.web import page


def everywhere(request: HttpRequest) -> dict[str, Any]:
    other = page.other_language()
    return {
        "frame": "web/base.html",
        "navigation": page.navigation(getattr(request, "who", None)),
        "language": page.language(),
        "other_language": other,
        "other_language_name": page.LANGUAGES[other],
        "other_language_url": translate_url(request.get_full_path(), other),
        "simulated": reception.is_simulated(),
        "demo_password": reception.demo_password(),
        "now": page.now(),
    }
