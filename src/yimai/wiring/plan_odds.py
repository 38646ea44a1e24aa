"""``yimai plan offer`` and ``yimai plan forecast``: itineraries and coming moments with their odds, on files alone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.domain.base import Base
from yimai.planning.build import OrderBook
from yimai.planning.check import check
from yimai.planning.forecast import MANY, SURE, forecast, moment
from yimai.planning.offer import Live
from yimai.planning.problem import NEVER, Floats, Problem
from yimai.planning.timetable import schedule
from yimai.wiring.plan_commands import Asked, book_of, how_long, knowing

EDGES = (0.1, 0.5, 0.9)


def offer(asked: Asked, order: str, number: int) -> int:
    """Print the order's best itineraries beside all others, and why none is earlier; 1 if there is none."""
    console = Console(width=None if Console().is_terminal else 120)
    book, base = _known(asked, console, order)
    problem = book.problem()
    found = Live(problem).offers(np.random.default_rng(asked.seed), number)
    table = _table("collection", "suite", "starts", "delivered", "infusion", "odds")
    zone, job = ZoneInfo(base.timezone), problem.jobs[-1]
    for each in found.offers:
        at = {
            problem.tasks.names[task].id: problem.at(int(each.starts[task - job.first]))
            for task in range(job.first, job.last)
        }
        first = min(at[name] for name in at if name.startswith("step:"))
        outbound = problem.task_of(job, "outbound")
        delivered = at["outbound"] + int(problem.tasks.duration[outbound]) * problem.tick
        table.add_row(
            _said(at["collection"], zone), problem.suites[each.suite], _said(first, zone), _said(delivered, zone),
            _said(at["infusion"], zone), f"{each.odds:.0%}",
        )  # fmt: skip
    console.print(table)
    console.print(how_long(book))
    if not found.offers:
        console.print(f"[red]no room for {order} within {asked.days} days[/red]: give more --days")
        return 1
    if found.binding is None:
        console.print("none is earlier: the therapy's own length and the calendars bind, nothing at the base is short")
    else:
        hours = found.gain * problem.tick.total_seconds() / 3600
        console.print(f"none is earlier: {found.binding.title.en} bind; without that limit {hours:g} h earlier")
    return 0


def forecasts(asked: Asked) -> int:
    """Print when each order's product will be released, at the hospital and given, given what has happened."""
    console = Console(width=None if Console().is_terminal else 120)
    book, base = _known(asked, console)
    problem = book.problem()
    found = schedule(problem, moves=asked.moves if len(problem.jobs) > 1 else 0, seed=asked.seed)
    broken = check(problem, found.plan, without=found.unplaced)
    table = _table("treatment", "released", "delivered", f"there with {SURE:.0%}", "infusion", "promised", "odds")
    zone = ZoneInfo(base.timezone)
    for number, job in enumerate(problem.jobs):
        if number in found.unplaced:
            continue
        told = forecast(problem, found.plan, job, np.random.default_rng([asked.seed, number]), MANY)
        promised = _said(problem.at(job.promised), zone) if job.promised != NEVER else ""
        odds = f"{told.odds(job.promised):.0%}" if job.promised != NEVER else ""
        table.add_row(
            job.id, _range(problem, told.released, zone), _range(problem, told.delivered, zone),
            _said(moment(problem, told.delivered_by()), zone), _range(problem, told.infusion, zone), promised, odds,
        )  # fmt: skip
    console.print(table)
    console.print("the middle, and between which eight of ten lie; if the batch is released")
    console.print(how_long(book))
    for each in broken:
        console.print(f"[red]{each}[/red]")
    return 1 if broken or found.unplaced else 0


def _known(asked: Asked, console: Console, last: str = "") -> tuple[OrderBook, Base]:
    book, base = book_of(asked, last)
    with console.status("Simulating how long things wait …"):
        return knowing(book, asked.seed), base


def _table(*titles: str) -> Table:
    table = Table(box=SIMPLE)
    for title in titles:
        table.add_column(title, no_wrap=title not in ("released", "delivered", "infusion"))
    return table


def _range(problem: Problem, draws: Floats, zone: ZoneInfo) -> str:
    early, middle, late = (_said(moment(problem, float(np.quantile(draws, each))), zone) for each in EDGES)
    return f"{middle} ({early} – {late})"


def _said(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M}"
