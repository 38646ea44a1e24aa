"""The ledger in PostgreSQL: this process composes the canonical bytes, ``ledger.append`` in the database guards them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, LiteralString, Self

import psycopg
from psycopg import Connection, Cursor
from psycopg_pool import ConnectionPool

from yimai.ledger import chain
from yimai.ledger.codec import parse
from yimai.ledger.entry import Checkpoint, Command, Deposit, Draft, Entry, Reading
from yimai.ledger.ledger import CommandReused, LedgerProblem
from yimai.ledger.merkle import Frontier
from yimai.store import refused_append
from yimai.store.array_text import of_bytes, of_integers, of_texts
from yimai.store.known_chains import KnownChains

Projection = Callable[[Cursor[Any], Entry], None]
"""Called for each new entry, in order, in the append's transaction."""

_APPEND: LiteralString = "SELECT ledger.append(%s::bytea[], %s::text[], %s::bigint[], %s::bytea[])"
_SEALED: LiteralString = """
SELECT l.position, e.content FROM ledger.leaf AS l JOIN ledger.entry AS e USING (arrival) ORDER BY l.position
"""
_UNSEALED: LiteralString = """
SELECT NULL, e.content FROM ledger.entry AS e
WHERE NOT EXISTS (SELECT FROM ledger.leaf AS l WHERE l.arrival = e.arrival) ORDER BY e.arrival
"""
_ATTEMPTS = 4
_SEAL_AT_MOST = 200_000


class PostgresLedger:
    """A ledger kept in a migrated and opened database; see ``ledger.Ledger`` for what it promises.

    pool: connections of ``yimai_app`` (fastest when in autocommit mode); sealer_pool: those of ``yimai_sealer``, which
        only ``seal`` needs.
    clock: the source of time of a simulated ledger; None, and always in a ledger that is not simulated: the database's.
    chance: the source of random bytes for identifiers and salts.
    projections, keep: run in the append's transaction for its entries and for its deposits.
    Raises LedgerProblem if the ledger was not opened, or a clock is given and the ledger is not simulated.
    """

    def __init__(
        self,
        pool: ConnectionPool[Any],
        *,
        clock: Callable[[], datetime] | None = None,
        chance: Callable[[int], bytes] = os.urandom,
        projections: Sequence[Projection] = (),
        keep: Callable[[Cursor[Any], Sequence[Deposit]], None] | None = None,
        sealer_pool: ConnectionPool[Any] | None = None,
    ) -> None:
        self._pool, self._sealer_pool = pool, sealer_pool or pool
        self._clock, self._chance = clock, chance
        self._projections, self._keep = tuple(projections), keep
        self._known = KnownChains()
        with pool.connection() as connection:
            identity = connection.execute("SELECT id, simulated FROM ledger.identity").fetchone()
        if identity is None:
            raise LedgerProblem("this database holds no ledger yet: open one first")
        self._id, self._simulated = str(identity[0]), bool(identity[1])
        if clock is not None and not self._simulated:
            raise LedgerProblem(f"ledger {self._id} is not simulated, so its time is the database's")

    @classmethod
    def open(
        cls,
        pool: ConnectionPool[Any],
        *,
        ledger_id: str,
        simulated: bool,
        clock: Callable[[], datetime] | None = None,
        **arguments: Any,
    ) -> Self:
        """Write the first entry if the database holds no ledger yet, and return the ledger that it holds then.

        ledger_id: a new UUID. Raises LedgerProblem if the database holds a ledger that is simulated and this is not, or
        the other way round. Other arguments as for the constructor.
        """
        with pool.connection() as connection:
            if connection.execute("SELECT FROM ledger.identity").fetchone() is None:
                now = clock() if clock else _database_clock(connection)
                first = chain.opening(ledger_id, simulated=simulated, now=now)
                try:
                    with connection.transaction():
                        connection.execute(_APPEND, (of_bytes([first.content]), "{}", "{}", "{}"))
                except psycopg.errors.UniqueViolation:
                    pass  # another process opened it at the same moment
        ledger = cls(pool, clock=clock, **arguments)
        if ledger.simulated != simulated:
            raise LedgerProblem(f"ledger {ledger.id} was opened with simulated = {ledger.simulated}")
        return ledger

    @property
    def id(self) -> str:
        return self._id

    @property
    def simulated(self) -> bool:
        return self._simulated

    def answered(self, command: Command) -> tuple[Entry, ...] | None:
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT content FROM ledger.entry WHERE actor = %s AND command = %s ORDER BY ordinal",
                (command.actor, command.id),
                binary=True,
            ).fetchall()
        return _same_request(command, [content for (content,) in rows])

    def about(self, *subjects: str) -> Reading:
        with self._pool.connection() as connection:
            if not subjects:
                now = _database_clock(connection) if self._clock is None else self._clock()
                return Reading(now, {}, {})
            read = self._known.read(connection, subjects)
        return Reading(read.now if self._clock is None else self._clock(), read.heads, read.chains)

    def asked(self, command: Command, *subjects: str) -> tuple[tuple[Entry, ...] | None, Reading]:
        if not subjects:
            return self.answered(command), self.about()
        with self._pool.connection() as connection:
            read = self._known.read(connection, subjects, (command.actor, command.id))
        now = read.now if self._clock is None else self._clock()
        return _same_request(command, read.answered), Reading(now, read.heads, read.chains)

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        if deposits and self._keep is None:
            raise LedgerProblem("this ledger was built without a vault, so it cannot take deposits")
        entries = chain.link(drafts, ledger=self._id, command=command, after=after)
        advanced = {subject for entry in entries for subject in entry.subjects}
        held = [(subject, head) for subject, head in after.heads.items() if subject not in advanced]
        arguments = (
            of_bytes([entry.content for entry in entries]),
            of_texts([subject for subject, _ in held]),
            of_integers([head.sequence for _, head in held]),
            of_bytes([head.hash for _, head in held]),
        )
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._write(entries, arguments, deposits)
                return entries
            except psycopg.errors.TransactionRollback:  # a deadlock: all was rolled back
                if attempt == _ATTEMPTS:
                    raise
            except psycopg.Error as error:
                if (problem := refused_append.problem_of(error, entries)) is None:
                    raise
                if (stored := self.answered(command)) is not None:
                    return stored
                raise problem from None
        raise AssertionError("unreachable")

    def _write(self, entries: tuple[Entry, ...], arguments: tuple[str, ...], deposits: Sequence[Deposit]) -> None:
        with self._pool.connection() as connection:
            if not self._projections and not deposits:
                connection.execute(_APPEND, arguments)
                return
            # ``connection.transaction()`` would synchronise twice more; leaving the connection by an exception rolls back.
            with connection.pipeline(), connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(_APPEND, arguments)
                for entry in entries:
                    for project in self._projections:
                        project(cursor, entry)
                if deposits and self._keep is not None:
                    self._keep(cursor, deposits)
                cursor.execute("COMMIT")

    def random(self, length: int) -> bytes:
        return self._chance(length)

    def seal(self) -> Checkpoint | None:
        newest = None
        while (checkpoint := self._seal_some()) is not None:
            newest = checkpoint
        return newest

    def _seal_some(self) -> Checkpoint | None:
        with self._sealer_pool.connection() as connection, connection.transaction():
            rows = connection.execute("SELECT * FROM ledger.unsealed(%s)", (_SEAL_AT_MOST,), binary=True).fetchall()
            if not rows:
                return None
            last = connection.execute("SELECT size, frontier FROM ledger.seal ORDER BY size DESC LIMIT 1").fetchone()
            size, nodes = last or (0, b"")
            frontier = Frontier(size, [nodes[at : at + 32] for at in range(0, len(nodes), 32)])
            for _, digest in rows:
                frontier.add(digest)
            moment = self._clock() if self._clock else _database_clock(connection)
            newest = Checkpoint(self._id, frontier.size, frontier.root(), moment)
            connection.execute(
                "SELECT ledger.seal(%s::bigint[], %s, %s, %s, %s)",
                (
                    of_integers([arrival for arrival, _ in rows]),
                    newest.size,
                    newest.root,
                    b"".join(frontier.nodes),
                    moment,
                ),
            )
            return newest

    def checkpoint(self, size: int | None = None) -> Checkpoint | None:
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT size, root, sealed FROM ledger.seal WHERE size = coalesce(%s, size) ORDER BY size DESC LIMIT 1",
                (size,),
            ).fetchone()
        return Checkpoint(self._id, *row) if row else None

    def sealed(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Entry]]:
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT l.position, e.content FROM ledger.leaf AS l JOIN ledger.entry AS e USING (arrival) "
                "WHERE l.position > %s ORDER BY l.position LIMIT %s",
                (after, limit),
                binary=True,
            ).fetchall()
        return [(position, parse(content)) for position, content in rows]

    def entries(self) -> Iterator[tuple[int | None, Entry]]:
        with self._pool.connection() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for query in (_SEALED, _UNSEALED):
                with connection.cursor("entries", binary=True) as cursor:
                    cursor.itersize = 1000
                    cursor.execute(query)
                    for position, content in cursor:
                        yield position, parse(content)


def _same_request(command: Command, contents: Sequence[bytes]) -> tuple[Entry, ...] | None:
    """What the command wrote, or None. Raises CommandReused if it was another request."""
    stored = tuple(parse(content) for content in contents)
    if stored and stored[0].request != command.request:
        raise CommandReused(command)
    return stored or None


def _database_clock(connection: Connection[Any]) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment
