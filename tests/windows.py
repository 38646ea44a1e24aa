"""The pages' window and bench on a test's own database, put back afterwards: tests of one process share them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg_pool import ConnectionPool

from yimai.interfaces.web import bench, window
from yimai.interfaces.web.bench import Bench


@contextmanager
def opened_window(
    pool: ConnectionPool[Any], clock: Callable[[], datetime], wrapping_key: bytes = b""
) -> Iterator[None]:
    """The window on this pool for as long as the block runs."""
    before = window._opened[:]
    window.open(pool, clock, wrapping_key)
    try:
        yield
    finally:
        window._opened[:] = before


@contextmanager
def opened_bench(opened: Bench) -> Iterator[None]:
    """This bench for as long as the block runs."""
    before = bench._opened[:]
    bench.open(opened)
    try:
        yield
    finally:
        bench._opened[:] = before
