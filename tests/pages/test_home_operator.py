"""An operator finds everything of a suite's batch in that suite's card."""

from __future__ import annotations

from datetime import UTC, datetime

from yimai.domain.recipe import Words
from yimai.interfaces.web.home_operator import room_cards
from yimai.interfaces.web.to_do import ToDo
from yimai.projections.worklist_state import Room, Task

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def to_do(verb: str, treatment: str, **arguments: str) -> ToDo:
    task = Task(
        verb, ("operator",), "base", "lingang", treatment, {"treatment": treatment, **arguments}, NOW, "routine"
    )
    return ToDo(task, Words(verb, verb), (), "", (), "", None, ())


def test_what_names_no_suite_stands_where_its_treatment_is_made() -> None:
    rooms = {name: Room(name, "lingang", batch) for name, batch in (("suite-01", "B1"), ("suite-02", ""))}
    tasks = [
        to_do("label.use", "T1"),
        to_do("batch.start_step", "T1", suite="suite-01", batch="B1"),
        to_do("sample.take", "T1", batch="B1"),
        to_do("suite.clear_line", "T2", suite="suite-02"),
        to_do("label.issue", "T2"),
        to_do("custody.hand_over", "T3"),
    ]
    cards = {card.suite: [each.task.verb for each in card.tasks] for card in room_cards(tasks, rooms, {})}
    assert cards == {
        "suite-01": ["label.use", "batch.start_step", "sample.take"],
        "suite-02": ["suite.clear_line", "label.issue"],
    }
