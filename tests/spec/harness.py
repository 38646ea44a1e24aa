"""Given facts, when an action, then facts or a refusal: short ways to say so, on a plant that is founded already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from threading import RLock
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.conftest import TEMPLATE, copy_database, make_template

from yimai.actions import request
from yimai.actions.decision import Answer, Done
from yimai.actions.verbs import name_of
from yimai.domain.base import Base, base_from
from yimai.domain.fact import Fact
from yimai.domain.recipe import Recipe
from yimai.domain.recipe_content import recipe_from
from yimai.domain.refusal import Refusal
from yimai.domain.refusals import REFUSALS
from yimai.interfaces.files.reading import CATALOGUE, read_base, read_programme, read_recipe
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.founding import Founding, found
from yimai.interfaces.plant.gates import answer_of
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.plant import Plant
from yimai.ledger.entry import Deposit, Entry
from yimai.ledger.ledger import Ledger
from yimai.ledger.memory import MemoryLedger
from yimai.ledger.verify import Verified
from yimai.projections import rebuild
from yimai.store.postgres_ledger import PostgresLedger
from yimai.store.vault import Vault
from yimai.store.verify import verify
from yimai.wiring.embedded_database import EmbeddedDatabase

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
"""When the plant is founded: a Monday, 08:00 in Shanghai."""
LEDGER = "5bec0000-0000-4000-8000-000000000001"
WRAPPING_KEY = bytes(range(32))
FOUNDED = "yimai_founded"
"""The database in which the plant is founded, of which tests have copies."""


class SpecPlant(Plant):
    """A plant with what tests ask of it."""

    def treatment(self, reach: str = "ordered", *, fortune: Fortune | None = None, **arguments: Any) -> Journey:
        """A new treatment that has walked the ordinary way to a stage; further arguments as for Journey."""
        self.treatments = getattr(self, "treatments", 0) + 1
        return Journey(self, number=self.treatments, fortune=fortune or Fortune(spared=True), **arguments).reach(reach)

    def asks(
        self,
        act: Callable[..., Answer],
        actor: str,
        site: str,
        /,
        *,
        id: Any = "",
        occurred: Any = None,
        **arguments: Any,
    ) -> Answer:
        """Anybody asks for anything: by default under a new command id (text), now (an aware time)."""
        verb = name_of(act)
        command = request.command(
            verb, arguments, id=id or uuid4().hex, actor=actor, site=site, secret=bytes(32), occurred=occurred
        )
        return act(self.ledger, command, **arguments)

    def entries(self, noun: str, identifier: str) -> tuple[Entry, ...]:
        name = f"{noun}/{identifier}"
        return self.ledger.about(name).entries[name]


def answer(command: Callable[..., Done], *arguments: Any, **overrides: Any) -> Answer:
    """What the ledger answers to a journey's command, a refusal included."""
    return answer_of(lambda: command(*arguments, **overrides))


def then_refused(answer: Answer, code: str) -> Refusal:
    """The refusal: it has the code, which the register knows, and says in both languages what to do next."""
    assert isinstance(answer, Refusal), f"not refused, but done: {answer}"
    assert answer.code == code, f"{answer.code}: {answer}"
    assert REFUSALS.get(code, answer.kind) is answer.kind
    assert answer.en.endswith((".", "!"))
    assert answer.zh.endswith("。")
    return answer


def then_facts(answer: Answer, *kinds: type[Fact]) -> tuple[Fact, ...]:
    """The facts that were written: exactly of these kinds, in this order."""
    assert isinstance(answer, Done), f"refused: {answer}"
    assert [type(fact) for fact in answer.facts] == list(kinds)
    return answer.facts


def then_recorded(journey: Journey, code: str) -> None:
    """The refused match of identity is the treatment's last fact."""
    last = journey.plant.ledger.about(f"treatment/{journey.treatment}").entries[f"treatment/{journey.treatment}"][-1]
    assert (last.kind, last.data["code"]) == ("identity.match_refused.v1", code)


@lru_cache(maxsize=1)
def founding() -> Founding:
    """The shipped programme, recipe and base."""
    programme = read_programme(CATALOGUE / "programmes" / "shanghai.yaml")
    recipe = read_recipe(CATALOGUE / "recipes" / "cd19-cart.yaml")
    base = read_base(CATALOGUE / "bases" / "lingang.yaml")
    return Founding(programme.content, recipe.content, base.content, 1)


def plant_in_memory(start: datetime = START) -> SpecPlant:
    """A founded plant of its own: all that a test may move is its own, what was written at the founding is shared."""
    first, then, drawn = _founded_in_memory(start)
    clock, chance = Clock(then), Random()
    chance.setstate(drawn)
    ledger = copy(first)
    ledger._lock, ledger._clock, ledger._chance = RLock(), clock, chance.randbytes
    ledger._claims, ledger._frontier = deepcopy(first._claims), deepcopy(first._frontier)
    ledger._chains = {subject: list(chain) for subject, chain in first._chains.items()}
    ledger._commands, ledger._checkpoints = dict(first._commands), dict(first._checkpoints)
    ledger._entries, ledger.deposits = list(first._entries), list(first.deposits)
    return _plant(ledger, clock)


@lru_cache(maxsize=4)
def _founded_in_memory(start: datetime) -> tuple[MemoryLedger, datetime, Any]:
    """A ledger in which the plant was founded, the time then, and what its source of chance will give."""
    clock, chance = Clock(start), Random("specification")
    ledger = MemoryLedger(ledger_id=LEDGER, clock=clock, chance=chance.randbytes)
    found(ledger, founding())
    return ledger, clock(), chance.getstate()


@contextmanager
def plant_on_postgres(url: str) -> Iterator[SpecPlant]:
    """The plant of a database in which it is founded; checks ledger and projections afterwards."""
    with founded_ledger(url, Random("specification of one test")) as (ledger, clock):
        yield _plant(ledger, clock)
        ledger.seal()
    _check(url)


@contextmanager
def founded_ledger(url: str, chance: Random) -> Iterator[tuple[PostgresLedger, Clock]]:
    clock = Clock(START)
    app, sealer = (make_conninfo(url, user=role) for role in ("yimai_app", "yimai_sealer"))
    arguments: dict[str, Any] = {"kwargs": {"autocommit": True}, "open": True}
    with (
        ConnectionPool(app, min_size=1, max_size=4, **arguments) as pool,
        ConnectionPool(sealer, min_size=0, max_size=1, **arguments) as sealer_pool,
    ):
        ledger = PostgresLedger.open(
            pool,
            ledger_id=LEDGER,
            simulated=True,
            clock=clock,
            chance=chance.randbytes,
            projections=(rebuild.apply,),
            keep=Vault(pool, WRAPPING_KEY, chance=chance.randbytes).keep,
            sealer_pool=sealer_pool,
        )
        yield ledger, clock


def _plant(ledger: Ledger, clock: Clock) -> SpecPlant:
    return SpecPlant(ledger, clock, *_described())


@lru_cache(maxsize=1)
def _described() -> tuple[Recipe, Base]:
    return recipe_from(founding().recipe), base_from(founding().base)


def _check(url: str) -> None:
    """The ledger verifies, and a copy of the founded database that follows what came after the founding is as this one is.

    That the founding's own projections are those that are rebuilt is looked at once, where they are made.
    """
    with (
        psycopg.connect(url, autocommit=True) as connection,
        ConnectionPool(url, min_size=1, max_size=1, kwargs={"autocommit": True}) as pool,
        copied(make_conninfo(url, dbname="postgres"), FOUNDED, name := f"test_{uuid4().hex}"),
        psycopg.connect(url, dbname=name) as second,
    ):
        verdict = verify(connection)
        assert isinstance(verdict, Verified), str(verdict)
        ledger, cursor = PostgresLedger(pool), second.cursor()
        (founded,) = cursor.execute("SELECT max(size) FROM ledger.seal").fetchone() or (0,)
        while entries := ledger.sealed(founded):
            with second.pipeline():
                for _, entry in entries:
                    rebuild.apply(cursor, entry)
            founded = entries[-1][0]
        followed = rebuild.digest(connection.cursor())
        assert rebuild.digest(cursor) == followed, "the projections that followed differ from those that are rebuilt"


@contextmanager
def ledger_on_postgres(
    url: str, clock: Callable[[], datetime], chance: Random, kept: list[Deposit]
) -> Iterator[PostgresLedger]:
    """A new ledger in a database that is migrated and holds none yet; afterwards it is sealed and verifies.

    kept: takes what is meant for the vault.
    """
    app, sealer = (make_conninfo(url, user=role) for role in ("yimai_app", "yimai_sealer"))
    arguments: dict[str, Any] = {"kwargs": {"autocommit": True}, "open": True}
    with (
        ConnectionPool(app, min_size=1, max_size=8, **arguments) as pool,
        ConnectionPool(sealer, min_size=0, max_size=1, **arguments) as sealer_pool,
    ):
        ledger = PostgresLedger.open(
            pool,
            ledger_id=LEDGER,
            simulated=True,
            clock=clock,
            chance=chance.randbytes,
            keep=lambda cursor, deposits: kept.extend(deposits),
            sealer_pool=sealer_pool,
        )
        yield ledger
        ledger.seal()
    with psycopg.connect(url, autocommit=True) as connection:
        verdict = verify(connection)
        assert isinstance(verdict, Verified), str(verdict)


def founded_template(server: EmbeddedDatabase) -> str:
    """Make, once on this server, a database in which the plant is founded, and return its name."""
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (FOUNDED,)).fetchone():
            return FOUNDED
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone():
            make_template(server, admin)
        unfinished = f"{FOUNDED}_unfinished"
        copy_database(admin, TEMPLATE, unfinished)
        url = server.url(database=unfinished)
        with psycopg.connect(url, options="-c role=yimai_owner") as owner:
            rebuild.create(owner.cursor())
        with founded_ledger(url, Random("founding")) as (ledger, _):
            found(ledger, founding())
            ledger.seal()
            with psycopg.connect(url) as owner:
                cursor = owner.cursor()
                followed = rebuild.digest(cursor)
                rebuild.rebuild(cursor, (entry for _, entry in ledger.entries()))
                assert rebuild.digest(cursor) == followed, (
                    "the founding's projections differ from those that are rebuilt"
                )
                owner.rollback()
        admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (unfinished, FOUNDED))))
    return FOUNDED


@contextmanager
def clone(server: EmbeddedDatabase, template: str) -> Iterator[str]:
    """The owner's URL of a copy of the database, dropped afterwards."""
    name = f"test_{uuid4().hex}"
    with copied(server.url(database="postgres"), template, name):
        yield server.url(database=name)


@contextmanager
def copied(admin_url: str, template: str, name: str) -> Iterator[None]:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        copy_database(admin, template, name)
        try:
            yield
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
