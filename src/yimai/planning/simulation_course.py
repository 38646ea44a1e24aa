"""The course of one simulated patient: what a finished task leads to, and what happens when a batch or the patient is lost (compiled)."""

from __future__ import annotations

from yimai.planning import simulation_odds as odds
from yimai.planning.chance import uniform
from yimai.planning.compiled import Packed, compiled
from yimai.planning.event_heap import push
from yimai.planning.simulation_memory import (
    events_at,
    keys_at,
    kind_of_in,
    kinds_in,
    lost_at,
    odds_in,
    patients_at,
    rows_in,
    slots_at,
    sources_in,
    spans_in,
    suites_at,
    tally_at,
    tasks_in,
)
from yimai.planning.simulation_model import COLLECTION, INFUSION, REVIEW, STEP, TEST
from yimai.planning.simulation_queue import call_later, enqueue, release_span, take_from_queue
from yimai.planning.simulation_state import (
    ACTIVE,
    AGAIN,
    CLEAR,
    COLLECTING,
    COLLECTIONS,
    COLLECTIONS_FAILED,
    DONE,
    FAILING,
    GENERATIONS,
    GROWING,
    IN_TIME,
    JOIN,
    KEPT,
    LATE_POSITIVES,
    LOST,
    NO_SHOWS,
    ORDERS,
    READY,
    REMAKING,
    REPEATS,
    SUPPLIED,
    TESTING,
    TREATED,
    count_of,
    says,
    slot_of,
)


@compiled
def deteriorated(state: Packed, patient: int) -> bool:
    """Whether the patient can no longer be treated, as the base learns now."""
    return bool(patients_at(state)[patient].phase == ACTIVE and patients_at(state)[patient].worsens < state.now)


@compiled
def join(model: Packed, state: Packed, patient: int) -> None:
    """The patient is ready to be collected, for the first time or again."""
    if patients_at(state)[patient].phase != ACTIVE:
        return
    if patients_at(state)[patient].collections == 0:
        tally_at(state)[ORDERS] += 1
    if deteriorated(state, patient):
        lose_patient(model, state, patient, odds.DETERIORATED)
        return
    anew(model, state, patient)
    enqueue(
        model, state, kind_of_in(model)[sources_in(model)[patients_at(state)[patient].source].hospital, 0], patient, 0
    )
    call_later(model, state)


@compiled
def anew(model: Packed, state: Packed, patient: int) -> None:
    """Begin the chain anew."""
    patients_at(state)[patient].frozen = 0
    patients_at(state)[patient].flagged = 0
    patients_at(state)[patient].reviewed = 0
    for task in range(len(tasks_in(model))):
        slots_at(state)[slot_of(model, patient, task)].waits = tasks_in(model)[task].waits
        slots_at(state)[slot_of(model, patient, task)].ready = 0.0
        slots_at(state)[slot_of(model, patient, task)].run = 0
        slots_at(state)[slot_of(model, patient, task)].started = -1.0


@compiled
def again(model: Packed, state: Packed, patient: int) -> None:
    """A second batch of retained material, which stays frozen until a suite is free."""
    if patients_at(state)[patient].phase != ACTIVE:
        return
    if deteriorated(state, patient):
        lose_patient(model, state, patient, odds.DETERIORATED)
        return
    anew(model, state, patient)
    patients_at(state)[patient].frozen = 1
    patients_at(state)[patient].committed = 1
    state.committed += 1
    for task in range(model.first):
        for at in range(tasks_in(model)[task].follow_first, tasks_in(model)[task].follow_last):
            slots_at(state)[slot_of(model, patient, rows_in(model)[at].number)].waits -= 1
    ready_for(model, state, patient, model.first)


@compiled
def ready_for(model: Packed, state: Packed, patient: int, task: int) -> None:
    """Nothing of the patient's own keeps the task from beginning any more."""
    enqueue(
        model,
        state,
        kind_of_in(model)[sources_in(model)[patients_at(state)[patient].source].hospital, task],
        patient,
        task,
    )


@compiled
def lose_patient(model: Packed, state: Packed, patient: int, cause: int) -> None:
    """The patient is not treated."""
    lost_at(state)[1, cause] += 1
    patients_at(state)[patient].phase = LOST
    leave(model, state, patient)


@compiled
def leave(model: Packed, state: Packed, patient: int) -> None:
    """Everything that the patient's batch holds or waits for is given back; what runs ends by itself."""
    patients_at(state)[patient].generation = (patients_at(state)[patient].generation + 1) % GENERATIONS
    state.committed -= patients_at(state)[patient].committed
    patients_at(state)[patient].committed = 0
    hospital, tasks = sources_in(model)[patients_at(state)[patient].source].hospital, len(tasks_in(model))
    for task in range(tasks):
        slot = patient * tasks + task
        if slots_at(state)[slot].queued:
            kind = kind_of_in(model)[hospital, task]
            take_from_queue(state, kind, slot)
            if slots_at(state)[slot].queued:
                take_from_queue(state, kinds_in(model)[kind].tail, slot)
    for span in range(len(spans_in(model))):
        if patients_at(state)[patient].held >> span & 1:
            patients_at(state)[patient].held &= ~(1 << span)
            close(model, state, patient, span)


@compiled
def close(model: Packed, state: Packed, patient: int, span: int) -> None:
    """What was held over several tasks is free, the suite once its line is cleared."""
    if span == 0:
        suite = patients_at(state)[patient].suite
        patients_at(state)[patient].suite = -1
        free = state.now + spans_in(model)[0].extra
        suites_at(state)[suite].forecast = free
        push(events_at(state), free, says(CLEAR, patient, suite, 0))
        return
    release_span(model, state, span)


@compiled
def lose_batch(model: Packed, state: Packed, patient: int, cause: int) -> None:
    """The batch is lost: another is made of retained material, or the patient is collected again, or gives up."""
    lost_at(state)[0, cause] += 1
    draw = patients_at(state)[patient].generation
    leave(model, state, patient)
    now = state.now
    if patients_at(state)[patient].batches >= odds_in(model)[odds.BATCHES]:
        lose_patient(model, state, patient, odds.GIVEN_UP)
    elif uniform(keys_at(state)[REMAKING], patient * 128 + draw) < odds_in(model)[odds.RETAINED]:
        push(events_at(state), now + odds_in(model)[odds.REMAKE_AFTER], says(AGAIN, patient, 0, 0))
    elif patients_at(state)[patient].collections >= odds_in(model)[odds.COLLECTIONS]:
        lose_patient(model, state, patient, odds.GIVEN_UP)
    else:
        push(events_at(state), now + odds_in(model)[odds.RECOLLECTION], says(JOIN, patient, 0, 0))


@compiled
def complete(model: Packed, state: Packed, patient: int, task: int) -> None:
    """The task has ended: what came of it, and what may begin."""
    role = tasks_in(model)[task].role
    if patients_at(state)[patient].phase != ACTIVE:
        if role == TEST and tasks_in(model)[task].final and out_of_specification(model, state, patient, task):
            tally_at(state)[LATE_POSITIVES] += 1
        return
    if deteriorated(state, patient):
        lose_patient(model, state, patient, odds.DETERIORATED)
        return
    slots_at(state)[slot_of(model, patient, task)].ended = state.now
    if role == COLLECTION:
        goes_on = collected(model, state, patient)
    elif role == STEP:
        goes_on = made(model, state, patient, task)
    elif role == TEST:
        goes_on = tested(model, state, patient, task)
    elif role == REVIEW:
        goes_on = judged(model, state, patient, task)
    elif role == INFUSION:
        infused(model, state, patient)
        return
    else:
        goes_on = True
    if goes_on:
        follow(model, state, patient, task)


@compiled
def follow(model: Packed, state: Packed, patient: int, task: int) -> None:
    """Let those begin that waited for this task only."""
    span = tasks_in(model)[task].closes_end
    if span >= 0 and patients_at(state)[patient].held >> span & 1:
        patients_at(state)[patient].held &= ~(1 << span)
        close(model, state, patient, span)
    now = state.now
    for at in range(tasks_in(model)[task].follow_first, tasks_in(model)[task].follow_last):
        later = rows_in(model)[at].number
        slots_at(state)[slot_of(model, patient, later)].ready = max(
            slots_at(state)[slot_of(model, patient, later)].ready, now + rows_in(model)[at].value
        )
        slots_at(state)[slot_of(model, patient, later)].waits -= 1
        if slots_at(state)[slot_of(model, patient, later)].waits == 0:
            if slots_at(state)[slot_of(model, patient, later)].ready > now:
                push(
                    events_at(state),
                    slots_at(state)[slot_of(model, patient, later)].ready,
                    says(READY, patient, later, patients_at(state)[patient].generation),
                )
            else:
                ready_for(model, state, patient, later)


@compiled
def collected(model: Packed, state: Packed, patient: int) -> bool:
    """Whether the collection has given enough."""
    draw = uniform(keys_at(state)[COLLECTING], count_of(model, state, patient, 0))
    shown, failed = odds_in(model)[odds.NO_SHOW], odds_in(model)[odds.COLLECTION_FAILURES]
    if draw >= shown + (1 - shown) * failed:
        return True
    leave(model, state, patient)
    after = odds_in(model)[odds.RECOLLECTION]
    if draw < shown:
        tally_at(state)[NO_SHOWS] += 1
        tally_at(state)[COLLECTIONS] -= 1
        patients_at(state)[patient].collections -= 1
        after = odds_in(model)[odds.REBOOKING]
    else:
        tally_at(state)[COLLECTIONS_FAILED] += 1
        if patients_at(state)[patient].collections >= odds_in(model)[odds.COLLECTIONS]:
            lose_patient(model, state, patient, odds.GIVEN_UP)
            return False
    push(events_at(state), state.now + after, says(JOIN, patient, 0, 0))
    return False


@compiled
def made(model: Packed, state: Packed, patient: int, task: int) -> bool:
    """Whether the step has gone well and need not be repeated."""
    draw = count_of(model, state, patient, task)
    if tasks_in(model)[task].chance < 1 and uniform(keys_at(state)[GROWING], draw) >= tasks_in(model)[task].chance:
        slots_at(state)[slot_of(model, patient, task)].run += 1
        slots_at(state)[slot_of(model, patient, task)].ended = -1.0
        if slots_at(state)[slot_of(model, patient, task)].run >= tasks_in(model)[task].most:
            lose_batch(model, state, patient, odds.GROWTH)
        else:
            ready_for(model, state, patient, task)
        return False
    failed = uniform(keys_at(state)[FAILING], 8 * draw) / sources_in(model)[patients_at(state)[patient].source].factor
    for at in range(tasks_in(model)[task].fail_first, tasks_in(model)[task].fail_last):
        if failed < rows_in(model)[at].value:
            lose_batch(model, state, patient, rows_in(model)[at].number)
            return False
        failed -= rows_in(model)[at].value
    second = tasks_in(model)[task].closes_end == 0 and patients_at(state)[patient].batches > 1
    if second and uniform(keys_at(state)[FAILING], 8 * draw + 1) < odds_in(model)[odds.REMAKE_FAILURES]:
        lose_batch(model, state, patient, odds.REMAKE)
        return False
    return True


@compiled
def out_of_specification(model: Packed, state: Packed, patient: int, task: int) -> bool:
    """Whether the test's result is not acceptable."""
    return bool(
        uniform(keys_at(state)[TESTING], 2 * count_of(model, state, patient, task)) < tasks_in(model)[task].test_odds
    )


@compiled
def tested(model: Packed, state: Packed, patient: int, task: int) -> bool:
    """Whether the test has a valid result; one that is not acceptable is judged at the review, or revokes a release."""
    draw = count_of(model, state, patient, task)
    if (
        slots_at(state)[slot_of(model, patient, task)].run < 7
        and uniform(keys_at(state)[TESTING], 2 * draw + 1) < odds_in(model)[odds.REPEATS]
    ):
        tally_at(state)[REPEATS] += 1
        slots_at(state)[slot_of(model, patient, task)].run += 1
        slots_at(state)[slot_of(model, patient, task)].ended = -1.0
        ready_for(model, state, patient, task)
        return False
    if out_of_specification(model, state, patient, task):
        if patients_at(state)[patient].reviewed:
            lose_batch(model, state, patient, odds.LATE_POSITIVE)
            return False
        patients_at(state)[patient].flagged = 1
    return True


@compiled
def judged(model: Packed, state: Packed, patient: int, task: int) -> bool:
    """Whether the batch may leave."""
    patients_at(state)[patient].reviewed = 1
    if not patients_at(state)[patient].flagged:
        return True
    if uniform(keys_at(state)[TESTING], 2 * count_of(model, state, patient, task)) < odds_in(model)[odds.SUPPLY]:
        tally_at(state)[SUPPLIED] += 1
        return True
    lose_batch(model, state, patient, odds.OUT_OF_SPECIFICATION)
    return False


@compiled
def infused(model: Packed, state: Packed, patient: int) -> None:
    """The patient is treated; tests that still run go on."""
    now = state.now
    patients_at(state)[patient].phase = TREATED
    tally_at(state)[DONE] += 1
    tally_at(state)[KEPT] += now <= patients_at(state)[patient].promised + odds_in(model)[odds.TOLERANCE]
    tally_at(state)[IN_TIME] += now <= patients_at(state)[patient].prepared + odds_in(model)[odds.WANTED]
    number = state.infused
    patients_at(state)[number].vein = now - slots_at(state)[slot_of(model, patient, 0)].ended
    patients_at(state)[number].wait = now - patients_at(state)[patient].ordered
    state.infused += 1
