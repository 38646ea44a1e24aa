"""What every answer tells the browser: nothing from outside, nothing inline, no frames, no referrer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static

from yimai.interfaces.web import live

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DECODER: Final = "web/decoder.js"
DECODER_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of the worker that reads camera pictures and nothing else: the one place that compiles WebAssembly."""


def policy() -> str:
    """The policy of pages; they connect to this server and to the live process, and to nobody else."""
    return f"{POLICY}; connect-src 'self' {live.origin()}".rstrip()


def content_security(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that adds the headers to every answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = DECODER_POLICY if request.path == static(DECODER) else policy()
        response["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=()"
        return response

    return answer
