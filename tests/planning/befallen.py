"""What befell patients and products by chance, in the plant's facts and in the fast kernel's base: who became unfit for the treatment, which
tests came out unacceptable before a release and after it.

Both live by ``BEFALLING``. How long somebody waits the two do not mean alike (``test_simulate_plant``), so that not the share of patients is
compared but how often it happens: of all days on which it could, of all products that were judged, of all that left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from tests.planning.kernel_measured import YEARS
from tests.planning.plant_measured import TROUBLES, Measured, Told, each_treatments
from tests.spec.harness import START

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.ledger.entry import Entry
from yimai.planning import simulation_odds
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import room_for
from yimai.planning.simulation_kernel import run
from yimai.planning.simulation_model import model_of
from yimai.planning.simulation_state import COLLECTIONS, COLLECTIONS_FAILED, LATE_POSITIVES, LEGS, TREATED

BEFALLING: Final = replace(TROUBLES, deterioration_per_month=0.25, positive=0.04, courier_delay=0.0)
DAY: Final = timedelta(days=1)


def of_the_plant(recipe: Recipe, ledgers: Iterable[Sequence[Entry]]) -> Measured:
    """What the facts of these ledgers tell; each treatment's up to its delivery, and its product's until the last test is told."""
    times, trials = Counter[str](), Counter[str]()
    for entries in ledgers:
        for own in each_treatments(entries):
            kinds = Counter(each.kind for each in own)
            withdrawn = [each for each in own if each.kind == "treatment.withdrawn.v1"]
            times["deteriorated"] += any(each.data["reason"] == "progression" for each in withdrawn)
            trials["deteriorated"] += (_at_risk_until(own) - own[0].occurred) // DAY
            released = kinds["disposition.conditionally_released.v1"]
            times["out of specification"] += kinds["disposition.rejected.v1"]
            trials["out of specification"] += kinds["disposition.rejected.v1"] + released
            if released:
                told, late = _final_results(recipe, own)
                times["late positive"] += late
                trials["late positive"] += late or told
    return Measured({}, {name: (times[name], trials[name]) for name in trials})


def _at_risk_until(own: Sequence[Told]) -> datetime:
    """When the patient was withdrawn or the product had come to the hospital, else the last fact."""
    ends = [each for each in own if each.kind in ("treatment.withdrawn.v1", "infusion.availability_confirmed.v1")]
    return (ends[0] if ends else own[-1]).occurred


def _final_results(recipe: Recipe, own: Sequence[Told]) -> tuple[bool, bool]:
    """Of the product that left: whether all its final tests are told, and whether one was unacceptable once it was released."""
    released = next(each for each in reversed(own) if each.kind == "disposition.conditionally_released.v1")
    accepted = {test.id: test.accepted for test in recipe.tests if test.stage == "final"}
    samples = {
        each.data["sample"]
        for each in own
        if each.kind == "sample.taken.v1" and each.data["batch"] == released.data["batch"]
    }
    told = [each for each in own if each.kind == "sample.result_recorded.v1"
            and each.data["sample"] in samples and each.data["test"] in accepted]  # fmt: skip
    late = any(
        each.occurred > released.occurred and each.data["value"] not in accepted[each.data["test"]] for each in told
    )
    return {each.data["test"] for each in told} == accepted.keys(), late


def of_the_kernel(
    recipe: Recipe, base: Base, seed: int, numbers: Iterable[int], scenario: Scenario = BEFALLING
) -> Measured:
    """What these replications of four years did."""
    simulation = model_of(recipe, base, scenario, START.date(), YEARS)
    model = simulation.model.packed()
    times, trials = Counter[str](), Counter[str]()
    for number in numbers:
        state = room_for(simulation)
        run(model, state.packed, seed, number, simulation.hours)
        lost = dict(zip(simulation.causes, state.lost[0].astype(int).tolist(), strict=True))
        patients = state.patients[state.patients["ordered"] < simulation.hours]
        treated = patients["phase"] == TREATED
        times["deteriorated"] += int(state.lost[1][simulation_odds.DETERIORATED])
        until = np.minimum(patients["worsens"], simulation.hours)[~treated] - patients["ordered"][~treated]
        trials["deteriorated"] += round((until.sum() + state.patients["wait"][: treated.sum()].sum()) / 24)
        left = int(state.tally[LEGS] - state.tally[COLLECTIONS] + state.tally[COLLECTIONS_FAILED])
        times["out of specification"] += lost["out_of_specification"]
        trials["out of specification"] += lost["out_of_specification"] + left
        times["late positive"] += lost["late_positive"] + int(state.tally[LATE_POSITIVES])
        trials["late positive"] += left
    return Measured({}, {name: (times[name], trials[name]) for name in trials})
