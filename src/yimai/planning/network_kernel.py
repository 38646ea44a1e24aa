"""Runs several simulated bases at once and sends each patient to one of them when the order comes (compiled).

Bases touch one another only where an order comes, so each runs by itself until then: what is decided is decided by the state that all of
them are in at that moment. Every base knows all patients by the same numbers, so that policies that are compared meet the same luck;
what breaks and who is absent is each base's own.
"""

from __future__ import annotations

from typing import Any

from yimai.planning import simulation_odds as odds
from yimai.planning.chance import key_of
from yimai.planning.compiled import Packed, compiled
from yimai.planning.problem import Flags, Floats, Ints
from yimai.planning.simulation_kernel import advance, finish
from yimai.planning.simulation_memory import (
    hospitals_in,
    keys_at,
    odds_in,
    patients_at,
    slots_at,
    sources_in,
    suites_at,
    tasks_in,
)
from yimai.planning.simulation_state import (
    ABSENT,
    ACTIVE,
    BREAKING,
    arrivals,
    expect,
    first_events,
    refresh,
    slot_of,
)


@compiled
def run_network(
    models: Any, states: Any, choices: Flags, own: Ints, assigned: Ints, opens: Floats, seed: int, replication: int, end: float
) -> int:  # fmt: skip
    """One replication from empty bases until the end (hours); how many patients have come.

    models, states: one of each base. choices: shape (sources, bases), where a source's patients may go; who has one choice is sent there
    at once. own: each source's base that is taken where another is no earlier. assigned: is told each patient's base. opens: room for
    the most suites that a base has.
    """
    patients = 0
    for base in range(len(models)):
        refresh(models[base], states[base], seed, replication)
        for purpose in (BREAKING, ABSENT):
            keys_at(states[base])[purpose] = key_of(keys_at(states[base])[purpose], base)
        patients = arrivals(models[base], states[base], end)
    for patient in range(patients):
        assigned[patient] = only_choice(choices, patients_at(states[0])[patient].source)
        if assigned[patient] >= 0:
            expect(states[assigned[patient]], patient)
    for base in range(len(models)):
        first_events(models[base], states[base])
    oldest = 0
    for patient in range(patients):
        if assigned[patient] >= 0:
            continue
        for base in range(len(models)):
            advance(models[base], states[base], patients_at(states[0])[patient].ordered)
        while oldest < patient and patients_at(states[assigned[oldest]])[oldest].phase != ACTIVE:
            oldest += 1
        assigned[patient] = earliest(models, states, choices, own, assigned, opens, oldest, patient)
        expect(states[assigned[patient]], patient)
    for base in range(len(models)):
        finish(models[base], states[base], end)
    return patients


@compiled
def only_choice(choices: Flags, source: int) -> int:
    """The only base to which the source's patients may go; -1 where there are several."""
    found = -1
    for base in range(choices.shape[1]):
        if choices[source, base]:
            if found >= 0:
                return -1
            found = base
    return found


@compiled
def earliest(
    models: Any, states: Any, choices: Flags, own: Ints, assigned: Ints, opens: Floats, oldest: int, patient: int
) -> int:  # fmt: skip
    """The base at which the patient would be infused first as things stand; of equals their own, then the first."""
    source = patients_at(states[0])[patient].source
    best = own[source]
    least = planned(models[best], states[best], assigned, opens, best, oldest, patient)
    for base in range(len(models)):
        if base != own[source] and choices[source, base]:
            hours = planned(models[base], states[base], assigned, opens, base, oldest, patient)
            if hours < least:
                best, least = base, hours
    return int(best)


@compiled
def planned(
    model: Packed, state: Packed, assigned: Ints, opens: Floats, base: int, oldest: int, patient: int
) -> float:  # fmt: skip
    """When the patient would be infused here (hours), with planned durations: once the material can be there, and all who go before have a suite.

    Each suite is taken for a batch's planned time, one after another, from when it is expected to be free. People and equipment
    count only as far as they have delayed what is in the suites and those who wait.
    """
    now = patients_at(state)[patient].ordered
    hospital = sources_in(model)[patients_at(state)[patient].source].hospital
    lead, whole = hospitals_in(model)[hospital].lead, hospitals_in(model)[hospital].whole
    suites = len(suites_at(state))
    for suite in range(suites):
        is_free = suites_at(state)[suite].holder < 0 and not suites_at(state)[suite].broken
        opens[suite] = now if is_free else max(now, suites_at(state)[suite].forecast)
    starts = now
    for _ in range(1 + before(model, state, assigned, base, oldest, patient)):
        first = 0
        for suite in range(1, suites):
            if opens[suite] < opens[first]:
                first = suite
        starts = opens[first]
        opens[first] += tasks_in(model)[model.first].remain
    return float(max(now + odds_in(model)[odds.PREPARATION] + lead, starts) + whole - lead)


@compiled
def before(model: Packed, state: Packed, assigned: Ints, base: int, oldest: int, patient: int) -> int:
    """How many of those who were sent here have no suite yet and go before the patient: all but the less urgent who are not collected."""
    number = 0
    for other in range(oldest, patient):
        if assigned[other] != base or patients_at(state)[other].phase != ACTIVE:
            continue
        if slots_at(state)[slot_of(model, other, model.first)].started >= 0:
            continue
        is_collected = slots_at(state)[slot_of(model, other, 0)].started >= 0
        number += is_collected or patients_at(state)[other].urgent >= patients_at(state)[patient].urgent
    return number
