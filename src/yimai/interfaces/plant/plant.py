"""The simulated plant: its ledger, clock and crew, and how its people give commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from yimai.actions import request
from yimai.actions.decision import Answer, Done
from yimai.actions.verbs import name_of
from yimai.domain.base import Base
from yimai.domain.fact import Fact
from yimai.domain.person import Role
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal
from yimai.domain.slot import TURN_ROUND
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.crew import Crew
from yimai.interfaces.plant.draws import Draws
from yimai.ledger.ledger import Ledger
from yimai.planning.scenario import Scenario

F = TypeVar("F", bound=Fact)
SIMULATED_SECRET = bytes(32)
"""Simulated people are nobody, so no secret is needed, and the same seed gives the same facts."""
Window = tuple[datetime, datetime]


class Refused(Exception):
    """An action that was expected to be done was refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.en}")
        self.refusal = refusal


@dataclass(slots=True)
class Plant:
    """One base with its hospitals and couriers on one ledger, founded before (``founding.found``).

    clock: the ledger's own. chance: the seeded source of everything that varies; None for medians everywhere.
    name: begins every command id, so that two plants on one ledger never repeat each other's ids.
    taken: suite windows that others have claimed on this ledger; the plant remembers its own.
    scenario: how often patients do not come or deteriorate, couriers are late, tests with a choice of results come out unacceptable, and
    suites and shared equipment break (``Breakdowns``), what that takes, and how many batches a patient gets; None: never. Of the scenario
    nothing else happens here.
    away: suites and pieces that are out of use, and until when.
    """

    ledger: Ledger
    clock: Clock
    recipe: Recipe
    base: Base
    chance: Random | None = None
    name: str = "plant"
    crew: Crew = field(init=False)
    draws: Draws = field(init=False)
    places: int = field(init=False)
    positions: Iterator[str] = field(init=False)
    taken: Callable[[], Mapping[str, Iterable[Window]]] | None = None
    scenario: Scenario | None = None
    away: dict[str, datetime] = field(default_factory=dict, init=False)
    _windows: dict[str, list[Window]] = field(default_factory=dict, init=False)
    _commands: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.crew = Crew(self.base, self.chance)
        self.draws = Draws(self.chance)
        places = [f"{each.equipment}/{place}" for each in self.base.storage for place in each.positions]
        self.places, self.positions = len(places), cycle(places)

    def occupied(self) -> dict[str, list[Window]]:
        """Each suite's windows that are taken, with the turn-round that this plant plans after its own, or out of use."""
        others = self.taken() if self.taken is not None else {}
        windows = {suite: list(spans) for suite, spans in sorted(others.items())}
        for suite, own in self._windows.items():
            windows.setdefault(suite, []).extend((starts, ends + TURN_ROUND) for starts, ends in own)
        for each in self.base.suites:
            if each.id in self.away:
                windows.setdefault(each.id, []).append((self.clock(), self.away[each.id]))
        return windows

    def occupy(self, suite: str, window: Window) -> None:
        self._windows.setdefault(suite, []).append(window)

    def vacate(self, suite: str, window: Window) -> None:
        self._windows[suite].remove(window)

    def choose(self, fit: Sequence[str]) -> str:
        """One of those that are fit; the first without chance. Raises LookupError if there is none."""
        if not fit:
            raise LookupError(f"base {self.base.id} has no fit equipment or lot for this step")
        return self.chance.choice(fit) if self.chance is not None else fit[0]

    def called(self, act: Callable[..., Answer], role: Role, /, **arguments: Any) -> None:
        """Somebody of the base's role, called in where nobody is on duty, asks for it. Raises Refused."""
        ready = self.crew.next_on_duty(self.clock(), self.base.id, role)
        answer = self.ask(act, self.crew.pick(ready, self.base.id, role), self.base.id, **arguments)
        if isinstance(answer, Refusal):
            raise Refused(answer)

    def ask(self, act: Callable[..., Answer], actor: str, site: str, /, **arguments: Any) -> Answer:
        """Let a person at a site ask for an action now, under the next command id."""
        self._commands += 1
        command = request.command(
            name_of(act),
            arguments,
            id=f"{self.name}/{self._commands:06d}",
            actor=actor,
            site=site,
            secret=SIMULATED_SECRET,
            zone=zone_minutes(self.base, self.clock()),
        )
        return act(self.ledger, command, **arguments)


def zone_minutes(base: Base, at: datetime) -> int:
    """The base's UTC offset at that time, in minutes."""
    offset = at.astimezone(ZoneInfo(base.timezone)).utcoffset()
    assert offset is not None
    return offset // timedelta(minutes=1)


def first_of(answer: Answer, kind: type[F]) -> F:
    """Return the answer's first fact of that kind. Raises Refused; LookupError if it holds none."""
    if isinstance(answer, Refusal):
        raise Refused(answer)
    assert isinstance(answer, Done)
    for fact in answer.facts:
        if isinstance(fact, kind):
            return fact
    raise LookupError(f"the answer holds no {kind.__name__}")
