"""``yimai plan simulate`` with several bases: years of a network under one policy, or under both, compared in pairs of the same chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.interfaces.files.orders import read_own_bases
from yimai.planning.network import POLICIES, Network, Policy, network_of
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Estimate, Simulated, differences, summary
from yimai.wiring import simulate_command
from yimai.wiring.problems import CommandProblem
from yimai.wiring.simulate_command import DAY, case_of, check_extent, console_of, day_of, figures_of, inputs_of, swept

Figures = Mapping[str, Estimate]

SHOWN: Final = (
    ("infused a year", "throughput", 1.0, ""),
    ("ordered a year", "count.orders", 1.0, ""),
    ("order to infusion, mean", "wait.mean", 1 / DAY, "d"),
    ("order to infusion, median", "wait.q50", 1 / DAY, "d"),
    ("order to infusion, q95", "wait.q95", 1 / DAY, "d"),
    ("collection to infusion, median", "vein.q50", 1 / DAY, "d"),
    ("promise kept", "promise_kept", 100.0, "%"),
    ("patients lost waiting a year", "patient.deteriorated", 1.0, ""),
    ("cost of a therapy", "cost", 1.0, ""),
    ("use of suites", "use.suites", 100.0, "%"),
    ("use of operators", "use.operators:everybody", 100.0, "%"),
)
"""What is printed, of the network and of each base; all other figures are in the JSON file."""


@dataclass(frozen=True)
class Asked:
    """extent: as for one base, whose file is not read. policies: none means both. own: a file of hospitals and their own bases."""

    extent: simulate_command.Asked
    bases: tuple[Path, ...]
    policies: tuple[str, ...] = ()
    own: Path | None = None


def simulate(asked: Asked) -> int:
    """Run what is missing under each policy, print the figures and what differs, and return the exit code.

    Raises CommandProblem, FileRefused.
    """
    check_extent(asked.extent)
    networks, scenario = _prepared(asked)
    console = console_of()
    rows, found = {}, {}
    stopped = False
    for policy, network in networks.items():
        kept = asked.extent.kept
        extent = asked.extent if kept is None else replace(asked.extent, kept=kept.with_name(f"{kept.name}.{policy}"))
        rows[policy], stopped = swept(extent, network, scenario, console)
        if not rows[policy]:
            break
        found[policy] = summary(network, list(rows[policy].values()))
        _show(policy, network, found[policy], scenario, console)
        if stopped:
            break
    if not found:
        raise CommandProblem("stopped before the first replication was done")
    first, *others = found
    paired = {policy: differences(*_pairs(rows[first], rows[policy])) for policy in others}
    for policy, each in paired.items():
        _table(f"{policy} less {first}, in pairs of the same chance", {"difference": each}, console)
    _end(networks[first], found[first], scenario, stopped, console)
    if asked.extent.json is not None:
        content = _as_json(asked, networks[first], scenario, found, paired)
        asked.extent.json.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return 130 if stopped else 0


def _prepared(asked: Asked) -> tuple[dict[Policy, Network], Scenario]:
    extent = asked.extent
    cases = [case_of(extent.recipe, file, extent.scenario, extent.years) for file in asked.bases]
    own = {} if asked.own is None else read_own_bases(asked.own)
    policies = cast(Sequence[Policy], dict.fromkeys(asked.policies or POLICIES))
    recipe, scenario, bases = cases[0].recipe, cases[0].scenario, [each.base for each in cases]
    return {policy: _network(recipe, bases, scenario, extent, policy, own) for policy in policies}, scenario


def _network(
    recipe: Recipe, bases: Sequence[Base], scenario: Scenario, extent: simulate_command.Asked, policy: Policy,
    own: Mapping[str, str],
) -> Network:  # fmt: skip
    try:
        return network_of(recipe, bases, scenario, day_of(extent.begins), extent.years, policy, own)
    except ValueError as problem:
        raise CommandProblem(str(problem)) from None


def _pairs(before: Mapping[int, Any], after: Mapping[int, Any]) -> tuple[list[Any], list[Any]]:
    """Those that are done under both policies: a stopped sweep has fewer."""
    both = [number for number in before if number in after]
    return [before[number] for number in both], [after[number] for number in both]


def _show(policy: str, network: Network, found: Simulated, scenario: Scenario, console: Console) -> None:
    bases = {name: found.group(f"{name}/") for name in network.names}
    title = f"Policy {policy}: treatments, costs in {scenario.currency}, and use of what there is"
    _table(title, {"network": found.figures} | bases, console)
    table = Table(box=SIMPLE, title="Who was sent where", title_justify="left")
    for name in ("", *network.names):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("share of the infused", *(_said(found.figures[f"share.{name}"], 100, "%") for name in network.names))
    for hospital in dict.fromkeys(each.hospital for each in network.sources):
        sent = (found.figures[f"sent.{hospital}.{name}"] for name in network.names)
        table.add_row(f"orders of {hospital}", *(_said(each, 100, "%") for each in sent))
    console.print(table)
    console.print(f"sent elsewhere than to the own base: {_said(found.figures['elsewhere'], 100, '%')} of all orders")


def _table(title: str, columns: Mapping[str, Figures], console: Console) -> None:
    table = Table(box=SIMPLE, title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for words, figure, scale, unit in SHOWN:
        if any(figure in of for of in columns.values()):
            cells = (_said(of[figure], scale, unit) if figure in of else "" for of in columns.values())
            table.add_row(words, *cells)
    console.print(table)


def _said(each: Estimate, scale: float, unit: str) -> str:
    """The mean and, of more than one replication, the half of its interval."""
    if math.isnan(each.mean):
        return "–"
    half = f" ± {each.half * scale:,.2g}" if math.isfinite(each.half) else ""
    return f"{each.mean * scale:,.4g}{half}{f' {unit}' if unit else ''}"


def _end(network: Network, found: Simulated, scenario: Scenario, stopped: bool, console: Console) -> None:
    console.print(
        f"{found.replications} replications of {found.years:g} years from {network.begins:%Y-%m-%d}, the first"
        f" {scenario.warm_up_days:g} days not counted; intervals of {found.confidence:.0%}"
    )
    if stopped:
        console.print("[yellow]stopped before all was done; with --keep the same command goes on[/yellow]")
    if found.assumed:
        console.print(
            f"[yellow]assumed, to be replaced by the bases' own figures:[/yellow] {', '.join(scenario.assumed)}"
        )


def _as_json(
    asked: Asked, network: Network, scenario: Scenario, found: Mapping[Policy, Simulated], paired: Mapping[Policy, Figures]
) -> dict[str, Any]:  # fmt: skip
    first = next(iter(found))
    return {
        "begins": network.begins.astimezone(ZoneInfo("UTC")),
        "years": network.hours / (365.25 * DAY),
        "seed": asked.extent.seed,
        "confidence": found[first].confidence,
        "assumed": network.assumed,
        "bases": list(network.names),
        "own": {each.hospital: network.names[int(own)] for each, own in zip(network.sources, network.own, strict=True)},
        "scenario": inputs_of(scenario),
        "policies": {
            name: {"replications": each.replications, "figures": figures_of(each.figures)}
            for name, each in found.items()
        },
        "less": first,
        "differences": {name: figures_of(each) for name, each in paired.items()},
    }
