"""What the bench found: figures with all their runs, as a table for people and as JSON."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal

import msgspec
import psycopg
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.problems import CommandProblem

_SETTINGS: Final = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
    "data_checksums",
)


def writable(json_file: Path | None) -> None:
    """Whether the figures can be written there is known at once, not after minutes. Raises CommandProblem."""
    if json_file is None:
        return
    try:
        json_file.touch()
    except OSError as error:
        raise CommandProblem(f"{json_file} cannot be written ({error.strerror}). Name another file.") from None


@dataclass(frozen=True)
class Aim:
    """What a figure should reach: its ratio to the floor, or its value, at least; or its value at most."""

    of: Literal["ratio", "value"]
    bound: float
    at: Literal["least", "most"] = "least"

    def __str__(self) -> str:
        return f"{'≥' if self.at == 'least' else '≤'} {self.bound:,g}{' of floor' if self.of == 'ratio' else ''}"


@dataclass
class Figure:
    """One figure: its runs and, measured in turn with them, those of the floor."""

    name: str
    unit: str
    aim: Aim | None = None
    runs: list[float] = field(default_factory=list)
    floor_runs: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return median(self.runs)

    @property
    def floor(self) -> float | None:
        return median(self.floor_runs) if self.floor_runs else None

    @property
    def ratio(self) -> float | None:
        """The median of the ratios of each run to the floor beside it, so that a drifting machine does not count."""
        if not self.floor_runs:
            return None
        return median(run / floor for run, floor in zip(self.runs, self.floor_runs, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None if there is none."""
        if self.aim is None:
            return None
        reached = self.ratio if self.aim.of == "ratio" else self.value
        if reached is None:
            return None
        return reached >= self.aim.bound if self.aim.at == "least" else reached <= self.aim.bound

    def as_json(self) -> dict[str, Any]:
        return {
            "figure": self.name,
            "unit": self.unit,
            "value": round(self.value, 3),
            "runs": [round(run, 3) for run in self.runs],
            "floor": None if self.floor is None else round(self.floor, 3),
            "floor_runs": [round(run, 3) for run in self.floor_runs],
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "aim": None if self.aim is None else str(self.aim),
            "met": self.met,
        }


def machine(server: EmbeddedDatabase, file_system: str) -> dict[str, Any]:
    """What the figures depend on: processors, versions, and how durable the server's commits are."""
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT current_setting('server_version')").fetchone()
        settings = connection.execute(
            "SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", (list(_SETTINGS),)
        ).fetchall()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gib": _memory(),
        "file_system": file_system,
        "python": platform.python_version(),
        "postgresql": row[0] if row else "",
        "settings": dict(settings),
    }


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return None


def show(figures: list[Figure], facts: dict[str, Any], console: Console) -> None:
    """Print the figures, and on what they were measured."""
    show_table(figures, console)
    where = f"{facts['system']}, {facts['cores']} cores, {facts['file_system']}"
    settings = facts["settings"]
    durable = f"fsync {settings['fsync']}, synchronous_commit {settings['synchronous_commit']}"
    console.print(f"{where}; Python {facts['python']}, PostgreSQL {facts['postgresql']}, {durable}")


def show_table(figures: list[Figure], console: Console) -> None:
    """Print the figures beside their floor and their aims."""
    table = Table(box=SIMPLE)
    table.add_column("figure (medians)", no_wrap=True)
    for title in ("value", "floor", "ratio", "aim"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{_number(figure.value)} {figure.unit}",
            "" if figure.floor is None else _number(figure.floor),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.aim is None else str(figure.aim),
            {None: "", True: "met", False: "missed"}[figure.met],
        )
    console.print(table)


def write(figures: list[Figure], facts: dict[str, Any], file: Path) -> None:
    """Write the figures with all their runs. Raises OSError."""
    content = {**facts, "figures": [figure.as_json() for figure in figures]}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
