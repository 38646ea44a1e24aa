"""``yimai bench web``: how long pages take with 1,000 treatments in flight, what they ask of the database, and scans under load."""

from __future__ import annotations

import logging
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from yimai.interfaces.files.reading import read_base, read_programme, read_recipe
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.founding import Founding, found
from yimai.interfaces.plant.journey import Journey, drive
from yimai.interfaces.plant.plant import Plant
from yimai.interfaces.plant.simulation import Simulation
from yimai.projections import slot_board
from yimai.wiring import bench_pages, bench_report, bench_scan, compiled_code, demo, house, serve
from yimai.wiring.bench_ledger import server_on_disk
from yimai.wiring.bench_pages import Page
from yimai.wiring.bench_report import Figure
from yimai.wiring.problems import CommandProblem

BEGINS: Final = datetime(2026, 3, 2, tzinfo=UTC)
MADE: Final = ("tested", "delivered", "infused")
ONE_IN: Final = 20
"""Of so many treatments one is made whole before; the others wait for what comes before manufacture."""
WAITING: Final = (*("ordered",) * 5, *("accepted",) * 6, "slotted")
UNBOUNDED: Final = {"YIMAI_REQUESTS_A_SECOND": "1000000", "YIMAI_SCANS_A_SECOND": "1000000"}
"""One session asks here for what hundreds of people ask."""
PASSWORD: Final = secrets.token_urlsafe()
ANSWERED: Final = (200, 302)
"""A page, or the way to the page: of what was scanned, of the only thing that was found."""
WRK_SECONDS: Final = 5
CONNECTIONS: Final = 16
BYTES_A_TREATMENT: Final = 600_000


@dataclass(frozen=True)
class Sizes:
    """demonstrated: of the treatments the demonstration's own, with batches in manufacture, open decisions, every stage.
    warm_up: requests of each page that are not counted."""

    treatments: int
    demonstrated: int
    warm_up: int
    requests: int
    runs: int
    looks: int


QUICK: Final = Sizes(32, 24, 1, 2, 1, 1)
USUAL: Final = Sizes(1000, 60, 5, 60, 3, 30)


@dataclass
class Timed:
    """Of one page: seconds of each request, and the most queries that one made."""

    page: Page
    seconds: list[float]
    queries: int

    @property
    def p95(self) -> float:
        return quantiles(self.seconds, n=20)[18] if len(self.seconds) > 1 else self.seconds[0]


class CountingCursor(psycopg.Cursor[Any]):
    """Counts what is asked of the database."""

    asked = 0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        CountingCursor.asked += 1
        return super().execute(*arguments, **options)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print tables, and write the figures to ``json_file`` if one is named; return the exit code. Raises CommandProblem."""
    sizes = QUICK if quick else USUAL
    console = Console(width=None if sys.stdout.isatty() else 110)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    with server_on_disk(sizes.treatments * BYTES_A_TREATMENT) as (server, file_system):
        os.environ["DATABASE_URL"] = server.url()
        database = house.open_database(server.folder / "bench")
        with Progress(*columns, console=console) as bar:
            treatments = _load(database, sizes, bar)
            timed, figures = _measure(database, treatments, sizes, bar)
        machine = bench_report.machine(server, file_system)
    facts = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": "quick: too short to be read as figures" if quick else "usual",
        "treatments": sizes.treatments,
        **machine,
        "pages": [
            {"page": each.page.name, "median_ms": round(median(each.seconds) * 1000, 1), "p95_ms": round(each.p95 * 1000, 1),
             "queries": each.queries, "floor_ratio": _ratio(each, timed[0]), "ms": [round(one * 1000, 2) for one in each.seconds]}
            for each in timed
        ],
    }  # fmt: skip
    _show(timed, console)
    bench_report.show(figures, facts, console)
    if json_file is not None:
        bench_report.write(figures, facts, json_file)
    return 0


def _load(database: house.Database, sizes: Sizes, bar: Progress) -> list[str]:
    """Treatments that stand at every stage, made by the simulated plant through the real actions."""
    clock, chance = Clock(BEGINS), random.Random(1)
    recipe, base = read_recipe(demo.RECIPE), read_base(demo.BASE)
    made: list[Journey] = []
    with house.open_house(database, simulated=True, clock=clock, chance=chance.randbytes, loading=True) as opened:
        found(opened.ledger, Founding(read_programme(demo.PROGRAMME).content, recipe.content, base.content, 1))
        plant = Plant(opened.ledger, clock, recipe.recipe, base.base)
        task = bar.add_task("Loading treatments", total=sizes.treatments)

        def journey() -> Journey:
            made.append(Journey(plant, number=len(made) + 1, fortune=Fortune(spared=True, dispatched_early=True)))
            return made[-1]

        whole = [journey() for _ in range((sizes.treatments - sizes.demonstrated) // ONE_IN)]
        for number, stage in enumerate(MADE):
            drive(plant, whole[number :: len(MADE)], stage)
        bar.update(task, completed=len(made))

        def taken() -> dict[str, list[tuple[datetime, datetime]]]:
            with opened.pool.connection() as connection, connection.cursor() as cursor:
                return slot_board.taken(cursor, base.base.id)

        last = Simulation(opened.ledger, clock, recipe.recipe, base.base, count=sizes.demonstrated, seed=1, taken=taken)
        for _ in last.run():
            bar.update(task, completed=len(made) + len(last.journeys))
        plant.taken = taken
        waiting: dict[str, list[Journey]] = {stage: [] for stage in WAITING}
        for number in range(sizes.treatments - sizes.demonstrated - len(made)):
            waiting[WAITING[number % len(WAITING)]].append(journey())
        for stage, journeys in waiting.items():
            drive(plant, journeys, stage)
            bar.update(task, advance=len(journeys))
        made += last.journeys
        opened.ledger.seal()
    return [each.treatment for each in made]


def _measure(
    database: house.Database, treatments: Sequence[str], sizes: Sizes, bar: Progress
) -> tuple[list[Timed], list[Figure]]:
    offset = serve.clock_offset(database)
    assert offset is not None
    readers = bench_pages.people(database)
    timed = []
    with opened(database, offset) as client:
        pages = list(bench_pages.pages(database, treatments, readers, sizes.warm_up + sizes.requests))
        task = bar.add_task("Asking for pages", total=len(pages))
        for page in pages:
            timed.append(_timed(client, page, sizes))
            bar.update(task, advance=1)
        sessions = {role: client(readers[role]).cookies["sessionid"].value for role in ("qa", "operator", "scheduler")}
    return timed, _scans(database, treatments, readers, sessions, sizes, bar)


@contextmanager
def opened(database: house.Database, offset: timedelta, clock: Callable[[], datetime] | None = None) -> Iterator[Any]:
    """The pages in this process, reading as the screens' role, with cursors that count; clock: what pages take for now."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    os.environ.update(UNBOUNDED)
    os.environ["YIMAI_SECRET_KEY"] = house.secret_key(database)
    django.setup()
    from django.conf import settings
    from django.test import Client

    from yimai.interfaces.accounts import reception
    from yimai.interfaces.accounts.models import Account
    from yimai.interfaces.web import window
    from yimai.store.vault import wrapping_key_in
    from yimai.wiring import account_database
    from yimai.wiring.wsgi import open_bench, settle

    logging.getLogger("django.request").setLevel(logging.ERROR)  # things without the page are passed over
    settings.SECRET_KEY = os.environ["YIMAI_SECRET_KEY"]
    arguments = {"autocommit": True, "cursor_factory": CountingCursor}
    key = wrapping_key_in(house.key_file(database.folder))
    pages_read = ConnectionPool(database.screen_url, min_size=1, max_size=2, kwargs=arguments, open=True)
    with pages_read as pool, ExitStack() as held:
        window.open(pool, clock or (lambda: datetime.now(UTC) + offset), key)
        account_database.use(database.accounts_url)
        reception.open(simulated=True, secrets_key=bytes(32), demo_password="")
        open_bench(database, offset, held)
        compiled_code.make()
        settle()

        def client(person: str) -> Any:
            account = Account.objects.of(person)
            if account is None:  # one for all pages: a password is costly to set
                account = Account(person=person)
                account.set_password(PASSWORD)
                account.save()
            signed_in = Client(SERVER_NAME="localhost")
            signed_in.force_login(account)
            return signed_in

        yield client


def _timed(client: Any, page: Page, sizes: Sizes) -> Timed:
    """As many as wanted, after a few to warm up, passing over things that have no such page yet."""
    browser = client(page.person)
    seconds, queries, answered = [], 0, 0
    for path in page.paths:
        CountingCursor.asked = 0
        begun = time.perf_counter()
        response = browser.get(path)
        took = time.perf_counter() - begun
        if response.status_code == 404:
            continue
        if response.status_code not in ANSWERED:
            raise CommandProblem(f"{path} answered {response.status_code}")
        answered += 1
        if answered > sizes.warm_up:
            seconds.append(took)
            queries = max(queries, CountingCursor.asked)
        if len(seconds) == sizes.requests:
            return Timed(page, seconds, queries)
    raise CommandProblem(f"Only {len(seconds)} of {sizes.requests} addresses had the page {page.name}.")


def _scans(
    database: house.Database,
    treatments: Sequence[str],
    readers: Mapping[str, str],
    sessions: Mapping[str, str],
    sizes: Sizes,
    bar: Progress,
) -> list[Figure]:
    """What the served installation does with scans and signatures: as a browser shows them, then under wrk; each where the machine has it."""
    loaded = sizes.runs if shutil.which("wrk") else 0
    looked = sizes.looks if bench_scan.can_look() else 0
    task = bar.add_task("Scanning", total=loaded + looked)
    figures = []
    if loaded or looked:
        with _served(database) as address:
            if looked:
                figures += bench_scan.scans_seen(address, sessions["operator"], treatments, looked)
                signer = (readers["scheduler"], sessions["scheduler"], PASSWORD)
                waiting = bench_pages.accepted(database, readers["scheduler"])
                figures.append(bench_scan.shown_elsewhere(address, sessions["qa"], signer, waiting, looked))
                bar.update(task, advance=looked)
            if loaded:
                figures += _under_load(address, sessions["qa"], treatments[0], loaded)
                bar.update(task, advance=loaded)
    return figures


def _under_load(address: str, session: str, treatment: str, runs: int) -> list[Figure]:
    """Requests a second of the scan's address under wrk, beside /health of the same server."""
    scan = Figure("scan endpoint, 16 connections", "requests/s")
    latency = Figure("scan endpoint, 16 connections, p99", "ms")
    for _ in range(runs):
        scan.floor_runs.append(_wrk(f"{address}/health", session)[0])
        rate, p99 = _wrk(f"{address}/zh-hans/scan?code={treatment}", session)
        scan.runs.append(rate)
        latency.runs.append(p99)
    return [scan, latency]


@contextmanager
def _served(database: house.Database) -> Iterator[str]:
    """The real server in a process of its own, stopped at the end."""
    environment = {**os.environ, "DATABASE_URL": database.owner_url, **UNBOUNDED}
    command = [
        sys.executable,
        "-c",
        "import sys; from yimai.wiring.command_line import main; sys.exit(main())",
        "serve",
        "--folder",
        str(database.folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if address := re.search(r"http://localhost:(\d+)/", line):
                    yield f"http://127.0.0.1:{address[1]}"
                    return
            raise CommandProblem("the server did not start")
        finally:
            process.terminate()
            process.wait()


def _wrk(address: str, session: str) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in ms."""
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{WRK_SECONDS}s",
        "--latency",
        "-H",
        f"Cookie: sessionid={session}",
        address,
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    if rate is None or p99 is None or "Non-2xx or 3xx" in told:
        raise CommandProblem(f"wrk did not measure {address}: {told.strip()[-300:]}")
    return float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]


def _ratio(each: Timed, floor: Timed) -> float:
    """How many times as long as the floor, of medians."""
    return round(median(each.seconds) / median(floor.seconds), 1)


def _show(timed: Sequence[Timed], console: Console) -> None:
    table = Table(box=SIMPLE)
    table.add_column("page", no_wrap=True)
    for title in ("median, ms", "× floor", "p95, ms", "aim", "queries", "aim"):
        table.add_column(title, justify="right", no_wrap=True)
    for each in timed:
        table.add_row(
            each.page.name,
            f"{median(each.seconds) * 1000:.1f}",
            f"{_ratio(each, timed[0]):.1f}",
            f"{each.p95 * 1000:.1f}",
            "≤ 100 " + ("met" if each.p95 <= 0.1 else "missed"),
            str(each.queries),
            "≤ 20 " + ("met" if each.queries <= 20 else "missed"),
        )
    console.print(table)
