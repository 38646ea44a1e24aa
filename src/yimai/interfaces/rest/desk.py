"""What wiring gives the REST interface: where facts are decided and read, and how people prove who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import HttpRequest

from yimai.domain.refusal import Refusal
from yimai.domain.signing import Evidence
from yimai.ledger.ledger import Ledger
from yimai.projections.register import PersonRow


@dataclass(frozen=True, slots=True)
class Desk:
    """secret, key, confirm: as for the pages (``interfaces/web/bench.py``). reading: a cursor that sees what a person may see."""

    ledger: Ledger
    secret: bytes
    key: Ed25519PrivateKey
    confirm: Callable[[HttpRequest, str, bytes, Mapping[str, str], bool], Evidence | Refusal]
    reading: Callable[[PersonRow | None], AbstractContextManager[psycopg.Cursor[Any]]]


_opened: list[Desk] = []


def open(desk: Desk) -> None:
    """Let the interface act and read through this desk."""
    _opened[:] = [desk]


def opened() -> Desk:
    if not _opened:
        raise RuntimeError("the desk is not open: wiring calls desk.open(…) first")
    return _opened[0]
