"""A treatment's vein: one row a fact, in the order of the treatment's chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import psycopg

from yimai.domain.custody import ContainerHandedOver, ContainerReceived, ContainerRetrieved, ContainerTakenInCharge
from yimai.domain.treatment import TreatmentExported
from yimai.ledger.codec import parse
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change
from yimai.projections.mentions import mentions

TABLES: Final = """
CREATE TABLE projection.vein (
    treatment text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    hash bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    occurred timestamptz NOT NULL,
    zone smallint NOT NULL,
    recorded timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    who text[] NOT NULL,
    site text COLLATE "C" NOT NULL,
    holder text COLLATE "C",
    containers text[] NOT NULL,
    shipment text COLLATE "C",
    batch text COLLATE "C",
    suite text COLLATE "C",
    audience text COLLATE "C" NOT NULL,
    PRIMARY KEY (treatment, sequence)
);
"""

AUDIENCE: Final = {"vein": audience.OF_ROW}

PREFIX: Final = "treatment/"


@dataclass(frozen=True, slots=True)
class VeinRow:
    """One fact of a treatment.

    occurred: in the zone where it happened. who: the people it names, the actor first. site: where.
    holder: who holds the container after it, or "" where it changes no holder.
    """

    treatment: str
    sequence: int
    hash: bytes
    kind: str
    occurred: datetime
    recorded: datetime
    actor: str
    who: tuple[str, ...]
    site: str
    holder: str
    containers: tuple[str, ...]
    shipment: str
    batch: str
    suite: str


def changes(entry: Entry) -> Iterator[Change]:
    link = next((link for link in entry.links if link.subject.startswith(PREFIX)), None)
    if link is None:
        return
    named: dict[str, list[str]] = {}
    for mention in mentions(entry):
        noun, _, identifier = mention.partition("/")
        named.setdefault(noun, []).append(identifier)
    data: Any = entry.data
    who = [entry.actor, *(person for person in named.get("person", ()) if person != entry.actor)]
    yield Change(
        "INSERT INTO projection.vein VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            link.subject.removeprefix(PREFIX),
            link.sequence,
            entry.hash,
            entry.kind,
            entry.occurred,
            zone_of(entry),
            entry.recorded,
            entry.actor,
            who,
            data.get("site", entry.site),
            _holder(entry),
            named.get("container", []),
            _only(named.get("shipment")),
            _only(named.get("batch")),
            _only(named.get("suite")),
            audience.of_entry(entry),
        ),
    )


def zone_of(entry: Entry) -> int:
    """The UTC offset, in minutes, of the place where the entry happened."""
    return int((entry.occurred.utcoffset() or timedelta()).total_seconds()) // 60


def _holder(entry: Entry) -> str | None:
    data: Any = entry.data
    if entry.kind == ContainerTakenInCharge.kind:
        return str(data["holder"])
    if entry.kind == ContainerHandedOver.kind:
        return str(data["taken"]["signer"])
    if entry.kind in (ContainerReceived.kind, ContainerRetrieved.kind):
        return str(data["performed"]["signer"])
    return None


def _only(named: list[str] | None) -> str | None:
    return named[0] if named else None


def of(cursor: psycopg.Cursor[Any], treatment: str) -> tuple[VeinRow, ...]:
    """Every fact of the treatment, in order; none if the treatment is unknown."""
    found = cursor.execute(
        "SELECT treatment, sequence, hash, kind, occurred, zone, recorded, actor, who, site, holder, containers,"
        " shipment, batch, suite FROM projection.vein WHERE treatment = %s ORDER BY sequence",
        (treatment,),
    ).fetchall()
    return tuple(
        VeinRow(
            row[0], row[1], bytes(row[2]), row[3], local(row[4], row[5]), row[6], row[7], tuple(row[8]), row[9],
            row[10] or "", tuple(row[11]), row[12] or "", row[13] or "", row[14] or "",
        )
        for row in found
    )  # fmt: skip


def local(moment: datetime, zone: int) -> datetime:
    """The moment as the clock showed it at the place with this UTC offset in minutes."""
    return moment.astimezone(timezone(timedelta(minutes=zone)))


def entries(cursor: psycopg.Cursor[Any], subject: str) -> tuple[Entry, ...]:
    """A subject's facts themselves, in the order of its chain, as the ledger stores them."""
    found = cursor.execute(
        "SELECT e.content FROM ledger.chain AS c JOIN ledger.entry AS e USING (arrival)"
        " WHERE c.subject = %s ORDER BY c.sequence",
        (subject,),
    ).fetchall()
    return tuple(parse(bytes(row[0])) for row in found)


def exported(found: Sequence[Entry], person: str) -> int:
    """How many of the treatment's facts the person's last export covers; 0 where there is none."""
    data: Iterator[Any] = (each.data for each in found if (each.kind, each.actor) == (TreatmentExported.kind, person))
    return max((each["entries"] for each in data), default=0)


def positions(cursor: psycopg.Cursor[Any], subject: str) -> dict[int, int]:
    """The position in the ledger of each fact of a subject that is sealed, by its number in the subject's chain."""
    found = cursor.execute(
        "SELECT c.sequence, l.position FROM ledger.chain AS c JOIN ledger.leaf AS l USING (arrival) WHERE c.subject = %s",
        (subject,),
    ).fetchall()
    return dict(found)
