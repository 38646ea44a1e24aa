"""A treatment as its row of the worklist tells, and what a task on it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal

from yimai.domain.person import Role
from yimai.domain.recipe import Recipe, Step, Words
from yimai.projections.clock_board import Clock, clocks_of

Side = Literal["hospital", "base", "carrier"]
SUPPLIED: Final = ("conditionally_released", "released", "oos_supplied")


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is to be done next.

    verb: ``noun.verb`` of the actions. roles: any of them does it, at the site ("" for any carrier's).
    arguments: what the form of the verb can be filled with beforehand; several values stand with commas.
    due: when the clock runs out, or when it is planned to be done. since: from when it can be asked for.
    earliest, latest: it cannot be done before, or after. blocked: why it can't be done now, a key of ``BLOCKS``, or "".
    assumed: whether its clock stands on a placeholder of ours. person: who alone can do it, or "" for anyone.
    without: who may not. alternatives: further verbs that answer the same need. optional: nobody waits for it.
    about: the step, label, sample or test that it is about, as the recipe calls it. people: who is at it.
    counts: from when on a conforming result counts, where it does not at any time.
    """

    verb: str
    roles: tuple[Role, ...]
    side: Side
    site: str
    treatment: str
    arguments: Mapping[str, str]
    since: datetime
    urgency: str
    due: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    appears: datetime | None = None
    blocked: str = ""
    assumed: bool = False
    person: str = ""
    without: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    optional: bool = False
    about: Words | None = None
    people: tuple[str, ...] = ()
    counts: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One treatment's row. ended: how, or "". sites: where those who hold a shipment of it work, as far as known."""

    treatment: str
    hospital: str
    base: str
    recipe: str
    version: str
    urgency: str
    ordered: datetime
    ended: str
    marks: Mapping[str, Any]
    sites: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Room:
    """A suite. batch: which is in it, cleared_for: for which its line is clear, out: why it is out of use; or ""."""

    suite: str
    base: str = ""
    batch: str = ""
    cleared_for: str = ""
    out: str = ""


Marks = Mapping[str, Any]


class State:
    """The marks of a row, by name, with what follows from them."""

    def __init__(self, row: Row, recipe: Recipe) -> None:
        self.row, self.recipe = row, recipe
        self._by: dict[str, dict[str, Any]] = {}
        for mark, value in row.marks.items():
            name, _, item = mark.partition("/")
            self._by.setdefault(name, {})[item] = value

    def of(self, name: str) -> dict[str, Any]:
        """Every mark of that name, by item."""
        return self._by.get(name, {})

    def one(self, name: str, item: str = "") -> Marks | None:
        value: Marks | None = self._by.get(name, {}).get(item)
        return value

    def at(self, name: str, item: str = "") -> datetime | None:
        """When the mark was made, or None."""
        value = self.one(name, item)
        return when(value) if value is not None else None

    @cached_property
    def slot(self) -> Marks | None:
        """The slot, with the moments to which it was moved; None without one."""
        slot = self.one("slot")
        return None if slot is None else {**slot, **(self.one("moved") or {})}

    @cached_property
    def clocks(self) -> Mapping[tuple[str, str], Clock]:
        """The clocks that run, by name and item."""
        found = clocks_of(self.row.treatment, self.recipe, dict(self._moments()))
        return {(clock.name, clock.item): clock for clock in found}

    def _moments(self) -> Iterator[tuple[str, datetime]]:
        """The moments as ``clock_board`` marks them."""
        for name in ("collected", "opened", "began", "ended", "finished", "thawed", "depleted"):
            for item, mark in self.of(name).items():
                yield f"{name}/{item}", when(mark)
        for container, filled in self.of("filled").items():
            if filled["carrier"] == "final_bag":
                yield f"filled/{container}", when(filled)
        for mark in self.of("opened").values():
            yield f"used/{mark['container']}", when(mark)
        for name in ("gone", "fate", "begun"):
            for container, mark in self.of(name).items():
                yield f"used/{container}", when(mark)
        for mark in self.of("begun").values():
            yield "infused/", when(mark)
        for shipment, packed in self.of("packed").items():
            if packed["keeps"]:
                yield f"packed/{shipment}", when(packed)
                yield f"keeps/{shipment}", datetime.fromisoformat(packed["keeps"])
                if not self.inside(shipment):
                    yield f"received/{shipment}", when(packed)

    def inside(self, shipment: str) -> tuple[str, ...]:
        """What is still in the shipper."""
        within = self.of("in")
        return tuple(each for each in self.of("packed")[shipment]["containers"] if within.get(each) == shipment)

    # Containers.

    def shipments_of(self, container: str) -> Iterator[str]:
        return (shipment for shipment, packed in self.of("packed").items() if container in packed["containers"])

    def trouble(self, container: str) -> str:
        """What its journeys say of the container: "" for nothing, a key of ``BLOCKS``, or ``unusable``."""
        found = ""
        for shipment in self.shipments_of(container):
            for excursion, doubt in self.of("doubt").items():
                if doubt["shipment"] == shipment:
                    judged = self.one("judged", excursion)
                    if judged is None:
                        found = "waits_for_excursion"
                    elif not judged["usable"]:
                        return "unusable"
            if self.one("read", shipment) is None and self.one("in", container) is None:
                found = found or "waits_for_temperature"
        return found

    def lost(self, container: str) -> bool:
        """Whether QA refused the container after an excursion, or its batch failed, was rejected or revoked."""
        if self.trouble(container) == "unusable":
            return True
        batch = self.batch_of(container)
        return self.batch_lost(batch) if batch else False

    def batch_of(self, container: str) -> str:
        """The batch that began with the container, or filled it, or ""."""
        filled = self.one("filled", container)
        if filled is not None:
            return str(filled["batch"])
        return next((batch for batch, each in self.of("opened").items() if each["container"] == container), "")

    def containers_of(self, batch: str) -> tuple[str, ...]:
        """Those that hold the batch's cells now."""
        filled = [each for each, made in self.of("filled").items() if made["batch"] == batch]
        return tuple(each for each in (self.of("opened")[batch]["container"], *filled) if not self._used_up(each))

    def _used_up(self, container: str) -> bool:
        gone = self.one("gone", container)
        return gone is not None and gone["how"] == "used_in_manufacture"

    def final_bags(self, batch: str) -> tuple[str, ...]:
        """The batch's final bags that are not gone."""
        return tuple(
            each
            for each, made in self.of("filled").items()
            if made["batch"] == batch and made["carrier"] == "final_bag" and self.one("held", each) is not None
        )

    @property
    def material(self) -> str:
        """The collected container that can still be made into a product, or ""."""
        for container in self.of("collected"):
            if self.one("held", container) is not None and not self.lost(container):
                return "" if self.one("fate", container) is not None else container
        return ""

    # Batches.

    @property
    def open_batch(self) -> str:
        finished = self.of("finished")
        return next((batch for batch in self.of("opened") if batch not in finished), "")

    @property
    def latest_batch(self) -> str:
        opened = self.of("opened")
        return max(opened, key=lambda batch: int(opened[batch]["n"]), default="")

    def disposition(self, batch: str) -> str:
        decided = self.one("disposition", batch)
        return str(decided["state"]) if decided is not None else ""

    def supplied(self, batch: str) -> bool:
        return self.disposition(batch) in SUPPLIED

    def batch_lost(self, batch: str) -> bool:
        finished = self.one("finished", batch)
        failed = finished is not None and finished["state"] == "failed"
        return failed or self.disposition(batch) in ("rejected", "revoked")

    @property
    def needs_cells(self) -> bool:
        """Whether cells must be collected, again perhaps: nothing is left that is or can become a product."""
        batch = self.latest_batch
        made = bool(batch) and not self.batch_lost(batch) and not self.nothing_left(batch)
        return not made and not self.material and not self.of("begun")

    def nothing_left(self, batch: str) -> bool:
        """Whether the batch was let go, and none of its bags is left that may be used."""
        left = (bag for bag in self.final_bags(batch) if self.trouble(bag) != "unusable")
        return self.supplied(batch) and next(left, None) is None

    # Steps.

    def running(self, batch: str, step: str) -> Marks | None:
        """The round that runs, or None."""
        began, ended = self.one("began", f"{batch}/{step}"), self.one("ended", f"{batch}/{step}")
        return began if began is not None and (ended is None or ended["round"] < began["round"]) else None

    def reached(self, batch: str, step: Step) -> bool:
        """Whether the step's last round is completed, and its count reached where it has one."""
        ended = self.one("ended", f"{batch}/{step.id}")
        if ended is None or self.running(batch, step.id) is not None:
            return False
        if step.until is None:
            return True
        count = self.of("count").get(f"{batch}/{step.id}/{ended['round']}/{step.until.entry}")
        return count is not None and Decimal(count) >= step.until.at_least

    def settled(self, batch: str, step: Step) -> bool:
        """Whether the step is done: its count reached, or QA content that it was not."""
        if self.reached(batch, step):
            return True
        short = self.one("short", f"{batch}/{step.id}")
        if short is None or self.running(batch, step.id) is not None:
            return False
        concluded = self.one("concluded", short["deviation"])
        return concluded is not None and concluded["conclusion"] in ("no_impact", "acceptable")

    # Labels.

    def labelled(self, carrier: str, layout: str = "") -> dict[str, Marks]:
        """Items of the carrier that bear a label, and when it was stuck on."""
        found = {}
        for copy, used in self.of("labelled").items():
            item = copy.rpartition("/")[0]
            known = self.of("item")[item]
            if known["carrier"] == carrier and layout in ("", known["layout"]):
                found[item] = used
        return found

    def printed(self, carrier: str, layout: str = "") -> list[str]:
        """Items of the carrier whose label is printed but not stuck on."""
        items = {copy.rpartition("/")[0] for copy in self.of("issued")}
        known = self.of("item")
        return sorted(
            each for each in items if known[each]["carrier"] == carrier and layout in ("", known[each]["layout"])
        )


def when(mark: Marks) -> datetime:
    """When the mark was made."""
    return datetime.fromisoformat(mark["at"])
