"""What the WSGI server runs in its worker: the pages, with a window on the database that the environment names.

YIMAI_WEB_DATABASE_URL: libpq URL of the screens' role, YIMAI_WEB_ACCOUNTS_DATABASE_URL: of the accounts' role.
YIMAI_WEB_KEY_FILE: where the vault's wrapping key lies.
YIMAI_CLOCK_OFFSET: seconds from this machine's clock to a simulated ledger's, or "" where the real time counts.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.core.wsgi import get_wsgi_application
from psycopg_pool import ConnectionPool

from yimai.interfaces.accounts import reception
from yimai.interfaces.labels import window as labels_window
from yimai.interfaces.web import window
from yimai.store.vault import VaultProblem, wrapping_key_in
from yimai.wiring import account_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
application = get_wsgi_application()


def _patient(cursor: psycopg.Cursor[Any], treatment: str) -> bytes | None:
    """The treatment's patient as the vault keeps him, if the cursor's reader may know."""
    try:
        return window.vault_of(cursor).read(treatment, "patient")
    except VaultProblem:
        return None


def _open_window(url: str, accounts_url: str, offset: timedelta | None) -> None:
    pool = ConnectionPool(url, min_size=1, max_size=8, kwargs={"autocommit": True}, open=True)
    key = wrapping_key_in(Path(os.environ["YIMAI_WEB_KEY_FILE"]))
    window.open(pool, lambda: datetime.now(UTC) + (offset or timedelta()), key)
    labels_window.open(labels_window.Window(window.reading, _patient, window.now))
    account_database.use(accounts_url)
    reception.open(simulated=offset is not None, demo_password=os.environ.get("YIMAI_DEMO_PASSWORD", ""))


if url := os.environ.get("YIMAI_WEB_DATABASE_URL"):
    seconds = os.environ.get("YIMAI_CLOCK_OFFSET")
    _open_window(
        url, os.environ["YIMAI_WEB_ACCOUNTS_DATABASE_URL"], timedelta(seconds=float(seconds)) if seconds else None
    )
