"""Where a simulated base stands, as arrays for compiled code, and what it is made of at the beginning."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from yimai.planning import simulation_odds as odds
from yimai.planning.chance import Keys, draw_keys, exponential, lognormal, uniform
from yimai.planning.compiled import Packed, compiled, packed
from yimai.planning.event_heap import Events, no_events, push
from yimai.planning.problem import Floats, Ints
from yimai.planning.simulation_memory import (
    PATIENTS,
    QUEUES,
    RESOURCES,
    SLOTS,
    SUITES,
    capacity_in,
    changes_in,
    events_at,
    keys_at,
    lost_at,
    odds_in,
    patients_at,
    people_in,
    pieces_in,
    queues_at,
    resources_at,
    slots_at,
    sources_in,
    suites_at,
    tally_at,
    tasks_in,
)
from yimai.planning.simulation_model import Model

(
    ARRIVING,
    WHO,
    PREPARING,
    LASTING,
    GROWING,
    FAILING,
    COLLECTING,
    TESTING,
    TRAVELLING,
    WORSENING,
    BREAKING,
    ABSENT,
    REMAKING,
) = range(13)
"""The purposes of chance, each with a stream of its own."""
PURPOSES: Final = 13

JOIN, READY, END, BEGUN, TAIL, TAIL_END, WAKE, CALL, SHIFT, CLEAR, BREAK, REPAIR, AGAIN, WARM = range(14)
"""What can happen."""

(
    ORDERS, COLLECTIONS, NO_SHOWS, COLLECTIONS_FAILED, BATCHES, DONE, SUPPLIED, LATE_POSITIVES, HOLDS_EXCEEDED, TESTS, REPEATS, LEGS,
    PROMISED, KEPT, IN_TIME, SUITES_BROKEN, PIECES_BROKEN, EVENTS,
) = range(18)  # fmt: skip
TALLIES: Final = (
    "orders", "collections", "no_shows", "collections_failed", "batches", "infused", "supplied_out_of_specification",
    "late_positives", "holds_exceeded", "tests", "repeats", "legs", "promised", "kept", "in_time", "suites_broken",
    "equipment_broken", "events",
)  # fmt: skip
ACTIVE, TREATED, LOST = range(3)
SPREAD: Final = math.sqrt(math.log(2.0))
"""Of a lognormal with coefficient of variation 1."""
RUNS: Final = 16
GENERATIONS: Final = 64
TASKS: Final = 4096


class State(NamedTuple):
    """Rows of named numbers, times in hours.

    packed: for compiled functions, with numbers of its own: now, the next change of shift and call of patients, how many are on their way to a
    suite (committed), and counters.
    resources: used, down, capacity, coming (from the next change on), carried (past it, as planned); area (used × hours), offered (capacity ×
    hours) since. kinds: head of the queue, woken (when its calendar opens). slots: each patient's each task: place in a queue, what it waits
    for, when it was ready, began and ended, run (rounds, repeats). patients: times, batch (generation), what is held; vein, wait: of the
    n-th infusion.
    suites: holder, forecast (when it is expected to be free), returned (when it is repaired). tally: counts. lost: batches and patients, by cause.
    """

    resources: Any
    kinds: Any
    slots: Any
    patients: Any
    suites: Any
    touched: Ints
    tally: Floats
    lost: Floats
    keys: Keys
    events: Events
    packed: Packed


@compiled
def says(what: int, patient: int, task: int, generation: int) -> int:
    """An event as one number."""
    return ((patient * TASKS + task) * GENERATIONS + generation) * 16 + what


@compiled
def slot_of(model: Packed, patient: int, task: int) -> int:
    """The row of the patient's task."""
    return int(patient * len(tasks_in(model)) + task)


@compiled
def count_of(model: Packed, state: Packed, patient: int, task: int) -> int:
    """The draw's number for this patient, batch, task and run: the same in every scenario."""
    run = min(slots_at(state)[slot_of(model, patient, task)].run, RUNS - 1)
    return int(((patient * GENERATIONS + patients_at(state)[patient].generation) * TASKS + task) * RUNS + run)


@compiled
def arrivals(model: Packed, state: Packed, end: float) -> int:
    """Draw everyone who comes until the end; how many they are."""
    rate = total_rate(model)
    at, patient = 0.0, 0
    while rate > 0 and patient < len(patients_at(state)):
        at += exponential(keys_at(state)[ARRIVING], patient) / rate
        if at >= end:
            break
        pick = uniform(keys_at(state)[WHO], 2 * patient) * rate
        source = 0
        while source < len(sources_in(model)) - 1 and pick >= sources_in(model)[source].rate:
            pick -= sources_in(model)[source].rate
            source += 1
        newcomer(state, model, patient)
        patients_at(state)[patient].source = source
        patients_at(state)[patient].urgent = (
            uniform(keys_at(state)[WHO], 2 * patient + 1) < sources_in(model)[source].urgent
        )
        patients_at(state)[patient].ordered = at
        ready = at + lognormal(
            keys_at(state)[PREPARING], patient, odds_in(model)[odds.PREPARATION], odds_in(model)[odds.PREPARATION_SIGMA]
        )
        patients_at(state)[patient].prepared = ready
        hazard = odds_in(model)[odds.HAZARD]
        patients_at(state)[patient].worsens = (
            at + exponential(keys_at(state)[WORSENING], patient) / hazard if hazard > 0 else np.inf
        )
        patient += 1
    return patient


def beginning(model: Model, patients: int, causes: int) -> State:
    """An empty base with room for so many patients; ``refresh`` begins a replication with it."""
    arrays: dict[str, Any] = {
        "resources": np.zeros(len(model.resources), RESOURCES),
        "kinds": np.zeros(len(model.kinds) - len(model.spans) - 1, QUEUES),
        "slots": np.zeros(patients * len(model.tasks), SLOTS),
        "patients": np.zeros(patients, PATIENTS),
        "suites": np.zeros(model.suites, SUITES),
        "touched": np.empty(4096 + 4 * len(model.kinds), np.int32),
        "tally": np.zeros(len(TALLIES)),
        "lost": np.zeros((2, causes)),
        "keys": np.zeros(PURPOSES, np.uint64),
    }
    events = no_events(2 * patients + 1024 + 64 * model.suites + 8 * len(model.kinds))
    numbers = dict.fromkeys(("now", "change_at", "call_at"), 0.0)
    counters = dict.fromkeys(("committed", "changes", "breaks", "touching", "infused"), 0)
    return State(**arrays, events=events, packed=packed(arrays | events._asdict(), {**numbers, **counters}))


@compiled
def refresh(model: Packed, state: Packed, seed: int, replication: int) -> None:
    """Make the base empty again, and give it the replication's chance."""
    draw_keys(seed, replication, keys_at(state))
    events_at(state).size[0] = 0
    tally_at(state)[:] = 0.0
    lost_at(state)[:] = 0.0
    state.now = 0.0
    state.call_at = -1.0
    state.committed = state.changes = state.breaks = state.touching = state.infused = 0
    for kind in range(len(queues_at(state))):
        queues_at(state)[kind].head = -1
        queues_at(state)[kind].woken = -1.0
    for resource in range(len(resources_at(state))):
        row = resources_at(state)[resource]
        row.used = row.down = row.carried = 0
        row.area = row.since = row.offered = 0.0
    for suite in range(len(suites_at(state))):
        suites_at(state)[suite].holder = -1
        suites_at(state)[suite].broken = 0
        suites_at(state)[suite].forecast = suites_at(state)[suite].returned = 0.0


@compiled
def newcomer(state: Packed, model: Packed, patient: int) -> None:
    """A patient to whom nothing has happened."""
    row = patients_at(state)[patient]
    row.promised = -1.0
    row.suite = -1
    row.held = row.generation = row.collections = row.batches = 0
    row.phase = row.committed = row.frozen = row.flagged = row.reviewed = 0
    for task in range(len(tasks_in(model))):
        slot = slots_at(state)[slot_of(model, patient, task)]
        slot.carries = 0
        slot.run = slot.queued = 0
        slot.ended = 0.0
        slot.started = -1.0


@compiled
def on_duty(model: Packed, state: Packed, change: int) -> None:
    """Who and what is there from this change of the week on (counted from the beginning), without those who are absent.

    What comes at the next change is what the rosters say: who will be absent then is not known yet.
    """
    segment, resources = change % len(changes_in(model)), len(pieces_in(model))
    following = (change + 1) % len(changes_in(model))
    for resource in range(resources):
        resources_at(state)[resource].capacity = capacity_in(model)[segment, resource]
        resources_at(state)[resource].coming = capacity_in(model)[following, resource]
    if odds_in(model)[odds.ABSENCE] <= 0:
        return
    for person in range(len(people_in(model))):
        if people_in(model)[person, resources + segment] == 0:
            continue
        if uniform(keys_at(state)[ABSENT], change * 4096 + person) < odds_in(model)[odds.ABSENCE]:
            for resource in range(resources):
                resources_at(state)[resource].capacity -= people_in(model)[person, resource]


@compiled
def flush(state: Packed, resource: int) -> None:
    """Add up what has been used and offered of the resource until now."""
    now = state.now
    span = now - resources_at(state)[resource].since
    resources_at(state)[resource].area += resources_at(state)[resource].used * span
    resources_at(state)[resource].offered += resources_at(state)[resource].capacity * span
    resources_at(state)[resource].since = now


@compiled
def expect(state: Packed, patient: int) -> None:
    """Let the patient join this base when they are ready."""
    push(events_at(state), patients_at(state)[patient].prepared, says(JOIN, patient, 0, 0))


@compiled
def first_events(model: Packed, state: Packed) -> None:
    """Let shifts change, and things break."""
    on_duty(model, state, 0)
    state.change_at = change_at(model, 1)
    push(events_at(state), state.change_at, says(SHIFT, 0, 0, 0))
    if odds_in(model)[odds.WARM_UP] > 0:
        push(events_at(state), odds_in(model)[odds.WARM_UP], says(WARM, 0, 0, 0))
    next_break(model, state)


@compiled
def change_at(model: Packed, change: int) -> float:
    """When the change of this number happens."""
    changes = len(changes_in(model))
    return float(168.0 * (change // changes) + changes_in(model)[change % changes])


@compiled
def next_break(model: Packed, state: Packed) -> None:
    """Draw when something breaks next: all pieces together, whichever it will be."""
    rate = breaks_an_hour(model)
    if rate > 0:
        wait = exponential(keys_at(state)[BREAKING], 4 * state.breaks) / rate
        push(events_at(state), state.now + wait, says(BREAK, 0, 0, 0))


@compiled
def breaks_an_hour(model: Packed) -> float:
    """How often anything breaks."""
    pieces = 0
    for resource in range(len(pieces_in(model))):
        pieces += pieces_in(model)[resource].pieces
    return float(model.suites * odds_in(model)[odds.SUITE_FAILURES] + pieces * odds_in(model)[odds.EQUIPMENT_FAILURES])


@compiled
def total_rate(model: Packed) -> float:
    """How many come an hour."""
    rate = 0.0
    for source in range(len(sources_in(model))):
        rate += sources_in(model)[source].rate
    return rate
