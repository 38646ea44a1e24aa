"""Temperature excursions: QA decides whether what travelled may still be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.http import Http404

from yimai.actions import custody
from yimai.domain.collection import CollectionCompleted
from yimai.domain.recipe import Limits, Source, Words
from yimai.interfaces.web import window
from yimai.interfaces.web.consignment import consignments
from yimai.interfaces.web.fact_lines import FactLine, line
from yimai.interfaces.web.field import Given, Unreadable, YesNo, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.forms.temperature import UNITS, understood
from yimai.interfaces.web.logger_chart import chart
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known
from yimai.store.vault import VaultProblem

TRANSPORT: Final = Words("运输温度限度", "Limits on the way")
STORAGE: Final = Words("储存温度限度", "Limits in storage")
DEWAR: Final = Words("运输罐保温时间", "How long the dewar keeps its temperature")
DECLINES: Final = Words("采集后开始下降", "Declines from so long after the collection")
OLDEST: Final = Words("采集后最长", "Oldest after the collection")


@dataclass(frozen=True, slots=True)
class Ground:
    """Something that the recipe says, in degrees Celsius or as a time. was: how long it has been, beside the time; None if unknown."""

    title: Words
    limits: Limits | None
    time: timedelta | None
    was: timedelta | None
    source: Source

    @property
    def over(self) -> bool:
        return self.time is not None and self.was is not None and self.was > self.time


def _open(situation: Situation) -> str:
    """The first excursion that nobody has decided on, where the address names none."""
    shipments = situation.vein.shipments.by_id.values()
    return next((one for each in shipments for one, state in each.excursions.items() if state == "open"), "")


def facts_of(situation: Situation, excursion: str) -> Iterable[FactLine]:
    """How the shipper was packed, what its logger read, and the excursion itself."""
    shipment = next((each for each in situation.vein.shipments.by_id.values() if excursion in each.excursions), None)
    for entry in situation.entries:
        same = shipment is not None and entry.data.get("shipment") == shipment.id
        if (entry.kind in ("shipment.packed.v1", "shipment.temperature_reported.v1") and same) or entry.data.get(
            "excursion"
        ) == excursion:
            yield line(entry, situation.recipe)


def _on_record(situation: Situation) -> Preview:
    excursion = situation.given.get("excursion") or _open(situation)
    return Preview(
        "web/excursion_beside.html",
        {
            "lines": tuple(facts_of(situation, excursion)),
            "read": _curve(situation, excursion),
            "grounds": grounds(situation, excursion),
        },
    )


def _curve(situation: Situation, excursion: str) -> Preview | None:
    """The logger's file as it was read, drawn against the limits; None where there is no file that can be read."""
    shipments = situation.vein.shipments.by_id.values()
    shipment = next((each.id for each in shipments if excursion in each.excursions), "")
    try:
        data = window.vault_of(situation.cursor).read(situation.treatment, f"logger/{shipment}")
        travelled = replace(situation, given={**situation.given, "shipment": shipment})
        found = understood(data, UNITS[0][0], travelled)
    except (VaultProblem, Unreadable, Http404):
        return None
    shown = {"file": found.file, "journey": found.journey, "chart": chart(found.journey), "assessing": True}
    return Preview("web/logger.html", shown)


def grounds(situation: Situation, excursion: str) -> list[Ground]:
    """What the recipe says of how this material must travel and how long it keeps, beside how it was."""
    shipment = next((each for each in situation.vein.shipments.by_id.values() if excursion in each.excursions), None)
    if shipment is None:
        return []
    sent = consignments(situation.entries)[shipment.id]
    way = (sent.arrived or situation.now) - sent.packed
    if shipment.destination != situation.base.id:
        product = situation.recipe.product
        told = dict(product.sources)
        return [
            Ground(TRANSPORT, product.transport_temperature, None, None, told["transport_temperature"]),
            Ground(STORAGE, product.storage_temperature, None, None, told["storage_temperature"]),
            Ground(DEWAR, None, product.dewar_hold, way, told["dewar_hold"]),
        ]
    material = situation.recipe.starting_material
    told, age = dict(material.sources), _age(situation)
    return [
        Ground(TRANSPORT, material.temperature, None, None, told["temperature"]),
        Ground(DECLINES, None, material.fresh_alert, age, told["fresh_alert"]),
        Ground(OLDEST, None, material.fresh_maximum, age, told["fresh_maximum"]),
    ]


def _age(situation: Situation) -> timedelta | None:
    """How long ago the latest collection ended."""
    ended = [each.occurred for each in situation.entries if each.kind == CollectionCompleted.kind]
    return situation.now - ended[-1] if ended else None


FORMS: Final = (
    Form(
        custody.assess_excursion,
        Words("评估温度超限", "Assess the excursion"),
        (
            Given(name="treatment"),
            Known(name="excursion", title=Words("温度超限", "Excursion"), noun="excursion", known=_open),
            YesNo(
                name="usable",
                title=Words("箱内物料", "What was inside"),
                yes=Words("可以继续使用", "May be used"),
                no=Words("不得使用", "Must not be used"),
            ),
            reason(
                "within_validated_range",
                "stability_data_support",
                "outside_validated_range",
                "damaged",
                "delay",
                "quality_concern",
            ),
        ),
        button=Words("决定", "Decide"),
        guide=Words("决定之前，该物料不能进入下一步。", "Until this is decided, the material goes no further."),
        beside=_on_record,
    ),
)
