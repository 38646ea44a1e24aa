"""What the command line prints about a treatment and about anything else."""

from __future__ import annotations

from io import StringIO

import psycopg
import pytest
from rich.console import Console
from tests.pages.conftest import House

from yimai.domain.identifier import grouped
from yimai.interfaces.terminal import tables
from yimai.ledger.verify import FirstProblem, Verified
from yimai.projections import trace, vein


def paper() -> Console:
    """A console that keeps what is printed."""
    return Console(width=200, record=True, file=StringIO(), color_system=None)


@pytest.mark.parametrize(("language", "word"), [("zh", "开始回输"), ("en", "Infusion started")])
def test_a_vein_says_when_what_who_where_and_who_holds(house: House, language: str, word: str) -> None:
    with psycopg.connect(house.url) as connection:
        rows = vein.of(connection.cursor(), house.whole.coi)
    console = paper()
    tables.print_vein(console, rows, language)
    printed = console.export_text()
    assert grouped(house.whole.coi) in printed
    lines = printed.splitlines()
    begun = next(number for number, line in enumerate(lines) if word in line)
    assert "NURS-1" in lines[begun]
    assert "NURS-2" in lines[begun + 1], "the second person stands below the first"
    assert "+0800" in lines[begun]
    assert printed.count("\n") > len(rows)


def test_a_trace_goes_forwards_and_back(house: House) -> None:
    console = paper()
    with psycopg.connect(house.url) as connection:
        tables.print_trace(console, trace.about(connection.cursor(), "LOT-001"), "en")
    printed = console.export_text()
    for identifier in (house.whole.coi, house.whole.batch, house.whole.final):
        assert grouped(identifier) in printed


def test_nothing_known_is_said_in_words() -> None:
    console = paper()
    tables.print_trace(console, (), "zh")
    assert "账本中没有任何事实提到它" in console.export_text()


def test_a_verification_names_the_root_or_the_first_problem() -> None:
    console = paper()
    tables.print_verification(console, Verified("L", 12, 10, bytes(32)), "en")
    assert "10:" + "0" * 64 in console.export_text()
    console = paper()
    problem = FirstProblem(7, 7, "treatment/T1", "the entry [was] edited", "aa", "bb")
    tables.print_verification(console, problem, "en")
    assert "the entry [was] edited" in console.export_text()
