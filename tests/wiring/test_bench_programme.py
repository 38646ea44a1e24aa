"""The bench of receipts runs, and finds the same bytes whether computed cold or from what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yimai.wiring import bench_programme


def test_the_same_bytes_cold_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    assert bench_programme.run(quick=True, json_file=file) == 0
    assert "same bytes True" in capsys.readouterr().out
    assert {each["figure"] for each in json.loads(file.read_text())["figures"]} >= {
        "receipts",
        "dashboard from what is kept",
    }
