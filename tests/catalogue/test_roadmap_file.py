"""A roadmap's file: the shipped one is sound and marked as assumed; every mistake is named with its line in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.reading import CATALOGUE
from yimai.interfaces.files.roadmap import read_roadmap
from yimai.planning.roadmap_content import distance
from yimai.wiring.command_line import main

EXAMPLE = CATALOGUE / "roadmaps" / "shanghai.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def test_the_shipped_example_is_sound_and_says_what_is_assumed() -> None:
    read = read_roadmap(EXAMPLE)
    assert read.assumed
    assert {goal.metric for goal in read.city.goals} == {
        "clusters",
        "facilities",
        "capacity",
        "served",
        "scale",
        "capital",
    }
    clusters = next(goal for goal in read.city.goals if goal.metric == "clusters")
    assert clusters.least == 6, "more than five"
    assert read.quarter(0) == "2027 Q1"
    assert read.quarter(15) == "2030 Q4"
    assert all(route.hours <= 36 for route in read.city.routes)
    for name in ("making", "learning", "sites", "hospitals", "scenarios"):
        part = read.content[name]
        assert all(each["assumed"] for each in (part if isinstance(part, list) else [part])), name  # type: ignore[index,call-overload]


def test_a_route_keeps_the_windows_and_takes_the_cheapest_way(tmp_path: Path) -> None:
    far = tmp_path / "far.yaml"
    far.write_text(
        TEXT.replace("latitude: 30260000", "latitude: 22000000").replace("turnaround_days: 18", "turnaround_days: 15"),
        encoding="utf-8",
    )
    near, changed = read_roadmap(EXAMPLE).city, read_roadmap(far).city
    hangzhou = near.hospitals.index("demo-hangzhou")
    assert any(route.hospital == hangzhou for route in near.routes)
    assert not any(route.hospital == hangzhou for route in changed.routes), (
        "14 days, there and back, are longer than 15"
    )
    assert distance(
        {"longitude": 121473701, "latitude": 31230416}, {"longitude": 116407396, "latitude": 39904211}
    ) == pytest.approx(1067, abs=5)


MISTAKES = (
    ("currency: CNY", "currency: yuan", "ISO 4217"),
    ("begins: 2027-01", "begins: 2027-02", "first month"),
    ("  batches_person: 4", "  batches_person: 0", "above 0"),
    ("    value: 90\n", "    value: 101\n", "per cent"),
    ("    comparator: le", "    comparator: ge", "le belongs to capital"),
    ("    by: 16", "    by: 17", "after the last quarter"),
    ("  - id: demo-jiading\n", "  - id: lingang\n", "already used"),
    ("probability: 0.5,", "probability: 0.6,", "make them 1"),
    ("      most: 8\n", "      most: 1\n", "raise most"),
    ("    source: announcement", "    source: rumour", "rumour"),
    ("    opened: true\n", "    opened: perhaps\n", "true or false"),
    ("quarters: 16", "quarters: 16\nsuites: 3", "unknown key suites"),
    ("    growth: 0.35", "    growth: -2", "above -1"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in TEXT
    file = tmp_path / "city.yaml"
    changed = TEXT.replace(before, after, 1)
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        read_roadmap(file)
    first = refused.value.mistakes[0]
    assert said in str(refused.value)
    assert all(any("一" <= letter <= "鿿" for letter in mistake.what.zh) for mistake in refused.value.mistakes)
    changed_at = next(
        number for number, (a, b) in enumerate(zip(TEXT.splitlines(), changed.splitlines(), strict=False), 1) if a != b
    )
    assert first.mark.line in range(max(1, changed_at - 6), changed_at + 2) or said == "make them 1"


def test_the_command_prints_the_roadmap_and_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "answer.json"
    assert main(["roadmap", str(EXAMPLE), "--gap", "3", "--without", "facilities", "--json", str(file)]) == 0
    said = capsys.readouterr().out
    assert "No roadmap costs less than" in said
    assert "assumed" in said
    best = json.loads(file.read_text(encoding="utf-8"))["best"]
    assert best["bound"] <= best["cost"]
    assert best["gap"] <= 0.03
    assert all(goal["met"] for goal in best["goals"])
    assert main(["roadmap", str(EXAMPLE), "--without", "nonsense"]) == 1


def test_the_command_says_which_goals_conflict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "city.yaml"
    file.write_text(TEXT.replace("value: 500000000", "value: 5000000"), encoding="utf-8")
    assert main(["roadmap", str(file), "--language", "zh"]) == 1
    said = "".join(capsys.readouterr().out.split())
    assert "不能同时达到" in said
    assert "二十个创新载体" in said
