"""What is to be done next for one treatment: a pure function of its row, its recipe and the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from yimai.domain.recipe import Recipe
from yimai.projections.tasks_carrying import disposing, sending, storing, travelling
from yimai.projections.tasks_collecting import booking, collecting, ordering, reconciling
from yimai.projections.tasks_infusing import following, infusing, keeping, preparing
from yimai.projections.tasks_making import making, opening, sampling
from yimai.projections.tasks_releasing import deviating, releasing, testing
from yimai.projections.worklist_state import Room, Row, State, Task

_WHILE_IT_GOES_ON: Final = (ordering, booking, collecting)
_ALWAYS: Final = (
    reconciling, travelling, sending, opening, making, sampling, storing, testing, deviating, releasing, preparing,
    infusing, following, disposing, keeping,
)  # fmt: skip
_IN_A_ROOM: Final = frozenset({"suite.clear_line", "batch.open_batch", "batch.start_step"})


def tasks_of(row: Row, recipe: Recipe, now: datetime, rooms: Mapping[str, Room] | None = None) -> Iterator[Task]:
    """The tasks that there are now. rooms: the base's suites, by their identifiers."""
    return finished(planned(row, recipe), now, rooms or {})


def planned(row: Row, recipe: Recipe) -> Iterator[Task]:
    """Every task that follows from what has happened, whatever the time and whoever is in the suites."""
    state = State(row, recipe)
    for part in (*(() if row.ended else _WHILE_IT_GOES_ON), *_ALWAYS):
        yield from part(state)


def finished(tasks: Iterable[Task], now: datetime, rooms: Mapping[str, Room]) -> Iterator[Task]:
    """The tasks as they stand now: without those that have not appeared yet, and blocked by the time or by a suite."""
    for task in tasks:
        if task.appears is not None and now < task.appears:
            continue
        blocked = task.blocked
        if not blocked and task.earliest is not None and now < task.earliest:
            blocked = "too_early"
        elif not blocked and task.latest is not None and now > task.latest:
            blocked = "too_late"
        if task.verb in _IN_A_ROOM and task.arguments["suite"] in rooms:
            room, batch = rooms[task.arguments["suite"]], task.arguments.get("batch", "")
            if task.verb == "batch.open_batch" and room.cleared_for != batch:
                arguments = {name: task.arguments[name] for name in ("treatment", "suite", "batch")}
                clear = replace(task, verb="suite.clear_line", arguments=arguments, earliest=None, blocked="")
                yield from finished([clear], now, rooms)
                blocked = blocked or "waits_for_clearance"
            if room.out or room.batch not in ("", batch):
                blocked = blocked or ("suite_out" if room.out else "suite_occupied")
        yield task if blocked == task.blocked else replace(task, blocked=blocked)
