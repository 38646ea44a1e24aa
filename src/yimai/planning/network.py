"""A network of bases that make the same therapy, as models that know the same patients, and the policies that send patients to bases.

Each base has its own suites, people, equipment, laboratory and courier legs. A patient stays with the base to which the order was sent, for
every later collection and batch too. A hospital's collection places are counted for each base apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

import numpy as np

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.planning.problem import Flags, Ints
from yimai.planning.scenario import Arrivals, Scenario
from yimai.planning.shop import planned_length
from yimai.planning.simulation_model import Simulation, model_among, sources_of

Policy = Literal["own", "earliest"]
POLICIES: Final[tuple[Policy, ...]] = ("own", "earliest")
"""own: each hospital's own base. earliest: of the bases that its material reaches in time, the one that could treat first as things
stand when the order comes."""


@dataclass(frozen=True)
class Network:
    """Bases with their names. choices: shape (sources, bases), where a source's patients may go. own: each source's own base."""

    bases: tuple[Simulation, ...]
    names: tuple[str, ...]
    policy: Policy
    choices: Flags
    own: Ints

    @property
    def begins(self) -> datetime:
        return self.bases[0].begins

    @property
    def hours(self) -> float:
        return self.bases[0].hours

    @property
    def sources(self) -> tuple[Arrivals, ...]:
        return self.bases[0].sources

    @property
    def assumed(self) -> bool:
        return any(each.assumed for each in self.bases)


def network_of(
    recipe: Recipe, bases: Sequence[Base], scenario: Scenario, begins: date, years: float,
    policy: Policy = "own", own: Mapping[str, str] | None = None,
) -> Network:  # fmt: skip
    """The network of these years under one policy. own: hospitals' bases by their ids; the others' own is the nearest.

    Raises ValueError where two bases have one id or keep different clocks, a base serves no hospital, or a hospital is served by none.
    """
    _distinct(bases)
    reached = _reached(recipe, bases, scenario)
    homes = {hospital: _home(hospital, hours, own or {}) for hospital, hours in reached.items() if hours}
    _known(own or {}, homes)
    sources = sources_of(recipe, list(reached), scenario)
    _served(sources, reached, recipe)
    names = tuple(each.id for each in bases)
    among = [[homes[each.hospital]] if policy == "own" else list(reached[each.hospital]) for each in sources]
    return Network(
        tuple(model_among(recipe, each, scenario, begins, years, sources) for each in bases),
        names,
        policy,
        np.array([[name in each for name in names] for each in among]),
        np.array([names.index(homes[each.hospital]) for each in sources], np.int32),
    )


def _distinct(bases: Sequence[Base]) -> None:
    if not bases:
        raise ValueError("a network needs at least one base")
    names = [each.id for each in bases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two bases are called {', '.join(twice)}: give each base of a network an id of its own")
    clocks = sorted({each.timezone for each in bases})
    if len(clocks) > 1:
        raise ValueError(
            f"the bases keep different clocks ({', '.join(clocks)}): a network's bases share one time zone"
        )


def _reached(recipe: Recipe, bases: Sequence[Base], scenario: Scenario) -> dict[str, dict[str, timedelta]]:
    """For each hospital the bases that fresh material reaches in time, with the planned time of the courier."""
    most = recipe.starting_material.fresh_maximum
    found: dict[str, dict[str, timedelta]] = {}
    for base in bases:
        legs = {each.id: planned_length(each.inbound, scenario.quantile) for each in base.hospitals}
        for hospital, takes in legs.items():
            found.setdefault(hospital, {}).update({base.id: takes} if takes <= most else {})
        if not any(takes <= most for takes in legs.values()):
            raise ValueError(
                f"the base {base.id} serves no hospital: list one under hospitals that its courier reaches within {_hours(most)}"
            )
    return found


def _home(hospital: str, reached: Mapping[str, timedelta], own: Mapping[str, str]) -> str:
    """The hospital's own base: as named, or the nearest by courier; of equals the first."""
    named = own.get(hospital)
    if named is None:
        return min(reached, key=lambda base: reached[base])
    if named not in reached:
        raise ValueError(
            f"{hospital} cannot have {named} as its own base: fresh material reaches in time {', '.join(reached)} only"
        )
    return named


def _known(own: Mapping[str, str], homes: Mapping[str, str]) -> None:
    unknown = sorted(set(own) - set(homes))
    if unknown:
        raise ValueError(f"no base is near enough to serve {', '.join(unknown)}, whose own base is named")


def _served(sources: Sequence[Arrivals], reached: Mapping[str, Mapping[str, timedelta]], recipe: Recipe) -> None:
    unlisted = sorted({each.hospital for each in sources} - set(reached))
    if unlisted:
        raise ValueError(f"no base of the network serves {', '.join(unlisted)}: list it under a base's hospitals")
    far = sorted({each.hospital for each in sources if not reached[each.hospital]})
    if far:
        most = _hours(recipe.starting_material.fresh_maximum)
        raise ValueError(f"no base is near enough to serve {', '.join(far)}: fresh material keeps {most}")


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} h"
