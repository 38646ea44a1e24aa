"""The logger's file: read, shown as it was understood, then recorded; or the word that there are no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Final, cast

from django.http import Http404

from yimai.actions import custody
from yimai.domain.recipe import Words
from yimai.interfaces.web.consignment import Consignment, consignments
from yimai.interfaces.web.field import Choice, Field, Given, Line, Tick, Typed, Unreadable, Upload
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.logger_chart import chart
from yimai.interfaces.web.logger_file import LoggerFile, Unit, read
from yimai.interfaces.web.logger_journey import Journey, journey
from yimai.interfaces.web.logger_problem import IN_FAHRENHEIT, NO_UNIT, LoggerProblem
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation

FILE: Final = "file"
UNIT: Final = "unit"
NO_LOGGER: Final = Words("请填写记录仪编号；文件中没有。", "Enter the logger's number; the file does not state it.")
UNITS: Final = (("Cel", Words("°C", "°C")), ("[degF]", Words("°F，换算为 °C", "°F, convert to °C")))


@dataclass(frozen=True)
class Understood:
    """A file and what it says about the journey."""

    data: bytes
    file: LoggerFile
    journey: Journey


@dataclass(frozen=True, kw_only=True)
class TemperatureFile(Upload):
    """A logger's file; gives what was understood of it."""

    def read(self, typed_: Typed, situation: Situation) -> Any:
        data = super().read(typed_, situation)
        return understood(data, typed_.one(UNIT), situation)


@dataclass(frozen=True, kw_only=True)
class UnitOfFile(Choice):
    """Asked only where the file does not say its unit, or says °F."""

    def is_asked(self, typed: Typed, problems: Mapping[str, Words]) -> bool:
        return bool(typed.one(self.name)) or problems.get(FILE) in (NO_UNIT, IN_FAHRENHEIT)


@dataclass(frozen=True, kw_only=True)
class LoggerNumber(Line):
    """The logger's number, as typed or scanned, else as its file states it."""

    def read(self, typed: Typed, situation: Situation) -> Any:
        if typed.one(self.name) or FILE not in typed.files:
            return super().read(typed, situation)
        try:
            stated = understood(Upload.read(FILE_FIELD, typed, situation), typed.one(UNIT), situation).file.logger
        except Unreadable:
            return ""
        if not stated:
            raise Unreadable(NO_LOGGER)
        return stated


def travelled(situation: Situation) -> Consignment:
    """The shipper that the address names. Raises Http404."""
    found = consignments(situation.entries).get(situation.given.get("shipment", ""))
    if found is None:
        raise Http404(situation.given.get("shipment", ""))
    return found


def understood(data: bytes, unit: str, situation: Situation) -> Understood:
    """Read the file as that of the shipper's journey. Raises Unreadable, with the line and the reason."""
    packed, zone = travelled(situation), situation.now.tzinfo
    assert zone is not None
    begin, end = (each.astimezone(zone) for each in (packed.packed, packed.arrived or situation.now))
    try:
        file = _read(data, zone, cast(Unit, unit), begin)
        return Understood(data, file, journey(file, begin, end, packed.limits))
    except LoggerProblem as problem:
        raise Unreadable(problem.words) from None


@lru_cache(maxsize=8)
def _read(data: bytes, zone: tzinfo, unit: Unit, near: datetime) -> LoggerFile:
    """The same file is read when it is uploaded, shown and signed."""
    return read(data, zone=zone, unit=unit, near=near)


FILE_FIELD: Final = TemperatureFile(
    name=FILE,
    title=Words("记录仪文件", "Logger's file"),
    hint=Words(
        "CSV 文件，含时间列和温度列（°C）。", "A CSV file with a column of times and one of temperatures in °C."
    ),
    accept=".csv,.txt,.tsv,text/csv,text/plain",
)


def reporting(situation: Situation) -> tuple[Field, ...]:
    about = (Given(name="treatment"), Given(name="shipment"))
    number = LoggerNumber(
        name="logger",
        title=Words("记录仪编号", "Logger's number"),
        hint=Words("如果文件中注明，可不填。", "May stay empty if the file states it."),
    )
    if situation.given.get("data") == "none":
        lost = Tick(
            name="lost", title=Words("记录仪丢失、损坏或没有读数", "The logger is lost, broken or holds no readings")
        )
        return (*about, Line(name="logger", title=number.title, optional=True), lost)
    unit = UnitOfFile(name=UNIT, title=Words("温度单位", "Unit"), options=lambda _: UNITS, optional=True)
    return (*about, FILE_FIELD, unit, number)


def reported(values: Arguments, situation: Situation) -> dict[str, Any]:
    about = {name: values[name] for name in ("treatment", "shipment", "logger")}
    found = values.get(FILE)
    if not isinstance(found, Understood):
        return {**about, "readings": 0, "lowest": None, "highest": None}
    travelled_ = found.journey
    return {
        **about,
        "readings": len(travelled_.readings),
        "lowest": travelled_.lowest,
        "highest": travelled_.highest,
        "file": found.data,
    }


def preview(typed: Typed, situation: Situation) -> Preview | None:
    """What was understood of the file, with its picture."""
    if FILE not in typed.files:
        return None
    found = FILE_FIELD.read(typed, situation)
    typed_number = typed.one("logger")
    return Preview(
        "web/logger.html",
        {
            "file": found.file,
            "journey": found.journey,
            "chart": chart(found.journey),
            "other_logger": found.file.logger if typed_number and found.file.logger not in ("", typed_number) else "",
        },
    )


def others(situation: Situation) -> tuple[tuple[Words, str], ...]:
    if situation.given.get("data") == "none":
        given = {name: value for name, value in situation.given.items() if name != "data"}
        return ((Words("有文件", "There is a file"), address("custody.report_temperature", given)),)
    return (
        (
            Words("无数据", "No data"),
            address("custody.report_temperature", {**situation.given, "data": "none"}),
        ),
    )


TEMPERATURE: Final = Form(
    custody.report_temperature,
    Words("运输温度", "Temperatures on the way"),
    reporting,
    button=Words("读取文件", "Read the file"),
    guide=Words(
        "上传记录仪文件，核对所读内容后签名。没有数据即为偏离，由 QA 决定。",
        "Upload the logger's file, look at what was read, then sign. No data is an excursion: QA decides.",
    ),
    build=reported,
    preview=preview,
    others=others,
)
