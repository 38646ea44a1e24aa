"""What wiring tells the accounts' door: whether the ledger is simulated, and then the demonstration's shared password."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reception:
    simulated: bool
    demo_password: str


_opened: list[Reception] = []


def open(*, simulated: bool, demo_password: str = "") -> None:
    """A demonstration's password is only ever kept for a simulated ledger."""
    _opened[:] = [Reception(simulated, demo_password if simulated else "")]


def is_simulated() -> bool:
    return bool(_opened and _opened[0].simulated)


def demo_password() -> str:
    """The password that every demonstration account shares, "" where there are none."""
    return _opened[0].demo_password if _opened else ""
