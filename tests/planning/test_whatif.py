"""What if: each change changes what it says, comparisons are in pairs, and the words say what the intervals allow."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.planning import lingang

from yimai.domain.recipe import Words
from yimai.planning.change import CHANGES, Case, Change, named
from yimai.planning.scenario import Arrivals, Scenario
from yimai.planning.simulate import Estimate
from yimai.planning.whatif import FIGURES, Comparison, Extent, Stopped, compare, in_words
from yimai.wiring import demo
from yimai.wiring.command_line import main

EXTENT = Extent(date(2026, 3, 2), years=1.0, replications=8)
NOTHING = Change("nothing", Words("不变", "Nothing"), Words("不变。", "Nothing."), lambda case: case)


def case(**scenario: float) -> Case:
    return Case(lingang.recipe(), lingang.base(), replace(Scenario(), **scenario))  # type: ignore[arg-type]


def compared(*changes: Change, of: Case | None = None) -> Comparison:
    return compare(of or case(), changes, EXTENT)


def test_no_change_makes_no_difference_at_all() -> None:
    (nothing,) = compared(NOTHING).changes
    assert all(each.mean == each.low == each.high == 0 for each in nothing.differences.values())
    assert nothing.words.en.startswith("No clear change: infused a year, order to infusion (median)")
    assert nothing.words.zh.startswith("没有明显变化：每年回输、")


def test_tests_in_three_days_shorten_every_wait_and_say_so_in_both_languages() -> None:
    (quick,) = compared(CHANGES["qc"]).changes
    vein = next(figure for figure in FIGURES if figure.name == "vein.q50")
    assert quick.differences["vein.q50"].high < -3 * 24
    assert quick.clear(vein)
    assert quick.helps(vein)
    assert "collection to infusion takes 4.0 days less (" in quick.words.en
    assert "采集到回输短 4.0 天（" in quick.words.zh


def test_a_full_base_gains_from_a_suite_and_suffers_from_demand() -> None:
    suite, demand = compared(CHANGES["suite"], CHANGES["demand"], of=case(orders_per_year=300.0)).changes
    wait = next(figure for figure in FIGURES if figure.name == "wait.q50")
    assert suite.helps(wait) is True
    assert suite.differences["throughput"].low > 0
    assert demand.helps(wait) is False
    assert demand.differences["patient.deteriorated"].low > 0


def test_the_changes_change_what_they_say() -> None:
    before = case()
    assert len(CHANGES["suite"].made(before).base.suites) == len(before.base.suites) + 1
    assert CHANGES["courier"].made(before).base.couriers == before.base.couriers + 1
    night = CHANGES["night"].made(before).base
    operators = Counter(each.shift for each in night.people if each.site == night.id and "operator" in each.roles)
    assert operators["night"] == operators["day"] == 15
    assert len({each.id for each in night.people}) == len(night.people)
    closed = CHANGES["closed"].made(before).recipe
    culture = closed.step("middle_culture")
    assert culture is not None
    assert culture.attended is not None
    assert culture.attended.begins == culture.attended.ends == timedelta(minutes=30)
    assert closed.step("freeze") == before.recipe.step("freeze")
    some = replace(before, scenario=Scenario(arrivals=(Arrivals("demo-hospital-a", "lbcl", 100.0),)))
    assert CHANGES["demand"].made(some).scenario.arrivals[0].per_year == pytest.approx(130.0)


def test_a_base_with_one_shift_gets_a_night() -> None:
    base = lingang.base()
    day = tuple(each for each in base.people if each.shift == "day")
    made = CHANGES["night"].made(replace(case(), base=replace(base, shifts=base.shifts[:1], people=day))).base
    assert [(each.begins.hour, each.ends.hour) for each in made.shifts] == [(8, 20), (20, 8)]
    assert len(made.people) == len(day) + 15


def test_changes_are_made_together() -> None:
    both = named("suite+suite+courier")
    made = both.made(case()).base
    assert len(made.suites) == len(lingang.base().suites) + 2
    assert len({each.id for each in made.suites}) == len(made.suites)
    assert both.title.en == "Another suite + Another suite + Another courier"


def test_what_cannot_be_told_from_chance_is_not_said() -> None:
    none = dict.fromkeys((figure.name for figure in FIGURES), Estimate(1.0, -1.0, 3.0))
    assert in_words(none, "USD").en.startswith("No clear change")
    small = none | {"vein.q50": Estimate(-0.1, -0.2, -0.05)}
    assert "takes" not in in_words(small, "USD").en
    sure = none | {"throughput": Estimate(-3.0, -5.0, -1.0)}
    assert in_words(sure, "USD").en.startswith("3.0 fewer patients are infused a year (1.0 to 5.0). No clear")
    dearer = in_words(none | {"cost": Estimate(879.0, 656.0, 1101.0)}, "USD")
    assert dearer.en.startswith("A therapy costs 879 US dollars more (656 to 1,101).")
    assert dearer.zh.startswith("每例成本高 879 美元（656 至 1,101）")


def test_it_stops_when_it_is_told_to() -> None:
    with pytest.raises(Stopped):
        compare(case(), [NOTHING], EXTENT, lambda done, of: (done, of) == (3, 16))


def test_the_command_writes_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "compared.json"
    command = ["plan", "whatif", "--recipe", str(demo.RECIPE), "--base", str(demo.BASE), "--years", "1"]
    command += ["--replications", "4", "--language", "zh"]
    assert main([*command, "--change", "qc", "--json", str(written)]) == 0
    printed = capsys.readouterr().out
    assert "检验三天完成" in printed
    found = msgspec.json.decode(written.read_bytes())
    (change,) = found["changes"]
    assert change["differences"]["vein.q50"]["mean"] == pytest.approx(-4, abs=0.3)
    assert change["words"]["zh"].replace("\n", "")[:8] in printed.replace("\n", "")
    assert main([*command, "--change", "magic"]) == 1
    assert "there are suite, night" in capsys.readouterr().err
