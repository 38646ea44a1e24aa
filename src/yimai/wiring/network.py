"""Where the server can be reached: addresses, ports, and TLS of its own."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from yimai.wiring.problems import CommandProblem

LOOPBACK: Final = "127.0.0.1"
THREADS: Final = 8
"""Of the server of pages; each does one request at a time."""
SOON: Final = 1
"""Seconds within which this machine takes a connection from itself."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """TLS of the server's own: PEM files."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs to answer with it. Raises OSError, ssl.SSLError among them, if the files are not a pair."""
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.load_cert_chain(self.file, self.key)
        return made


@dataclass(frozen=True, slots=True)
class Place:
    """Where something listens. certificate: with TLS of its own."""

    listen: str
    port: int
    certificate: Certificate | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.certificate is not None else "http"

    @property
    def origin(self) -> str:
        """Such as https://192.0.2.10:8443, or http://localhost:8080 where only this machine is reached in the usual way."""
        host = "localhost" if self.listen == LOOPBACK else f"[{self.listen}]" if ":" in self.listen else self.listen
        return f"{self.scheme}://{host}:{self.port}"


def is_loopback(listen: str) -> bool:
    """Whether only this machine is reached. Raises CommandProblem if it is no address."""
    try:
        return listen == "localhost" or ip_address(listen).is_loopback
    except ValueError:
        raise CommandProblem(f"--listen {listen} is no IP address; write it like 192.0.2.10 or ::") from None


def is_free(listen: str, port: int) -> bool:
    """Whether one may listen there. Raises CommandProblem if the address is not this machine's."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, 0))
        except OSError as error:
            raise CommandProblem(f"--listen {listen} is no address of this machine ({error.strerror})") from None
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except (OSError, OverflowError):
            return False
    return True


def answers(listen: str, port: int) -> bool:
    """Whether somebody takes connections there; what listens on every address is asked on this machine's own."""
    try:
        socket.create_connection((listen, port), timeout=SOON).close()
    except OSError:
        return False
    return True


def some_free_port(listen: str) -> int:
    """A port that nobody listens at."""
    with socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET) as probe:
        probe.bind((listen, 0))
        return int(probe.getsockname()[1])
