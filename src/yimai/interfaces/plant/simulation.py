"""Weeks of a plant's life: treatments side by side on one clock, through the same actions as real people use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random
from typing import Final

from yimai.actions import timetable
from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.domain.slot import Itinerary, earliest
from yimai.domain.timetable import Disruption
from yimai.interfaces.plant.breakdowns import Breakdowns
from yimai.interfaces.plant.city import CityLife
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.end_state import Standing, end_near, standing, undecided
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.fortunes import ordinary_fortune, special_in_order
from yimai.interfaces.plant.gates import gates
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.ordering import DAY, HOUR
from yimai.interfaces.plant.plant import Plant, Window
from yimai.ledger.ledger import Ledger
from yimai.planning.scenario import Scenario

SHORTEST: Final = timedelta(days=84)
"""Long enough for the first treatments to be followed to their end."""
A_TREATMENT: Final = timedelta(hours=36)
"""How much time the base's suites are given for each treatment."""
ENOUGH: Final = 40
"""From how many treatments on every special fate is met, every stage is found at the end, and the city around them lives."""
BOOKED_AHEAD: Final = 21 * DAY
"""How long before the collection a patient is referred (median of 22 days at one centre, Blood 146 suppl. 1)."""
AT_MOST_EARLIER: Final = 20 * DAY
HALF_A_DAY: Final = DAY / 2
REQUALIFICATION: Final = 21 * DAY


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the simulation is: days that are over, of all, and what has just happened to which treatment."""

    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True)
class Planned:
    """When a treatment arrives, and what befalls it. not_before: its earliest collection. promised: its slot."""

    arrival: datetime
    fortune: Fortune
    not_before: datetime | None = None
    promised: Itinerary | None = None


class Simulation:
    """``count`` treatments that arrive over some weeks, with all that befalls them.

    Needs a founded ledger (``founding.found``) whose clock it moves. The same seed, start and ledger's sources of
    identifiers give the same facts byte for byte. taken: suite windows that others have claimed on this ledger. scenario: what
    goes wrong beside what the recipe and the special fates bring (``Plant``); None: nothing.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        recipe: Recipe,
        base: Base,
        *,
        count: int = 60,
        seed: int = 1,
        taken: Callable[[], Mapping[str, Iterable[Window]]] | None = None,
        scenario: Scenario | None = None,
    ) -> None:
        chance = Random(f"simulated plant {seed}")
        name = f"simulation-{clock():%Y%m%dT%H%M%SZ}-{seed}"
        self.plant = Plant(ledger, clock, recipe, base, chance, name, taken, scenario)
        self.starts = clock()
        self.ends = end_near(base, self.starts + max(SHORTEST, count * A_TREATMENT))
        self.journeys: list[Journey] = []
        self._breakdowns = Breakdowns(self.plant, scenario, chance, self.journeys) if scenario is not None else None
        self._plan = self._planned(count, chance)
        self._city = CityLife(self.plant, seed) if count >= ENOUGH else None

    def _planned(self, count: int, chance: Random) -> list[Planned]:
        """Each treatment in the order of arrival."""
        whole = count >= ENOUGH
        recipe = self.plant.recipe
        special = special_in_order(recipe, chance) if whole else []
        last = list(standing(recipe, self.ends)) if whole else []
        last += list(undecided(recipe, self.ends))[: max(0, count - len(special) - len(last))] if whole else []
        half = (self.ends - self.starts) / 2
        early = sorted(self.starts + half * chance.random() for _ in special)
        begins, span = (self.starts + half, half - DAY) if whole else (self.starts, 2 * half - DAY)
        usual = [begins + span * chance.random() for _ in range(count - len(special) - len(last))]
        planned = [
            *(Planned(moment, fortune) for moment, fortune in zip(early, special, strict=True)),
            *(Planned(moment, ordinary_fortune(chance)) for moment in usual),
            *(self._standing(each) for each in last),
        ]
        rounded = [replace(each, arrival=each.arrival.replace(second=0, microsecond=0)) for each in planned]
        return sorted(rounded, key=lambda each: each.arrival)

    def _standing(self, each: Standing) -> Planned:
        """A treatment that comes in time for where it stands at the end; its slot is kept from others."""
        if each.arrival is not None:
            return Planned(each.arrival, each.fortune, each.collection)
        promised = self._free_near(each.collection)
        if promised is not None:
            self.plant.occupy(promised.suite, (promised.starts, promised.ends))
        collection = promised.collection if promised is not None else each.collection
        arrival = max(collection - BOOKED_AHEAD, self.starts)
        return Planned(arrival, each.fortune, collection, promised)

    def _free_near(self, collection: datetime) -> Itinerary | None:
        """The free slot nearest before that collection (of the same hour at best), or None."""
        taken = self.plant.occupied()
        for earlier in range(AT_MOST_EARLIER // HALF_A_DAY):
            asked = collection - earlier * HALF_A_DAY
            offers = earliest(self.plant.base, self.plant.recipe, taken, asked, 1)
            if offers and offers[0].collection < collection + HOUR:
                return offers[0]
        return None

    def run(self) -> Iterator[Progress]:
        """Let time pass until the end, telling each day that is over. Raises Refused if an ordinary command is refused."""
        clock, total = self.plant.clock, (self.ends - self.starts) // DAY
        waiting = [(each.arrival, number) for number, each in enumerate(self._plan)]
        heapify(waiting)
        told = 0
        while waiting:
            moment, number = heappop(waiting)
            if moment > self.ends:
                break
            if self._city is not None:
                self._city.live_until(moment)
            if self._breakdowns is not None:
                self._breakdowns.live_until(moment)
            clock.wait_until(max(moment, clock()))
            journey = self._journey(number)
            if (following := self._go_on(journey)) is not None:
                heappush(waiting, (following, number))
            days = min((clock() - self.starts) // DAY, total)
            if days > told:
                told = days
                yield Progress(days, total, f"{journey.treatment} {journey.reached[-1]}")
        clock.wait_until(self.ends)
        if self._city is not None:
            self._requalify()
        yield Progress(total, total, "")

    def _requalify(self) -> None:
        """The scheduler signs that the suite which is free first will be out for its requalification: no room is to spare if another fails."""
        taken = self.plant.occupied()
        free, room = min(
            (max((ends for _, ends in taken.get(each.id, ())), default=self.ends), each.id)
            for each in self.plant.base.suites
        )
        begins = max(free, self.ends)
        down = Disruption("suite_down", begins, begins + REQUALIFICATION, suite=room)
        self.plant.called(
            timetable.repair,
            "scheduler",
            base=self.plant.base.id,
            disruptions=(down,),
            way="nobody_else",
            moves=(),
            reason="maintenance",
        )

    def _journey(self, number: int) -> Journey:
        """The treatment of that number, which may arrive just now."""
        if number == len(self.journeys):
            plan = self._plan[number]
            self.journeys.append(
                Journey(
                    self.plant,
                    number=number + 1,
                    fortune=plan.fortune,
                    not_before=plan.not_before,
                    promised=plan.promised,
                )
            )
        return self.journeys[number]

    def _go_on(self, journey: Journey) -> datetime | None:
        """Let a treatment go on; where its fortune says so, somebody first presents what belongs to another one."""
        for gate in gates(journey) if journey.fortune.misplaced else ():
            if gate.name in journey.fortune.misplaced and gate.before not in journey.reached:
                following = journey.go_on(gate.before)
                if gate.before not in journey.reached:
                    return following
                gate.present(self._foreign(journey, gate.name))
        return journey.go_on()

    def _foreign(self, journey: Journey, name: str) -> str:
        """What another treatment would present at its gate of this name."""
        for other in self.journeys:
            gate = next(each for each in gates(other) if each.name == name)
            if other is not journey and gate.before in other.reached:
                return gate.own()
        raise LookupError(f"nobody else has been at {name} yet")
