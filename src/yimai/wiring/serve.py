"""Serves the ledger to browsers on loopback."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from granian.constants import Interfaces
from granian.server import Server

from yimai.wiring import demo_accounts, deploy_check, hospital_providers, house
from yimai.wiring.live_serving import kept_live
from yimai.wiring.problems import CommandProblem
from yimai.wiring.sealing import kept_sealed

LOOPBACK: Final = "127.0.0.1"
PORTS_TRIED: Final = 20


@dataclass(frozen=True, slots=True)
class Certificate:
    """TLS of the server's own: PEM files."""

    file: Path
    key: Path


def serve_folder(folder: Path, port: int, listen: str = LOOPBACK, certificate: Certificate | None = None) -> int:
    """Serve the ledger in the folder (or behind DATABASE_URL); a simulated one's clock runs on from its last entry.

    listen: beyond loopback only where nothing speaks against it. Raises CommandProblem.
    """
    stop_on_termination()
    if not is_loopback(listen):
        _must_be_fit(folder, certificate)
    database = house.open_database(folder, progress=print)
    try:
        offset = clock_offset(database)
        with (
            house.open_house(database, simulated=offset is not None, clock=shifted_clock(offset)) as opened,
            kept_sealed(opened.ledger),
        ):
            return serve(database, port, offset, listen, certificate)
    finally:
        database.stop()


def is_loopback(listen: str) -> bool:
    """Whether only this machine is reached. Raises CommandProblem if it is no address."""
    try:
        return listen == "localhost" or ip_address(listen).is_loopback
    except ValueError:
        raise CommandProblem(f"--listen {listen} is no IP address; write it like 192.0.2.10 or ::") from None


def _must_be_fit(folder: Path, certificate: Certificate | None) -> None:
    """Raises CommandProblem with everything that speaks against serving on a network."""
    here = deploy_check.installation_at(folder, certificate=certificate is not None)
    if found := deploy_check.shortcomings(here):
        listed = "\n".join(f"- {each.what}: {each.mend}" for each in found)
        raise CommandProblem(f"This installation must not be reached over a network yet:\n{listed}")


def stop_on_termination() -> None:
    """Let SIGTERM end the program as Ctrl-C does, so that what was started is stopped."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def clock_offset(database: house.Database) -> timedelta | None:
    """How far a simulated ledger's clock is from this machine's; None for a ledger that is not simulated, or none yet."""
    last = house.last_recorded(database)
    if last is None or not house.is_simulated(database):
        return None
    return last - datetime.now(UTC)


def shifted_clock(offset: timedelta | None) -> Callable[[], datetime] | None:
    """Return a simulated ledger's running clock, or None where the database's clock counts."""
    return (lambda: datetime.now(UTC) + offset) if offset is not None else None


def serve(
    database: house.Database,
    port: int,
    offset: timedelta | None,
    listen: str = LOOPBACK,
    certificate: Certificate | None = None,
) -> int:
    """Serve until stopped; print one address."""
    hospital_providers.providers_in(os.environ.get("YIMAI_OIDC_FILE"))  # which complains now rather than in the worker
    free = _free_port(port)
    os.environ["YIMAI_WEB_DATABASE_URL"] = database.screen_url
    os.environ["YIMAI_WEB_APP_DATABASE_URL"] = database.app_url
    os.environ["YIMAI_WEB_FOLDER"] = str(database.folder)
    os.environ["YIMAI_WEB_ACCOUNTS_DATABASE_URL"] = database.accounts_url
    os.environ["YIMAI_SECRET_KEY"] = house.secret_key(database)
    os.environ["YIMAI_DEMO_PASSWORD"] = demo_accounts.open_demonstration(database) if offset is not None else ""
    os.environ["YIMAI_CLOCK_OFFSET"] = str(offset.total_seconds()) if offset is not None else ""
    print(f"\n  Yimai 一脉   http://localhost:{free}/   (Ctrl-C stops)\n", flush=True)
    if shared := os.environ["YIMAI_DEMO_PASSWORD"]:
        print(f"  Sign in as any simulated person; the password of all of them is {shared}\n", flush=True)
    server = Server(
        "yimai.wiring.wsgi:application",
        address=listen,
        port=free,
        ssl_cert=certificate.file if certificate is not None else None,
        ssl_key=certificate.key if certificate is not None else None,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        log_enabled=False,
        websockets=False,
    )
    with kept_live(database.live_url, house.secret_key(database), free) as address:
        os.environ["YIMAI_WEB_LIVE_ADDRESS"] = address
        server.serve()
    return 0


def _free_port(wanted: int) -> int:
    """Return the wanted port, or the next one that is free."""
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            if port != wanted:
                print(f"Port {wanted} is in use; taking {port}.", file=sys.stderr)
            return port
    raise CommandProblem(f"ports {wanted} to {wanted + PORTS_TRIED - 1} are all in use; name another with --port")
