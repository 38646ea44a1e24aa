"""A production base as its approved file describes it: the first load of suites, equipment, people and lots.

Afterwards rosters, qualifications, calibration and calendars change by dated facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import cast, get_args

from yimai.domain.allocation import AllocationPolicy
from yimai.domain.content import Part
from yimai.domain.person import Role
from yimai.domain.recipe import Duration, Limits, Source, Words
from yimai.ledger.entry import Json


@dataclass(frozen=True, slots=True)
class ListedSuite:
    """A production room that is given to one batch at a time; room_class is its EU GMP grade."""

    id: str
    title: Words
    room_class: str


@dataclass(frozen=True, slots=True)
class ListedEquipment:
    """suite: where it stands, or "" where all suites share it. calibrated_until: the last day of its calibration."""

    id: str
    equipment_class: str
    suite: str
    calibrated_from: date
    calibrated_until: date


@dataclass(frozen=True, slots=True)
class Qualified:
    """A person's qualification, valid on both days and those between."""

    qualification: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class Member:
    """A person who works at the base, or at a partner site that the base has trained; the name lies in the vault."""

    id: str
    site: str
    roles: tuple[Role, ...]
    shift: str
    qualifications: tuple[Qualified, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """Working hours in the base's time zone; a shift that ends before it begins runs over midnight."""

    id: str
    title: Words
    begins: time
    ends: time

    def runs(self, at: time) -> bool:
        """Whether it is at work at this time of the day."""
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, first and last included, on which the base starts no batch."""

    title: Words
    first: date
    last: date
    source: Source


@dataclass(frozen=True, slots=True)
class Storage:
    """A freezer of the cryostore: its temperature in degrees Celsius and its positions, named ``A-01`` and so on."""

    equipment: str
    temperature: Limits
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedLot:
    """A lot in stock at the first load. released: whether QC has released it for use. expires: the last day of use."""

    id: str
    material: str
    quantity: Decimal
    unit: str
    expires: date
    released: bool


@dataclass(frozen=True, slots=True)
class Collecting:
    """When a hospital collects: ISO weekdays (1 Monday), hours in the base's time zone, and how many at a time."""

    days: tuple[int, ...]
    begins: time
    ends: time
    places: int
    duration: Duration


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital that the base serves: when it collects, and how long a courier needs to and from the base."""

    id: str
    collecting: Collecting
    inbound: Duration
    outbound: Duration


@dataclass(frozen=True, slots=True)
class Bench:
    """Places of the laboratory that run these tests; a test takes one place from its sample's receipt to its result."""

    id: str
    title: Words
    tests: tuple[str, ...]
    places: int


@dataclass(frozen=True, slots=True)
class Review:
    """The review of a batch before its release: how long it takes one of these people, and in which shift they work."""

    duration: Duration
    people: int
    shift: str


@dataclass(frozen=True, slots=True)
class Base:
    """One production base at one version of its file. timezone: an IANA name. floor_area: square metres.

    assumed: the names of those parts below that are placeholders, to be shown as assumed. couriers: how many can be
    under way at a time, 0 for any number. A base without hospitals, laboratory or review is planned as if they never waited.
    allocation: by which slots are allocated, or None where whoever comes first takes what he finds.
    """

    id: str
    version: str
    title: Words
    timezone: str
    opened: date
    floor_area: int
    source: str
    assumed: tuple[str, ...]
    suites: tuple[ListedSuite, ...]
    equipment: tuple[ListedEquipment, ...]
    people: tuple[Member, ...]
    shifts: tuple[Shift, ...]
    closures: tuple[Closure, ...]
    storage: tuple[Storage, ...]
    material_lots: tuple[ListedLot, ...]
    hospitals: tuple[Hospital, ...] = ()
    couriers: int = 0
    laboratory: tuple[Bench, ...] = ()
    review: Review | None = None
    allocation: AllocationPolicy | None = None

    @property
    def suite_titles(self) -> dict[str, Words]:
        return {suite.id: suite.title for suite in self.suites}

    def serves(self, hospital: str) -> bool:
        """Whether its collecting hours and transport are known; for a base that lists no hospital nothing of them ever waits."""
        return not self.hospitals or any(each.id == hospital for each in self.hospitals)

    def closed(self, day: date) -> bool:
        """Whether the day lies in one of the closures."""
        return any(closure.first <= day <= closure.last for closure in self.closures)


def base_from(content: Mapping[str, Json]) -> Base:
    """The base that the content describes; raises ``ContentProblem`` naming the first place that does not fit."""
    top = Part(dict(content))
    base = top.text("base")
    return Base(
        id=base,
        version=top.text("version"),
        title=top.words(),
        timezone=top.text("timezone"),
        opened=top.day("opened"),
        floor_area=top.whole("floor_area"),
        source=top.text("source"),
        assumed=top.texts("assumed"),
        suites=tuple(
            ListedSuite(part.text("id"), part.words(), part.text("room_class")) for part in top.part("suites").items()
        ),
        equipment=tuple(
            ListedEquipment(
                id=part.text("id"),
                equipment_class=part.text("class"),
                suite=part.text("suite", ""),
                calibrated_from=part.part("calibrated").day("from"),
                calibrated_until=part.part("calibrated").day("until"),
            )
            for part in top.part("equipment").items()
        ),
        people=tuple(_member(part, base) for part in top.part("people").items()),
        shifts=tuple(
            Shift(part.text("id"), part.words(), part.time_of_day("begins"), part.time_of_day("ends"))
            for part in top.part("shifts").items()
        ),
        closures=tuple(
            Closure(part.words(), part.day("first"), part.day("last"), part.source()) for part in top.parts("closures")
        ),
        storage=tuple(_storage(part) for part in top.parts("storage")),
        material_lots=tuple(
            ListedLot(
                id=part.text("id"),
                material=part.text("material"),
                quantity=part.decimal("quantity"),
                unit=part.text("unit"),
                expires=part.day("expires"),
                released=part.flag("released"),
            )
            for part in top.parts("material_lots")
        ),
        hospitals=tuple(_hospital(part) for part in top.parts("hospitals")),
        couriers=top.whole("couriers") if top.has("couriers") else 0,
        laboratory=tuple(
            Bench(part.text("id"), part.words(), part.texts("tests"), part.whole("places"))
            for part in top.parts("laboratory")
        ),
        review=_review(top.part("review")) if top.has("review") else None,
        allocation=_allocation(top.part("allocation")) if top.has("allocation") else None,
    )


def _hospital(part: Part) -> Hospital:
    collecting = part.part("collecting")
    return Hospital(
        id=part.text("id"),
        collecting=Collecting(
            days=tuple(day.as_whole() for day in collecting.parts("days")),
            begins=collecting.time_of_day("begins"),
            ends=collecting.time_of_day("ends"),
            places=collecting.whole("places"),
            duration=collecting.as_duration(),
        ),
        inbound=part.duration("inbound"),
        outbound=part.duration("outbound"),
    )


def _review(part: Part) -> Review:
    return Review(part.as_duration(), part.whole("people"), part.text("shift"))


def _allocation(part: Part) -> AllocationPolicy:
    return AllocationPolicy(
        urgent=part.span("urgent"),
        hold=part.span("hold"),
        window=part.span("window"),
        shares=tuple((each.text("hospital"), each.decimal("share")) for each in part.parts("shares")),
        over_share=part.span("over_share"),
        fewest=part.whole("fewest"),
        source=part.source(),
    )


def _member(part: Part, base: str) -> Member:
    roles = part.part("roles").items()
    for role in roles:
        Part({"role": role.value}, role.path).one_of("role", *get_args(Role))
    return Member(
        id=part.text("id"),
        site=part.text("site", base),
        roles=tuple(cast(Role, role.as_text()) for role in roles),
        shift=part.text("shift", ""),
        qualifications=tuple(
            Qualified(name, valid.day("from"), valid.day("until")) for name, valid in part.named("qualifications")
        ),
    )


def _storage(part: Part) -> Storage:
    """Positions are written as racks × places: rack A with 20 places gives ``A-01`` … ``A-20``."""
    positions = tuple(
        f"{rack.as_text()}-{place:02d}"
        for rack in part.part("racks").items()
        for place in range(1, part.whole("places") + 1)
    )
    return Storage(part.text("equipment"), part.limits("temperature"), positions)
