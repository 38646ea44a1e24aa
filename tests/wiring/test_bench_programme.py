"""The bench of the dashboard runs, and finds the same bytes of receipts whether computed cold or from what is kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.wiring.test_bench_ledger import PROGRAM, environment


def test_the_same_bytes_cold_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    with TemporaryDirectory() as place:
        ran = subprocess.run(
            [*PROGRAM, "bench", "programme", "--quick", "--json", str(file)],
            env=environment(Path(place)),
            capture_output=True,
            text=True,
            timeout=600,
        )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(file.read_text())
    assert told["same_bytes"]
    assert told["facts"] > 13 * 20 * 65
    assert 13 * 20 * 5 < told["read_by_measures"] < told["facts"] / 5
    assert {each["figure"] for each in told["figures"] if each["value"] > 0} >= {
        "cold: every receipt from the ledger",
        "dashboard after a further fact",
        "dashboard after a month's end",
    }
