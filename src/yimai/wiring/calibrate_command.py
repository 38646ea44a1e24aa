"""``yimai plan calibrate``: the recipe's values beside what the ledger measured, and a draft of the next version for review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import psycopg
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yimai.domain.recipe import Recipe
from yimai.planning.calibrate import BADLY, ENOUGH, Calibration, Share, Spread, Verdict, calibrate
from yimai.planning.drift import run_length
from yimai.planning.lognormal import Between
from yimai.planning.recipe_draft import draft
from yimai.projections import approval_board, time_study
from yimai.wiring import house
from yimai.wiring.ledger_commands import opened_database
from yimai.wiring.problems import CommandProblem

VERDICTS: Final[Mapping[Verdict, str]] = {
    "too_few": "[dim]too few[/dim]",
    "agrees": "[green]agrees[/green]",
    "differs": "[yellow]differs[/yellow]",
    "other_shape": "[yellow]another shape[/yellow]",
}


@dataclass(frozen=True)
class Asked:
    """Whose measurements. base, recipe, version: "" for the first, the first and the latest. propose: where the draft is written."""

    folder: Path
    base: str = ""
    recipe: str = ""
    version: str = ""
    propose: Path | None = None
    json: Path | None = None
    seed: int = 1


def run(asked: Asked) -> int:
    """Print the comparison and return the exit code. Raises CommandProblem."""
    with opened_database(asked.folder) as database, house.reading(database) as cursor:
        base = _chosen(cursor, "base", asked.base)
        name = _chosen(cursor, "recipe", asked.recipe)
        recipe = approval_board.recipe(cursor, name, asked.version)
        if recipe is None:
            raise CommandProblem(f"no version {asked.version} of recipe {name} is approved")
        content = approval_board.content(cursor, "recipe", name, recipe.version)
        row = cursor.execute("SELECT max(recorded) FROM ledger.entry").fetchone()
        assert row is not None
        study = time_study.study(cursor, base, recipe, row[0])
    assert content is not None
    found = calibrate(recipe, study, np.random.default_rng(asked.seed))
    console = Console(width=None if Console().is_terminal else 150)
    console.print(f"[bold]{recipe.id} {recipe.version}[/bold] at {base}: {len(study.courses)} batches")
    _show(found, console)
    if asked.json is not None:
        asked.json.write_bytes(
            msgspec.json.format(msgspec.json.encode(_as_json(base, recipe, found)), indent=2) + b"\n"
        )
    proposed = draft(recipe, content, found)
    if proposed is None:
        console.print("Nothing to propose: no value of the recipe lies outside its joint interval.")
    elif asked.propose is None:
        console.print(f"{len(proposed.changes)} values to be changed; --propose FILE writes a draft for review.")
    else:
        text = json.dumps(proposed.content, ensure_ascii=False, indent=2) + "\n"
        asked.propose.write_text(text, encoding="utf-8")
        console.print(f"Draft version {proposed.version}: {asked.propose}. Nothing is changed until it is approved.")
    return 0


def _chosen(cursor: psycopg.Cursor[Any], noun: str, wanted: str) -> str:
    known = approval_board.identifiers(cursor, noun)
    if not known or (wanted and wanted not in known):
        raise CommandProblem(f"no {noun} {wanted} is approved; there are: {', '.join(known) or 'none'}")
    return wanted or known[0]


def _show(found: Calibration, console: Console) -> None:
    table = Table(box=SIMPLE)
    for title in ("what", "unit", "recipe", "median", "cv", "n (limits)", "fit p", "drift", ""):
        table.add_column(title, no_wrap=True)
    for each in found.spreads:
        table.add_row(*_spread_row(each))
    console.print(table)
    table = Table(box=SIMPLE)
    for title in ("what", "recipe", "measured", "times of trials", ""):
        table.add_column(title, no_wrap=True)
    for share in found.shares:
        measured = "" if share.between is None else _between(share.between)
        table.add_row(
            share.name, _said(share.probability) + _mark(share), measured, f"{share.times} of {share.trials}",
            VERDICTS[share.verdict],
        )  # fmt: skip
    console.print(table)
    console.print(
        f"* assumed. Intervals hold with {found.confidence:.0%}; a value differs only outside one of {found.joint:.2%}, so that all "
        f"comparisons together are right with {found.confidence:.0%}. Below {ENOUGH} values nothing is said. n: known values, and those "
        f"known only to be longer or shorter. fit p: Anderson-Darling, by parametric bootstrap. drift: a false alarm comes once in "
        f"{run_length():,.0f} values."
    )


def _spread_row(each: Spread) -> tuple[str, ...]:
    limits = len(each.sample.longer) + len(each.sample.shorter)
    number = f"{len(each.sample.values)}" + (f" (+{limits})" if limits else "")
    recipe = f"{_said(each.median)}, {_said(each.cv)}{_mark(each)}"
    if each.fitted is None:
        return each.name, escape(each.unit), recipe, "", "", number, "", "", VERDICTS[each.verdict]
    fits = "" if each.fitted.fits is None else f"{each.fitted.fits:.3f}"
    bad = each.fitted.fits is not None and each.fitted.fits < BADLY
    drift = (
        ""
        if each.drift is None or each.since is None
        else f"[red]{each.drift.direction} since {each.since:%Y-%m-%d}[/red]"
    )
    return (
        each.name, escape(each.unit), recipe, _between(each.fitted.median), _between(each.fitted.cv), number,
        f"[yellow]{fits}[/yellow]" if bad else fits, drift, VERDICTS[each.verdict],
    )  # fmt: skip


def _mark(each: Spread | Share) -> str:
    return "*" if each.source.assumed else ""


def _between(found: Between) -> str:
    return f"{_said(found.value)} ({_said(found.low)} – {_said(found.high)})"


def _said(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _as_json(base: str, recipe: Recipe, found: Calibration) -> Mapping[str, Any]:
    return {
        "base": base,
        "recipe": recipe.id,
        "version": recipe.version,
        "confidence": found.confidence,
        "joint_confidence": found.joint,
        "spreads": [_spread_json(each) for each in found.spreads],
        "shares": [
            {
                "name": each.name,
                "recipe": each.probability,
                "assumed": each.source.assumed,
                "trials": each.trials,
                "times": each.times,
                "measured": each.between,
                "verdict": each.verdict,
            }
            for each in found.shares
        ],
    }


def _spread_json(each: Spread) -> Mapping[str, Any]:
    return {
        "name": each.name,
        "unit": each.unit,
        "recipe": {"median": each.median, "cv": each.cv, "assumed": each.source.assumed},
        "known": len(each.sample.values),
        "longer": len(each.sample.longer),
        "shorter": len(each.sample.shorter),
        "first": each.first,
        "last": each.last,
        "measured": each.fitted,
        "drift": None if each.drift is None else {"direction": each.drift.direction, "since": each.since},
        "verdict": each.verdict,
    }
