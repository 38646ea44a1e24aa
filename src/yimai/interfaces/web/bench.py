"""What wiring gives the pages to act with: the ledger that decides, the installation's secrets, and how people prove who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import HttpRequest

from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.domain.signing import Evidence
from yimai.ledger.entry import Checkpoint
from yimai.ledger.ledger import Ledger
from yimai.ledger.verify import FirstProblem, Verified
from yimai.projections.plan_exchange import Exchange

Confirm = Callable[[HttpRequest, str, bytes, Mapping[str, str], bool], Evidence | Refusal]
"""Prove that a person signs the record (its 32-byte hash) with what was posted for him.

The last argument says whether the person signs in this session for the first time, so that all components are asked.
"""
Credentials = Callable[[str], "Means"]
ReadFile = Callable[[str, bytes], Mapping[str, Any] | Sequence[Words]]
"""Read a ``recipe``, ``base``, ``programme``, ``roadmap``, ``register`` or ``plan`` from its file: its content (``rows`` of the last two), or every
mistake with its place."""
WriteFile = Callable[[str, Exchange], bytes]
"""Write plans and results in a form of exchange: ``iati``, ``sdmx`` or ``csvw``."""


@dataclass(frozen=True, slots=True)
class Means:
    """By what a person can sign: passkeys (base64url ids of the credentials), and whether a one-time code is asked."""

    passkeys: tuple[str, ...] = ()
    code: bool = False


def _no_files(noun: str, contents: bytes) -> Sequence[Words]:
    return (Words("此处不能读取文件。", "No files are read here."),)


def _no_writing(form: str, exchange: Exchange) -> bytes:
    raise RuntimeError("the bench writes no files: wiring tells it how")


def _no_data(treatment: str) -> None:
    raise RuntimeError("the bench has no vault: wiring gives it one")


def _no_ledger(noted: Checkpoint | None) -> Verified | FirstProblem:
    raise RuntimeError("the bench verifies nothing: wiring tells it how")


@dataclass(frozen=True, slots=True)
class Bench:
    """secret: keys the hashes of requests. key: the server's, which signs for people who give a password.

    roadmaps: the files that a planner finds, by their names.
    close_data: do to a treatment's data in the vault what the ledger says was decided about them.
    """

    ledger: Ledger
    secret: bytes
    key: Ed25519PrivateKey
    confirm: Confirm
    credentials: Credentials
    read_file: ReadFile = _no_files
    write_file: WriteFile = _no_writing
    roadmaps: Callable[[], Mapping[str, bytes]] = dict
    close_data: Callable[[str], None] = _no_data
    verify: Callable[[Checkpoint | None], Verified | FirstProblem] = _no_ledger


_opened: list[Bench] = []


def open(bench: Bench) -> None:
    """Let the pages act through this bench."""
    _opened[:] = [bench]


def opened() -> Bench:
    if not _opened:
        raise RuntimeError("the bench is not open: wiring calls bench.open(…) first")
    return _opened[0]
