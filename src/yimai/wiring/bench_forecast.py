"""``yimai bench forecast``: whether stated odds hold. Batches of a simulated base are forecast in flight, and what came is looked up later.

How long things wait is learned from other years, of another seed, than those in which the forecasts are judged. The peer, in the same run and of
the same batches, knows the recipe and the calendars and not how long things wait.

The odds of offers are judged apart, for a simulated base books nothing: promises that were made in turn meet many courses of events.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.interfaces.files.reading import read_base, read_recipe
from yimai.planning.build import TICK
from yimai.planning.change import Case
from yimai.planning.execution import Policy
from yimai.planning.forecast import MANY, SURE
from yimai.planning.hindsight import Kept, Level, hindsight, reliability
from yimai.planning.offer_hindsight import Promises, kept
from yimai.planning.policies import CONFIDENCE
from yimai.planning.problem import Floats
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import estimate
from yimai.planning.waiting import Waits
from yimai.planning.waits import waits_of
from yimai.wiring import demo
from yimai.wiring.bench_policy import book
from yimai.wiring.bench_report import writable

BEGINS: Final = date(2026, 3, 2)
WORKS: Final[dict[Policy, str]] = {
    "ahead": "work goes ahead of its bookings where it can",
    "fixed": "nothing begins before its booking",
}
LEARNED, JUDGED = 1, 7
"""Seeds of the years that are learned from, and of those in which the forecasts are judged."""
QUICK, USUAL = 20, 400
"""Moments, each of a simulated base of its own."""
OFFERS: Final = {True: (4, 1, 2), False: (100, 20, 20)}
"""Orders that are promised their earliest offer, how many of them fill the base first, and courses of events; by whether it is quick."""
SIDE, EDGE = 360, 48
"""Pixels of the picture's square, and left and below it."""


@dataclass(frozen=True)
class Judged:
    """What was seen of the forecasts: ``told`` as they are, ``without`` waits; and of ``SURE`` odds by hospital and by stage."""

    told: tuple[Level, ...]
    without: tuple[Level, ...]
    hospitals: dict[str, Level]
    stages: dict[str, Level]
    width: float
    learned: float
    offers: Promises

    @property
    def sure(self) -> Level:
        return _sure(self.told)


def run(quick: bool, json_file: Path | None, svg: Path | None = None) -> int:
    """Measure, print a table, write the figures and the picture where asked; return the exit code. Raises CommandProblem."""
    writable(json_file)
    writable(svg)
    console = Console(width=None if sys.stdout.isatty() else 110)
    with console.status("Learning how long things wait …") as status:
        moments = QUICK if quick else USUAL
        case = Case(read_recipe(demo.RECIPE).recipe, read_base(demo.BASE).base, Scenario())
        waits_of(case, BEGINS, LEARNED)  # compiles
        begun = time.perf_counter()
        waits = waits_of(case, BEGINS, LEARNED)
        learned = time.perf_counter() - begun
        found: list[Kept] = []
        for number in range(moments):
            status.update(f"Forecasting: moment {number + 1} of {moments}, {len(found)} batches …")
            found += hindsight(case, waits, BEGINS, JUDGED, [number])
        status.update("Promising offers and letting it happen …")
        judged = _judged(found, learned, _promises(case, waits, *OFFERS[quick]))
    _show(judged, moments, console)
    if json_file is not None:
        json_file.write_bytes(
            msgspec.json.format(msgspec.json.encode(_as_json(judged, moments, quick)), indent=2) + b"\n"
        )
    if svg is not None:
        svg.write_text(picture(judged.told, judged.without), encoding="utf-8")
    return 0


def _promises(case: Case, waits: Waits, orders: int, filling: int, number: int) -> Promises:
    courses = [partial(np.random.default_rng, (JUDGED, each)) for each in range(number)]
    booked = replace(book(orders, TICK), waits={case.recipe.id: waits})
    return kept(booked.problem(), courses, filling, MANY)


def _judged(found: Sequence[Kept], learned: float, offers: Promises) -> Judged:
    def of(some: Iterable[Kept]) -> Level:
        return _sure(reliability([each.delivered for each in some]))

    hospitals, stages = sorted({each.hospital for each in found}), sorted({each.stage for each in found})
    return Judged(
        reliability([each.delivered for each in found]),
        reliability([each.without for each in found]),
        {name: of(each for each in found if each.hospital == name) for name in hospitals},
        {name: of(each for each in found if each.stage == name) for name in stages},
        median(each.width for each in found),
        learned,
        offers,
    )


def _sure(levels: Iterable[Level]) -> Level:
    return next(each for each in levels if each.stated == SURE)


def _show(judged: Judged, moments: int, console: Console) -> None:
    table = Table(box=SIMPLE)
    for title in ("stated odds", "seen", "interval (95 %)", "holds", "without waits", "holds "):
        table.add_column(title, justify="right", no_wrap=True)
    for told, without in zip(judged.told, judged.without, strict=True):
        table.add_row(
            f"{told.stated:.0%}", f"{told.seen:.1%}", f"{told.low:.1%} – {told.high:.1%}", "yes" if told.holds else "no",
            f"{without.seen:.1%}", "yes" if without.holds else "no",
        )  # fmt: skip
    console.print(table)
    for words, group in (("hospital", judged.hospitals), ("stage", judged.stages)):
        for name, level in group.items():
            console.print(
                f"{words} {name}: {SURE:.0%} held in {level.seen:.1%} ({level.low:.1%} – {level.high:.1%}) of {level.number}"
            )
    console.print(
        f"{judged.sure.number} batches at {moments} moments; eight of ten lie within {judged.width:.0f} h (median)"
    )
    console.print(
        f"odds of {len(judged.offers.stated)} offers: {judged.offers.stated.mean():.1%} stated; kept "
        + ", ".join(f"{_share(each)} ({WORKS[policy]})" for policy, each in judged.offers.kept.items())
    )
    console.print(f"how long things wait is learned in {judged.learned:.1f} s, once for each version of a base")


def _as_json(judged: Judged, moments: int, quick: bool) -> dict[str, Any]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": "quick: too short to be read as figures" if quick else "usual",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "moments": moments,
        "batches": judged.sure.number,
        "seeds": {"learned": LEARNED, "judged": JUDGED},
        "eight_of_ten_within_hours": round(judged.width, 1),
        "learned_in_seconds": round(judged.learned, 2),
        "told": [_level(each) for each in judged.told],
        "without_waits": [_level(each) for each in judged.without],
        "hospitals": {name: _level(each) for name, each in judged.hospitals.items()},
        "stages": {name: _level(each) for name, each in judged.stages.items()},
        "offers": {
            "promises": len(judged.offers.stated),
            "stated": round(float(judged.offers.stated.mean()), 4),
            "kept": {policy: [round(float(one), 4) for one in each] for policy, each in judged.offers.kept.items()},
        },
    }


def _share(kept_: Floats) -> str:
    """The mean over the courses of events, with its 95 % interval."""
    found = estimate(kept_, CONFIDENCE)
    return f"{found.mean:.1%} ± {100 * found.half:.1f}"


def _level(level: Level) -> dict[str, Any]:
    numbers = {name: round(value, 4) for name, value in asdict(level).items()}
    return {**numbers, "holds": level.holds}


def picture(told: Sequence[Level], without: Sequence[Level]) -> str:
    """The reliability diagram as SVG: what was stated across, what was seen upwards; on the diagonal both are the same."""

    def across(share: float) -> str:
        return f"{EDGE + share * SIDE:.1f}"

    def up(share: float) -> str:
        return f"{12 + (1 - share) * SIDE:.1f}"

    def line(levels: Sequence[Level], colour: str) -> str:
        points = " ".join(f"{across(each.stated)},{up(each.seen)}" for each in levels)
        marks = "".join(
            f'<line x1="{across(each.stated)}" x2="{across(each.stated)}" y1="{up(each.low)}" y2="{up(each.high)}"/>'
            f'<circle cx="{across(each.stated)}" cy="{up(each.seen)}" r="3" fill="{colour}"/>'
            for each in levels
        )
        return f'<g stroke="{colour}" stroke-width="1.5" fill="none"><polyline points="{points}"/>{marks}</g>'

    ticks = "".join(
        f'<line x1="{across(0)}" x2="{across(1)}" y1="{up(each / 5)}" y2="{up(each / 5)}" stroke="#ddd"/>'
        f'<text x="{EDGE - 6}" y="{float(up(each / 5)) + 4:.1f}" text-anchor="end">{20 * each} %</text>'
        f'<text x="{across(each / 5)}" y="{SIDE + 30}" text-anchor="middle">{20 * each} %</text>'
        for each in range(6)
    )
    sure, before = _sure(told), _sure(without)
    width, height = EDGE + SIDE + 24, SIDE + 56
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>Stated odds of delivery and how often they held, {sure.number} batches</title>"
        f'<rect width="{width}" height="{height}" fill="#fff"/>{ticks}'
        f'<line x1="{across(0)}" y1="{up(0)}" x2="{across(1)}" y2="{up(1)}" stroke="#888" stroke-dasharray="4 4"/>'
        f"{line(without, '#b5541c')}{line(told, '#0b5c8a')}"
        f'<text x="{EDGE + 12}" y="32" fill="#0b5c8a">waits known: {SURE:.0%} held in {sure.seen:.1%}</text>'
        f'<text x="{EDGE + 12}" y="50" fill="#b5541c">waits not known: {SURE:.0%} held in {before.seen:.1%}</text>'
        f'<text x="{EDGE + SIDE / 2:.0f}" y="{SIDE + 48}" text-anchor="middle">stated odds (bars: 95 % intervals)</text></svg>\n'
    )
