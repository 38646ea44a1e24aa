"""`yimai plan timetable` on files alone: what it prints and writes, and what it says of a file that is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.orders import read_orders, with_happened
from yimai.interfaces.files.reading import read_base, read_recipe
from yimai.planning.build import Horizon, build, task_names
from yimai.planning.order import Order
from yimai.wiring import demo
from yimai.wiring.command_line import main

ORDERS = """\
id,hospital,ready,urgency,due
T1,demo-hospital-a,2026-05-11T08:00+08:00,urgent,2026-06-10T08:00+08:00
T2,demo-hospital-b,2026-05-11T08:00+08:00,,
"""
NOW = datetime(2026, 5, 10, tzinfo=UTC)


def plan(orders: Path, *more: str, what: str = "timetable") -> int:
    files = ("--recipe", str(demo.RECIPE), "--base", str(demo.BASE), "--orders", str(orders))
    moves = ("--moves", "50") if what == "timetable" else ()
    return main(["plan", what, *files, "--now", "2026-05-10T08:00+08:00", *moves, *more])


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "orders.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_a_timetable_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "timetable.json"
    assert plan(written(tmp_path, ORDERS, "utf-8-sig"), "--json", str(file)) == 0
    told = capsys.readouterr().out
    assert "T1" in told
    assert "assumed" in told
    found = {each["treatment"]: each for each in json.loads(file.read_text())["treatments"]}
    assert set(found) == {"T1", "T2"}
    moments = found["T1"]["moments"]
    assert moments["collection"] < moments["starts"] < moments["ends"] < moments["released"] < moments["infusion"]
    assert found["T1"]["suite"] != found["T2"]["suite"]


def test_no_room_is_said_and_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(written(tmp_path, ORDERS), "--days", "10") == 1
    assert "no room for T1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("id,hospital\nT1,h", "the column ready is missing"),
        ("id,hospital,ready,colour\n", "'colour' is not known"),
        ("id,hospital,ready\nT1,h", "2 cells under 3 columns"),
        ("id,hospital,ready\nT1,h,2026-05-11T08:00", "2:3: ready '2026-05-11T08:00' is not a time with an offset"),
        ("id,hospital,ready,urgency\nT1,h,2026-05-11T08:00+08:00,soon", "urgency 'soon'"),
        ("id,hospital,ready\nT1,h,2026-05-11T08:00+08:00\nT1,h,2026-05-11T08:00+08:00", "T1 is there twice"),
        ("id,hospital,ready\n,h,2026-05-11T08:00+08:00", "has no id"),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_advice(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FileRefused, match=r"orders\.csv") as refused:
        read_orders(written(tmp_path, text), "r")
    assert told in str(refused.value)


def test_what_a_patient_is_promised_is_read_with_the_rest(tmp_path: Path) -> None:
    at = "2026-05-11T08:00+08:00"
    text = (
        f"id,hospital,ready,due,promised,promised_collection,suite\nT1,h,{at},,2026-06-02T09:00+08:00,{at},suite-01\n"
    )
    ((order, recipe),) = read_orders(written(tmp_path, text), "r")
    assert (recipe, order.suite, order.due) == ("r", "suite-01", None)
    assert order.promised == datetime.fromisoformat("2026-06-02T09:00+08:00")
    assert order.promised_collection == order.ready == datetime.fromisoformat(at)


@pytest.mark.parametrize(
    ("columns", "row", "told"),
    [
        ("", "T1,elsewhere,2026-05-11T08:00+08:00", "2:1: the hospital 'elsewhere' is not known; known are demo-"),
        (
            ",suite",
            "T1,demo-hospital-a,2026-05-11T08:00+08:00,suite-99",
            "2:1: the suite 'suite-99' is not known; known",
        ),
        (
            ",recipe",
            "T1,demo-hospital-a,2026-05-11T08:00+08:00,other",
            "2:1: the recipe 'other' is not known; known are cd",
        ),
    ],
)
def test_what_the_base_and_the_recipe_do_not_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], columns: str, row: str, told: str
) -> None:
    assert plan(written(tmp_path, f"id,hospital,ready{columns}\n{row}\n")) == 1
    assert told in capsys.readouterr().err


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="not UTF-8"):
        read_orders(written(tmp_path, "id,hospital,ready\n患者,h,2026-05-11T08:00+08:00", "gb18030"), "r")


def test_offers_are_printed_with_odds_and_why_none_is_earlier(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(written(tmp_path, ORDERS), "--order", "T1", "--number", "2", what="offer") == 0
    told = capsys.readouterr().out
    assert told.count("%") == 2
    assert "none is earlier" in told
    assert plan(written(tmp_path, ORDERS), "--order", "T9", what="offer") == 1
    assert "holds no order T9" in capsys.readouterr().err
    assert plan(written(tmp_path, ORDERS), "--order", "T1", "--days", "10", what="offer") == 1


def test_what_can_have_happened_is_every_task_of_a_chain_before_the_infusion() -> None:
    recipe, base = read_recipe(demo.RECIPE).recipe, read_base(demo.BASE).base
    order = Order("T1", "demo-hospital-a", "routine", NOW)
    problem = build({recipe.id: recipe}, base, [(order, recipe.id)], Horizon(NOW, NOW))
    assert {*task_names(recipe), "infusion"} == {task.id for task in problem.tasks.names}


def test_a_forecast_counts_what_has_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    happened = tmp_path / "happened.csv"
    happened.write_text("id,task,starts,ends\nT1,collection,2026-05-09T08:00+08:00,2026-05-09T12:00+08:00\n")
    assert plan(written(tmp_path, ORDERS), "--happened", str(happened), what="forecast") == 0
    told = capsys.readouterr().out
    assert "T1" in told
    assert "eight of ten" in told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("T9,collection,2026-05-09T08:00+08:00,", "there is no order 'T9'"),
        ("T1,step:wush,2026-05-09T08:00+08:00,", "the task 'step:wush' is not known; known are collection, step:wash"),
        ("T1,,2026-05-09T08:00+08:00,", "the task '' is not known"),
        ("T1,collection,yesterday,", "starts 'yesterday' is not a time"),
        ("T1,collection,2026-05-09T08:00+08:00,2026-05-09T07:00+08:00", "it ends before it starts"),
    ],
)
def test_what_cannot_have_happened_is_refused(tmp_path: Path, row: str, told: str) -> None:
    happened = tmp_path / "happened.csv"
    happened.write_text(f"id,task,starts,ends\n{row}\n")
    with pytest.raises(FileRefused) as refused:
        with_happened(happened, read_orders(written(tmp_path, ORDERS), "r"), ("collection", "step:wash"))
    assert told in str(refused.value)
