"""How long a treatment's records are kept by its legal track, and the end of the personal data behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact, Signature
from yimai.domain.reason import listed
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.treatment import UNKNOWN, Treatment
from yimai.ledger.entry import Entry

Track = Literal["drug", "clinical_research", "hospital_technology"]
YEAR: Final = timedelta(days=365, hours=6)
"""UCUM's year ``a``, in which recipes state retention."""


@dataclass(frozen=True, slots=True)
class RetentionStarted(Fact):
    """The treatment's records must be kept. until: the last day on which they must still be there."""

    kind: ClassVar[str] = "retention.started.v1"
    treatment: str
    track: Track
    starts: date
    until: date


@dataclass(frozen=True, slots=True)
class PersonalDataRestricted(Fact):
    """The patient's data in the vault may be read for legal duties only."""

    kind: ClassVar[str] = "retention.personal_data_restricted.v1"
    treatment: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class PersonalDataDestroyed(Fact):
    """The patient's key and salts are destroyed; every proof in the ledger stays valid."""

    kind: ClassVar[str] = "retention.personal_data_destroyed.v1"
    treatment: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class Retention:
    """One treatment's. tracks: until when each runs."""

    tracks: Mapping[Track, date] = field(default_factory=dict)
    personal_data: Literal["active", "restricted", "destroyed"] = "active"


def evolve(retention: Retention, fact: Fact, entry: Entry) -> Retention:
    match fact:
        case RetentionStarted():
            return replace(retention, tracks={**retention.tracks, fact.track: fact.until})
        case PersonalDataRestricted():
            return replace(retention, personal_data="restricted")
        case PersonalDataDestroyed():
            return replace(retention, personal_data="destroyed")
    return retention


NOT_STARTED = RefusalKind(
    "retention.not_started",
    "Treatment {treatment} is not closed, so its personal data are in use. Close or end the treatment first.",
    "治疗 {treatment} 尚未结束，其个人信息仍在使用。请先结束治疗。",
)
ALREADY_STARTED = RefusalKind(
    "retention.already_started",
    "Retention of treatment {treatment} on track '{track}' already runs until {until}; nothing more to do.",
    "治疗 {treatment} 按“{track}”的保存期已开始，至 {until} 止，无需重复操作。",
)
RUNNING = RefusalKind(
    "retention.running",
    "The records of treatment {treatment} must be kept until {until} (track '{track}'). Come back after that day.",
    "治疗 {treatment} 的记录须保存至 {until}（依据“{track}”）。请在该日之后再操作。",
)
NOT_RESTRICTED = RefusalKind(
    "retention.not_restricted",
    "The personal data of treatment {treatment} are still active. Restrict them first, then destroy them.",
    "治疗 {treatment} 的个人信息仍为可用状态。请先限制使用，再销毁。",
)
ALREADY_RESTRICTED = RefusalKind(
    "retention.already_restricted",
    "The personal data of treatment {treatment} are already {state}; nothing more to do.",
    "治疗 {treatment} 的个人信息已处于“{state}”状态，无需重复操作。",
)
DESTROYED = RefusalKind(
    "retention.destroyed",
    "The personal data of treatment {treatment} have been destroyed and cannot be brought back. Nothing more to do.",
    "治疗 {treatment} 的个人信息已销毁，无法恢复，无需操作。",
)


def last_day(starts: date, kept: timedelta) -> date:
    """The day on which a period ends that is counted from ``starts``, which itself is not counted.

    Whole years end on the same day of the year, a period from 29 February on 28 February where that year has no 29th
    (Civil Code of the PRC, Art. 201–202; Regulation (EEC) 1182/71, Art. 3). Any other period is counted in days, a
    begun day in full.
    """
    if kept and kept % YEAR == timedelta(0):
        year = starts.year + kept // YEAR
        leapless = (starts.month, starts.day) == (2, 29) and not _leap(year)
        return starts.replace(year=year, day=28 if leapless else starts.day)
    return starts - (-kept // timedelta(days=1)) * timedelta(days=1)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def start(
    treatment: Treatment, retention: Retention, recipe: Recipe, *, closed: bool, day: date
) -> Refusal | tuple[Fact, ...]:
    """Start the recipe's legal track. closed: whether it was completed; else it must have ended otherwise."""
    if not treatment.id:
        return UNKNOWN()
    if not closed and not treatment.ended:
        return NOT_STARTED(treatment=treatment.id)
    if recipe.legal_track in retention.tracks:
        until = retention.tracks[recipe.legal_track]
        return ALREADY_STARTED(treatment=treatment.id, track=recipe.legal_track, until=until)
    return (RetentionStarted(treatment.id, recipe.legal_track, day, last_day(day, recipe.retention)),)


def restrict(treatment: Treatment, retention: Retention, reason: str, decided: Signature) -> Refusal | tuple[Fact, ...]:
    """Restrict the use of a closed treatment's personal data."""
    if not retention.tracks:
        return NOT_STARTED(treatment=treatment.id or "?")
    if retention.personal_data != "active":
        return ALREADY_RESTRICTED(treatment=treatment.id, state=retention.personal_data)
    return listed(reason) or (PersonalDataRestricted(treatment.id, reason, decided),)


def destroy(treatment: Treatment, retention: Retention, reason: str, decided: Signature) -> Refusal | tuple[Fact, ...]:
    """Destroy restricted personal data, from the day after the last track's end."""
    if not retention.tracks:
        return NOT_STARTED(treatment=treatment.id or "?")
    if retention.personal_data == "destroyed":
        return DESTROYED(treatment=treatment.id)
    for track, until in sorted(retention.tracks.items(), key=lambda each: each[1], reverse=True):
        if decided.signed.date() <= until:
            return RUNNING(treatment=treatment.id, track=track, until=until)
    if retention.personal_data == "active":
        return NOT_RESTRICTED(treatment=treatment.id)
    return listed(reason) or (PersonalDataDestroyed(treatment.id, reason, decided),)
