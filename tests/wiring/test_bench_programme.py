"""The bench of receipts runs, and finds the same bytes whether computed cold or from what is kept."""

from __future__ import annotations

import json
from pathlib import Path

from yimai.wiring import bench_programme


def test_the_same_bytes_cold_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert bench_programme.run(quick=True, json_file=file) == 0
    told = json.loads(file.read_text())
    assert told["same_bytes"]
    assert told["facts"] > 13 * 20 * 65
    assert 13 * 20 * 5 < told["read_by_measures"] < told["facts"] / 5
    assert {each["figure"] for each in told["figures"] if each["value"] > 0} >= {
        "cold: every receipt from the ledger",
        "dashboard after a further fact",
        "dashboard after a month's end",
    }
