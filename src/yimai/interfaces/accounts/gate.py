"""The gate before every page: who stands at it, and that somebody must unless the view says otherwise.

A view that anybody may see is marked with Django's ``login_not_required``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from yimai.interfaces.accounts.models import Account
from yimai.interfaces.accounts.sessions import SessionStore
from yimai.projections import register
from yimai.projections.register import PersonRow

ACT: Final = "Yimai-Act"
"""The header of a form that a script sends (``docs/offline.md``)."""
WITH_A_ONE_TIME_PASSWORD: Final = ("change_password", "sign_out")
"""What somebody may do who has not yet changed the password that an administrator gave."""
TO_SET_ONE_UP: Final = (
    *WITH_A_ONE_TIME_PASSWORD,
    "mfa_index", "account_reauthenticate", "set_up_code", "add_passkey", "passkey_challenge", "recovery_codes",
)  # fmt: skip
"""What somebody may do who has no second factor yet, where the installation demands one (ASVS 5.0, 6.3.3)."""
UNATTENDED: Final = "Yimai-Unattended"
"""The header of what a page asks by itself: nobody touched anything, so the session lives no longer for it."""


class WhoRequest(HttpRequest):
    """A request behind the gate. who: the person who is signed in. session_started: when that session began."""

    who: PersonRow | None
    session_started: datetime | None
    session: SessionStore


def who_is(person: str) -> PersonRow | None:
    """The person as the ledger's register has it; None for somebody who is not registered."""
    with connection.cursor() as cursor:
        return register.people(cursor.cursor, [person]).get(person)


class Gate(MiddlewareMixin):
    """Sets ``request.who`` and ``request.session_started``, and lets nobody else pass."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: WhoRequest) -> HttpResponse:  # type: ignore[override]  # every request has an account by now
        request.who = request.session_started = None
        account = request.user
        if isinstance(account, Account):
            request.who = who_is(account.person)
            request.session_started = request.session.began
            if UNATTENDED not in request.headers:
                request.session.touch()
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self, request: WhoRequest, view: Callable[..., HttpResponse], arguments: Any, options: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True):
            return None
        if request.who is None:
            return _ask_to_sign_in(request)
        assert isinstance(request.user, Account)
        name = request.resolver_match.url_name if request.resolver_match else None
        if request.user.change_by is not None and name not in WITH_A_ONE_TIME_PASSWORD:
            return HttpResponseRedirect(reverse("change_password"))
        if settings.SECOND_FACTOR == "required" and name not in TO_SET_ONE_UP and _lacks_second_factor(request):
            return HttpResponseRedirect(reverse("mfa_index"))
        return None


def _lacks_second_factor(request: WhoRequest) -> bool:
    """Whether a password alone opened the session; a hospital's provider has asked for what the hospital asks for."""
    ways = request.session.get("account_authentication_methods", [])
    if any(each.get("method") == "socialaccount" for each in ways):
        return False
    kinds = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
    return not Authenticator.objects.filter(user=request.user, type__in=kinds).exists()


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in and back; where something was sent, ask in place, so that what was typed is not lost."""
    in_place = request.headers.get("HX-Request") == "true" or ACT in request.headers
    asked = {"next": request.get_full_path()}
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.session_key is None:
        asked["ended"] = "1"
    there = f"{reverse('account_login')}?{urlencode(asked)}"
    if request.method in ("GET", "HEAD") and not in_place:
        return HttpResponseRedirect(there)
    template = "accounts/sign_in_here.html" if in_place else "accounts/sign_in_again.html"
    response = render(request, template, {"next": request.get_full_path()}, status=401)
    response["HX-Trigger"] = "sign-in-needed"
    response["Yimai-Answer"], response["Yimai-Location"] = "sign", there
    return response
