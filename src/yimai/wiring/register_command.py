"""``yimai programme import``: rows of the city's register, or plans and results, each row with its fate, all of them or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.table import Table

from yimai.actions import plan, register
from yimai.domain import plan_rows
from yimai.domain.fact import Fact, is_subject, subject
from yimai.domain.facts import decode
from yimai.domain.plan_rows import fates_of, sourced
from yimai.domain.refusal import Refusal
from yimai.domain.register import Fate, Known, Row, fates, read_row
from yimai.interfaces.files.exchange import is_exchange, left_out, read_plans
from yimai.interfaces.files.register_rows import read_rows
from yimai.ledger.ledger import Ledger
from yimai.wiring.ledger_commands import opened_database, opened_house, perform
from yimai.wiring.problems import CommandProblem


def import_file(
    folder: Path, file: Path, person: str, *, preview: bool, source: str = "", console: Console | None = None
) -> int:
    """Show what becomes of each row and, unless it is a preview, record them; 1 if a row is refused."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CommandProblem(f"{file} cannot be read: {error.strerror}") from None
    plans = is_exchange(raw)
    rows = sourced(read_plans(file, raw), source) if plans else read_rows(file, raw)
    with opened_database(folder) as database, opened_house(database) as opened:
        said = [(plan_rows.read_row if plans else read_row)(each) for each in rows]
        known = _known(opened.ledger, said)
        found = fates_of(rows, known) if plans else fates(said, known)
        show(rows, found, console or Console())
        if plans and (left := left_out(raw)) is not None:
            (console or Console()).print(f"{left.en} {left.zh}")
        if any(each.refusal is not None for each in found):
            return 1
        if preview:
            return 0
        act = plan.take_in if plans else register.record
        answer = perform(opened, act, {"rows": rows}, f"import/{sha256(raw + source.encode()).hexdigest()}", person)
        opened.ledger.seal()
        print(f"Recorded; {len(answer.entries)} facts, first {answer.entries[0].hash.hex()}")
    return 0


def show(rows: tuple[Row, ...], found: tuple[Fate, ...], console: Console) -> None:
    """One line a row: what it is, what it is about, and what becomes of it."""
    table = Table("Row", "Entry", "About", "Fate", "Why")
    for row, fate in zip(rows, found, strict=True):
        about = fate.fact.subjects()[0] if fate.fact is not None else ""
        why = f"{fate.refusal.en} {fate.refusal.zh}" if fate.refusal is not None else ""
        table.add_row(str(fate.number), row.entry, about, fate.standing, why)
    console.print(table)
    counted = Counter(each.standing for each in found)
    console.print(", ".join(f"{number} {standing}" for standing, number in sorted(counted.items())))


def _known(ledger: Ledger, said: Iterable[Fact | Refusal]) -> Known:
    """What the ledger knows: of all that the rows are about read at once, of what they refer to as it is asked for."""
    about = dict.fromkeys(name for fact in said if not isinstance(fact, Refusal) for name in fact.subjects())
    entries = dict(ledger.about(*filter(is_subject, about)).entries)

    def known(noun: str, identifier: str) -> tuple[Fact, ...]:
        name = subject(noun, identifier)
        if not is_subject(name):
            return ()
        if name not in about:
            about[name] = None
            entries.update(ledger.about(name).entries)
        return tuple(map(decode, entries.get(name, ())))

    return known
