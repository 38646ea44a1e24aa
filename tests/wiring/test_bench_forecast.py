"""The bench of forecasts runs, small, and writes what it shows."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from yimai.wiring import bench_forecast


def test_the_bench_runs_and_draws_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_forecast, "QUICK", 4)
    file, svg = tmp_path / "figures.json", tmp_path / "reliability.svg"
    assert bench_forecast.run(quick=True, json_file=file, svg=svg) == 0
    found = json.loads(file.read_bytes())
    assert [each["stated"] for each in found["told"]] == [each["stated"] for each in found["without_waits"]]
    assert sum(each["number"] for each in found["hospitals"].values()) == found["batches"]
    assert found["offers"]["promises"] == 3
    assert {policy: len(each) for policy, each in found["offers"]["kept"].items()} == {"ahead": 2, "fixed": 2}
    root = ElementTree.fromstring(svg.read_text())
    assert len(root.findall(".//{http://www.w3.org/2000/svg}circle")) == 2 * len(found["told"])
    assert f"{found['batches']} batches at 4 moments" in capsys.readouterr().out
