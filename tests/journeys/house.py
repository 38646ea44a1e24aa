"""A founded plant, served on loopback as it is to people: real accounts, real signatures, real row security."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.conninfo import make_conninfo
from tests.pages.bench_site.server import Switched
from tests.projections.following import screen_pool
from tests.signing_in import accounts_on
from tests.spec.harness import WRAPPING_KEY, clone, founded_ledger, founded_template
from tests.windows import opened_bench, opened_window

from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.web.bench import Bench, Means
from yimai.ledger.codec import parse
from yimai.ledger.entry import Entry
from yimai.ledger.ledger import Ledger
from yimai.ledger.verify import Verified
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.house import Database, verify_ledger


@dataclass(frozen=True)
class ServedHouse:
    """address: without a path. clock: the simulated ledger's, which the pages run on and tests move. reach: cuts the pages off and back.

    record: a connection to read what was written.
    """

    url: str
    address: str
    ledger: Ledger
    clock: Clock
    reach: Switched
    record: psycopg.Connection[Any]

    def written_until_now(self) -> int:
        """The number of the last entry's arrival."""
        row = self.record.execute("SELECT max(arrival) FROM ledger.entry").fetchone()
        assert row is not None
        return int(row[0])

    def written_after(self, arrival: int) -> tuple[Entry, ...]:
        """Only these: to read the whole ledger before and after each act took half of a journey's time."""
        rows = self.record.execute("SELECT content FROM ledger.entry WHERE arrival > %s ORDER BY arrival", (arrival,))
        return tuple(parse(content) for (content,) in rows)

    def verify(self) -> None:
        """What ``yimai verify`` does, of everything that was recorded until now."""
        self.ledger.seal()
        verdict = verify_ledger(_database(self.url))
        assert isinstance(verdict, Verified), str(verdict)


def _database(url: str) -> Database:
    return Database(url, make_conninfo(url, user="yimai_app"), "", Path(), None, "")


@contextmanager
def served_house(server: EmbeddedDatabase) -> Iterator[ServedHouse]:
    with (
        clone(server, founded_template(server)) as url,
        accounts_on(url),
        founded_ledger(url, Random("a journey in browsers")) as (ledger, clock),
        screen_pool(url) as screen,
        opened_window(screen, clock, WRAPPING_KEY),
        psycopg.connect(url, autocommit=True) as record,
    ):
        from yimai.interfaces.accounts import confirming

        acting = Bench(
            ledger,
            bytes(range(32)),
            Ed25519PrivateKey.from_private_bytes(bytes(32)),
            confirming.confirm,
            lambda person: Means(*confirming.means(person)),
            verify=lambda noted: verify_ledger(_database(url), noted),
        )
        site = Switched()
        site.start()
        try:
            with opened_bench(acting):
                yield ServedHouse(url, f"http://localhost:{site.port}", ledger, clock, site, record)
        finally:
            site.cut()
