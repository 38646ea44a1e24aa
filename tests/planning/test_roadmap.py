"""A roadmap's rules are checked without the solver, and its bench checks them. What a roadmap promises is specified in tests/spec."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.planning.city import city, goal

from yimai.planning.roadmap import broken
from yimai.planning.roadmap_goals import Conflict, Gives
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


def test_to_end_one_conflict_is_not_said_to_be_enough_where_other_goals_conflict_too() -> None:
    scale, budget, sites = goal("scale", 600), goal("capital", 20, comparator="le"), goal("facilities", 20)
    alone = (Gives(scale, 493.0), Gives(budget, 33.0))
    together = (Gives(budget, 22.0), Gives(sites, 3.0))
    both = Conflict(together, (scale, budget), alone)
    assert both.words.en == (
        "These goals cannot all be met: scale and capital. To end this conflict alone, one of these: scale: 493 instead of 600; "
        "capital: 33 instead of 20. Other goals conflict too; to meet all, the least that they give together: capital: 22 instead of 20; "
        "facilities: 3 instead of 20."
    )
    only = Conflict(together[:1], (scale, budget), alone)
    assert "任选其一即可：“scale”从 600 改为 493" in only.words.zh
    assert "还有其他目标" not in only.words.zh
    assert [title.en for title, _ in Conflict((), (scale,), (None,)).advice] == []
