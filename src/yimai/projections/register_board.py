"""The city's register: organisations, establishments, clusters, designations, products, each as its dated facts make it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, get_args

import msgspec
import psycopg

from yimai.domain.authorisation import ApplicationFiled, AuthorisationGranted, ProductNamed
from yimai.domain.cluster import ClusterDeclared, ClusterDissolved, SiteJoined, SiteLeft
from yimai.domain.designation import DesignationGiven, DesignationWithdrawn
from yimai.domain.establishment import (
    EstablishmentClosed,
    EstablishmentMoved,
    EstablishmentOpened,
    EstablishmentTransferred,
)
from yimai.domain.facts import KINDS
from yimai.domain.known_day import last_day
from yimai.domain.organisation import OrganisationClosed, OrganisationMerged, OrganisationRegistered
from yimai.domain.register import ENTRIES
from yimai.ledger import canonical
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.register_fact (
    subject text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (subject, sequence)
);
"""

AUDIENCE: Final = {"register_fact": audience.PUBLIC}
Noun = Literal["organisation", "site", "cluster", "designation", "authorisation"]
NOUNS: Final[tuple[Noun, ...]] = get_args(Noun)
_SHOWN: Final = frozenset(fact.kind for fact in ENTRIES.values() if fact.about[0] in NOUNS)
_BEGIN: Final = (OrganisationRegistered, EstablishmentOpened, ClusterDeclared, DesignationGiven, AuthorisationGranted)
_END: Final = (OrganisationClosed, OrganisationMerged, EstablishmentClosed, ClusterDissolved, DesignationWithdrawn)


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the register. since: its day as the source tells it, or ""."""

    fact: Any
    hash: bytes

    @property
    def since(self) -> str:
        return str(getattr(self.fact, "since", ""))

    def by(self, day: date | None) -> bool:
        """Whether it had happened by the day; what nobody dates counts as having."""
        known = last_day(self.since)
        return day is None or known is None or known <= day


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on the register, as it stands. type: what it is, in the register's own words. since, until: as sources tell it; ended: it is
    no more. organisation: whose it is. site: at which a title is borne. clusters: to which a site belongs. sites: that belong to a cluster."""

    noun: Noun
    id: str
    type: str
    title_zh: str
    title_en: str
    history: tuple[Told, ...]
    district: str = ""
    organisation: str = ""
    site: str = ""
    therapies: str = ""
    since: str = ""
    until: str = ""
    ended: bool = False
    clusters: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.noun, self.id


def changes(entry: Entry) -> Iterator[Change]:
    if entry.kind in _SHOWN:
        for link in entry.links:
            yield Change(
                "INSERT INTO projection.register_fact VALUES (%s, %s, %s, %s, %s)",
                (link.subject, link.sequence, entry.kind, entry.hash, canonical.encode(entry.data)),
            )


def things(cursor: psycopg.Cursor[Any], day: date | None = None) -> dict[tuple[str, str], Thing]:
    """Everything on the register by noun and identifier, as of the day by what is known now; None for the newest."""
    about: dict[tuple[str, str], list[Told]] = defaultdict(list)
    rows = cursor.execute(
        "SELECT subject, kind, hash, data FROM projection.register_fact ORDER BY subject, sequence"
    ).fetchall()
    for subject, kind, digest, data in rows:
        noun, _, identifier = subject.partition("/")
        told = Told(msgspec.convert(canonical.decode(bytes(data)), KINDS[kind]), bytes(digest))
        if told.by(day):
            about[noun, identifier].append(told)
    found = {
        key: thing
        for key, told in about.items()
        if key[0] in NOUNS and (thing := _thing(key[0], key[1], tuple(told))) is not None
    }
    return _joined(found)


def _thing(noun: Noun, identifier: str, history: tuple[Told, ...]) -> Thing | None:
    """None of what is only mentioned: a site that is no establishment."""
    found: Thing | None = None
    for told in history:
        match told.fact:
            case OrganisationRegistered() | EstablishmentOpened() | ClusterDeclared() | ProductNamed():
                if noun == told.fact.about[0]:
                    found = _named(noun, identifier, told, history)
            case DesignationGiven() if noun == "designation":
                found = _named(noun, identifier, told, history)
    if found is None:
        return None
    for told in history:
        found = _changed(found, told)
    return found


def _named(noun: Noun, identifier: str, told: Told, history: tuple[Told, ...]) -> Thing:
    fact = told.fact
    return Thing(
        noun, identifier, getattr(fact, "type", noun), fact.title_zh, fact.title_en, history,
        getattr(fact, "district", ""), getattr(fact, "organisation", "") if noun != "organisation" else "",
        getattr(fact, "site", "") if noun == "designation" else "", getattr(fact, "therapies", ""),
    )  # fmt: skip


def _changed(thing: Thing, told: Told) -> Thing:
    fact = told.fact
    match fact:
        case EstablishmentMoved():
            return replace(thing, district=fact.district)
        case EstablishmentTransferred():
            return replace(thing, organisation=fact.organisation)
        case ApplicationFiled() if not thing.since:
            return replace(thing, type="filed")
        case SiteJoined() if thing.noun == "site":
            return replace(thing, clusters=(*thing.clusters, fact.cluster))
        case SiteJoined():
            return replace(thing, sites=(*thing.sites, fact.site))
        case SiteLeft() if thing.noun == "site":
            return replace(thing, clusters=tuple(each for each in thing.clusters if each != fact.cluster))
        case SiteLeft():
            return replace(thing, sites=tuple(each for each in thing.sites if each != fact.site))
    if isinstance(fact, _END) and fact.about[0] == thing.noun:
        return replace(thing, ended=True, until=fact.since)
    if isinstance(fact, _BEGIN) and fact.about[0] == thing.noun:
        kind = "authorised" if isinstance(fact, AuthorisationGranted) else thing.type
        return replace(thing, since=fact.since, type=kind)
    return thing


def _joined(found: dict[tuple[str, str], Thing]) -> dict[tuple[str, str], Thing]:
    """A title lies where its site lies, and belongs to whom and to what that belongs."""
    joined = dict(found)
    for key, thing in found.items():
        site = found.get(("site", thing.site)) if thing.site else None
        if site is not None:
            joined[key] = replace(thing, district=site.district, organisation=site.organisation, clusters=site.clusters)
    return joined


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; "" for anything. kind: a noun, or a type such as ``hospital``. standing: whether what ended is left out."""

    text: str = ""
    kind: str = ""
    district: str = ""
    cluster: str = ""
    standing: bool = False

    def wants(self, thing: Thing) -> bool:
        told = f"{thing.id} {thing.title_zh} {thing.title_en} {thing.organisation} {thing.district}".casefold()
        return (
            all(word in told for word in self.text.casefold().split())
            and self.kind in ("", thing.noun, thing.type)
            and self.district in ("", thing.district)
            and (self.cluster in ("", *thing.clusters) or thing.key == ("cluster", self.cluster))
            and not (self.standing and thing.ended)
        )


def matching(known: Iterable[Thing], asked: Asked) -> list[Thing]:
    """What is looked for: by noun, then by identifier."""
    return sorted((each for each in known if asked.wants(each)), key=lambda each: (NOUNS.index(each.noun), each.id))
