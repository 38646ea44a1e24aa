"""``yimai plan repair`` on files alone: what has broken, and the ways to go on with every affected patient's delay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from yimai.planning.disruption import CollectedAgain, Disruption, Longer, NotThere, Unavailable
from yimai.planning.repair import Change, Option, Search, options
from yimai.planning.timetable import schedule
from yimai.wiring.plan_commands import Asked, book_of, how_long, knowing
from yimai.wiring.problems import CommandProblem


@dataclass(frozen=True)
class Broken:
    """What has broken, as it was written: [name, from, until], [treatment, ready] and [treatment, task, hours]."""

    away: Sequence[Sequence[str]]
    again: Sequence[Sequence[str]]
    longer: Sequence[Sequence[str]]


def repair(asked: Asked, broken: Broken) -> int:
    """Print the options, and return the exit code. The promises are those of the orders' file; what it does not promise is what the
    timetable without the disruption, of the same seed, says. Raises CommandProblem, FileRefused."""
    book, base = book_of(asked)
    zone = ZoneInfo(base.timezone)
    disruptions = list(_disruptions(broken, zone))
    if not disruptions:
        raise CommandProblem("nothing has broken: say what, with --away, --again or --longer")
    console = Console(width=None if Console().is_terminal else 120)
    with console.status("Searching …"):
        book = knowing(book, asked.seed)
        promised = schedule(book.problem(), moves=asked.moves, seed=asked.seed).plan
        try:
            found = options(
                book, promised, disruptions, np.random.default_rng(asked.seed), Search(asked.moves, asked.seed)
            )
        except NotThere as problem:
            raise CommandProblem(str(problem)) from None
    for number, option in enumerate(found, start=1):
        _show(number, option, console, zone)
    console.print(how_long(book))
    if not found:
        console.print("[red]No way was found that keeps the rules: give more --moves or --days.[/red]")
    if asked.json is not None:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode([_as_json(each) for each in found])) + b"\n")
    return 0 if found and not found[0].unplaced else 1


def _disruptions(broken: Broken, zone: ZoneInfo) -> Iterator[Disruption]:
    for name, begins, ends in broken.away:
        first, last = _moment(begins, zone), _moment(ends, zone)
        if last <= first:
            raise CommandProblem(f"--away {name} {begins} {ends}: it must end after it begins")
        yield Unavailable(name, first, last)
    for treatment, ready in broken.again:
        yield CollectedAgain(treatment, _moment(ready, zone))
    for treatment, task, hours in broken.longer:
        yield Longer(treatment, task, _hours(hours))


def _hours(text: str) -> timedelta:
    try:
        found = timedelta(hours=float(text))
    except (ValueError, OverflowError):
        raise CommandProblem(f"{text!r} is not a number of hours") from None
    if found <= timedelta(0):
        raise CommandProblem(f"{text} hours: how much longer must be more than none")
    return found


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandProblem(f"{text!r} is not a time such as 2026-05-04T08:00+08:00") from None
    return found if found.utcoffset() is not None else found.replace(tzinfo=zone)


def _show(number: int, option: Option, console: Console, zone: ZoneInfo) -> None:
    promises = "1 promise" if option.moved == 1 else f"{option.moved} promises"
    console.print(
        f"[bold]{number}. {option.name.en}[/bold] · {option.name.zh}: {promises} moved, "
        f"{option.delay:,.1f} weighted hours of delay"
    )
    if not option.changes:
        console.print("   The timetable holds all the same; nothing changes for anybody.")
        return
    table = Table(box=SIMPLE)
    for title in ("treatment", "urgency", "collection", "suite", "promised", "new promise", "delay", "odds"):
        table.add_column(title, no_wrap=True)
    for each in option.changes:
        suite = each.suite if each.suite == each.suite_before else f"{each.suite_before} → {each.suite}"
        table.add_row(
            each.treatment, each.urgency, _said(each.collection, each.collection_before, zone), suite,
            f"{each.promised.astimezone(zone):%m-%d %H:%M}", _said(each.promise, each.promised, zone),
            f"{each.delay:+g} h" if each.delay else "", "" if each.odds is None else f"{each.odds:.0%}",
        )  # fmt: skip
    console.print(table)


def _said(moment: datetime | None, before: datetime, zone: ZoneInfo) -> str:
    if moment is None:
        return "[red]no room[/red]"
    return "as before" if moment == before else f"{moment.astimezone(zone):%m-%d %H:%M}"


def _as_json(option: Option) -> Mapping[str, Any]:
    return {
        "name": {"zh": option.name.zh, "en": option.name.en},
        "promises_moved": option.moved,
        "delay_weighted_hours": option.delay,
        "without_room": [option.problem.jobs[number].id for number in option.unplaced],
        "patients": [_patient(each) for each in option.changes],
    }


def _patient(change: Change) -> Mapping[str, Any]:
    return {
        "treatment": change.treatment,
        "urgency": change.urgency,
        "promised": change.promised,
        "promise": change.promise,
        "delay_hours": change.delay,
        "odds": change.odds,
        "collection_before": change.collection_before,
        "collection": change.collection,
        "suite_before": change.suite_before,
        "suite": change.suite,
    }
