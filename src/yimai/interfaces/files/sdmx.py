"""Results as an SDMX-JSON 2.0 data message: a series for each target, an observation for each day and what is told of it.

The data set is valid at one instant, that of the ledger's sealed state, as a message is that answers ``asOf``. What nobody knows is a
missing observation, never 0. Of such messages only values come in, each as a reported value: a message holds a target's numbers, but
neither a clause nor how it is read, so that plans themselves come in by IATI or CSVW. Whoever takes one in is told what stays out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from yimai.domain.known_day import last_day
from yimai.domain.recipe import Words
from yimai.domain.register import MOST_ROWS, Row
from yimai.interfaces.files.exchange_names import (
    FEN,
    LARGEST,
    NOT_A_NUMBER,
    mistake,
    number_in,
    number_out,
    refuse,
    unit_in,
    unit_out,
)
from yimai.interfaces.files.mistake import FileRefused, Mistake
from yimai.projections.plan_exchange import Exchange, Result

SCHEMA: Final = "https://json.sdmx.org/2.0.0/sdmx-json-data-schema.json"
FLOW: Final = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=YIMAI:PLAN_RESULTS(1.0)"
KINDS: Final[Mapping[str, Words]] = {
    "TARGET": Words("目标值", "Target"), "UPPER": Words("目标上限", "Upper end of the target"), "BASELINE": Words("基线", "Baseline"),
    "PUBLISHED": Words("已发布的凭据", "Published receipt"), "COMPUTED": Words("计算值，未发布", "Computed, not published"),
    "REPORTED": Words("报告值", "Reported value"),
}  # fmt: skip
"""What an observation is: codes of the dimension INDICATOR."""
SERIES: Final = ("PLAN", "GOAL", "TARGET_ID", "INDICATOR")
SERIES_ATTRIBUTES: Final = ("UNIT_MEASURE", "COMPARATOR", "MEASURE")
ATTRIBUTES: Final = ("OBS_STATUS", "OUTCOME", "RECEIPT", "DEFINITION", "LEDGER_SIZE", "SOURCE")
TITLES: Final[Mapping[str, Words]] = {
    "PLAN": Words("计划", "Plan"), "GOAL": Words("目标", "Goal"), "TARGET_ID": Words("指标", "Target"),
    "INDICATOR": Words("数值类别", "What the value is"), "TIME_PERIOD": Words("日期", "Day"), "OBS_VALUE": Words("数值", "Value"),
    "UNIT_MEASURE": Words("单位", "Unit"), "COMPARATOR": Words("比较方式", "Comparator"), "MEASURE": Words("度量", "Measure"),
    "OBS_STATUS": Words("观测状态", "Observation status"), "OUTCOME": Words("结果", "Outcome"), "RECEIPT": Words("凭据", "Receipt"),
    "DEFINITION": Words("定义", "Definition"), "LEDGER_SIZE": Words("账本规模", "Size of the ledger"), "SOURCE": Words("来源", "Source"),
}  # fmt: skip
MEASURED: Final = frozenset({"PUBLISHED", "COMPUTED", "REPORTED"})
NORMAL, MISSING = "A", "M"


@dataclass(frozen=True, slots=True)
class _Observed:
    kind: str
    day: date
    value: int | None
    result: Result | None = None


@dataclass
class _Codes:
    """The values of one component, each with its place."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    def place(self, code: str, words: Words | None = None) -> int:
        if code not in self.values:
            named = (
                {"id": code, "name": words.zh, "names": {"zh": words.zh, "en": words.en}} if words is not None else {}
            )
            self.values[code] = named or {"value": code}
        return list(self.values).index(code)


def write(exchange: Exchange) -> bytes:
    """The message. The same state of the ledger gives the same bytes."""
    at, moment = exchange.at, exchange.at.sealed.isoformat(timespec="seconds")
    codes = {name: _Codes() for name in (*SERIES, *SERIES_ATTRIBUTES)}
    days = sorted({each.day for _, seen in _targets(exchange) for each in seen[1]})
    places = {day: str(number) for number, day in enumerate(days)}
    series: dict[str, Any] = {}
    for titles, (unit, observed, said) in _targets(exchange):
        for kind in dict.fromkeys(each.kind for each in observed):
            named = (*titles, (kind, KINDS[kind]))
            key = ":".join(str(codes[name].place(*each)) for name, each in zip(SERIES, named, strict=True))
            attributes = zip(SERIES_ATTRIBUTES, (unit_out(unit), said.comparator, said.measure), strict=True)
            series[key] = {
                "attributes": [codes[name].place(code) if code else None for name, code in attributes],
                "observations": {places[each.day]: _observation(each, unit) for each in observed if each.kind == kind},
            }
    times = [
        {"value": day.isoformat(), "start": f"{day}T00:00:00+08:00", "end": f"{day}T23:59:59+08:00"} for day in days
    ]
    message = {
        "$schema": SCHEMA,
        "meta": {
            "id": f"yimai-{at.ledger}-{at.size}", "test": False, "prepared": moment, "contentLanguages": ["zh", "en"],
            "name": "计划的目标与结果", "names": {"zh": "计划的目标与结果", "en": "Goals and results of plans"},
            "sender": {"id": "YIMAI", "name": at.ledger},
        },
        "data": {
            "structures": [_structure(codes, times)],
            "dataSets": [{
                "structure": 0, "action": "Information", "links": [{"rel": "dataflow", "urn": FLOW}], "validFrom": moment, "validTo": moment,
                **({"reportingBegin": str(days[0]), "reportingEnd": str(days[-1])} if days else {}), "series": series,
            }],
        },
    }  # fmt: skip
    return (json.dumps(message, ensure_ascii=False, indent=1) + "\n").encode()


def _targets(exchange: Exchange) -> Iterator[tuple[tuple[tuple[str, Words], ...], tuple[str, list[_Observed], Any]]]:
    """Each target that counts: its codes, its unit, what is told of it."""
    for plan in exchange.board.plans:
        for goal in plan.goals:
            for target in goal.targets:
                if target.superseded is not None:
                    continue
                said = target.said
                titles = (
                    (plan.plan.id, Words(plan.drafted.title_zh, plan.drafted.title_en)),
                    (goal.said.goal, Words(goal.said.title_zh, goal.said.title_en)),
                    (said.target, Words(said.reading_zh, said.reading_en)),
                )
                observed = [
                    _Observed(kind, said.deadline, value)
                    for kind, value in zip(("TARGET", "UPPER"), said.values, strict=False)
                ]
                if said.baseline is not None:
                    observed.append(_Observed("BASELINE", said.baseline.day, said.baseline.value))
                known = exchange.results.get(said.target, ())
                observed += [_Observed(each.standing.upper(), each.day, each.value, each) for each in known]
                yield titles, (said.unit, observed, said)


def _observation(seen: _Observed, unit: str) -> list[Any]:
    status = NORMAL if seen.value is not None else MISSING
    told = seen.result
    more = (
        (told.outcome, told.receipt, told.definition, told.size, told.source)
        if told is not None
        else ("", "", "", 0, "")
    )
    value = None if seen.value is None else float(number_out(seen.value, unit)) if unit == FEN else seen.value
    return [value, status, *(each or None for each in more)]


def _structure(codes: Mapping[str, _Codes], times: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "links": [{"rel": "dataflow", "urn": FLOW}],
        "name": "计划的目标与结果", "names": {"zh": "计划的目标与结果", "en": "Goals and results of plans"},
        "dimensions": {
            "series": [{**_titled(name), "keyPosition": place, "values": list(codes[name].values.values())} for place, name in enumerate(SERIES)],
            "observation": [{**_titled("TIME_PERIOD"), "keyPosition": len(SERIES), "roles": ["TIME_PERIOD"], "values": times}],
        },
        "measures": {"observation": [{**_titled("OBS_VALUE"), "roles": ["PRIMARY"], "format": {"dataType": "Decimal"}}]},
        "attributes": {
            "series": [
                {
                    **_titled(name), "relationship": {"dimensions": ["TARGET_ID"]}, "format": {"dataType": "String"},
                    "values": list(codes[name].values.values()),
                }
                for name in SERIES_ATTRIBUTES
            ],
            "observation": [
                {**_titled(name), "relationship": {"observation": {}}, "format": {"dataType": "Integer" if name == "LEDGER_SIZE" else "String"}}
                for name in ATTRIBUTES
            ],
        },
        "dataSets": [0],
    }  # fmt: skip


def _titled(name: str) -> dict[str, Any]:
    return {"id": name, "name": TITLES[name].zh, "names": {"zh": TITLES[name].zh, "en": TITLES[name].en}}


def read_sdmx(file: Path, raw: bytes) -> tuple[Row, ...]:
    """The observed values as reported values. Raises ``FileRefused`` with every mistake."""
    if len(raw) > LARGEST:
        refuse(file, 1, "文件超过 8 MiB，请拆分", "the file is larger than 8 MiB: split it")
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        refuse(file, line, "不是格式正确的 JSON", "this is no well-formed JSON")
    mistakes: list[Mistake] = []
    try:
        structures, sets = message["data"]["structures"], message["data"]["dataSets"]
        rows = [row for each in sets for row in _values(file, structures[each.get("structure", 0)], each, mistakes)]
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        refuse(file, 1, f"不是 SDMX-JSON 2.0 数据消息：{error}", f"this is no SDMX-JSON 2.0 data message: {error}")
    if len(rows) > MOST_ROWS:
        refuse(file, 1, f"超过 {MOST_ROWS} 个观测值，请拆分", f"more than {MOST_ROWS} observations: split it")
    if mistakes:
        raise FileRefused(mistakes)
    if not rows:
        left = left_out(raw) or Words("", "")
        refuse(file, 1, f"其中没有观测值。{left.zh}", f"there are no observed values in it. {left.en}".strip())
    return tuple(rows)


def left_out(raw: bytes) -> Words | None:
    """What such a message holds and is not taken in, in words; None where nothing is. Raises what no such message raises."""
    message = json.loads(raw)
    kinds = Counter[str]()
    for each in message["data"]["dataSets"]:
        structure = message["data"]["structures"][each.get("structure", 0)]
        for named, said, _ in _observations(structure, each):
            kind = named.get("INDICATOR", "REPORTED")
            kinds["MISSING" if said[0] is None else kind if kind in MEASURED else "TARGET"] += 1
    targets, missing = kinds["TARGET"], kinds["MISSING"]
    if not targets and not missing:
        return None
    return Words(
        f"未导入：{targets} 个目标值或基线（计划和指标请用 IATI 或 CSVW 导入），{missing} 个缺失观测值（仍为未知）。",
        f"Not taken in: {targets} numbers of targets and baselines (plans and targets come in by IATI or CSVW),"
        f" {missing} missing observations (they stay unknown).",
    )


def _observations(structure: Any, data: Any) -> Iterator[tuple[dict[str, str], tuple[Any, dict[str, Any]], str]]:
    """Each observation: its dimensions, what is said of it, where it stands."""
    dimensions = structure["dimensions"]
    fixed = {each["id"]: _code(each["values"][0]) for each in dimensions.get("dataSet", ())}
    attributes = structure.get("attributes", {})
    for key, one in data.get("series", {"": data}).items():
        chosen = fixed | _chosen(dimensions.get("series", ()), key)
        shared = _told(attributes.get("series", ()), one.get("attributes", ()))
        for place, said in one.get("observations", {}).items():
            own = _told(attributes.get("observation", ()), said[1:])
            named = chosen | _chosen(dimensions.get("observation", ()), place)
            yield named, (said[0], shared | own), f"dataSets…{key or place}:{place}"


def _values(file: Path, structure: Any, data: Any, mistakes: list[Mistake]) -> Iterator[Row]:
    for named, (observed, told), where in _observations(structure, data):
        if observed is None or named.get("INDICATOR", "REPORTED") not in MEASURED:
            continue
        day, unit = last_day(named["TIME_PERIOD"]), unit_in(str(told.get("UNIT_MEASURE", "unit")))
        if day is None:
            mistakes.append(mistake(file, 1, f"{where}：不是日期", f"{where}: this is no day"))
            continue
        try:
            value = number_in(str(observed), unit)
        except ValueError:
            mistakes.append(
                mistake(
                    file,
                    1,
                    f"{where}：“{str(observed)[:40]}”{NOT_A_NUMBER.zh}",
                    f"{where}: {str(observed)[:40]!r} {NOT_A_NUMBER.en}",
                )
            )
            continue
        yield Row("value_reported", {
            "target": named["TARGET_ID"], "day": day.isoformat(), "value": value, "unit": unit,
            "source": str(told.get("SOURCE") or ""), "receipt": str(told.get("RECEIPT") or ""),
        })  # fmt: skip


def _chosen(components: Any, key: str) -> dict[str, str]:
    places = key.split(":") if key else []
    return {each["id"]: _code(each["values"][int(place)]) for each, place in zip(components, places, strict=True)}


def _code(value: Any) -> str:
    return str(value["id"] if "id" in value else value["value"])


def _told(components: Any, said: Any) -> dict[str, Any]:
    """Attributes by their names: where values are listed, the place in the list stands for one."""
    return {
        each["id"]: _code(each["values"][value]) if each.get("values") else value
        for each, value in zip(components, said, strict=False)
        if value is not None
    }
