"""Networks of bases: nothing but several bases of which each runs as alone, and what the theory of queues says of pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec
import pytest
import yaml
from scipy import stats
from tests.planning import lingang

from yimai.domain.base import Base, Collecting, Hospital
from yimai.domain.recipe import Duration, Recipe, Source
from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.orders import read_own_bases
from yimai.planning.network import POLICIES, Network, Policy, network_of
from yimai.planning.scenario import Arrivals, Scenario
from yimai.planning.simulate import Row, differences, fingerprint, replications, summary
from yimai.planning.simulation_model import model_of
from yimai.planning.simulation_workers import Sweep, collect, here, in_processes
from yimai.wiring import demo
from yimai.wiring.command_line import main

BEGINS = date(2026, 3, 2)
BUSY = Scenario(orders_per_year=420.0)
MEAN = 200.0
"""Hours of the only step of the queues below: long beside the full hour at which a base calls patients."""
LOAD = 0.6
YEAR = 365.25 * 24


def moved(base: Base, id: str, hospitals: tuple[Hospital, ...]) -> Base:
    """The same base under another name, with other hospitals."""
    people = tuple(replace(each, site=id) if each.site == base.id else each for each in base.people)
    return replace(base, id=id, people=people, hospitals=hospitals)


def farther(hospital: Hospital, factor: int) -> Hospital:
    return replace(hospital, inbound=replace(hospital.inbound, median=factor * hospital.inbound.median))


@cache
def two() -> tuple[Base, Base]:
    """The demonstration's base, and one like it that lies twice as far from every hospital."""
    base = lingang.base()
    return base, moved(base, "other", tuple(farther(each, 2) for each in base.hospitals))


def network(policy: Policy, bases: Sequence[Base] | None = None, scenario: Scenario = BUSY) -> Network:
    return network_of(lingang.recipe(), bases or two(), scenario, BEGINS, 1.0, policy)


def rows(of: Network, scenario: Scenario, number: int, seed: int = 1) -> list[Row]:
    return list(replications(of, scenario, seed, range(number)))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_network_of_one_base_is_that_base(policy: Policy) -> None:
    alone = model_of(lingang.recipe(), lingang.base(), BUSY, BEGINS, 1.0)
    together = rows(network(policy, [lingang.base()]), BUSY, 3)
    for row, whole in zip(replications(alone, BUSY, 1, range(3)), together, strict=True):
        assert {name: whole[name] for name in row} == row
        assert {name: whole[f"lingang/{name}"] for name in row} == row
        assert (whole["share.lingang"], whole["elsewhere"]) == (1.0, 0.0)


def test_who_shares_the_replications_does_not_matter() -> None:
    sweep = Sweep(network("earliest"), BUSY, 7, tuple(range(5)))
    alone = collect(here(sweep), lambda _number, _row: False)
    assert collect(in_processes(sweep, 2), lambda _number, _row: False) == alone
    assert alone[0] != alone[1]
    (again,) = replications(sweep.simulation, BUSY, 7, [3])
    assert again == alone[3]


def test_each_base_with_hospitals_of_its_own_runs_as_alone() -> None:
    base = lingang.base()
    first, second = (moved(base, f"base-{each.id}", (each,)) for each in base.hospitals[:2])
    each = {one.id: Arrivals(one.hospitals[0].id, "lbcl", 130.0) for one in (first, second)}
    both = replace(BUSY, arrivals=tuple(each.values()))
    together = rows(network("own", [first, second], both), both, 60)
    figures = ("throughput", "wait.mean", "wait.q95", "vein.q50", "promise_kept", "use.suites", "batch.growth", "cost")
    for one in (first, second):
        scenario = replace(BUSY, arrivals=(each[one.id],))
        alone = list(replications(model_of(lingang.recipe(), one, scenario, BEGINS, 1.0), scenario, 2, range(60)))
        for name in figures:
            a, b = [row[name] for row in alone], [row[f"{one.id}/{name}"] for row in together]
            assert stats.ks_2samp(a, b).pvalue > 0.01 / len(figures), (one.id, name)
            assert stats.ttest_ind(a, b, equal_var=False).pvalue > 0.01 / len(figures), (one.id, name)
    assert all(row["elsewhere"] == 0.0 for row in together)


def test_what_breaks_at_one_base_does_not_break_at_the_other() -> None:
    """Twins to which as many come, one hospital each: their luck differs although what is in their files does not."""
    row = rows(network("earliest", [two()[0], moved(two()[0], "twin", two()[0].hospitals)]), BUSY, 1)[0]
    assert row["lingang/use.suites"] != row["twin/use.suites"]
    assert row["lingang/batch.suite_failure"] + row["twin/batch.suite_failure"] == row["batch.suite_failure"]


def test_the_whole_is_the_sum_of_its_bases() -> None:
    for row in rows(network("earliest"), BUSY, 3):
        for name in ("throughput", "count.orders", "count.batches", "patient.deteriorated", "events"):
            assert row[name] == pytest.approx(row[f"lingang/{name}"] + row[f"other/{name}"])
        assert row["share.lingang"] + row["share.other"] == pytest.approx(1.0)
        for hospital in lingang.HOSPITALS:
            assert row[f"sent.{hospital}.lingang"] + row[f"sent.{hospital}.other"] == pytest.approx(1.0)
        low, high = sorted((row["lingang/use.suites"], row["other/use.suites"]))
        assert low <= row["use.suites"] <= high


def test_the_earliest_base_relieves_a_full_one() -> None:
    own, earliest = (rows(network(policy), BUSY, 8) for policy in POLICIES)
    assert all(row["share.lingang"] == 1.0 for row in own)
    assert all(0.0 < row["elsewhere"] < 0.6 for row in earliest)
    change = differences(own, earliest)
    assert change["wait.mean"].high < 0 < change["throughput"].low


def test_no_other_base_is_taken_while_the_own_one_is_idle() -> None:
    quiet = replace(BUSY, orders_per_year=12.0, suite_failures=0.0)
    assert all(row["elsewhere"] == 0.0 for row in rows(network("earliest", scenario=quiet), quiet, 5))


def test_fresh_material_is_sent_nowhere_that_it_does_not_reach_in_time() -> None:
    near, far = two()
    a, *others = far.hospitals
    most = lingang.recipe().starting_material.fresh_maximum
    late = replace(a, inbound=replace(a.inbound, median=most, cv=Decimal("0.2")))
    far = replace(far, hospitals=(late, *others))
    for row in rows(network("earliest", [near, far]), BUSY, 3):
        assert row[f"sent.{a.id}.other"] == 0.0
        assert row[f"sent.{others[0].id}.other"] > 0.0
    just = replace(a, inbound=replace(a.inbound, median=most, cv=Decimal(0)))
    assert network("earliest", [near, replace(far, hospitals=(just, *others))]).choices.all()


def simple() -> Recipe:
    """One step that a suite does by itself, with the mean above and a coefficient of variation of 1; nothing fails, nothing is tested."""
    recipe = lingang.recipe()
    source = Source("the queue of the test", assumed=True)
    length = Duration(timedelta(hours=MEAN / math.sqrt(2)), Decimal(1), source)
    step = replace(
        recipe.steps[0], duration=length, operators=(), second_person=False, equipment=(), failures=(), samples=(), holds=(),
        after=(), until=None, attended=None, within_shift=False,
    )  # fmt: skip
    none = Duration(timedelta(0), Decimal(0), source)
    product = replace(recipe.product, lymphodepletion_minimum=timedelta(0))
    return replace(recipe, steps=(step,), tests=(), line_clearance=none, product=product)


def queue(id: str) -> Base:
    """A base of one suite that never closes, beside two hospitals that collect at any time and at once."""
    base, source = lingang.base(), Source("the queue of the test", assumed=True)
    at_once = Duration(timedelta(0), Decimal(0), source)
    always = Collecting((1, 2, 3, 4, 5, 6, 7), time(0), time.max, 1000, at_once)
    hospitals = tuple(Hospital(each, always, at_once, at_once) for each in ("h1", "h2"))
    suite = next(each for each in base.suites if each.room_class == lingang.recipe().steps[0].room_class)
    return moved(
        replace(base, suites=(suite,), closures=(), laboratory=(), review=None, couriers=0, storage=()), id, hospitals
    )


def test_pooling_keeps_between_one_queue_for_two_and_two_queues() -> None:
    """Pollaczek and Khinchine's wait of each queue alone (that of M/M/1 at this spread), and Erlang's of one queue before both."""
    calm = Scenario(
        arrivals=tuple(Arrivals(each, "lbcl", LOAD / MEAN * YEAR, 0.0) for each in ("h1", "h2")), preparation_days=1e-6,
        deterioration_per_month=0.0, no_show=0.0, collection_failures=0.0, courier_delay=0.0, suite_failures=0.0,
        equipment_failures=0.0, absence=0.0, warm_up_days=2 * 365.25,
    )  # fmt: skip
    found = {
        policy: rows(
            network_of(simple(), [queue("one"), queue("two")], calm, BEGINS, 22.0, policy, {"h1": "one", "h2": "two"}),
            calm, 100,
        )
        for policy in POLICIES
    }  # fmt: skip
    apart, pooled = (
        summary(network_of(simple(), [queue("one")], calm, BEGINS, 22.0), found[policy]).figures["wait.mean"]
        for policy in POLICIES
    )

    def in_one_queue(mean: float) -> float:
        load = LOAD * mean / MEAN
        return mean + load * mean / (1 - load)

    alone, by_full_hours = in_one_queue(MEAN), in_one_queue(MEAN + 1) + 1
    together = MEAN + MEAN * LOAD**2 / (1 - LOAD**2)
    assert apart.low < by_full_hours, (
        "a base calls at full hours: each wait and each time in the suite is longer by one at most"
    )
    assert alone < apart.high
    assert apart.half < 0.06 * alone
    assert together < pooled.high
    assert pooled.high < apart.low
    assert differences(found["own"], found["earliest"])["wait.mean"].high < 0
    assert pooled.mean - together < 0.5 * (alone - together), "most of what pooling can give is had"


def test_what_cannot_be_a_network_is_refused() -> None:
    near, far = two()
    cases: list[tuple[Sequence[Base], Scenario, dict[str, str], str]] = [
        ([near, near], BUSY, {}, "two bases are called lingang"),
        ([near, replace(far, hospitals=())], BUSY, {}, "other serves no hospital"),
        ([near, replace(far, timezone="Europe/London")], BUSY, {}, "one time zone"),
        ([near, far], replace(BUSY, arrivals=(Arrivals("nowhere", "lbcl", 5.0),)), {}, "serves nowhere"),
        ([near, far], BUSY, {"nowhere": "other"}, "serve nowhere"),
        ([near, far], BUSY, {"demo-hospital-a": "third"}, "cannot have third"),
        ([near, replace(far, hospitals=(farther(far.hospitals[0], 100),))], BUSY, {}, "other serves no hospital"),
        ([replace(near, hospitals=(farther(near.hospitals[0], 100), *near.hospitals[1:]))], BUSY, {}, "near enough"),
    ]
    for bases, scenario, own, words in cases:
        with pytest.raises(ValueError, match=words):
            network_of(lingang.recipe(), bases, scenario, BEGINS, 1.0, "own", own)


def test_the_policy_is_part_of_what_rows_depend_on() -> None:
    assert fingerprint(network("own"), BUSY, 1) != fingerprint(network("earliest"), BUSY, 1)


def test_a_file_of_own_bases_says_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("hospital,base\ndemo-hospital-a,other\n", encoding="utf-8")
    assert read_own_bases(file) == {"demo-hospital-a": "other"}
    file.write_text("hospital,base\na,\nb,x\nb,y\n", encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        read_own_bases(file)
    assert [each.mark.line for each in refused.value.mistakes] == [2, 4]
    file.write_text("hospital\na\n", encoding="utf-8")
    with pytest.raises(FileRefused, match="base"):
        read_own_bases(file)


def test_the_command_compares_policies_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = yaml.safe_load(demo.BASE.read_text(encoding="utf-8"))
    other, own, found = tmp_path / "other.yaml", tmp_path / "own.csv", tmp_path / "found.json"
    other.write_text(yaml.safe_dump(content | {"base": "other"}, allow_unicode=True), encoding="utf-8")
    own.write_text("hospital,base\ndemo-hospital-b,other\n", encoding="utf-8")
    command = ["plan", "simulate", "--recipe", str(demo.RECIPE), "--base", str(demo.BASE), "--years", "1"]
    several = [*command, "--base", str(other), "--own", str(own), "--keep", str(tmp_path / "kept")]
    assert main([*several, "--replications", "2"]) == 0
    first = (tmp_path / "kept.own").read_bytes()
    assert main([*several, "--replications", "3", "--json", str(found)]) == 0
    assert (tmp_path / "kept.own").read_bytes().startswith(first)
    assert "earliest less own" in capsys.readouterr().out
    written = msgspec.json.decode(found.read_bytes())
    assert written["own"]["demo-hospital-b"] == "other"
    assert written["policies"]["earliest"]["replications"] == 3
    assert 0 < written["policies"]["own"]["figures"]["share.other"]["mean"] < 1
    assert "wait.mean" in written["differences"]["earliest"]
    assert main([*command, "--base", str(demo.BASE)]) == 1
    assert "two bases are called lingang" in capsys.readouterr().err
    assert main([*command, "--policy", "own"]) == 1
    assert "--base once for each" in capsys.readouterr().err
