"""The files of temperature loggers: whatever the layout, the same readings; whatever is wrong, the line and the reason."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from yimai.domain.recipe import Limits
from yimai.interfaces.web.logger_chart import HEIGHT, WIDTH, chart
from yimai.interfaces.web.logger_file import Reading, read
from yimai.interfaces.web.logger_journey import journey
from yimai.interfaces.web.logger_problem import DAY_OR_MONTH, IN_FAHRENHEIT, NO_UNIT, LoggerProblem

SHANGHAI = timezone(timedelta(hours=8))
BEGIN = datetime(2027, 3, 1, 8, 0, tzinfo=SHANGHAI)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Layout:
    """How one logger writes: its header and how it writes a reading's cells."""

    header: tuple[str, ...]
    cells: Callable[[int, datetime, str], tuple[str, ...]]
    above: str = ""


LAYOUTS = (
    Layout(("Time", "Temperature (°C)"), lambda n, at, c: (f"{at:%Y-%m-%d %H:%M:%S}", c)),
    Layout(("No.", "时间", "温度(℃)", "湿度(%RH)"), lambda n, at, c: (str(n), f"{at:%Y/%m/%d %H:%M:%S}", c, "41.0")),
    Layout(("序号", "日期", "时间", "温度℃"), lambda n, at, c: (str(n), f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}", c)),
    Layout(("Datum", "Uhrzeit", "Temperatur [°C]"), lambda n, at, c: (f"{at:%d.%m.%Y}", f"{at:%H:%M:%S}", c)),
    Layout(
        ("Date/Time", "Ch1 (°C)", "High alarm (°C)", "Status"),
        lambda n, at, c: (f"{at:%m/%d/%Y %I:%M:%S %p}", c, "8.0", "OK"),
        "Device ID: TT-4711\nTrip: 12 °C",
    ),
    Layout(("Timestamp", "Temp"), lambda n, at, c: (f"{at.isoformat()}", f"{c} °C"), "S/N: 0099-A"),
    Layout(("时间", "温度"), lambda n, at, c: (f"{at:%Y年%m月%d日 %H时%M分%S秒}", c), "单位：摄氏度"),
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030")

celsius = st.integers(-19600, 6000).map(lambda n: Decimal(n) / 100)
courses = st.lists(celsius, min_size=1, max_size=80)


@st.composite
def written(draw: st.DrawFn) -> tuple[bytes, list[Reading]]:
    """A file in one of the layouts, and what must be read from it."""
    layout, values = draw(st.sampled_from(LAYOUTS)), draw(courses)
    every = draw(st.integers(1, 30))
    readings = [Reading(BEGIN + every * number * MINUTE, value) for number, value in enumerate(values)]
    delimiter = draw(st.sampled_from(",;\t|"))
    comma = delimiter != "," and draw(st.booleans())
    rows = [layout.header]
    for number, each in enumerate(readings, 1):
        text = f"{each.celsius}".replace(".", ",") if comma else f"{each.celsius}"
        rows.append(layout.cells(number, each.at, text))
    if draw(st.booleans()):
        rows = [rows[0], *reversed(rows[1:])]
    lines = [layout.above] if layout.above else []
    lines += [delimiter.join(cells) for cells in rows]
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(ENCODINGS))
    return (end.join(lines) + draw(st.sampled_from(["", end, end * 3]))).encode(encoding), readings


@settings(max_examples=150)
@given(written())
def test_every_layout_gives_the_same_readings(file: tuple[bytes, list[Reading]]) -> None:
    data, readings = file
    found = read(data, zone=SHANGHAI, near=BEGIN)
    assert list(found.readings) == readings


@settings(max_examples=150)
@given(written(), st.data())
@example((b"Time,Temperature (C)\n2027-03-01 08:00,5.1\n", []), None)
def test_a_file_cut_or_spoilt_anywhere_is_read_or_refused_but_never_breaks(
    file: tuple[bytes, list[Reading]], data: st.DataObject | None
) -> None:
    contents = bytearray(file[0])
    if data is not None:
        for _ in range(data.draw(st.integers(1, 4))):
            contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
        contents = contents[: data.draw(st.integers(0, len(contents)))]
    with suppress(LoggerProblem):
        assert read(bytes(contents), zone=SHANGHAI, near=BEGIN).readings


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(LoggerProblem):
        assert read(data, zone=SHANGHAI).readings


@given(st.lists(st.decimals(-100, 140, places=1), min_size=1, max_size=20))
def test_fahrenheit_is_refused_or_converted_when_a_person_says_so(values: list[Decimal]) -> None:
    rows = [f"{BEGIN + n * MINUTE:%Y-%m-%d %H:%M},{value}" for n, value in enumerate(values)]
    data = "\n".join(["Time,Temp (°F)", *rows]).encode()
    with pytest.raises(LoggerProblem) as refused:
        read(data, zone=SHANGHAI)
    assert refused.value.words == IN_FAHRENHEIT
    with pytest.raises(LoggerProblem):
        read(data, zone=SHANGHAI, unit="Cel")
    found = read(data, zone=SHANGHAI, unit="[degF]")
    assert found.converted
    for value, reading in zip(values, found.readings, strict=True):
        assert abs(reading.celsius * 9 / 5 + 32 - value) <= Decimal("0.001")


def test_a_file_without_header_or_unit_asks_for_the_unit() -> None:
    data = b"1;2027-03-01;08:00:00;4,9\n2;2027-03-01;08:05:00;5,0\n"
    with pytest.raises(LoggerProblem) as refused:
        read(data, zone=SHANGHAI)
    assert refused.value.words == NO_UNIT
    found = read(data, zone=SHANGHAI, unit="Cel")
    assert [each.celsius for each in found.readings] == [Decimal("4.9"), Decimal("5.0")]


def test_a_zone_that_the_file_names_counts_before_the_hospitals() -> None:
    data = b"Logger no. 7\nTime (UTC),Temp (C)\n2027-03-01 00:00,5.0\n"
    assert read(data, zone=SHANGHAI).readings[0].at == BEGIN
    other = "时间 GMT+9,温度(℃)\n2027-03-01 09:00,5.0\n".encode("gbk")
    assert read(other, zone=SHANGHAI).readings[0].at == BEGIN
    itself = b"Time;Temp (C)\n2027-03-01T00:00:00Z;5.0\n"
    assert read(itself, zone=SHANGHAI).readings[0].at == BEGIN.astimezone(UTC)


def test_day_and_month_are_told_apart_by_the_file_then_by_the_journey() -> None:
    days = b"Time,Temp (C)\n02/03/2027 23:50,5.0\n03/03/2027 00:10,5.0\n"
    assert read(days, zone=SHANGHAI).readings[0].at.month == 3
    either = b"Time,Temp (C)\n03/01/2027 08:00,5.0\n"
    with pytest.raises(LoggerProblem) as refused:
        read(either, zone=SHANGHAI)
    assert DAY_OR_MONTH.en in refused.value.words.en
    assert read(either, zone=SHANGHAI, near=BEGIN).readings[0].at == BEGIN


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("Time,Temp (C)\n2027-03-01 08:00,5.0\n2027-03-01 08:05,warm\n", 3, "'warm' is no temperature"),
        ("Time,Temp (C)\n2027-03-01 08:00,5.0\n08:05,5.0\n", 3, "no date and time"),
        ("Time,Temp (C)\n2027-02-30 08:00,5.0\n", 2, "no date and time"),
        ("Time,Temp (C)\n2027-03-01 08:00,5,1\n", 2, "semicolons"),
        ("Time,Temp (C)\n2027-03-01 08:00,-300\n", 2, "not possible"),
        ("Time,Temp (C)\n2027-03-01 08:00,5\n2027-03-01 09:00,5\n2027-03-01 08:30,5\n", 4, "out of order"),
        ("Time,Temp (C)\n2027-03-01 08:00,5\nMaximum,5\n", 3, "'Maximum' is no date and time"),
        ("Time,Temp 1 (C),Temp 2 (C)\n2027-03-01 08:00,5,6\n", 0, "several columns"),
        ("Time,Temp (C)\n", 0, "no readings"),
        ("Time,Temp (C)\n2027-03-01 08:00,---\n", 0, "no readings"),
        ("hello\nworld\n", 0, "No column"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(LoggerProblem) as refused:
        read(text.encode(), zone=SHANGHAI)
    assert refused.value.line == line
    assert reason in refused.value.words.en
    assert (f"第 {line} 行" in refused.value.words.zh) == (line > 0)


def test_the_loggers_number_is_read_above_the_header() -> None:
    assert read(b"Serial No.: AB-123\nTime,Temp (C)\n2027-03-01 08:00,5\n", zone=SHANGHAI).logger == "AB-123"
    assert read("序列号：TT0071\n时间,温度℃\n2027-03-01 08:00,5\n".encode(), zone=SHANGHAI).logger == "TT0071"


@given(courses, st.integers(1, 30), st.integers(0, 40), st.integers(0, 40))
def test_a_journey_counts_its_own_readings_and_draws_them_in_the_picture(
    values: list[Decimal], every: int, before: int, after: int
) -> None:
    readings = tuple(Reading(BEGIN + every * number * MINUTE, value) for number, value in enumerate(values))
    begin, end = readings[0].at - before * MINUTE, readings[-1].at + after * MINUTE
    file = read(_plain(readings), zone=SHANGHAI)
    found = journey(file, begin, end, Limits(Decimal(2), Decimal(8)))
    assert (found.lowest, found.highest, found.outside) == (min(values), max(values), 0)
    assert found.beyond == sum(not 2 <= value <= 8 for value in values)
    assert all(later - earlier > 15 * MINUTE for earlier, later in found.gaps)
    drawn = chart(found)
    for point in drawn.line.split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    middle = readings[len(readings) // 2].at
    part = journey(file, begin, middle, Limits())
    assert len(part.readings) + part.outside == len(readings)
    with pytest.raises(LoggerProblem):
        journey(file, end + MINUTE, end + 60 * MINUTE, Limits())


def _plain(readings: tuple[Reading, ...]) -> bytes:
    rows = [f"{each.at.isoformat()},{each.celsius}" for each in readings]
    return "\n".join(["Time,Temperature (°C)", *rows]).encode()
