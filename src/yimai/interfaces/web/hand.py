"""Which labels a person would hold who fills in a form: for a simulated ledger only, where nobody holds anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.http import Http404

from yimai.domain.identifier import LETTERS, noun_of
from yimai.domain.label import Item
from yimai.domain.label_code import label_code
from yimai.domain.recipe import Words
from yimai.domain.vein import Vein
from yimai.interfaces.web.field import Field, Scan, Scans
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import VALUES
from yimai.projections.words import NOUNS

MOST: Final = 12


@dataclass(frozen=True, slots=True)
class Label:
    """code: what its scan reads."""

    title: Words
    identifier: str
    code: str


def at_hand(situation: Situation, fields: Iterable[Field]) -> tuple[Label, ...]:
    """The labels of the treatment that are where the person works and that the form can take."""
    nouns = {noun for each in fields if isinstance(each, Scan | Scans) for noun in each.nouns} & LETTERS.keys()
    if not nouns or not situation.treatment:
        return ()
    try:
        vein = situation.vein
    except Http404:
        return tuple(_named(situation, nouns))
    return tuple(_labels(situation, vein, nouns))[:MOST]


def _labels(situation: Situation, vein: Vein, nouns: set[str]) -> Iterator[Label]:
    wanted = situation.given.get("sample", "")
    if "treatment" in nouns:
        yield Label(Words("医嘱（COI）", "Order (COI)"), situation.treatment, situation.treatment)
    for item in vein.labels.items.values():
        copy = next((at for at in range(len(item.copies), 0, -1) if item.copies[at - 1] != "destroyed"), 0)
        other_tube = item.carrier == "sample" and wanted not in ("", item.id)
        if copy and noun_of(item.id) in nouns and not other_tube and _is_here(situation, vein, item):
            yield Label(VALUES[item.carrier], item.id, label_code(item.id, copy))


def _is_here(situation: Situation, vein: Vein, item: Item) -> bool:
    """Whether it is where the person works, as far as the record says where it is."""
    held = vein.custody.held
    if item.carrier == "wristband":
        return situation.who.site == vein.treatment.hospital
    if item.carrier == "shipper":
        inside = vein.shipments.containers_of(item.id)
        return not inside or any(held[each].shipment == item.id for each in inside if each in held)
    container = held.get(item.id)
    if container is None:
        return True
    return not container.gone and (container.site == situation.who.site or bool(container.shipment))


def _named(situation: Situation, nouns: set[str]) -> Iterator[Label]:
    """What the address names, for somebody who sees no more of the treatment: a courier."""
    for identifier in dict.fromkeys(situation.given.values()):
        noun = noun_of(identifier)
        if noun in nouns:
            yield Label(NOUNS[noun], identifier, identifier)
