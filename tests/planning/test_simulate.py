"""Years of the demonstration's base: the same numbers for the same seed, however they are run, and what they must add up to."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy import stats
from tests.planning import lingang

from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.scenario import read_scenario
from yimai.planning.scenario import Arrivals, Scenario
from yimai.planning.simulate import Row, differences, replications, student, summary
from yimai.planning.simulation_model import Simulation, model_of
from yimai.planning.simulation_workers import Sweep, collect, here, in_processes
from yimai.wiring import demo
from yimai.wiring.command_line import main

CALM = Scenario(
    deterioration_per_month=0.0, no_show=0.0, collection_failures=0.0, courier_delay=0.0, failure_factor=(), hold_loss=0.0,
    remake_failures=0.0, batches=20, collections=20, positive=0.0, repeats=0.0, suite_failures=0.0, equipment_failures=0.0, absence=0.0,
)  # fmt: skip


@cache
def simulation(scenario: Scenario, years: float = 1.0) -> Simulation:
    return model_of(lingang.recipe(), lingang.base(), scenario, date(2026, 3, 2), years)


def rows(scenario: Scenario, number: int, years: float = 1.0, seed: int = 1) -> list[Row]:
    return list(replications(simulation(scenario, years), scenario, seed, range(number)))


def test_a_replication_depends_on_its_seed_and_number_alone() -> None:
    scenario = Scenario()
    first, second, third = rows(scenario, 3)
    (again,) = replications(simulation(scenario), scenario, 1, [1])
    assert again == second
    assert first != second != third
    assert rows(scenario, 1, seed=2) != [first]


def test_who_shares_the_replications_does_not_matter() -> None:
    scenario = Scenario()
    sweep = Sweep(simulation(scenario), scenario, 7, tuple(range(5)))
    alone = collect(here(sweep), lambda _number, _row: False)
    assert collect(in_processes(sweep, 2), lambda _number, _row: False) == alone
    assert list(alone) == [0, 1, 2, 3, 4]


def test_a_sweep_stops_when_it_is_told_to() -> None:
    scenario = Scenario()
    sweep = Sweep(simulation(scenario), scenario, 7, tuple(range(50)))
    assert list(collect(here(sweep), lambda number, _row: number == 1)) == [0, 1]


def test_patients_are_treated_lost_or_still_under_way() -> None:
    for row in rows(Scenario(warm_up_days=0.0), 5):
        lost = sum(value for name, value in row.items() if name.startswith("patient."))
        assert 0 <= row["count.orders"] - row["throughput"] - lost < 60
        batches = sum(value for name, value in row.items() if name.startswith("batch."))
        assert row["count.batches"] >= row["throughput"] + batches
        assert all(0 <= value <= 1 for name, value in row.items() if name.startswith("use."))


def test_a_calm_base_treats_everyone_in_the_planned_time() -> None:
    quiet = replace(CALM, orders_per_year=60.0)
    found = summary(simulation(quiet, 2.0), rows(quiet, 5, 2.0)).figures
    assert found["patient.deteriorated"].mean == found["patient.given_up"].mean == 0
    assert found["promise_kept"].mean > 0.9
    assert 22 * 24 < found["vein.q50"].mean < 27 * 24


def test_more_suites_help_a_full_base_and_comparisons_meet_the_same_chance() -> None:
    full = replace(CALM, orders_per_year=330.0)
    base = lingang.base()
    fewer = replace(base, suites=base.suites[:10])
    narrow = model_of(lingang.recipe(), fewer, full, date(2026, 3, 2), 2.0)
    before = list(replications(narrow, full, 1, range(6)))
    after = rows(full, 6, 2.0)
    change = differences(before, after)
    assert change["throughput"].low > 0
    assert change["wait.q50"].high < 0
    assert [row["count.orders"] for row in before] == pytest.approx([row["count.orders"] for row in after])


def test_a_batch_begins_no_step_in_a_suite_that_is_out_of_use() -> None:
    often = replace(CALM, orders_per_year=60.0, suite_failures=12.0, suite_failure_loss=0.0)
    longer = differences(rows(replace(often, suite_failures=0.0), 10, 2.0), rows(often, 10, 2.0))["vein.mean"]
    assert longer.low > 5


def test_what_is_broken_breaks_only_once_it_is_repaired() -> None:
    often = replace(CALM, orders_per_year=60.0, equipment_failures=500.0, equipment_repair_hours=24.0, warm_up_days=0.0)
    pieces = sum(not each.suite and each.id != "selector-07" for each in lingang.base().equipment)
    a_year = (
        365.25 * 24 / (365.25 * 24 / 500 + 24 * math.sqrt(2))
    )  # of a renewal process: the mean of a lognormal with cv 1
    found = [row["count.equipment_broken"] / pieces for row in rows(often, 5)]
    assert np.mean(found) == pytest.approx(a_year, rel=0.03)


def test_a_collection_to_which_nobody_came_is_none() -> None:
    found = rows(replace(CALM, orders_per_year=60.0, no_show=0.5, warm_up_days=0.0), 5)
    missed, taken = (sum(row[f"count.{name}"] for row in found) for name in ("no_shows", "collections"))
    assert stats.binomtest(round(missed), round(missed + taken), 0.5).pvalue > 0.001


def test_a_hospital_that_the_base_does_not_serve_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        simulation(Scenario(arrivals=(Arrivals("nowhere", "lbcl", 50.0),)))


def test_students_quantiles() -> None:
    for freedom in (1, 2, 3, 4, 5, 9, 19, 29, 99, 999):
        for probability in (0.9, 0.95, 0.975, 0.995):
            assert student(freedom, probability) == pytest.approx(float(stats.t.ppf(probability, freedom)), rel=2e-4)


def test_the_command_keeps_what_is_done_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, written = tmp_path / "kept.jsonl", tmp_path / "found.json"
    command = [
        "plan",
        "simulate",
        "--recipe",
        str(demo.RECIPE),
        "--base",
        str(demo.BASE),
        "--years",
        "1",
        "--keep",
        str(kept),
    ]
    assert main([*command, "--replications", "2"]) == 0
    first = kept.read_bytes()
    kept.write_bytes(first + b'{"replication": 2, "row": {')  # cut off while it was written
    assert main([*command, "--replications", "4", "--json", str(written)]) == 0
    assert kept.read_bytes().startswith(first)
    assert "assumed" in capsys.readouterr().out
    found = msgspec.json.decode(written.read_bytes())
    assert found["replications"] == 4
    whole = summary(simulation(Scenario()), rows(Scenario(), 4))
    assert found["figures"]["vein.q95"]["mean"] == whole.figures["vein.q95"].mean
    assert main([*command, "--replications", "4", "--seed", "2"]) == 1


def test_a_scenarios_file_says_what_is_assumed_and_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        "no_show: { value: 0.05, source: our register of 2025 }\nrepeats: { value: 0.1, source: a guess, assumed: true }\n"
        "arrivals:\n  - { hospital: demo-hospital-a, indication: lbcl, per_year: 90 }\n"
    )
    scenario = read_scenario(file)
    assert scenario.no_show == 0.05
    assert scenario.arrivals == (Arrivals("demo-hospital-a", "lbcl", 90.0),)
    assert "no_show" not in scenario.assumed
    assert {"repeats", "absence"} <= set(scenario.assumed)
    file.write_text("no_show: 2\nshow: 1\nbatches: 1.5\n")
    with pytest.raises(FileRefused) as refused:
        read_scenario(file)
    assert [each.mark.line for each in refused.value.mistakes] == [1, 2, 3]


def test_quantiles_are_ordered() -> None:
    for row in rows(Scenario(), 3):
        values = [row[f"vein.q{each}"] for each in (5, 25, 50, 75, 90, 95, 99)]
        assert np.all(np.diff(values) >= 0)
