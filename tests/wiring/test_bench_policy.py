"""``yimai bench policy`` and ``yimai plan policies``: run as people run them, small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yimai.interfaces.files.reading import CATALOGUE
from yimai.wiring.command_line import main

ORDERS = "id,hospital,ready,urgency,due\n" + "".join(
    f"T{number},demo-hospital-a,2026-03-{2 + 2 * number:02}T08:00+08:00,routine,2026-04-20T08:00+08:00\n"
    for number in range(3)
)


def test_a_quick_run_compares_both_policies_with_both_staffs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    assert main(["bench", "policy", "--quick", "--json", str(figures)]) == 0
    written = json.loads(figures.read_bytes())
    rows = {(each["operators"], each["policy"], each["quantile"]) for each in written["rows"]}
    assert len(rows) == 2 * 2 * 3
    assert all(len(each["exceeded_per_100"]) == 2 for each in written["rows"])
    assert "reserve on reveal / all booked" in capsys.readouterr().out


def test_a_planner_compares_them_on_files_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(ORDERS, encoding="utf-8")
    files = [
        "--recipe",
        str(CATALOGUE / "recipes" / "cd19-cart.yaml"),
        "--base",
        str(CATALOGUE / "bases" / "lingang.yaml"),
    ]
    asked = ["plan", "policies", *files, "--orders", str(orders), "--now", "2026-03-02T08:00+08:00", "--moves", "50"]
    assert main([*asked, "--replications", "2", "--json", str(tmp_path / "found.json")]) == 0
    assert capsys.readouterr().out.count("on reveal") == 6
    assert len(json.loads((tmp_path / "found.json").read_bytes())) == 12
    assert main([*asked, "--replications", "1"]) == 1
    assert "2 at least" in capsys.readouterr().err
    assert main([*asked, "--replications", "2", "--days", "20"]) == 1
    assert "--days" in capsys.readouterr().err
