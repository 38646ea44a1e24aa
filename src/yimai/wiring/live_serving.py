"""Keeps the live process running beside the pages (``yimai.wiring.live``)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = "127.0.0.1"
AGAIN_SECONDS: Final = 1.0
STOP_SECONDS: Final = 5.0


@contextmanager
def kept_live(url: str, secret: str, pages: int) -> Iterator[str]:
    """Run the live process for pages on this port, anew if it dies; give the address that pages follow it by.

    url: libpq URL of ``yimai_live``. secret: what signs the pages' tokens.
    YIMAI_LIVE_PORT names its port (else the one after the pages', or one that is free), YIMAI_LIVE_ADDRESS how browsers
    reach it, where a proxy stands before it.
    """
    port = int(os.environ.get("YIMAI_LIVE_PORT") or _free_port(pages + 1))
    environment = {
        **os.environ,
        "YIMAI_LIVE_DATABASE_URL": url,
        "YIMAI_LIVE_PORT": str(port),
        "YIMAI_LIVE_ORIGINS": " ".join(_origins(pages)),
        "YIMAI_SECRET_KEY": secret,
    }
    kept = _Kept(environment)
    kept.start()
    try:
        yield os.environ.get("YIMAI_LIVE_ADDRESS") or f"http://{LOOPBACK}:{port}/live"
    finally:
        kept.stop()


def _origins(pages: int) -> Iterator[str]:
    for host in (LOOPBACK, "localhost"):
        yield f"http://{host}:{pages}"
    if address := os.environ.get("YIMAI_ADDRESS"):
        parts = urlsplit(address)
        yield f"{parts.scheme}://{parts.netloc}"


def _free_port(wanted: int) -> int:
    """The wanted port if it is free, else any that is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except (OSError, OverflowError):
            probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


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
