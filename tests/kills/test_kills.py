"""Application processes, backends and whole servers are killed with SIGKILL while facts are appended, 50 times.

A killed process takes with it what was only in its memory, as a commit that was acknowledged before it reached the disk's
queue would be. What only a power cut can lose (the kernel's page cache) is guarded by fsync, which is on here.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from tests.kills import writer
from tests.kills.writer import Sent

from yimai.ledger.codec import parse
from yimai.ledger.entry import Checkpoint, Entry
from yimai.ledger.verify import Verified
from yimai.wiring import embedded_database, house

Victim = Literal["application", "backend", "server"]

SEED = 20260803
KILLS: dict[Victim, int] = {"application": 20, "backend": 18, "server": 12}
WRITERS = 3
READY_SECONDS = 30
REPEATED = 3


def test_50_kills_lose_no_acknowledged_fact_and_invent_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    chance = random.Random(SEED)
    victims = [victim for victim, times in KILLS.items() for _ in range(times)]
    chance.shuffle(victims)
    assert len(victims) == 50
    killed: Counter[Victim] = Counter()
    with scene(tmp_path, chance) as plant:
        for victim in victims:
            plant.wait_until_all_append()
            time.sleep(chance.uniform(0, 0.3))
            plant.kill(victim)
            killed[victim] += 1
            plant.restart()
            plant.wait_until_all_append()
            with plant.writers_paused():
                plant.assert_facts_are_those_acknowledged_and_none_invented()
                plant.assert_chains_and_sealed_roots_hold()
            plant.assert_repeated_commands_are_answered_from_stored_facts()
        assert killed == KILLS
        plant.kill_writers()
        plant.assert_facts_are_those_acknowledged_and_none_invented()
        plant.assert_projections_and_vault_follow_the_facts()


@contextmanager
def scene(folder: Path, chance: random.Random) -> Iterator[Plant]:
    """A durable server on disk with an open ledger, and applications that append to it."""
    plant = Plant(folder, chance)
    try:
        yield plant
    finally:
        plant.kill_writers()
        plant.database.stop()


class Plant:
    """The server, its writers, and what each of them noted."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.notes, self.chance = folder / "data", folder / "notes", chance
        self.notes.mkdir()
        self.database = house.open_database(self.folder)
        with psycopg.connect(self.database.owner_url) as connection:
            durable = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
        assert durable == [("on",), ("on",)]
        with house.open_house(self.database) as opened:
            self.ledger_id = opened.ledger.id
        self.context = multiprocessing.get_context("forkserver")  # a new process each, which need not import all anew
        self.context.set_forkserver_preload([writer.__name__])
        self.writers: dict[int, BaseProcess] = {}
        self.commands = {number: writer.commands_of(number) for number in range(WRITERS)}
        self.known: dict[int, list[Sent]] = {number: [] for number in range(WRITERS)}
        self.checked: set[bytes] = set()
        self.restart()

    def restart(self) -> None:
        """Start whatever was killed: the server on the same folder, and writers that go on where they were."""
        embedded = embedded_database.start(self.folder)
        if not embedded.joined:
            self.database = house.Database(
                embedded.url(), embedded.url(house.APP), embedded.url(house.SEALER), self.folder, embedded
            )
        reachable = house.Database(*self.urls, self.folder, None)
        for number in range(WRITERS):
            if number not in self.writers:
                process = self.context.Process(target=writer.write, args=(number, reachable, self.notes), daemon=True)
                process.start()
                self.writers[number] = process

    @property
    def urls(self) -> tuple[str, str, str]:
        return self.database.owner_url, self.database.app_url, self.database.sealer_url

    def wait_until_all_append(self) -> None:
        """Return when every writer has had another command acknowledged; ready again within 30 s."""
        before = {number: len(writer.acknowledged(self.notes, number)) for number in self.writers}
        limit = time.monotonic() + READY_SECONDS
        for number, process in self.writers.items():
            while len(writer.acknowledged(self.notes, number)) == before[number]:
                assert process.is_alive(), f"writer {number} ended by itself"
                assert time.monotonic() < limit, f"writer {number} is not served again within {READY_SECONDS} s"
                time.sleep(0.01)

    def kill(self, victim: Victim) -> None:
        match victim:
            case "application":
                for number in self.chance.sample(sorted(self.writers), self.chance.randint(1, WRITERS)):
                    self.kill_writer(number)
            case "backend":
                os.kill(self.chance.choice(self.backends()), signal.SIGKILL)
            case "server":
                embedded = self.database.embedded
                assert embedded is not None
                assert embedded.server_pid is not None
                others = self.server_processes() if self.chance.random() < 0.5 else []
                for process in (embedded.server_pid, *others):
                    with suppress(ProcessLookupError):  # without their postmaster the others end by themselves
                        os.kill(process, signal.SIGKILL)
                wait_until_ended(embedded.server_pid)

    def kill_writer(self, number: int) -> None:
        process = self.writers.pop(number)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"writer {number} ended by itself"

    def kill_writers(self) -> None:
        for number in list(self.writers):
            self.kill_writer(number)

    @contextmanager
    def writers_paused(self) -> Iterator[None]:
        """Keep the machine for the checks: a paused writer may well have an append under way."""
        processes = [process.pid for process in self.writers.values() if process.pid is not None]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        yield
        for pid in processes:
            os.kill(pid, signal.SIGCONT)

    def backends(self) -> list[int]:
        """The backends that serve the writers; at times (one in four) the server's own, which write to disk."""
        kinds = (
            ["client backend"] if self.chance.random() < 0.75 else ["walwriter", "checkpointer", "background writer"]
        )
        with psycopg.connect(self.database.owner_url) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = ANY(%s) ORDER BY pid",
                (kinds,),
            )
            return [pid for (pid,) in rows]

    def server_processes(self) -> list[int]:
        with psycopg.connect(self.database.owner_url) as connection:
            return [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity ORDER BY pid")]

    def sent(self, number: int, up_to: int) -> list[Sent]:
        """The writer's first commands, anew from its seed."""
        known = self.known[number]
        known += islice(self.commands[number], max(0, up_to - len(known)))
        return known[:up_to]

    def assert_facts_are_those_acknowledged_and_none_invented(self) -> None:
        """Every acknowledged fact is there exactly once, and each stored command was sent and is there as a whole."""
        acknowledged = {number: writer.acknowledged(self.notes, number) for number in range(WRITERS)}
        stored = self.stored()
        sent = {}
        for number in range(WRITERS):
            numbers = writer.sent_numbers(self.notes, number)
            for at, command in enumerate(self.sent(number, 1 + max(numbers))):
                if at in numbers:
                    sent[command.command.actor, command.command.id] = command
        for number, answers in acknowledged.items():
            assert [answer.number for answer in answers] == list(range(len(answers)))
            for answer, command in zip(answers, self.sent(number, len(answers)), strict=True):
                found = stored.get((command.command.actor, command.command.id))
                assert found == list(answer.hashes), f"writer {number}, acknowledged command {answer.number}"
        assert stored.keys() <= sent.keys(), "a fact is stored that nobody sent"
        for key, hashes in stored.items():
            assert len(hashes) == len(sent[key].drafts), f"command {key} is stored in part"

    def stored(self) -> dict[tuple[str, str], list[str]]:
        """For each stored command the hashes of its entries in order; each content is compared with what was sent."""
        stored: dict[tuple[str, str], list[str]] = {}
        with psycopg.connect(self.database.app_url) as connection:
            rows = connection.execute(
                "SELECT actor, command, ordinal, content FROM ledger.entry WHERE kind <> 'ledger.opened.v1'"
                " ORDER BY actor, command, ordinal",
                binary=True,
            ).fetchall()
        for actor, command, ordinal, content in rows:
            hashes = stored.setdefault((actor, command), [])
            assert ordinal == len(hashes), f"{command}: entry {len(hashes)} is missing"
            entry = parse(content)
            if entry.hash not in self.checked:
                self.assert_as_sent(entry)
                self.checked.add(entry.hash)
            hashes.append(entry.hash.hex())
        return stored

    def assert_as_sent(self, entry: Entry) -> None:
        named = re.fullmatch(r"writer-(\d+)-(\d+)", entry.command)
        assert named, f"command {entry.command} is stored, but nobody sent it"
        sent = self.sent(int(named[1]), int(named[2]) + 1)[-1]
        draft = sent.drafts[entry.ordinal]
        assert (entry.actor, entry.site, entry.request) == (sent.command.actor, sent.command.site, sent.command.request)
        assert (entry.kind, entry.data, entry.subjects) == (draft.kind, draft.data, draft.subjects)
        assert (entry.occurred, entry.claims) == (draft.occurred, draft.claims)

    def assert_chains_and_sealed_roots_hold(self) -> None:
        """The whole ledger verifies, also against the last root that a seal acknowledged; no such root is gone."""
        sealed = writer.sealed(self.notes)
        noted = None
        if sealed:
            size, root = sealed[-1]
            noted = Checkpoint(self.ledger_id, size, root, datetime.now(UTC))
        assert isinstance(outcome := house.verify_ledger(self.database, noted), Verified), str(outcome)
        with psycopg.connect(self.database.app_url) as connection:
            kept: dict[int, bytes] = dict(connection.execute("SELECT size, root FROM ledger.seal").fetchall())
        assert all(kept.get(size) == root for size, root in sealed)

    def assert_repeated_commands_are_answered_from_stored_facts(self) -> None:
        with house.open_house(self.database) as opened:
            for number in range(WRITERS):
                answers = writer.acknowledged(self.notes, number)
                for answer in [answers[-1], *self.chance.sample(answers, min(REPEATED, len(answers)))]:
                    again = self.sent(number, answer.number + 1)[-1]
                    assert writer.append(opened.ledger, again) == answer.hashes

    def assert_projections_and_vault_follow_the_facts(self) -> None:
        """What was written in the appends' transactions is there for every stored command and for no other."""
        before, after, _ = house.rebuild_projections(self.database)
        assert before == after
        stored = self.stored()
        deposits = [
            deposit
            for number in range(WRITERS)
            for sent in self.sent(number, 1 + max(writer.sent_numbers(self.notes, number)))
            if (sent.command.actor, sent.command.id) in stored
            for deposit in sent.deposits
        ]
        with house.open_house(self.database) as opened:
            for deposit in deposits:
                assert opened.vault.read(deposit.person, deposit.name) == deposit.contents
        with psycopg.connect(self.database.owner_url) as connection:
            assert connection.execute("SELECT count(*) FROM vault.record").fetchone() == (len(deposits),)


def wait_until_ended(process: int) -> None:
    """SIGKILL works at once, but the kernel takes the process away a moment later."""
    limit = time.monotonic() + READY_SECONDS
    while time.monotonic() < limit:
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)
