"""The floor of a simulated base in SimPy: who holds what, who waits for what, shifts, calls of patients and breakdowns."""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import simpy
from tests.planning.base_rules import HOUR, TICK, Rules, clock, spread, works

from yimai.domain.base import Base
from yimai.domain.recipe import Duration, Recipe
from yimai.planning.scenario import Scenario

Course = Generator[simpy.Event, Any, None]
LAST: Any = 9
"""A priority below SimPy's own."""
YEAR = 8766.0


@dataclass
class Found:
    """What was counted after the warm-up."""

    counts: Counter[str] = field(default_factory=Counter)
    batches: Counter[str] = field(default_factory=Counter)
    patients: Counter[str] = field(default_factory=Counter)
    veins: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    area: dict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass
class Patient:
    hospital: str
    factor: float
    urgent: bool
    ordered: float
    prepared: float
    worsens: float
    promised: float = -1.0
    collections: int = 0
    batches: int = 0
    over: str = ""
    collected: float = 0.0
    batch: Batch | None = None


@dataclass(eq=False)
class Batch:
    """One attempt: from a collection (or retained material) on. ended: by task; holding: storage held; retained: from frozen cells."""

    patient: Patient
    retained: bool
    alive: bool = True
    suite: int = -1
    committed: bool = False
    stored: bool = False
    flagged: bool = False
    reviewed: bool = False
    ended: dict[str, float] = field(default_factory=dict)
    done: dict[str, simpy.Event] = field(default_factory=dict)


@dataclass(eq=False)
class Wait:
    """Somebody who waits for resources. order: the least goes first. inside: for a step in the batch's suite."""

    order: float
    batch: Batch
    needs: dict[str, int]
    planned: float
    begun: simpy.Event
    opens: str = ""
    takes: str = ""
    inside: bool = False
    over: bool = False
    change: float = 0.0


class Floor(Rules, ABC):
    """Everything but the patients' courses."""

    def __init__(self, recipe: Recipe, base: Base, scenario: Scenario, begins: date, hours: float, seed: int) -> None:
        super().__init__(recipe, base, scenario, begins)
        self.hours = hours
        self.dice, self.env, self.found = random.Random(seed), simpy.Environment(), Found()
        self.used: Counter[str] = Counter()
        self.down: Counter[str] = Counter()
        self.carried: Counter[str] = Counter()
        self.coming: dict[str, int] = {}
        self.since: dict[str, float] = {}
        self.touched = False
        self.waiting: list[Wait] = []
        self.calls: list[tuple[float, Batch, simpy.Event]] = []
        self.holder: list[Batch | None] = [None] * len(base.suites)
        self.broken = [False] * len(base.suites)
        self.out: set[int] = set()
        self.forecast = [0.0] * len(base.suites)
        self.committed = 0

    @abstractmethod
    def arrivals(self) -> Course: ...

    @abstractmethod
    def count(self, name: str, to: Counter[str] | None = None, by: int = 1) -> None: ...

    @abstractmethod
    def lose_patient(self, patient: Patient, cause: str) -> None: ...

    @abstractmethod
    def lose_batch(self, batch: Batch, cause: str) -> None: ...

    def worse(self, patient: Patient) -> bool:
        return not patient.over and patient.worsens < self.env.now

    def lognormal(self, median: float, cv: float) -> float:
        return median * math.exp(spread(cv) * self.dice.gauss(0, 1)) if cv else median

    def lasts(self, duration: Duration) -> float:
        return self.lognormal(duration.median / HOUR, float(duration.cv))

    def present(self, hour: float, absence: float) -> dict[str, int]:
        """How many of each group work from this hour of the day on, without those who are absent."""
        here = {
            each.id
            for each in self.staff
            if (each.shift not in self.shifts or works(self.shifts[each.shift], hour)) and self.dice.random() >= absence
        }
        return {f"op:{name}": len(who & here) for name, (_, who) in self.groups.items()}

    # Resources.

    def fits(self, needs: dict[str, int], planned: float) -> bool:
        over = self.env.now + planned > self.change_at
        for name, amount in needs.items():
            if self.used[name] + self.down[name] + amount > self.capacity[name]:
                return False
            if over and name.startswith("op:") and self.carried[name] + amount > self.coming[name]:
                return False
        return True

    def take(self, needs: dict[str, int], sign: int) -> None:
        for name, amount in needs.items():
            self.count_area(name)
            self.used[name] += sign * amount

    def count_area(self, name: str) -> None:
        now = self.env.now
        begun = max(self.since.get(name, 0.0), self.scenario.warm_up_days * 24)
        if now > begun:
            self.found.area[name] += self.used[name] * (now - begun)
        self.since[name] = now

    def dispatch(self) -> None:
        """Start whatever can start now, in order of priority."""
        for wait in list(self.waiting):
            if wait not in self.waiting:
                continue
            if not self.fits(wait.needs, wait.planned) or (wait.takes and not self._room(wait.takes)):
                continue
            if wait.opens and not self.is_open(wait.opens, self.env.now):
                continue
            if wait.inside and wait.batch.suite >= 0 and self.broken[wait.batch.suite]:
                continue
            self.waiting.remove(wait)
            if self.worse(wait.batch.patient):
                self.lose_patient(wait.batch.patient, "deteriorated")
                continue
            if wait.takes == "suites" and wait.batch.committed:
                wait.batch.committed = False
                self.committed -= 1
            wait.over = self.env.now + wait.planned > self.change_at
            self.take(wait.needs, 1)
            if wait.over:
                self.carried.update(wait.needs)
            wait.change = self.change_at
            if wait.takes == "suites":
                wait.batch.suite = next(n for n, held in enumerate(self.holder) if held is None and not self.broken[n])
                self.holder[wait.batch.suite] = wait.batch
            if wait.takes:
                self.take({wait.takes: 1}, 1)
                wait.batch.stored = wait.batch.stored or wait.takes == "storage"
            wait.begun.succeed()

    def _room(self, name: str) -> bool:
        return self.used[name] + self.down[name] < self.capacity[name]

    def obtain(
        self,
        batch: Batch,
        needs: dict[str, int],
        planned: float,
        order: float,
        opens: str = "",
        takes: str = "",
        inside: bool = False,
    ) -> Wait:
        wait = Wait(order, batch, needs, planned, self.env.event(), opens, takes, inside)
        at = len(self.waiting)
        while at and self.waiting[at - 1].order > order:
            at -= 1
        self.waiting.insert(at, wait)
        self.touch()
        return wait

    def give_back(self, wait: Wait) -> None:
        self.take(wait.needs, -1)
        if wait.over and wait.change == self.change_at:
            self.carried.subtract(wait.needs)
        self.touch()

    def touch(self) -> None:
        """Dispatch once all that happens at this moment has happened."""
        if not self.touched:
            self.touched = True
            soon = simpy.Event(self.env)
            soon._ok, soon._value = True, None  # triggered, as a timeout is, but after all other events of this moment
            assert soon.callbacks is not None
            soon.callbacks.append(self._dispatch_soon)
            self.env.schedule(soon, priority=LAST)

    def _dispatch_soon(self, _event: simpy.Event) -> None:
        self.touched = False
        self.dispatch()

    # Processes of the base.

    def run(self) -> Found:
        bounds = sorted({clock(each.begins) for each in self.base.shifts} or {0.0})
        self.bounds = bounds
        first = max((each for each in bounds if each <= 0.0), default=bounds[-1])
        self.capacity |= self.present(first, self.scenario.absence)
        self.change_at = bounds[0] or 24.0 if bounds[0] else bounds[1]
        self.coming = self.present(self.change_at % 24, 0.0)
        for process in (self._shifts(), self.arrivals(), self._caller(), self._ticking(), self._breaking()):
            self.env.process(process)
        self.env.run(self.hours)
        for name in list(self.used):
            self.count_area(name)
        return self.found

    def _shifts(self) -> Course:
        while True:
            yield self.env.timeout(self.change_at - self.env.now)
            self.capacity |= self.present(self.env.now % 24, self.scenario.absence)
            self.carried.clear()
            later = [day + each for day in (0.0, 24.0) for each in self.bounds if day + each > self.env.now % 24]
            self.change_at = self.env.now - self.env.now % 24 + min(later)
            self.coming = self.present(self.change_at % 24, 0.0)
            self.touch()

    def _ticking(self) -> Course:
        while True:
            yield self.env.timeout(TICK)
            if any(wait.opens for wait in self.waiting):
                self.touch()

    def _caller(self) -> Course:
        while True:
            yield self.env.timeout(1.0)
            for entry in sorted(self.calls, key=lambda each: each[0]):
                _, batch, begun = entry
                hospital = self.hospitals[batch.patient.hospital]
                if not self.collects(hospital, self.env.now) or not self.fits({f"place:{hospital.id}": 1}, 0.0):
                    continue
                lead = self.planned(hospital.collecting.duration) + self.planned(hospital.inbound)
                free = sum(
                    (held is None and not broken) or forecast <= self.env.now + lead
                    for held, broken, forecast in zip(self.holder, self.broken, self.forecast, strict=True)
                )
                if free <= self.committed:
                    continue
                self.calls.remove(entry)
                if self.worse(batch.patient):
                    self.lose_patient(batch.patient, "deteriorated")
                    continue
                self.committed += 1
                batch.committed = True
                self.take({f"place:{hospital.id}": 1}, 1)
                begun.succeed()

    def _breaking(self) -> Course:
        suites, of = len(self.base.suites), self.scenario
        rate = (suites * of.suite_failures + len(self.pieces) * of.equipment_failures) / YEAR
        while rate > 0:
            yield self.env.timeout(self.dice.expovariate(rate))
            if self.dice.random() * rate * YEAR < suites * of.suite_failures:
                self.env.process(self._suite_breaks(self.dice.randrange(suites)))
            else:
                self.env.process(self._piece_breaks(self.dice.randrange(len(self.pieces))))

    def _piece_breaks(self, piece: int) -> Course:
        if piece in self.out:
            return
        name = self.pieces[piece]
        self.count("equipment_broken")
        self.out.add(piece)
        self.down[name] += 1
        yield self.env.timeout(self.lognormal(self.scenario.equipment_repair_hours, 1.0))
        self.out.remove(piece)
        self.down[name] -= 1
        self.touch()

    def _suite_breaks(self, suite: int) -> Course:
        if self.broken[suite]:
            return
        repair = self.lognormal(self.scenario.suite_repair_hours, 1.0)
        self.broken[suite] = True
        self.count("suites_broken")
        batch = self.holder[suite]
        if batch is None:
            self.down["suites"] += 1
            self.forecast[suite] = self.env.now + repair
        elif batch.alive and batch.suite == suite and self.dice.random() < self.scenario.suite_failure_loss:
            self.lose_batch(batch, "suite_failure")
        else:
            self.forecast[suite] = max(self.forecast[suite], self.env.now + repair)
        yield self.env.timeout(repair)
        self.broken[suite] = False
        if self.holder[suite] is None:
            self.down["suites"] -= 1
        self.touch()

    def _clear(self, suite: int) -> Course:
        yield self.env.timeout(self.clearing)
        self.holder[suite] = None
        self.take({"suites": 1}, -1)
        if self.broken[suite]:
            self.down["suites"] += 1
            self.forecast[suite] = self.env.now + self.scenario.suite_repair_hours
        self.touch()
