"""Events at which the city speaks of its plans, and their themes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.plan import BAD_NAME
from yimai.domain.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Theme:
    """What an event was about."""

    title_zh: str
    title_en: str


@dataclass(frozen=True, slots=True)
class EventAnnounced(Fact):
    """An event stands on record. day_zh, day_en: its day as the source tells it."""

    kind: ClassVar[str] = "event.announced.v1"
    about: ClassVar[tuple[str, ...]] = ("event",)
    event: str
    title_zh: str
    title_en: str
    day_zh: str
    day_en: str
    themes: tuple[Theme, ...]
    source: str


def announce(fact: EventAnnounced) -> Refusal | None:
    return None if names(fact.event) else BAD_NAME(name=fact.event[:64])
