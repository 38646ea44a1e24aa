"""The PostgreSQL server that Yimai brings along and starts itself, in a folder that the user can name.

`folder/cluster` is PostgreSQL's data directory, `folder/server.log` its log. The server listens on a socket in a folder
of mode 0700 only, which is what authenticates. It holds a file lock on `folder/server.lock` for as long as any of its
processes lives, so that a dead server is told from a live one even if its process number now is another program's.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shlex
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from yimai.wiring.live_processes import file_lock, is_alive, is_locked, runs_program
from yimai.wiring.postgresql_programs import EmbeddedDatabaseProblem, PostgreSQLPrograms, find_programs, user_name

__all__ = ["EmbeddedDatabase", "EmbeddedDatabaseProblem", "start"]

OWNER, DATABASE, PORT = "yimai_owner", "yimai", 5432
LONGEST_SOCKET_PATH = 100  # bytes; kernels allow 104 to 108
RECOVERY_SECONDS, SILENCE_SECONDS, STOP_SECONDS = 300, 5, 60
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "jit": "off",  # our queries are short
    "timezone": "UTC",
    "lc_messages": "C",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
IN_MEMORY = dict.fromkeys(DURABLE, "off") | {"wal_level": "minimal", "max_wal_senders": "0"}


@dataclass(frozen=True)
class EmbeddedDatabase:
    """A running server; `joined` if another process had started it, and then `stop` leaves it running."""

    folder: Path
    socket_folder: Path
    port: int
    joined: bool
    programs: PostgreSQLPrograms = field(repr=False)
    server_pid: int | None = None
    starter_pid: int = field(default_factory=os.getpid, repr=False)

    def url(self, user: str = OWNER, database: str = DATABASE) -> str:
        """libpq URI of one database through the socket."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={self.port}"

    def stop(self) -> None:
        """Stop the server cleanly (what is not committed is rolled back), if this process started it."""
        if self.joined or os.getpid() != self.starter_pid:
            return
        for mode in ("fast", "immediate"):  # after an immediate stop the next start recovers
            if self.server_pid is None or _pid_in_file(self.folder) != self.server_pid:
                break  # it has stopped already
            where = ("-D", str(self.folder / "cluster"))
            self.programs.run("pg_ctl", "stop", *where, "-m", mode, "-w", "-t", str(STOP_SECONDS))
        if self.socket_folder.parent != self.folder:
            with suppress(OSError):
                self.socket_folder.rmdir()


def start(
    folder: Path, *, durable: bool = True, binaries: Path | None = None, progress: Callable[[str], None] | None = None
) -> EmbeddedDatabase:
    """Start the server whose data are in `folder` (made if need be), or join the one that runs on it.

    `durable=False` trades safety against a crash for speed: for tests in memory. `binaries` is a folder with `initdb`,
    `pg_ctl` and `postgres` (default: see `find_programs`). The server stops when the process that started it exits.
    Raises EmbeddedDatabaseProblem.
    """
    say = progress or (lambda _: None)
    folder = folder.resolve()
    programs = find_programs(binaries)
    try:
        _make_folder(folder, programs.uid)
        with file_lock(folder / "starting.lock"):
            database = _join(folder, durable, programs) or _start(folder, durable, programs, say)
    except OSError as error:
        raise _problem(folder, os.geteuid(), error.strerror or str(error)) from None
    if database.joined:
        say(f"Joined the database server that runs in {folder} (process {database.server_pid})")
    else:
        atexit.register(database.stop)
    return database


def _make_folder(folder: Path, uid: int) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    if not folder.is_dir():
        raise EmbeddedDatabaseProblem(f"{folder} is a file, and the database needs a folder. Name another place.")
    held = {path.name for path in folder.iterdir()}  # the lock is the first file of a start, which may be another's
    if held and "starting.lock" not in held:
        raise EmbeddedDatabaseProblem(f"{folder} holds files that are not Yimai's database. Name an empty folder.")
    if folder.stat().st_uid == os.geteuid() and not (folder / "cluster").exists():
        os.chown(folder, uid, -1)
    if (owner := folder.stat().st_uid) != uid:
        raise EmbeddedDatabaseProblem(
            f"{folder} belongs to user {user_name(owner)}, and the database would run as user {user_name(uid)}. "
            "Start Yimai as the folder's owner, or name another folder."
        )


def _join(folder: Path, durable: bool, programs: PostgreSQLPrograms) -> EmbeddedDatabase | None:
    """The live server on this folder as soon as it answers; None if none lives."""
    begun = time.monotonic()
    while (pid := _pid_in_file(folder)) is not None and (
        is_locked(folder / "server.lock") or runs_program(pid, "postgres")
    ):
        found = EmbeddedDatabase(folder, _socket_folder(folder), PORT, True, programs, pid)
        try:
            with psycopg.connect(found.url(database="postgres"), connect_timeout=2) as connection:
                settings = "SELECT current_setting('data_directory'), current_setting('fsync')"
                place, fsync = connection.execute(settings).fetchone() or ("", "")
            if not (folder / "cluster").samefile(place):
                why = f"it serves {place}"
            elif durable and fsync != "on":
                why = "it runs with fsync off, so that a power cut would lose data"
            else:
                return found
        except psycopg.OperationalError as error:
            why = str(error).strip()
            patience = RECOVERY_SECONDS if "the database system is" in why else SILENCE_SECONDS
            if time.monotonic() < begun + patience:
                time.sleep(0.05)
                continue
        raise EmbeddedDatabaseProblem(
            f"{folder} is held by process {pid}, a database server that cannot be joined: {why}. "
            f"Stop it (kill -INT {pid}), or name another folder."
        )
    return None


def _start(folder: Path, durable: bool, programs: PostgreSQLPrograms, say: Callable[[str], None]) -> EmbeddedDatabase:
    cluster, sockets, log, major = folder / "cluster", _socket_folder(folder), folder / "server.log", programs.major
    if not cluster.exists():
        say("Creating the database (on the first start only)")
        _create_cluster(folder, programs)
    if (made_by := (cluster / "PG_VERSION").read_text().strip()) != str(major):
        raise EmbeddedDatabaseProblem(
            f"{folder} was made by PostgreSQL {made_by}, and this is PostgreSQL {major}. Name another folder; to move "
            f"the data, start PostgreSQL {made_by} on {cluster}, run pg_dumpall, and load its output into a new folder."
        )
    if (pid := _pid_in_file(folder)) is not None and is_alive(pid):  # a killed server's number, now another program's
        for left in (cluster / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"):
            left.unlink(missing_ok=True)
    _make_socket_folder(sockets, programs.uid)
    settings = SETTINGS | (DURABLE if durable else IN_MEMORY) | {"unix_socket_directories": str(sockets)}
    options = shlex.join(f"--{name}={value}" for name, value in settings.items()) + f" -p {PORT}"
    say(f"Starting PostgreSQL {major}")
    log_size = log.stat().st_size if log.exists() else 0
    with file_lock(folder / "server.lock") as lock:
        wait = ("-w", "-t", str(RECOVERY_SECONDS))
        arguments = ("-D", str(cluster), "-l", str(log), "-o", options)
        if programs.run("pg_ctl", "start", *wait, *arguments, keep=(lock,)).returncode != 0:
            written = log.read_bytes()[log_size:].decode(errors="replace") if log.exists() else "it wrote no log"
            raise _problem(folder, programs.uid, written)
    database = EmbeddedDatabase(folder, sockets, PORT, False, programs, _pid_in_file(folder))
    with psycopg.connect(database.url(database="postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")
    return database


def _create_cluster(folder: Path, programs: PostgreSQLPrograms) -> None:
    """Made beside its place and moved there when whole, so that an interrupted start leaves no half cluster."""
    unfinished = folder / "cluster.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    locale = ("--encoding=UTF8", "--locale=C", "--auth=trust", "--data-checksums")
    made = programs.run("initdb", "-D", str(unfinished), "-U", OWNER, *locale, "--no-instructions")
    if made.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise _problem(folder, programs.uid, made.stderr)
    unfinished.rename(folder / "cluster")


def _socket_folder(folder: Path) -> Path:
    """Inside the folder, or where that path is too long for a socket, at a place in /tmp that every start derives."""
    inside = folder / "socket"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
        return inside
    return Path("/tmp") / f"yimai-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _make_socket_folder(sockets: Path, uid: int) -> None:
    with suppress(FileExistsError):
        sockets.mkdir(mode=0o700)
        os.chown(sockets, uid, -1)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise EmbeddedDatabaseProblem(f"{sockets}, where the socket would be, is not a private folder. Remove it.")


def _pid_in_file(folder: Path) -> int | None:
    """The server's process number as PostgreSQL noted it; the process may be dead."""
    try:
        return int((folder / "cluster" / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _problem(folder: Path, uid: int, reason: str) -> EmbeddedDatabaseProblem:
    lines = [line for line in reason.strip().splitlines() if line.strip()]
    if "No space left" in reason or (folder.is_dir() and shutil.disk_usage(folder).free < 2**20):
        return EmbeddedDatabaseProblem(
            f"The disk that holds {folder} is full. Free space on it, or name another folder."
        )
    if any(word in reason for word in ("ermission denied", "not permitted", "Read-only", "Not a directory")):
        return EmbeddedDatabaseProblem(
            f"The database cannot be kept in {folder}, since user {user_name(uid)} may not write there or the "
            f"folders above it are closed ({lines[-1]}). Name another folder, or open this one."
        )
    said = " / ".join(lines[-3:])
    return EmbeddedDatabaseProblem(f"PostgreSQL does not start in {folder}: {said}. See {folder / 'server.log'}.")
