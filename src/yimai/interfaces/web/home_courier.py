"""A courier's home: what is carried, what is to be fetched, what has been delivered; never who the patient is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import psycopg
from django.http import HttpRequest, HttpResponse

from yimai.interfaces.web import page, window
from yimai.interfaces.web.consignment import consignments
from yimai.interfaces.web.form import address
from yimai.interfaces.web.to_do import Pressing, urgency
from yimai.projections import vein, worklist
from yimai.projections.register import PersonRow
from yimai.projections.tasks_carrying import Errand

SHOWN: Final = 40
DELIVERED: Final = 8
"""Deliveries of which the logger may still be read."""
Stage = Literal["carried", "waits", "delivered"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One shipment. address: of the form that comes next. remaining: until it keeps its temperature no longer."""

    errand: Errand
    stage: Stage
    address: str
    remaining: timedelta | None
    pressing: Pressing


def courier(request: HttpRequest, who: PersonRow) -> HttpResponse:
    with window.reading(who) as cursor:
        found = list(_legs(cursor, who, page.now(), request.path))
        context = {
            "site": who.site,
            "watch": [f"site/{who.site}", *(f"treatment/{each.errand.treatment}" for each in found)],
            "carried": [each for each in found if each.stage == "carried"],
            "waits": [each for each in found if each.stage == "waits"][:SHOWN],
            "delivered": [each for each in found if each.stage == "delivered"][:DELIVERED],
        }
        return page.show(request, cursor, "home_courier", context)


def _legs(cursor: psycopg.Cursor[Any], who: PersonRow, now: datetime, back: str) -> Iterator[Leg]:
    delivered = 0
    for each in worklist.legs(cursor, who.person):
        about = {"treatment": each.treatment, "shipment": each.shipment, "next": back}
        remaining = each.keeps - now if each.keeps is not None else None
        if each.holder == who.person:
            yield Leg(each, "carried", address("custody.hand_over", about), remaining, urgency(remaining))
        elif each.waits:
            yield Leg(each, "waits", address("custody.hand_over", about), remaining, urgency(remaining))
        elif each.site == each.destination and delivered < DELIVERED:
            delivered += 1
            there = consignments(vein.entries(cursor, f"treatment/{each.treatment}")).get(each.shipment)
            if there is not None and not there.reported:
                yield Leg(each, "delivered", address("custody.report_temperature", about), None, "")
