"""Everybody's home: today's work of one's own role first, the clocks that run out on top."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from yimai.domain.person import Role
from yimai.interfaces.web import page
from yimai.projections.register import PersonRow

Home = Callable[[HttpRequest, PersonRow], HttpResponse]
HOMES: Final[dict[Role, Home]] = {}
"""Each role's home, in the order in which a person of several roles sees them."""


def home(request: HttpRequest, role: str = "") -> HttpResponse:
    """The home of one's role; a person of several roles may name which."""
    who = page.reader(request)
    if who is None:
        raise Http404
    own = [each for each in HOMES if each in who.roles and role in ("", each)]
    if not own:
        return redirect("today")
    return HOMES[own[0]](request, who)
