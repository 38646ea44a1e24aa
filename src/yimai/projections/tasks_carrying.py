"""Tasks of custody: pack, hand over, read the logger, receive, store, fetch, decide on and destroy what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from yimai.projections.tasks_collecting import shippers, wanted
from yimai.projections.tasks_drafting import ROLES, side_of, task
from yimai.projections.worklist_state import Side, State, Task, when


@dataclass(frozen=True, slots=True)
class Errand:
    """A shipment on its way. site: where it changed hands last. works_at: the site of who holds it, or "" for unknown."""

    shipment: str
    treatment: str
    urgency: str
    origin: str
    destination: str
    holder: str
    site: str
    since: datetime
    packed: datetime
    keeps: datetime | None
    works_at: str

    @property
    def waits(self) -> bool:
        """Whether it is still where it was packed, and nobody has come for it."""
        return self.site == self.origin and (self.since == self.packed or self.works_at == self.origin)


def handing_over(errand: Errand, hospital: str = "") -> Iterator[Task]:
    """The hand-over that comes next, once for each of the two people. hospital: tells the sides apart."""

    def hand(side: Side, site: str, person: str = "") -> Task:
        arguments = {"treatment": errand.treatment, "shipment": errand.shipment, "giver": errand.holder}
        return Task(
            "custody.hand_over", ROLES["custody.hand_over"][side], side, site, errand.treatment, arguments,
            errand.since, errand.urgency, due=errand.keeps, person=person,
        )  # fmt: skip

    def at(site: str, person: str = "") -> Task:
        return hand("hospital" if site == hospital else "base", site, person)

    if errand.waits:
        yield at(errand.origin, errand.holder)
        yield hand("carrier", "")
    elif errand.site != errand.destination:
        yield hand("carrier", "", errand.holder)
        yield at(errand.destination)


def travelling(state: State) -> Iterator[Task]:
    """What is on its way, or has just come."""
    for shipment, packed in state.of("packed").items():
        inside = state.inside(shipment)
        clock = ("dewar", shipment)
        destination = side_of(state, packed["destination"])
        arrived = not inside
        if inside:
            held = state.of("held")[inside[0]]
            keeps = datetime.fromisoformat(packed["keeps"]) if packed["keeps"] else None
            errand = Errand(
                shipment,
                state.row.treatment,
                state.row.urgency,
                packed["origin"],
                packed["destination"],
                held["holder"],
                held["site"],
                when(held) if state.one("leg", shipment) else when(packed),
                when(packed),
                keeps,
                state.row.sites.get(held["holder"], ""),
            )
            yield from handing_over(errand, state.row.hospital)
            arrived = held["site"] == packed["destination"]
        if arrived and state.one("read", shipment) is None:
            since = state.at("leg", shipment) or when(packed)
            yield task(state, "custody.report_temperature", destination, since, clock=clock, shipment=shipment)
        for container in inside if arrived else ():
            yield _receive(state, destination, shipment, container)
    for excursion, opened in state.of("excursion").items():
        container = state.of("packed")[opened["shipment"]]["containers"][0]
        about = {"excursion": excursion, "shipment": opened["shipment"], "cause": opened["cause"]}
        yield task(state, "custody.assess_excursion", "base", when(opened), clock=("fresh", container), **about)


def _receive(state: State, side: Side, shipment: str, container: str) -> Task:
    held = state.of("held")[container]
    clock = ("fresh", container) if ("fresh", container) in state.clocks else ("dewar", shipment)
    return task(
        state,
        "custody.receive",
        side,
        when(held),
        clock=clock,
        person=held["holder"],
        container=container,
        shipment=shipment,
    )


def sending(state: State) -> Iterator[Task]:
    """What is to be packed: starting material for the base, the product for the hospital, or what goes back there."""
    material = state.material
    if material and state.of("held")[material]["site"] == state.row.hospital and not state.row.ended:
        yield from _pack(state, "hospital", (material,), ("fresh", material), state.at("collected", material))
    batch = state.latest_batch
    if batch and state.supplied(batch) and not state.row.ended:
        bags = tuple(each for each in state.final_bags(batch) if _at_base(state, each))
        if bags:
            decided = state.at("disposition", batch)
            for bag in bags:
                if state.one("stored", bag) is not None:
                    clock = ("shelf_life", bag)
                    yield task(
                        state, "custody.retrieve", "base", decided or state.row.ordered, clock=clock, container=bag
                    )
            yield from _pack(state, "base", bags, ("shelf_life", bags[0]), decided)
    for container, fate in state.of("fate").items():
        if fate["fate"] == "return_to_hospital" and _at_base(state, container):
            if state.one("stored", container) is not None:
                yield task(state, "custody.retrieve", "base", when(fate), container=container)
            yield from _pack(state, "base", (container,), ("", ""), when(fate))


def _at_base(state: State, container: str) -> bool:
    held = state.one("held", container)
    return held is not None and held["site"] == state.row.base and state.one("in", container) is None


def _pack(
    state: State, side: Side, containers: tuple[str, ...], clock: tuple[str, str], since: datetime | None
) -> Iterator[Task]:
    if any(state.one("in", each) is not None for each in containers):
        return
    begun = since or state.row.ordered
    ready = list(shippers(state, side))
    stored = any(state.one("stored", each) is not None for each in containers)
    yield from wanted(state, "shipper", side, 1, len(ready), begun)
    yield task(
        state,
        "custody.pack",
        side,
        begun,
        clock=clock,
        blocked="" if ready and not stored else "waits_for_containers" if stored else "waits_for_label",
        shipment=ready[0] if len(ready) == 1 else "",
        containers=containers,
        destination=state.row.base if side == "hospital" else state.row.hospital,
    )


def storing(state: State) -> Iterator[Task]:
    """The product that is to be stored, until it is sent: by the last steps at the latest, whose record says where it lies."""
    batch = state.latest_batch
    if not batch or state.batch_lost(batch) or state.supplied(batch):
        return
    waited_for = {name for step in state.recipe.steps for name in step.after}
    if not all(state.settled(batch, step) for step in state.recipe.steps if step.id in waited_for):
        return
    for bag in state.final_bags(batch):
        if _at_base(state, bag) and state.one("stored", bag) is None and state.one("fate", bag) is None:
            yield task(state, "custody.store", "base", when(state.of("filled")[bag]), container=bag)


def disposing(state: State) -> Iterator[Task]:
    """What becomes of containers that nobody may use any more."""
    for container, held in state.of("held").items():
        fate = state.one("fate", container)
        if fate is None:
            if state.row.ended or state.lost(container):
                since = state.at("ended") or state.at("disposition", state.batch_of(container)) or when(held)
                yield task(state, "treatment.decide_fate", "base", since, container=container)
            continue
        if state.one("in", container) is not None or fate["fate"] == "return_to_hospital":
            continue
        side, stored = side_of(state, held["site"]), state.one("stored", container) is not None
        if fate["fate"] == "retain" and not stored:
            yield task(state, "custody.store", side, when(fate), container=container)
        elif fate["fate"] == "destroy":
            verb = "custody.retrieve" if stored else "custody.destroy"
            yield task(state, verb, side, when(fate), container=container)
