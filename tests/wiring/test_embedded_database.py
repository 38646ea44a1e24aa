"""The embedded database: starts anywhere, keeps its data, recovers, is shared or refused in plain words."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.conftest import DEBIANS_15, missing_tool

from yimai.wiring.embedded_database import EmbeddedDatabase, EmbeddedDatabaseProblem, start
from yimai.wiring.live_processes import is_locked, runs_program
from yimai.wiring.postgresql_programs import find_programs

NOBODY = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path that any user may go through; whatever server is left there in the end is stopped."""
    above = Path(tempfile.mkdtemp(prefix="yimai-"))
    above.chmod(0o755)
    yield above
    for noted in above.rglob("postmaster.pid"):
        pid = int(noted.read_text().split()[0])
        for _ in range(100):
            if not runs_program(pid, "postgres"):
                break
            kill(pid, signal.SIGINT)
            time.sleep(0.1)
    shutil.rmtree(above, ignore_errors=True)


@pytest.fixture
def begin(place: Path) -> Iterator[Callable[..., EmbeddedDatabase]]:
    """Starts a server, by default in place/data, and stops it after the test."""
    begun: list[EmbeddedDatabase] = []

    def begin_in(folder: Path | None = None, *, durable: bool = True, binaries: Path | None = None) -> EmbeddedDatabase:
        begun.append(start(folder or place / "data", durable=durable, binaries=binaries))
        return begun[-1]

    yield begin_in
    for database in begun:
        database.stop()


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


def ask(database: EmbeddedDatabase, question: str) -> object:
    with psycopg.connect(database.url()) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def server_pid(database: EmbeddedDatabase) -> int:
    return int((database.folder / "cluster" / "postmaster.pid").read_text().split()[0])


def refusal(folder: Path, **options: object) -> str:
    with pytest.raises(EmbeddedDatabaseProblem) as problem:
        start(folder, **options)  # type: ignore[arg-type]
    return str(problem.value)


def in_another_process(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Python, with `start` at hand and the arguments in `arguments`."""
    preface = "import os, sys, time, psycopg\nfrom pathlib import Path\nfrom yimai.wiring.embedded_database import *\n"
    return subprocess.Popen(
        [sys.executable, "-c", preface + "arguments = sys.argv[1:]\n" + textwrap.dedent(program), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def output_of(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=120)
    return output.strip()


def test_a_new_folder_becomes_a_private_durable_database(begin: Callable[..., EmbeddedDatabase], place: Path) -> None:
    database = begin(place / "new" / "data")

    assert not database.joined
    for folder in (database.folder, database.folder / "cluster", database.socket_folder):
        assert folder.stat().st_mode & 0o777 == 0o700
    settings = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "server_encoding",
                "listen_addresses", "timezone")  # fmt: skip
    with psycopg.connect(database.url()) as connection:
        shown = {name: (connection.execute(f"SHOW {name}").fetchone() or [None])[0] for name in settings}
        collation = connection.execute(
            "SELECT datcollate, current_user::text, rolsuper FROM pg_database, pg_roles "
            "WHERE datname = current_database() AND rolname = current_user"
        ).fetchone()
    assert shown == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "timezone": "UTC",
    }
    assert collation == ("C", "yimai_owner", True)


def test_without_durability_nothing_waits_for_the_disk(begin: Callable[..., EmbeddedDatabase]) -> None:
    assert ask(begin(durable=False), "SELECT current_setting('fsync')") == "off"


def test_data_outlive_a_clean_stop_and_nothing_is_left_running(
    begin: Callable[..., EmbeddedDatabase], place: Path
) -> None:
    database = begin()
    pid = server_pid(database)
    with psycopg.connect(database.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    database.stop()
    assert not (database.folder / "cluster" / "postmaster.pid").exists()
    assert not is_locked(database.folder / "server.lock")
    database.stop()  # a second stop does no harm

    again = begin()
    assert server_pid(again) != pid
    assert ask(again, "SELECT answer FROM kept") == 42
    log = (place / "data" / "server.log").read_text()
    assert "database system was not properly shut down" not in log


def test_a_stop_does_not_wait_for_open_connections(begin: Callable[..., EmbeddedDatabase]) -> None:
    database = begin()
    with psycopg.connect(database.url()) as connection:
        connection.execute("CREATE TABLE lost (answer int)")
        database.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    again = begin()
    assert ask(again, "SELECT to_regclass('lost') IS NULL") is True


def test_a_killed_server_recovers_every_commit(begin: Callable[..., EmbeddedDatabase]) -> None:
    database = begin()
    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        for number in range(200):
            connection.execute("INSERT INTO kept VALUES (%s)", (number,))
        kill(server_pid(database))

    again = begin()
    assert not again.joined
    assert ask(again, "SELECT count(*) FROM kept") == 200
    assert "database system was not properly shut down" in (again.folder / "server.log").read_text()


def test_a_dead_servers_number_that_another_program_has_now_does_no_harm(
    begin: Callable[..., EmbeddedDatabase],
) -> None:
    database = begin()
    noted, socket_lock = database.folder / "cluster" / "postmaster.pid", database.socket_folder / ".s.PGSQL.5432.lock"
    left = {path: path.read_text() for path in (noted, socket_lock)}
    database.stop()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        for path, text in left.items():
            path.write_text(text.replace(text.split()[0], str(bystander.pid), 1))
            path.chmod(0o600)
        assert not begin().joined
        assert bystander.poll() is None
        bystander.kill()


def test_an_empty_folder_that_is_there_already_is_taken(begin: Callable[..., EmbeddedDatabase], place: Path) -> None:
    (place / "data").mkdir()
    assert ask(begin(), "SELECT 1") == 1


def test_an_interrupted_creation_is_begun_again(begin: Callable[..., EmbeddedDatabase], place: Path) -> None:
    half = place / "data" / "cluster.new"
    half.mkdir(parents=True, mode=0o700)
    (half / "PG_VERSION").write_text("18")
    (place / "data" / "starting.lock").touch()
    assert ask(begin(), "SELECT 1") == 1
    assert not half.exists()


def test_a_second_start_joins_and_leaves_the_server_to_the_first(begin: Callable[..., EmbeddedDatabase]) -> None:
    first = begin()
    program = """
        found = start(Path(arguments[0]))
        with psycopg.connect(found.url()) as connection:
            print(found.joined, connection.execute("SELECT 40 + 2").fetchone())
        found.stop()
    """
    assert output_of(in_another_process(program, first.folder)) == "True (42,)"
    assert ask(first, "SELECT 1") == 1


def test_the_server_is_stopped_when_its_starter_exits(place: Path) -> None:
    folder = place / "data"
    starter = in_another_process("print(start(Path(arguments[0])).joined)", folder)
    assert output_of(starter) == "False"
    assert not is_locked(folder / "server.lock")
    assert not (folder / "cluster" / "postmaster.pid").exists()


def test_a_child_of_the_starter_does_not_stop_the_server(begin: Callable[..., EmbeddedDatabase]) -> None:
    database = begin()
    child = os.fork()
    if child == 0:
        database.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(database, "SELECT 1") == 1


def test_a_server_whose_starter_was_killed_is_joined(begin: Callable[..., EmbeddedDatabase], place: Path) -> None:
    starter = in_another_process(
        """
        start(Path(arguments[0]))
        print("started", flush=True)
        time.sleep(60)
        """,
        place / "data",
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "started\n"
    starter.kill()
    starter.communicate()

    survivor = begin()
    assert survivor.joined
    assert ask(survivor, "SELECT 1") == 1


def test_of_starts_at_the_same_moment_one_starts_and_the_others_join(place: Path) -> None:
    program = """
        found = start(Path(arguments[0]))
        with psycopg.connect(found.url()) as connection:
            print(found.joined, connection.execute("SELECT 1").fetchone(), flush=True)
        sys.stdin.read()
    """
    preface = "import sys, psycopg\nfrom pathlib import Path\nfrom yimai.wiring.embedded_database import *\n"
    command = [sys.executable, "-c", f"{preface}arguments = sys.argv[1:]\n{textwrap.dedent(program)}", str(place / "d")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    starters = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    said = sorted(starter.stdout.readline().strip() for starter in starters if starter.stdout)
    for starter in starters:
        starter.communicate("", timeout=120)
    assert said == ["False (1,)", "True (1,)", "True (1,)", "True (1,)"]


def test_a_server_that_does_not_answer_is_refused_by_its_number(begin: Callable[..., EmbeddedDatabase]) -> None:
    database = begin()
    pid = server_pid(database)
    kill(pid, signal.SIGSTOP)
    try:
        assert f"held by process {pid}" in refusal(database.folder)
    finally:
        kill(pid, signal.SIGCONT)
    assert ask(database, "SELECT 1") == 1


def test_a_server_that_could_lose_data_is_not_joined_for_lasting_data(
    begin: Callable[..., EmbeddedDatabase],
) -> None:
    database = begin(durable=False)
    said = refusal(database.folder)
    assert f"held by process {server_pid(database)}" in said
    assert "fsync off" in said
    assert start(database.folder, durable=False).joined


def test_a_file_is_refused(place: Path) -> None:
    (place / "notes.txt").write_text("mine")
    assert "is a file" in refusal(place / "notes.txt")
    assert "cannot be kept" in refusal(place / "notes.txt" / "data")
    assert (place / "notes.txt").read_text() == "mine"


def test_a_folder_with_other_files_is_refused_and_untouched(place: Path) -> None:
    (place / "notes.txt").write_text("mine")
    assert "Name an empty folder" in refusal(place)
    assert [path.name for path in place.iterdir()] == ["notes.txt"]


def test_a_folder_of_another_major_version_is_refused_with_the_way_to_move(
    begin: Callable[..., EmbeddedDatabase], place: Path
) -> None:
    begin().stop()
    (place / "data" / "cluster" / "PG_VERSION").write_text("14\n")
    said = refusal(place / "data")
    assert "was made by PostgreSQL 14" in said
    assert "pg_dumpall" in said


def test_a_full_disk_is_named(place: Path) -> None:
    small = place / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", small]).returncode != 0:
        pytest.skip("only who may mount a small disk can fill it up")
    try:
        assert "is full" in refusal(small / "data")
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_a_corrupt_database_is_reported_with_what_the_server_said(
    begin: Callable[..., EmbeddedDatabase], place: Path
) -> None:
    begin().stop()
    (place / "data" / "cluster" / "global" / "pg_control").write_bytes(bytes(8192))
    said = refusal(place / "data")
    assert "PostgreSQL does not start" in said
    assert "server.log" in said


def test_a_long_path_gets_a_short_private_socket(begin: Callable[..., EmbeddedDatabase], place: Path) -> None:
    database = begin(place / ("long-" * 20) / "病人" / "data")
    assert len(os.fsencode(database.socket_folder / ".s.PGSQL.5432")) <= 100
    assert database.socket_folder.stat().st_mode & 0o777 == 0o700
    assert ask(database, "SELECT 1") == 1
    assert start(database.folder).joined
    database.stop()
    assert not database.socket_folder.exists()


def test_programs_that_are_too_old_or_missing_are_refused(place: Path) -> None:
    assert f"No PostgreSQL 15 or newer that runs here was found in {place}" in refusal(place / "data", binaries=place)
    for name, content in (("initdb", "#!/bin/sh\n"), ("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")):
        (place / name).write_text(content)
        (place / name).chmod(0o755)
    assert "No PostgreSQL 15 or newer" in refusal(place / "data", binaries=place)
    assert not (place / "data").exists()


def test_postgresql_15_of_the_machine_serves_as_well(begin: Callable[..., EmbeddedDatabase]) -> None:
    if not (DEBIANS_15 / "postgres").exists():
        missing_tool("PostgreSQL 15")
    database = begin(binaries=DEBIANS_15)
    assert str(ask(database, "SHOW server_version")).startswith("15.")
    assert ask(database, "SELECT current_setting('data_checksums')") == "on"
    kill(server_pid(database))
    again = begin(binaries=DEBIANS_15)
    assert not again.joined
    again.stop()
    assert "was made by PostgreSQL 15" in refusal(database.folder)


AS_NOBODY = """
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    try:
        found = start(Path(arguments[0]), binaries=Path(arguments[1]))
    except EmbeddedDatabaseProblem as problem:
        sys.exit(print(problem))
    with psycopg.connect(found.url()) as connection:
        print(connection.execute("SELECT current_setting('data_directory')").fetchone()[0])
    found.stop()
"""


def programs_for_anybody() -> Path:
    """Programs that an ordinary user may run, even where the checkout lies in root's own folder."""
    folders = [find_programs().folder, DEBIANS_15]
    for folder in folders:
        if (
            subprocess.run([folder / "postgres", "--version"], user=NOBODY, capture_output=True, cwd="/").returncode
            == 0
        ):
            return folder
    return missing_tool("PostgreSQL that user nobody may run")


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests run as an ordinary user already")
def test_an_ordinary_user_needs_nobodys_help(place: Path) -> None:
    place.chmod(0o777)
    folder = place / "data"
    assert output_of(in_another_process(AS_NOBODY, folder, programs_for_anybody())) == str(folder / "cluster")
    assert (folder / "cluster").stat().st_uid == NOBODY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that its ordinary user may not use")
def test_a_folder_that_the_user_may_not_write_is_refused(place: Path) -> None:
    programs = programs_for_anybody()
    (place / "roots").mkdir()
    assert "belongs to user root" in output_of(in_another_process(AS_NOBODY, place / "roots", programs))
    assert "may not write" in output_of(in_another_process(AS_NOBODY, place / "data", programs))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("namespaces", [True, False])
def test_root_starts_it_as_somebody_else(
    begin: Callable[..., EmbeddedDatabase], place: Path, monkeypatch: pytest.MonkeyPatch, namespaces: bool
) -> None:
    binaries = programs_for_anybody()
    if namespaces and subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine allows no user namespaces; the server runs as nobody")
    if not namespaces:
        monkeypatch.setenv("PATH", str(place))  # no `unshare` there
    database = begin(binaries=binaries)
    status = Path(f"/proc/{server_pid(database)}/status").read_text()
    effective_capabilities = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
    assert int(effective_capabilities, 16) == 0
    assert (database.folder / "cluster").stat().st_uid == (0 if namespaces else NOBODY)
    kill(server_pid(database))
    assert not begin(binaries=binaries).joined


def test_progress_is_told_in_words(place: Path) -> None:
    said: list[str] = []
    database = start(place / "data", progress=said.append)
    start(place / "data", progress=said.append)
    database.stop()
    major = find_programs().major
    assert said[:2] == ["Creating the database (on the first start only)", f"Starting PostgreSQL {major}"]
    assert said[2].startswith("Joined the database server")
    assert len(said) == 3
