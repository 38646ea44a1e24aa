"""What the simulated plant's people did and what the fast kernel's base did, told alike: for the test that both agree.

Both live by one recipe, one base and one scenario. Failures are made several times as likely as the shipped recipe says, and so is what
breaks and who does not come, so that some hundred batches tell odds from others; one controlled-rate freezer is left, for which batches wait
while it is repaired. Everybody is always at work and no day is closed: how long things wait for people and opening hours is the kernel's
own (and its twin's in SimPy); the plant's people come when they are called.
"""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import pairwise
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np
from tests.spec.harness import LEDGER, START, founding

from yimai.domain.base import Base, base_from
from yimai.domain.recipe import Recipe
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.plant.breakdowns import Breakdowns
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.founding import Founding, found
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.plant import Plant
from yimai.ledger.entry import Entry
from yimai.ledger.memory import MemoryLedger
from yimai.planning.problem import Floats
from yimai.planning.scenario import Scenario

HOUR: Final = timedelta(hours=1)
MORE_FAILURES: Final = 5
DAYS_BETWEEN: Final = 2
ALONE: Final = "controlled_rate_freezer"
"""Of this class one piece is left."""
HANDLING: Final = timedelta(minutes=16)
"""Between two steps at most, which no duration of the recipe holds: left out of what is compared. Whatever stands longer waits for repairs."""
CAUSES: Final = (
    "lost:growth", "lost:viability", "lost:purity", "lost:unstated", "lost:bag_fracture", "lost:out_of_specification", "lost:suite_failure",
    "yield",
)  # fmt: skip
"""What may become of a batch."""
TROUBLES: Final = Scenario(
    orders_per_year=365.25 / DAYS_BETWEEN / 2, deterioration_per_month=0.0, no_show=0.2, rebooking_days=3.0, collections=60, batches=60,
    courier_delay=0.2, failure_factor=(), retained=0.0, remake_failures=0.0, hold_loss=0.0, positive=0.0, repeats=0.0,
    out_of_specification_supply=0.0, suite_failures=12.0, suite_failure_loss=0.2, equipment_failures=20.0, absence=0.0, warm_up_days=0.0,
)  # fmt: skip
"""What goes wrong beside what the recipe says. Absence, tests that are invalid, and a second batch of retained material the plant does not
draw."""


def files(slower: Mapping[str, float] = {}, more: float = MORE_FAILURES) -> Founding:
    """The shipped programme, recipe and base, changed as said above.

    slower: by which factor a step takes longer. more: so many times the failures.
    """
    shipped = founding()
    recipe, base = copy.deepcopy(dict(shipped.recipe)), copy.deepcopy(dict(shipped.base))
    for step in (step for operation in recipe["operations"] for step in operation["steps"]):
        for failure in step.get("failures", ()):
            failure["probability"] = f"{float(failure['probability']) * more:g}"
        if step["id"] in slower:
            number, unit = step["duration"]["median"].split()
            step["duration"]["median"] = f"{float(number) * slower[step['id']]:g} {unit}"
        if "until" in step:
            step["until"]["most"] = 2
    for failure in recipe["starting_material"]["failures"]:
        failure["probability"] = f"{float(failure['probability']) * more:g}"
    for test in recipe["tests"]:
        if test["id"] == "car":
            test["typical"]["cv"] = "0.6"
    base["shifts"] = [{"id": "always", "title": {"zh": "全天", "en": "Always"}, "begins": "00:00", "ends": "00:00"}]
    base["review"]["shift"] = "always"
    base["closures"] = []
    base["equipment"] = [each for each in base["equipment"] if each["class"] != ALONE or each["id"].endswith("-01")]
    for person in base["people"]:
        person.pop("shift", None)
    for hospital in base["hospitals"]:
        hospital["collecting"] |= {"days": [1, 2, 3, 4, 5, 6, 7], "begins": "00:00", "ends": "23:59"}
    return Founding(shipped.programme, recipe, base, 1)


def lived(
    founding: Founding,
    count: int,
    seed: int,
    *,
    starts: datetime = START,
    as_done: Founding | None = None,
    scenario: Scenario = TROUBLES,
    until: str = "delivered",
) -> list[Entry]:
    """The facts of a plant in which so many treatments are ordered, one every other day, until each is delivered or given up.

    as_done: whose recipe people's work really goes by, where that is not what was approved. until: another stage than the delivery.
    """
    clock, chance = Clock(starts), Random(f"plant beside the kernel {seed}")
    ledger = MemoryLedger(ledger_id=LEDGER, clock=clock, chance=Random(f"ledger {seed}").randbytes)
    found(ledger, founding)
    recipe = recipe_from((as_done or founding).recipe)
    plant = Plant(ledger, clock, recipe, base_from(founding.base), chance, scenario=scenario)
    journeys = [Journey(plant, number=each + 1, fortune=Fortune(dispatched_early=True)) for each in range(count)]
    breakdowns = Breakdowns(plant, scenario, chance, journeys)
    waiting = [(starts + timedelta(days=DAYS_BETWEEN * number), number) for number in range(count)]
    heapify(waiting)
    while waiting:
        moment, number = heappop(waiting)
        breakdowns.live_until(moment)
        clock.wait_until(max(moment, clock()))
        following = journeys[number].go_on(until)
        if following is not None and until not in journeys[number].reached:
            heappush(waiting, (following, number))
    return [entry for _, entry in ledger.entries()]


class Told(NamedTuple):
    """One fact of a treatment."""

    kind: str
    data: Any
    occurred: datetime


@dataclass(frozen=True)
class Measured:
    """spans: hours, by what lasted so long; of delivered treatments. odds: how often something happened, and of how many times it could."""

    spans: Mapping[str, Floats]
    odds: Mapping[str, tuple[int, int]]


def each_treatments(entries: Iterable[Entry]) -> Iterable[list[Told]]:
    """The facts of one treatment after another."""
    of: dict[str, list[Told]] = defaultdict(list)
    for each in (Told(entry.kind, entry.data, entry.occurred) for entry in entries if "treatment" in entry.data):
        of[each.data["treatment"]].append(each)
    return of.values()


def of_the_plant(recipe: Recipe, base: Base, ledgers: Iterable[Sequence[Entry]]) -> Measured:
    """What the facts of these ledgers tell."""
    spans: dict[str, list[float]] = defaultdict(list)
    times, trials = Counter[str](), Counter[str]()
    for entries in ledgers:
        _broken(base, entries, times, trials)
        for own in each_treatments(entries):
            _count(own, times, trials)
            if any(each.kind == "disposition.conditionally_released.v1" for each in own):
                batch = [each.data["batch"] for each in own if each.kind == "batch.opened.v1"][-1]
                again = any(each.kind == "batch.step_started.v1" and each.data["batch"] == batch
                            and each.data["round"] > 1 for each in own)  # fmt: skip
                times["another round"] += again
                trials["another round"] += 1
                lasted = _course(recipe, own)
                times["stood still"] += lasted["stood still"] > timedelta(0)
                trials["stood still"] += 1
                for name, each_lasted in lasted.items():
                    if name != "stood still" or each_lasted > timedelta(0):
                        spans[name].append(each_lasted / HOUR)
                spans["missed"] += [each / HOUR for each in _missed(own)]
    return Measured(
        {name: np.array(each) for name, each in spans.items()}, {name: (times[name], trials[name]) for name in trials}
    )


def _count(own: Sequence[Told], times: Counter[str], trials: Counter[str]) -> None:
    """What befell one treatment."""
    kinds = Counter(each.kind for each in own)
    batches, released = kinds["batch.opened.v1"], kinds["disposition.conditionally_released.v1"]
    lost = Counter(each.data["cause"] for each in own if each.kind == "batch.failed.v1")
    found = {"lost:" + cause.replace("equipment", "suite_failure"): number for cause, number in lost.items()}
    found |= {"lost:out_of_specification": kinds["disposition.rejected.v1"], "yield": released}
    missed = sum(each.kind == "slot.freed.v1" and each.data["reason"] == "did_not_come" for each in own)
    times["did not come"] += missed
    trials["did not come"] += missed + kinds["collection.started.v1"]
    times["collection failed"] += kinds["collection.failed.v1"]
    trials["collection failed"] += kinds["collection.started.v1"]
    times["treated"] += released
    trials["treated"] += 1
    for name in CAUSES:
        times[name] += found.get(name, 0)
        trials[name] += batches


def pieces_of(base: Base) -> int:
    """How many shared pieces can be used, and break."""
    return sum(not each.suite and each.calibrated_until > START.date() for each in base.equipment)


def _broken(base: Base, entries: Sequence[Entry], times: Counter[str], trials: Counter[str]) -> None:
    """How often suites and shared pieces broke: of so many days of each."""
    days = (entries[-1].occurred - entries[0].occurred) // timedelta(days=1)
    for noun, number in (("suite", len(base.suites)), ("equipment", pieces_of(base))):
        times[f"{noun} broken"] += sum(entry.kind == f"{noun}.taken_out.v1" for entry in entries)
        trials[f"{noun} broken"] += number * days


def _missed(own: Sequence[Told]) -> Iterator[timedelta]:
    """By how much a missed appointment puts the collection off, where the first one that took place gave enough."""
    begun = [each.occurred for each in own if each.kind == "collection.started.v1"]
    appointed = [each.data["itinerary"]["collection"] for each in own if each.kind == "slot.reserved.v1"]
    if len(begun) == 1 and len(appointed) > 1:
        yield (begun[0] - datetime.fromisoformat(appointed[0])) / (len(appointed) - 1)


def _course(recipe: Recipe, own: Sequence[Told]) -> dict[str, timedelta]:
    """How long what led to the delivery of one treatment lasted: of its last batch."""
    batch = [each.data["batch"] for each in own if each.kind == "batch.opened.v1"][-1]
    at = {(each.kind, each.data["step"], each.data["round"]): each.occurred for each in own
          if each.kind.startswith("batch.step_") and each.data["batch"] == batch}  # fmt: skip
    runs = [(step, at["batch.step_started.v1", step, number], ended)
            for (kind, step, number), ended in at.items() if kind == "batch.step_completed.v1"]  # fmt: skip
    lasted: dict[str, timedelta] = defaultdict(timedelta)
    for step, started, ended in runs:
        lasted[f"step:{step}"] += ended - started
    samples = {each.data["sample"]: each.occurred for each in own
               if each.kind == "sample.taken.v1" and each.data["batch"] == batch}  # fmt: skip
    told = {each.data["test"]: (samples[each.data["sample"]], each.occurred) for each in own
            if each.kind == "sample.result_recorded.v1" and each.data["sample"] in samples}  # fmt: skip
    awaited = {test.id for test in recipe.tests if test.stage != "final"}
    last, drawn = max((recorded, taken) for test, (taken, recorded) in told.items() if test in awaited)
    handled = stood = timedelta(0)
    for (before, _, ended), (after, started, _) in pairwise(runs):
        gap = started - ended
        assert gap >= timedelta(0)
        if gap > HANDLING and before == after:
            lasted[f"step:{after}"] += gap
        elif gap > HANDLING:
            stood += gap
        elif ended >= drawn:
            handled += gap
    made = sum(lasted.values(), stood)
    checked = max(each.occurred for each in own if each.kind == "sample.result_verified.v1"
                  and each.data["sample"] in samples and each.data["test"] in awaited)  # fmt: skip
    released = next(each.occurred for each in own if each.kind == "disposition.conditionally_released.v1")
    collected = [each for each in own if each.kind in ("collection.started.v1", "collection.completed.v1")][-2:]
    handed = [
        each.occurred for each in own if each.kind == "custody.container_handed_over.v1" and each.occurred > released
    ]
    lasted |= {f"test:{test}": recorded - taken for test, (taken, recorded) in told.items()}
    lasted |= {"collection": collected[1].occurred - collected[0].occurred, "made": made, "tested": last - runs[-1][2] + handled,
               "review": released - checked, "outbound": handed[-1] - handed[0], "stood still": stood}  # fmt: skip
    lasted["vein"] = made + lasted["tested"] + lasted["review"] + lasted["outbound"]
    return lasted
