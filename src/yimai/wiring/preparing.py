"""What a page answers that asks the planner while its code is still being compiled."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from yimai.interfaces.web import answers
from yimai.planning.compiling import NotCompiled


class Preparing(MiddlewareMixin):
    """Say that the planner is being prepared, and let the page load itself anew."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answers.preparing(request) if isinstance(exception, NotCompiled) else None
