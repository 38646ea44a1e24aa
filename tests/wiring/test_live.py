"""The live process: it tells a page of what its token names and of nothing else, and it neither dies nor lingers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from django.core import signing
from psycopg.conninfo import make_conninfo
from tests.conftest import clone_of_template
from tests.projections.following import begin, followed
from tests.projections.story import BASE, HOSPITAL, Story, Telling

from yimai.interfaces.web import live as tokens
from yimai.wiring import live as process
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.live_serving import kept_live
from yimai.wiring.network import LOOPBACK, Place

SECRET = "only for tests"
LONGEST = 10.0
"""How long anything is waited for, in seconds; a machine may be busy."""
PAGES = 43210
SESSION = "0123456789abcdefghijklmnopqrstuv"


@dataclass(frozen=True)
class Following:
    """The live process at an address, beside a story to be told."""

    address: str
    url: str
    story: Story

    def token(self, *subjects: str, session: str = SESSION) -> str:
        return token(*subjects, session=session)

    def ask(self, token: str, origin: str = "", target: str = "/live") -> socket.socket:
        parts = urlsplit(self.address)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
        said = f"Origin: {origin}\r\n" if origin else ""
        connection.sendall(f"GET {target}?token={quote(token)} HTTP/1.1\r\nHost: x\r\n{said}\r\n".encode())
        return connection

    def status(self, token: str, **how: str) -> str:
        with self.ask(token, **how) as connection:
            return connection.recv(4096).decode().split("\r\n")[0]

    @contextmanager
    def stream(self, *subjects: str, session: str = SESSION) -> Iterator[socket.socket]:
        with self.ask(self.token(*subjects, session=session)) as connection:
            received = b""
            while b"retry:" not in received:
                received += connection.recv(4096)
            yield connection


def token(*subjects: str, session: str = SESSION, key: str = SECRET, salt: str = tokens._SALT) -> str:
    return signing.dumps([tokens.mark_of(session), list(subjects)], key=key, salt=salt)


def begin_session(url: str, session: str, person: str = "QA-1") -> None:
    """Sign the person in, as far as the live process can tell."""
    with psycopg.connect(url, options="-c search_path=django") as owner:
        owner.execute(
            "INSERT INTO accounts_account (person, password, made, failures) VALUES (%s, '', now(), 0) ON CONFLICT DO NOTHING",
            (person,),
        )
        owner.execute(
            "INSERT INTO accounts_session (session_key, session_data, expire_date, began, seen, account_id)"
            " VALUES (%s, '', now() + interval '1 hour', now(), now(), %s)",
            (session, person),
        )


def told(connection: socket.socket, seconds: float = LONGEST) -> str:
    """What the stream says within that time, up to its first event."""
    received, ends = b"", time.monotonic() + seconds
    while b"data:" not in received and (left := ends - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            part = connection.recv(4096)
        except TimeoutError:
            break
        if not part:
            break
        received += part
    return received.decode()


@pytest.fixture(scope="module")
def following(postgres: EmbeddedDatabase) -> Iterator[Following]:
    with clone_of_template(postgres) as url, followed(url) as pool:
        story = begin(pool)
        story.open_house()
        story.ledger.seal()
        begin_session(url, SESSION)
        with kept_live(make_conninfo(url, user="yimai_live"), SECRET, Place(LOOPBACK, PAGES)) as address:
            found = Following(address, url, story)
            for _ in range(200):
                try:
                    found.ask("").close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            yield found


def tell(following: Following) -> Telling:
    telling = Telling(following.story, following.story.mint("treatment"))
    telling.until("ordered")
    following.story.ledger.seal()
    return telling


class TestAStream:
    def test_names_what_moved_of_what_its_token_names_and_nothing_else(self, following: Following) -> None:
        mine, other = tell(following), tell(following)
        with following.stream(f"treatment/{mine.coi}", "suite/suite-01") as connection:
            other.accept()
            following.story.ledger.seal()
            assert "data:" not in told(connection, 1)
            mine.accept()
            following.story.ledger.seal()
            assert told(connection).split("data: ")[1] == f'["treatment/{mine.coi}"]\n\n'

    def test_follows_a_site_by_the_treatments_that_are_its_own(self, following: Following) -> None:
        telling = tell(following)
        with following.stream(f"site/{HOSPITAL}") as hospital, following.stream(f"site/{BASE}") as base:
            telling.accept()  # at the base, and the hospital's page must know
            following.story.ledger.seal()
            assert f'["site/{HOSPITAL}"]' in told(hospital)
            assert f'["site/{BASE}"]' in told(base)

    def test_tells_a_courier_of_what_moves_and_not_of_the_rest(self, following: Following) -> None:
        telling = tell(following)
        for chapter in ("accept", "reserve", "collect", "send"):
            getattr(telling, chapter)()
        following.story.ledger.seal()
        with following.stream("person/COUR-1") as connection:
            told(connection, 0.5)
            telling.receive()
            following.story.ledger.seal()
            assert '["person/COUR-1"]' in told(connection)
            told(connection, 0.5)
            telling.open_batch()
            following.story.ledger.seal()
            assert "data:" not in told(connection, 1)

    def test_is_told_of_the_seal(self, following: Following) -> None:
        telling = tell(following)
        with following.stream(f"treatment/{telling.coi}") as connection:
            telling.accept()
            following.story.ledger.seal()
            assert "data:" in told(connection)

    def test_goes_on_after_the_database_was_away(self, following: Following) -> None:
        telling = tell(following)
        with following.stream(f"treatment/{telling.coi}") as connection, psycopg.connect(following.url) as owner:
            ended = owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'yimai_live' AND datname = current_database()"
            ).fetchall()
            assert ended == [(True,)] * 2, "one hears what was sealed, one asks for sessions"
            assert following.status(following.token("x")).endswith("200 OK")
            telling.accept()
            following.story.ledger.seal()
            assert f"treatment/{telling.coi}" in told(connection)

    @pytest.mark.parametrize("ending", ["DELETE FROM", "UPDATE"])
    def test_ends_within_seconds_of_its_session(self, following: Following, ending: str) -> None:
        telling, session = tell(following), ending[0] * 32
        begin_session(following.url, session)
        change = "SET expire_date = now()" if ending == "UPDATE" else ""
        with (
            following.stream(f"treatment/{telling.coi}", session=session) as connection,
            following.stream("x") as other,
        ):
            told(connection, 0.5)
            with psycopg.connect(following.url) as owner:
                owner.execute(f"{ending} django.accounts_session {change} WHERE session_key = %s", (session,))
            assert told(connection, process.SESSION_SECONDS + LONGEST).endswith("event: renew\ndata: 1\n\n")
            connection.settimeout(5)
            assert connection.recv(100) == b"", "nothing follows"
            telling.accept()
            following.story.ledger.seal()
            assert told(other, 1) == "", "a session that is open goes on"


class TestWhoeverAsks:
    def test_without_a_token_of_ours_is_refused(self, following: Following) -> None:
        ours = following.token("treatment/T1")
        assert following.status(ours).endswith("200 OK")
        for spoilt in ("", "x", ours[:-1] + ("A" if ours[-1] != "A" else "B")):
            assert following.status(spoilt).endswith("403 Forbidden")
        assert following.status(token("treatment/T1", key="another")).endswith("403 Forbidden")
        assert following.status(token("treatment/T1", salt="other")).endswith("403 Forbidden")

    def test_with_a_session_that_is_not_open_is_refused(self, following: Following) -> None:
        assert following.status(following.token("treatment/T1", session="0" * 32)).endswith("403 Forbidden")
        begin_session(following.url, "1" * 32)
        assert following.status(following.token("treatment/T1", session="1" * 32)).endswith("200 OK")
        with psycopg.connect(following.url) as owner:
            owner.execute("UPDATE django.accounts_session SET expire_date = now() WHERE session_key = %s", ("1" * 32,))
        assert following.status(following.token("treatment/T1", session="1" * 32)).endswith("403 Forbidden")

    def test_too_often_for_one_session_must_wait(self, following: Following) -> None:
        begin_session(following.url, "2" * 32)
        with ExitStack() as opened:
            for _ in range(process.MOST_OF_A_SESSION):
                opened.enter_context(following.stream("treatment/T1", session="2" * 32))
            assert following.status(following.token("x", session="2" * 32)).endswith("429 Too Many Requests")
            assert following.status(following.token("x")).endswith("200 OK")

    def test_with_a_token_that_is_too_old_is_refused(
        self, following: Following, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now - tokens.VALID.total_seconds() - 5)
        old = following.token("treatment/T1")
        monkeypatch.undo()
        assert following.status(old).endswith("403 Forbidden")

    def test_from_another_site_s_page_is_refused(self, following: Following) -> None:
        token = following.token("treatment/T1")
        for origin in (f"http://127.0.0.1:{PAGES}", f"http://localhost:{PAGES}"):
            assert following.status(token, origin=origin).endswith("200 OK")
        for origin in ("https://elsewhere.example", f"http://127.0.0.1:{PAGES + 1}", "null"):
            assert following.status(token, origin=origin).endswith("403 Forbidden")

    def test_for_something_else_gets_nothing(self, following: Following) -> None:
        assert following.status(following.token("x"), target="/other").endswith("404 Not Found")
        parts = urlsplit(following.address)
        for request in (b"POST /live HTTP/1.1\r\n\r\n", b"\r\n\r\n", b"\xff\xfe\x00 /live\r\n\r\n", b"GET\r\n\r\n"):
            with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
                connection.sendall(request)
                assert connection.recv(100).startswith(b"HTTP/1.1 404")
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            connection.sendall(b"GET /live?" + b"x" * 2 * process.LONGEST_HEAD)
            assert connection.recv(100) == b""


async def all_open(marks: Collection[str]) -> frozenset[str]:
    return frozenset(marks)


def test_too_many_pages_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MOST_STREAMS", 2)
    asked = quote(token("treatment/T1"))

    async def ask(port: int) -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(f"GET /live?token={asked} HTTP/1.1\r\n\r\n".encode())
        return await reader.readline(), writer

    async def main() -> list[bytes]:
        live = process.Live(SECRET, frozenset(), all_open)
        async with await asyncio.start_server(live.answer, LOOPBACK, 0) as server:
            port = server.sockets[0].getsockname()[1]
            found = [await ask(port) for _ in range(3)]
            for _, writer in found:
                writer.close()
                await writer.wait_closed()
            while live.connections:
                await asyncio.sleep(0.01)
            again, writer = await ask(port)
            writer.close()
            return [*(line for line, _ in found), again]

    lines = [line.split()[1] for line in asyncio.run(main())]
    assert lines == [b"200", b"200", b"503", b"200"]


def test_a_stream_ends_in_time_and_asks_for_a_new_token(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = quote(token("treatment/T1"))

    async def main() -> bytes:
        live = process.Live(SECRET, frozenset(), all_open)
        async with await asyncio.start_server(live.answer, LOOPBACK, 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            writer.write(f"GET /live?token={asked} HTTP/1.1\r\n\r\n".encode())
            whole = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return whole

    monkeypatch.setattr(process, "VALID", type(tokens.VALID)(seconds=0.2))
    assert asyncio.run(main()).endswith(b"event: renew\ndata: 1\n\n")


class TestTheProcess:
    def test_comes_back_when_it_was_killed_and_ends_with_what_started_it(self, following: Following) -> None:
        with kept_live(make_conninfo(following.url, user="yimai_live"), SECRET, Place(LOOPBACK, PAGES + 50)) as address:
            first = process_at(address)
            os.kill(first, signal.SIGKILL)
            second = process_at(address, other_than=first)
        assert second != first
        with pytest.raises(ProcessLookupError):
            os.kill(second, 0)

    def test_may_read_what_was_sealed_and_no_personal_data(self, following: Following) -> None:
        with psycopg.connect(make_conninfo(following.url, user="yimai_live"), autocommit=True) as live:
            assert live.execute("SELECT count(*) > 0 FROM ledger.entry").fetchone() == (True,)
            for statement in (
                "SELECT * FROM vault.record",
                "SELECT * FROM django.accounts_session",
                "SELECT * FROM django.accounts_account",
                "SELECT * FROM vault.person",
                "SELECT * FROM projection.treatment_board",
                "DELETE FROM projection.party",
                "SELECT ledger.append(ARRAY[]::bytea[], ARRAY[]::text[], ARRAY[]::bigint[], ARRAY[]::bytea[])",
                "SELECT * FROM ledger.unsealed(1)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    live.execute(statement)


def process_at(address: str, other_than: int = 0) -> int:
    """The number of the process that serves the address, as soon as it answers."""
    port: Any = urlsplit(address).port
    for _ in range(200):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != other_than and _serves(entry, port):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        return int(entry.name)
        time.sleep(0.05)
    raise AssertionError(f"nothing answers at {address}")


def _serves(entry: Path, port: int) -> bool:
    try:
        return f"YIMAI_LIVE_PORT={port}\0".encode() in (entry / "environ").read_bytes()
    except OSError:
        return False
