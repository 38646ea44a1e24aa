"""Swaps: whatever is presented for the wrong patient is refused and recorded, at every hand-over and match."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from yimai.domain.fact import subject
from yimai.domain.facts import decode
from yimai.domain.identity import IdentityMatchRefused
from yimai.domain.refusal import Refusal
from yimai.interfaces.files.reading import read_base, read_programme, read_recipe
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.founding import Founding, found
from yimai.interfaces.plant.gates import Gate, gates
from yimai.interfaces.plant.journey import Journey, drive
from yimai.interfaces.plant.plant import Plant
from yimai.ledger.ledger import Ledger
from yimai.ledger.memory import MemoryLedger
from yimai.ledger.verify import Verified
from yimai.store.postgres_ledger import PostgresLedger
from yimai.store.vault import Vault
from yimai.store.verify import verify

CATALOGUE = Path(str(files("yimai"))) / "catalogue"
START = datetime.fromisoformat("2026-08-03T08:00:00+08:00")


def many_suites(content: dict[str, Any], count: int) -> dict[str, Any]:
    """The base with so many suites that all patients' cells can be in manufacture at the same time."""
    wide = deepcopy(content)
    model = wide["suites"][0]["id"]
    equipment = [each for each in wide["equipment"] if each.get("suite") == model]
    for number in range(len(wide["suites"]), count):
        suite = f"SWAP-{number:02d}"
        wide["suites"].append({**wide["suites"][0], "id": suite})
        wide["equipment"] += [{**each, "id": f"{each['id']}-{suite}", "suite": suite} for each in equipment]
    return wide


def plant_on(ledger: Ledger, clock: Clock, suites: int) -> Plant:
    recipe = read_recipe(CATALOGUE / "recipes" / "cd19-cart.yaml")
    base = many_suites(dict(read_base(CATALOGUE / "bases" / "lingang.yaml").content), suites)
    programme = read_programme(CATALOGUE / "programmes" / "shanghai.yaml")
    found(ledger, Founding(programme.content, recipe.content, base))
    from yimai.domain.base import base_from

    return Plant(ledger, clock, recipe.recipe, base_from(base))


Pair = tuple[int, int]
"""Whose gate it was, and whose identifier was presented there, by their places in the row of journeys."""


def swap_all(plant: Plant, journeys: Sequence[Journey], at_once: int) -> dict[str, Counter[Pair]]:
    """At every gate present other patients' identifiers, so many to each, from gate to gate the next ones in the row;
    then let the right one pass. Return which pairs each gate met."""
    tried: dict[str, Counter[Pair]] = {}
    all_gates = {journey: gates(journey) for journey in journeys}
    stages = list(dict.fromkeys(gate.before for gate in all_gates[journeys[0]]))
    for stage in stages:
        drive(plant, journeys, stage)
        for number, gate in enumerate(all_gates[journeys[0]]):
            if gate.before == stage:
                tried[gate.name] = Counter()
                for place, journey in enumerate(journeys):
                    others = (*range(place + 1, len(journeys)), *range(place))
                    turned = (number * at_once + each for each in range(at_once))
                    met = [others[each % len(others)] for each in turned]
                    refuse(
                        plant.ledger, journey, all_gates[journey][number], [journeys[other] for other in met], all_gates
                    )
                    tried[gate.name].update((place, other) for other in met)
    drive(plant, journeys, "infused")
    return tried


def refuse(
    ledger: Ledger, journey: Journey, gate: Gate, others: Sequence[Journey], all_gates: dict[Journey, Any]
) -> None:
    before = len(ledger.about(subject("treatment", journey.treatment)).entries[subject("treatment", journey.treatment)])
    presented = []
    for other in others:
        foreign = next(each for each in all_gates[other] if each.name == gate.name).own()
        assert foreign != gate.own()
        answer = gate.present(foreign)
        assert isinstance(answer, Refusal), f"{gate.name} of {journey.treatment} let {foreign} pass"
        assert answer.kind.identity, f"{gate.name}: {answer.code} is no identity refusal"
        assert not answer.kind.override
        presented.append(foreign)
    chain = ledger.about(subject("treatment", journey.treatment)).entries[subject("treatment", journey.treatment)]
    recorded = [decode(entry) for entry in chain[before:]]
    assert len(recorded) == len(others), f"{gate.name}: not every refusal is on record"
    for fact, foreign in zip(recorded, presented, strict=True):
        assert isinstance(fact, IdentityMatchRefused)
        assert foreign in fact.details.values(), f"{gate.name}: the record does not name {foreign}"


def test_every_ordered_pair_and_at_every_gate_twelve_to_each_are_refused_and_recorded() -> None:
    """50 treatments in flight: no gate lets another patient's item pass, and all 50 are infused in the end.

    Every gate turns away 12 others from each patient, and every ordered pair of patients meets at several gates.
    """
    count, at_once = 50, 12
    clock = Clock(START)
    ledger = MemoryLedger(ledger_id=str(UUID(int=1)), clock=clock, chance=random.Random(1).randbytes)
    plant = plant_on(ledger, clock, suites=count)
    journeys = [Journey(plant, number=number) for number in range(1, count + 1)]
    tried = swap_all(plant, journeys, at_once)
    print(f"\n{sum(met.total() for met in tried.values()):,} swaps at {len(tried)} gates, all refused and recorded")
    assert {(len(met), met.total()) for met in tried.values()} == {(count * at_once, count * at_once)}
    pairs = sum(tried.values(), Counter[Pair]())
    assert pairs.keys() == set(permutations(range(count), 2))
    assert min(pairs.values()) >= 8
    wanted = {
        "labelling",
        "collection_complete",
        "pick_up",
        "receipt",
        "batch_opening",
        "result",
        "delivery",
        "bedside_bag",
    }
    assert wanted <= set(tried)
    assert sum(name.startswith("step:") for name in tried) == len(plant.recipe.steps)
    assert sum(name.startswith("sampling:") for name in tried) == len(plant.recipe.samples)


@pytest.fixture
def postgres_plant(fresh_database: str) -> Iterator[Callable[[int], Plant]]:
    with ConnectionPool(fresh_database, min_size=1, max_size=4, kwargs={"autocommit": True}) as pool:

        def build(suites: int) -> Plant:
            clock = Clock(START)
            vault = Vault(pool, bytes(32))
            ledger = PostgresLedger.open(
                pool,
                ledger_id=str(UUID(int=1)),
                simulated=True,
                clock=clock,
                chance=random.Random(1).randbytes,
                keep=vault.keep,
            )
            return plant_on(ledger, clock, suites)

        yield build


def test_swaps_are_refused_by_the_ledger_in_the_database_too(
    postgres_plant: Callable[[int], Plant], fresh_database: str
) -> None:
    """Fewer treatments, but at every gate every pair, in PostgreSQL; the ledger verifies afterwards."""
    plant = postgres_plant(4)
    journeys = [Journey(plant, number=number) for number in range(1, 5)]
    tried = swap_all(plant, journeys, 3)
    assert all(met == Counter(permutations(range(4), 2)) for met in tried.values())
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        assert isinstance(verify(connection), Verified)
