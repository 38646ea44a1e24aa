"""A shipper on its way, from the facts that everybody on the way may see: a courier sees no others of the treatment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from yimai.domain.custody import ContainerHandedOver, ContainerReceived
from yimai.domain.facts import decode
from yimai.domain.recipe import Limits
from yimai.domain.shipment import ExcursionOpened, ShipmentPacked, TemperatureReported
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class Consignment:
    """limits: degrees Celsius. holder, site: who has it now, where. arrived: when it was taken over at its destination."""

    shipment: str
    containers: tuple[str, ...]
    origin: str
    destination: str
    limits: Limits
    qualified_until: datetime | None
    packed: datetime
    holder: str
    site: str
    arrived: datetime | None = None
    received: frozenset[str] = field(default_factory=frozenset)
    reported: bool = False
    excursions: tuple[str, ...] = ()

    @property
    def unpacked(self) -> bool:
        """Whether nothing is left in it."""
        return self.received >= set(self.containers)


def consignments(entries: Iterable[Entry]) -> dict[str, Consignment]:
    """Every shipper of a treatment, by its identifier, in the order in which they were packed."""
    found: dict[str, Consignment] = {}
    for entry in entries:
        match fact := decode(entry):
            case ShipmentPacked():
                found[fact.shipment] = Consignment(
                    fact.shipment,
                    fact.containers,
                    fact.origin,
                    fact.destination,
                    Limits(fact.lowest, fact.highest),
                    fact.qualified_until,
                    entry.occurred,
                    fact.given.signer,
                    fact.origin,
                )
            case ContainerHandedOver():
                there = found[fact.shipment]
                arrived = entry.occurred if fact.site == there.destination else None
                found[fact.shipment] = replace(
                    there, holder=fact.taken.signer, site=fact.site, arrived=there.arrived or arrived
                )
            case ContainerReceived():
                there = found[fact.shipment]
                found[fact.shipment] = replace(there, received=there.received | {fact.container})
            case TemperatureReported():
                found[fact.shipment] = replace(found[fact.shipment], reported=True)
            case ExcursionOpened():
                there = found[fact.shipment]
                found[fact.shipment] = replace(there, excursions=(*there.excursions, fact.excursion))
            case _:
                pass
    return found
