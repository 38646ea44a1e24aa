"""Years of one base, event after event, in compiled code.

The rules are the timetable's: a chain of the same tasks, suites held from the first step until the line is cleared, people by
qualification and shift, hold times first, then the urgent, then who has been ready longest. Each full hour the base calls the patients for
whom a suite is expected to be free when their material can be there. What has begun is not broken off at a change of shift.
"""

from __future__ import annotations

import numpy as np

from yimai.planning import simulation_odds as odds
from yimai.planning.chance import lognormal, uniform
from yimai.planning.compiled import Packed, compiled
from yimai.planning.event_heap import drop_first, push
from yimai.planning.simulation_course import (
    again,
    complete,
    deteriorated,
    join,
    lose_batch,
    lose_patient,
    ready_for,
)
from yimai.planning.simulation_memory import (
    calendars_in,
    events_at,
    hospitals_in,
    keys_at,
    kind_of_in,
    kinds_in,
    lost_at,
    odds_in,
    patients_at,
    pieces_in,
    queues_at,
    resources_at,
    rows_in,
    slots_at,
    sources_in,
    spans_in,
    suites_at,
    tally_at,
    tasks_in,
    touched_at,
)
from yimai.planning.simulation_model import COLLECTION, INBOUND, OUTBOUND, STEP, TEST
from yimai.planning.simulation_queue import (
    acquire,
    best_of,
    call_later,
    enqueue,
    fits,
    may_call,
    release,
    release_span,
    touch,
)
from yimai.planning.simulation_state import (
    ACTIVE,
    AGAIN,
    BATCHES,
    BEGUN,
    BREAK,
    BREAKING,
    CALL,
    CLEAR,
    COLLECTIONS,
    END,
    EVENTS,
    FAILING,
    GENERATIONS,
    HOLDS_EXCEEDED,
    JOIN,
    LASTING,
    LEGS,
    PIECES_BROKEN,
    PROMISED,
    READY,
    REPAIR,
    SHIFT,
    SPREAD,
    SUITES_BROKEN,
    TAIL,
    TAIL_END,
    TASKS,
    TESTS,
    TRAVELLING,
    WAKE,
    WARM,
    arrivals,
    breaks_an_hour,
    change_at,
    count_of,
    expect,
    first_events,
    flush,
    next_break,
    on_duty,
    refresh,
    says,
    slot_of,
)


@compiled
def start(model: Packed, state: Packed, kind: int) -> None:
    """Begin the first of the kind's queue, unless its patient or material is lost by now, or its suite is still to be repaired."""
    slot = queues_at(state)[kind].head
    queues_at(state)[kind].head = slots_at(state)[slot].following
    slots_at(state)[slot].queued = 0
    tasks = len(tasks_in(model))
    patient, task = slot // tasks, slot % tasks
    if deteriorated(state, patient):
        lose_patient(model, state, patient, odds.DETERIORATED)
        return
    now = state.now
    if kind != kind_of_in(model)[sources_in(model)[patients_at(state)[patient].source].hospital, task]:
        acquire(model, state, kind, slot)
        push(
            events_at(state),
            now + kinds_in(model)[kind].ends,
            says(TAIL_END, patient, task, patients_at(state)[patient].generation),
        )
        return
    suite = patients_at(state)[patient].suite
    if tasks_in(model)[task].role == STEP and suite >= 0 and suites_at(state)[suite].returned > now:
        push(
            events_at(state),
            suites_at(state)[suite].returned,
            says(READY, patient, task, patients_at(state)[patient].generation),
        )
        return
    if exceeded(model, state, patient, task):
        lose_batch(model, state, patient, odds.HOLD)
        return
    acquire(model, state, kind, slot)
    if slots_at(state)[slot].run == 0:
        slots_at(state)[slot].started = now
    take_spans(model, state, kind, patient, task)
    length = lognormal(
        keys_at(state)[LASTING],
        count_of(model, state, patient, task),
        kinds_in(model)[kind].median,
        kinds_in(model)[kind].sigma,
    )
    length = max(length, kinds_in(model)[kind].least)
    length += begin_role(model, state, patient, task)
    generation = patients_at(state)[patient].generation
    if kinds_in(model)[kind].begins >= 0:
        alone = max(0.0, length - kinds_in(model)[kind].begins - kinds_in(model)[kind].ends)
        slots_at(state)[slot_of(model, patient, task)].ready = now + kinds_in(model)[kind].begins + alone
        push(events_at(state), now + kinds_in(model)[kind].begins, says(BEGUN, patient, task, generation))
    else:
        push(events_at(state), now + length, says(END, patient, task, generation))


@compiled
def exceeded(model: Packed, state: Packed, patient: int, task: int) -> bool:
    """Whether a hold time has run out and the batch is lost for it."""
    if patients_at(state)[patient].frozen and task == model.first:
        return False
    lost = False
    for hold in range(tasks_in(model)[task].hold_first, tasks_in(model)[task].hold_last):
        late = (
            state.now
            - slots_at(state)[slot_of(model, patient, rows_in(model)[hold].number)].ended
            - rows_in(model)[hold].value
        )
        if late > 1e-9 and slots_at(state)[slot_of(model, patient, task)].run == 0:
            tally_at(state)[HOLDS_EXCEEDED] += 1
            chance = uniform(keys_at(state)[FAILING], 8 * count_of(model, state, patient, task) + 4 + (hold & 1))
            lost = lost or chance < odds_in(model)[odds.HOLD_LOSS]
    return lost


@compiled
def take_spans(model: Packed, state: Packed, kind: int, patient: int, task: int) -> None:
    """Take what is held from this task on, a suite among it, and give back what is held until it begins."""
    span = kinds_in(model)[kind].opens
    if span >= 0 and not patients_at(state)[patient].held >> span & 1:
        resource = spans_in(model)[span].resource
        flush(state, resource)
        resources_at(state)[resource].used += 1
        patients_at(state)[patient].held |= 1 << span
        if task == model.first:
            for suite in range(len(suites_at(state))):
                if suites_at(state)[suite].holder < 0 and not suites_at(state)[suite].broken:
                    suites_at(state)[suite].holder = patient
                    patients_at(state)[patient].suite = suite
                    break
            patients_at(state)[patient].batches += 1
            tally_at(state)[BATCHES] += 1
            state.committed -= patients_at(state)[patient].committed
            patients_at(state)[patient].committed = 0
    closes = tasks_in(model)[task].closes_start
    if closes >= 0 and patients_at(state)[patient].held >> closes & 1:
        patients_at(state)[patient].held &= ~(1 << closes)
        release_span(model, state, closes)


@compiled
def begin_role(model: Packed, state: Packed, patient: int, task: int) -> float:
    """What else happens as the task begins; how much longer it takes for it."""
    role = tasks_in(model)[task].role
    if role == STEP and patients_at(state)[patient].suite >= 0:
        suites_at(state)[patients_at(state)[patient].suite].forecast = state.now + tasks_in(model)[task].remain
    elif role == TEST:
        tally_at(state)[TESTS] += 1
    elif role == COLLECTION:
        patients_at(state)[patient].collections += 1
        tally_at(state)[COLLECTIONS] += 1
        state.committed += 1
        patients_at(state)[patient].committed = 1
        if patients_at(state)[patient].promised < 0:
            hospital = sources_in(model)[patients_at(state)[patient].source].hospital
            patients_at(state)[patient].promised = (
                state.now + hospitals_in(model)[hospital].whole + odds_in(model)[odds.ALLOWANCE]
            )
            tally_at(state)[PROMISED] += 1
    elif role in (INBOUND, OUTBOUND):
        tally_at(state)[LEGS] += 1
        draw = count_of(model, state, patient, task)
        if uniform(keys_at(state)[TRAVELLING], 2 * draw) < odds_in(model)[odds.DELAY]:
            return lognormal(keys_at(state)[TRAVELLING], 2 * draw + 1, odds_in(model)[odds.DELAY_HOURS], SPREAD)
    return 0.0


@compiled
def settle(model: Packed, state: Packed) -> None:
    """Serve everything that the event has touched, until nothing more can begin."""
    at = 0
    while at < state.touching:
        row = touched_at(state)[at]
        kind = best_of(model, state, row)
        while kind >= 0:
            start(model, state, kind)
            kind = best_of(model, state, row)
        at += 1
    state.touching = 0


@compiled
def call(model: Packed, state: Packed) -> None:
    """Begin the collections that can begin now, in order of priority."""
    while True:
        best, least = -1, np.inf
        for hospital in range(len(hospitals_in(model))):
            kind = kind_of_in(model)[hospital, 0]
            slot = queues_at(state)[kind].head
            if slot < 0 or slots_at(state)[slot].order >= least:
                continue
            tick = int(state.now / model.tick)
            calendar = kinds_in(model)[kind].calendar
            if calendar >= 0 and calendars_in(model)[calendar, tick] != tick:
                continue
            if fits(model, state, kind) and may_call(model, state, hospital):
                best, least = kind, slots_at(state)[slot].order
        if best < 0:
            break
        start(model, state, best)
    call_later(model, state)


@compiled
def change_shift(model: Packed, state: Packed) -> None:
    """Another shift takes over what runs and may begin what fits its people."""
    for resource in range(len(resources_at(state))):
        flush(state, resource)
        resources_at(state)[resource].carried = 0
    state.changes += 1
    on_duty(model, state, state.changes)
    state.change_at = change_at(model, state.changes + 1)
    push(events_at(state), state.change_at, says(SHIFT, 0, 0, 0))
    touch(state, len(kinds_in(model)) - 1)


@compiled
def break_down(model: Packed, state: Packed) -> None:
    """A suite or a piece of shared equipment breaks; what is broken already does not."""
    number = state.breaks
    state.breaks += 1
    key = keys_at(state)[BREAKING]
    next_break(model, state)
    pick = uniform(key, 4 * number + 1) * breaks_an_hour(model)
    of_suites = model.suites * odds_in(model)[odds.SUITE_FAILURES]
    if pick < of_suites:
        break_suite(model, state, min(int(pick / odds_in(model)[odds.SUITE_FAILURES]), model.suites - 1), number)
        return
    repair = lognormal(key, 4 * number + 2, odds_in(model)[odds.EQUIPMENT_REPAIR], SPREAD)
    piece = (pick - of_suites) / odds_in(model)[odds.EQUIPMENT_FAILURES]
    resource = 0
    while resource < len(pieces_in(model)) - 1 and piece >= pieces_in(model)[resource].pieces:
        piece -= pieces_in(model)[resource].pieces
        resource += 1
    if piece < resources_at(state)[resource].down:
        return
    tally_at(state)[PIECES_BROKEN] += 1
    resources_at(state)[resource].down += 1
    push(events_at(state), state.now + repair, says(REPAIR, resource, 0, 1))


@compiled
def break_suite(model: Packed, state: Packed, suite: int, number: int) -> None:
    """A suite breaks, and may lose the batch in it; one that is not lost begins its next step once the suite is repaired."""
    if suites_at(state)[suite].broken:
        return
    key = keys_at(state)[BREAKING]
    repair = lognormal(key, 4 * number + 2, odds_in(model)[odds.SUITE_REPAIR], SPREAD)
    suites_at(state)[suite].broken = 1
    suites_at(state)[suite].returned = state.now + repair
    tally_at(state)[SUITES_BROKEN] += 1
    patient = suites_at(state)[suite].holder
    if patient < 0:
        resources_at(state)[spans_in(model)[0].resource].down += 1
        suites_at(state)[suite].forecast = state.now + repair
    elif patients_at(state)[patient].suite == suite and uniform(key, 4 * number + 3) < odds_in(model)[odds.SUITE_LOSS]:
        lose_batch(model, state, patient, odds.SUITE_FAILURE)
    else:
        suites_at(state)[suite].forecast = max(suites_at(state)[suite].forecast, state.now + repair)
    push(events_at(state), state.now + repair, says(REPAIR, suite, 0, 0))


@compiled
def repaired(model: Packed, state: Packed, piece: int, is_equipment: int) -> None:
    """It works again."""
    resource = piece
    if not is_equipment:
        resource = spans_in(model)[0].resource
        suites_at(state)[piece].broken = 0
        if suites_at(state)[piece].holder >= 0:
            return
    resources_at(state)[resource].down -= 1
    touch(state, len(kinds_in(model)) - 1)


@compiled
def clear(model: Packed, state: Packed, suite: int) -> None:
    """The suite's line is cleared: it is free, unless it has broken down meanwhile."""
    suites_at(state)[suite].holder = -1
    release_span(model, state, 0)
    if suites_at(state)[suite].broken:
        resources_at(state)[spans_in(model)[0].resource].down += 1
        suites_at(state)[suite].forecast = state.now + odds_in(model)[odds.SUITE_REPAIR]


@compiled
def warm(state: Packed) -> None:
    """Count from here on."""
    for resource in range(len(resources_at(state))):
        flush(state, resource)
        resources_at(state)[resource].area = 0.0
        resources_at(state)[resource].offered = 0.0
    tally_at(state)[:] = 0.0
    lost_at(state)[:] = 0.0
    state.infused = 0


@compiled
def happen(model: Packed, state: Packed, what: int, patient: int, task: int, generation: int) -> None:
    """One event, before what it has touched is served."""
    if what in (END, TAIL_END):
        kind = kind_of_in(model)[sources_in(model)[patients_at(state)[patient].source].hospital, task]
        slot = patient * len(tasks_in(model)) + task
        release(model, state, kinds_in(model)[kind].tail if what == TAIL_END else kind, slot)
        if generation == patients_at(state)[patient].generation:
            complete(model, state, patient, task)
    elif what == BEGUN:
        kind = kind_of_in(model)[sources_in(model)[patients_at(state)[patient].source].hospital, task]
        release(model, state, kind, patient * len(tasks_in(model)) + task)
        if generation == patients_at(state)[patient].generation:
            push(
                events_at(state),
                slots_at(state)[slot_of(model, patient, task)].ready,
                says(TAIL, patient, task, generation),
            )
    elif what == TAIL:
        if generation == patients_at(state)[patient].generation and patients_at(state)[patient].phase == ACTIVE:
            kind = kind_of_in(model)[sources_in(model)[patients_at(state)[patient].source].hospital, task]
            enqueue(model, state, kinds_in(model)[kind].tail, patient, task)
    elif what == READY:
        if generation == patients_at(state)[patient].generation:
            ready_for(model, state, patient, task)
    elif what == WAKE:
        touch(state, patient)
    elif what == JOIN:
        join(model, state, patient)
    elif what == AGAIN:
        again(model, state, patient)
    elif what == CLEAR:
        clear(model, state, task)


@compiled
def advance(model: Packed, state: Packed, until: float) -> None:
    """Let happen what happens before this moment (hours)."""
    events = events_at(state)
    while events.size[0] > 0 and events.times[0] < until:
        state.now = events.times[0]
        code = events.says[0]
        drop_first(events)
        what = code & 15
        code >>= 4
        generation = code % GENERATIONS
        code //= GENERATIONS
        task, patient = code % TASKS, code // TASKS
        tally_at(state)[EVENTS] += 1
        if what == CALL:
            call(model, state)
        elif what == SHIFT:
            change_shift(model, state)
        elif what == BREAK:
            break_down(model, state)
        elif what == REPAIR:
            repaired(model, state, patient, generation)
        elif what == WARM:
            warm(state)
        else:
            happen(model, state, what, patient, task, generation)
        settle(model, state)


@compiled
def finish(model: Packed, state: Packed, end: float) -> None:
    """Let happen what happens before the end (hours), and add up until then."""
    advance(model, state, end)
    state.now = end
    for resource in range(len(resources_at(state))):
        flush(state, resource)


@compiled
def run(model: Packed, state: Packed, seed: int, replication: int, end: float) -> None:
    """One replication from an empty base until the end (hours); the state tells then where it stands, and all that was counted."""
    refresh(model, state, seed, replication)
    for patient in range(arrivals(model, state, end)):
        expect(state, patient)
    first_events(model, state)
    finish(model, state, end)
