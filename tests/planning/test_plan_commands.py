"""`yimai plan timetable` on files alone: what it prints and writes, and what it says of a file that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.orders import read_orders
from yimai.wiring import demo
from yimai.wiring.command_line import main

ORDERS = """\
id,hospital,ready,urgency,due
T1,demo-hospital-a,2026-05-11T08:00+08:00,urgent,2026-06-10T08:00+08:00
T2,demo-hospital-b,2026-05-11T08:00+08:00,,
"""


def plan(orders: Path, *more: str) -> int:
    files = ("--recipe", str(demo.RECIPE), "--base", str(demo.BASE), "--orders", str(orders))
    return main(["plan", "timetable", *files, "--now", "2026-05-10T08:00+08:00", "--moves", "50", *more])


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


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="not UTF-8"):
        read_orders(written(tmp_path, "id,hospital,ready\n患者,h,2026-05-11T08:00+08:00", "gb18030"), "r")
