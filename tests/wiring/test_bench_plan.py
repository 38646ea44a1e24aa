"""``yimai bench plan``: run as people run it, small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yimai.wiring.command_line import main


def test_a_quick_run_sets_every_cost_beside_the_bound_that_no_plan_falls_below(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    assert main(["bench", "plan", "--quick", "--json", str(figures)]) == 0
    written = json.loads(figures.read_bytes())
    bounds = {each["problem"]: each["bound"] for each in written["runs"]}
    costs = {(each["problem"], each["solver"]): each["at"][-1]["cost"] for each in written["runs"]}
    assert all(cost is None or cost >= bounds[problem] - 0.1 for (problem, _), cost in costs.items())
    for each in written["beside"]:
        other = costs[each["problem"], each["peer"]]
        assert each["share"] == pytest.approx(costs[each["problem"], "Yimai"] / other, abs=0.001)
        assert each["least"] == pytest.approx(bounds[each["problem"]] / other, abs=0.001)
        assert each["least"] <= each["share"] + 0.002
    said = " ".join(capsys.readouterr().out.split())
    assert "repair 40" in {each["problem"] for each in written["beside"]}
    assert "so that the aim of 0.05 is out of any plan's reach" in said
