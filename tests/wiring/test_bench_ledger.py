"""`yimai bench ledger`: that it measures, says so in JSON, and leaves nothing behind. How fast it is, is never asserted."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from yimai.domain.facts import KINDS
from yimai.wiring import bench_treatment
from yimai.wiring.bench_report import Aim, Figure
from yimai.wiring.live_processes import runs_program

PROGRAM = [sys.executable, "-c", "import sys; from yimai.wiring.command_line import main; sys.exit(main())"]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}


def bench(folder: Path, *arguments: str) -> list[str]:
    return [*PROGRAM, "bench", "ledger", *arguments]


def test_a_quick_run_prints_every_figure_and_writes_them_as_json(tmp_path: Path) -> None:
    file, place = tmp_path / "figures.json", tmp_path / "place"
    place.mkdir()
    ran = subprocess.run(
        bench(place, "--quick", "--json", str(file)),
        env=environment(place),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(file.read_text())
    assert found["settings"]["fsync"] == "on"
    assert found["settings"]["synchronous_commit"] == "on"
    assert found["kind"].startswith("quick")
    assert found["cores"] == os.cpu_count()
    figures: list[dict[str, Any]] = found["figures"]
    names = [figure["figure"] for figure in figures]
    assert len(set(names)) == len(names)
    for wanted in ("append after reading, 1 client", "append after reading, 2 clients", "seal", "verify"):
        assert wanted in names
    for start in ("append 1,280 facts at once", "rebuild the projections", "trace one treatment, p50"):
        assert any(name.startswith(start) for name in names)
    for figure in figures:
        assert figure["runs"]
        assert all(run > 0 for run in figure["runs"])
        assert min(figure["runs"]) <= figure["value"] + 0.001
        assert figure["figure"] in ran.stdout
        concurrent = figure["figure"].strip().endswith(("client", "clients")) and "at once" not in figure["figure"]
        assert bool(figure["floor_runs"]) == concurrent
    assert list(place.iterdir()) == []


def test_an_interrupt_stops_the_server_and_removes_its_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        bench(tmp_path), env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as running:  # fmt: skip
        limit = time.monotonic() + 120
        while not (servers := list(tmp_path.glob("*/floor.sql"))) and time.monotonic() < limit:
            assert running.poll() is None
            time.sleep(0.05)
        assert servers, "the bench did not begin to measure"
        server = int((servers[0].parent / "cluster" / "postmaster.pid").read_text().split("\n", 1)[0])
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    assert not runs_program(server, "postgres")


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "figures.json"
    ran = subprocess.run(
        bench(tmp_path, "--quick", "--json", str(file)), env=environment(tmp_path), capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "missing" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_load_is_whole_treatments_of_known_facts_that_are_the_same_for_the_same_seed() -> None:
    (treatment,) = bench_treatment.told(5, 1, "seed")
    assert len(treatment) == bench_treatment.FACTS
    assert {told.draft.kind for told in treatment} <= KINDS.keys()
    assert (
        len({subject for told in treatment for subject in told.draft.subjects if subject.startswith("treatment/")}) == 1
    )
    assert [treatment] == list(bench_treatment.told(5, 1, "seed"))
    assert [treatment] != list(bench_treatment.told(5, 1, "another"))


def test_a_ratio_is_that_of_each_run_to_the_floor_beside_it() -> None:
    drifting = [1.0, 4.0, 16.0]
    figure = Figure("append", "facts/s", Aim("ratio", 0.5), [floor * 0.6 for floor in drifting], drifting)
    assert figure.ratio == pytest.approx(0.6)
    assert figure.met
    figure.runs = [floor * 0.4 for floor in drifting]
    assert not figure.met


@pytest.mark.parametrize(("value", "met"), [(49.0, True), (50.0, True), (51.0, False)])
def test_a_bound_at_most_is_met_up_to_itself(value: float, met: bool) -> None:
    runs = [value - 10, value, value + 10]
    random.Random(1).shuffle(runs)
    assert Figure("trace", "ms", Aim("value", 50, "most"), runs).met is met
