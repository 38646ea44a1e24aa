"""One's own account: by what one signs in and signs, and where one is signed in."""

from __future__ import annotations

from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from yimai.domain.recipe import Words
from yimai.interfaces.accounts import administered, codes, passkeys, problems, sessions
from yimai.interfaces.accounts.adapter import SecondFactorAdapter
from yimai.interfaces.accounts.events import KINDS, note
from yimai.interfaces.accounts.gate import WhoRequest
from yimai.interfaces.accounts.models import Account, Event, Session
from yimai.interfaces.accounts.proving import freshly_proven

EVENTS_SHOWN: Final = 20
PASSKEYS_AT_MOST: Final = 10


def _account(request: WhoRequest) -> Account:
    assert isinstance(request.user, Account)
    return request.user


@never_cache
def overview(request: WhoRequest) -> HttpResponse:
    account = _account(request)
    events = Event.objects.filter(person=account.person).order_by("-at", "-id")[:EVENTS_SHOWN]
    context = {
        "found": administered.one(account.person),
        "demanded": settings.SECOND_FACTOR == "required",
        "passkeys": passkeys.of(account),
        "code": codes.of_app(account),
        "codes_left": codes.recovery_codes_left(account),
        "sessions": Session.objects.filter(account=account).order_by("-began"),
        "here": request.session.session_key,
        "events": [(each, KINDS[each.what]) for each in events],
    }
    return render(request, "accounts/own_account.html", context)


@freshly_proven
def add_passkey(request: WhoRequest) -> HttpResponse:
    """Let the browser make a passkey, and keep its public key."""
    account = _account(request)
    problem = None
    if len(passkeys.of(account)) >= PASSKEYS_AT_MOST:
        return HttpResponseRedirect(reverse("mfa_index"))
    if request.method == "POST":
        credential = passkeys.made(request.POST.get("credential", ""))
        if credential is not None:
            name = request.POST.get("name", "").strip()[:40] or f"{len(passkeys.of(account)) + 1}"
            with transaction.atomic():
                webauthn.WebAuthn.add(account, name, credential)
                note(account.person, "passkey_added")
            return HttpResponseRedirect(_after_adding(account))
        problem = problems.WRONG_PASSKEY
    context = {"problem": problem, "options": passkeys.creation_options(account)}
    return render(request, "accounts/add_passkey.html", context, status=422 if problem else 200)


def _after_adding(account: Account) -> str:
    return reverse("mfa_index" if codes.recovery_codes_left(account) is not None else "recovery_codes")


@require_POST
@freshly_proven
def remove_passkey(request: WhoRequest, number: int) -> HttpResponse:
    account = _account(request)
    found = get_object_or_404(Authenticator, pk=number, user=account, type=Authenticator.Type.WEBAUTHN)
    with transaction.atomic():
        found.delete()
        codes.forget_recovery_codes_alone(account)
        note(account.person, "passkey_removed")
    return HttpResponseRedirect(reverse("mfa_index"))


@freshly_proven
def set_up_code(request: WhoRequest) -> HttpResponse:
    """Show the secret to the person's app, and keep it once the app gives its first code."""
    account = _account(request)
    if codes.of_app(account) is not None:
        return HttpResponseRedirect(reverse("mfa_index"))
    problem: Words | None = None
    secret = totp.get_totp_secret(regenerate=request.method != "POST")
    if request.method == "POST":
        if totp.validate_totp_code(secret, request.POST.get("code", "").strip()):
            with transaction.atomic():
                totp.TOTP.activate(account, secret)
                note(account.person, "code_set_up")
            totp.clear_totp_secret(request)
            return HttpResponseRedirect(_after_adding(account))
        problem = problems.WRONG_CODE
    address = SecondFactorAdapter().build_totp_url(account, secret)
    context = {"problem": problem, "secret": _in_fours(secret), "square": _square(address)}
    return render(request, "accounts/set_up_code.html", context, status=422 if problem else 200)


@require_POST
@freshly_proven
def remove_code(request: WhoRequest) -> HttpResponse:
    account = _account(request)
    with transaction.atomic():
        Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).delete()
        codes.forget_recovery_codes_alone(account)
        note(account.person, "code_removed")
    return HttpResponseRedirect(reverse("mfa_index"))


@freshly_proven
def recovery_codes(request: WhoRequest) -> HttpResponse:
    """Make recovery codes, which are shown this once."""
    account = _account(request)
    made: list[str] = []
    if request.method == "POST":
        with transaction.atomic():
            made = codes.new_recovery_codes(account)
            note(account.person, "recovery_codes_made")
    context = {"made": [_in_fours(each) for each in made], "left": codes.recovery_codes_left(account)}
    return render(request, "accounts/recovery_codes.html", context)


@require_POST
def end_other_sessions(request: WhoRequest) -> HttpResponse:
    account = _account(request)
    if sessions.end_all(account.person, but=request.session.session_key):
        note(account.person, "sessions_ended")
    return HttpResponseRedirect(reverse("mfa_index"))


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _square(address: str) -> tuple[int, str]:
    """A QR code: its side, and the path that draws it in squares of one unit."""
    import qrcode

    drawn = qrcode.QRCode(border=2)
    drawn.add_data(address)
    rows = drawn.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return len(rows), path
