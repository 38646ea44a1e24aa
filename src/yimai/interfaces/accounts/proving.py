"""Proving once more who one is: the second step of signing in, and before one's own means of signing in are changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from yimai.domain.recipe import Words
from yimai.interfaces.accounts import codes, lockout, passkeys, problems
from yimai.interfaces.accounts.gate import WhoRequest, who_is
from yimai.interfaces.accounts.models import Account
from yimai.interfaces.accounts.sign_in import next_page, proven


@never_cache
@login_not_required
def passkey_challenge(request: HttpRequest) -> HttpResponse:
    """What a passkey is to answer next in this session."""
    return JsonResponse({"challenge": passkeys.challenge(request)})


@never_cache
@login_not_required
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey alone: it holds the identifier, and verified its user."""
    given = passkeys.answered_here(request, None, request.POST.get("credential", ""))
    if given is None or not given.authenticator.user.is_active:
        return _sign_in_again(request, problems.WRONG_PASSKEY)
    account = given.authenticator.user
    if account.locked_until is not None and (until := lockout.locked_until(account)):
        return _sign_in_again(request, problems.locked(until))
    if who_is(account.person) is None:
        return _sign_in_again(request, problems.NOT_REGISTERED)
    login = Login(user=account, redirect_url=next_page(request))
    answer: HttpResponse = perform_passwordless_login(request, given.authenticator, login)
    return answer


def _sign_in_again(request: HttpRequest, problem: Words) -> HttpResponse:
    from yimai.interfaces.accounts.sign_in import shown

    return shown(request, problem)


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]  # django-allauth has no types
@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """After the password: a one-time code, a recovery code or a passkey."""
    stage: Any = request._login_stage  # type: ignore[attr-defined]  # which allauth's decorator puts there
    account: Account = stage.login.user
    problem = None
    if request.method == "POST":
        judged = _second(request, account)
        if isinstance(judged, Authenticator):
            post_authentication(request, judged)
            answer: HttpResponse = stage.exit()
            return answer
        problem = judged
    context = {"problem": problem, "passkeys": passkeys.credential_ids(account), "has_code": _has_code(account)}
    return render(request, "accounts/second_step.html", context, status=422 if problem else 200)


def _second(request: HttpRequest, account: Account) -> Authenticator | Words:
    if until := lockout.attempt(account):
        return problems.locked(until)
    found: Authenticator | None
    if answer := request.POST.get("credential"):
        given = passkeys.answered_here(request, account, answer)
        found, problem = given and given.authenticator, problems.WRONG_PASSKEY
    else:
        found, problem = codes.fitting(account, request.POST.get("code", "").strip()), problems.WRONG_CODE
    if found is None:
        lockout.failed(account)
        return problem
    lockout.passed(account)
    return found


def _has_code(account: Account) -> bool:
    return codes.asked_of(account) or bool(codes.recovery_codes_left(account))


@never_cache
@sensitive_post_parameters("password")
def prove(request: WhoRequest) -> HttpResponse:
    """Ask the person of this session for the password or a passkey, then lead on."""
    account = request.user
    assert isinstance(account, Account)
    problem = None
    if request.method == "POST":
        judged = _proved(request, account)
        if judged is None:
            return HttpResponseRedirect(next_page(request))
        problem = judged
    context = {"problem": problem, "passkeys": passkeys.credential_ids(account), "next": next_page(request)}
    return render(request, "accounts/prove.html", context, status=422 if problem else 200)


def _proved(request: WhoRequest, account: Account) -> Words | None:
    if answer := request.POST.get("credential"):
        given = passkeys.answered_here(request, account, answer)
        if given is None:
            return problems.WRONG_PASSKEY
        post_authentication(request, given.authenticator, reauthenticated=True)
        return None
    found = proven(request, account, request.POST.get("password", ""))
    if isinstance(found, Words):
        return problems.NOT_FITTING if found is problems.WRONG else found
    record_authentication(request, account, method="password", reauthenticated=True)
    return None


def freshly_proven(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view before which the person has proved again, within minutes, who he is."""

    @never_cache
    @wraps(view)
    def asked(request: WhoRequest, *arguments: Any, **options: Any) -> HttpResponse:
        if not did_recently_reauthenticate(request):
            back = request.get_full_path() if request.method == "GET" else next_page(request, reverse("mfa_index"))
            return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")
        return view(request, *arguments, **options)

    return asked
