"""What people type and scan into a verb's form, where its fields are not named as the action's arguments are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.spec.harness import founding

from yimai.domain.base import base_from
from yimai.domain.label_code import label_code

Arguments = Mapping[str, Any]
Typed = Callable[[Arguments, datetime], dict[str, Any]]
READINGS: Final = 240
FIRST: Final = object()
"""The first of what is offered."""
EVERY: Final = timedelta(minutes=5)


def typed_in(verb: str, arguments: Arguments, now: datetime) -> dict[str, Any]:
    """The form's fields and what goes into each; a list goes into several of one name. now: by the ledger's clock."""
    return FORMS[verb](arguments, now) if verb in FORMS else dict(arguments)


def _label(arguments: Arguments, now: datetime) -> dict[str, Any]:
    others = {name: value for name, value in arguments.items() if name not in ("item", "copy")}
    return {**others, "label": label_code(arguments["item"], arguments["copy"])}


def _order(arguments: Arguments, now: datetime) -> dict[str, Any]:
    patient = json.loads(arguments["patient"])
    return {
        "therapy": f"{arguments['recipe']}|{arguments['indication']}",
        "base": arguments["base"],
        "urgency": arguments["urgency"],
        "patient_name": patient["name"],
        "born": patient["born"],
        "hospital_number": patient.get("hospital_number", "H-0001"),
    }


def _markers(arguments: Arguments, now: datetime) -> dict[str, Any]:
    found = {f"marker-{code}": value for code, value in arguments["markers"].items()}
    return {"treatment": arguments["treatment"], **found, "tested_on": arguments["tested_on"]}


def _start_step(arguments: Arguments, now: datetime) -> dict[str, Any]:
    classes = {each.id: each.equipment_class for each in base_from(founding().base).equipment}
    materials: dict[str, list[str]] = {}
    for use in arguments["materials"]:
        materials.setdefault(f"material-{use.material}", []).append(use.material_lot)
        materials.setdefault(f"material-{use.material}.quantity", []).append(f"{use.quantity.value:f}")
    others = {name: value for name, value in arguments.items() if name not in ("equipment", "materials")}
    return {**others, **{f"equipment-{classes[each]}": each for each in arguments["equipment"]}, **materials}


def _complete_step(arguments: Arguments, now: datetime) -> dict[str, Any]:
    filled = arguments.get("filled", ())
    rows = {
        "filled": [each.container for each in filled],
        "filled.volume": [f"{each.volume.value:f}" for each in filled],
        "filled.cells": [f"{each.cells.value:f}" for each in filled],
        "filled.unit": [each.cells.unit for each in filled],
    }
    others = {name: value for name, value in arguments.items() if name not in ("entries", "filled")}
    return {**others, **{f"entry-{name}": value for name, value in arguments["entries"].items()}, **rows}


def _temperatures(arguments: Arguments, now: datetime) -> dict[str, Any]:
    """A logger's file in which the lowest and the highest temperature take turns."""
    about = {name: arguments[name] for name in ("treatment", "shipment", "logger")}
    if not arguments["readings"]:
        return {**about, "lost": True}
    lowest, highest = arguments["lowest"], arguments["highest"]
    lines = ["Time,Temperature (°C)"]
    for number in range(READINGS):
        moment = now - EVERY * (READINGS - number)
        shown: Decimal = highest if number % 20 == 10 else lowest
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%SZ},{shown:f}")
    return {**about, "file": "\n".join(lines).encode()}


def _result(arguments: Arguments, now: datetime) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name != "unit"}


def _slot(arguments: Arguments, now: datetime) -> dict[str, Any]:
    return {"treatment": arguments["treatment"], "itinerary": FIRST}


FORMS: Final[Mapping[str, Typed]] = {
    "label.use": _label,
    "label.destroy": _label,
    "treatment.order": _order,
    "treatment.report_markers": _markers,
    "batch.start_step": _start_step,
    "batch.complete_step": _complete_step,
    "sample.record_result": _result,
    "slot.reserve": _slot,
    "custody.report_temperature": _temperatures,
}
