"""Establishments: what a site is to the city's statistics. Money and counts attach to them, never to clusters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final, Literal

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.site import BAD_NAME

EstablishmentType = Literal["hospital", "base", "park", "laboratory"]
POLE: Final = 90_000_000
MERIDIAN: Final = 180_000_000
"""In millionths of a degree."""
PLACES: Final = ("latitude", "longitude")
"""The fields that hold these; people write decimal degrees."""
MILLION: Final = 1_000_000
DECIMAL_DEGREES: Final = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,6}0*)?")


@dataclass(frozen=True, slots=True)
class EstablishmentOpened(Fact):
    """A site stands on the city's register; said again, it is corrected.

    organisation: the credit code of whose it is, or "" where no source tells. latitude, longitude: in millionths of a
    degree; approximate: only the neighbourhood is known. floor_area: square metres. since: when it opened, as the source tells it.
    """

    kind: ClassVar[str] = "establishment.opened.v1"
    about: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    organisation: str
    type: EstablishmentType
    title_zh: str
    title_en: str
    address_zh: str
    address_en: str
    district: str
    latitude: int | None
    longitude: int | None
    approximate: bool
    floor_area: int | None
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class EstablishmentMoved(Fact):
    """An establishment moved to another address; what it did before stays where it was."""

    kind: ClassVar[str] = "establishment.moved.v1"
    about: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    address_zh: str
    address_en: str
    district: str
    latitude: int | None
    longitude: int | None
    approximate: bool
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class EstablishmentTransferred(Fact):
    """An establishment belongs to another organisation from then on."""

    kind: ClassVar[str] = "establishment.transferred.v1"
    about: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    organisation: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class EstablishmentClosed(Fact):
    """An establishment was closed."""

    kind: ClassVar[str] = "establishment.closed.v1"
    about: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class EstablishmentQualified(Fact):
    """A hospital was found qualified, for CAR-T treatment or a clinical trial, say. until: "" where no end is told."""

    kind: ClassVar[str] = "establishment.qualified.v1"
    about: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    qualification: str
    since: str
    until: str
    source: str


UNKNOWN = RefusalKind(
    "establishment.unknown",
    "Site {site} is no establishment of the city's register. Enter it there first.",
    "站点 {site} 不在全市登记册中。请先登入登记册。",
)
CLOSED = RefusalKind(
    "establishment.closed_already",
    "Establishment {site} is closed. Choose one that is open, or enter the new one under an identifier of its own.",
    "单位 {site} 已关闭。请选择在营单位，或以新标识登记新单位。",
)
NOT_ON_EARTH = RefusalKind(
    "establishment.not_on_earth",
    "Latitude {latitude} and longitude {longitude} are no place: give both, up to 90 and 180 degrees, such as 31.2304 and 121.4737, or neither.",
    "纬度 {latitude}、经度 {longitude} 不是有效坐标：请同时填写（不超过 90 度和 180 度），如 31.2304 和 121.4737，或都留空。",
)
NO_AREA = RefusalKind(
    "establishment.no_area",
    "A floor area of {floor_area} square metres is none. Give a positive number, or leave it empty where it is not known.",
    "建筑面积 {floor_area} 平方米无效。请填写正数；未知时留空。",
)
NO_QUALIFICATION = RefusalKind(
    "establishment.no_qualification",
    "'{qualification}' cannot name a qualification: use small letters, digits, - and _, such as car_t_treatment.",
    "“{qualification}”不能用作资质代码：请使用小写字母、数字、- 和 _，如 car_t_treatment。",
)


def open_still(about: tuple[Fact, ...], site: str) -> Refusal | None:
    """Whether the establishment is on the register and not closed."""
    if not any(isinstance(fact, EstablishmentOpened) for fact in about):
        return UNKNOWN(site=site)
    return CLOSED(site=site) if any(isinstance(fact, EstablishmentClosed) for fact in about) else None


def somewhere(latitude: int | None, longitude: int | None) -> Refusal | None:
    """Whether the two are a place on earth, or both unknown."""
    if latitude is None and longitude is None:
        return None
    known = latitude is not None and longitude is not None
    if known and abs(latitude or 0) <= POLE and abs(longitude or 0) <= MERIDIAN:
        return None
    told = ["?" if each is None else degrees(each) for each in (latitude, longitude)]
    return NOT_ON_EARTH(latitude=told[0], longitude=told[1])


def degrees(millionths: int) -> str:
    """Millionths of a degree as people write them."""
    return f"{Decimal(millionths) / MILLION:f}"


def millionths(text: str) -> int | None:
    """Decimal degrees as facts hold them; None of what is none, or has more than six decimals."""
    return int(Decimal(text) * MILLION) if DECIMAL_DEGREES.fullmatch(text) else None


def enter(fact: EstablishmentOpened, about: tuple[Fact, ...]) -> Refusal | None:
    """Whether the site may be entered, or its entry corrected."""
    if not names(fact.site):
        return BAD_NAME(name=fact.site[:64])
    if any(isinstance(each, EstablishmentClosed) for each in about):
        return CLOSED(site=fact.site)
    if fact.floor_area is not None and fact.floor_area <= 0:
        return NO_AREA(floor_area=fact.floor_area)
    return somewhere(fact.latitude, fact.longitude)


def qualify(fact: EstablishmentQualified, about: tuple[Fact, ...]) -> Refusal | None:
    if not names(fact.qualification):
        return NO_QUALIFICATION(qualification=fact.qualification[:64])
    return open_still(about, fact.site)
