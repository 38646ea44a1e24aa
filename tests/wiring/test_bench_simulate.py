"""The simulator's bench runs, small, and writes what it shows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from yimai.wiring.bench_queues import Line, simpy_line
from yimai.wiring.bench_simulate import tandem
from yimai.wiring.command_line import main


def test_the_bench_runs_and_its_rows_are_equal_on_two_cores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "figures.json"
    assert main(["bench", "simulate", "--quick", "--json", str(written)]) == 0
    assert "equal bit for bit" in capsys.readouterr().out
    found = msgspec.json.decode(written.read_bytes())
    assert {each["engine"] for each in found["speeds"]} >= {"Yimai", "Yimai, 2 cores", "SimPy", "twin in SimPy"}
    assert all(each["rows_equal"] is not False for each in found["speeds"])


def test_the_peers_line_is_ours() -> None:
    hours = [simpy_line(Line(2, 2, 1.0), 4_000, seed).hours for seed in range(6)]
    assert sum(hours) / 6 == pytest.approx(2 * (1 + 1 / 3), rel=0.05)  # Erlang: a wait of 1/3 at each
    assert tandem(20_000, 1)[1] >= 7 * 20_000
