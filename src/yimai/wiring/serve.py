"""Serves the ledger to browsers, on loopback unless nothing speaks against a network."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Final

from granian.constants import Interfaces
from granian.server import Server

from yimai.wiring import demo_accounts, deploy_check, hospital_providers, house
from yimai.wiring.live_serving import kept_live
from yimai.wiring.network import LOOPBACK, THREADS, Certificate, Place, answers, is_free, is_loopback
from yimai.wiring.problems import CommandProblem
from yimai.wiring.sealing import kept_sealed

PORTS_TRIED: Final = 20
OFTEN: Final = 0.1
"""Seconds between two looks whether the worker answers."""
PATIENCE: Final = 10
"""Seconds in which a worker that is told to stop may end what it answers; a record is written whole or not at all, also then."""


def serve_folder(folder: Path, port: int, listen: str = LOOPBACK, certificate: Certificate | None = None) -> int:
    """Serve the ledger in the folder (or behind DATABASE_URL); a simulated one's clock runs on from its last entry.

    listen: beyond loopback, or behind a proxy, only where nothing speaks against it. Raises CommandProblem.
    """
    stop_on_termination()
    if not is_loopback(listen) or os.environ.get("YIMAI_TLS_PROXY") == "yes":
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


def _must_be_fit(folder: Path, certificate: Certificate | None) -> None:
    """Raises CommandProblem with everything that speaks against serving on a network."""
    here = deploy_check.installation_at(folder, certificate)
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
    """Serve until stopped; print one address, once it answers."""
    hospital_providers.providers_in(os.environ.get("YIMAI_OIDC_FILE"))  # which complains now rather than in the worker
    at = Place(listen, _free_port(listen, port), certificate)
    os.environ["YIMAI_WEB_DATABASE_URL"] = database.screen_url
    os.environ["YIMAI_WEB_APP_DATABASE_URL"] = database.app_url
    os.environ["YIMAI_WEB_FOLDER"] = str(database.folder)
    os.environ["YIMAI_WEB_ACCOUNTS_DATABASE_URL"] = database.accounts_url
    os.environ["YIMAI_WEB_HOST"] = listen if is_loopback(listen) else ""
    os.environ["YIMAI_SECRET_KEY"] = house.secret_key(database)
    os.environ["YIMAI_DEMO_PASSWORD"] = demo_accounts.open_demonstration(database) if offset is not None else ""
    os.environ["YIMAI_CLOCK_OFFSET"] = str(offset.total_seconds()) if offset is not None else ""
    server = Server(
        "yimai.wiring.wsgi:application",
        address=listen,
        port=at.port,
        ssl_cert=certificate.file if certificate is not None else None,
        ssl_key=certificate.key if certificate is not None else None,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        workers_kill_timeout=PATIENCE,
        log_enabled=False,
        websockets=False,
    )
    with kept_live(database.live_url, house.secret_key(database), at) as address:
        os.environ["YIMAI_WEB_LIVE_ADDRESS"] = address
        Thread(target=_say_once_open, args=(at,), daemon=True).start()
        server.serve()
    return 0


def _say_once_open(at: Place) -> None:
    """Before that a browser would be refused."""
    while not answers(at.listen, at.port):
        time.sleep(OFTEN)
    _say(at)


def _say(at: Place) -> None:
    print(f"\n  Yimai 一脉   {at.origin}/   (Ctrl-C stops)\n", flush=True)
    if address := os.environ.get("YIMAI_ADDRESS"):
        print(f"  Browsers reach it at {address}\n", flush=True)
    if shared := os.environ["YIMAI_DEMO_PASSWORD"]:
        print(f"  Sign in as any simulated person; the password of all of them is {shared}\n", flush=True)


def _free_port(listen: str, wanted: int) -> int:
    """Return the wanted port, or the next one that is free at this address."""
    for port in range(wanted, wanted + PORTS_TRIED):
        if is_free(listen, port):
            if port != wanted:
                print(f"Port {wanted} is in use; taking {port}.", file=sys.stderr)
            return port
    raise CommandProblem(f"ports {wanted} to {wanted + PORTS_TRIED - 1} are all in use; name another with --port")
