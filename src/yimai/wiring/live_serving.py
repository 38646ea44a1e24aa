"""Keeps the live process running beside the pages (``yimai.wiring.live``)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from yimai.wiring.network import LOOPBACK, Place, is_free, is_loopback, some_free_port
from yimai.wiring.problems import CommandProblem

AGAIN_SECONDS: Final = 1.0
STOP_SECONDS: Final = 5.0


@contextmanager
def kept_live(url: str, secret: str, pages: Place) -> Iterator[str]:
    """Run the live process for pages that are served there, anew if it dies; give the address that browsers follow it by.

    It listens at the pages' own address, with their certificate. url: libpq URL of ``yimai_live``. secret: what signs the
    pages' tokens. YIMAI_LIVE_PORT names its port (else the one after the pages'), YIMAI_LIVE_ADDRESS how browsers reach it
    where a proxy stands before it (else the host of YIMAI_ADDRESS). Raises CommandProblem if its port is in use.
    """
    live = Place(pages.listen, _port(pages), pages.certificate)
    environment = {
        **os.environ,
        "YIMAI_LIVE_DATABASE_URL": url,
        "YIMAI_LIVE_LISTEN": live.listen,
        "YIMAI_LIVE_PORT": str(live.port),
        "YIMAI_LIVE_CERTIFICATE": str(live.certificate.file) if live.certificate is not None else "",
        "YIMAI_LIVE_KEY": str(live.certificate.key) if live.certificate is not None else "",
        "YIMAI_LIVE_ORIGINS": " ".join(_origins(pages)),
        "YIMAI_SECRET_KEY": secret,
    }
    kept = _Kept(environment)
    kept.start()
    try:
        yield os.environ.get("YIMAI_LIVE_ADDRESS") or _address(live)
    finally:
        kept.stop()


def _address(live: Place) -> str:
    """How browsers reach it without a proxy: by the pages' name, which its certificate is for, at its own port."""
    host = urlsplit(os.environ.get("YIMAI_ADDRESS", "")).hostname
    if host is None:
        return f"{live.origin}/live"
    return f"{live.scheme}://{f'[{host}]' if ':' in host else host}:{live.port}/live"


def _origins(pages: Place) -> Iterator[str]:
    for host in (LOOPBACK, "localhost"):
        yield f"{pages.scheme}://{host}:{pages.port}"
    yield pages.origin
    if address := os.environ.get("YIMAI_ADDRESS"):
        parts = urlsplit(address)
        yield f"{parts.scheme}://{parts.netloc}"


def _port(pages: Place) -> int:
    """The named port, or the one after the pages'; where nobody but this machine must find it, any that is free will do."""
    named = os.environ.get("YIMAI_LIVE_PORT")
    wanted = int(named or pages.port + 1)
    if is_free(pages.listen, wanted):
        return wanted
    if named is None and is_loopback(pages.listen) and not os.environ.get("YIMAI_LIVE_ADDRESS"):
        return some_free_port(pages.listen)
    raise CommandProblem(f"port {wanted} is in use, at which live updates are told; name another in YIMAI_LIVE_PORT")


class _Kept(threading.Thread):
    """Starts the process, and again whenever it has ended by itself."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(name="live", daemon=True)
        self._environment, self._stopped = environment, threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        while not self._stopped.is_set():
            command = [sys.executable, "-m", "yimai.wiring.live"]
            with subprocess.Popen(command, stdin=subprocess.PIPE, env=self._environment) as process:
                self._process = process
                if self._stopped.is_set() and process.stdin is not None:
                    process.stdin.close()
                process.wait()
            self._stopped.wait(AGAIN_SECONDS)

    def stop(self) -> None:
        """Close its standard input, at which it ends."""
        self._stopped.set()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self.join(STOP_SECONDS)
