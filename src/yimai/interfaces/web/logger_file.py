"""A temperature logger's CSV file, as the usual loggers export it, read into times and degrees Celsius.

UTF-8, UTF-16 or GBK; commas, semicolons, tabs or bars; decimal points or commas; lines above the header row; date and time in
one column or two. What cannot be read is refused with its line: nothing is guessed that would make a journey look better.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final, Literal

from yimai.interfaces.web.logger_problem import (
    IN_FAHRENHEIT,
    NO_COLUMNS,
    NO_READINGS,
    NO_UNIT,
    NOT_IN_ORDER,
    NOT_TEXT,
    UNKNOWN_TEXT,
    LoggerProblem,
    impossible,
    no_temperature,
    other_width,
    several_columns,
)
from yimai.interfaces.web.logger_time import LONGEST_SHOWN, Stamp, moments, stamp, zone_named

Unit = Literal["", "Cel", "[degF]"]
Row = tuple[int, list[str]]
"""A line's number, from 1, and its cells."""
HEADER_WITHIN: Final = 120
DELIMITERS: Final = ("\t", ";", "|", ",")
COLDEST: Final = Decimal("-273.15")
HOTTEST: Final = Decimal(200)
BINARY: Final = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff")
ABSENT: Final = frozenset({"", "-", "--", "---", "n/a", "na", "nan", "null", "none", "err", "error", "无", "无数据"})
"""What loggers write where the probe gave nothing: no reading, and a gap if there are many."""
_TIME: Final = re.compile(r"time|date|datum|zeit|时间|日期|时刻", re.IGNORECASE)
_ONLY_DATE: Final = re.compile(r"^\W*(date|datum|日期)\b|^日期(?!.*时间)", re.IGNORECASE)
_NOT_CLOCK: Final = re.compile(r"elapsed|duration|zone|相对|时长|时区", re.IGNORECASE)
_TEMPERATURE: Final = re.compile(
    r"temp|温度|°\s*[cf]\b|℃|℉|^\W*(?:probe|channel|ch|通道|探头)\W*\d*\W*$|^t\W*$|^t\s*[\[(]", re.IGNORECASE
)
_OTHER: Final = re.compile(
    r"limit|alarm|alert|max|min\b|mini|avg|average|mean|high|low|mkt|status|humid|%|湿度|上限|下限|报警|平均|最高|最低|状态",
    re.IGNORECASE,
)
_CELSIUS: Final = re.compile(r"°\s*c|℃|celsius|摄氏|[\[(/,;\s]c[\])\s]*$|\bdeg\.?\s*c\b", re.IGNORECASE)
_FAHRENHEIT: Final = re.compile(r"°\s*f|℉|fahrenheit|华氏|[\[(/,;\s]f[\])\s]*$|\bdeg\.?\s*f\b", re.IGNORECASE)
_SERIAL: Final = re.compile(
    r"(?:serial(?:\s*(?:number|no\.?|#))?|s/n|logger\s*id|device\s*id|序列号|设备编号|记录仪编号)\W+([A-Za-z0-9][A-Za-z0-9-]{2,29})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime
    celsius: Decimal


@dataclass(frozen=True, slots=True)
class LoggerFile:
    """readings: in order. missing: lines on which the probe gave nothing. logger: its number as the file says, or "".

    converted: whether the file had °F.
    """

    readings: tuple[Reading, ...]
    missing: int = 0
    logger: str = ""
    converted: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row the time stands (in one cell or two) and the temperature. width: cells of the header row."""

    time: tuple[int, ...]
    temperature: int
    width: int
    unit: Unit


def read(data: bytes, *, zone: tzinfo, unit: Unit = "", near: datetime | None = None) -> LoggerFile:
    """Read the file. Raises LoggerProblem.

    zone: where the logger was set, for times that name none. unit: as a person says it is, where the file does not, or °F, to be
    converted. near: about when the journey was, for dates whose day and month look alike.
    """
    lines = _lines(_text(data))
    delimiter, header, columns = _columns(lines)
    above = "\n".join(lines[: max(header - 1, 0)])
    stated = columns.unit or _unit(above)
    rows = _rows(lines, delimiter, header)
    stamps: list[Stamp] = []
    values: list[Decimal] = []
    missing = 0
    for number, cells in rows:
        if len(cells) > columns.width and any(cells[columns.width :]):
            raise LoggerProblem(other_width(len(cells), columns.width), number)
        cells += [""] * (columns.width - len(cells))
        text = cells[columns.temperature]
        when = stamp(" ".join(cells[place] for place in columns.time), number)
        if text.strip().lower() in ABSENT:
            missing += 1
            continue
        stated = stated or _unit(text)
        stamps.append(when)
        values.append(_number(text, number))
    if not stamps:
        raise LoggerProblem(NO_READINGS)
    celsius = _celsius(values, stamps, stated, unit)
    named = zone_named(lines[header - 1] if header else "") or zone_named(above) or zone
    readings = _in_order([Reading(*each) for each in zip(moments(stamps, named, near), celsius, strict=True)], stamps)
    serial = _SERIAL.search(above)
    return LoggerFile(readings, missing, serial[1] if serial else "", "[degF]" in (stated, unit) and stated != "Cel")


def _text(data: bytes) -> str:
    if data.startswith(BINARY):
        raise LoggerProblem(NOT_TEXT)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    elif data[1:200:2].count(0) > len(data[1:200:2]) // 2:
        encodings = ("utf-16-le",)
    elif data[0:200:2].count(0) > len(data[0:200:2]) // 2:
        encodings = ("utf-16-be",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(each < " " and each not in "\t\r\n\f" for each in text):
            raise LoggerProblem(NOT_TEXT)
        return text
    raise LoggerProblem(UNKNOWN_TEXT)


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text)


def _columns(lines: Sequence[str]) -> tuple[str, int, Columns]:
    """The delimiter, the header row's line (0 where there is none) and the columns. Raises LoggerProblem."""
    for number, line in enumerate(lines[:HEADER_WITHIN], 1):
        for delimiter in DELIMITERS:
            cells = _cells(line, delimiter)
            found = _header(cells) if len(cells) > 1 else None
            if found is not None:
                return delimiter, number, found
    first = next((line for line in lines if line.strip()), "")
    for delimiter in DELIMITERS:
        found = _bare(_cells(first, delimiter))
        if found is not None:
            return delimiter, 0, found
    raise LoggerProblem(NO_COLUMNS)


def _header(cells: Sequence[str]) -> Columns | None:
    """The columns, if this is a header row. Raises LoggerProblem where several may be the temperature."""
    temperatures = [
        place for place, cell in enumerate(cells) if _TEMPERATURE.search(cell) and not _OTHER.search(_bared(cell))
    ]
    times = [
        place
        for place, cell in enumerate(cells)
        if place not in temperatures and _TIME.search(cell) and not _NOT_CLOCK.search(cell)
    ]
    if not times or not temperatures or any(_is_number(cell) for cell in cells):
        return None
    if len(temperatures) > 1:
        raise LoggerProblem(several_columns([cells[place].strip() for place in temperatures]))
    dates = [place for place in times if _ONLY_DATE.search(cells[place])]
    clocks = [place for place in times if place not in dates]
    time = (
        (dates[0], clocks[0])
        if dates and clocks and not re.search(r"time|时间", cells[dates[0]], re.IGNORECASE)
        else (times[0],)
    )
    return Columns(time, temperatures[0], len(cells), _unit(cells[temperatures[0]]))


def _bared(cell: str) -> str:
    """A header cell without its unit, which is no sign of another quantity."""
    return re.sub(r"°\s*[cf]|℃|℉", "", cell, flags=re.IGNORECASE)


def _bare(cells: Sequence[str]) -> Columns | None:
    """The columns of a file without header row: a date and time, and one number behind it."""
    for width in (1, 2):
        for place in range(len(cells) - width):
            try:
                stamp(" ".join(cells[place : place + width]), 1)
            except LoggerProblem:
                continue
            rest = [each for each in range(place + width, len(cells)) if _is_number(cells[each])]
            if len(rest) == 1:
                return Columns(tuple(range(place, place + width)), rest[0], len(cells), "")
    return None


def _rows(lines: Sequence[str], delimiter: str, header: int) -> list[Row]:
    return [
        (number, cells)
        for number, line in enumerate(lines[header:], header + 1)
        if line.strip() and any(cells := _cells(line, delimiter))
    ]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [cell.strip() for cell in line.split(delimiter)]


def _unit(text: str) -> Unit:
    celsius, fahrenheit = _CELSIUS.search(text), _FAHRENHEIT.search(text)
    if celsius and not fahrenheit:
        return "Cel"
    return "[degF]" if fahrenheit and not celsius else ""


def _plain_number(text: str) -> str:
    bare = re.sub(r"°\s*[CF]?|℃|℉|[CFcf]$", "", text).replace("−", "-").replace("\u00a0", "").replace(" ", "")
    return bare.replace(",", ".") if bare.count(",") == 1 and "." not in bare else bare


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+(?:\.\d+)?", _plain_number(text)))


def _number(text: str, line: int) -> Decimal:
    if not _is_number(text) or len(text) > LONGEST_SHOWN:
        raise LoggerProblem(no_temperature(text[:LONGEST_SHOWN]), line)
    return Decimal(_plain_number(text))


def _celsius(values: Sequence[Decimal], stamps: Sequence[Stamp], stated: Unit, said: Unit) -> list[Decimal]:
    """The values in °C. stated: the file's unit. said: the person's, who may have °F converted."""
    if stated == "[degF]" and said != "[degF]":
        raise LoggerProblem(IN_FAHRENHEIT, asks="unit")
    if not stated and not said:
        raise LoggerProblem(NO_UNIT, asks="unit")
    found = []
    for value, at in zip(values, stamps, strict=True):
        degrees = "°F" if (stated or said) == "[degF]" else "°C"
        celsius = _converted(value) if degrees == "°F" else value
        if not COLDEST <= celsius <= HOTTEST:
            raise LoggerProblem(impossible(f"{value} {degrees}"), at.line)
        found.append(celsius)
    return found


def _converted(fahrenheit: Decimal) -> Decimal:
    return round((fahrenheit - 32) * 5 / 9, 3) if abs(fahrenheit) < 1000 else fahrenheit


def _in_order(readings: list[Reading], stamps: Sequence[Stamp]) -> tuple[Reading, ...]:
    """In the order of time; a file with the latest first is turned round. Raises LoggerProblem."""
    steps = [later.at >= earlier.at for earlier, later in itertools.pairwise(readings)]
    if all(steps):
        return tuple(readings)
    if all(later.at <= earlier.at for earlier, later in itertools.pairwise(readings)):
        return tuple(reversed(readings))
    raise LoggerProblem(NOT_IN_ORDER, stamps[steps.index(False) + 1].line)
