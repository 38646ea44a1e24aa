"""The site's server: it can be cut off and come back on the same port, and remembers what it was asked to record."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

FOLDER = Path(__file__).parent
LONGEST = 30.0
"""How long an answer may take, in seconds; a machine may be busy."""
MIDDLEWARE = [
    "yimai.interfaces.web.headers.content_security",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tests.pages.bench_site.answers.signed_in",
]


class Threaded(ThreadingMixIn, WSGIServer):
    """Closes once every answer is given: one that is still being made would hold what its test takes away."""

    daemon_threads = True  # a browser's spare connection asks for nothing and is not waited for
    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._answering = 0
        self._changed = threading.Condition()

    def get_app(self) -> Any:
        return self._answer

    def _answer(self, environ: Any, start_response: Any) -> Any:
        self._count(1)
        try:
            application: Any = super().get_app()
            response = application(environ, start_response)
        except BaseException:
            self._count(-1)
            raise
        close = response.close

        def closed() -> None:
            try:
                close()
            finally:
                self._count(-1)

        response.close = closed
        return response

    def _count(self, change: int) -> None:
        with self._changed:
            self._answering += change
            self._changed.notify_all()

    def server_close(self) -> None:
        super().server_close()
        with self._changed:
            assert self._changed.wait_for(lambda: not self._answering, timeout=LONGEST), "an answer never came"


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@dataclass
class Records:
    """commands: what was recorded, by command. calls: every POST in order. rules: how to answer for a form, by its name."""

    commands: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    shown: int = 0

    def clear(self) -> None:
        self.commands.clear()
        self.calls.clear()
        self.rules.clear()


records = Records()


class Switched:
    """A server that may be out of reach."""

    def __init__(self) -> None:
        self.port = 0
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        if self._server is not None:
            return
        self._server = make_server("127.0.0.1", self.port, WSGIHandler(), Threaded, Quiet)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def cut(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None


@contextmanager
def serving() -> Iterator[Switched]:
    """The site on a free port of this machine."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    switched = Switched()
    templates = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [FOLDER / "templates"],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ]
    with override_settings(ROOT_URLCONF="tests.pages.bench_site.answers", TEMPLATES=templates, MIDDLEWARE=MIDDLEWARE):
        switched.start()
        try:
            yield switched
        finally:
            switched.cut()
