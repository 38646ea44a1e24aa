"""`yimai bench web`: that it measures every page, says so in JSON, and leaves nothing behind. How fast they are, is never asserted."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.wiring.test_bench_ledger import PROGRAM, environment


def test_a_quick_run_measures_every_page_and_writes_it_as_json(tmp_path: Path) -> None:
    file, place = tmp_path / "figures.json", tmp_path / "place"
    place.mkdir()
    ran = subprocess.run(
        [*PROGRAM, "bench", "web", "--quick", "--json", str(file)],
        env=environment(place),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(file.read_text())
    assert found["treatments"] == 70
    names = {each["page"] for each in found["pages"]}
    assert {"treatment", "batch record", "scan", "home of a nurse"} <= names
    for each in found["pages"]:
        assert all(milliseconds > 0 for milliseconds in each["ms"]), each
        assert each["queries"] > 0, each
        assert f"{each['median_ms']:.1f}" in ran.stdout
    assert not list(place.iterdir())
