"""What tests of row security share: a house with treatments of two hospitals and two bases, and people of every role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.projections.following import begin, followed
from tests.projections.story import AUTHORITY, BASE, HOSPITAL, OTHER_HOSPITAL, Story, Telling
from tests.windows import opened_window

from yimai.domain.equipment import EquipmentRegistered
from yimai.domain.site import SiteRegistered
from yimai.domain.treatment import TreatmentOrdered
from yimai.ledger.entry import Deposit
from yimai.projections import audience, rebuild, trace, vein
from yimai.projections.register import PersonRow
from yimai.store.vault import Vault

DENIED: Final = psycopg.errors.InsufficientPrivilege
KEY: Final = bytes(range(32))
OTHER_BASE: Final = "other-base"
SHOWN: Final = (
    *(("projection", table) for module in rebuild.PROJECTIONS for table in module.AUDIENCE),
    *audience.OUTSIDE,
)
OF_TREATMENTS: Final = [
    ("projection", "treatment_board"),
    ("projection", "clock"),
    ("projection", "slot"),
    ("projection", "vein"),
    ("projection", "fact"),
    ("projection", "mention"),
    ("projection", "party"),
    ("ledger", "entry"),
    ("ledger", "chain"),
    ("vault", "record"),
    ("vault", "person"),
]

NURSE = PersonRow("NURS-1", HOSPITAL, ("nurse",))
OTHER_NURSE = PersonRow("NURS-9", OTHER_HOSPITAL, ("nurse",))
OPERATOR = PersonRow("OPER-1", BASE, ("operator",))
QA = PersonRow("QA-1", BASE, ("qa",))
COURIER = PersonRow("COUR-1", "demo-courier", ("courier",))
OTHER_COURIER = PersonRow("COUR-9", "demo-courier", ("courier",))
PLANNER = PersonRow("PLAN-1", AUTHORITY, ("planner",))
ADMINISTRATOR = PersonRow("ADMI-1", BASE, ("administrator",))
CITY = PersonRow("INSP-1", AUTHORITY, ("inspector",))
HUANGPU = PersonRow("INSP-2", "huangpu-authority", ("inspector",))
LINGANG = PersonRow("INSP-3", BASE, ("inspector",))
NOWHERE = PersonRow("INSP-4", "site-without-district", ("inspector",))
QA_OF_OTHER_BASE = PersonRow("QA-9", OTHER_BASE, ("qa",))
QA_AT_HOSPITAL = PersonRow("QA-8", HOSPITAL, ("qa",))


@dataclass
class Kept:
    """mine, theirs: treatments of two hospitals at one base. elsewhere: of the second one at another base."""

    url: str
    screen: ConnectionPool[Any]
    story: Story
    mine: Telling
    theirs: Telling
    elsewhere: str
    identifiers: dict[str, set[str]] = field(default_factory=dict)


@contextmanager
def kept_house(url: str) -> Iterator[Kept]:
    """Tell the treatments in a new database, and open the window on it."""
    with followed(url) as pool:
        story = begin(pool)
        story.open_house()
        found_more_sites(story)
        mine = Telling(story, story.mint("treatment"), excursion=True, deviation="wash", steps=4)
        theirs = Telling(story, story.mint("treatment"), hospital=OTHER_HOSPITAL, excursion=True, steps=4)
        for each in (mine, theirs):
            each.until("infused")
        elsewhere = story.mint("treatment")
        signed = story.sign("PHYS-1", "ordered")
        ordered = TreatmentOrdered(
            elsewhere, OTHER_HOSPITAL, OTHER_BASE, "cd19-cart", "lbcl", "routine", "1" * 64, signed
        )
        story.write(ordered, by="PHYS-1")
        keep_personal_data(pool, mine, theirs)
        story.ledger.seal()
        options: dict[str, Any] = {"min_size": 1, "max_size": 1, "kwargs": {"autocommit": True}}
        with ConnectionPool(make_conninfo(url, user="yimai_screen"), **options) as screen:
            opened = Kept(url, screen, story, mine, theirs, elsewhere)
            for treatment in (mine.coi, theirs.coi, elsewhere):
                opened.identifiers[treatment] = identifiers_of(pool, treatment)
            with opened_window(screen, story.clock, KEY):
                yield opened


def found_more_sites(story: Story) -> None:
    story.write(
        SiteRegistered(OTHER_BASE, "base", "另一基地", "Other base", "Fengxian", 480),
        SiteRegistered("huangpu-authority", "authority", "黄浦", "Huangpu authority", "Huangpu", 480),
        SiteRegistered("site-without-district", "park", "园区", "Park", "", 480),
        by="QA-1",
    )
    story.write(EquipmentRegistered("hospital-freezer", HOSPITAL, "vapour_freezer", ""), by="NURS-1")


def keep_personal_data(pool: ConnectionPool[Any], *told: Telling) -> None:
    vault = Vault(pool, KEY)
    names = ["patient", "consent", "deviation/D1/report", "risk_evaluation/B1", "logger/S1", "unheard_of"]
    with pool.connection() as connection, connection.transaction():
        given = [Deposit(each.coi, name, f"{each.coi} {name}".encode(), bytes(32)) for each in told for name in names]
        given.append(Deposit("NURS-1", "printed_name", "护士一".encode(), bytes(32)))
        vault.keep(connection.cursor(), given)


def identifiers_of(pool: ConnectionPool[Any], treatment: str) -> set[str]:
    """The identifiers that were minted for this treatment alone, and its facts' hashes."""
    with pool.connection() as connection, connection.cursor() as cursor:
        rows = vein.of(cursor, treatment)
        (about,) = trace.about(cursor, treatment)
    nouns = ("container", "shipment", "batch", "permit", "collection", "sample", "deviation", "excursion", "wristband")
    minted = {each.identifier for each in about.related if each.noun in nouns}
    return {treatment, *minted, *(row.hash.hex() for row in rows)}


def screen_role(kept: Kept) -> psycopg.Connection[Any]:
    return psycopg.connect(make_conninfo(kept.url, user="yimai_screen"), autocommit=True)


def owned(kept: Kept) -> psycopg.Connection[Any]:
    return psycopg.connect(kept.url, autocommit=True)


def rows_as_text(cursor: psycopg.Cursor[Any], schema: str, table: str) -> list[str]:
    """Every row that the cursor sees, with the content of entries readable."""
    more = ", convert_from(content, 'UTF8')" if (schema, table) == ("ledger", "entry") else ""
    found = cursor.execute(f"SELECT t::text {more} FROM {schema}.{table} AS t").fetchall()
    return [" ".join(row) for row in found]


def count(cursor: psycopg.Cursor[Any], query: str, *values: Any) -> int:
    row = cursor.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def kinds_of(cursor: psycopg.Cursor[Any], treatment: str) -> set[str]:
    return {row.kind for row in vein.of(cursor, treatment)}
