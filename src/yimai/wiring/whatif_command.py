"""``yimai plan whatif``: the base as it is beside named changes, on files alone, with paired intervals and in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from yimai.domain.recipe import Words
from yimai.planning.change import CHANGES, Change, named
from yimai.planning.simulate import Estimate
from yimai.planning.whatif import Compared, Comparison, Extent, Figure, Stopped, compare
from yimai.wiring.problems import CommandProblem
from yimai.wiring.simulate_command import case_of, day_of


@dataclass(frozen=True)
class Asked:
    """What is asked. changes: names of changes, several joined by ``+``; empty: each one."""

    recipe: Path
    base: Path
    changes: tuple[str, ...] = ()
    scenario: Path | None = None
    years: float = 3.0
    replications: int = 30
    seed: int = 1
    begins: str = "2026-03-02"
    language: Literal["zh", "en"] = "en"
    json: Path | None = None


def whatif(asked: Asked) -> int:
    """Print the comparison and return the exit code. Raises CommandProblem, FileRefused."""
    changes = [_change(name) for name in asked.changes or CHANGES]
    if asked.replications < 2 or asked.years <= 0:
        raise CommandProblem("give --years above 0 and at least 2 --replications: a comparison needs pairs")
    case = case_of(asked.recipe, asked.base, asked.scenario, asked.years)
    extent = Extent(day_of(asked.begins), asked.years, asked.replications, asked.seed)
    console = Console(width=None if Console().is_terminal else 120)
    try:
        with _progress(console) as told:
            found = compare(case, changes, extent, told)
    except ValueError as problem:
        raise CommandProblem(str(problem)) from None
    except (KeyboardInterrupt, Stopped):
        console.print("[yellow]stopped before all was compared[/yellow]")
        return 130
    _show(found, extent, asked.language, console)
    if asked.json is not None:
        content = msgspec.json.encode(_as_json(found, extent))
        asked.json.write_bytes(msgspec.json.format(content, indent=2) + b"\n")
    return 0


def _change(name: str) -> Change:
    try:
        return named(name)
    except KeyError as unknown:
        raise CommandProblem(f"no change is called {unknown}; there are {', '.join(CHANGES)}") from None


@contextmanager
def _progress(console: Console) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("Replications")

        def told(done: int, of: int) -> bool:
            progress.update(bar, completed=done, total=of)
            return False

        yield told


def _show(found: Comparison, extent: Extent, language: Literal["zh", "en"], console: Console) -> None:
    def said(words: Words) -> str:
        return words.zh if language == "zh" else words.en

    for change in found.changes:
        table = Table(box=SIMPLE, title=escape(said(change.change.title)), title_justify="left")
        for title in (
            Words("", ""),
            Words("现状", "as it is"),
            Words("改变后", "changed"),
            Words("差（95 % 区间）", "change (95 %)"),
        ):
            table.add_column(said(title), justify="right" if title.en else "left", no_wrap=True)
        for figure in found.figures:
            table.add_row(*_row(found, change, figure, said))
        console.print(table)
        console.print(f"{escape(said(change.change.meaning))}\n[bold]{escape(said(change.words))}[/bold]\n")
    counts = f"{extent.replications} × {extent.years:g}"
    console.print(
        said(
            Words(
                f"每种情形各 {counts} 年，同一批患者与运气。",
                f"{counts} years of each, with the same patients and luck.",
            )
        )
    )
    if found.today.assumed:
        console.print(
            said(
                Words(
                    "其中许多数字是假设的，应换成基地自己的。",
                    "Many numbers behind it are assumed: replace them by the base's own.",
                )
            )
        )


def _row(found: Comparison, change: Compared, figure: Figure, said: Any) -> tuple[str, ...]:
    unit = said(figure.unit) or (found.currency if figure.name == "cost" else "")
    before, after, paired = (
        each[figure.name] for each in (found.today.figures, change.simulated.figures, change.differences)
    )
    colour = {True: "green", False: "red", None: "white"}[change.helps(figure)]
    sign = "+" if paired.mean > 0 else "−"
    return (
        f"{said(figure.title)}{f' [{unit}]' if unit else ''}".replace("[", r"\["),
        figure.shown(before.mean),
        figure.shown(after.mean),
        f"[{colour}]{sign}{figure.shown(abs(paired.mean))} ± {figure.shown(paired.half)}[/{colour}]",
    )


def _as_json(found: Comparison, extent: Extent) -> dict[str, Any]:
    def figures(of: Any) -> dict[str, Any]:
        return {figure.name: _interval(of[figure.name], figure) for figure in found.figures}

    return {
        "begins": extent.begins,
        "years": extent.years,
        "replications": extent.replications,
        "seed": extent.seed,
        "confidence": found.confidence,
        "assumed": found.today.assumed,
        "currency": found.currency,
        "today": figures(found.today.figures),
        "changes": [
            {
                "change": each.change.id,
                "title": {"zh": each.change.title.zh, "en": each.change.title.en},
                "words": {"zh": each.words.zh, "en": each.words.en},
                "figures": figures(each.simulated.figures),
                "differences": figures(each.differences),
            }
            for each in found.changes
        ],
    }


def _interval(estimate: Estimate, figure: Figure) -> dict[str, float]:
    return {name: getattr(estimate, name) * figure.scale for name in ("mean", "low", "high")}
