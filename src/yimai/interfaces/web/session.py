"""Who is signed in on this tablet, and the token its forms need: asked by scripts when the server is back."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from yimai.interfaces.web import page


@login_not_required
def session(request: HttpRequest) -> HttpResponse:
    """Answer ``{"person": …, "csrf": …}``; ``person`` is empty where nobody has signed in."""
    who = page.reader(request)
    answer = JsonResponse({"person": who.person if who is not None else "", "csrf": get_token(request)})
    answer["Cache-Control"] = "no-store"
    return answer
