"""Slots: real free windows as tiles, each with its whole itinerary; a slot given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from yimai.actions import slot
from yimai.domain.recipe import Words
from yimai.domain.slot import TURN_ROUND, Itinerary, earliest, itinerary, suites_for
from yimai.interfaces.web.field import NOT_OFFERED, Field, Given, Unreadable, reason
from yimai.interfaces.web.form import Form, address
from yimai.interfaces.web.situation import Situation
from yimai.projections import slot_board

SHOWN: Final = 6
LOOKED_AT: Final = 45
"""Days, one by one, for which a window is looked for."""
FIRST_COLLECTION, LAST_COLLECTION = 8, 15
"""Hours of the day between which a collection may begin (assumed)."""
ADMISSION: Final = timedelta(hours=18)
"""A collection is never offered sooner than this from now (assumed)."""
WEEK: Final = timedelta(days=7)
TAKEN: Final = Words("该时间窗刚被他人占用。请另选。", "Somebody else has just taken this window. Choose another.")
Windows = Mapping[str, Sequence[tuple[datetime, datetime]]]


@dataclass(frozen=True, slots=True)
class Offer:
    """code: as the form posts it. title: of the suite."""

    code: str
    itinerary: Itinerary
    title: Words


@dataclass(frozen=True, kw_only=True)
class Offers(Field):
    """One of the windows that are free now."""

    widget: ClassVar[str] = "offers"
    missing: ClassVar[Words] = Words("请选择一个档期。", "Choose a slot.")

    def value(self, text: str, situation: Situation) -> Itinerary:
        suite, _, starts = text.partition("@")
        try:
            begin = datetime.fromisoformat(starts)
        except ValueError:
            raise Unreadable(NOT_OFFERED) from None
        if begin.tzinfo is None or suite not in suites_for(situation.base, situation.recipe):
            raise Unreadable(NOT_OFFERED)
        chosen = itinerary(situation.recipe, suite, begin)
        taken = slot_board.taken(situation.cursor, situation.base.id).get(suite, ())
        if any(begins < chosen.ends and chosen.starts < ends for begins, ends in taken):
            raise Unreadable(TAKEN)
        return chosen

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"offers": offered(situation)}


def offered(situation: Situation) -> list[Offer]:
    """The earliest window of each day, in whichever suite is free, at hours at which a patient can be collected."""
    base, recipe = situation.base, situation.recipe
    zone = ZoneInfo(base.timezone)
    taken = {
        suite: [(starts, ends + TURN_ROUND) for starts, ends in windows]
        for suite, windows in slot_board.taken(situation.cursor, base.id).items()
    }
    titles = {each.id: each.title for each in base.suites}
    soonest = max(situation.now + ADMISSION, _wanted(situation, zone))
    found: dict[str, Offer] = {}
    for ahead in range(LOOKED_AT):
        day = (
            (soonest + timedelta(days=ahead))
            .astimezone(zone)
            .replace(hour=FIRST_COLLECTION, minute=0, second=0, microsecond=0)
        )
        if day < soonest:
            continue
        for chosen in earliest(base, recipe, taken, day, count=1):
            code = f"{chosen.suite}@{chosen.starts.isoformat(timespec='minutes')}"
            if FIRST_COLLECTION <= chosen.collection.astimezone(zone).hour <= LAST_COLLECTION:
                found.setdefault(code, Offer(code, chosen, titles[chosen.suite]))
        if len(found) == SHOWN:
            break
    return list(found.values())


def _wanted(situation: Situation, zone: ZoneInfo) -> datetime:
    """The earliest day that the address asks for."""
    try:
        return datetime.fromisoformat(situation.given.get("after", "")).replace(tzinfo=zone)
    except ValueError:
        return situation.now


def others(situation: Situation) -> tuple[tuple[Words, str], ...]:
    """Windows of a week later, and back to the first ones."""
    zone = ZoneInfo(situation.base.timezone)
    later = (_wanted(situation, zone) + WEEK).astimezone(zone).date().isoformat()
    first = {name: value for name, value in situation.given.items() if name != "after"}
    ways = [(Words("一周后的档期", "Slots a week later"), address("slot.reserve", {**first, "after": later}))]
    if "after" in situation.given:
        ways.append((Words("最早的档期", "The earliest slots"), address("slot.reserve", first)))
    return tuple(ways)


FORMS: Final = (
    Form(
        slot.reserve,
        Words("预订档期", "Reserve a slot"),
        (Given(name="treatment"), Offers(name="itinerary", title=Words("空闲档期", "Free slots"))),
        button=Words("预订", "Reserve"),
        guide=Words(
            "每个档期包含从采集到回输的全部时间；途中时间为假设值。",
            "Each slot has its times from collection to infusion; times on the road are assumed.",
        ),
        others=others,
    ),
    Form(
        slot.free,
        Words("释放档期", "Give the slot back"),
        (
            Given(name="treatment"),
            reason("rescheduled", "patient_unfit", "patient_choice", "physician_decision", "capacity", "breakdown"),
        ),
        button=Words("释放", "Give it back"),
        guide=Words("释放后他人即可预订。", "Others can reserve it at once."),
    ),
)
