"""The master recipe read from its approved content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from yimai.domain.content import ContentProblem, Part
from yimai.domain.recipe import (
    Attended,
    EntryField,
    Failure,
    Hold,
    Label,
    Least,
    MaterialUse,
    Operation,
    Product,
    Recipe,
    SamplePlan,
    Source,
    StartingMaterial,
    Step,
    Test,
    Typical,
    Until,
    Words,
)
from yimai.ledger.entry import Json

__all__ = ["ContentProblem", "recipe_from"]


def recipe_from(content: Mapping[str, Json]) -> Recipe:
    """The recipe that the content describes; raises ``ContentProblem`` naming the first place that does not fit.

    The content is the recipe file's own structure. Equal content gives an equal recipe.
    """
    top = Part(dict(content))
    operations = top.part("operations").items()
    return Recipe(
        id=top.text("recipe"),
        version=top.text("version"),
        title=top.words(),
        legal_track=cast(
            Literal["drug", "clinical_research", "hospital_technology"],
            top.one_of("legal_track", "drug", "clinical_research", "hospital_technology"),
        ),
        retention=top.part("retention").span("time"),
        retention_source=top.part("retention").source(),
        indications=_titles(top, "indications"),
        markers=tuple(name for name, _ in top.named("markers")),
        marker_titles=_titles(top, "markers"),
        starting_material=_starting_material(top.part("starting_material")),
        product=_product(top.part("product")),
        operations=tuple(
            Operation(part.text("id"), part.words(), tuple(step.text("id") for step in part.part("steps").items()))
            for part in operations
        ),
        steps=tuple(_step(step, part.text("id")) for part in operations for step in part.part("steps").items()),
        samples=tuple(
            SamplePlan(part.text("id"), part.words(), part.text("label"), part.texts("tests"))
            for part in top.part("samples").items()
        ),
        tests=tuple(_test(part) for part in top.part("tests").items()),
        labels=tuple(_label(part) for part in top.part("labels").items()),
        materials=tuple((name, part.words()) for name, part in top.named("materials")),
        qualifications=_titles(top, "qualifications"),
        equipment_classes=_titles(top, "equipment_classes"),
        line_clearance=top.duration("line_clearance"),
    )


def _titles(top: Part, key: str) -> tuple[tuple[str, Words], ...]:
    return tuple((name, Words(part.text("zh"), part.text("en"))) for name, part in top.named(key))


def _starting_material(part: Part) -> StartingMaterial:
    return StartingMaterial(
        minimum_cd3=part.part("minimum_cd3").decimal("value"),
        volume=part.limits("volume"),
        fresh_alert=part.part("fresh_alert").span("time"),
        fresh_maximum=part.part("fresh_maximum").span("time"),
        temperature=part.limits("temperature"),
        typical_cd3=_typical(part.part("typical_cd3")),
        failures=_failures(part),
        sources=_sources(part),
    )


def _product(part: Part) -> Product:
    return Product(
        storage_temperature=part.limits("storage_temperature"),
        transport_temperature=part.limits("transport_temperature"),
        shelf_life=part.part("shelf_life").span("time"),
        thaw_to_infusion=part.part("thaw_to_infusion").span("time"),
        lymphodepletion_minimum=part.part("lymphodepletion").span("minimum"),
        lymphodepletion_maximum=part.part("lymphodepletion").span("maximum"),
        dewar_hold=part.part("dewar_hold").span("time"),
        sources=_sources(part),
    )


def _sources(part: Part) -> tuple[tuple[str, Source], ...]:
    fields = part.value if isinstance(part.value, dict) else {}
    return tuple((name, part.part(name).source()) for name, value in sorted(fields.items()) if isinstance(value, dict))


def _failures(part: Part) -> tuple[Failure, ...]:
    return tuple(
        Failure(failure.text("cause"), failure.words(), failure.decimal("probability"), failure.source())
        for failure in part.parts("failures")
    )


def _typical(part: Part) -> Typical:
    return Typical(part.decimal("median"), part.decimal("cv"))


def _step(part: Part, operation: str) -> Step:
    operators = part.part("operators")
    return Step(
        id=part.text("id"),
        operation=operation,
        title=part.words(),
        room_class=part.text("room_class"),
        equipment=part.texts("equipment"),
        operators=tuple((name, operators.whole(name)) for name, _ in part.named("operators")),
        materials=tuple(
            MaterialUse(use.text("material"), use.decimal("quantity"), use.text("unit"))
            for use in part.parts("materials")
        ),
        entries=tuple(_entry(entry) for entry in part.parts("entries")),
        after=part.texts("after"),
        holds=tuple(Hold(hold.text("after"), hold.span("maximum"), hold.source()) for hold in part.parts("holds")),
        second_person=part.flag("second_person"),
        line_clearance=part.flag("line_clearance"),
        duration=part.duration(),
        failures=_failures(part),
        samples=part.texts("samples"),
        produces=part.text("produces", ""),
        until=_until(part.part("until")) if part.has("until") else None,
        attended=_attended(part.part("attended")) if part.has("attended") else None,
        within_shift=part.flag("within_shift"),
    )


def _attended(part: Part) -> Attended:
    return Attended(part.span("begins"), part.span("ends"), part.source())


def _until(part: Part) -> Until:
    return Until(part.text("entry"), part.decimal("at_least"), part.whole("most"), part.source())


def _entry(part: Part) -> EntryField:
    kind = part.one_of("type", "quantity", "choice", "check", "text")
    return EntryField(
        id=part.text("id"),
        title=part.words(),
        type=cast(Literal["quantity", "choice", "check", "text"], kind),
        unit=part.text("unit", ""),
        limits=part.limits(),
        choices=part.texts("choices"),
        accepted=part.texts("accepted"),
        critical=part.flag("critical"),
        typical=_typical(part.part("typical")) if part.has("typical") else None,
        source=part.source() if part.has("source") else None,
    )


def _test(part: Part) -> Test:
    return Test(
        id=part.text("id"),
        title=part.words(),
        method=part.text("method"),
        type=cast(Literal["quantity", "choice"], part.one_of("type", "quantity", "choice")),
        unit=part.text("unit", ""),
        limits=part.limits(),
        choices=part.texts("choices"),
        accepted=part.texts("accepted"),
        stage=cast(
            Literal["in_process", "conditional", "final"],
            part.one_of("stage", "in_process", "conditional", "final"),
        ),
        identity=part.flag("identity"),
        duration=part.duration(),
        source=part.source(),
        typical=_typical(part.part("typical")) if part.has("typical") else None,
        least=_least(part.part("least")) if part.has("least") else None,
    )


def _least(part: Part) -> Least:
    return Least(part.span("time"), part.source())


def _label(part: Part) -> Label:
    carriers = ("wristband", "collection_bag", "container", "sample", "final_bag", "shipper")
    carrier = cast(
        Literal["wristband", "collection_bag", "container", "sample", "final_bag", "shipper"],
        part.one_of("carrier", *carriers),
    )
    return Label(part.text("id"), part.words(), carrier, part.text("gs1", ""))
