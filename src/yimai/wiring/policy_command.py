"""``yimai plan policies``: how often hold times run out where all is booked, and where what follows on growth is booked as it is revealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.planning.build import OrderBook
from yimai.planning.change import CHANGES, Case
from yimai.planning.policies import Outcome, outcomes
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Estimate
from yimai.wiring.plan_commands import Asked, book_of
from yimai.wiring.problems import CommandProblem

STAFFS: Final = ("as now", "+15 % by day")
NAMES: Final = {"fixed": "all booked", "reveal": "on reveal"}


@dataclass(frozen=True)
class Compared:
    """One row: the staff, and what the policy gave with it. longer: hours from collection to infusion beside all booked, in pairs."""

    staff: str
    outcome: Outcome
    longer: Estimate | None


def policies(asked: Asked, replications: int) -> int:
    """Print every policy at every quantile, with the base's staff and with more. Raises CommandProblem, FileRefused."""
    if replications < 2:
        raise CommandProblem("--replications must be 2 at least: one course of events has no interval")
    book, _ = book_of(asked)
    console = Console(width=None if Console().is_terminal else 120)
    with console.status("Planning and letting it happen …"):
        found = compared(book, replications, asked.seed, asked.moves)
    show(found, console)
    if asked.json is not None:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(as_json(found)), indent=2) + b"\n")
    return 0


def compared(book: OrderBook, replications: int, seed: int, moves: int) -> list[Compared]:
    """Both policies with both staffs. Raises CommandProblem where the horizon is too short."""
    recipe = next(iter(book.recipes.values()))
    stronger = replace(book, base=CHANGES["day"].made(Case(recipe, book.base, Scenario())).base)
    found: list[Compared] = []
    courses = [partial(np.random.default_rng, (seed, number)) for number in range(replications)]
    for staff, of in zip(STAFFS, (book, stronger), strict=True):
        fixed: Sequence[float] = ()
        try:
            for each in outcomes(of, courses, seed=seed, moves=moves):
                if each.policy == "fixed":
                    fixed = each.hours
                apart = [mine - booked for mine, booked in zip(each.hours, fixed, strict=True)]
                found.append(Compared(staff, each, None if each.policy == "fixed" else each.of(apart)))
        except ValueError as error:
            raise CommandProblem(f"{error}: give more --days, or fewer orders") from None
    return found


def show(found: Sequence[Compared], console: Console) -> None:
    table = Table(box=SIMPLE)
    for title in ("operators", "policy", "durations booked", "hold times run out, per 100 batches", "collection to infusion, days",
                  "longer than all booked, h", "tardiness, weighted h a batch"):  # fmt: skip
        table.add_column(title, justify="left" if title in ("operators", "policy") else "right")
    for each in found:
        told = each.outcome
        table.add_row(
            each.staff,
            NAMES[told.policy],
            f"q{100 * told.quantile:.0f}",
            _written(told.of(told.exceeded), 1),
            _written(told.of([hours / 24 for hours in told.hours]), 2),
            "" if each.longer is None else _written(each.longer, 1),
            _written(told.of(told.tardiness), 1),
        )
    console.print(table)
    console.print("Means with 95 % intervals; every row meets the same cells and the same bad luck.")


def as_json(found: Sequence[Compared]) -> list[dict[str, Any]]:
    return [
        {
            "operators": each.staff, "policy": each.outcome.policy, "quantile": each.outcome.quantile,
            "exceeded_per_100": each.outcome.exceeded, "hours": each.outcome.hours, "tardiness": each.outcome.tardiness,
        }
        for each in found
    ]  # fmt: skip


def _written(estimate: Estimate, places: int) -> str:
    return f"{estimate.mean:.{places}f} ± {estimate.half:.{places}f}"
