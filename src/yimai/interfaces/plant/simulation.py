"""Weeks of a plant's life: treatments side by side on one clock, through the same actions as real people use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random
from typing import Final

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.domain.slot import quality_control_time, suite_time
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.fortunes import ordinary_fortune, special_in_order
from yimai.interfaces.plant.gates import gates
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.ordering import DAY, HOUR
from yimai.interfaces.plant.plant import Plant, Window
from yimai.ledger.ledger import Ledger

SHORTEST: Final = timedelta(days=84)
"""Long enough for the first treatments to be followed to their end."""
A_TREATMENT: Final = timedelta(hours=36)
"""How much time the base's suites are given for each treatment."""
ENOUGH: Final = 40
"""From how many treatments on every special fate is met and every stage is found at the end."""
BOOKED_AHEAD: Final = 21 * DAY
"""How long before the collection a patient is referred (median of 22 days at one centre, Blood 146 suppl. 1)."""
AT_MOST_LATER: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the simulation is: days that are over, of all, and what has just happened to which treatment."""

    done: int
    total: int
    what: str


class Simulation:
    """``count`` treatments that arrive over some weeks, with all that befalls them.

    Needs a founded ledger (``founding.found``) whose clock it moves. The same seed, start and ledger's sources of
    identifiers give the same facts byte for byte. taken: suite windows that others have claimed on this ledger.
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
    ) -> None:
        chance = Random(f"simulated plant {seed}")
        name = f"simulation-{clock():%Y%m%dT%H%M%SZ}-{seed}"
        self.plant = Plant(ledger, clock, recipe, base, chance, name, taken)
        self.starts = clock()
        self.ends = self.starts + max(SHORTEST, count * A_TREATMENT)
        self.journeys: list[Journey] = []
        self._plan = self._planned(count, chance)

    def _planned(self, count: int, chance: Random) -> list[tuple[datetime, Fortune, datetime | None]]:
        """Each treatment's arrival, fortune and earliest collection, in the order of arrival."""
        whole = count >= ENOUGH
        last = list(self._at_last()) if whole else []
        special = special_in_order(self.plant.recipe, chance) if whole else []
        half = (self.ends - self.starts) / 2
        early = sorted(self.starts + half * chance.random() for _ in special)
        begins, span = (self.starts + half, half - DAY) if whole else (self.starts, 2 * half - DAY)
        usual = [begins + span * chance.random() for _ in range(count - len(special) - len(last))]
        planned: list[tuple[datetime, Fortune, datetime | None]] = [
            *((moment, fortune, None) for moment, fortune in zip(early, special, strict=True)),
            *((moment, ordinary_fortune(chance), None) for moment in usual),
            *last,
        ]
        rounded = [(_minute(moment), fortune, collection) for moment, fortune, collection in planned]
        return sorted(rounded, key=lambda each: each[0])

    def _at_last(self) -> Iterator[tuple[datetime, Fortune, datetime | None]]:
        """Treatments that will just stand at a stage at the end, one for each: when they must come for that."""
        recipe = self.plant.recipe
        made = 26 * HOUR + suite_time(recipe)
        judged = (
            made + quality_control_time(recipe) + 4 * DAY
        )  # further rounds of expansion, slow tests, nights without QA
        for stage, before in (("ordered", 9), ("consented", 20), ("accepted", 60), ("slotted", 66)):
            yield self.ends - before * HOUR, Fortune(spared=True, stays_at=stage), self.ends + 4 * DAY
        for stage, since_collection in (
            ("collecting", 2 * HOUR),
            ("packed", 5 * HOUR),
            ("in_transit", 10 * HOUR),
            ("received", 21 * HOUR),
            ("opened", 28 * HOUR),
            ("tested", judged),
            ("reviewed", judged + 2 * HOUR),
            ("conditionally_released", judged + 6 * HOUR),
            ("dispatched", judged + 12 * HOUR),
            ("delivered", judged + 30 * HOUR),
            ("lymphodepleted", judged + 3 * DAY),
            ("permitted", judged + 8 * DAY),
            ("infused", judged + 8 * DAY),
        ):
            collection = self.ends - since_collection
            fortune = Fortune(spared=True, dispatched_early=True, stays_at=stage)
            yield max(collection - BOOKED_AHEAD, self.starts), fortune, collection

    def run(self) -> Iterator[Progress]:
        """Let time pass until the end, telling each day that is over. Raises Refused if an ordinary command is refused."""
        clock, total = self.plant.clock, (self.ends - self.starts) // DAY
        waiting = [(moment, number) for number, (moment, _, _) in enumerate(self._plan)]
        heapify(waiting)
        told, self._unfinished = 0, {number for number, each in enumerate(self._plan) if each[1].stays_at}
        while waiting:
            moment, number = heappop(waiting)
            if moment > self.ends and (not self._unfinished or moment > self.ends + AT_MOST_LATER):
                break
            clock.wait_until(max(moment, clock()))
            journey = self._journey(number)
            if (following := self._go_on(journey)) is not None:
                heappush(waiting, (following, number))
            if journey.fortune.stays_at in journey.reached:
                self._unfinished.discard(number)
            days = min((clock() - self.starts) // DAY, total)
            if days > told:
                told = days
                yield Progress(days, total, f"{journey.treatment} {journey.reached[-1]}")
        clock.wait_until(max(clock(), self.ends))
        yield Progress(total, total, "")

    def _journey(self, number: int) -> Journey:
        """The treatment of that number, which may arrive just now."""
        if number == len(self.journeys):
            _, fortune, not_before = self._plan[number]
            self.journeys.append(Journey(self.plant, number=number + 1, fortune=fortune, not_before=not_before))
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


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
