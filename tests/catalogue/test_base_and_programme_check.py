"""A base and a programme must make sense as a whole: each mistake is named on its line."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tests.catalogue.worked_example import BASE, broken, written

from yimai.interfaces.files import check_command
from yimai.interfaces.files.reading import CATALOGUE

SHANGHAI = (CATALOGUE / "programmes" / "shanghai.yaml").read_text("utf-8")
LINGANG = (CATALOGUE / "bases" / "lingang.yaml").read_text("utf-8")


def first_change(before: str, after: str) -> int:
    """The number of the first line that differs."""
    pairs = zip(before.split("\n"), after.split("\n"), strict=False)
    return next(number for number, (one, other) in enumerate(pairs, 1) if one != other)


PROGRAMME_MISTAKES = [
    ("    plan: pudong\n", "    plan: puxi\n", "plan puxi does not exist"),
    ("{ site: zhangjiang-cell-park }", "{ site: nowhere }", "site nowhere is not in the register"),
    (
        "value: 1166000, unit: yuan, source: memory, verify: true",
        "value: 1166000, unit: yuan, source: memory",
        "comes from memory: add `verify: true`",
    ),
    ("    unit: product\n", "    unit: bottle\n", "'bottle' is none of"),
    ("value: 1150000", "value: 1150000.50", "expected a whole number"),
    (
        "years: { first: 2022, last: 2024 }",
        "years: { first: 2025, last: 2024 }",
        "the last year lies before the first",
    ),
    ("  - id: pujiang-gene-valley\n", "  - id: cgt-park\n", "cgt-park is already used above"),
    (
        "    source: pudong_press\n\ngoals",
        "    parent: pudong\n    source: pudong_press\n\ngoals",
        "plan pudong is its own ancestor",
    ),
    (
        "parent: five_year_14\n    predecessor: cell_therapy\n    source: gene_plan_text",
        "parent: five_year_13\n    predecessor: cell_therapy\n    source: gene_plan_text",
        "does not exist",
    ),
    (
        "en: At least fifteen }, comparator: ge, value: 15 }\n    unit: firm\n",
        (
            "en: At least fifteen }, comparator: ge, value: 15 }\n"
            "      - { reading: { zh: 同上, en: The same }, comparator: ge, value: 15 }\n    unit: firm\n"
        ),
        "this reading says the same as one above",
    ),
    (
        "scope: { zh: 浦东新区, en: Pudong New Area }\n    deadline: 2025-12-31",
        "scope: { zh: 浦东新区, en: Pudong New Area }\n    deadline: 2026-12-31",
        "the deadline lies outside the plan's years 2023–2025",
    ),
    ("    source: biomedicine_press\n  - id", "    source: rumour\n  - id", "source rumour is not declared"),
    ("  source: announcement\n\nplans", "  source: rumour\n\nplans", "source rumour is not declared"),
    (
        "five_year_14\n    predecessor: cell_therapy\n    source: gene_plan_text",
        "five_year_14\n    predecessor: cell_therapy\n    source: rumour",
        "source rumour is not declared",
    ),
    (
        "text: more than five, wording: quoted, source: announcement",
        "text: more than five, wording: quoted, source: rumour",
        "source rumour is not declared",
    ),
    (
        "floor_area: 160000\n    source: register_mirror",
        "floor_area: 160000\n    source: rumour",
        "source rumour is not",
    ),
    (
        "since: 2023-04-21 }\n    source: demonstration",
        "since: 2023-04-21 }\n    source: rumour",
        "source rumour is not declared",
    ),
    (
        'value: 81, unit: centre, as_of: "2022", source: products_read',
        'value: 81, unit: centre, as_of: "2022", source: rumour',
        "source rumour is not declared",
    ),
]


@pytest.mark.parametrize(("old", "new", "says"), PROGRAMME_MISTAKES)
def test_a_programme_with_nonsense_is_refused_on_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = broken(SHANGHAI, old, new)
    out = StringIO()
    assert check_command.check_programme(written(tmp_path, text), Console(file=out, width=200)) == 1
    (said,) = [said for said in out.getvalue().split("\n") if says in said]
    assert f"file.yaml:{first_change(SHANGHAI, text)}:" in said


BASE_MISTAKES = [
    ("suite: suite-1, ", "suite: suite-9, ", "suite suite-9 does not exist in this base"),
    (
        "- id: operator-2\n    roles: [operator]\n    shift: day",
        "- id: operator-2\n    roles: [operator]\n    shift: late",
        "shift late does not exist",
    ),
    ("- id: operator-2\n", "- id: operator-1\n", "operator-1 is already used above"),
    (
        "first: 2027-01-01, last: 2027-01-03",
        "first: 2027-01-03, last: 2027-01-01",
        "the last day lies before the first",
    ),
    (
        "class: cell_counter, calibrated: { from: 2026-01-05, until: 2027-01-04 }",
        "class: cell_counter, calibrated: { from: 2026-01-05, until: 2026-01-04 }",
        "the last day lies before the first",
    ),
    (
        (
            "- id: operator-2\n    roles: [operator]\n    shift: day\n    qualifications:\n"
            "      cell_culture: { from: 2026-01-05, until: 2028-01-04 }"
        ),
        (
            "- id: operator-2\n    roles: [operator]\n    shift: day\n    qualifications:\n"
            "      cell_culture: { from: 2026-01-05, until: 2025-01-04 }"
        ),
        "the last day lies before the first",
    ),
    ("- id: operator-3\n    roles: [operator]", "- id: operator-3\n    roles: [wizard]", "'wizard' is none of"),
    ("timezone: Asia/Shanghai", "timezone: Asia/Shangai", "Asia/Shangai is no time zone"),
    ("unit: mL, expires", "unit: millilitre, expires", "'millilitre' is not a UCUM unit"),
]


@pytest.mark.parametrize(("old", "new", "says"), BASE_MISTAKES)
def test_a_base_with_nonsense_is_refused_on_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = broken(BASE, old, new)
    out = StringIO()
    assert check_command.check_base(written(tmp_path, text), Console(file=out, width=200)) == 1
    (said,) = [said for said in out.getvalue().split("\n") if says in said]
    assert f"file.yaml:{first_change(BASE, text)}:" in said


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("- { equipment: vapour-freezer-09,", "equipment vapour-freezer-09 does not exist in this base"),
        ("- { equipment: vapour-freezer-01,", "the positions of vapour-freezer-01 are already given above"),
    ],
)
def test_storage_is_a_freezer_of_the_base_once(tmp_path: Path, new: str, says: str) -> None:
    text = broken(LINGANG, "- { equipment: vapour-freezer-02,", new)
    out = StringIO()
    assert check_command.check_base(written(tmp_path, text), Console(file=out, width=200)) == 1
    (said,) = [said for said in out.getvalue().split("\n") if says in said]
    assert f"file.yaml:{first_change(LINGANG, text)}:" in said
