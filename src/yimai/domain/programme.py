"""A city's programme as its approved file describes it: plans, goals, the register of sites, products and sources.

A goal has no achieved value here: that is measured from facts, and unknown until it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from yimai.domain.content import Part
from yimai.domain.goal import GoalClause
from yimai.domain.recipe import Words
from yimai.ledger.entry import Json

Evidence = Literal["read", "mirror", "memory", "assumed"]
"""How we know: read at the source, on a mirror of a press story, from memory (to be verified), or our assumption."""

SiteKind = Literal["hospital", "base", "park", "laboratory", "courier"]
Therapies = Literal["", "cell", "gene"]
Mode = Literal["level", "cumulative", "delta"]


@dataclass(frozen=True, slots=True)
class ProgrammeSource:
    id: str
    title: Words
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Announcement:
    """The event at which the city announced a plan. day: as the source tells it. themes: the event's own."""

    event: Words
    day: Words
    themes: tuple[Words, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Plan:
    """years: first and last year covered. announced, issued: "2022-11", or "" where no source says.

    parent: the plan above it, predecessor: the plan it follows, or "". aims: what it strives for without giving a number.
    document: SHA-256, in hex, of its text, or "" where we do not hold it.
    """

    id: str
    title: Words
    years: tuple[int, int]
    status: Literal["issued", "announced"]
    issued: str
    parent: str
    aims: tuple[Words, ...]
    source: str
    announced: str = ""
    predecessor: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One reading of a goal's clause: the achieved number must be greater than, or at least, the value.

    authority: the source that this reading rests on, or "".
    """

    reading: Words
    comparator: Literal["gt", "ge"]
    value: int
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal with its clauses and each reading of them; unit is ``yuan`` or what is counted. deadline: the last day.

    measure: what decides it, such as ``firms@1``, or "" where no measure is defined.
    """

    id: str
    plan: str
    title: Words
    clauses: tuple[GoalClause, ...]
    targets: tuple[Target, ...]
    unit: str
    scope: Words
    deadline: date
    measure: str = ""
    therapies: Therapies = ""
    mode: Mode = "level"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a site lies (WGS 84), in millionths of a degree. approximate: somewhere there; the middle of the area named."""

    longitude: int
    latitude: int
    approximate: bool


@dataclass(frozen=True, slots=True)
class ProgrammeSite:
    """A place of the register. opened: "" where unknown or not yet. floor_area: square metres, None where unknown.

    demonstration: an invented site that only the demo uses.
    """

    id: str
    kind: SiteKind
    title: Words
    district: Words | None
    opened: str
    floor_area: int | None
    investment_yuan: int | None
    demonstration: bool
    source: str
    note: Words | None
    position: Position | None


@dataclass(frozen=True, slots=True)
class Membership:
    """since: the first day, or "" where no source gives it."""

    site: str
    since: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A dated membership of sites, never a place where money is counted."""

    id: str
    title: Words
    members: tuple[Membership, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A published number that is context, not a goal's achievement. as_of: a year, month or day, or "" where unknown.

    verify: to be checked at the source before it is shown as a fact.
    """

    id: str
    title: Words
    value: int
    unit: str
    as_of: str
    source: str
    verify: bool


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """An approved product: its list price a dose in yuan and the other figures published about it."""

    id: str
    title: Words
    price: Figure
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    id: str
    version: str
    title: Words
    owner: Words
    announcement: Announcement
    plans: tuple[Plan, ...]
    goals: tuple[Goal, ...]
    sites: tuple[ProgrammeSite, ...]
    clusters: tuple[Cluster, ...]
    products: tuple[ListedProduct, ...]
    context: tuple[Figure, ...]
    sources: tuple[ProgrammeSource, ...]

    def source(self, source_id: str) -> ProgrammeSource | None:
        return next((source for source in self.sources if source.id == source_id), None)

    def site(self, site_id: str) -> ProgrammeSite | None:
        return next((site for site in self.sites if site.id == site_id), None)


def programme_from(content: Mapping[str, Json]) -> Programme:
    """The programme that the content describes; raises ``ContentProblem`` naming the first place that does not fit."""
    top = Part(dict(content))
    announced = top.part("announcement")
    return Programme(
        id=top.text("programme"),
        version=top.text("version"),
        title=top.words(),
        owner=top.words("owner"),
        announcement=Announcement(
            event=announced.words("event"),
            day=announced.words("day"),
            themes=tuple(Words(part.text("zh"), part.text("en")) for part in announced.part("themes").items()),
            source=announced.text("source"),
        ),
        plans=tuple(_plan(part) for part in top.part("plans").items()),
        goals=tuple(_goal(part) for part in top.part("goals").items()),
        sites=tuple(_site(part) for part in top.part("sites").items()),
        clusters=tuple(
            Cluster(
                part.text("id"),
                part.words(),
                tuple(Membership(one.text("site"), one.text("since", "")) for one in part.part("members").items()),
                part.text("source"),
            )
            for part in top.parts("clusters")
        ),
        products=tuple(
            ListedProduct(
                part.text("id"),
                part.words(),
                _figure(part.part("price")),
                tuple(_figure(figure) for figure in part.parts("figures")),
            )
            for part in top.parts("products")
        ),
        context=tuple(_figure(part) for part in top.parts("context")),
        sources=tuple(
            ProgrammeSource(
                name,
                part.words(),
                cast(Evidence, part.one_of("evidence", "read", "mirror", "memory", "assumed")),
            )
            for name, part in top.named("sources")
        ),
    )


def _plan(part: Part) -> Plan:
    years = part.part("years")
    return Plan(
        id=part.text("id"),
        title=part.words(),
        years=(years.whole("first"), years.whole("last")),
        status=cast(Literal["issued", "announced"], part.one_of("status", "issued", "announced")),
        issued=part.text("issued", ""),
        parent=part.text("parent", ""),
        aims=tuple(Words(aim.text("zh"), aim.text("en")) for aim in part.parts("aims")),
        source=part.text("source"),
        announced=part.text("announced", ""),
        predecessor=part.text("predecessor", ""),
        document=part.text("document", ""),
    )


def _goal(part: Part) -> Goal:
    return Goal(
        id=part.text("id"),
        plan=part.text("plan"),
        title=part.words(),
        clauses=tuple(
            GoalClause(
                cast(Literal["zh", "en"], clause.one_of("language", "zh", "en")),
                clause.text("text"),
                cast(Literal["quoted", "reported"], clause.one_of("wording", "quoted", "reported")),
                clause.text("source"),
                clause.text("page", ""),
            )
            for clause in part.part("clauses").items()
        ),
        targets=tuple(
            Target(
                target.words("reading"),
                cast(Literal["gt", "ge"], target.one_of("comparator", "gt", "ge")),
                target.whole("value"),
                target.text("authority", ""),
            )
            for target in part.part("targets").items()
        ),
        unit=part.text("unit"),
        scope=part.words("scope"),
        deadline=part.day("deadline"),
        measure=part.text("measure", ""),
        therapies=cast(Therapies, part.one_of("therapies", "cell", "gene") if part.has("therapies") else ""),
        mode=cast(Mode, part.one_of("mode", "level", "cumulative", "delta") if part.has("mode") else "level"),
    )


def _site(part: Part) -> ProgrammeSite:
    return ProgrammeSite(
        id=part.text("id"),
        kind=cast(SiteKind, part.one_of("kind", "hospital", "base", "park", "laboratory", "courier")),
        title=part.words(),
        district=part.words("district") if part.has("district") else None,
        opened=part.text("opened", ""),
        floor_area=part.whole("floor_area") if part.has("floor_area") else None,
        investment_yuan=part.whole("investment_yuan") if part.has("investment_yuan") else None,
        demonstration=part.flag("demonstration"),
        source=part.text("source"),
        note=part.words("note") if part.has("note") else None,
        position=_position(part.part("position")) if part.has("position") else None,
    )


def _position(part: Part) -> Position:
    return Position(part.whole("longitude"), part.whole("latitude"), part.flag("approximate"))


def _figure(part: Part) -> Figure:
    return Figure(
        id=part.text("id"),
        title=part.words(),
        value=part.whole("value"),
        unit=part.text("unit"),
        as_of=part.text("as_of", ""),
        source=part.text("source"),
        verify=part.flag("verify"),
    )
