"""What wiring gives the pages to act with: the ledger that decides, the installation's secrets, and how people prove who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import HttpRequest

from yimai.domain.refusal import Refusal
from yimai.domain.signing import Evidence
from yimai.ledger.ledger import Ledger

Confirm = Callable[[HttpRequest, str, bytes, Mapping[str, str], bool], Evidence | Refusal]
"""Prove that a person signs the record (its 32-byte hash) with what was posted for him.

The last argument says whether the person signs in this session for the first time, so that all components are asked.
"""
Credentials = Callable[[str], "Means"]


@dataclass(frozen=True, slots=True)
class Means:
    """By what a person can sign: passkeys (base64url ids of the credentials), and whether a one-time code is asked."""

    passkeys: tuple[str, ...] = ()
    code: bool = False


@dataclass(frozen=True, slots=True)
class Bench:
    """secret: keys the hashes of requests. key: the server's, which signs for people who give a password."""

    ledger: Ledger
    secret: bytes
    key: Ed25519PrivateKey
    confirm: Confirm
    credentials: Credentials


_opened: list[Bench] = []


def open(bench: Bench) -> None:
    """Let the pages act through this bench."""
    _opened[:] = [bench]


def opened() -> Bench:
    if not _opened:
        raise RuntimeError("the bench is not open: wiring calls bench.open(…) first")
    return _opened[0]
