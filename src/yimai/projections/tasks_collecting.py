"""Tasks at the beginning: consent, markers, acceptance, slot, labels and the collection itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from yimai.projections.tasks_drafting import side_of, task
from yimai.projections.worklist_state import Marks, Side, State, Task, when

PUT_ASIDE: Final = ("collection_bag", "shipper")
"""Carriers that were labelled for a collection and are not used for the next one if it fails."""


def ordering(state: State) -> Iterator[Task]:
    """What an order needs until the base has taken it on, and what may befall it at any time."""
    ordered = state.row.ordered
    if state.one("consented") is None:
        yield task(state, "treatment.record_consent", "hospital", ordered)
    missing = [marker for marker in state.recipe.markers if state.one("marker", marker) is None]
    if missing:
        yield task(state, "treatment.report_markers", "hospital", ordered, markers=missing)
    if state.one("accepted") is None:
        blocked = "" if state.one("consented") is not None else "waits_for_consent"
        since = state.at("consented") or ordered
        yield task(state, "treatment.accept", "base", since, blocked=blocked)
        yield task(state, "treatment.decline", "base", ordered, optional=True)
    rests = state.one("rests")
    if rests is not None:
        yield task(state, "treatment.resume", side_of(state, rests["site"]), when(rests))
    for side in ("hospital", "base"):
        if rests is None:
            yield task(state, "treatment.hold", side, ordered, optional=True)
        yield task(state, "treatment.cancel", side, ordered, optional=True)
    yield task(state, "treatment.withdraw", "hospital", ordered, optional=True)


def booking(state: State) -> Iterator[Task]:
    """A slot to be reserved, or to be given back."""
    accepted, slot = state.at("accepted"), state.slot
    if accepted is None:
        return
    for side in ("hospital", "base"):
        if slot is None and (state.needs_cells or (state.material and not state.open_batch)):
            failed = state.at("collection_failed")
            yield task(state, "slot.reserve", side, failed or accepted)
        elif slot is not None and stale(state, slot):
            yield task(state, "slot.free", side, when(slot), suite=slot["suite"])
        elif slot is not None and not state.open_batch:
            ended = datetime.fromisoformat(slot["ends"])
            if state.needs_cells or state.material:
                yield task(state, "slot.reserve", side, ended, appears=ended)  # it gives the old one back
            if not _used(state, slot):
                yield task(state, "slot.free", side, when(slot), suite=slot["suite"], optional=True)


def _used(state: State, slot: Marks) -> bool:
    """Whether a batch was opened in the slot, so that there is nothing to give back."""
    return any(each["n"] > slot["n"] for each in state.of("opened").values())


def stale(state: State, slot: Marks) -> bool:
    """Whether what was collected for the slot is lost."""
    return state.needs_cells and any(each["n"] > slot["n"] for each in state.of("collected").values())


def collecting(state: State) -> Iterator[Task]:
    """The patient's wristband and the bag, the collection, and what is left of one that failed."""
    yield from _running(state)
    slot = state.slot
    if slot is None or not state.needs_cells or stale(state, slot) or state.one("collecting") is not None:
        return
    due = datetime.fromisoformat(slot["collection"])
    yield from wanted(state, "wristband", "hospital", 1, len(state.labelled("wristband")), when(slot), due)
    yield from wanted(state, "collection_bag", "hospital", 1, len(empty_bags(state)), when(slot), due)
    yield from wanted(state, "shipper", "hospital", 1, len(shippers(state, "hospital")), when(slot), due)
    missing = [marker for marker in state.recipe.markers if state.one("marker", marker) is None]
    blocked = (
        "waits_for_consent"
        if state.one("consented") is None
        else "waits_for_markers"
        if missing
        else ""
        if state.labelled("wristband")
        else "waits_for_label"
    )
    yield task(
        state,
        "collection.start",
        "hospital",
        when(slot),
        due=due,
        earliest=datetime.fromisoformat(slot["starts"]) - state.recipe.starting_material.fresh_maximum,
        latest=datetime.fromisoformat(slot["ends"]),
        blocked=blocked,
        wristband=_only(list(state.labelled("wristband"))),
    )


def _running(state: State) -> Iterator[Task]:
    running = state.one("collecting")
    if running is None:
        return
    bags = list(empty_bags(state))
    yield from wanted(state, "collection_bag", "hospital", 1, len(bags), when(running))
    yield task(
        state,
        "collection.complete",
        "hospital",
        when(running),
        blocked="" if bags else "waits_for_label",
        alternatives=("collection.fail",),
        collection=running["collection"],
        wristband=running["wristband"],
        container=_only(bags),
    )


def _only(found: list[str]) -> str:
    """The one that is meant, if there is but one."""
    return found[0] if len(found) == 1 else ""


def empty_bags(state: State) -> dict[str, Marks]:
    """Labelled bags for the next collection."""
    return {
        item: mark
        for item, mark in state.labelled("collection_bag").items()
        if state.one("collected", item) is None and not _left_over(state, mark)
    }


def shippers(state: State, side: Side) -> dict[str, Marks]:
    """Labelled shippers at the side that nothing was packed into yet."""
    return {
        item: mark
        for item, mark in state.labelled("shipper").items()
        if state.one("packed", item) is None
        and side_of(state, mark["site"]) == side
        and not (side == "hospital" and _left_over(state, mark))
    }


def _left_over(state: State, mark: Marks) -> bool:
    """Whether it was made ready for a collection that failed since."""
    failed = state.one("collection_failed")
    return failed is not None and mark["n"] < failed["n"]


def wanted(
    state: State, carrier: str, side: Side, number: int, ready: int, since: datetime, due: datetime | None = None
) -> Iterator[Task]:
    """Labels of a carrier that are still to be printed: of each layout that the recipe has for it."""
    for label in state.recipe.labels:
        if label.carrier == carrier and ready + len(state.printed(carrier, label.id)) < number:
            yield task(state, "label.issue", side, since, due=due, layout=label.id)
            return


def reconciling(state: State) -> Iterator[Task]:
    """Every printed label is stuck on or destroyed, and what was labelled in vain is not left lying about."""
    on = {copy.rpartition("/")[0] for copy in state.of("labelled")}
    for copy, issued in state.of("issued").items():
        item, _, number = copy.rpartition("/")
        side = side_of(state, issued["site"])
        filled = state.one("held", item) is not None
        if item in on or (state.row.ended and not filled):
            yield task(state, "label.destroy", side, when(issued), item=item, copy=number)
        else:
            more = {"item": item, "copy": number, "alternatives": ("label.destroy",)}
            yield task(state, "label.use", side, when(issued), **more)
    yield from _labelled(state)
    for container, held in state.of("held").items():
        printed = any(copy.startswith(f"{container}/") for copy in state.of("issued"))
        if container not in on and not printed and state.one("in", container) is None:
            layout = state.of("item")[container]["layout"]
            yield task(state, "label.issue", side_of(state, held["site"]), when(held), layout=layout, item=container)


def _labelled(state: State) -> Iterator[Task]:
    for copy, mark in state.of("labelled").items():
        item, _, number = copy.rpartition("/")
        carrier = state.of("item")[item]["carrier"]
        used = any(state.one(name, item) is not None for name in ("collected", "packed", "sample", "filled"))
        in_vain = not used and carrier != "wristband"
        due = in_vain and (bool(state.row.ended) or (carrier in PUT_ASIDE and _left_over(state, mark)))
        if due or in_vain or state.one("held", item) is not None or carrier == "wristband":
            side = side_of(state, mark["site"])
            if due or not state.row.ended:
                yield task(state, "label.destroy", side, when(mark), item=item, copy=number, optional=not due)
