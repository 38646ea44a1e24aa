"""An application process that appends real facts, and notes what it is about to send and what was acknowledged."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psycopg

from yimai.ledger.entry import Command, Deposit, Draft
from yimai.ledger.ledger import Conflict, Ledger
from yimai.wiring import bench_treatment, house

SEAL_EVERY = 15
PAUSE_SECONDS = 0.01  # about as long as an append; the ledger stays small enough to be verified after each kill


@dataclass(frozen=True)
class Sent:
    """One command: always the same for the same writer and number, so that anyone can repeat it."""

    command: Command
    drafts: tuple[Draft, ...]
    deposits: tuple[Deposit, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(sorted({subject for draft in self.drafts for subject in draft.subjects}))


class Acknowledged(NamedTuple):
    number: int
    hashes: tuple[str, ...]


def commands_of(writer: int) -> Iterator[Sent]:
    """The writer's commands: treatments one after the other, one to four facts at once; the first fact of each comes
    with a deposit, and every few commands also a fact about what all writers share."""
    number = 0
    for turn in range(10_000):
        treatment = next(bench_treatment.told(turn * bench_treatment.SUITES + writer, 1, f"writer {writer}"))
        chance = random.Random(f"{writer} {turn}")
        coi = treatment[0].draft.subjects[0].removeprefix("treatment/")
        deposits: tuple[Deposit, ...] = (Deposit(coi, "patient", f"patient of {coi}".encode(), chance.randbytes(32)),)
        while treatment:
            size = chance.randint(1, 4)
            drafts = [told.draft for told in treatment[:size]]
            if chance.random() < 0.2:
                shared = Draft(
                    "test.noted.v1", {"writer": writer, "number": number}, ("site/lingang",), drafts[0].occurred
                )
                drafts.append(shared)
            name = f"writer-{writer}-{number}"
            request = hashlib.sha256(name.encode()).digest()
            yield Sent(Command(name, treatment[0].actor, treatment[0].site, request), tuple(drafts), deposits)
            deposits = ()
            treatment = treatment[size:]
            number += 1


def append(ledger: Ledger, sent: Sent) -> tuple[str, ...]:
    """Append the command's facts, reading again while others move what was read; return the stored entries' hashes."""
    while True:
        with suppress(Conflict):
            after = ledger.about(*sent.subjects)
            entries = ledger.append(sent.drafts, command=sent.command, after=after, deposits=sent.deposits)
            return tuple(entry.hash.hex() for entry in entries)


def write(writer: int, database: house.Database, notes: Path) -> None:
    """Append for ever, from the first command that is not acknowledged; when the connection breaks, repeat the command."""
    parent = os.getppid()
    done = len(acknowledged(notes, writer))
    commands = (sent for number, sent in enumerate(commands_of(writer)) if number >= done)
    sent = next(commands)
    while os.getppid() == parent:
        try:
            with house.open_house(database) as opened:
                while os.getppid() == parent:
                    note(notes / f"sent-{writer}", str(done))
                    hashes = append(opened.ledger, sent)
                    note(notes / f"acknowledged-{writer}", f"{done} {' '.join(hashes)}")
                    done, sent = done + 1, next(commands)
                    time.sleep(PAUSE_SECONDS)
                    if writer == 0 and done % SEAL_EVERY == 0 and (sealed := opened.ledger.seal()) is not None:
                        note(notes / "sealed", f"{sealed.size} {sealed.root.hex()}")
        except psycopg.OperationalError:  # the server is gone: nobody knows whether the command was done
            time.sleep(0.02)


def note(file: Path, line: str) -> None:
    """Add a line by a single system call, so that a killed process leaves it whole or not at all."""
    opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(opened, f"{line}\n".encode())
    finally:
        os.close(opened)


def acknowledged(notes: Path, writer: int) -> list[Acknowledged]:
    """The writer's acknowledged commands, in order."""
    found = []
    for line in _lines(notes / f"acknowledged-{writer}"):
        number, *hashes = line.split()
        found.append(Acknowledged(int(number), tuple(hashes)))
    return found


def sent_numbers(notes: Path, writer: int) -> set[int]:
    """The numbers of the commands that the writer may have sent."""
    return {int(line) for line in _lines(notes / f"sent-{writer}")}


def sealed(notes: Path) -> list[tuple[int, bytes]]:
    """The sizes and roots that a seal has acknowledged, in order."""
    return [(int(size), bytes.fromhex(root)) for size, root in map(str.split, _lines(notes / "sealed"))]


def _lines(file: Path) -> Sequence[str]:
    return file.read_text().splitlines() if file.exists() else ()
