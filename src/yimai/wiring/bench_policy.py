"""``yimai bench policy``: hold times that run out under uncertain growth, reserve on reveal beside a fixed timetable, same staff."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from yimai.interfaces.files.reading import read_base, read_recipe
from yimai.planning.build import Horizon, OrderBook
from yimai.planning.order import Order
from yimai.wiring import demo
from yimai.wiring.bench_report import writable
from yimai.wiring.policy_command import STAFFS, Compared, as_json, compared, show

BEGINS: Final = datetime(2026, 3, 2, tzinfo=UTC)
EVERY: Final = timedelta(hours=30)
TICK: Final = timedelta(minutes=10)
"""Finer than a timetable's: on a grid of half hours two steps of 45 minutes fill a hold time of two hours, and every slow one breaks it."""
AIM: Final = 0.2


@dataclass(frozen=True)
class Sizes:
    """batches: ordered every 30 hours, as many as the demonstration's base can make. moves: of each timetable's search."""

    batches: int
    replications: int
    moves: int


USUAL: Final = Sizes(100, 20, 20_000)
QUICK: Final = Sizes(4, 2, 50)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code. Raises CommandProblem."""
    sizes = QUICK if quick else USUAL
    writable(json_file)
    console = Console(width=None if sys.stdout.isatty() else 130)
    with console.status("Planning and letting it happen …"):
        found = compared(book(sizes.batches, TICK), sizes.replications, 1, sizes.moves)
    show(found, console)
    ratios = {staff: _ratios([each for each in found if each.staff == staff]) for staff in STAFFS}
    for staff, by_quantile in ratios.items():
        told = ", ".join(f"q{100 * quantile:.0f} {ratio:.2f}" for quantile, ratio in by_quantile.items())
        console.print(f"reserve on reveal / all booked, operators {staff}: {told} (aim ≤ {AIM} with the same staff)")
    if json_file is not None:
        content = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "kind": "quick: too short to be read as figures" if quick else "usual",
            "system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count(), "python": platform.python_version(),
            "batches": sizes.batches, "replications": sizes.replications, "moves": sizes.moves,
            "ratios": {staff: {str(q): round(ratio, 3) for q, ratio in each.items()} for staff, each in ratios.items()},
            "rows": as_json(found),
        }  # fmt: skip
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 0


def book(batches: int, tick: timedelta) -> OrderBook:
    """Orders at the demonstration's base, one every 30 hours, each fifth urgent."""
    recipe, base = read_recipe(demo.RECIPE).recipe, read_base(demo.BASE).base
    orders = []
    for number in range(batches):
        ready = BEGINS + number * EVERY
        hospital = base.hospitals[number % len(base.hospitals)].id
        urgency = "routine" if number % 5 else "urgent"
        orders.append((Order(f"T{number}", hospital, urgency, ready, ready + timedelta(days=35)), recipe.id))
    length = batches * EVERY + timedelta(days=120)
    return OrderBook({recipe.id: recipe}, base, orders, Horizon(BEGINS, BEGINS, length, tick=tick), {})


def _ratios(found: Sequence[Compared]) -> dict[float, float]:
    """Of the mean numbers of hold times that ran out, by the quantile that both planned with."""
    mean = {(each.outcome.policy, each.outcome.quantile): each.outcome.of(each.outcome.exceeded).mean for each in found}
    return {
        quantile: value / mean["fixed", quantile] if mean["fixed", quantile] else float(value > 0)
        for (policy, quantile), value in mean.items()
        if policy == "reveal"
    }
