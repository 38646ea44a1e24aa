"""What the fast kernel's base did, read from where its replications stand at their end; see ``plant_measured``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Final

import numpy as np
from tests.planning.plant_measured import CAUSES, HANDLING, HOUR, TROUBLES, Measured, pieces_of
from tests.spec.harness import START

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.planning.build import Horizon, build
from yimai.planning.order import Order
from yimai.planning.problem import Floats
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import room_for
from yimai.planning.simulation_kernel import run
from yimai.planning.simulation_model import model_of
from yimai.planning.simulation_state import (
    BATCHES,
    COLLECTIONS,
    COLLECTIONS_FAILED,
    DONE,
    LOST,
    NO_SHOWS,
    PIECES_BROKEN,
    SUITES_BROKEN,
    TREATED,
)

YEARS: Final = 4.0


def of_the_kernel(
    recipe: Recipe, base: Base, seed: int, numbers: Iterable[int], scenario: Scenario = TROUBLES
) -> Measured:
    """What these replications of four years did."""
    simulation = model_of(recipe, base, scenario, START.date(), YEARS)
    names = _names(recipe, base)
    model = simulation.model.packed()
    spans: dict[str, list[Floats]] = defaultdict(list)
    times, trials = Counter[str](), Counter[str]()
    for number in numbers:
        state = room_for(simulation)
        run(model, state.packed, seed, number, simulation.hours)
        treated = state.patients["phase"] == TREATED
        rows = state.slots.reshape(-1, len(names))[treated]
        for name, lasted in _course(recipe, names, rows["started"], rows["ended"]).items():
            if name != "stood still":
                spans[name].append(lasted)
                continue
            stood = lasted > HANDLING / HOUR
            times[name] += int(stood.sum())
            trials[name] += len(stood)
            spans[name].append(lasted[stood])
        collected = rows["started"][:, names.index("collection")] - np.floor(state.patients["prepared"][treated]) - 1
        times_missed = collected // (24 * scenario.rebooking_days)  # nothing else keeps a patient waiting for days
        missed = (state.patients["collections"][treated] == 1) & (times_missed > 0)
        spans["missed"].append(collected[missed] / times_missed[missed])
        for name, tally, number in (
            ("suite", SUITES_BROKEN, len(base.suites)),
            ("equipment", PIECES_BROKEN, pieces_of(base)),
        ):
            times[f"{name} broken"] += int(state.tally[tally])
            trials[f"{name} broken"] += round(number * simulation.hours / 24)
        times["did not come"] += int(state.tally[NO_SHOWS])
        trials["did not come"] += int(state.tally[NO_SHOWS] + state.tally[COLLECTIONS])
        times["another round"] += int((rows["run"][:, names.index("step:final_culture")] > 0).sum())
        trials["another round"] += len(rows)
        lost = Counter[str]()
        for cause, count in zip(simulation.causes, state.lost[0], strict=True):
            lost["lost:" + cause] += int(count)
        lost["yield"] = int(state.tally[DONE])
        for name in CAUSES:
            times[name] += lost[name]
            trials[name] += int(state.tally[BATCHES])
        times["collection failed"] += int(state.tally[COLLECTIONS_FAILED])
        trials["collection failed"] += int(state.tally[COLLECTIONS])
        times["treated"] += int(treated.sum())
        trials["treated"] += int(treated.sum() + (state.patients["phase"] == LOST).sum())
    return Measured(
        {name: np.concatenate(each) for name, each in spans.items()},
        {name: (times[name], trials[name]) for name in trials},
    )


def _names(recipe: Recipe, base: Base) -> tuple[str, ...]:
    """The kernel's tasks, in its order."""
    order = Order("one", base.hospitals[0].id, "standard", START)
    problem = build({recipe.id: recipe}, base, [(order, recipe.id)], Horizon(START, START, timedelta(days=21)))
    return tuple(each.id for each in problem.tasks.names)


def _course(recipe: Recipe, names: tuple[str, ...], started: Floats, ended: Floats) -> dict[str, Floats]:
    """How long what led to the delivery lasted, for each treatment."""
    at = {name: (started[:, column], ended[:, column]) for column, name in enumerate(names)}
    lasted = {name: ends - starts for name, (starts, ends) in at.items()}
    steps = [f"step:{step.id}" for step in recipe.steps]
    awaited = [f"test:{test.id}" for test in recipe.tests if test.stage != "final"]
    last = np.maximum.reduce([at[test][1] for test in awaited])
    lasted["made"] = at[steps[-1]][1] - at[steps[0]][0]
    lasted["tested"] = last - at[steps[-1]][1]
    gaps = [at[after][0] - at[before][1] for before, after in pairwise(steps)]
    lasted["stood still"] = np.sum([np.where(gap > HANDLING / HOUR, gap, 0.0) for gap in gaps], axis=0)
    lasted["vein"] = at["outbound"][1] - at[steps[0]][0]
    return lasted
