"""Signing in through a hospital's own OpenID Connect provider.

The provider tells a *subject*; an administrator has bound it to a person beforehand. Nobody is let in, or bound, by a name or
an address that a provider states, and of what else it tells nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.views.decorators.cache import never_cache

from yimai.domain.recipe import Words
from yimai.interfaces.accounts import lockout, problems, providers
from yimai.interfaces.accounts.events import note
from yimai.interfaces.accounts.gate import who_is
from yimai.interfaces.accounts.models import Account
from yimai.interfaces.accounts.sign_in import next_page, shown

_LANGUAGE: Final = "language_at_sign_in"
"""The session's note of the reader's language: the address that a provider leads back to names none."""


class HospitalAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # django-allauth has no types
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Mapping[str, Any]) -> Any:
        """Nothing that a provider states makes or finds an account."""
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let in whom an administrator has bound to this subject, at one of the provider's sites."""
        bound = sociallogin.account
        if bound.pk is None or sociallogin.state.get("process") != "login":
            _refuse(request, problems.UNKNOWN_SUBJECT)
        SocialAccount.objects.filter(pk=bound.pk).update(extra_data={})
        account: Account = bound.user
        if until := lockout.locked_until(account):
            _refuse(request, problems.locked(until))
        who = who_is(account.person)
        if not account.is_active or who is None or who.site not in providers.sites_of(bound.provider):
            _refuse(request, problems.UNKNOWN_SUBJECT)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **told: Any) -> None:
        _refuse(request, problems.NOT_LET_IN)


def _refuse(request: HttpRequest, problem: Words) -> NoReturn:
    raise ImmediateHttpResponse(shown(request, problem))


@never_cache
@login_not_required
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider."""
    return _asked(request, views.login, provider_id)


@never_cache
@login_not_required
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider leads back to."""
    return _asked(request, views.callback, provider_id)


def _asked(request: HttpRequest, view: Any, provider_id: str) -> HttpResponse:
    if provider_id not in providers.titles():
        raise Http404(provider_id)
    if view is views.login:  # which takes more than that from an address, such as what is asked of the provider
        page = next_page(request)
        request.GET = QueryDict(urlencode({"next": page}))
        request.session[_LANGUAGE] = translation.get_language_from_path(page) or translation.get_language()
    answer: HttpResponse
    with translation.override(request.session.get(_LANGUAGE) or translation.get_language()):
        try:
            answer = view(request, provider_id)
        except ImmediateHttpResponse as early:
            answer = early.response
        except requests.RequestException:
            answer = shown(request, problems.PROVIDER_SILENT)
    return answer


def bind(person: str, provider: str, subject: str, by: str) -> Words | None:
    """Let this subject sign in as the person; the account is made if there is none. Return what is wrong, or None."""
    who = who_is(person)
    if (
        who is None
        or provider not in providers.at_site(who.site)
        or not subject.isprintable()
        or not 0 < len(subject) <= 191
    ):
        return problems.CANNOT_BIND
    try:
        with transaction.atomic():
            account = Account.objects.filter(pk=person).first()
            if account is None:
                account = Account(person=person)
                account.set_unusable_password()
                account.save()
                note(person, "made", by)
            SocialAccount.objects.filter(user=account, provider=provider).delete()
            SocialAccount.objects.create(user=account, provider=provider, uid=subject)
            note(person, "provider_bound", by)
    except IntegrityError:
        return problems.SUBJECT_TAKEN
    return None


def unbind(account: Account, by: str) -> None:
    """End every sign-in through a provider."""
    if SocialAccount.objects.filter(user=account).delete()[0]:
        note(account.person, "provider_unbound", by)


def bound(person: str) -> list[tuple[Words, str]]:
    """Through which providers the person signs in, and as which subject."""
    titles = providers.titles()
    found = SocialAccount.objects.filter(user_id=person).order_by("provider")
    return [(titles.get(each.provider, Words(each.provider, each.provider)), each.uid) for each in found]
