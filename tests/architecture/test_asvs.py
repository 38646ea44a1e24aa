"""The page on ASVS names every requirement of levels 1 and 2 once, and nothing that is not there."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from tests.architecture.sources import PACKAGE, ROOT

PAGE: Final = ROOT / "docs" / "asvs.md"
NUMBERS: Final = ROOT / "tests" / "architecture" / "asvs-5.0.0-levels-1-and-2.txt"
STANDINGS: Final = ("met", "partly", "not", "–")
ROW: Final = re.compile(r"^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) \| ([^|]+) \| (.+) \|$", re.MULTILINE)


def rows() -> list[tuple[list[str], str, str]]:
    return [(numbers.split(", "), standing, how) for numbers, standing, how in ROW.findall(PAGE.read_text("utf-8"))]


def known() -> list[str]:
    lines = NUMBERS.read_text("utf-8").splitlines()
    return [number for line in lines if not line.startswith("#") for number in line.split()]


def test_every_requirement_stands_there_once_under_its_chapter() -> None:
    named = [number for numbers, _, _ in rows() for number in numbers]
    assert len(known()) == 253
    assert Counter(named) == Counter(known())
    chapter = ""
    for line in PAGE.read_text("utf-8").splitlines():
        if heading := re.match(r"## (\d+) ", line):
            chapter = heading[1]
        if row := ROW.match(line):
            assert {number.partition(".")[0] for number in row[1].split(", ")} == {chapter}, line


def test_each_says_how_it_stands_and_why() -> None:
    for numbers, standing, how in rows():
        assert standing in STANDINGS, numbers
        assert how.endswith("."), numbers
        assert standing != "met" or len(how) > 4, numbers


def test_the_sums_are_right() -> None:
    sums = Counter(standing for numbers, standing, _ in rows() for _ in numbers)
    written = dict(re.findall(r"\*\*(\d+)\*\* (met|partly|not|–)", PAGE.read_text("utf-8")))
    assert {standing: number for number, standing in written.items()} == {each: str(sums[each]) for each in STANDINGS}


def test_what_it_names_is_there() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:md|toml|txt))`", PAGE.read_text("utf-8")))
    gone = [
        each
        for each in named
        if not each.startswith("/") and not any((place / each).exists() for place in (ROOT, PACKAGE))
    ]
    assert len(named) > 60
    assert gone == []
