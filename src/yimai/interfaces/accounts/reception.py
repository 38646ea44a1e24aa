"""What wiring tells the accounts' door: by what key secrets are kept, and whether the ledger is a demonstration's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reception:
    """secrets_key: 32 bytes under which secrets of one-time codes lie in the database."""

    simulated: bool
    demo_password: str
    secrets_key: bytes


_opened: list[Reception] = []


def open(*, simulated: bool, secrets_key: bytes, demo_password: str = "") -> None:
    """A demonstration's password is only ever kept for a simulated ledger."""
    _opened[:] = [Reception(simulated, demo_password if simulated else "", secrets_key)]


def is_simulated() -> bool:
    return bool(_opened and _opened[0].simulated)


def demo_password() -> str:
    """The password that every demonstration account shares, "" where there are none."""
    return _opened[0].demo_password if _opened else ""


def secrets_key() -> bytes:
    return _opened[0].secrets_key
