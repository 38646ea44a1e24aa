"""``yimai bench programme``: a city's dashboard over a ledger of 1,000,000 facts of production, five years of 20 sites.

The ledger lies on a durable server of its own and is sealed each month, as numbers of patients are told by the month. Measured are all
receipts, cold from the ledger, and the dashboard's page as a planner is given it: by a server that has read nothing yet, again, after a
further fact, and after a month's end. Receipts computed cold and from what is kept must be the same bytes.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from yimai.domain.fact import Signature, draft
from yimai.domain.infusion import InfusionStarted
from yimai.domain.measure import Question
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.receipt_document import receipt_of
from yimai.domain.sealed_facts import SealedFacts
from yimai.domain.suite import SuiteRegistered
from yimai.interfaces.files.reading import read_base, read_programme, read_recipe
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.founding import Founding, found
from yimai.ledger.entry import Checkpoint, Draft
from yimai.projections import receipt_board
from yimai.store.postgres_ledger import PostgresLedger
from yimai.wiring import bench_pages, bench_report, bench_treatment, demo, house, serve
from yimai.wiring.bench_clients import command_of
from yimai.wiring.bench_ledger import TREATMENTS_IN_A_BATCH, server_on_disk
from yimai.wiring.bench_report import Aim, Figure, writable
from yimai.wiring.bench_treatment import FACTS, SUITES, Told
from yimai.wiring.bench_web import opened
from yimai.wiring.problems import CommandProblem

SITES: Final = tuple(f"site-{number:02}" for number in range(1, 21))
BEGINS: Final = datetime(2026, 1, 5, tzinfo=UTC)
TURN: Final = timedelta(days=28)
"""For so long 240 suites are taken up by as many treatments."""
MONTH: Final = timedelta(days=31)
PAGE: Final = "/zh-hans/programme"
BYTES_A_FACT: Final = 4_000


@dataclass(frozen=True)
class Sizes:
    """batches: of twenty treatments. rounds: how often each figure is measured."""

    batches: int
    rounds: int


QUICK: Final = Sizes(13, 1)
USUAL: Final = Sizes(770, 3)


def run(quick: bool, json_file: Path | None) -> int:
    """Measure, print a table, and write the figures to ``json_file`` if one is named; return the exit code.

    Raises EmbeddedDatabaseProblem, CommandProblem.
    """
    sizes = QUICK if quick else USUAL
    writable(json_file)
    console = Console(width=None if sys.stdout.isatty() else 130)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    needed = sizes.batches * TREATMENTS_IN_A_BATCH * FACTS * BYTES_A_FACT
    with server_on_disk(needed) as (server, file_system):
        os.environ["DATABASE_URL"] = server.url()
        database = house.open_database(server.folder / "bench")
        with Progress(*columns, console=console) as bar:
            bench = Bench(database, sizes, bar)
            bench.run()
        machine = bench_report.machine(server, file_system)
    facts = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": "quick: too small to be read as figures" if quick else "usual",
        "facts": bench.facts,
        "read_by_measures": bench.read,
        "same_bytes": bench.same,
        "load": os.getloadavg(),
        **machine,
    }
    bench_report.show(bench.figures, facts, console)
    console.print(
        f"{bench.facts:,} facts, of which measures read {bench.read:,}; receipts cold and kept: "
        + ("the same bytes." if bench.same else "[red]not the same bytes.[/red]")
    )
    if json_file is not None:
        bench_report.write(bench.figures, facts, json_file)
    return 0 if bench.same else 1


class Bench:
    """One run. facts: in the ledger; read: of those, by measures; same: whether cold and kept receipts were the same bytes."""

    def __init__(self, database: house.Database, sizes: Sizes, bar: Progress) -> None:
        self._database, self._sizes, self._bar = database, sizes, bar
        self._clock = Clock(BEGINS)
        self._told = sizes.batches * TREATMENTS_IN_A_BATCH
        self.facts = self.read = 0
        self.same = True
        self.figures = [
            Figure("cold: every receipt from the ledger", "s", Aim("value", 60, "most")),
            Figure("receipts, kept", "1/s"),
            Figure("dashboard, by a server that has read nothing yet", "s"),
            Figure("dashboard again", "s", Aim("value", 1, "most")),
            Figure("dashboard after a further fact", "s", Aim("value", 1, "most")),
            Figure("dashboard after a month's end", "s", Aim("value", 1, "most")),
        ]

    def run(self) -> None:
        """Measure everything."""
        recipe, base = read_recipe(demo.RECIPE), read_base(demo.BASE)
        with house.open_house(self._database, simulated=True, clock=self._clock, loading=True) as opened_house:
            found(
                opened_house.ledger, Founding(read_programme(demo.PROGRAMME).content, recipe.content, base.content, 1)
            )
        with self._ledger() as ledger:
            self._fill(ledger)
            self._receipts(ledger)
            self._dashboard(ledger)

    @contextmanager
    def _ledger(self) -> Iterator[PostgresLedger]:
        """Without projections: the dashboard follows from the ledger, and the treatments' pages are not asked for."""
        arguments: dict[str, Any] = {"min_size": 1, "max_size": 1, "kwargs": {"autocommit": True}, "open": True}
        with (
            ConnectionPool(self._database.app_url, **arguments) as pool,
            ConnectionPool(self._database.sealer_url, **arguments) as sealer_pool,
        ):
            yield PostgresLedger.open(
                pool, ledger_id=str(uuid.uuid4()), simulated=True, clock=self._clock, sealer_pool=sealer_pool
            )

    def _fill(self, ledger: PostgresLedger) -> None:
        """Five years of treatments, sealed whenever a month has ended."""
        task = self._bar.add_task("Filling the ledger", total=self._sizes.batches)
        suites = [SuiteRegistered(f"{site}-suite-{each}", site, "B") for site in SITES for each in range(1, 11)]
        first = next(bench_treatment.told(SUITES, 1, "suites"))[0]
        self._append(ledger, [draft(each, self._clock()) for each in suites], first, "suites")
        month = self._clock().month
        for number in range(self._sizes.batches):
            begun = number * TREATMENTS_IN_A_BATCH
            now = BEGINS + (begun // SUITES + 1) * TURN + timedelta(minutes=number)
            if now.month != month:
                ledger.seal()  # by the clock of the month that has ended
                month = now.month
            self._clock.wait_until(now)
            site = SITES[number % len(SITES)]
            treatments = list(bench_treatment.told(begun, TREATMENTS_IN_A_BATCH, "programme", site=site, turn=TURN))
            drafts = [each for told in treatments for each in (*(one.draft for one in told), _infused(told))]
            self._append(ledger, drafts, Told(drafts[0], treatments[0][0].actor, site), f"batch-{number}")
            self._bar.update(task, completed=number + 1)
        ledger.seal()

    def _append(self, ledger: PostgresLedger, drafts: list[Draft], first: Told, name: str) -> None:
        known = {each for one in drafts for each in one.subjects if each.startswith("suite/")}
        ledger.append(drafts, command=command_of(first, name), after=ledger.about(*sorted(known)))
        self.facts += len(drafts)

    def _receipts(self, ledger: PostgresLedger) -> None:
        """Cold and kept, of the same facts: until half of the ledger first, then until its end."""
        cold, speed = self.figures[:2]
        sealed = ledger.checkpoint()
        assert sealed is not None
        task = self._bar.add_task("Receipts, cold and kept", total=self._sizes.rounds)
        with psycopg.connect(self._database.app_url, autocommit=True) as connection:
            cursor = connection.cursor()
            kept, half = SealedFacts(), receipt_board.sealed(cursor, sealed.size // 2)
            assert half is not None
            _documents(kept, cursor, half)
            for _ in range(self._sizes.rounds):
                begun = time.perf_counter()
                fresh = _documents(SealedFacts(), cursor, sealed)
                cold.runs.append(time.perf_counter() - begun)
                self.same = self.same and _documents(kept, cursor, sealed) == fresh
                begun = time.perf_counter()
                _documents(kept, cursor, sealed)
                speed.runs.append(len(fresh) / (time.perf_counter() - begun))
                self._bar.update(task, advance=1)
            row = cursor.execute("SELECT count(*) FROM projection.measured").fetchone()
            self.read = row[0] if row is not None else 0

    def _dashboard(self, ledger: PostgresLedger) -> None:
        """The page as a planner is given it."""
        unread, again, further, ended = self.figures[2:]
        task = self._bar.add_task("Asking for the dashboard", total=self._sizes.rounds)
        offset = serve.clock_offset(self._database)
        assert offset is not None
        with opened(self._database, offset, self._clock) as client:
            person = bench_pages.people(self._database)["planner"]
            client(person).get("/zh-hans/")  # what is loaded once for any page does not count
            self._ask(client(person), unread)
            for round_ in range(self._sizes.rounds):
                self._ask(client(person), again)
                self._further(ledger, f"further-{round_}")
                self._ask(client(person), further)
                self._clock.advance(MONTH)
                self._further(ledger, f"ended-{round_}")
                self._ask(client(person), ended)  # signed in anew: a session does not last a month
                self._bar.update(task, advance=1)

    def _further(self, ledger: PostgresLedger, name: str) -> None:
        (told,) = bench_treatment.told(self._told, 1, name, site=SITES[0], turn=TURN)
        self._told += 1
        drafts = [*(each.draft for each in told), _infused(told)]
        self._append(ledger, drafts, Told(drafts[0], told[0].actor, SITES[0]), name)
        ledger.seal()

    def _ask(self, planner: Any, figure: Figure) -> None:
        begun = time.perf_counter()
        answer = planner.get(PAGE)
        figure.runs.append(time.perf_counter() - begun)
        if answer.status_code != 200:
            raise CommandProblem(f"{PAGE} answered {answer.status_code}")


def _documents(kept: SealedFacts, cursor: psycopg.Cursor[Any], sealed: Checkpoint) -> list[bytes]:
    """The documents of every measure, over all the years and over the last one."""
    entries, root = partial(receipt_board.measured_entries, cursor), partial(receipt_board.root_at, cursor)
    facts = kept.until(sealed, entries, root)
    until = sealed.sealed.date()
    questions = [Question(name, until, first) for name in DEFINITIONS for first in (None, date(until.year, 1, 1))]
    return [receipt_of(each, kept.measure(each, facts, sealed.ledger), sealed).document for each in questions]


def _infused(treatment: list[Told]) -> Draft:
    """That its bag was infused, two days after the last that was told of it."""
    subjects = {kind: key for each in treatment for kind, key in (one.split("/", 1) for one in each.draft.subjects)}
    told = treatment[-1].draft
    signed = Signature("nurse-01", "5e" * 32, "performed", told.occurred)
    infused = InfusionStarted(
        subjects["treatment"], f"permit-{subjects['treatment']}", subjects["container"], signed, signed
    )
    return draft(infused, told.occurred + timedelta(days=2))
