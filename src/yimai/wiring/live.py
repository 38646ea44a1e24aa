"""The live process: tells pages by server-sent events that what they watch has moved.

It listens to the sealer's notifications, looks up what was sealed, and sends each page the names of those of its subjects that
new facts are about: no content, nothing that the page's signed token does not name. A token holds for the session that the page
was shown to; a stream ends within seconds of its session. Appends themselves notify nobody: commits that notify wait for one
another. It stops when its standard input ends, so it never outlives ``serve``.

From the environment: YIMAI_LIVE_DATABASE_URL (libpq URL of ``yimai_live``), YIMAI_LIVE_LISTEN and YIMAI_LIVE_PORT,
YIMAI_LIVE_CERTIFICATE and YIMAI_LIVE_KEY ("" without TLS of its own), YIMAI_LIVE_ORIGINS (of the pages, separated by spaces),
YIMAI_SECRET_KEY.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import psycopg
from django.core.signing import BadSignature
from psycopg import AsyncConnection

from yimai.interfaces.web.live import VALID, Watch, watched_by
from yimai.ledger.codec import parse
from yimai.projections import audience
from yimai.wiring.network import Certificate, Place

MOST_STREAMS: Final = 1000
MOST_OF_A_SESSION: Final = 50
AT_ONCE: Final = 1000
LONGEST_HEAD: Final = 16 * 1024
HEAD_SECONDS: Final = 5.0
SEND_SECONDS: Final = 10.0
KEEP_ALIVE_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 5.0
"""How often it looks without having been notified: a lost notification delays, but never hides."""
RECONNECT_SECONDS: Final = 0.5
SESSION_SECONDS: Final = 2.0
"""How often it looks which sessions are still open."""

_SEALED: Final = """
SELECT l.position, e.content FROM ledger.leaf AS l JOIN ledger.entry AS e USING (arrival)
WHERE l.position > %s ORDER BY l.position LIMIT %s
"""
_OPEN: Final = "SELECT django.accounts_open_sessions(%s)"
_PARTIES: Final = "SELECT audience, party FROM projection.party WHERE audience = ANY(%s)"


@dataclass(eq=False)
class Stream:
    """One page that follows. moved: those of its subjects that it has not been told of yet. ended: its session has."""

    watch: Watch
    moved: set[str] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def tell(self, names: Iterable[str]) -> None:
        if found := self.watch.subjects.intersection(names):
            self.moved |= found
            self.wake.set()

    def end(self) -> None:
        self.ended = True
        self.wake.set()


OpenAmong = Callable[[Collection[str]], Awaitable[frozenset[str]]]
"""Gives those marks whose sessions are open. Raises psycopg.OperationalError where the database is away."""


@dataclass
class Live:
    """All pages that follow at this moment. origins: of pages that may connect. open_among: which sessions are open."""

    secret: str
    origins: frozenset[str]
    open_among: OpenAmong
    streams: set[Stream] = field(default_factory=set)
    connections: int = 0

    def tell(self, names: frozenset[str]) -> None:
        for stream in self.streams:
            stream.tell(names)

    async def end_closed(self) -> None:
        """End the streams whose sessions have ended."""
        if marks := {stream.watch.session for stream in self.streams}:
            still_open = await self.open_among(marks)
            for stream in self.streams:
                if stream.watch.session in marks - still_open:
                    stream.end()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its request to its end."""
        self.connections += 1
        try:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer(reader, writer)
        finally:
            self.connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
        request, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, target, _ = (*request.split(" "), "", "")[:3]
        address = urlsplit(target)
        origin = headers.get("origin", "")
        if method != "GET" or address.path != "/live":
            return await _refuse(writer, "404 Not Found")
        if origin and origin not in self.origins:
            return await _refuse(writer, "403 Forbidden")
        if self.connections > MOST_STREAMS:
            return await _refuse(writer, "503 Service Unavailable", "Retry-After: 30\r\n")
        if isinstance(watch := await self._watch(address.query), str):
            return await _refuse(writer, watch, "Retry-After: 30\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n"
            b"X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nVary: Origin\r\n"
            + (f"Access-Control-Allow-Origin: {origin}\r\n" if origin else "").encode()
            + b"\r\nretry: 2000\n\n"
        )
        stream = Stream(watch)
        self.streams.add(stream)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(VALID.total_seconds()):
                    await _follow(stream, reader, writer)
            writer.write(b"event: renew\ndata: 1\n\n")
        finally:
            self.streams.discard(stream)

    async def _watch(self, query: str) -> Watch | str:
        """What the token in the query says, or the status of the refusal."""
        try:
            watch = watched_by(parse_qs(query).get("token", [""])[0], self.secret)
            if watch.session not in await self.open_among([watch.session]):
                return "403 Forbidden"
        except BadSignature:
            return "403 Forbidden"
        except psycopg.OperationalError:
            return "503 Service Unavailable"
        if sum(stream.watch.session == watch.session for stream in self.streams) >= MOST_OF_A_SESSION:
            return "429 Too Many Requests"
        return watch


async def _refuse(writer: asyncio.StreamWriter, status: str, more: str = "") -> None:
    writer.write(f"HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await asyncio.wait_for(writer.drain(), SEND_SECONDS)


async def _follow(stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what moved, and a comment now and then, until the page has gone or its session has ended."""
    gone = asyncio.ensure_future(reader.read(1))
    try:
        while not gone.done():
            waking = asyncio.ensure_future(stream.wake.wait())
            await asyncio.wait({gone, waking}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            waking.cancel()
            moved, stream.moved = sorted(stream.moved), set()
            stream.wake.clear()
            if stream.ended:
                break
            writer.write(f"data: {json.dumps(moved)}\n\n".encode() if moved else b":\n\n")
            await asyncio.wait_for(writer.drain(), SEND_SECONDS)
    finally:
        gone.cancel()


async def watch(url: str) -> AsyncIterator[frozenset[str]]:
    """The names that new facts concern, as they are sealed; a database that is away only delays them."""
    position: int | None = None
    while True:
        try:
            async with await AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute("LISTEN ledger")
                while True:
                    if position is None:
                        row = await (await connection.execute("SELECT max(position) FROM ledger.leaf")).fetchone()
                        position = row[0] or 0 if row is not None else 0
                    while names := await _sealed_after(connection, position):
                        position = names[0]
                        yield names[1]
                    async for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                        pass
        except psycopg.OperationalError:
            await asyncio.sleep(RECONNECT_SECONDS)


@dataclass
class Sessions:
    """Which sessions are open, asked of the database by a connection of its own."""

    url: str
    _connection: AsyncConnection[Any] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open_among(self, marks: Collection[str]) -> frozenset[str]:
        async with self._turn:
            if self._connection is not None:
                with suppress(psycopg.OperationalError):  # it may have been cut since it was last used
                    return await self._among(self._connection, marks)
            self._connection = await AsyncConnection.connect(self.url, autocommit=True)
            return await self._among(self._connection, marks)

    async def _among(self, connection: AsyncConnection[Any], marks: Collection[str]) -> frozenset[str]:
        rows = await (await connection.execute(_OPEN, (list(marks),))).fetchall()
        return frozenset(mark for (mark,) in rows)


async def _sealed_after(connection: AsyncConnection[Any], position: int) -> tuple[int, frozenset[str]] | None:
    """How far the ledger is sealed, or a part of the way, and what the facts up to there concern; None if no further."""
    found = await (await connection.execute(_SEALED, (position, AT_ONCE))).fetchall()
    if not found:
        return None
    entries = [parse(bytes(content)) for _, content in found]
    seen_by = {audience.of_entry(entry) for entry in entries}
    parties = await (await connection.execute(_PARTIES, (sorted(seen_by),))).fetchall()
    names = {subject for entry in entries for subject in entry.subjects}
    names.update(party for _, party in parties)
    names.update(filter(None, map(audience.site_of, seen_by)))
    return found[-1][0], frozenset(names)


async def serve(url: str, at: Place, live: Live) -> None:
    """Serve until standard input ends."""
    tls: dict[str, Any] = {}
    if at.certificate is not None:
        tls = {"ssl": at.certificate.context(), "ssl_handshake_timeout": HEAD_SECONDS}
    server = await asyncio.start_server(live.answer, at.listen, at.port, limit=LONGEST_HEAD, **tls)
    tasks = {asyncio.ensure_future(each) for each in (_tell(url, live), _end_closed(live))}
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    async with server:
        await asyncio.wait({*tasks, ended}, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _tell(url: str, live: Live) -> None:
    async for names in watch(url):
        live.tell(names)


async def _end_closed(live: Live) -> None:
    while True:
        await asyncio.sleep(SESSION_SECONDS)
        with suppress(psycopg.OperationalError):
            await live.end_closed()


def main() -> None:
    url = os.environ["YIMAI_LIVE_DATABASE_URL"]
    origins = frozenset(os.environ["YIMAI_LIVE_ORIGINS"].split())
    live = Live(os.environ["YIMAI_SECRET_KEY"], origins, Sessions(url).open_among)
    file, key = os.environ["YIMAI_LIVE_CERTIFICATE"], os.environ["YIMAI_LIVE_KEY"]
    certificate = Certificate(Path(file), Path(key)) if file and key else None
    at = Place(os.environ["YIMAI_LIVE_LISTEN"], int(os.environ["YIMAI_LIVE_PORT"]), certificate)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(url, at, live))
    os._exit(0)  # pages that still follow need no farewell: they come back by themselves


if __name__ == "__main__":
    main()
