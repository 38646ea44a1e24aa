"""``yimai bench roadmap``: a city of 20 sites, 60 hospitals and 24 quarters beside plain HiGHS on the same model, and the published network.

Yimai has one thread, HiGHS as many as the machine has cores. The best bound is the better of Yimai's and HiGHS's. What is shown as a
roadmap's cost is computed again from its decisions, without the model; it is checked once that is what the solver said, no goal is missed
and no rule is broken.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

import highspy
import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.planning.roadmap import City, broken, costs, measured, meets
from yimai.planning.roadmap_model import model_of
from yimai.planning.roadmap_search import Effort, Search, never, solved
from yimai.planning.shipment import shipped
from yimai.wiring.bench_city import PATIENTS, city, network
from yimai.wiring.bench_report import Aim, Figure, writable

MILLION: Final = 1e6
GAP: Final = 0.009
"""Where Yimai ends: under the 1 % that it is measured by."""
UNENDING: Final = 2**31 - 1


@dataclass(frozen=True)
class Sizes:
    """cities: seeds. seconds: that HiGHS has. rounds: of the network, of which the median counts."""

    size: tuple[int, int, int]
    cities: tuple[int, ...]
    seconds: float
    patients: tuple[int, ...]
    rounds: int


QUICK: Final = Sizes((5, 8, 8), (1,), 5.0, (50, 742), 1)
USUAL: Final = Sizes((20, 60, 24), (1, 2, 3), 120.0, PATIENTS, 5)


@dataclass
class Run:
    """One solver on one city: when it had which cost and bound, and whether its decisions cost what it says and keep the goals."""

    solver: str
    seed: int
    seconds: float = 0.0
    cost: float = np.inf
    bound: float = -np.inf
    sound: bool = False
    course: list[tuple[float, float, float]] = field(default_factory=list)

    def reached(self, cost: float) -> float | None:
        """When it first had a roadmap of at most this cost."""
        return next((at for at, value, _ in self.course if value <= cost), None)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code. Raises CommandProblem."""
    sizes = QUICK if quick else USUAL
    writable(json_file)
    console = Console(width=None if sys.stdout.isatty() else 130)
    runs, figures = list[Run](), list[Figure]()
    with console.status("…") as status:
        for seed in sizes.cities:
            each = city(*sizes.size, seed)
            for name, solve in (("Yimai", _yimai), (f"HiGHS {version('highspy')}", _plain)):
                status.update(f"City {seed}: {name} …")
                runs.append(_run(name, seed, each, solve, sizes.seconds))
        for patients in sizes.patients:
            status.update(f"Network of {patients} patients …")
            figures.append(_network(patients, sizes.rounds))
    figures = _city_figures(runs, sizes) + figures
    _show(runs, figures, sizes, console)
    if json_file is not None:
        content = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "kind": "quick: too small to be read as figures" if quick else "usual",
            "system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count(), "load": os.getloadavg(),
            "python": platform.python_version(), "highspy": version("highspy"),
            "runs": [
                {
                    "solver": each.solver, "city": each.seed, "seconds": round(each.seconds, 2), "cost": each.cost,
                    "bound": each.bound, "sound": each.sound, "course": each.course,
                }
                for each in runs
            ],
            "figures": [each.as_json() for each in figures],
        }  # fmt: skip
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 0 if all(each.sound for each in runs if np.isfinite(each.cost)) else 1


def _run(name: str, seed: int, each: City, solve: Callable[[Search, float], None], seconds: float) -> Run:
    made = Run(name, seed)
    began = time.perf_counter()

    def told(_: str, cost: float, bound: float) -> None:
        point = (round(time.perf_counter() - began, 3), min(cost, made.cost), max(bound, made.bound))
        if point[1:] != (made.cost, made.bound):
            made.course.append(point)
            made.cost, made.bound = point[1:]

    search = Search(model_of(each), Effort(gap=GAP), told, never)
    solve(search, seconds)
    made.seconds = time.perf_counter() - began
    if search.best is not None:
        roadmap = search.model.roadmap(search.best, made.bound, False)
        made.cost = sum(costs(each, roadmap).values())
        same = abs(made.cost - roadmap.cost) <= 1e-6 * roadmap.cost
        kept = all(meets(goal, measured(each, roadmap, goal)) for goal in each.goals)
        made.sound = same and kept and not broken(each, roadmap)
    return made


def _yimai(search: Search, seconds: float) -> None:
    solved(search)


def _plain(search: Search, seconds: float) -> None:
    """HiGHS on the whole model, told only how long it has."""
    search.effort.gap = 0.0
    highspy.Highs.resetGlobalScheduler(True)  # else it keeps to the one thread that it was begun with
    search.solver.option("threads", os.cpu_count() or 1)
    search.watch()
    search.whole_model(UNENDING, seconds)
    highspy.Highs.resetGlobalScheduler(True)


def _network(patients: int, rounds: int) -> Figure:
    """Seconds from the case to the proof."""
    figure = Figure(f"network of {patients} patients, proven", "s", Aim("value", 0.2, "most"))
    for seed in range(1, rounds + 1):
        case = network(patients, seed)
        began = time.perf_counter()
        assert shipped(case) is not None, "no two plants have room"
        figure.runs.append(time.perf_counter() - began)
    return figure


def _city_figures(runs: list[Run], sizes: Sizes) -> list[Figure]:
    seconds = Figure("city: seconds until ≤ 1 % above the best bound", "s", Aim("value", 15, "most"))
    gap = Figure("city: above the best bound", "%", Aim("value", 1, "most"))
    plain = Figure(f"HiGHS after {sizes.seconds:g} s: above the best bound", "%")
    tenth = Figure(
        f"cost after {sizes.seconds / 10:g} s, of HiGHS's after {sizes.seconds:g} s", "", Aim("value", 1, "most")
    )
    for seed in sizes.cities:
        ours, theirs = (each for each in runs if each.seed == seed)
        bound = max(ours.bound, theirs.bound)
        seconds.runs.append(ours.reached(bound * 1.01) or np.inf)
        gap.runs.append(100 * (ours.cost / bound - 1))
        plain.runs.append(100 * (theirs.cost / bound - 1))
        early = [cost for at, cost, _ in ours.course if at <= sizes.seconds / 10]
        tenth.runs.append(
            round(early[-1] / theirs.cost, 6) if early and np.isfinite(theirs.cost) else (0.0 if early else np.inf)
        )
    return [seconds, gap, plain, tenth]


def _show(runs: list[Run], figures: list[Figure], sizes: Sizes, console: Console) -> None:
    table = Table(box=SIMPLE, title="{} sites × {} hospitals × {} quarters".format(*sizes.size), title_justify="left")
    for title in ("city", "solver", "seconds", "cost, million", "bound, million", "checked"):
        table.add_column(title, justify="left" if title in ("city", "solver") else "right", no_wrap=True)
    for each in runs:
        checked = "yes" if each.sound else "[red]no[/red]"
        row = (f"{each.cost / MILLION:,.2f}", f"{each.bound / MILLION:,.2f}", checked if np.isfinite(each.cost) else "")
        table.add_row(str(each.seed), each.solver, f"{each.seconds:.1f}", *row)
    console.print(table)
    table = Table(box=SIMPLE)
    for title in ("figure (medians)", "value", "worst", "aim", ""):
        table.add_column(title, justify="left" if title[:6] == "figure" else "right", no_wrap=True)
    for figure in figures:
        met = {None: "", True: "met", False: "missed"}[figure.met]
        aim = "" if figure.aim is None else str(figure.aim)
        table.add_row(figure.name, f"{median(figure.runs):.4g} {figure.unit}", f"{max(figure.runs):.4g}", aim, met)
    console.print(table)
