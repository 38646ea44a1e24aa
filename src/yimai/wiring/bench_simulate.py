"""``yimai bench simulate``: events a second beside SimPy, salabim and Ciw, and years of the demonstration's base beside its twin in SimPy.

All take turns in rounds, and of each the best round counts, as other programs may use the machine. Peers and one core are timed by the
processor's time, two cores by the clock on the wall, with one core beside them on the same clock.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.interfaces.files.reading import read_base, read_recipe
from yimai.planning.change import Case
from yimai.planning.queue_network import Station, passage
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Estimate, estimate
from yimai.planning.simulation_model import model_of
from yimai.planning.simulation_workers import Numbered, Sweep, rows_of, rows_of_mine, sharing
from yimai.wiring import demo
from yimai.wiring.bench_queues import PEERS, Line, peers
from yimai.wiring.bench_report import writable

BEGINS: Final = date(2026, 3, 2)
CORES: Final = 2


@dataclass(frozen=True)
class Sizes:
    """customers of a run here and of a peer's; replications of so many years here, years of the twin's one replication; rounds of all."""

    customers: int
    peer_customers: int
    replications: int
    years: float
    twin_years: float
    rounds: int


QUICK: Final = Sizes(20_000, 1_000, 8, 1.0, 0.5, 2)
USUAL: Final = Sizes(400_000, 10_000, 80, 5.0, 2.0, 8)


@dataclass
class Speed:
    """One engine on one model. runs: its rate in each round. mean: what it found, to be compared; None where there is none."""

    model: str
    engine: str
    unit: str
    runs: list[float]
    mean: Estimate | None = None
    equal: bool | None = None

    @property
    def best(self) -> float:
        return max(self.runs)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code. Raises CommandProblem."""
    sizes = QUICK if quick else USUAL
    writable(json_file)
    console = Console(width=None if sys.stdout.isatty() else 130)
    twin = _twin()
    with console.status("Compiling …") as status:
        status.update("Tandem line …")
        with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
            speeds = _tandem(sizes, pool)
        status.update("Years of the base …")
        speeds += _base(sizes, twin)
    _show(speeds, console)
    missing = [name for name in PEERS if name not in peers()]
    if missing:
        console.print(f"not installed (dependency group bench), so not run: {', '.join(missing)}")
    if json_file is not None:
        content = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "kind": "quick: too short to be read as figures" if quick else "usual",
            "system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count(), "load": os.getloadavg(),
            "python": platform.python_version(), "numba": version("numba"),
            "peers": {name: version(name) for name in peers()},
            "speeds": [_as_json(each) for each in speeds],
        }  # fmt: skip
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 0


def tandem(customers: int, seed: int) -> tuple[float, int]:
    """The peers' line in compiled code: mean hours in it, and events."""
    line = Line()
    stations = [
        Station(
            line.servers,
            1.0,
            0.0 if number else line.arrivals,
            onward=tuple(float(other == number + 1) for other in range(line.stations)),
        )
        for number in range(line.stations)
    ]
    passed = passage(stations, customers, seed, 0)
    return passed.hours, passed.events


def _tandem(sizes: Sizes, pool: ProcessPoolExecutor) -> list[Speed]:
    line, found, hours = Line(), peers(), dict[str, list[float]]()
    runs: dict[str, list[float]] = {name: [] for name in ("Yimai", f"Yimai, {CORES} cores", *found)}
    tandem(1_000, 0)
    list(pool.map(tandem, [1_000] * 4 * CORES, range(4 * CORES)))
    for turn in range(sizes.rounds):
        began = time.process_time()
        mean, events = tandem(sizes.customers, turn)
        runs["Yimai"].append(events / (time.process_time() - began))
        hours.setdefault("Yimai", []).append(mean)
        began = time.perf_counter()
        passed = list(pool.map(tandem, [sizes.customers] * 2 * CORES, range(100 * turn, 100 * turn + 2 * CORES)))
        runs[f"Yimai, {CORES} cores"].append(sum(events for _, events in passed) / (time.perf_counter() - began))
        hours.setdefault(f"Yimai, {CORES} cores", []).extend(mean for mean, _ in passed)
        for name, peer in found.items():
            one = peer(line, sizes.peer_customers, turn)
            runs[name].append(line.events * sizes.peer_customers / one.seconds)
            hours.setdefault(name, []).append(one.hours)
    return [
        Speed("tandem line", name, "events/s", rates, estimate(np.array(hours[name]), 0.95))
        for name, rates in runs.items()
    ]


def _base(sizes: Sizes, twin: Callable[..., Any] | None) -> list[Speed]:
    case = Case(read_recipe(demo.RECIPE).recipe, read_base(demo.BASE).base, Scenario())
    simulation = model_of(case.recipe, case.base, case.scenario, BEGINS, sizes.years)
    sweep = Sweep(simulation, case.scenario, 1, tuple(range(sizes.replications)))
    with sharing(sweep, CORES) as pool:
        list(pool.map(rows_of_mine, [(0,)] * 2 * CORES))
        rows_of(sweep, (0,))
        return _years(sizes, case, sweep, pool, twin)


def _years(
    sizes: Sizes, case: Case, sweep: Sweep, pool: ProcessPoolExecutor, twin: Callable[..., Any] | None
) -> list[Speed]:
    one, wall, two, slow, equal = list[float](), list[float](), list[float](), list[float](), True
    alone, chunks = list[Numbered](), sweep.chunks(CORES)
    years, waits = sizes.replications * sizes.years, list[float]()
    for turn in range(sizes.rounds):
        began, clock = time.process_time(), time.perf_counter()
        alone = rows_of(sweep, sweep.numbers)
        one.append(years / (time.process_time() - began))
        wall.append(years / (time.perf_counter() - clock))
        clock = time.perf_counter()
        shared = [row for part in pool.map(rows_of_mine, chunks) for row in part]
        two.append(years / (time.perf_counter() - clock))
        equal = equal and shared == alone
        if twin is not None:
            began = time.process_time()
            (years_of_it,) = twin(
                case.recipe, case.base, case.scenario, BEGINS, sizes.twin_years, range(turn, turn + 1)
            )
            slow.append(sizes.twin_years / (time.process_time() - began))
            waits.append(float(np.mean(years_of_it.veins)))
    found = estimate(np.array([row["vein.mean"] for _, row in alone]), 0.95)
    speeds = [
        Speed("Lingang", "Yimai", "base-years/s", one, found),
        Speed("Lingang", "Yimai, 1 core by the wall", "base-years/s", wall),
        Speed("Lingang", f"Yimai, {CORES} cores", "base-years/s", two, found, equal),
    ]
    if slow:
        speeds.append(Speed("Lingang", "twin in SimPy", "base-years/s", slow, estimate(np.array(waits), 0.95)))
    return speeds


def _twin() -> Callable[..., Any] | None:
    """The twin's years, which lie with the tests; None where these or SimPy are not at hand."""
    house = Path(__file__).parents[3]
    if not (house / "tests/planning/base_in_simpy.py").exists() or find_spec("simpy") is None:
        return None
    tests = ModuleType("tests")  # by hand, as Ciw brings a package of the same name
    tests.__path__ = [str(house / "tests")]
    sys.modules["tests"] = tests
    twin: Callable[..., Any] = importlib.import_module("tests.planning.base_in_simpy").years_of
    return twin


def _show(speeds: Sequence[Speed], console: Console) -> None:
    table = Table(box=SIMPLE)
    table.add_column("model", no_wrap=True)
    table.add_column("engine", no_wrap=True)
    for title in ("best", "× SimPy", "mean, h (95 %)"):
        table.add_column(title, justify="right", no_wrap=True)
    for each in speeds:
        floor = next((other for other in speeds if other.model == each.model and "SimPy" in other.engine), None)
        table.add_row(
            each.model,
            each.engine,
            f"{each.best:,.0f} {each.unit}" if each.best >= 100 else f"{each.best:.2f} {each.unit}",
            f"{each.best / floor.best:,.2f}" if floor else "",
            f"{each.mean.mean:,.2f} ± {each.mean.half:,.2f}" if each.mean else "",
        )
    console.print(table)
    rates = {(each.model, each.engine): each.best for each in speeds}
    shared = next(each for each in speeds if each.equal is not None)
    efficiency = rates["Lingang", shared.engine] / (CORES * rates["Lingang", "Yimai, 1 core by the wall"])
    same = "equal bit for bit" if shared.equal else "[red]NOT EQUAL[/red]"
    console.print(f"parallel efficiency of the base's years on {CORES} cores {efficiency:.0%}; their rows are {same}")


def _as_json(speed: Speed) -> dict[str, Any]:
    mean = speed.mean
    return {
        "model": speed.model,
        "engine": speed.engine,
        "unit": speed.unit,
        "best": round(speed.best, 3),
        "runs": [round(each, 3) for each in speed.runs],
        "mean_hours": None if mean is None else {"mean": mean.mean, "low": mean.low, "high": mean.high},
        "rows_equal": speed.equal,
    }
