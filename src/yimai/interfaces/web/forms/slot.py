"""Slots: real itineraries as tiles, each with its odds; a slot given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from yimai.actions import slot
from yimai.domain.reason import REASONS
from yimai.domain.recipe import Words
from yimai.domain.slot import Itinerary, suites_for
from yimai.interfaces.web import offering
from yimai.interfaces.web.field import NOT_OFFERED, Choice, Field, Given, Typed, Unreadable, reason
from yimai.interfaces.web.form import Form, address
from yimai.interfaces.web.situation import Situation

SHOWN: Final = 5
WEEK: Final = timedelta(days=7)
WHY: Final = "out_of_turn"
WHYS: Final = ("progression", "physician_decision", "collection_failed", "batch_failed", "patient_unfit")
"""Codes of ``domain.reason`` that may open the order of the queue."""
TAKEN: Final = Words(
    "该档期已不可用：他人刚刚占用。请另选。",
    "This slot is no longer free: somebody else has just taken it. Choose another.",
)


OUT_OF_TURN: Final = Words(
    "该档期占用了为排在前面的患者保留的产能。请在下方选择理由，或另选按顺序的档期。",
    "This slot takes room that is kept for those who are ahead. Choose the reason below, or a slot in turn.",
)


@dataclass(frozen=True, kw_only=True)
class Reason(Choice):
    """Why a slot is taken out of turn; asked once such a slot was chosen."""

    once_asked: ClassVar[bool] = True

    def is_asked(self, typed: Typed, problems: Mapping[str, Words]) -> bool:
        return bool(typed.one(self.name)) or problems.get("itinerary") == OUT_OF_TURN


@dataclass(frozen=True, kw_only=True)
class Offers(Field):
    """One of the itineraries that the planner offers now."""

    widget: ClassVar[str] = "offers"
    missing: ClassVar[Words] = Words("请选择一个档期。", "Choose a slot.")

    def read(self, typed: Typed, situation: Situation) -> Itinerary:
        text = typed.one(self.name)
        if not text:
            raise Unreadable(self.missing)
        suite, _, collection = text.partition("@")
        try:
            begin = datetime.fromisoformat(collection)
        except ValueError:
            raise Unreadable(NOT_OFFERED) from None
        if begin.tzinfo is None or suite not in suites_for(situation.base, situation.recipe):
            raise Unreadable(NOT_OFFERED)
        choice = offering.offered(situation, 1, begin)
        found = offering.the_one((*choice.offers, *choice.early), text)
        if found is None:
            raise Unreadable(TAKEN)
        if found.early and not typed.one(WHY):
            raise Unreadable(OUT_OF_TURN)
        return found.itinerary

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        zone = ZoneInfo(situation.base.timezone)
        return {
            "choice": offering.offered(situation, SHOWN, _wanted(situation, zone)),
            "unlisted": not situation.base.serves(situation.vein.treatment.hospital),
        }


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
        (
            Given(name="treatment"),
            Offers(name="itinerary", title=Words("空闲档期", "Free slots")),
            Reason(
                name=WHY,
                title=Words("不按顺序的理由", "Why out of turn"),
                optional=True,
                options=lambda _: tuple((code, REASONS[code]) for code in WHYS),
            ),
        ),
        button=Words("预订", "Reserve"),
        guide=Words(
            "每个档期包含从采集到回输的全部时间，不影响任何已承诺的患者。",
            "Each slot has its times from collection to infusion, and moves nobody who was promised one.",
        ),
        others=others,
    ),
    Form(
        slot.free,
        Words("释放档期", "Give the slot back"),
        (
            Given(name="treatment"),
            reason(
                "rescheduled",
                "did_not_come",
                "patient_unfit",
                "patient_choice",
                "physician_decision",
                "capacity",
                "breakdown",
            ),
        ),
        button=Words("释放", "Give it back"),
        guide=Words("尚未到来的时间，他人随即可以预订。", "Others can reserve at once what is still to come of it."),
    ),
)
