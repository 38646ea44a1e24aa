"""The served program on the wire: what it says of itself, what it takes, and what it refuses."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from tests.conftest import clone_of_template
from tests.wiring.served import Served, served

from yimai.wiring import serve
from yimai.wiring.bounds import LARGEST, LIMITS
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.problems import CommandProblem

REST = "/api/v1/treatment.hold"
CHUNK = 64 * 1024


@pytest.fixture(scope="module")
def plain(postgres: EmbeddedDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Without TLS, on an address of loopback that is not the usual one."""
    folder = tmp_path_factory.mktemp("served")
    with clone_of_template(postgres) as url, served(url, folder, "--port", "18090", "--listen", "127.0.0.2") as found:
        yield found


def sent(to: Served, path: str, head: str, parts: Iterator[bytes] | tuple[bytes, ...]) -> tuple[int, str, int]:
    """POST by hand; the answer's status and text, and how many bytes could be sent before it came."""
    with socket.create_connection((to.host, to.port), timeout=20) as connection:
        written = 0
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n".encode())
            for part in parts:
                connection.sendall(part)
                written += len(part)
        received = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(CHUNK):
                received += part
    head_text, _, text = received.decode().partition("\r\n\r\n")
    return int(head_text.split(" ")[1]), text, written


def chunked(length: int) -> Iterator[bytes]:
    for start in range(0, length, CHUNK):
        part = b"x" * min(CHUNK, length - start)
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"


CHUNKED = "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n"


def test_a_body_in_chunks_is_read_to_the_limit_and_no_further(plain: Served) -> None:
    status, text, written = sent(plain, REST, CHUNKED, chunked(100_000_000))
    assert (status, json.loads(text)["status"]) == (413, 413)
    assert written < 2 * LARGEST + 8_000_000, "what lies in the buffers on the way was sent too"


def test_a_body_in_chunks_that_is_too_large_for_its_kind_is_refused(plain: Served) -> None:
    status, _, _ = sent(plain, REST, CHUNKED, chunked(LIMITS["rest"].largest + 1))
    assert status == 413


def test_a_small_body_in_chunks_is_as_good_as_any(plain: Served) -> None:
    body = b"person=nobody&password=wrong"
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    lengths = [f"Content-Length: {len(body)}\r\n", "Transfer-Encoding: chunked\r\n"]
    bodies = [(body,), (f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n",)]
    statuses = [sent(plain, REST, form + each, parts)[0] for each, parts in zip(lengths, bodies, strict=True)]
    assert statuses[0] == statuses[1] < 500


def test_a_length_beside_chunks_does_not_hide_them(plain: Served) -> None:
    status, _, _ = sent(plain, REST, f"Content-Length: 5\r\n{CHUNKED}", chunked(LIMITS["rest"].largest + 1))
    assert status == 413


def test_nothing_at_all_is_an_empty_body(plain: Served) -> None:
    assert sent(plain, REST, "", ())[0] < 413


def test_the_address_that_is_printed_answers(plain: Served) -> None:
    assert plain.address == "http://127.0.0.2:18090/"
    with urllib.request.urlopen(f"{plain.address}health", timeout=10) as answer:
        assert answer.status == 200


def test_a_port_is_free_or_not_at_the_address_that_is_listened_at(
    plain: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve._free_port("127.0.0.3", plain.port) == plain.port
    assert capsys.readouterr().err == ""
    assert serve._free_port(plain.host, plain.port) > plain.port
    assert "is in use" in capsys.readouterr().err
    with pytest.raises(CommandProblem, match=r"192\.0\.2\.10 is no address of this machine"):
        serve._free_port("192.0.2.10", 8080)


def test_a_length_that_is_too_large_is_refused_unread(plain: Served) -> None:
    length = f"Content-Length: {LARGEST + 1}\r\n"
    status, text, _ = sent(plain, "/en/account/sign-in", length, (b"x" * 1000,))
    assert status == 413
    assert "too large" in text
