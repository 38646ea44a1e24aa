"""Signing in by identifier and password, signing out, and changing the password."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from yimai.domain.recipe import Words
from yimai.interfaces.accounts import demonstration, lockout, problems, providers, reception, sessions
from yimai.interfaces.accounts.events import note
from yimai.interfaces.accounts.gate import WhoRequest, who_is
from yimai.interfaces.accounts.models import Account


@never_cache
@login_not_required
@sensitive_post_parameters("password")
def sign_in(request: WhoRequest) -> HttpResponse:
    """Ask for identifier and password. In place (htmx) the answer is the same form, or 204 once signed in."""
    if request.method != "POST":
        if request.who is not None:
            return HttpResponseRedirect(next_page(request))
        return shown(request, None)
    found = _judge(request)
    if isinstance(found, Words):
        return shown(request, found)
    login = Login(user=found, redirect_url=next_page(request))
    answer: HttpResponse = perform_password_login(request, {"username": found.person}, login)
    if in_place(request) and request.user.is_authenticated:
        return signed_in_here(request, found)
    return answer


def _judge(request: HttpRequest) -> Account | Words:
    """Return the account that may begin a session, or what is wrong."""
    password = request.POST.get("password", "")
    account = Account.objects.of(request.POST.get("person", ""))
    if account is None:
        authenticate(request, person="", password=password)  # takes as long as for a known one
        return problems.WRONG
    return proven(request, account, password)


def proven(request: HttpRequest, account: Account, password: str, failure: str = "sign_in_failed") -> Account | Words:
    """Return the account if the password is its own and it is neither locked nor revoked, or what is wrong."""
    if until := lockout.attempt(account):
        return problems.locked(until)
    found = authenticate(request, person=account.person, password=password)
    if not isinstance(found, Account) or (found.change_by is not None and found.change_by < timezone.now()):
        lockout.failed(account, failure)
        return problems.WRONG
    lockout.passed(found)
    if who_is(found.person) is None:
        return problems.NOT_REGISTERED
    return found


def in_place(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def signed_in_here(request: HttpRequest, account: Account) -> HttpResponse:
    """Tell the page that somebody has signed in over it, and that its forms need the new session's token."""
    from django.middleware.csrf import get_token

    response = HttpResponse(status=204)
    response["HX-Trigger"] = "signed-in"
    response["X-CSRF-Token"] = get_token(request)
    response["X-Person"] = account.person
    return response


def shown(request: HttpRequest, problem: Words | None) -> HttpResponse:
    """The form for signing in."""
    context = {
        "problem": problem,
        "next": next_page(request),
        "person": request.POST.get("person", ""),
        "idle_minutes": sessions.IDLE // timedelta(minutes=1),
        "demo_people": demonstration.people(),
        "providers": providers.titles().items(),
        "demo_password": reception.demo_password(),
    }
    template = "accounts/sign_in_here.html" if in_place(request) else "accounts/sign_in.html"
    return render(request, template, context, status=422 if problem else 200)


def next_page(request: HttpRequest, else_: str = "") -> str:
    """The page that was asked for, if it is one of ours; else the one named, or one's home."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, None) and wanted.startswith("/")
    return wanted if ours else else_ or reverse("home")


@require_POST
def sign_out(request: WhoRequest) -> HttpResponse:
    assert isinstance(request.user, Account)
    note(request.user.person, "signed_out")
    logout(request)
    return HttpResponseRedirect(reverse("account_login"))


@never_cache
@sensitive_post_parameters()
def change_password(request: WhoRequest) -> HttpResponse:
    """Set a new password; every other session of the account ends."""
    account = request.user
    assert isinstance(account, Account)
    wrong: list[Words | str] = []
    if request.method == "POST":
        wrong = _changed(request, account)
        if not wrong:
            return HttpResponseRedirect(f"{reverse('mfa_index')}?changed=password")
    shown = {"problems": wrong, "must": account.change_by is not None}
    return render(request, "accounts/change_password.html", shown, status=422 if wrong else 200)


def _changed(request: WhoRequest, account: Account) -> list[Words | str]:
    given, new = request.POST.get("password", ""), request.POST.get("new", "")
    found = proven(request, account, given)
    if isinstance(found, Words):
        return [problems.NOT_FITTING if found is problems.WRONG else found]
    if new != request.POST.get("again", ""):
        return [problems.NOT_THE_SAME]
    if new == given:
        return [problems.THE_OLD_ONE]
    try:
        validate_password(new, account)
    except ValidationError as error:
        return list(error.messages)
    account.set_password(new)
    account.change_by = None
    account.save(update_fields=["password", "change_by"])
    note(account.person, "password_changed")
    update_session_auth_hash(request, account)
    request.session.save()
    sessions.end_all(account.person, but=request.session.session_key)
    return []
