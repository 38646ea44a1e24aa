"""One walk through every address of every role, in a browser without a screen; tests look at what was answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.walks.addresses import Place, places
from tests.walks.loaded import LoadedPlant

from yimai.wiring.log_lines import Line

EACH = 2
"""So many of a place's paths are asked for, and more until one is answered with 200."""
ALIKE = ("about",)
"""Of these pages one is enough for each role and noun: all are of one template with the same parts, whatever they are about."""


@dataclass(frozen=True)
class Walked:
    """One place. answers: by the path that was asked for."""

    place: Place
    answers: dict[str, Any]

    @property
    def shown(self) -> str:
        """The path that has the page, or ""."""
        return next((path for path, answer in self.answers.items() if answer.status_code == 200), "")

    @property
    def text(self) -> str:
        """What is answered there."""
        found: str = self.answers[self.shown or self.place.paths[-1]].content.decode(errors="replace")
        return found


class Heard(logging.Handler):
    """Everything that is logged, as the server writes it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(Line().format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@contextmanager
def hearing() -> Iterator[Heard]:
    """Hear everything that is logged meanwhile, alone: pytest would write out each template's whole context."""
    heard, loggers = Heard(), [logging.getLogger(), logging.getLogger("django"), logging.getLogger("psycopg")]
    before = [(each, each.level, each.handlers) for each in loggers]
    for each in loggers:
        each.handlers = [heard]
        each.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        for each, level, handlers in before:
            each.handlers = handlers
            each.setLevel(level)


@dataclass(frozen=True)
class Walk:
    """log: what was logged on the way."""

    log: str
    places: list[Walked] = field(default_factory=list)

    def answers(self) -> Iterator[tuple[Place, str, Any]]:
        for each in self.places:
            for path, answer in each.answers.items():
                yield each.place, path, answer


_walks: list[Walk] = []


def walk(plant: LoadedPlant) -> Walk:
    """The walk, gone once a process: every copy of the loaded plant answers the same."""
    if not _walks:
        with hearing() as heard:
            places = list(_walk(plant))
        _walks.append(Walk(heard.text, places))
    return _walks[0]


def _walk(plant: LoadedPlant) -> Iterator[Walked]:
    for role in plant.people:
        client = plant.client(role, proven=True)
        for place in places(plant, role):
            answers: dict[str, Any] = {}
            enough = 1 if place.name in ALIKE else EACH
            for path in place.paths:
                answers[path] = client.get(path)
                if len(answers) >= enough and 200 in (each.status_code for each in answers.values()):
                    break
            yield Walked(place, answers)
