"""``yimai bench plan``: the timetable, its repair and offers at a large base, beside raw CP-SAT and PyJobShop in the same run.

Every solver has one thread, and the clock is the processor's time, so that a busy machine does not count. Every plan is
checked by the independent checker before it counts.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.planning.bounds import lower_bounds
from yimai.planning.check import check
from yimai.planning.offer import Live
from yimai.planning.problem import Plan, Problem
from yimai.planning.repair import carried
from yimai.planning.staying import Staying, cost_of_plan, moved_by, staying_of
from yimai.planning.timetable import Found, schedule
from yimai.wiring import bench_peers, bench_problem
from yimai.wiring.bench_report import writable

MOVED: Final = 50.0
"""What a moved promise costs in a repair, in hours of tardiness."""
SHARE: Final = 0.05
"""The aim: the most that a repair may cost of what CP-SAT's does."""
NOTHING: Final = 0.1
"""Hours above the bound that are none: costs are kept to a tenth."""
GRACE: Final = 1.5
"""Seconds that the peers' plans may come after a mark and still count: they stop late."""
ASKED: Final = 40
"""Offers that are timed."""


@dataclass(frozen=True)
class Sizes:
    """batches: of the timetables, the first of them is repaired; marks: seconds at which each solver is looked at."""

    batches: tuple[int, ...]
    marks: tuple[int, ...]
    in_flight: int


QUICK: Final = Sizes((40,), (1, 2), 60)
USUAL: Final = Sizes((500, 1000), (1, 5, 10, 30), 1000)


@dataclass
class Run:
    """One solver on one problem: its plans with the seconds at which they were there; None where it was not run."""

    problem: str
    solver: str
    plans: list[tuple[float, Plan]] = field(default_factory=list)
    checking: float = 0.0
    broken: int = 0
    bound: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code. Raises CommandProblem."""
    sizes = QUICK if quick else USUAL
    writable(json_file)
    console = Console(width=None if sys.stdout.isatty() else 130)
    runs: list[Run] = []
    with console.status("Compiling …") as status:
        schedule(bench_problem.problem(12), moves=20)
        for number in sizes.batches:
            status.update(f"Timetable of {number} batches …")
            problem = bench_problem.problem(number)
            runs += _solvers(f"timetable {number}", problem, staying_of(problem), None, sizes)
            if number == sizes.batches[0]:
                status.update(f"Repair of {number} batches …")
                runs += _repair(number, problem, runs[0], sizes)
        status.update("Offers …")
        asked = _offers(sizes)
    _show(runs, sizes, console)
    beside = tuple(_beside(runs))
    for found in beside:
        console.print(_said(found))
    offers = {
        "p50_ms": round(median(asked), 1),
        "p95_ms": round(quantiles(asked, n=20)[-1], 1),
        "in_flight": sizes.in_flight,
    }
    console.print(
        f"offer of five itineraries, {sizes.in_flight} in flight: p50 {offers['p50_ms']} ms, p95 {offers['p95_ms']} ms (aim ≤ 100)"
    )
    if not bench_peers.has_pyjobshop():
        console.print("PyJobShop is not installed (dependency group bench): not run.")
    if json_file is not None:
        facts = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "kind": "quick: too short to be read as figures" if quick else "usual",
            "system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count(),
            "python": platform.python_version(), "ortools": version("ortools"),
        }  # fmt: skip
        solved = [{"problem": e.problem, "solver": e.solver, "bound": e.bound, "at": e.rows} for e in runs]
        content = {**facts, "offer": offers, "beside": beside, "runs": solved}
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 0


def _repair(number: int, problem: Problem, made: Run, sizes: Sizes) -> list[Run]:
    """A suite fails in the middle of the best timetable."""
    plan = made.plans[-1][1]
    after, lost = bench_problem.disrupted(problem, plan, int(number * bench_problem.BETWEEN / 3) + 200)
    before = carried(problem, plan, after)
    staying = staying_of(after, MOVED, before)
    staying.collection[lost] = staying.anchor[lost] = -1  # it has to be promised anew, whatever is done
    return _solvers(f"repair {number}", after, staying, before, sizes)


def _solvers(name: str, problem: Problem, staying: Staying, before: Plan | None, sizes: Sizes) -> list[Run]:
    """Yimai, CP-SAT hinted (with the former plan, or with the first timetable found) and PyJobShop, one after another."""
    seconds = float(sizes.marks[-1])
    first = before or schedule(problem, staying=staying, moves=0).plan
    began = time.monotonic(), time.process_time()

    def yimai(clock: Callable[[], float], tell: Callable[[Plan], None]) -> None:
        def told(found: Found) -> bool:
            tell(found.plan)
            return False

        schedule(problem, staying=staying, start=before, moves=2**30, stopwatch=clock, seconds=seconds, told=told)

    def cp_sat(clock: Callable[[], float], tell: Callable[[Plan], None]) -> None:
        bench_peers.cp_sat(problem, staying, first, clock, seconds, tell)

    def pyjobshop(clock: Callable[[], float], tell: Callable[[Plan], None]) -> None:
        bench_peers.pyjobshop(problem, clock, seconds, tell, pace)

    runs = [_run(name, "Yimai", yimai)]
    pace = max(1.0, (time.monotonic() - began[0]) / max(0.01, time.process_time() - began[1]))
    runs.append(_run(name, "CP-SAT, hinted", cp_sat))
    if bench_peers.has_pyjobshop():
        runs.append(_run(name, "PyJobShop", pyjobshop))
    bound = lower_bounds(problem, runs[0].plans[-1][1], staying)[0].hours
    for each in runs:
        each.bound = bound
        _judge(each, problem, staying, before, sizes.marks)
    return runs


def _run(problem: str, solver: str, solve: Callable[[Callable[[], float], Callable[[Plan], None]], None]) -> Run:
    made = Run(problem, solver)
    gc.collect()
    began = time.process_time()

    def clock() -> float:
        return time.process_time() - began

    solve(clock, lambda plan: made.plans.append((clock(), plan)))
    return made


def _judge(made: Run, problem: Problem, staying: Staying, before: Plan | None, marks: Sequence[int]) -> None:
    """The first checked plan, and the best at each mark; what the checker refuses does not count."""
    sound: list[tuple[float, Plan]] = []
    last = 0.0
    late = 0.0 if made.solver == "Yimai" else GRACE
    looked = [at for at, _ in made.plans[:1]]
    for mark in marks:
        looked += [at for at, _ in made.plans if at <= mark + late][-1:]
    for at, plan in made.plans:
        if at not in looked:
            continue
        began = time.process_time()
        broken = check(problem, plan, most=1)
        made.checking = max(made.checking, time.process_time() - began)
        made.broken += bool(broken)
        if not broken:
            sound.append((at, plan))
        last = at
    for mark in (0, *marks):
        found = [plan for at, plan in sound if at <= mark + late] if mark else [plan for _, plan in sound[:1]]
        seen_at = sound[0][0] + made.checking if sound and not mark else float(mark)
        if not found:
            made.rows.append({"seconds": mark or None, "cost": None})
            continue
        costs = [_cost(problem, staying, plan) for plan in found]
        best = int(np.argmin([cost for cost, _, _ in costs]))
        cost, moved, tardiness = costs[best]
        made.rows.append(
            {
                "seconds": round(seen_at, 3), "cost": round(cost, 1), "tardiness": round(tardiness, 1), "moved": moved,
                "gap": round((cost - made.bound) / made.bound, 5), "last": round(last, 2),
                "bookings": _ahead(problem, before),
            }
        )  # fmt: skip


def _ahead(problem: Problem, before: Plan | None) -> int:
    """How many promises lie ahead, that could be moved."""
    if before is None:
        return 0
    return sum(int(problem.tasks.fixed[job.last - 1]) < 0 for job in problem.jobs)


def _cost(problem: Problem, staying: Staying, plan: Plan) -> tuple[float, int, float]:
    """Weighted hours with moved promises; how many are moved; weighted hours of tardiness alone."""
    later, other = moved_by(problem, staying, plan)
    late = [job.weight * max(0, int(plan.starts[job.last - 1]) - job.due) for job in problem.jobs]
    hours = problem.tick.total_seconds() / 3600
    return cost_of_plan(problem, staying, plan), int((later | other).sum()), sum(late) * hours


@dataclass(frozen=True)
class Beside:
    """Our last cost beside a peer's. share: ours of the peer's; least: what no plan can fall below, the bound of the peer's; above: ours of
    the peer's, both without the bound; None where the peer reached it."""

    problem: str
    peer: str
    share: float
    least: float
    above: float | None


def _beside(runs: Sequence[Run]) -> Iterator[Beside]:
    """For each problem our cost beside that of every peer that has one."""
    for ours, peer in product(runs, runs):
        if ours.problem != peer.problem or ours.solver != "Yimai" or peer.solver == "Yimai":
            continue
        cost, other = (each.rows[-1]["cost"] for each in (ours, peer))
        if cost is None or other is None:
            continue
        above = other - ours.bound
        yield Beside(
            ours.problem,
            peer.solver,
            round(cost / other, 3),
            round(ours.bound / other, 3),
            round((cost - ours.bound) / above, 3) if above > NOTHING else None,
        )


def _said(found: Beside) -> str:
    said = f"{found.problem}: {found.share} of the cost of {found.peer}; proven: no plan is below {found.least} of it"
    if found.problem.startswith("repair") and found.least > SHARE:
        said += f", so that the aim of {SHARE} is out of any plan's reach"
    return said if found.above is None else f"{said}; of what lies above the bound {found.above}"


def _offers(sizes: Sizes) -> list[float]:
    """Milliseconds for one order's five itineraries in a base whose arrays are full already."""
    problem = bench_problem.problem(sizes.in_flight + 1)
    live, chance = Live(problem), np.random.default_rng(1)
    took = []
    for _ in range(ASKED):
        began = time.process_time()
        live.offers(chance)
        took.append(1000 * (time.process_time() - began))
    return took


def _show(runs: Sequence[Run], sizes: Sizes, console: Console) -> None:
    table = Table(box=SIMPLE)
    for title in ("problem", "solver", "first checked"):
        table.add_column(title, no_wrap=True)
    for mark in sizes.marks:
        table.add_column(f"cost at {mark} s", justify="right", no_wrap=True)
    for title in ("bound", "gap", "tardy, h", "moved"):
        table.add_column(title, justify="right", no_wrap=True)
    for each in runs:
        first, *rows = each.rows
        end = rows[-1]
        known = end["cost"] is not None
        table.add_row(
            each.problem,
            each.solver + (f" ({each.broken} refused)" if each.broken else ""),
            "none" if first["cost"] is None else f"{first['seconds']:.2f} s: {first['cost']:,.0f}",
            *("" if row["cost"] is None else f"{row['cost']:,.1f}" for row in rows),
            f"{each.bound:,.1f}",
            f"{end['gap']:.2%}" if known else "",
            f"{end['tardiness']:,.0f}" if known else "",
            f"{end['moved']} of {end['bookings']}" if known and end["bookings"] else "",
        )
    console.print(table)
