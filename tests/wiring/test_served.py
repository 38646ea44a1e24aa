"""The served program on the wire: what it says of itself, what it takes, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from tests.conftest import clone_of_template
from tests.wiring.served import SECRET, YIMAI, Served, certificate_for, served

from yimai.wiring import serve
from yimai.wiring.bounds import LARGEST
from yimai.wiring.deploy_check import ROLES
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


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_worker(process: int) -> bool:
    """Whether it answers requests: a fork of the server, under the server's own name."""
    return b"yimai.wiring.live" not in Path(f"/proc/{process}/cmdline").read_bytes()


def chunked(length: int) -> Iterator[bytes]:
    for start in range(0, length, CHUNK):
        part = b"x" * min(CHUNK, length - start)
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"


CHUNKED = "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("length", [0, 10, 100_000_000])
@pytest.mark.parametrize("beside", ["", "Content-Length: 5\r\n"])
def test_a_body_in_chunks_is_not_read(plain: Served, length: int, beside: str) -> None:
    """Where it was cut off cannot be told from where it ends, and the server hides a length that stands beside."""
    status, text, written = sent(plain, REST, beside + CHUNKED, chunked(length))
    assert (status, json.loads(text)["status"]) == (411, 411)
    assert written < 8_000_000, "no more than lies in the buffers on the way"


def test_what_was_half_sent_is_not_done(plain: Served) -> None:
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n"
    with socket.create_connection((plain.host, plain.port), timeout=20) as connection:
        connection.sendall(f"POST /en/account/sign-in HTTP/1.1\r\nHost: localhost\r\n{form}\r\nperson=n".encode())
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            received = connection.recv(CHUNK)
            assert not received or b" 400 " in received.split(b"\r\n")[0]


def test_who_sends_slowly_does_not_keep_others_from_reading(plain: Served) -> None:
    head = f"POST {REST} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{{".encode()
    with ExitStack() as slow:
        for _ in range(40):
            slow.enter_context(socket.create_connection((plain.host, plain.port), timeout=20)).sendall(head)
        for _ in range(5):
            with urllib.request.urlopen(f"{plain.address}health", timeout=10) as answer:
                assert answer.status == 200
    with urllib.request.urlopen(f"{plain.address}health", timeout=10) as answer:
        assert answer.status == 200


def test_nothing_at_all_is_an_empty_body(plain: Served) -> None:
    assert sent(plain, REST, "", ())[0] < 413


def test_the_address_that_is_printed_answers(plain: Served) -> None:
    assert plain.address == "http://127.0.0.2:18090/"
    with urllib.request.urlopen(f"{plain.address}health", timeout=10) as answer:
        assert answer.status == 200


def test_a_worker_that_does_not_stop_is_not_waited_for_for_ever(postgres: EmbeddedDatabase, tmp_path: Path) -> None:
    """It happened: a worker missed the signal, and the server that should have ended hung."""
    with clone_of_template(postgres) as url, served(url, tmp_path, "--port", "18190") as found:
        (worker,) = [each for each in children(found.process) if is_worker(each)]
        os.kill(worker, signal.SIGSTOP)  # it takes no signal to end now; leaving `served` waits for a minute at most


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


@pytest.fixture
def installation(postgres: EmbeddedDatabase, tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A ledger that is not simulated, with a login for each role and the key elsewhere: the owner's URL, and what to set."""
    (tmp_path / "keys").mkdir()
    key = tmp_path / "keys" / "wrapping.key"
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    with clone_of_template(postgres) as url:
        roles = {f"YIMAI_{name}_DATABASE_URL": make_conninfo(url, user=f"yimai_{name.lower()}") for name in ROLES}
        yield (
            url,
            {
                "YIMAI_SECOND_FACTOR": "optional",
                "YIMAI_WRAPPING_KEY_FILE": str(key),
                "YIMAI_SECRET_KEY": SECRET,
                **roles,
            },
        )


def checked(url: str, folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIMAI_")}
    done = subprocess.run(
        [*YIMAI, "check", "--deploy", "--folder", str(folder), *arguments],
        capture_output=True,
        text=True,
        env={**kept, "DATABASE_URL": url, **environment},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_installation_with_tls_of_its_own_passes_the_check_and_is_served(
    installation: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    url, environment = installation
    environment["YIMAI_ADDRESS"] = "https://127.0.0.2:18190"
    file, key = certificate_for(tmp_path, "127.0.0.2")
    tls = ("--listen", "127.0.0.2", "--certificate", str(file), "--key", str(key))
    assert checked(url, tmp_path / "data", *tls, **environment) == (0, "May be served on a network.\n")
    status, said = checked(url, tmp_path / "data", "--listen", "127.0.0.2", **environment)
    assert (status, said.count("\n- ") + said.startswith("- ")) == (1, 1)
    assert "nothing says who ends TLS" in said
    with served(url, tmp_path / "data", *tls, "--port", "18190", **environment) as found:
        assert found.address == "https://127.0.0.2:18190/"
        trusting = ssl.create_default_context(cafile=file)
        with urllib.request.urlopen(f"{found.address}health", timeout=10, context=trusting) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{found.address}en/account/sign-in", timeout=10, context=trusting) as answer:
            assert answer.headers["Strict-Transport-Security"]
            assert "connect-src 'self' https://127.0.0.2:18191" in answer.headers["Content-Security-Policy"]


def test_behind_a_proxy_serve_asks_the_check_and_then_serves(
    installation: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    url, environment = installation
    environment |= {"YIMAI_ADDRESS": "https://yimai.example.org", "YIMAI_TLS_PROXY": "yes"}
    status, said = checked(url, tmp_path / "data", **environment)
    assert status == 1
    assert "YIMAI_PROXIES" in said
    assert "YIMAI_LIVE_ADDRESS" in said
    with (
        pytest.raises(pytest.fail.Exception, match="must not be reached over a network yet"),
        served(url, tmp_path / "data", "--port", "18290", **environment),
    ):
        pass
    environment |= {
        "YIMAI_SECOND_FACTOR": "optional",
        "YIMAI_PROXIES": "1",
        "YIMAI_LIVE_ADDRESS": "https://yimai.example.org/live",
    }
    assert checked(url, tmp_path / "data", **environment)[0] == 0
    with served(url, tmp_path / "data", "--port", "18290", **environment) as found:
        asked = urllib.request.Request(
            f"{found.address}en/account/sign-in", headers={"Host": "yimai.example.org", "X-Forwarded-Proto": "https"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert "connect-src 'self' https://yimai.example.org" in answer.headers["Content-Security-Policy"]
            assert "Secure" in answer.headers["Set-Cookie"]
            assert "__Host-csrftoken=" in answer.headers["Set-Cookie"]


def test_serve_says_when_the_port_of_live_updates_is_taken(
    installation: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    url, environment = installation
    environment |= {"YIMAI_LIVE_PORT": "18391"}
    with (
        socket.create_server(("127.0.0.2", 18391)),
        pytest.raises(pytest.fail.Exception, match="port 18391 is in use"),
        served(url, tmp_path / "data", "--listen", "127.0.0.2", "--port", "18390", **environment),
    ):
        pass
