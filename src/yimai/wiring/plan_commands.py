"""``yimai plan …`` on files alone: a recipe, a base and orders, without a server or a ledger."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.domain.base import Base
from yimai.interfaces.files.orders import read_orders, with_happened
from yimai.interfaces.files.reading import check_together, read_base, read_recipe
from yimai.planning.bounds import lower_bounds
from yimai.planning.build import Horizon, OrderBook, task_names
from yimai.planning.change import Case
from yimai.planning.check import check
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.scenario import Scenario
from yimai.planning.timetable import Found, schedule
from yimai.planning.waits import waits_of
from yimai.wiring.problems import CommandProblem

PROVE: Final = 2.0
"""CP-SAT's deterministic seconds after the search."""


@dataclass(frozen=True)
class Asked:
    """What the planner was given. now: the beginning of the plan; None: the present. happened: what has begun and ended already."""

    recipe: Path
    base: Path
    orders: Path
    now: str | None = None
    quantile: float = 0.8
    days: int = 120
    seed: int = 1
    moves: int = 20_000
    json: Path | None = None
    happened: Path | None = None


def timetable(asked: Asked) -> int:
    """Print the best timetable found, checked, and return the exit code. Raises CommandProblem, FileRefused."""
    book, base = book_of(asked)
    problem = book.problem()
    console = Console(width=None if Console().is_terminal else 120)
    begun = time.monotonic()
    with console.status("Searching …") as status, interrupted() as stop:

        def told(best: Found) -> bool:
            status.update(f"Cost {best.cost:,.1f}, none below {best.bound:,.1f}; Ctrl-C takes the best so far …")
            return False

        found = schedule(problem, moves=asked.moves, seed=asked.seed, told=told, stop=stop, prove=PROVE)
    broken = check(problem, found.plan, without=found.unplaced)
    _show(problem, base, found, console)
    console.print(f"{found.moves} moves in {time.monotonic() - begun:.1f} s; seed {asked.seed}")
    for number in found.unplaced:
        console.print(f"[red]no room for {problem.jobs[number].id} within {asked.days} days[/red]: give more --days")
    for each in broken:
        console.print(f"[red]{each}[/red]")
    if asked.json is not None:
        asked.json.write_bytes(
            msgspec.json.format(msgspec.json.encode(_as_json(problem, found.plan)), indent=2) + b"\n"
        )
    return 1 if broken or found.unplaced else 0


@contextmanager
def interrupted() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed while the block ran, which does not end it at once; pressed again it does."""
    pressed: list[int] = []

    def press(number: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def book_of(asked: Asked, last: str = "") -> tuple[OrderBook, Base]:
    """What the problem of the files is built from. last: the order that is to stand at the end. Raises CommandProblem, FileRefused."""
    recipe, base = read_recipe(asked.recipe), read_base(asked.base)
    check_together(recipe, base)
    known = {"recipe": [recipe.recipe.id], "suite": [each.id for each in base.base.suites]}
    if base.base.hospitals:
        known["hospital"] = [each.id for each in base.base.hospitals]
    orders = read_orders(asked.orders, recipe.recipe.id, known)
    if not orders:
        raise CommandProblem(f"{asked.orders} holds no order")
    if last and last not in {order.id for order, _ in orders}:
        raise CommandProblem(f"{asked.orders} holds no order {last}")
    orders.sort(key=lambda each: each[0].id == last)
    if asked.happened is not None:
        orders = with_happened(asked.happened, orders, task_names(recipe.recipe))
    try:
        now = datetime.now(UTC) if asked.now is None else datetime.fromisoformat(asked.now)
    except ValueError:
        raise CommandProblem(f"--now {asked.now!r} is not a time such as 2026-05-04T08:00+08:00") from None
    if now.utcoffset() is None:
        now = now.replace(tzinfo=ZoneInfo(base.base.timezone))
    first = min([each.starts for order, _ in orders for each in order.happened.values()], default=now)
    begins = min(now, first).replace(minute=0, second=0, microsecond=0)
    horizon = Horizon(begins, now, now - begins + timedelta(days=asked.days), quantile=asked.quantile)
    return OrderBook({recipe.recipe.id: recipe.recipe}, base.base, orders, horizon), base.base


def knowing(book: OrderBook, seed: int) -> OrderBook:
    """The same, whose forecasts know how long things wait, as simulated years of the base show."""
    begins = date(book.horizon.now.year, 1, 1)
    waits = {
        name: found
        for name, recipe in book.recipes.items()
        if (found := waits_of(Case(recipe, book.base, Scenario()), begins, seed)).known
    }
    return replace(book, waits=waits)


def how_long(book: OrderBook) -> str:
    """What forecasts know of waiting, in words."""
    if book.waits:
        assumed = ", with assumed numbers" if any(each.assumed for each in book.waits.values()) else ""
        return f"waiting for people and equipment as simulated years of the base show{assumed}"
    return "[red]nobody is treated in simulated years of this base: how long things wait is not known, all will be later[/red]"


def _show(problem: Problem, base: Base, found: Found, console: Console) -> None:
    table = Table(box=SIMPLE)
    for title in ("treatment", "collection", "suite", "from", "until", "released", "infusion", "late"):
        table.add_column(title, no_wrap=True)
    zone = ZoneInfo(base.timezone)
    for row in _rows(problem, found.plan):
        late = row["late_hours"]
        moments = {name: f"{value.astimezone(zone):%m-%d %H:%M}" for name, value in row["moments"].items()}
        table.add_row(
            row["treatment"], moments["collection"], row["suite"], moments["starts"], moments["ends"], moments["released"],
            moments["infusion"], f"[red]{late:g} h[/red]" if late else "",
        )  # fmt: skip
    console.print(table)
    assumed = "; many numbers behind it are assumed" if problem.assumed else ""
    console.print(f"durations that {problem.quantile:.0%} keep{assumed}; cost {found.cost:,.1f} weighted hours")
    why: dict[str, list[str]] = {}
    for bound in lower_bounds(problem, found.plan):
        why.setdefault(f"{bound.hours:,.1f}", []).append(bound.why.en)
    for hours, reasons in why.items():
        console.print(f"no timetable costs less than {hours} ({'; '.join(reasons)})")
    console.print("proven best" if not found.gap else f"at most {found.gap:.2%} above the best")


def _rows(problem: Problem, plan: Plan) -> list[Mapping[str, Any]]:
    """Each job's moments, in the order of their suites' beginnings."""
    rows: list[Mapping[str, Any]] = []
    for number, job in enumerate(problem.jobs):
        if plan.starts[job.first] < 0:
            continue
        steps = [task for task in range(job.first, job.last) if problem.tasks.names[task].kind == "step"]
        review, infusion = problem.task_of(job, "review"), job.last - 1
        ends = max(int(plan.starts[task]) + int(problem.tasks.duration[task]) for task in steps)
        late = max(0, int(plan.starts[infusion]) - job.due) if job.due != NEVER else 0
        rows.append(
            {
                "treatment": job.id,
                "suite": problem.suites[plan.suite[number]] if plan.suite[number] >= 0 else "",
                "late_hours": late * problem.tick / timedelta(hours=1),
                "moments": {
                    "collection": problem.at(int(plan.starts[job.first])),
                    "starts": problem.at(min(int(plan.starts[task]) for task in steps)),
                    "ends": problem.at(ends),
                    "released": problem.at(int(plan.starts[review]) + int(problem.tasks.duration[review])),
                    "infusion": problem.at(int(plan.starts[infusion])),
                },
            }
        )
    return sorted(rows, key=lambda row: row["moments"]["starts"])


def _as_json(problem: Problem, plan: Plan) -> Mapping[str, Any]:
    return {"quantile": problem.quantile, "assumed": problem.assumed, "treatments": _rows(problem, plan)}
