"""Tasks of manufacture: clear the line, open the batch, its steps in the recipe's order, samples, completion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from yimai.domain.recipe import Recipe, Step
from yimai.projections.tasks_collecting import stale, wanted
from yimai.projections.tasks_drafting import task
from yimai.projections.worklist_state import State, Task, when


def opening(state: State) -> Iterator[Task]:
    """From the received material to the opened batch."""
    container, slot = state.material, state.slot
    held = state.one("held", container)
    if not container or held is None or slot is None or state.open_batch or state.row.ended:
        return
    if held["site"] != state.row.base or state.one("received", container) is None or stale(state, slot):
        return
    starts, ends = datetime.fromisoformat(slot["starts"]), datetime.fromisoformat(slot["ends"])
    clock, suite = ("fresh", container), slot["suite"]
    cleared = [
        batch
        for batch, each in state.of("cleared").items()
        if batch not in state.of("opened") and each["suite"] == suite and each["n"] > slot["n"]
    ]
    if cleared:
        yield task(
            state,
            "batch.open_batch",
            "base",
            when(state.of("cleared")[cleared[-1]]),
            clock=clock,
            earliest=starts,
            latest=ends,
            blocked=state.trouble(container) or _unready(state),
            batch=cleared[-1],
            suite=suite,
            container=container,
        )
    else:
        yield task(
            state,
            "suite.clear_line",
            "base",
            when(held),
            clock=clock,
            earliest=starts - 2 * state.recipe.line_clearance.median,
            latest=ends,
            suite=suite,
        )


def _unready(state: State) -> str:
    if state.one("consented") is None:
        return "waits_for_consent"
    known = state.of("marker")
    return "" if all(marker in known for marker in state.recipe.markers) else "waits_for_markers"


def making(state: State) -> Iterator[Task]:
    """The open batch: every step that runs or can be started, and its end."""
    batch = state.open_batch
    if not batch or state.row.ended:
        return
    for step in state.recipe.steps:
        if state.running(batch, step.id) is not None:
            yield _complete(state, batch, step)
            yield from _containers_for(state, batch, step)
        elif not state.settled(batch, step) and _due(state, batch, step):
            yield from _start(state, batch, step)
    yield from _ending(state, batch)


def _due(state: State, batch: str, step: Step) -> bool:
    """Whether all that the step follows is done."""
    steps = {each.id: each for each in state.recipe.steps}
    follows = [steps[name] for name in step.after if name in steps]
    held = (state.one("ended", f"{batch}/{hold.after}") for hold in step.holds if hold.after != "collection")
    return all(state.settled(batch, each) for each in follows) and None not in held


def _start(state: State, batch: str, step: Step) -> Iterator[Task]:
    opened = state.of("opened")[batch]
    before = [at for name in step.after if (at := state.at("ended", f"{batch}/{name}")) is not None]
    again = state.one("ended", f"{batch}/{step.id}")
    since = when(again) if again is not None else max(before, default=when(opened))
    about = {"batch": batch, "suite": opened["suite"]}
    blocked = ""
    if again is not None and step.until is not None and again["round"] >= step.until.most:
        blocked = "waits_for_deviation"
    elif not _line_is_clear(state, state.recipe, batch, step):
        blocked = "waits_for_clearance"
        yield task(state, "suite.clear_line", "base", since, clock=("hold", step.id), **about)
    limit = _since_collection(state, step, opened["container"]) if again is None else {}
    yield task(
        state,
        "batch.start_step",
        "base",
        since,
        clock=("hold", step.id),
        blocked=blocked,
        step=step.id,
        qualifications=[f"{name}:{number}" for name, number in step.operators],
        round=str(again["round"] + 1) if again is not None else "",
        **about,
        **limit,
    )


def _since_collection(state: State, step: Step, container: str) -> dict[str, Any]:
    """The end of a hold that runs from the collection, which ``clock_board`` ends with the opening of the batch."""
    collected = state.at("collected", container)
    for hold in step.holds:
        if hold.after == "collection" and collected is not None:
            return {"due": collected + hold.maximum, "assumed": hold.source.assumed}
    return {}


def _line_is_clear(state: State, recipe: Recipe, batch: str, step: Step) -> bool:
    """As the rule has it: the clearance before opening serves the first such step, a later one needs its own."""
    began = state.of("began")
    first = not any(each.line_clearance and f"{batch}/{each.id}" in began for each in recipe.steps)
    if not step.line_clearance or first or f"{batch}/{step.id}" in began:
        return True
    begun = max((began[f"{batch}/{name}"]["n"] for name in step.after if f"{batch}/{name}" in began), default=0)
    cleared = state.one("cleared", batch)
    return cleared is not None and bool(cleared["n"] > begun)


def _complete(state: State, batch: str, step: Step) -> Task:
    began = state.running(batch, step.id)
    assert began is not None
    empty = _empty(state, step)
    return task(
        state,
        "batch.complete_step",
        "base",
        when(began),
        due=when(began) + step.duration.median,
        assumed=step.duration.source.assumed,
        blocked="waits_for_label" if step.produces and not empty else "",
        batch=batch,
        step=step.id,
        filled=empty,
        verifier_needed="yes" if step.second_person else "",
        people=tuple(began["people"]),
    )


def _empty(state: State, step: Step) -> list[str]:
    """Labelled containers that the step can fill."""
    carriers = {label.id: label.carrier for label in state.recipe.labels}
    if not step.produces:
        return []
    filled = state.of("filled")
    return [item for item in state.labelled(carriers[step.produces], step.produces) if item not in filled]


def _containers_for(state: State, batch: str, step: Step) -> Iterator[Task]:
    """Labels of what the step fills: as many as one of its entries counts bags, else one."""
    if not step.produces:
        return
    began = state.running(batch, step.id)
    assert began is not None
    counted = [entry.limits.high for entry in step.entries if entry.unit == "{bag}" and entry.limits.high is not None]
    number = int(counted[0]) if counted else 1
    ready = len(_empty(state, step)) + len(state.printed(_carrier(state, step), step.produces))
    if ready < number:
        left = str(number - ready)
        yield task(state, "label.issue", "base", when(began), layout=step.produces, step=step.id, number=left)


def _carrier(state: State, step: Step) -> str:
    return next(label.carrier for label in state.recipe.labels if label.id == step.produces)


def _ending(state: State, batch: str) -> Iterator[Task]:
    opened = when(state.of("opened")[batch])
    steps = state.recipe.steps
    rejecting = [
        deviation
        for deviation, about in state.of("deviates").items()
        if about["batch"] == batch and (state.one("concluded", deviation) or {}).get("conclusion") == "reject_batch"
    ]
    if rejecting:
        since = state.at("concluded", rejecting[0]) or opened
        yield task(state, "batch.fail_batch", "base", since, batch=batch)
        return
    yield task(state, "batch.fail_batch", "base", opened, batch=batch, optional=True)
    if all(state.settled(batch, step) for step in steps):
        since = max((when(mark) for mark in state.of("ended").values()), default=opened)
        containers = ("collection_bag", "container", "final_bag")
        loose = any(state.printed(carrier) for carrier in containers)
        yield task(
            state, "batch.complete_batch", "base", since, blocked="labels_to_reconcile" if loose else "", batch=batch
        )


def sampling(state: State) -> Iterator[Task]:
    """Samples that the steps which have begun ask for."""
    batch = state.latest_batch
    if not batch or state.batch_lost(batch) or state.row.ended:
        return
    taken = state.of("sample")
    tubes = [item for item in state.labelled("sample") if item not in taken]
    have = {
        each["plan"] for sample, each in taken.items() if each["batch"] == batch and not state.one("voided", sample)
    }
    wanting = [
        (step, plan)
        for step in state.recipe.steps
        if state.one("began", f"{batch}/{step.id}") is not None
        for plan in step.samples
        if plan not in have
    ]
    for step, plan in wanting:
        since = state.at("began", f"{batch}/{step.id}") or state.row.ordered
        about = {"batch": batch, "plan": plan, "step": step.id, "sample": tubes[0] if len(tubes) == 1 else ""}
        yield task(state, "sample.take", "base", since, blocked="" if tubes else "waits_for_label", **about)
    if wanting:
        since = state.at("began", f"{batch}/{wanting[0][0].id}") or state.row.ordered
        yield from wanted(state, "sample", "base", len(wanting), len(tubes), since)
    if not state.disposition(batch):
        yield from _corrections(state, batch)


def _corrections(state: State, batch: str) -> Iterator[Task]:
    """Entries of completed steps may be corrected, and deviations reported, until the batch is disposed of."""
    for place, ended in state.of("ended").items():
        of, _, step = place.partition("/")
        if of == batch:
            about = {"batch": batch, "step": step, "round": ended["round"]}
            yield task(state, "batch.correct_entry", "base", when(ended), optional=True, **about)
    opened = when(state.of("opened")[batch])
    yield task(state, "deviation.report", "base", opened, optional=True, batch=batch)
