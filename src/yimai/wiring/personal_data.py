"""``yimai personal-data``: restrict and destroy a patient's data; the facts and their proofs stay."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from yimai.actions import retention
from yimai.domain.fact import subject
from yimai.domain.facts import decode
from yimai.domain.identifier import grouped, typed
from yimai.domain.retention import Retention, RetentionStarted, evolve
from yimai.wiring import house
from yimai.wiring.ledger_commands import opened_database, opened_house, perform


def restrict(folder: Path, identifier: str, person: str, reason: str) -> int:
    """Decide that the data are restricted, then close them in the vault; a repeat after an interruption goes on."""
    treatment = typed(identifier)
    with opened_database(folder) as database, opened_house(database) as opened:
        _decide(opened, "restrict", treatment, person, reason)
        if opened.vault.state(treatment) == "active":
            opened.vault.restrict(treatment)
    print(f"The personal data of {grouped(treatment)} are restricted.")
    return 0


def destroy(folder: Path, identifier: str, person: str, reason: str) -> int:
    """Decide that the data are destroyed, then destroy key, salts and contents; refused while a retention track runs."""
    treatment = typed(identifier)
    with opened_database(folder) as database, opened_house(database) as opened:
        _decide(opened, "destroy", treatment, person, reason)
        if opened.vault.state(treatment) != "destroyed":
            reading = opened.ledger.about(subject("treatment", treatment))
            until = _retained_until(opened, treatment)
            opened.vault.destroy(treatment, today=reading.now.date(), retained_until=until)
    print(f"The personal data of {grouped(treatment)} are destroyed; its facts and proofs stay valid.")
    return 0


def follow(opened: house.House, treatment: str) -> None:
    """Do in the vault what the ledger says was decided about the treatment's data; again, if it was interrupted."""
    name = subject("treatment", treatment)
    reading = opened.ledger.about(name)
    kept = Retention()
    for entry in reading.entries[name]:
        kept = evolve(kept, decode(entry), entry)
    state = kept.personal_data
    if state in ("restricted", "destroyed") and opened.vault.state(treatment) == "active":
        opened.vault.restrict(treatment)
    if state == "destroyed" and opened.vault.state(treatment) != "destroyed":
        until = _retained_until(opened, treatment)
        opened.vault.destroy(treatment, today=reading.now.date(), retained_until=until)


def _retained_until(opened: house.House, treatment: str) -> date | None:
    """The last day of the retention track that runs for the treatment, or None if none does."""
    name = subject("treatment", treatment)
    started = [
        fact for fact in map(decode, opened.ledger.about(name).entries[name]) if isinstance(fact, RetentionStarted)
    ]
    return max((fact.until for fact in started), default=None)


def _decide(opened: house.House, verb: str, treatment: str, person: str, reason: str) -> None:
    act = retention.restrict if verb == "restrict" else retention.destroy
    arguments = {"treatment": treatment, "reason": reason}
    perform(opened, act, arguments, f"personal-data/{verb}/{treatment}", person)
