"""Verifies the ledger that a database holds: every byte of it, and every table beside the entries."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, sql

from yimai.ledger.entry import Checkpoint, Head
from yimai.ledger.merkle import Frontier
from yimai.ledger.verify import FirstProblem, Held, Kept, Verification, Verified

_ENTRIES: LiteralString = """
SELECT l.position, l.arrival, coalesce(e.content, ''), coalesce(e.hash, '') FROM ledger.leaf AS l LEFT JOIN ledger.entry AS e USING (arrival)
ORDER BY l.position
"""
_UNSEALED: LiteralString = """
SELECT NULL, e.arrival, e.content, e.hash FROM ledger.entry AS e
WHERE NOT EXISTS (SELECT FROM ledger.leaf AS l WHERE l.arrival = e.arrival) ORDER BY e.arrival
"""
_COLUMNS: LiteralString = """
SELECT l.position, e.arrival, n.name, n.expected, n.found
FROM ledger.entry AS e
CROSS JOIN LATERAL (SELECT convert_from(e.content, 'UTF8')::jsonb AS doc OFFSET 0) AS d
CROSS JOIN LATERAL (VALUES
    ('kind', d.doc->>'kind', e.kind), ('actor', d.doc->>'actor', e.actor), ('site', d.doc->>'site', e.site),
    ('command', d.doc->>'command', e.command), ('ordinal', d.doc->>'ordinal', e.ordinal::text),
    ('request', d.doc->>'request', encode(e.request, 'hex')),
    ('occurred', ((d.doc->>'occurred')::timestamptz)::text, e.occurred::text),
    ('recorded', ((d.doc->>'recorded')::timestamptz)::text, e.recorded::text)
) AS n (name, expected, found)
LEFT JOIN ledger.leaf AS l USING (arrival)
WHERE (e.kind, e.actor, e.site, e.command, e.ordinal, e.request, e.occurred, e.recorded) IS DISTINCT FROM (
    d.doc->>'kind', d.doc->>'actor', d.doc->>'site', d.doc->>'command', (d.doc->>'ordinal')::integer,
    decode(d.doc->>'request', 'hex'), (d.doc->>'occurred')::timestamptz, (d.doc->>'recorded')::timestamptz
) AND n.expected IS DISTINCT FROM n.found
"""
_CHAIN: LiteralString = """
SELECT l.position, arrival, subject || ' chain', k.sequence::text, c.sequence::text
FROM (
    SELECT e.arrival, (k.link->>'subject') COLLATE "C" AS subject, (k.link->>'sequence')::bigint AS sequence
    FROM ledger.entry AS e, jsonb_array_elements(convert_from(e.content, 'UTF8')::jsonb->'links') AS k (link)
) AS k FULL JOIN ledger.chain AS c USING (arrival, subject) LEFT JOIN ledger.leaf AS l USING (arrival)
WHERE k.sequence IS DISTINCT FROM c.sequence
"""
_HEADS: LiteralString = """
SELECT l.position, e.arrival, h.subject || ' head', e.recorded::text, h.recorded::text
FROM ledger.head AS h JOIN ledger.chain AS c USING (subject, sequence) JOIN ledger.entry AS e USING (arrival)
LEFT JOIN ledger.leaf AS l USING (arrival)
WHERE e.recorded IS DISTINCT FROM h.recorded
"""
_IDENTITY: LiteralString = """
SELECT NULL, NULL, 'identity', d.doc, jsonb_build_object('ledger', i.id, 'simulated', i.simulated)::text
FROM ledger.identity AS i FULL JOIN (
    SELECT jsonb_build_object('ledger', e.doc->'ledger', 'simulated', e.doc->'data'->'simulated')::text
    FROM (SELECT convert_from(content, 'UTF8')::jsonb FROM ledger.entry WHERE kind = 'ledger.opened.v1') AS e (doc)
) AS d (doc) ON true
WHERE d.doc IS DISTINCT FROM jsonb_build_object('ledger', i.id, 'simulated', i.simulated)::text
"""
_SEALING: LiteralString = """
SELECT NULL, e.arrival, 'sealing', 'sealed', 'passed over'
FROM ledger.sealing AS s JOIN ledger.entry AS e ON e.arrival <= s.low
WHERE NOT EXISTS (SELECT FROM ledger.leaf AS l WHERE l.arrival = e.arrival)
"""
_BESIDE = (
    (_COLUMNS, "the column is not what the content says"),
    (_CHAIN, "the table's sequence number is not what the content says"),
    (_HEADS, "the recorded time is not that of the last entry"),
    (_IDENTITY, "the ledger's identity is not what its first entry says"),
    (_SEALING, "the sealer will never see the entry"),
)


def verify(connection: Connection[Any], *, noted: Checkpoint | None = None) -> Verified | FirstProblem:
    """Check the whole ledger as of one moment, on a connection in autocommit mode that may SELECT its tables.

    Returns the first problem: of the entries in order of position, else of the tables beside them.
    noted: a size and root noted earlier outside the database; only it shows a cut tail or a history that was rewritten
    throughout.
    """
    with connection.transaction(), ThreadPoolExecutor(1) as second:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert snapshot is not None
        beside = second.submit(_beside, connection.info.dsn, connection.info.password, snapshot[0])
        verification = Verification(_checkpoints(connection), noted)
        for kept in _entries(connection):
            if (problem := verification.take(kept)) is not None:
                return problem
        outcome = verification.finish(_heads(connection), _claims(connection))
        if isinstance(outcome, FirstProblem):
            return outcome
        return beside.result() or _frontier(connection, verification.frontier) or outcome


def _entries(connection: Connection[Any]) -> Iterator[Kept]:
    for query in (_ENTRIES, _UNSEALED):
        with connection.cursor("verified", binary=True) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(2000):
                for row in rows:
                    yield Kept(*row)


def _checkpoints(connection: Connection[Any]) -> list[Checkpoint]:
    rows = connection.execute(
        "SELECT id, size, root, sealed FROM ledger.seal, ledger.identity ORDER BY size"
    ).fetchall()
    return [Checkpoint(*row) for row in rows]


def _heads(connection: Connection[Any]) -> dict[str, Head]:
    rows = connection.execute("SELECT subject, sequence, hash FROM ledger.head", binary=True)
    return {subject: Head(sequence, digest) for subject, sequence, digest in rows}


def _claims(connection: Connection[Any]) -> Held:
    rows = connection.execute("SELECT kind, key, lower(during), upper(during), entry FROM ledger.claim", binary=True)
    return {(kind, key, (starts, ends) if starts else None): entry for kind, key, starts, ends, entry in rows}


def _beside(dsn: str, password: str, snapshot: str) -> FirstProblem | None:
    """Compare the columns and tables with what the contents say, in the same snapshot, on a second processor."""
    with psycopg.connect(dsn, password=password or None) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
        for query, what in _BESIDE:
            try:
                # MATERIALIZED: expecting one row early, the planner would walk the order of arrival
                first = sql.SQL("WITH wrong AS MATERIALIZED ({}) SELECT * FROM wrong ORDER BY 2, 3 LIMIT 1")
                row = connection.execute(first.format(sql.SQL(query))).fetchone()
            except psycopg.DataError as error:  # the entries' own check names a content that is no entry
                return FirstProblem(None, None, None, "the database cannot read a content", "an entry", str(error))
            if row is not None:
                position, arrival, name, expected, found = row
                return FirstProblem(position, arrival, name, what, str(expected), str(found))
    return None


def _frontier(connection: Connection[Any], expected: Frontier) -> FirstProblem | None:
    row = connection.execute("SELECT frontier FROM ledger.seal ORDER BY size DESC LIMIT 1").fetchone()
    nodes, found = b"".join(expected.nodes), row[0] if row else b""
    if nodes == found:
        return None
    what = "the last seal's frontier is not that of the entries"
    return FirstProblem(expected.size, None, "seal", what, nodes.hex(), found.hex())
