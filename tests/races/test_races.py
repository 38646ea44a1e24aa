"""Races: what many people want at the same moment exactly one of them gets, in the database, through the actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.spec.harness import SpecPlant, clone, founded_template, plant_on_postgres

from yimai.actions import request
from yimai.actions.decision import Answer, Done
from yimai.domain.facts import decode
from yimai.domain.infusion import InfusionStarted
from yimai.domain.refusal import Refusal
from yimai.ledger.ledger import Ledger
from yimai.projections import rebuild
from yimai.store.postgres_ledger import PostgresLedger
from yimai.wiring.embedded_database import EmbeddedDatabase

CLIENTS = 64


@dataclass(frozen=True)
class Wish:
    """What somebody is about to ask for."""

    act: Callable[..., Answer]
    actor: str
    site: str
    arguments: dict[str, Any]

    def ask(self, ledger: Ledger) -> Answer:
        asked = request.command(
            self.act.__name__, self.arguments, id=uuid4().hex, actor=self.actor, site=self.site, secret=bytes(32)
        )
        return self.act(ledger, asked, **self.arguments)


def wish(plant: SpecPlant, command: Callable[[], Any]) -> Wish:
    """What the journey's command would ask for, without asking."""
    caught: list[Wish] = []

    def catch(act: Callable[..., Answer], actor: str, site: str, **arguments: Any) -> Answer:
        caught.append(Wish(act, actor, site, arguments))
        raise InterruptedError

    plant.ask = catch  # type: ignore[method-assign,assignment]  # only while the wish is read
    try:
        with pytest.raises(InterruptedError):
            command()
    finally:
        del plant.ask
    return caught[0]


@dataclass
class Arena:
    """A founded plant, and a ledger on which many can append at the same time."""

    plant: SpecPlant
    ledger: PostgresLedger
    url: str

    def race(self, wishes: list[Wish]) -> list[Answer]:
        """Ask for all of them at the same moment; return the answers in their order."""
        start = Barrier(len(wishes))

        def run(each: Wish) -> Answer:
            start.wait()
            return each.ask(self.ledger)

        with ThreadPoolExecutor(len(wishes)) as people:
            return list(people.map(run, wishes))


@pytest.fixture
def arena(postgres: EmbeddedDatabase) -> Iterator[Arena]:
    with clone(postgres, founded_template(postgres)) as url, plant_on_postgres(url) as plant:
        app = make_conninfo(url, user="yimai_app")
        with ConnectionPool(app, min_size=CLIENTS, max_size=CLIENTS, kwargs={"autocommit": True}, open=True) as pool:
            pool.wait()
            ledger = PostgresLedger(pool, clock=plant.clock, projections=(rebuild.apply,))
            yield Arena(plant, ledger, url)


def codes(answers: list[Answer]) -> Counter[str]:
    return Counter("done" if isinstance(each, Done) else each.code for each in answers)


def test_the_last_slot_goes_to_exactly_one_of_64_clients(arena: Arena) -> None:
    """64 treatments want the same suite at the same time."""
    journeys = [arena.plant.treatment("accepted") for _ in range(CLIENTS)]
    itinerary = journeys[-1].offered(arena.plant.clock())[-1]
    wishes = [wish(arena.plant, lambda each=each: each.reserve(itinerary=itinerary)) for each in journeys]  # type: ignore[misc]
    answers = arena.race(wishes)
    assert codes(answers) == {"done": 1, "decision.taken": CLIENTS - 1}
    with psycopg.connect(arena.url) as connection:
        held = connection.execute("SELECT count(*) FROM ledger.claim WHERE kind = 'suite'").fetchone()
    assert held == (1,)


def test_of_two_infusions_on_one_permit_exactly_one_begins(arena: Arena) -> None:
    """Sixteen pairs of hands press the button at the same moment; the permit is used once."""
    journey = arena.plant.treatment("matched")
    wanted = wish(arena.plant, lambda: journey.infuse(journey.final_bags[0]))
    answers = arena.race([wanted] * 16)
    counted = codes(answers)
    assert counted["done"] == 1, counted
    chain = arena.ledger.about(f"treatment/{journey.treatment}").entries[f"treatment/{journey.treatment}"]
    assert sum(isinstance(decode(entry), InfusionStarted) for entry in chain) == 1


def test_of_two_signatures_on_one_step_exactly_one_stands(arena: Arena) -> None:
    """Two people sign the same step as completed, with different values; the other is told what happened."""
    journey = arena.plant.treatment("before:wash")
    step = next(each for each in arena.plant.recipe.steps if each.id == "wash")
    journey.begin_step(step)
    wanted = [wish(arena.plant, lambda: journey.complete_step(step)) for _ in range(8)]
    answers = arena.race(wanted)
    assert codes(answers)["done"] == 1
    refusals = {each.code for each in answers if isinstance(each, Refusal)}
    assert refusals <= {"batch.step_already_completed", "batch.step_not_started", "decision.try_again"}, refusals


def test_one_request_sent_many_times_at_once_is_done_once(arena: Arena) -> None:
    """A tablet on a bad network repeats the same command; everybody gets the same answer."""
    journey = arena.plant.treatment("consented")
    wanted = wish(arena.plant, journey.accept)
    asked = request.command("accept", {}, id="same", actor=wanted.actor, site=wanted.site, secret=bytes(32))
    start = Barrier(16)

    def run(_: int) -> Answer:
        start.wait()
        return wanted.act(arena.ledger, asked, **wanted.arguments)

    with ThreadPoolExecutor(16) as people:
        answers = list(people.map(run, range(16)))
    hashes = {tuple(entry.hash for entry in each.entries) for each in answers if isinstance(each, Done)}
    assert len(hashes) == 1
    assert all(isinstance(each, Done) for each in answers)
