"""``yimai plan simulate``: years of a base on files alone, with progress; what is done is kept when it is stopped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from yimai.interfaces.files.reading import check_together, read_base, read_recipe
from yimai.interfaces.files.scenario import read_scenario
from yimai.planning.change import Case
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Estimate, Row, Simulated, Simulates, fingerprint, summary
from yimai.planning.simulation_model import Simulation, model_of
from yimai.planning.simulation_workers import Numbered, Sweep, collect, here, in_processes, on_cluster
from yimai.wiring.problems import CommandProblem

DAY: Final = 24.0


@dataclass(frozen=True)
class Asked:
    """What is to be simulated. kept: a file of rows that is taken up again. cluster: a Dask scheduler's address."""

    recipe: Path
    base: Path
    years: float = 5.0
    replications: int = 20
    seed: int = 1
    workers: int = 1
    begins: str = "2026-03-02"
    scenario: Path | None = None
    kept: Path | None = None
    cluster: str | None = None
    json: Path | None = None


def simulate(asked: Asked, policies: Sequence[str] = (), own: Path | None = None) -> int:
    """Run what is missing, print the figures and return the exit code. Raises CommandProblem, FileRefused."""
    if policies or own is not None:
        raise CommandProblem("--policy and --own are for a network: give --base once for each of its bases")
    simulation, scenario = _prepared(asked)
    console = console_of()
    rows, stopped = swept(asked, simulation, scenario, console)
    if not rows:
        raise CommandProblem("stopped before the first replication was done")
    found = summary(simulation, list(rows.values()))
    _show(found, simulation, scenario, console)
    if stopped:
        again = f"; give --keep {asked.kept} again to go on" if asked.kept else ""
        console.print(f"[yellow]stopped after {len(rows)} of {asked.replications} replications{again}[/yellow]")
    if asked.json is not None:
        content = _as_json(asked, found, simulation, scenario)
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 130 if stopped else 0


def console_of() -> Console:
    """Where to print: as wide as the terminal, or 120 columns."""
    return Console(width=None if Console().is_terminal else 120)


def swept(asked: Asked, simulated: Simulates, scenario: Scenario, console: Console) -> tuple[dict[int, Row], bool]:
    """Run what the kept file lacks: all wanted rows that are done, by number, and whether it was stopped."""
    rows, wanted, stopped = _taken_up(asked, simulated, scenario), range(asked.replications), False
    missing = tuple(number for number in wanted if number not in rows)
    try:
        rows |= _run(asked, Sweep(simulated, scenario, asked.seed, missing), rows, console)
    except KeyboardInterrupt:
        stopped = True
    return {number: rows[number] for number in wanted if number in rows}, stopped


def check_extent(asked: Asked) -> None:
    """Raises CommandProblem where so much cannot be simulated."""
    if asked.years <= 0 or asked.replications < 1 or asked.workers < 1:
        raise CommandProblem("give --years above 0, and --replications and --workers of at least 1")


def _prepared(asked: Asked) -> tuple[Simulation, Scenario]:
    check_extent(asked)
    case, begins = case_of(asked.recipe, asked.base, asked.scenario, asked.years), day_of(asked.begins)
    try:
        return model_of(case.recipe, case.base, case.scenario, begins, asked.years), case.scenario
    except ValueError as problem:
        raise CommandProblem(str(problem)) from None


def case_of(recipe_file: Path, base_file: Path, scenario_file: Path | None, years: float) -> Case:
    """What the files describe, to be simulated over so many years. Raises CommandProblem, FileRefused."""
    recipe, base = read_recipe(recipe_file), read_base(base_file)
    check_together(recipe, base)
    scenario = Scenario() if scenario_file is None else read_scenario(scenario_file)
    if scenario.warm_up_days >= years * 365.25:
        raise CommandProblem(f"the warm-up of {scenario.warm_up_days:g} days leaves nothing of {years:g} years")
    return Case(recipe.recipe, base.base, scenario)


def day_of(written: str) -> date:
    """The day that is written so. Raises CommandProblem."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise CommandProblem(f"--begins {written!r} is not a day such as 2026-03-02") from None


def _run(asked: Asked, sweep: Sweep, rows: dict[int, Row], console: Console) -> dict[int, Row]:
    """Run the replications that are missing; what is done before an interruption is in ``rows``."""
    if not sweep.numbers:
        return {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, transient=True) as progress,
        _keeping(asked, sweep) as keep,
        _source(asked, sweep) as source,
    ):
        bar = progress.add_task("Replications", total=asked.replications, completed=len(rows))

        def told(number: int, row: Row) -> bool:
            rows[number] = row
            keep(number, row)
            progress.advance(bar)
            return False

        return collect(source, told)


@contextmanager
def _source(asked: Asked, sweep: Sweep) -> Iterator[Iterator[Numbered]]:
    if asked.cluster is not None:
        try:
            from distributed import Client
        except ImportError:
            raise CommandProblem("--cluster needs Dask: install yimai[cluster], or leave it out") from None
        with Client(asked.cluster) as client, closing(on_cluster(sweep, client)) as rows:
            yield rows
        return
    with closing(in_processes(sweep, asked.workers) if asked.workers > 1 else here(sweep)) as rows:
        yield rows


@contextmanager
def _keeping(asked: Asked, sweep: Sweep) -> Iterator[Any]:
    """Write each row to the kept file at once: one line of JSON a replication, after one that says what they belong to."""
    if asked.kept is None:
        yield lambda _number, _row: None
        return
    begun = asked.kept.exists() and asked.kept.stat().st_size > 0
    with asked.kept.open("ab") as file:
        if not begun:
            name = fingerprint(sweep.simulation, sweep.scenario, sweep.seed)
            file.write(msgspec.json.encode({"fingerprint": name}) + b"\n")

        def keep(number: int, row: Row) -> None:
            kept = {name: None if math.isnan(value) else value for name, value in row.items()}
            file.write(msgspec.json.encode({"replication": number, "row": kept}) + b"\n")
            file.flush()

        yield keep


def _taken_up(asked: Asked, simulation: Simulates, scenario: Scenario) -> dict[int, Row]:
    """The rows of the kept file; a last line that was cut off is dropped. Raises CommandProblem where they are of something else."""
    if asked.kept is None or not asked.kept.exists():
        return {}
    lines = asked.kept.read_bytes().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
        asked.kept.write_bytes(b"".join(lines))
    if not lines:
        return {}
    try:
        head, *rows = [msgspec.json.decode(line) for line in lines]
        if head["fingerprint"] != fingerprint(simulation, scenario, asked.seed):
            raise CommandProblem(
                f"{asked.kept} holds another recipe's, base's, scenario's or seed's rows: name another file"
            )
        return {
            int(each["replication"]): {n: math.nan if v is None else float(v) for n, v in each["row"].items()}
            for each in rows
        }
    except (msgspec.DecodeError, KeyError, TypeError):
        raise CommandProblem(f"{asked.kept} does not hold replications: name another file") from None


def _show(found: Simulated, simulation: Simulation, scenario: Scenario, console: Console) -> None:
    for title, rows in _tables(found, simulation, scenario):
        table = Table(box=SIMPLE, title=title, title_justify="left")
        table.add_column("", no_wrap=True, max_width=60)
        table.add_column("mean", justify="right")
        table.add_column(f"{found.confidence:.0%} interval", justify="right")
        for name, each, scale, unit in rows:
            mean, half = each.mean * scale, each.half * scale
            table.add_row(name, f"{mean:,.4g} {unit}", "" if math.isinf(half) or math.isnan(half) else f"± {half:,.2g}")
        console.print(table)
    console.print(
        f"{found.replications} replications of {found.years:g} years from {simulation.begins:%Y-%m-%d}, the first"
        f" {scenario.warm_up_days:g} days not counted"
    )
    if found.assumed:
        console.print(
            f"[yellow]assumed, to be replaced by the base's own figures:[/yellow] {', '.join(scenario.assumed)}"
        )


def _tables(
    found: Simulated, simulation: Simulation, scenario: Scenario
) -> Iterator[tuple[str, list[tuple[str, Any, float, str]]]]:
    of = found.figures
    yield (
        "Treatments",
        [
            ("infused a year", of["throughput"], 1, ""),
            ("ordered a year", of["count.orders"], 1, ""),
            *((f"collection to infusion, {name}", each, 1 / DAY, "d") for name, each in found.group("vein.").items()),
            ("order to infusion, median", of["wait.q50"], 1 / DAY, "d"),
            ("order to infusion, q95", of["wait.q95"], 1 / DAY, "d"),
            ("promise kept", of["promise_kept"], 100, "%"),
            (f"infused within {scenario.wanted_days:g} d of being ready", of["in_time"], 100, "%"),
            (f"cost of a therapy, {scenario.currency}", of["cost"], 1, ""),
            ("hold times exceeded a year", of["count.holds_exceeded"], 1, ""),
        ],
    )
    for prefix, title in (("batch.", "Batches lost a year"), ("patient.", "Patients lost a year")):
        yield title, [(name, each, 1, "") for name, each in found.group(prefix).items() if each.mean]
    yield "Use of what there is", [(name, each, 100, "%") for name, each in found.group("use.").items()]


def _as_json(asked: Asked, found: Simulated, simulation: Simulation, scenario: Scenario) -> dict[str, Any]:
    return {
        "begins": simulation.begins.astimezone(ZoneInfo("UTC")),
        "years": found.years,
        "replications": found.replications,
        "seed": asked.seed,
        "confidence": found.confidence,
        "assumed": found.assumed,
        "scenario": inputs_of(scenario),
        "figures": figures_of(found.figures),
    }


def inputs_of(scenario: Scenario) -> dict[str, Any]:
    """The scenario's values, each with its source."""
    return {
        each.name: {
            "value": getattr(scenario, each.name),
            "source": scenario.source(each.name).text,
            "assumed": scenario.source(each.name).assumed,
        }
        for each in fields(scenario)
        if each.name != "sources"
    }


def figures_of(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    """Each figure with its interval."""
    return {name: {"mean": each.mean, "low": each.low, "high": each.high} for name, each in figures.items()}
