"""``yimai bench ledger``: the ledger's figures on a durable server of its own, beside a floor in the same run."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from yimai.ledger.entry import Entry
from yimai.ledger.verify import FirstProblem
from yimai.projections import rebuild, trace
from yimai.store.postgres_ledger import PostgresLedger
from yimai.wiring import bench_report, bench_treatment, embedded_database, house
from yimai.wiring.bench_clients import FLOOR_DATABASE, Clients, Floor, Way, clients_of, command_of
from yimai.wiring.bench_report import Aim, Figure, writable
from yimai.wiring.bench_treatment import FACTS, SUITES
from yimai.wiring.migrations import migrate
from yimai.wiring.problems import CommandProblem

TREATMENTS_IN_A_BATCH: Final = 20
_BYTES_A_FACT: Final = 5_000  # with indexes, projections and the write-ahead log; seen: about 4,000
_WAYS: Final[tuple[tuple[Way, str], ...]] = (
    ("after_reading", "append after reading"),
    ("with_projections", "  with projections"),
    ("to_new_subjects", "append to new subjects"),
)


@dataclass(frozen=True)
class Sizes:
    """How much is measured. chunk: facts from one seal to the next; passes: of traces, so many treatments each."""

    clients: tuple[int, ...]
    rounds: int
    seconds: float
    facts: int
    chunk: int
    verifies: int
    passes: int
    traced: int


QUICK: Final = Sizes((1, 2), 1, 0.3, 2_560, 1_280, 1, 2, 10)
USUAL: Final = Sizes((1, 8, 16), 3, 4, 1_000_000, 102_400, 3, 5, 60)
LARGE: Final = Sizes((1, 8, 16), 3, 4, 10_000_000, 1_024_000, 1, 5, 60)


def run(large: bool, quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code.

    The server, with fsync on, lies in a temporary folder on disk that is removed afterwards, also after an interrupt.
    Raises EmbeddedDatabaseProblem, CommandProblem.
    """
    sizes = QUICK if quick else LARGE if large else USUAL
    writable(json_file)
    console = Console(width=None if sys.stdout.isatty() else 110)
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with (
        server_on_disk(sizes.facts * _BYTES_A_FACT) as (server, file_system),
        Progress(*columns, console=console) as bar,
    ):
        bench = Bench(server, sizes, bar)
        bench.run()
        machine = bench_report.machine(server, file_system)
    facts = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": "quick: too short to be read as figures" if quick else "large" if large else "usual",
        "facts": sizes.facts,
        "bytes_a_fact": bench.size,
        **machine,
    }
    bench_report.show(bench.figures, facts, console)
    console.print(
        f"Facts of {bench.size} bytes in the median; seal, verify, rebuild and traces: of {bench.loaded:,} facts."
    )
    if json_file is not None:
        bench_report.write(bench.figures, facts, json_file)
    return 0


@contextmanager
def server_on_disk(needed: int) -> Iterator[tuple[embedded_database.EmbeddedDatabase, str]]:
    """A durable server in a temporary folder with ``needed`` free bytes, not in RAM; and its file system's name."""
    place, file_system = _place_on_disk()
    if shutil.disk_usage(place).free < needed:
        raise CommandProblem(
            f"The bench needs {needed / 2**30:.0f} GiB in {place}. Free space there, or name another folder in TMPDIR."
        )
    folder = Path(tempfile.mkdtemp(prefix="yimai-bench-", dir=place))
    try:
        server = embedded_database.start(folder)
        try:
            yield server, file_system
        finally:
            server.stop()
            shutil.rmtree(server.socket_folder, ignore_errors=True)  # it may lie elsewhere: paths of sockets are short
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place_on_disk() -> tuple[Path, str]:
    """The first usual place for temporary files that is not in memory."""
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()]
    for place in places:
        file_system = _file_system(place)
        if place.is_dir() and file_system not in ("tmpfs", "ramfs"):
            return place, file_system
    raise CommandProblem("Every place for temporary files lies in memory. Name a folder on a disk in TMPDIR.")


def _file_system(place: Path) -> str:
    """The type of the file system that holds the place, where the machine tells."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "unknown"
    rows = [line.split() for line in mounts.read_text().splitlines()]
    holding = [(len(row[1]), row[2]) for row in rows if place.resolve().is_relative_to(row[1])]
    return max(holding, default=(0, "unknown"))[1]


class Bench:
    """One run: figures are added as they are measured."""

    def __init__(self, server: embedded_database.EmbeddedDatabase, sizes: Sizes, bar: Progress) -> None:
        self._server, self._sizes, self._bar = server, sizes, bar
        self._task = bar.add_task("Preparing", total=None)
        self.figures: list[Figure] = []
        self.size = 0
        self.loaded = 0
        self._treatments: list[str] = []

    def run(self) -> None:
        """Measure everything."""
        concurrent, filled = self._database("concurrent"), self._database("filled")
        self.size = round(median(self._sizes_of_facts(concurrent)))
        with clients_of(concurrent.app_url, max(self._sizes.clients)) as clients:
            self._concurrent(clients, Floor(self._server, self.size))
        with psycopg.connect(self._server.url(database="postgres"), autocommit=True) as connection:
            for done in ("concurrent", FLOOR_DATABASE):
                connection.execute(f"DROP DATABASE {done} WITH (FORCE)")
        self._load(filled)
        self._verify(filled)
        self._rebuild(filled)
        self._trace(filled)

    def _figure(self, name: str, unit: str, aim: Aim | None = None) -> Figure:
        figure = Figure(name, unit, aim)
        self.figures.append(figure)
        return figure

    def _doing(self, what: str, done: float = 0, total: float | None = None) -> None:
        self._bar.update(self._task, description=what, completed=done, total=total)

    def _database(self, name: str) -> house.Database:
        """A migrated database of its own on this server, with a ledger that has been opened."""
        with psycopg.connect(self._server.url(database="postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        owner, app, sealer = (
            self._server.url(user, name) for user in (embedded_database.OWNER, house.APP, house.SEALER)
        )
        database = house.Database(owner, app, sealer, self._server.folder, self._server)
        migrate(database.owner_url)
        with psycopg.connect(database.owner_url) as connection:
            rebuild.create(connection.cursor())
        with self._ledger(database) as ledger:
            assert not ledger.simulated
        return database

    @contextmanager
    def _ledger(self, database: house.Database) -> Iterator[PostgresLedger]:
        arguments: dict[str, Any] = {"min_size": 1, "max_size": 1, "kwargs": {"autocommit": True}, "open": True}
        with (
            ConnectionPool(database.app_url, **arguments) as pool,
            ConnectionPool(database.sealer_url, **arguments) as sealer_pool,
        ):
            identifier = str(uuid.uuid4())
            yield PostgresLedger.open(pool, ledger_id=identifier, simulated=False, sealer_pool=sealer_pool)

    def _sizes_of_facts(self, database: house.Database) -> list[int]:
        """The canonical bytes of one treatment's facts."""
        (treatment,) = bench_treatment.told(SUITES - 1, 1, "sizes")
        with self._ledger(database) as ledger:
            subjects = {subject for told in treatment for subject in told.draft.subjects}
            entries = ledger.append(
                [told.draft for told in treatment],
                command=command_of(treatment[0], "sizes"),
                after=ledger.about(*subjects),
            )
        return [len(entry.content) for entry in entries]

    def _concurrent(self, clients: Clients, floor: Floor) -> None:
        """Appends with 1, 8 and 16 clients, the floor before each of them, in turn."""
        sizes = self._sizes
        figures: dict[tuple[int, Way], Figure] = {}
        for number in sizes.clients:
            for way, words in _WAYS:
                aim = Aim("ratio", 0.5) if way == "after_reading" and number > 1 else None
                name = f"{words}, {number} client{'s' if number > 1 else ''}"
                figures[number, way] = self._figure(name, "facts/s", aim)
        done, total = 0, sizes.rounds * len(sizes.clients) * len(_WAYS)
        for round_ in range(sizes.rounds):
            for number in sizes.clients:
                for way, _ in _WAYS:
                    self._doing(f"Appends, {number} clients, round {round_ + 1} of {sizes.rounds}", done, total)
                    figure = figures[number, way]
                    figure.floor_runs.append(floor.inserts(number, sizes.seconds))
                    figure.runs.append(clients.append(way, number, sizes.seconds))
                    done += 1

    def _load(self, database: house.Database) -> None:
        """Fill a ledger by batches through the ledger's own append, sealing on the way."""
        facts_in_batch = TREATMENTS_IN_A_BATCH * FACTS
        batches = self._figure(f"append {facts_in_batch:,} facts at once, 1 client", "facts/s", Aim("value", 10_000))
        sealing = self._figure("seal", "facts/s")
        chance = random.Random(2)
        with self._ledger(database) as ledger:
            ledger.seal()
            unsealed, spent, number = 0, 0.0, 0
            while self.loaded < self._sizes.facts:
                self._doing("Filling a ledger by batches", self.loaded, self._sizes.facts)
                treatments = list(bench_treatment.told(number, TREATMENTS_IN_A_BATCH, "batches"))
                drafts = [told.draft for treatment in treatments for told in treatment]
                known = {subject for draft in drafts for subject in draft.subjects if subject.startswith("suite/")}
                first = treatments[0][0]
                begun = time.perf_counter()
                ledger.append(drafts, command=command_of(first, f"batch-{number}"), after=ledger.about(*sorted(known)))
                spent += time.perf_counter() - begun
                self._treatments += [told[0].draft.subjects[0] for told in chance.sample(treatments, 4)]
                number += TREATMENTS_IN_A_BATCH
                unsealed += len(drafts)
                self.loaded += len(drafts)
                if unsealed >= self._sizes.chunk or self.loaded >= self._sizes.facts:
                    batches.runs.append(unsealed / spent)
                    begun = time.perf_counter()
                    ledger.seal()
                    sealing.runs.append(unsealed / (time.perf_counter() - begun))
                    unsealed, spent = 0, 0.0

    def _verify(self, database: house.Database) -> None:
        figure = self._figure("verify", "facts/s", Aim("value", 50_000))
        for turn in range(self._sizes.verifies):
            self._doing(f"Verifying {self.loaded:,} facts", turn, self._sizes.verifies)
            begun = time.perf_counter()
            outcome = house.verify_ledger(database)
            figure.runs.append(self.loaded / (time.perf_counter() - begun))
            if isinstance(outcome, FirstProblem) or outcome.size != self.loaded + 1:
                raise CommandProblem(f"The ledger that was filled does not verify: {outcome}")

    def _rebuild(self, database: house.Database) -> None:
        figure = self._figure("rebuild the projections", "facts/s")
        moments: list[float] = []

        def watched(entries: Iterable[Entry]) -> Iterator[Entry]:
            for number, entry in enumerate(entries):
                if number % self._sizes.chunk == 0:
                    moments.append(time.perf_counter())
                    self._doing("Rebuilding the projections", number, self.loaded)
                yield entry

        with self._ledger(database) as ledger, psycopg.connect(database.app_url) as connection:
            begun = time.perf_counter()
            count = rebuild.rebuild(connection.cursor(), watched(entry for _, entry in ledger.entries()))
            connection.commit()
            ended = time.perf_counter()
        whole = [self._sizes.chunk / (later - earlier) for earlier, later in pairwise(moments)]
        figure.runs.extend(whole or [count / (ended - begun)])

    def _trace(self, database: house.Database) -> None:
        """Traces of treatments that were chosen at random, each asked for once."""
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            self._doing("Gathering the planner's statistics")
            connection.execute("ANALYZE")
        aim = Aim("value", 50, "most")
        shown = [self._figure(f"trace one treatment, {name}", "ms", aim) for name in ("p50", "p95")]
        read = [self._figure(f"read one treatment's chain, {name}", "ms", aim) for name in ("p50", "p95")]
        chosen = random.Random(3).sample(self._treatments, min(len(self._treatments), self._sizes.traced))
        for turn in range(self._sizes.passes):
            self._doing("Tracing treatments", turn, self._sizes.passes)
            with self._ledger(database) as ledger, psycopg.connect(database.app_url, autocommit=True) as connection:
                ledger.about(chosen[0])
                traces, readings = [], []
                for subject in chosen[1:]:
                    begun = time.perf_counter()
                    (about,) = trace.about(connection.cursor(), subject.removeprefix("treatment/"))
                    traced = time.perf_counter()
                    entries = ledger.about(subject).entries[subject]
                    readings.append(1000 * (time.perf_counter() - traced))
                    traces.append(1000 * (traced - begun))
                    if not len(entries) == about.total == FACTS:
                        raise CommandProblem(
                            f"{subject} has {FACTS} facts, but {len(entries)} and {about.total} were found"
                        )
            for figures, times in ((shown, traces), (read, readings)):
                figures[0].runs.append(median(times))
                figures[1].runs.append(quantiles(times, n=20)[-1])
