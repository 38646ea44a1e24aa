"""A fact's data, field by field, in words: people, things and places as links, quantities with units, titles of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from yimai.domain.establishment import PLACES, degrees
from yimai.domain.identifier import noun_of
from yimai.domain.recipe import Recipe, Words
from yimai.domain.refusals import REFUSALS
from yimai.domain.shipment import ShipmentPacked
from yimai.domain.treatment import MarkersReported
from yimai.ledger.entry import Entry, Json
from yimai.projections.field_words import FIELDS as FIELD_WORDS
from yimai.projections.field_words import VALUES
from yimai.projections.mentions import FIELDS as NOUN_FIELDS
from yimai.projections.words import ROLES, SITE_KINDS

Form = Literal["text", "words", "link", "site", "signature", "quantity", "moment", "yes", "no", "hash", "list", "table"]
BRIEF: Final = frozenset(
    {
        "carrier", "cause", "cells", "cd3", "classification", "conclusion", "conforming", "container", "destination",
        "deviation", "excursion", "fate", "highest", "how", "itinerary", "lowest", "origin", "permit",
        "position", "reason", "response", "shipment", "step", "suite", "test", "usable", "value", "viability",
        "volume", "readings", "limits",
    }
)  # fmt: skip
"""The fields that a line of the list shows; the fact's own page shows all."""
NAMING: Final = ("step", "plan", "test", "layout", "material", "equipment_class", "qualification")
"""The fields that the recipe has titles for."""
HASHES: Final = frozenset(
    {
        "name",
        "file",
        "form",
        "patient",
        "recipe_hash",
        "release",
        "content",
        "contributions",
        "definition",
        "document",
        "evaluation",
        "note",
        "root",
    }
)
TEMPERATURES: Final = frozenset({"lowest", "highest"})
"""In degrees Celsius, without a unit of their own."""
ALLOWED: Final = {
    "lowest": Words("允许最低温度", "Lowest allowed"),
    "highest": Words("允许最高温度", "Highest allowed"),
}
"""What the same names mean where a shipper is packed: its limits, no readings."""
MONEY: Final = frozenset({"amount", "gross_output", "price", "revenue", "value_added"})
"""In fen."""
SITES: Final = frozenset({"hospital", "origin", "destination", "site", "base"})


@dataclass(frozen=True, slots=True)
class Detail:
    """One field. value: by form a text, Words, (noun, identifier), a mapping, a datetime or a tuple of Details."""

    label: Words
    form: Form
    value: Any


def details(entry: Entry, recipe: Recipe | None, *, brief: bool = False) -> tuple[Detail, ...]:
    """The entry's data as a reader wants them; ``brief``: only what a line needs."""
    found = []
    data: Mapping[str, Any] = entry.data
    for name, value in data.items():
        if value in ("", None, [], {}) or (brief and name not in BRIEF) or (name == "content" and brief):
            continue
        if brief and name == "itinerary":
            found.append(_detail("suite", value["suite"], recipe, entry))
            found.append(_detail("starts", value["starts"], recipe, entry))
        else:
            found.append(_detail(name, value, recipe, entry))
    if entry.kind == "identity.match_refused.v1":
        found.append(_sentence(entry.data))
    return tuple(found)


def naming(entry: Entry, recipe: Recipe | None) -> tuple[Words, ...]:
    """What the recipe calls the step, entry, test, sample or label that the fact is about; nothing where it is about none."""
    step = recipe.step(str(entry.data.get("step", ""))) if recipe is not None else None
    entered = step.entry(str(entry.data.get("entry", ""))) if step is not None else None
    found = [_title(name, str(entry.data[name]), recipe) for name in NAMING if entry.data.get(name)]
    return tuple(each for each in (*found, entered.title if entered is not None else None) if each is not None)


def _detail(name: str, value: Json, recipe: Recipe | None, entry: Entry) -> Detail:
    label = _label(name, recipe, entry)
    if name in TEMPERATURES and isinstance(value, str):
        return Detail(label, "quantity", {"value": value, "unit": "Cel"})
    if isinstance(value, bool):
        return Detail(label, "yes" if value else "no", value)
    if isinstance(value, dict):
        if set(value) == {"value", "unit"}:
            return Detail(label, "quantity", value)
        if "signer" in value:
            return Detail(label, "signature", {**value, "signed": datetime.fromisoformat(str(value["signed"]))})
        if name == "content":
            return Detail(label, "text", ", ".join(sorted(value)))
        return Detail(
            label,
            "table",
            _by_time(_detail(key, each, recipe, entry) for key, each in value.items() if each not in ("", None)),
        )
    if isinstance(value, list):
        return Detail(label, "list", tuple(_detail(name, each, recipe, entry) for each in value))
    step = recipe.step(str(entry.data.get("step", ""))) if recipe is not None and name == "entry" else None
    named = step.entry(str(value)) if step is not None else None
    return Detail(label, "words", named.title) if named is not None else _scalar(name, label, str(value), recipe)


def _by_time(rows: Iterable[Detail]) -> tuple[Detail, ...]:
    """What has no time first, then an itinerary's moments in their order."""
    return tuple(sorted(rows, key=lambda row: row.value.timestamp() if row.form == "moment" else 0.0))


def _scalar(name: str, label: Words, value: str, recipe: Recipe | None) -> Detail:
    noun = noun_of(value)
    if noun is not None:
        return Detail(label, "link", (noun, value))
    if name in SITES:
        return Detail(label, "site", value)
    if name in MONEY and value.isdecimal():
        yuan = f"{Decimal(value) / 100:,}"
        return Detail(label, "words", Words(f"{int(value):,}（{yuan} 元）", f"{int(value):,} ({yuan} yuan)"))
    if name in PLACES and value.lstrip("-").isdecimal():
        written = degrees(int(value)).replace("-", "\u2212")
        return Detail(label, "words", Words(f"{value}（{written}°）", f"{value} ({written}°)"))
    if name in HASHES and len(value) == 64:
        return Detail(label, "hash", value)
    if len(value) >= 19 and value[4] == "-" and "T" in value:
        try:
            return Detail(label, "moment", datetime.fromisoformat(value))
        except ValueError:
            pass
    if name in NOUN_FIELDS:
        return Detail(label, "link", (NOUN_FIELDS[name], value))
    titled = _title(name, value, recipe) or VALUES.get(value) or ROLES.get(value) or SITE_KINDS.get(value)
    if titled is not None:
        return Detail(label, "words", titled)
    return Detail(label, "text", value)


def _label(name: str, recipe: Recipe | None, entry: Entry) -> Words:
    """A field's name; the name of an entry is its title in the step that records it."""
    step = recipe.step(str(entry.data.get("step", ""))) if recipe is not None else None
    recorded = step.entry(name) if step is not None else None
    if recorded is not None:
        return recorded.title
    if name in ALLOWED and entry.kind == ShipmentPacked.kind:
        return ALLOWED[name]
    if entry.kind == MarkersReported.kind and recipe is not None and name in recipe.markers:
        return dict(recipe.marker_titles)[name]
    return FIELD_WORDS.get(name, Words(name, name))


def _title(name: str, value: str, recipe: Recipe | None) -> Words | None:
    """What the recipe calls this step, test, sample, indication, material or label layout."""
    if recipe is None:
        return None
    step = recipe.step(value) if name == "step" else None
    if step is not None:
        return step.title
    titles: Mapping[str, Iterator[tuple[str, Words]]] = {
        "test": ((each.id, each.title) for each in recipe.tests),
        "tests": ((each.id, each.title) for each in recipe.tests),
        "plan": ((each.id, each.title) for each in recipe.samples),
        "layout": ((each.id, each.title) for each in recipe.labels),
        "indication": iter(recipe.indications),
        "material": iter(recipe.materials),
        "qualification": iter(recipe.qualifications),
        "equipment_class": iter(recipe.equipment_classes),
    }
    return dict(titles.get(name, iter(()))).get(value)


def _sentence(data: Mapping[str, Any]) -> Detail:
    """Why the match was refused and what to do, as the person who tried was told."""
    kind = REFUSALS.get(data["code"])
    label = Words("拒绝原因", "Why")
    if kind is None:
        return Detail(label, "text", data["code"])
    said = kind(**data["details"])
    return Detail(label, "words", Words(said.zh, said.en))
