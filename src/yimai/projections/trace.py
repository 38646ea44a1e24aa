"""Trace: from any identifier to every fact that mentions it, and on, forwards and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from yimai.domain.batch import ContainerFilled
from yimai.domain.identifier import noun_of
from yimai.domain.infusion import InfusionContinued, InfusionStarted
from yimai.ledger.codec import parse
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change
from yimai.projections.mentions import FIELDS, mentions
from yimai.projections.vein import local, zone_of

TABLES: Final = """
CREATE TABLE projection.fact (
    hash bytea PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    occurred timestamptz NOT NULL,
    zone smallint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    mentions text[] NOT NULL,
    audience text COLLATE "C" NOT NULL
);
CREATE TABLE projection.mention (
    mention text COLLATE "C" NOT NULL,
    occurred timestamptz NOT NULL,
    hash bytea NOT NULL,
    audience text COLLATE "C" NOT NULL,
    PRIMARY KEY (mention, occurred, hash)
);
"""

AUDIENCE: Final = {"fact": audience.OF_ROW, "mention": audience.OF_ROW}

NOUNS: Final = tuple(sorted({*FIELDS.values(), "cluster", "ledger"}))
"""Nouns whose identifiers do not say what they are; our own do."""

# "LATERAL … LIMIT 1" below keeps each lookup of a fact on its index, whatever the planner knows about the tables.
MOST_FACTS: Final = 500
MOST_COUNTED: Final = 20_000
MOST_BATCHES: Final = 500


@dataclass(frozen=True, slots=True)
class TracedFact:
    """One fact that mentions what is traced. mentions: as ``noun/identifier``."""

    hash: bytes
    kind: str
    occurred: datetime
    actor: str
    site: str
    mentions: tuple[str, ...]

    def of(self, noun: str) -> tuple[str, ...]:
        """The identifiers of that noun that the fact mentions."""
        return tuple(each.partition("/")[2] for each in self.mentions if each.startswith(f"{noun}/"))


@dataclass(frozen=True, slots=True)
class Related:
    """Something mentioned in the same facts: how many, from when to when."""

    noun: str
    identifier: str
    facts: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """A container that a batch filled, and what became of it: its infusion, else the last fact about it."""

    treatment: str
    batch: str
    container: str
    last: TracedFact


@dataclass(frozen=True, slots=True)
class About:
    """Everything about one thing.

    facts: the newest ``MOST_FACTS`` of ``total``, oldest first. related: in the same facts.
    through: related by way of its batches (a bag's suites, lots and people). made: what those batches filled.
    """

    noun: str
    identifier: str
    total: int
    facts: tuple[TracedFact, ...]
    related: tuple[Related, ...]
    through: tuple[Related, ...]
    made: tuple[Made, ...]

    def of(self, noun: str) -> tuple[Related, ...]:
        return tuple(each for each in self.related if each.noun == noun)


def changes(entry: Entry) -> Iterator[Change]:
    named, seen_by = list(mentions(entry)), audience.of_entry(entry)
    first = entry.links[0]
    yield Change(
        "INSERT INTO projection.fact VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            entry.hash,
            first.subject,
            first.sequence,
            entry.kind,
            entry.occurred,
            zone_of(entry),
            entry.actor,
            entry.site,
            named,
            seen_by,
        ),
    )
    yield Change(
        "INSERT INTO projection.mention SELECT unnest(%s::text[]), %s, %s, %s",
        (named, entry.occurred, entry.hash, seen_by),
    )


def about(cursor: psycopg.Cursor[Any], identifier: str, noun: str = "") -> tuple[About, ...]:
    """Everything about the identifier, once for each noun that it names (nearly always one); empty if it is unknown."""
    own = noun or noun_of(identifier)
    candidates = [f"{each}/{identifier}" for each in ([own] if own else NOUNS)]
    found = cursor.execute(
        "SELECT name, (SELECT count(*) FROM projection.mention WHERE mention = name)"
        " FROM unnest(%s::text[]) AS name WHERE EXISTS (SELECT FROM projection.mention WHERE mention = name)",
        (candidates,),
    ).fetchall()
    return tuple(_about(cursor, name, total) for name, total in found)


def _about(cursor: psycopg.Cursor[Any], name: str, total: int) -> About:
    noun, _, identifier = name.partition("/")
    related = _related(cursor, [name])
    batches = [f"batch/{each.identifier}" for each in related if each.noun == "batch"][:MOST_BATCHES]
    if noun == "batch":
        batches = [name]
    near = {(each.noun, each.identifier) for each in related} | {(noun, identifier)}
    through = () if noun in ("treatment", "batch") or not batches else _related(cursor, batches)
    return About(
        noun,
        identifier,
        total,
        _facts(cursor, name),
        tuple(each for each in related if (each.noun, each.identifier) != (noun, identifier)),
        tuple(each for each in through if (each.noun, each.identifier) not in near),
        _made(cursor, batches),
    )


def _facts(cursor: psycopg.Cursor[Any], name: str) -> tuple[TracedFact, ...]:
    found = cursor.execute(
        "SELECT f.hash, f.kind, f.occurred, f.zone, f.actor, f.site, f.mentions FROM"
        " (SELECT hash FROM projection.mention WHERE mention = %s ORDER BY occurred DESC, hash DESC LIMIT %s) AS m"
        " CROSS JOIN LATERAL (SELECT * FROM projection.fact WHERE hash = m.hash LIMIT 1) AS f"
        " ORDER BY f.occurred, f.subject, f.sequence",
        (name, MOST_FACTS),
    ).fetchall()
    return tuple(_traced(row) for row in found)


def of_kind(cursor: psycopg.Cursor[Any], name: str, kind: str) -> tuple[TracedFact, ...]:
    """Every fact of the kind that mentions ``noun/identifier``, the oldest first: what is recalled by it must be whole."""
    found = cursor.execute(
        "SELECT f.hash, f.kind, f.occurred, f.zone, f.actor, f.site, f.mentions FROM projection.mention AS m"
        " CROSS JOIN LATERAL (SELECT * FROM projection.fact WHERE hash = m.hash LIMIT 1) AS f"
        " WHERE m.mention = %s AND f.kind = %s ORDER BY f.occurred, f.subject, f.sequence",
        (name, kind),
    ).fetchall()
    return tuple(_traced(row) for row in found)


def _traced(row: Sequence[Any]) -> TracedFact:
    return TracedFact(bytes(row[0]), row[1], local(row[2], row[3]), row[4], row[5], tuple(row[6]))


def _related(cursor: psycopg.Cursor[Any], names: list[str]) -> tuple[Related, ...]:
    found = cursor.execute(
        "SELECT other, count(*), min(occurred), max(occurred) FROM"
        " (SELECT DISTINCT mention.hash FROM projection.mention WHERE mention = ANY(%s) LIMIT %s) AS m"
        " CROSS JOIN LATERAL (SELECT mentions, occurred FROM projection.fact WHERE hash = m.hash LIMIT 1) AS f,"
        " unnest(f.mentions) AS other"
        " GROUP BY other ORDER BY min(occurred), other",
        (names, MOST_COUNTED),
    ).fetchall()
    return tuple(Related(*row[0].split("/", 1), *row[1:]) for row in found)


def _made(cursor: psycopg.Cursor[Any], batches: list[str]) -> tuple[Made, ...]:
    """The containers that these batches filled, each with what became of it."""
    if not batches:
        return ()
    found = cursor.execute(
        "SELECT filled.mentions, last.hash, last.kind, last.occurred, last.zone, last.actor, last.site, last.mentions"
        " FROM (SELECT DISTINCT f.hash, f.occurred, f.mentions FROM projection.mention AS m"
        "   CROSS JOIN LATERAL (SELECT * FROM projection.fact WHERE hash = m.hash LIMIT 1) AS f"
        "   WHERE m.mention = ANY(%s) AND f.kind = %s) AS filled"
        " CROSS JOIN LATERAL (SELECT f.* FROM unnest(filled.mentions) AS name"
        "   JOIN projection.mention AS m ON m.mention = name"
        "   CROSS JOIN LATERAL (SELECT * FROM projection.fact WHERE hash = m.hash LIMIT 1) AS f"
        "   WHERE name LIKE 'container/%%' ORDER BY f.kind = ANY(%s) DESC, f.occurred DESC, f.sequence DESC LIMIT 1) AS last"
        " ORDER BY filled.occurred, filled.hash",
        (batches, ContainerFilled.kind, [InfusionStarted.kind, InfusionContinued.kind]),
    ).fetchall()
    made = []
    for row in found:
        filled = dict(name.split("/", 1) for name in row[0])
        made.append(Made(filled["treatment"], filled["batch"], filled["container"], _traced(row[1:])))
    return tuple(made)


def fact(cursor: psycopg.Cursor[Any], digest: bytes) -> tuple[Entry, int | None] | None:
    """The entry with this hash and its position in the ledger (None until it is sealed); None if there is none."""
    row = cursor.execute(
        "SELECT e.content, l.position FROM projection.fact AS f"
        " JOIN ledger.chain AS c ON (c.subject, c.sequence) = (f.subject, f.sequence)"
        " JOIN ledger.entry AS e USING (arrival) LEFT JOIN ledger.leaf AS l USING (arrival) WHERE f.hash = %s",
        (digest,),
    ).fetchone()
    return (parse(bytes(row[0])), row[1]) if row is not None else None


def entries(cursor: psycopg.Cursor[Any], facts: Sequence[TracedFact]) -> dict[bytes, Entry]:
    """The entries of these facts, by their hash."""
    found = cursor.execute(
        "SELECT f.hash, e.content FROM projection.fact AS f"
        " JOIN ledger.chain AS c ON (c.subject, c.sequence) = (f.subject, f.sequence)"
        " JOIN ledger.entry AS e USING (arrival) WHERE f.hash = ANY(%s)",
        ([each.hash for each in facts],),
    ).fetchall()
    return {bytes(digest): parse(bytes(content)) for digest, content in found}


def starting_with(cursor: psycopg.Cursor[Any], text: str, most: int = 12) -> tuple[str, ...]:
    """Mentions whose identifier starts with the text, as ``noun/identifier``: what a person may have meant."""
    own = noun_of(text)
    names = [*NOUNS, *({own} if own else ())]
    found = cursor.execute(
        "SELECT DISTINCT found.mention FROM unnest(%s::text[]) AS prefix CROSS JOIN LATERAL"
        " (SELECT DISTINCT mention FROM projection.mention WHERE mention >= prefix AND mention < prefix || '~'"
        "  ORDER BY mention LIMIT %s) AS found ORDER BY 1 LIMIT %s",
        ([f"{name}/{text}" for name in names], most, most),
    ).fetchall()
    return tuple(row[0] for row in found)
