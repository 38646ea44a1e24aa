"""Units in a recipe or a base: every one is UCUM, and those of one thing measure the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yimai.domain.content import Part, Path, Problem
from yimai.domain.recipe import Words
from yimai.interfaces.files.ucum import UnknownUnit, dimension_of
from yimai.ledger.entry import Json


def check_recipe_units(content: Mapping[str, Json]) -> Iterator[Problem]:
    """Unknown units, an ``until`` in another unit than its entry, a material used in what it is not kept in."""
    top = Part(dict(content))
    yield from _unknown(top)
    kept_in = {name: part.text("unit") for name, part in top.named("materials")}
    for operation in top.parts("operations"):
        for step in operation.parts("steps"):
            for use in step.parts("materials"):
                kept = kept_in.get(use.text("material"), use.text("unit"))
                yield from _mismatch(use.part("unit"), kept, "the material is kept in")
            if step.has("until"):
                until = step.part("until")
                recorded = {entry.text("id"): entry.text("unit", "") for entry in step.parts("entries")}
                unit = recorded.get(until.text("entry"), "")
                if unit and until.text("unit") != unit:
                    en = f"unit mismatch: the entry is recorded in {unit}; give at_least in {unit} too"
                    yield Problem(until.part("unit").path, Words(f"单位不一致：该项以 {unit} 记录，请统一", en))


def check_base_units(content: Mapping[str, Json]) -> Iterator[Problem]:
    yield from _unknown(Part(dict(content)))


def check_lot_units(base: Mapping[str, Json], recipe: Mapping[str, Json]) -> Iterator[Problem]:
    """Lots of the base whose unit does not measure what the recipe keeps the material in; paths in the base."""
    kept_in = {name: part.text("unit") for name, part in Part(dict(recipe)).named("materials")}
    for lot in Part(dict(base)).parts("material_lots"):
        if lot.text("material") in kept_in:
            yield from _mismatch(lot.part("unit"), kept_in[lot.text("material")], "the recipe keeps the material in")


def _unknown(part: Part) -> Iterator[Problem]:
    """Every ``unit`` anywhere that is not UCUM."""
    if isinstance(part.value, list):
        for item in part.items():
            yield from _unknown(item)
    if isinstance(part.value, dict):
        for key in part.value:
            below = part.part(key)
            if key == "unit" and isinstance(below.value, str):
                reason = _reason(below.value)
                if reason:
                    yield Problem(below.path, Words(f"{below.value} 不是 UCUM 单位", reason))
            else:
                yield from _unknown(below)


def _reason(unit: str) -> str:
    try:
        dimension_of(unit)
    except UnknownUnit as problem:
        return f"{problem}; write for example mL, 10*6/mL, [EU]/mL, Cel or %"
    return ""


def _mismatch(part: Part, kept: str, why: str) -> Iterator[Problem]:
    unit = part.as_text()
    path: Path = part.path
    if not _reason(unit) and not _reason(kept) and dimension_of(unit) != dimension_of(kept):
        yield Problem(path, Words(f"单位不一致：{unit} 与 {kept}", f"unit mismatch: {unit} here, but {why} {kept}"))
