"""What ``yimai bench`` measures, and what it is told."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from yimai.wiring.programme_arguments import Command

BENCHES: Final = (
    ("yimai.wiring.bench_ledger", "Appends, sealing, verify, rebuild and trace."),
    ("yimai.wiring.bench_plan", "Timetable, repair and offers at a large base."),
    ("yimai.wiring.bench_simulate", "Simulated events and years of the base."),
    ("yimai.wiring.bench_forecast", "Whether stated odds of delivery hold."),
    ("yimai.wiring.bench_policy", "Hold times under uncertain growth, by how it is booked."),
    ("yimai.wiring.bench_roadmap", "A large city's roadmap, beside plain HiGHS."),
    ("yimai.wiring.bench_programme", "A city's receipts at 20 sites, five years and a million facts."),
    ("yimai.wiring.bench_web", "Pages at 1,000 treatments in flight, and scans under load."),
)
"""Each module with ``run``, and what it measures; imported when it is asked for."""


def add(commands: Any, command: Command) -> None:
    """The commands under ``yimai bench``."""
    bench = commands.add_parser("bench", help="Measure, beside a floor in the same run.")
    under = bench.add_subparsers(metavar="WHAT", required=True)
    for module, words in BENCHES:
        one = command(under, module.rpartition("_")[2], words, _bench, folder=False)
        one.set_defaults(module=module)
        if module == "yimai.wiring.bench_ledger":
            one.add_argument("--large", action="store_true", help="trace among 10 million facts instead of 1 million")
        if module == "yimai.wiring.bench_forecast":
            one.add_argument("--svg", type=Path, metavar="FILE", help="also draw the reliability diagram")
        one.add_argument("--quick", action="store_true", help="small sizes, to see that the bench runs")
        one.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")


def _bench(chosen: argparse.Namespace) -> int:
    more = {name: getattr(chosen, name) for name in ("large", "svg") if name in chosen}
    return int(import_module(chosen.module).run(quick=chosen.quick, json_file=chosen.json, **more))
