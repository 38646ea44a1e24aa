"""Every kind of fact, by its stored word; one codec for all of them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from yimai.domain import (
    access,
    allocation,
    annual_return,
    approval,
    authorisation,
    batch,
    batch_entry,
    batch_record,
    batch_step,
    certificate,
    cluster,
    collection,
    custody,
    designation,
    deviation,
    disposition,
    equipment,
    establishment,
    event,
    goal,
    identity,
    incubation,
    infusion,
    label,
    label_code,
    material_lot,
    oos_supply,
    organisation,
    outcome,
    override,
    permit,
    person,
    plan,
    reason,
    receipt,
    register,
    retention,
    sample,
    shipment,
    signing,
    site,
    slot,
    source,
    specification,
    suite,
    target,
    timetable,
    treatment,
)
from yimai.domain.fact import Fact, json_of, measurable
from yimai.ledger.entry import Entry

NOUNS: Final = (
    access,
    allocation,
    annual_return,
    approval,
    authorisation,
    batch,
    batch_entry,
    batch_record,
    batch_step,
    certificate,
    cluster,
    collection,
    custody,
    designation,
    deviation,
    disposition,
    equipment,
    establishment,
    event,
    goal,
    identity,
    incubation,
    infusion,
    label,
    label_code,
    material_lot,
    oos_supply,
    organisation,
    outcome,
    override,
    permit,
    person,
    plan,
    reason,
    receipt,
    register,
    retention,
    sample,
    shipment,
    signing,
    site,
    slot,
    source,
    specification,
    suite,
    target,
    timetable,
    treatment,
)
KINDS: Final[dict[str, type[Fact]]] = {
    thing.kind: thing
    for noun in NOUNS
    for thing in vars(noun).values()
    if isinstance(thing, type) and issubclass(thing, Fact) and thing.__module__ == noun.__name__
}


LONGEST: Final = 200
"""Characters in a text of a fact: an identifier, a code or a title."""
LARGEST: Final = 2**53 - 1


class UnknownKind(Exception):
    """The ledger holds a kind of fact that this version does not know; it must be upgraded."""


def decode(entry: Entry) -> Fact:
    """Return the fact that the entry stores. Raises UnknownKind, and msgspec.ValidationError naming a bad field."""
    fact_class = KINDS.get(entry.kind)
    if fact_class is None:
        raise UnknownKind(f"{entry.kind} is not known to this version of Yimai")
    return msgspec.convert(entry.data, fact_class)


def unsound(fact: Fact) -> str:
    """Say what of the fact could not be read back, or is no value that anybody can have meant; "" if all is sound.

    A fact that cannot be read back would shut its treatment for ever, so it must never be appended.
    """
    try:
        msgspec.convert(json_of(fact), type(fact))
    except (msgspec.MsgspecError, OverflowError, TypeError, ValueError) as error:
        return str(error)
    return _unsound(fact, "")


def _unsound(value: object, path: str) -> str:
    """The path of a text with control characters, a time without zone or an absurd number; mappings are not entered."""
    match value:
        case str():
            sound = value.isprintable() and len(value) <= LONGEST
        case datetime():
            sound = value.utcoffset() is not None
        case Decimal():
            sound = measurable(value)
        case int():
            sound = abs(value) <= LARGEST
        case tuple():
            return next((found for each in value if (found := _unsound(each, path))), "")
        case _ if is_dataclass(value):
            parts = ((getattr(value, each.name), f"{path}.{each.name}".lstrip(".")) for each in fields(value))
            return next((found for part, place in parts if (found := _unsound(part, place))), "")
        case _:
            return ""
    return "" if sound else f"{path} = {str(value)[:40]!r}"
