"""Queues and resources of a simulated base: who waits for what, what fits, and what is taken and given back (compiled)."""

from __future__ import annotations

import numpy as np

from yimai.planning.compiled import Packed, compiled
from yimai.planning.event_heap import push
from yimai.planning.simulation_memory import (
    calendars_in,
    events_at,
    hospitals_in,
    kind_of_in,
    kinds_in,
    patients_at,
    pieces_in,
    queues_at,
    resources_at,
    rows_in,
    slots_at,
    spans_in,
    suites_at,
    tasks_in,
    touched_at,
)
from yimai.planning.simulation_model import COLLECTION
from yimai.planning.simulation_state import (
    CALL,
    WAKE,
    flush,
    says,
    slot_of,
)

URGENT = 1e7
"""Puts the urgent before all others, and what a hold time presses before these."""


@compiled
def order_of(model: Packed, state: Packed, patient: int, task: int) -> float:
    """What is served first: the least. The nearest end of a hold time, then the urgent, then who has been ready longest."""
    latest = np.inf
    if not patients_at(state)[patient].frozen:
        for hold in range(tasks_in(model)[task].hold_first, tasks_in(model)[task].hold_last):
            latest = min(
                latest,
                slots_at(state)[slot_of(model, patient, rows_in(model)[hold].number)].ended
                + rows_in(model)[hold].value,
            )
    if latest < np.inf:
        return float(latest - 3 * URGENT)
    return float(patients_at(state)[patient].prepared - (URGENT if patients_at(state)[patient].urgent else 0.0))


@compiled
def enqueue(model: Packed, state: Packed, kind: int, patient: int, task: int) -> None:
    """Let the patient's task wait in the kind's queue; ``settle`` serves it."""
    slot = patient * len(tasks_in(model)) + task
    order = order_of(model, state, patient, task)
    slots_at(state)[slot].order = order
    slots_at(state)[slot].queued = 1
    before, after = -1, queues_at(state)[kind].head
    while after >= 0 and slots_at(state)[after].order <= order:
        before, after = after, slots_at(state)[after].following
    slots_at(state)[slot].following = after
    if before < 0:
        queues_at(state)[kind].head = slot
    else:
        slots_at(state)[before].following = slot
    touch(state, kind)


@compiled
def touch(state: Packed, row: int) -> None:
    """Remember a row of rivals that must be served before the event is over."""
    if state.touching >= len(touched_at(state)):
        raise OverflowError("one event touches more than there is room for")
    touched_at(state)[state.touching] = row
    state.touching += 1


@compiled
def take_from_queue(state: Packed, kind: int, slot: int) -> None:
    """Take it out of the queue, wherever in it it stands."""
    before, at = -1, queues_at(state)[kind].head
    while at >= 0 and at != slot:
        before, at = at, slots_at(state)[at].following
    if at < 0:
        return
    if before < 0:
        queues_at(state)[kind].head = slots_at(state)[slot].following
    else:
        slots_at(state)[before].following = slots_at(state)[slot].following
    slots_at(state)[slot].queued = 0


@compiled
def fits(model: Packed, state: Packed, kind: int) -> bool:
    """Whether the first of the kind's queue finds enough of everything now, and after the next change of shift for as long as is planned."""
    over = state.now + kinds_in(model)[kind].planned > state.change_at
    for use in range(kinds_in(model)[kind].use_first, kinds_in(model)[kind].use_last):
        resource, amount = (
            rows_in(model)[use].number,
            rows_in(model)[use].amount + resources_at(state)[rows_in(model)[use].number].down,
        )
        if resources_at(state)[resource].used + amount > resources_at(state)[resource].capacity:
            return False
        if (
            over
            and pieces_in(model)[resource].varying
            and resources_at(state)[resource].carried + amount > resources_at(state)[resource].coming
        ):
            return False
    span = kinds_in(model)[kind].opens
    if span >= 0 and not is_held(model, state, queues_at(state)[kind].head, span):
        resource = spans_in(model)[span].resource
        return bool(
            resources_at(state)[resource].used + resources_at(state)[resource].down
            < resources_at(state)[resource].capacity
        )
    return True


@compiled
def is_held(model: Packed, state: Packed, slot: int, span: int) -> bool:
    """Whether the patient holds it already: a step that opens it is done again."""
    return bool(patients_at(state)[slot // len(tasks_in(model))].held >> span & 1)


@compiled
def is_open(model: Packed, state: Packed, kind: int) -> bool:
    """Whether the kind's calendar is open; if not, it is looked at again when it opens."""
    calendar = kinds_in(model)[kind].calendar
    if calendar < 0:
        return True
    tick = int(state.now / model.tick)
    opens = calendars_in(model)[calendar, tick]
    if opens == tick:
        return True
    if queues_at(state)[kind].woken <= state.now:
        queues_at(state)[kind].woken = opens * model.tick
        push(events_at(state), queues_at(state)[kind].woken, says(WAKE, kind, 0, 0))
    return False


@compiled
def acquire(model: Packed, state: Packed, kind: int, slot: int) -> None:
    """Take what the kind uses."""
    over = state.now + kinds_in(model)[kind].planned > state.change_at
    slots_at(state)[slot].carries = state.changes + 1 if over else 0
    for use in range(kinds_in(model)[kind].use_first, kinds_in(model)[kind].use_last):
        resource, amount = rows_in(model)[use].number, rows_in(model)[use].amount
        flush(state, resource)
        resources_at(state)[resource].used += amount
        if over:
            resources_at(state)[resource].carried += amount


@compiled
def release(model: Packed, state: Packed, kind: int, slot: int) -> None:
    """Give back what the kind uses, and serve those who wait for it when the event is over."""
    over = slots_at(state)[slot].carries == state.changes + 1
    for use in range(kinds_in(model)[kind].use_first, kinds_in(model)[kind].use_last):
        resource, amount = rows_in(model)[use].number, rows_in(model)[use].amount
        flush(state, resource)
        resources_at(state)[resource].used -= amount
        if over:
            resources_at(state)[resource].carried -= amount
    touch(state, kind)


@compiled
def release_span(model: Packed, state: Packed, span: int) -> None:
    """Give back what was held over several tasks."""
    resource = spans_in(model)[span].resource
    flush(state, resource)
    resources_at(state)[resource].used -= 1
    touch(state, len(queues_at(state)) + span)


@compiled
def best_of(model: Packed, state: Packed, row: int) -> int:
    """The kind in this row of rivals whose first can begin now and goes before the others'; -1 if none can."""
    best, least = -1, np.inf
    for at in range(kinds_in(model)[row].rival_first, kinds_in(model)[row].rival_last):
        kind = rows_in(model)[at].number
        slot = queues_at(state)[kind].head
        if (
            slot < 0
            or slots_at(state)[slot].order >= least
            or tasks_in(model)[kinds_in(model)[kind].task].role == COLLECTION
        ):
            continue
        if fits(model, state, kind) and is_open(model, state, kind):
            best, least = kind, slots_at(state)[slot].order
    return best


@compiled
def may_call(model: Packed, state: Packed, hospital: int) -> bool:
    """Whether a suite is expected to be free for one more patient when this hospital's material could be there."""
    ready = state.now + hospitals_in(model)[hospital].lead
    free = 0
    for suite in range(len(suites_at(state))):
        if (suites_at(state)[suite].holder < 0 and not suites_at(state)[suite].broken) or suites_at(state)[
            suite
        ].forecast <= ready:
            free += 1
    return bool(free > state.committed)


@compiled
def call_later(model: Packed, state: Packed) -> None:
    """Look at who can be called at the next full hour at which a hospital with waiting patients collects."""
    now = state.now
    soonest = np.inf
    hour = np.floor(now) + 1.0
    for hospital in range(len(hospitals_in(model))):
        kind = kind_of_in(model)[hospital, 0]
        if queues_at(state)[kind].head < 0:
            continue
        opens = hour
        if kinds_in(model)[kind].calendar >= 0:
            opens = calendars_in(model)[kinds_in(model)[kind].calendar, int(hour / model.tick)] * model.tick
        soonest = min(soonest, np.ceil(opens))
    if soonest < np.inf and not now < state.call_at <= soonest:
        state.call_at = soonest
        push(events_at(state), soonest, says(CALL, 0, 0, 0))
