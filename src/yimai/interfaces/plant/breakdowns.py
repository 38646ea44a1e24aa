"""What breaks in the plant: suites and shared equipment are taken out of use, repaired and returned, through the real actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Final

from yimai.actions import equipment, suite, timetable
from yimai.domain.timetable import Disruption
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.plant import Plant
from yimai.planning.scenario import Scenario

YEAR: Final = timedelta(days=365.25)
SPREAD: Final = 1.0
"""Coefficient of variation of a repair's length, as the scenario says."""


class Breakdowns:
    """Breakdowns in the order of time, as often as the plant's scenario says, each piece for itself; the plant's clock is moved.

    journeys: the treatments, more of which may come, whose batches are in the suites.
    """

    def __init__(self, plant: Plant, scenario: Scenario, chance: Random, journeys: Sequence[Journey]) -> None:
        today = plant.clock().astimezone(plant.crew.zone).date()
        self._plant, self._scenario, self._chance, self._journeys = plant, scenario, chance, journeys
        self._suites = [each.id for each in plant.base.suites]
        self._pieces = [
            each.id
            for each in plant.base.equipment
            if not each.suite and each.calibrated_from <= today <= each.calibrated_until
        ]
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._number = 0
        self._next()

    def live_until(self, moment: datetime) -> None:
        """Let break and be repaired what is due by then. Raises Refused."""
        while self._due and self._due[0][0] <= moment:
            due, _, act = heappop(self._due)
            self._plant.clock.wait_until(max(due, self._plant.clock()))
            act()

    def _later(self, after: timedelta, act: Callable[[], None]) -> datetime:
        self._number += 1
        moment = self._plant.clock() + after
        heappush(self._due, (moment, self._number, act))
        return moment

    def _next(self) -> None:
        of = self._scenario
        a_year = len(self._suites) * of.suite_failures + len(self._pieces) * of.equipment_failures
        if a_year:
            self._later(self._chance.expovariate(a_year) * YEAR, self._break)

    def _break(self) -> None:
        of = self._scenario
        rates = [of.suite_failures] * len(self._suites) + [of.equipment_failures] * len(self._pieces)
        broken = self._chance.choices([*self._suites, *self._pieces], rates)[0]
        if broken not in self._plant.away:
            if broken in self._suites:
                self._suite_breaks(broken)
            else:
                self._piece_breaks(broken)
        self._next()

    def _piece_breaks(self, piece: str) -> None:
        self._plant.called(equipment.take_out, "operator", equipment=piece, reason="breakdown")
        self._away(piece, self._scenario.equipment_repair_hours, partial(self._plant.called, equipment.put_back, "qa", equipment=piece))  # fmt: skip

    def _suite_breaks(self, room: str) -> None:
        """The scheduler signs until when it is expected back; the batch inside may be lost, else it waits for its next step."""
        self._plant.called(suite.take_out, "qa", suite=room, reason="breakdown")
        begins = self._plant.clock()
        ends = self._away(
            room, self._scenario.suite_repair_hours, partial(self._plant.called, suite.put_back, "qa", suite=room)
        )
        self._plant.called(
            timetable.repair,
            "scheduler",
            base=self._plant.base.id,
            disruptions=(Disruption("suite_down", begins, ends, suite=room),),
            way="nobody_else",
            moves=(),
            reason="breakdown",
        )
        within = next((each for each in self._journeys if each.suite == room and each.making_in == room), None)
        spared = within is None or within.fortune.spared
        if within is not None and not spared and self._plant.draws.happens(self._scenario.suite_failure_loss):
            within.fail_batch("equipment")

    def _away(self, thing: str, median: float, put_back: Callable[..., None]) -> datetime:
        """It cannot be used until it is repaired; returns when."""

        def repaired() -> None:
            put_back(reason="repaired")
            del self._plant.away[thing]

        self._plant.away[thing] = self._later(self._plant.draws.hours(median, SPREAD), repaired)
        return self._plant.away[thing]
