"""Every kind of fact, by its stored word; one codec for all of them."""

from __future__ import annotations

from typing import Final

import msgspec

from yimai.domain import (
    approval,
    batch,
    batch_entry,
    batch_record,
    batch_step,
    certificate,
    collection,
    custody,
    deviation,
    disposition,
    equipment,
    identity,
    infusion,
    label,
    material_lot,
    oos_supply,
    outcome,
    override,
    permit,
    person,
    reason,
    retention,
    sample,
    shipment,
    site,
    slot,
    suite,
    treatment,
)
from yimai.domain.fact import Fact
from yimai.ledger.entry import Entry

NOUNS: Final = (
    approval,
    batch,
    batch_entry,
    batch_record,
    batch_step,
    certificate,
    collection,
    custody,
    deviation,
    disposition,
    equipment,
    identity,
    infusion,
    label,
    material_lot,
    oos_supply,
    outcome,
    override,
    permit,
    person,
    reason,
    retention,
    sample,
    shipment,
    site,
    slot,
    suite,
    treatment,
)
KINDS: Final[dict[str, type[Fact]]] = {
    thing.kind: thing
    for noun in NOUNS
    for thing in vars(noun).values()
    if isinstance(thing, type) and issubclass(thing, Fact) and thing.__module__ == noun.__name__
}


class UnknownKind(Exception):
    """The ledger holds a kind of fact that this version does not know; it must be upgraded."""


def decode(entry: Entry) -> Fact:
    """Return the fact that the entry stores. Raises UnknownKind, and msgspec.ValidationError naming a bad field."""
    fact_class = KINDS.get(entry.kind)
    if fact_class is None:
        raise UnknownKind(f"{entry.kind} is not known to this version of Yimai")
    return msgspec.convert(entry.data, fact_class)
