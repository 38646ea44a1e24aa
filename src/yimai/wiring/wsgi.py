"""What the WSGI server runs in its worker: the pages, with a window to read by and a bench to act at.

YIMAI_WEB_DATABASE_URL: libpq URL of the screens' role, YIMAI_WEB_APP_DATABASE_URL: of the role that decides,
YIMAI_WEB_ACCOUNTS_DATABASE_URL: of the accounts' role. YIMAI_WEB_FOLDER: the data folder, where keys may lie.
YIMAI_SECRET_KEY: what signs sessions. YIMAI_DEMO_PASSWORD: which the demonstration's accounts share, or "".
YIMAI_WEB_LIVE_ADDRESS: where pages follow the record. YIMAI_WEB_HOST: the address of this machine's own that is listened at, or "".
YIMAI_CLOCK_OFFSET: seconds from this machine's clock to a simulated ledger's, or "" where the real time counts.
"""

from __future__ import annotations

import atexit
import gc
import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from psycopg_pool import ConnectionPool

from yimai.interfaces.accounts import reception
from yimai.interfaces.files import exchange
from yimai.interfaces.labels import window as labels_window
from yimai.interfaces.rest import desk
from yimai.interfaces.rest.desk import Desk
from yimai.interfaces.web import bench, live, window
from yimai.interfaces.web.bench import Bench, Means
from yimai.planning import compiling
from yimai.store.vault import VaultProblem, wrapping_key_in
from yimai.wiring import account_database, compiled_code, content_files, hospital_providers, house, personal_data

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
application = get_wsgi_application()

COLLECTING: Final = (50_000, 20, 50)
"""New objects until a pass over the youngest, and such passes until one over the older: a plan of 1,000 treatments makes 200,000 in one page."""


def _patient(cursor: psycopg.Cursor[Any], treatment: str) -> bytes | None:
    """The treatment's patient as the vault keeps him, if the cursor's reader may know."""
    try:
        return window.vault_of(cursor).read(treatment, "patient")
    except VaultProblem:
        return None


def _open_window(database: house.Database, offset: timedelta | None) -> None:
    pool = ConnectionPool(database.screen_url, min_size=1, max_size=8, kwargs={"autocommit": True}, open=True)
    key = wrapping_key_in(house.key_file(database.folder))
    window.open(pool, lambda: datetime.now(UTC) + (offset or timedelta()), key)
    labels_window.open(labels_window.Window(window.reading, _patient, window.now))
    live.open(os.environ.get("YIMAI_WEB_LIVE_ADDRESS", ""))
    account_database.use(database.accounts_url)
    reception.open(
        simulated=offset is not None,
        secrets_key=digest(key, b"yimai one-time codes", sha256),
        demo_password=os.environ.get("YIMAI_DEMO_PASSWORD", ""),
    )


def open_bench(database: house.Database, offset: timedelta | None, held: ExitStack) -> None:
    """Let people act on the ledger for as long as ``held`` is open."""
    from yimai.interfaces.accounts import confirming

    clock = (lambda: datetime.now(UTC) + offset) if offset is not None else None
    opened = held.enter_context(house.open_house(database, simulated=offset is not None, clock=clock))
    bench.open(
        Bench(
            opened.ledger,
            opened.secret,
            opened.signing_key,
            confirming.confirm,
            lambda person: Means(*confirming.means(person)),
            content_files.read,
            exchange.write,
            content_files.roadmaps,
            lambda treatment: personal_data.follow(opened, treatment),
            lambda noted: house.verify_ledger(database, noted),
        )
    )
    desk.open(Desk(opened.ledger, opened.secret, opened.signing_key, confirming.confirm, window.reading))


def settle() -> None:
    """Load every page's code, and let the garbage collector pass over it: a whole pass takes longer than a page may."""
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTING)


def _open(url: str) -> None:
    seconds = os.environ.get("YIMAI_CLOCK_OFFSET")
    offset = timedelta(seconds=float(seconds)) if seconds else None
    settings.SECRET_KEY = os.environ["YIMAI_SECRET_KEY"]  # the settings may have been read before it was known
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *os.environ.get("YIMAI_WEB_HOST", "").split()]
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": hospital_providers.providers_in(os.environ.get("YIMAI_OIDC_FILE"))}
    }
    database = house.Database(
        owner_url="",
        app_url=os.environ["YIMAI_WEB_APP_DATABASE_URL"],
        sealer_url="",
        folder=Path(os.environ["YIMAI_WEB_FOLDER"]),
        embedded=None,
        accounts_url=os.environ["YIMAI_WEB_ACCOUNTS_DATABASE_URL"],
        screen_url=url,
    )
    _open_window(database, offset)
    held = ExitStack()
    atexit.register(held.close)
    open_bench(database, offset, held)
    compiled_code.choose_folder()
    compiling.ask_first(compiled_code.is_ready)
    settle()


if url := os.environ.get("YIMAI_WEB_DATABASE_URL"):
    _open(url)
