"""The administrator's pages: whose account is open, locked or revoked, and what was done about it.

An account says who signs in and nothing of what he may do: that is the register's, and records are out of reach here.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from yimai.interfaces.accounts import administered, administration, hospital_sign_in, passkeys, problems, providers
from yimai.interfaces.accounts.events import KINDS
from yimai.interfaces.accounts.gate import WhoRequest
from yimai.interfaces.accounts.models import Account, Session
from yimai.interfaces.accounts.proving import freshly_proven

DEEDS: Final = {
    "unlock": administration.unlock,
    "revoke": administration.revoke,
    "end-sessions": administration.end_sessions,
    "unbind-provider": hospital_sign_in.unbind,
}


@never_cache
def overview(request: WhoRequest) -> HttpResponse:
    text, after = request.GET.get("q", "")[:100], request.GET.get("after", "")[:100]
    people = administered.found(text.replace("\0", ""), after.replace("\0", ""))
    more = people[-1].person if len(people) == administered.PAGE else ""
    return render(request, "accounts/administration.html", {"people": people, "q": text, "more": more})


@never_cache
def one(request: WhoRequest, person: str) -> HttpResponse:
    return _shown(request, person)


def _shown(request: WhoRequest, person: str, **more: Any) -> HttpResponse:
    found = administered.one(person)
    if found is None:
        raise Http404
    assert request.who is not None
    context = {
        "found": found,
        "own": person == request.who.person,
        "bound": hospital_sign_in.bound(person),
        "providers": providers.at_site(found.site_id).items(),
        "passkeys": passkeys.on_ledger(person).items(),
        "sessions": Session.objects.filter(account_id=person).order_by("-began"),
        "events": [(each, KINDS[each.what]) for each in administered.events(person, "", 0)[:20]],
        **more,
    }
    return render(request, "accounts/administered.html", context, status=422 if more.get("problem") else 200)


@require_POST
@never_cache
@freshly_proven
def issue_password(request: WhoRequest, person: str) -> HttpResponse:
    """Make the account, or give it a new start; the one-time password is shown this once."""
    assert request.who is not None
    if person == request.who.person:
        return _shown(request, person, problem=problems.OWN_ACCOUNT)
    if administered.one(person) is None:
        raise Http404
    wholly = request.POST.get("wholly") == "yes"
    password = administration.issue_password(person, request.who.person, wholly=wholly)
    return _shown(request, person, password=password)


@require_POST
@never_cache
@freshly_proven
def bind_provider(request: WhoRequest, person: str) -> HttpResponse:
    """Let a subject of the hospital's own provider sign in as the person."""
    assert request.who is not None
    if person == request.who.person:
        return _shown(request, person, problem=problems.OWN_ACCOUNT)
    provider, subject = (request.POST.get(name, "").strip() for name in ("provider", "subject"))
    problem = hospital_sign_in.bind(person, provider, subject, request.who.person)
    if problem is not None:
        return _shown(request, person, problem=problem, subject=subject)
    return HttpResponseRedirect(reverse("account_administered", args=[person]))


@require_POST
@never_cache
@freshly_proven
def do(request: WhoRequest, person: str, deed: str) -> HttpResponse:
    assert request.who is not None
    account = Account.objects.filter(pk=person).first()
    if account is None:
        raise Http404
    if person == request.who.person:
        return _shown(request, person, problem=problems.OWN_ACCOUNT)
    DEEDS[deed](account, request.who.person)
    return HttpResponseRedirect(reverse("account_administered", args=[person]))


@never_cache
def events(request: WhoRequest) -> HttpResponse:
    """What happened to accounts, for whoever audits them."""
    person, what = request.GET.get("person", "")[:64].replace("\0", ""), request.GET.get("what", "")
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 16 else 0
    found = administered.events(person, what if what in KINDS else "", number)
    context = {
        "events": [(each, KINDS[each.what]) for each in found],
        "kinds": KINDS.items(),
        "person": person,
        "what": what,
        "more": found[-1].pk if len(found) == administered.PAGE else 0,
    }
    return render(request, "accounts/events.html", context)
