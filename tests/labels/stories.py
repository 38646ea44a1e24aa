"""Treatments whose labels are drawn: plain, infectious, supplied out of specification, rejected; each copy from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests.spec.harness import SpecPlant, founding, plant_in_memory

from yimai.domain.label import Carrier
from yimai.domain.recipe import Recipe, Words
from yimai.domain.recipe_content import recipe_from
from yimai.domain.refusal import Refusal
from yimai.interfaces.labels.label_text import Issue, LabelText, Patient, issue_of, label_text
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.ledger.entry import Entry

CARRIERS: tuple[Carrier, ...] = ("wristband", "collection_bag", "container", "sample", "final_bag", "shipper")
FORTUNES: dict[str, tuple[Fortune, str]] = {
    "plain": (Fortune(spared=True), "packed_product"),
    "infectious": (Fortune(spared=True, positive_marker="hbv"), "packed_product"),
    "supplied": (Fortune(spared=True, failing="viability", supplied=True), "packed_product"),
    "rejected": (Fortune(spared=True, failing="viability"), "rejected"),
}
"""How each story goes, and how far it is told."""


@dataclass(frozen=True)
class Told:
    """One story as the ledger holds it. items: of each carrier its last item with a label."""

    name: str
    journey: Journey
    entries: tuple[Entry, ...]
    recipe: Recipe
    places: dict[str, Words]
    items: dict[Carrier, str]

    def issue(self, carrier: Carrier, copy: int) -> Issue:
        found = issue_of(self.entries, self.items[carrier], copy)
        assert found is not None
        return found

    def text(self, carrier: Carrier, copy: int, patient: Patient | None = None) -> LabelText:
        text = label_text(self.issue(carrier, copy), self.recipe, self.places, patient)
        assert not isinstance(text, Refusal)
        return text

    def text_with_gs1(self, carrier: Carrier, copy: int, gs1: str) -> LabelText:
        """The same under a recipe whose layouts ask for GS1."""
        recipe = replace(self.recipe, labels=tuple(replace(each, gs1=gs1) for each in self.recipe.labels))
        text = label_text(self.issue(carrier, copy), recipe, self.places)
        assert not isinstance(text, Refusal)
        return text

    def facts(self, kind: str, **fields: Any) -> list[Entry]:
        """The raw entries of a kind whose data hold these values."""
        return [
            each
            for each in self.entries
            if each.kind == kind and all(each.data.get(name) == value for name, value in fields.items())
        ]


@cache
def told(name: str) -> Told:
    """The story, and of each carrier's last item a second copy that was issued when everything was known."""
    fortune, stage = FORTUNES[name]
    plant = plant_in_memory()
    journey = plant.treatment(stage, fortune=fortune)
    items: dict[Carrier, str] = {item.carrier: item.id for item in journey.vein.labels.items.values()}
    recipe = recipe_from(founding().recipe)
    for layout in recipe.labels:
        if layout.carrier in items:
            journey.issue_label(layout.id, item=items[layout.carrier], reason="content_changed")
    return Told(name, journey, plant.entries("treatment", journey.treatment), recipe, _places(plant, journey), items)


def _places(plant: SpecPlant, journey: Journey) -> dict[str, Words]:
    found = {}
    for site in (journey.hospital, journey.base):
        registered = plant.entries("site", site)[0].data
        found[site] = Words(str(registered["title_zh"]), str(registered["title_en"]))
    return found


def copies() -> Iterator[tuple[str, Carrier, int]]:
    """Every story's carriers with both copies: as first issued, and with everything known."""
    for name in FORTUNES:
        for carrier in CARRIERS:
            yield name, carrier, 1
            yield name, carrier, 2
