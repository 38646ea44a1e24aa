"""A plant of the demonstration's kind, with treatments at every stage, behind doors that are open as they are to people."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from psycopg.conninfo import make_conninfo
from tests.conftest import TEMPLATE, copy_database
from tests.projections.following import screen_pool
from tests.signing_in import PASSWORD, account_of, accounts_on, register_person, signed_in
from tests.spec.harness import WRAPPING_KEY, clone, founded_ledger, founded_template, founding
from tests.windows import opened_bench, opened_window

from yimai.actions import treatment
from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.files import exchange
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.simulation import ENOUGH, Simulation
from yimai.interfaces.web import window
from yimai.interfaces.web.bench import Bench, Means
from yimai.ledger.ledger import Ledger
from yimai.projections.register import PersonRow
from yimai.store.vault import VaultProblem
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.house import Database, verify_ledger

LOADED = f"{TEMPLATE}_loaded"
HOSPITAL = "demo-hospital-a"
ADDED = (
    PersonRow("second-person-01", HOSPITAL, ("second_person",)),
    PersonRow("inspector-of-the-city", "city-authority", ("inspector",)),
)
"""Roles in which the shipped base registers nobody, and the inspector of every district."""
SECRET = bytes(range(32))


@dataclass(frozen=True)
class LoadedPlant:
    """people: one of each role, by the role."""

    url: str
    ledger: Ledger
    clock: Clock
    people: Mapping[str, PersonRow]

    def client(self, role: str, *, proven: bool = False) -> Client:
        """A browser in which the role's person is signed in. proven: he has given his password a moment ago."""
        person = self.people[role].person
        client = signed_in(Client(SERVER_NAME="localhost"), person)
        if proven:
            account_of(person, PASSWORD)
            client = signed_in(Client(SERVER_NAME="localhost"), person)
            assert client.post("/en/account/prove", {"password": PASSWORD}).status_code == 302
        return client


@contextmanager
def loaded_plant(server: EmbeddedDatabase) -> Iterator[LoadedPlant]:
    """A copy of the loaded database, with every door open on it."""
    with ExitStack() as stack:
        url = stack.enter_context(clone(server, _template(server)))
        stack.enter_context(accounts_on(url))
        ledger, clock = stack.enter_context(founded_ledger(url, Random("a walk through the pages")))
        clock.wait_until(_latest(url))
        screen = stack.enter_context(screen_pool(url))
        stack.enter_context(opened_window(screen, clock, WRAPPING_KEY))
        stack.enter_context(_doors(url, ledger))
        yield LoadedPlant(url, ledger, clock, _people(url))


@contextmanager
def _doors(url: str, ledger: Ledger) -> Iterator[None]:
    """The bench, the labels' window and the desk, as wiring opens them."""
    from yimai.interfaces.accounts import confirming
    from yimai.interfaces.labels import window as labels
    from yimai.interfaces.rest import desk

    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    database = Database(url, make_conninfo(url, user="yimai_app"), "", Path(), None, "")
    acting = Bench(
        ledger,
        SECRET,
        key,
        confirming.confirm,
        lambda person: Means(*confirming.means(person)),
        write_file=exchange.write,
        verify=lambda noted: verify_ledger(database, noted),
    )
    before = labels._opened[:], desk._opened[:]
    labels.open(labels.Window(window.reading, _patient, window.now))
    desk.open(desk.Desk(ledger, SECRET, key, confirming.confirm, window.reading))
    try:
        with opened_bench(acting):
            yield
    finally:
        labels._opened[:], desk._opened[:] = before


def _patient(cursor: psycopg.Cursor[Any], of: str) -> bytes | None:
    try:
        return window.vault_of(cursor).read(of, "patient")
    except VaultProblem:
        return None


def _template(server: EmbeddedDatabase) -> str:
    """Load, once on this server, a database as the demonstration's, and return its name."""
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (LOADED,)).fetchone():
            return LOADED
        logging.getLogger("psycopg").setLevel(logging.ERROR)  # a conflict ends a pipeline early, which is no news
        with clone(server, founded_template(server)) as url:
            with founded_ledger(url, Random("a plant to walk through")) as (ledger, clock):
                recipe, base = recipe_from(founding().recipe), base_from(founding().base)
                simulation = Simulation(ledger, clock, recipe, base, count=ENOUGH, seed=1)
                for _ in simulation.run():
                    pass
                _export(simulation)
                ledger.seal()
            for each in ADDED:
                register_person(url, each.person, each.site, *each.roles)
            name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
            copy_database(admin, str(name), LOADED)
    return LOADED


def _export(simulation: Simulation) -> None:
    """Somebody of the base and of the hospital takes a copy of a treatment's facts."""
    taken = next(each.treatment for each in simulation.journeys if each.hospital == HOSPITAL)
    for person, site in (("qa-01", simulation.plant.base.id), ("hospital-a-physician-01", HOSPITAL)):
        simulation.plant.ask(treatment.export, person, site, treatment=taken, reason="internal_audit")


def _latest(url: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT max(recorded) FROM ledger.entry").fetchone()
    assert row is not None
    return row[0]


def _people(url: str) -> dict[str, PersonRow]:
    """The first person of each role; of the hospitals' people, of one hospital."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT person, site, roles FROM projection.person ORDER BY person DESC").fetchall()
    return {role: PersonRow(person, site, tuple(roles)) for person, site, roles in rows for role in roles}
