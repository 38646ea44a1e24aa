"""Random registers and productions as entries of a ledger, for the properties of measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from tests.architecture.fact_instances import example

from yimai.domain.annual_return import AnnualReturnFiled, Sale
from yimai.domain.authorisation import ApplicationFiled, AuthorisationGranted, PriceListed, ProductNamed
from yimai.domain.cluster import ClusterDeclared, ClusterDissolved, SiteJoined
from yimai.domain.collection import CollectionCompleted
from yimai.domain.designation import DesignationGiven, DesignationWithdrawn
from yimai.domain.disposition import ConditionallyReleased, DispositionRevoked, Released
from yimai.domain.establishment import EstablishmentClosed, EstablishmentMoved, EstablishmentOpened
from yimai.domain.fact import Fact, draft
from yimai.domain.infusion import InfusionStarted
from yimai.domain.measure import Question
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.organisation import OrganisationClosed, OrganisationMerged, OrganisationRegistered
from yimai.domain.slot import SlotReserved
from yimai.domain.suite import SuiteRegistered, SuiteReturned, SuiteTakenOut
from yimai.domain.treatment import TreatmentOrdered
from yimai.ledger.chain import link
from yimai.ledger.entry import Command, Entry, Head, Reading

LEDGER = "6f1c2a9e-0b7d-4e55-9c3a-2d8f5e1b7a40"
START = datetime(2023, 12, 1, 1, tzinfo=UTC)
DISTRICTS = ("浦东新区", "闵行区")
DAYS = ("", "2023", "2024-03", "2024-06-30", "2025-01-01", "2026")


def names(letter: str, most: int = 3) -> st.SearchStrategy[str]:
    return st.integers(1, most).map(lambda number: f"{letter}{number}")


_slot = example(SlotReserved)
assert isinstance(_slot, SlotReserved)
SLOT = _slot.itinerary
THERAPIES = st.sampled_from(["", "cell", "gene", "both"])
TYPES = st.sampled_from(["firm", "firm", "hospital"])
TITLES = st.sampled_from(["platform", "key_laboratory", "clinical_ward"])
SINCE = st.sampled_from(DAYS)
MONEY = st.none() | st.integers(0, 10**12)
MOMENTS = st.integers(0, 900).map(lambda days: START + timedelta(days=days, hours=days % 24))


ITINERARIES = MOMENTS.map(lambda moment: replace(SLOT, infusion=moment))


def changed(fact: type[Fact], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact]:
    return st.fixed_dictionaries(fields).map(lambda found: replace(example(fact), **found))


def _return(found: dict[str, Any]) -> Fact:
    name = f"{found['establishment']}-{found['year']}-{found['therapies']}"
    return replace(example(AnnualReturnFiled), annual_return=name, **found)  # type: ignore[call-arg]


FACTS: dict[type[Fact], st.SearchStrategy[Fact]] = {
    OrganisationRegistered: changed(OrganisationRegistered, organisation=names("o"), type=TYPES, therapies=THERAPIES, since=SINCE),
    OrganisationMerged: changed(OrganisationMerged, organisation=names("o"), into=names("o"), since=SINCE),
    OrganisationClosed: changed(OrganisationClosed, organisation=names("o"), since=SINCE),
    ClusterDeclared: changed(ClusterDeclared, cluster=names("c"), therapies=THERAPIES, since=SINCE),
    ClusterDissolved: changed(ClusterDissolved, cluster=names("c"), since=SINCE),
    EstablishmentOpened: changed(EstablishmentOpened, site=names("s"), district=st.sampled_from(DISTRICTS), since=SINCE),
    EstablishmentMoved: changed(EstablishmentMoved, site=names("s"), district=st.sampled_from(DISTRICTS), since=SINCE),
    EstablishmentClosed: changed(EstablishmentClosed, site=names("s"), since=SINCE),
    DesignationGiven: changed(DesignationGiven, designation=names("d", 4), site=names("s"), type=TITLES, therapies=THERAPIES, since=SINCE),
    DesignationWithdrawn: changed(DesignationWithdrawn, designation=names("d", 4), since=SINCE),
    ProductNamed: changed(ProductNamed, authorisation=names("p"), recipe=st.sampled_from(["", "r1", "r2"]), therapies=THERAPIES),
    ApplicationFiled: changed(ApplicationFiled, authorisation=names("p"), since=SINCE),
    AuthorisationGranted: changed(AuthorisationGranted, authorisation=names("p"), since=SINCE),
    PriceListed: changed(PriceListed, authorisation=names("p"), price=st.integers(1, 10**9), since=SINCE),
    AnnualReturnFiled: st.fixed_dictionaries(
        {
            "establishment": names("s"), "year": st.integers(2023, 2025), "therapies": st.sampled_from(["cell", "gene"]),
            "revenue": MONEY, "gross_output": MONEY, "value_added": MONEY, "audit": st.sampled_from(["audited", "self_declared"]),
            "sales": st.lists(st.builds(Sale, names("o"), st.integers(0, 10**6)), max_size=2).map(tuple),
        }
    ).map(_return),
    TreatmentOrdered: changed(TreatmentOrdered, treatment=names("t"), recipe=st.sampled_from(["r1", "r2"])),
    SlotReserved: changed(SlotReserved, treatment=names("t"), itinerary=ITINERARIES),
    CollectionCompleted: changed(CollectionCompleted, treatment=names("t")),
    ConditionallyReleased: changed(ConditionallyReleased, treatment=names("t"), batch=names("b")),
    Released: changed(Released, treatment=names("t"), batch=names("b")),
    DispositionRevoked: changed(DispositionRevoked, treatment=names("t"), batch=names("b")),
    InfusionStarted: changed(InfusionStarted, treatment=names("t")),
    SuiteRegistered: changed(SuiteRegistered, suite=names("r")),
    SuiteTakenOut: changed(SuiteTakenOut, suite=names("r")),
    SuiteReturned: changed(SuiteReturned, suite=names("r")),
}  # fmt: skip
Told = list[tuple[Fact, datetime, int]]
"""Facts, when each happened, and how many days later it was written down."""


def questions(measure: str) -> st.SearchStrategy[Question]:
    scopes = DEFINITIONS[measure].scopes
    return st.builds(
        Question,
        measure=st.just(measure),
        until=st.sampled_from([date(2024, 6, 30), date(2024, 12, 31), date(2025, 8, 1)]),
        first=st.sampled_from([None, None, date(2024, 1, 1)]),
        therapies=st.sampled_from(["", "cell", "gene"]) if "therapies" in scopes else st.just(""),
        district=st.sampled_from(["", *DISTRICTS]) if "district" in scopes else st.just(""),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> tuple[Told, Question]:
    """A question, and facts of which most are of the kinds that its measure reads."""
    measure = draw(st.sampled_from(sorted(DEFINITIONS)))
    read = [each for kind, each in FACTS.items() if kind.kind in DEFINITIONS[measure].kinds]
    some = st.integers(0, 9).flatmap(lambda number: st.one_of(*(read if number else FACTS.values())))
    told = st.lists(st.tuples(some, MOMENTS, st.sampled_from([0, 0, 1, 40])), min_size=3, max_size=24)
    return draw(told), draw(questions(measure))


def entries(facts: Told) -> list[Entry]:
    """The facts as entries: each happened at its moment and was written down so many days later."""
    found: list[Entry] = []
    for number, (fact, at, late) in enumerate(facts):
        ready = draft(fact, at)
        reading = Reading(at + timedelta(days=late), {each: Head() for each in ready.subjects}, {})
        found += link([ready], ledger=LEDGER, command=Command(f"c{number}", "P1", "s", bytes(32)), after=reading)
    return found


def joined(number: int) -> Fact:
    """A further cluster's label on a site."""
    return SiteJoined(f"label{number}", f"s{number}", "", "2024-01-01", "somewhere")
