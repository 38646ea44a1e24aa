"""Keeps sealing the ledger while it is open, so that every entry soon has a position under a Merkle root."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from yimai.ledger.ledger import Ledger

PAUSE: Final = 0.5
"""Seconds between two looks for entries without a position."""


@contextmanager
def kept_sealed(ledger: Ledger) -> Iterator[None]:
    """Seal in a thread of its own for as long as the block runs, and once more at its end.

    A database that is away for a while only delays the next seal.
    """
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(PAUSE):
            try:
                ledger.seal()
            except psycopg.OperationalError:
                continue

    thread = threading.Thread(target=work, name="sealer", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        ledger.seal()
