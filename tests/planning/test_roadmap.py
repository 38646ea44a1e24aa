"""A roadmap's rules are checked without the solver, and its bench checks them. What a roadmap promises is specified in tests/spec."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.planning.city import city, goal

from yimai.planning.roadmap import broken
from yimai.planning.roadmap_search import Effort, cheapest
from yimai.wiring.command_line import main

EXACT = Effort(gap=0.0, whole=100_000)


def test_a_roadmap_that_breaks_a_rule_is_found_out() -> None:
    each = city(4, (goal("served", 70),))
    found = cheapest(each, effort=EXACT)
    assert found.served.any()
    assert broken(each, replace(found, served=found.served * 50)) == [
        "more batches than the suites make",
        "more batches than the operators make",
        "more patients than there are",
    ]
    assert "suites that were not ordered in time" in broken(each, replace(found, modules=found.modules + 1))
    assert "suites where nothing is open" in broken(
        each, replace(found, open=found.open * 0, ordered=found.ordered + 1)
    )


def test_highs_and_ortools_live_in_one_process() -> None:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    model.maximize(model.new_bool_var("one"))
    assert cp_model.CpSolver().solve(model) == cp_model.OPTIMAL
    assert cheapest(city(1)).cost > 0


def test_the_bench_runs_and_its_roadmaps_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    assert main(["bench", "roadmap", "--quick", "--json", str(file)]) == 0
    content = json.loads(file.read_text(encoding="utf-8"))
    assert all(each["sound"] for each in content["runs"])
    assert {each["unit"] for each in content["figures"]} == {"s", "%", ""}
    assert "proven" in capsys.readouterr().out
