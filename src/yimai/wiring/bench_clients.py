"""The bench's clients: processes that append through the ledger, and pgbench, which shows what the server can do at most."""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Final, Literal, NamedTuple

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from yimai.ledger.entry import Command, Reading
from yimai.projections import rebuild
from yimai.store.postgres_ledger import PostgresLedger
from yimai.wiring import bench_treatment
from yimai.wiring.bench_treatment import FACTS, SUITES, Told
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.problems import CommandProblem

Way = Literal["after_reading", "with_projections", "to_new_subjects"]
"""How a client appends: each fact after reading its subjects; the same with the projections in the transaction; the
first fact of a new treatment, without reading."""

FLOOR_DATABASE: Final = "floor"
_FASTEST: Final = 3000  # facts a second that one client may need; those that are left over wait for the next turn


class Turn(NamedTuple):
    """What one client is asked to do: ``way``, from ``starts`` (of time.time()) for so many seconds."""

    way: Way
    starts: float
    seconds: float


class Clients:
    """Client processes, each with one connection; the first n of them are asked to append at the same time."""

    def __init__(self, url: str, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Pipe] = []
        self._processes = []
        for client in range(number):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(url, client, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()

    def append(self, way: Way, clients: int, seconds: float) -> float:
        """Return the appends per second that the first ``clients`` processes achieve together."""
        pipes = self._pipes[:clients]
        for pipe in pipes:
            pipe.send(("prepare", way, seconds / clients))
        for pipe in pipes:
            pipe.recv()
        starts = time.time() + 0.05
        for pipe in pipes:
            pipe.send(("append", Turn(way, starts, seconds)))
        done = [pipe.recv() for pipe in pipes]
        return float(sum(count / took for count, took in done))

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10)
            process.kill()


@contextmanager
def clients_of(url: str, number: int) -> Iterator[Clients]:
    clients = Clients(url, number)
    try:
        yield clients
    finally:
        clients.close()


class _Client:
    """One client process's ledgers and the facts that it has ready."""

    def __init__(self, url: str, client: int) -> None:
        self._pool = ConnectionPool(url, min_size=1, max_size=1, kwargs={"autocommit": True}, open=True)
        plain = PostgresLedger(self._pool)
        shown = PostgresLedger(self._pool, projections=(rebuild.apply,))
        self._ledgers = {"after_reading": plain, "with_projections": shown, "to_new_subjects": plain}
        self._client = client
        self._told = 0
        self._turns: Counter[Way] = Counter()
        self._commands = 0
        self._ready: dict[Way, list[Told]] = {}

    def prepare(self, way: Way, facts: int) -> None:
        """Have at least so many facts ready, the next one last."""
        ready = self._ready.get(way, [])
        if len(ready) >= facts:
            return
        missing, more = facts - len(ready), list[Told]()
        for _ in range(missing if way == "to_new_subjects" else -(-missing // FACTS)):
            self._told += 1
            if way == "to_new_subjects":  # only an order, which claims nothing, so its number may repeat
                more += next(bench_treatment.told(0, 1, f"{self._client} {self._told}"))[:1]
                continue
            # suites of its own: otherwise clients would wait for one another as only people in one room do
            number = self._turns[way] * SUITES + 2 * self._client + (way == "with_projections")
            more += next(bench_treatment.told(number, 1, f"{self._client} {self._told}"))
            self._turns[way] += 1
        self._ready[way] = [*reversed(more), *ready]

    def append(self, turn: Turn) -> tuple[int, float]:
        """Append until the time is up; return how many facts were written and the seconds that took."""
        ledger, ready, count = self._ledgers[turn.way], self._ready[turn.way], 0
        ends = turn.starts + turn.seconds
        while time.time() < turn.starts:
            time.sleep(0.0005)
        while ready and time.time() < ends:
            told = ready.pop()
            self._commands += 1
            command = command_of(told, f"bench-{self._client}-{self._commands}")
            blind = turn.way == "to_new_subjects"
            after = Reading(datetime.now(UTC), {}, {}) if blind else ledger.about(*told.draft.subjects)
            ledger.append((told.draft,), command=command, after=after)
            count += 1
        return count, max(time.time() - turn.starts, 1e-6)


def command_of(told: Told, name: str) -> Command:
    """The command under which a fact is written; its request stands for what a person would have sent."""
    return Command(name, told.actor, told.site, hashlib.sha256(name.encode()).digest())


def _serve(url: str, client: int, pipe: Pipe) -> None:
    """Do what the bench asks for until it hangs up; an interrupt is the bench's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = _Client(url, client)
    worker.prepare("after_reading", FACTS)
    worker.append(Turn("after_reading", time.time(), 0.3))  # plans and caches are warm afterwards
    pipe.send("ready")
    try:
        while True:
            match pipe.recv():
                case ("prepare", way, share):
                    worker.prepare(way, round(_FASTEST * share) + FACTS)
                    pipe.send("ready")
                case ("append", turn):
                    pipe.send(worker.append(turn))
    except (EOFError, OSError):
        return


class Floor:
    """pgbench with prepared statements: one row of ``size`` bytes per commit into a table with nothing but its key."""

    def __init__(self, server: EmbeddedDatabase, size: int) -> None:
        self._server = server
        self._program = server.programs.folder / "pgbench"
        if not self._program.exists():
            raise CommandProblem(
                f"The floor is measured by pgbench, which is not beside the server's programs in {server.programs.folder}. "
                "Install PostgreSQL's client programs (Debian: postgresql-contrib)."
            )
        self._script = server.folder / "floor.sql"
        content = "\\x" + hashlib.shake_256(b"floor").hexdigest(size)
        statement = sql.SQL("INSERT INTO floor (content) VALUES ({});\n").format(content)
        self._script.write_text(statement.as_string())
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {FLOOR_DATABASE}")
        with psycopg.connect(server.url(database=FLOOR_DATABASE)) as connection:
            connection.execute(
                "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content bytea NOT NULL)"
            )

    def inserts(self, clients: int, seconds: float) -> float:
        """Return the inserts per second that so many clients achieve together (pgbench takes whole seconds)."""
        database = self._server.url(database=FLOOR_DATABASE)
        ran = subprocess.run(
            [
                str(self._program), "--no-vacuum", "--protocol=prepared", f"--file={self._script}", f"--client={clients}",
                f"--jobs={min(clients, 2)}", f"--time={max(1, round(seconds))}", database,
            ],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=Path("/"),
        )  # fmt: skip
        found = re.search(r"tps = ([0-9.]+) \(without", ran.stdout)
        if ran.returncode != 0 or found is None:
            raise CommandProblem(f"pgbench failed: {(ran.stderr or ran.stdout).strip()}")
        return float(found[1])
