"""What wiring gives the labels' door: cursors that see what the signed-in person may see, the vault's patients, the clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from yimai.projections.register import PersonRow

Reading = Callable[[PersonRow | None], AbstractContextManager[psycopg.Cursor[Any]]]
PatientOf = Callable[[psycopg.Cursor[Any], str], bytes | None]


@dataclass(frozen=True, slots=True)
class Window:
    """reading: a cursor for that person. patient: a treatment's patient as the vault keeps him, if the reader may know."""

    reading: Reading
    patient: PatientOf
    clock: Callable[[], datetime]


_opened: list[Window] = []


def open(window: Window) -> None:
    """Let the door read through this window."""
    _opened[:] = [window]


def opened() -> Window:
    if not _opened:
        raise RuntimeError("the labels' window is not open: wiring calls window.open(…) first")
    return _opened[0]
