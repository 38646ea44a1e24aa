"""Plans and results from an IATI 2.x file, as rows: ours with all that we wrote, others' with what they say.

An activity is a plan, a result a goal, an indicator a target. Where a file does not say how a target is compared, a rising
indicator must reach it and a falling one must not pass it. An ``actual`` is a reported value, whoever wrote it.
Nothing outside the file is read, and entities are not unfolded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from lxml import etree

from yimai.domain.register import Row
from yimai.interfaces.files.exchange_names import (
    LARGEST,
    NOT_A_NUMBER,
    mistake,
    number_in,
    refuse,
    unit_in,
)
from yimai.interfaces.files.iati import LANG, OURS, OWN_VOCABULARY, PARENT, PLANNED_END, PLANNED_START
from yimai.interfaces.files.mistake import FileRefused, Mistake

LONGEST: Final = 200
ACTUAL_START, ACTUAL_END = "2", "4"
NO_DTD: Final = "文件含有 DTD，IATI 文件不含 DTD，请删除", "the file has a DTD, which no IATI file has: remove it"


def read_iati(file: Path, raw: bytes) -> tuple[Row, ...]:
    """The file's rows. Raises ``FileRefused`` with every mistake."""
    if len(raw) > LARGEST:
        refuse(file, 1, "文件超过 8 MiB，请拆分", "the file is larger than 8 MiB: split it")
    if b"<!DOCTYPE" in raw:
        refuse(file, 1, *NO_DTD)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        refuse(file, error.lineno or 1, f"不是格式正确的 XML：{error.msg}", f"this is no well-formed XML: {error.msg}")
    if root.getroottree().docinfo.doctype:  # in an encoding in which it is spelled otherwise
        refuse(file, 1, *NO_DTD)
    if root.tag != "iati-activities" or not root.get("version", "").startswith("2."):
        refuse(file, root.sourceline, "不是 IATI 2.x 的活动文件", "this is no file of IATI activities, version 2.x")
    reading = _Reading(file)
    rows = tuple(reading.rows(root))
    if reading.mistakes:
        raise FileRefused(reading.mistakes)
    return rows


@dataclass
class _Reading:
    file: Path
    mistakes: list[Mistake] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Our names of plans by the identifiers that the file gives its activities."""

    def rows(self, root: Any) -> Iterator[Row]:
        for each in root.findall(_ours("source")):
            yield Row("source", dict(each.attrib))
        activities = root.findall("iati-activity")
        for each in activities:
            given = (each.findtext("iati-identifier") or "").strip()
            self.names[given] = each.get(_ours("plan")) or _name(given)
        for each in activities:
            yield from self._activity(each)

    def _activity(self, activity: Any) -> Iterator[Row]:
        plan = self.names[(activity.findtext("iati-identifier") or "").strip()]
        source = activity.get(_ours("source"), "")
        days = {each.get("type"): each.get("iso-date", "") for each in activity.findall("activity-date")}
        first = days.get(PLANNED_START) or days.get(ACTUAL_START, "")
        last = days.get(PLANNED_END) or days.get(ACTUAL_END, "")
        if not (first and last):
            self._wrong(activity, "该活动缺少起止日期", "this activity has no dates of its start and its end")
        parent = next((r.get("ref", "") for r in activity.findall("related-activity") if r.get("type") == PARENT), "")
        yield Row("plan", {
            "plan": plan, **self._both(activity, "title", "title"), **self._both(activity, "reporting-org", "owner"),
            "first": first, "last": last, "parent": self.names.get(parent, ""), "source": source,
            **{name: activity.get(_ours(name), "") for name in ("predecessor", "document")},
        })  # fmt: skip
        for status in activity.findall(_ours("status")):
            yield Row("plan_status", {"plan": plan, **status.attrib})
        for number, result in enumerate(activity.findall("result"), start=1):
            goal = result.get(_ours("goal")) or f"{plan}-{number}"
            yield Row("goal", self._goal(result, goal, plan, source))
            indicators = [each for each in result.findall("indicator") if each.get(_ours("aim")) is None]
            for place, indicator in enumerate(indicators, start=1):
                yield from self._indicator(indicator, goal, f"{goal}-{place}", last)

    def _goal(self, result: Any, goal: str, plan: str, source: str) -> dict[str, str]:
        title = self._both(result, "title", "title")
        clauses = self._clauses(result, "description", source) or self._clauses(result, "title", source)
        clauses = clauses or [{"language": "zh", "text": title["title_zh"], "wording": "reported", "source": source}]
        return {"goal": goal, "plan": plan, **title, "clauses": msgspec.json.encode(clauses).decode()}

    def _clauses(self, result: Any, said: str, source: str) -> list[dict[str, str]]:
        return [
            {
                "language": language, "text": self._text(each), "wording": each.get(_ours("wording"), "reported"),
                "source": each.get(_ours("source")) or source, "page": each.get(_ours("page"), ""),
            }
            for each in result.findall(f"{said}/narrative")
            if (language := _language(each)) and (each.text or "").strip()
        ]  # fmt: skip

    def _indicator(self, indicator: Any, goal: str, name: str, last: str) -> Iterator[Row]:
        own = {key: indicator.get(_ours(key), "") for key in ("therapies", "district", "authority")}
        unit = unit_in(indicator.get(_ours("unit"), "unit"))
        target = indicator.get(_ours("target")) or name
        falling = indicator.get("ascending") in ("0", "false")
        measures = [each.get("code", "") for each in indicator.findall("reference") if each.get("vocabulary") == OWN_VOCABULARY]  # fmt: skip
        periods = indicator.findall("period")
        aimed = next((each for each in periods if each.find("target") is not None), None)
        of = aimed if aimed is not None else next(iter(periods), None)
        values = (
            [self._number(each, unit) for each in of.findall("target") if each.get("value")] if of is not None else []
        )
        yield Row("target", {
            **own, "target": target, "goal": goal, "measure": next(iter(measures), ""), "unit": unit,
            "comparator": indicator.get(_ours("comparator")) or ("exists" if not values else "le" if falling else "ge"),
            "values": " ".join(values), **self._both(indicator, "title", "reading"),
            **self._both(indicator, "description", "scope", "title"),
            "deadline": self._end(of) if of is not None else last, **self._baseline(indicator, unit),
            "basis": indicator.get(_ours("basis"), "end_of_period"), "mode": indicator.get(_ours("mode"), "level"),
        })  # fmt: skip
        for gone in indicator.findall(_ours("superseded")):
            yield Row("target_superseded", {"target": target, **gone.attrib})
        for period in periods:
            for actual in period.findall("actual"):
                if actual.get("value"):
                    yield Row("value_reported", self._reported(actual, target, unit, self._end(period)))

    def _reported(self, actual: Any, target: str, unit: str, end: str) -> dict[str, str]:
        own = actual.find(_ours("result"))
        said = dict(own.attrib) if own is not None else {}
        return {
            "target": target, "day": said.get("day") or end, "value": self._number(actual, unit), "unit": unit,
            "source": said.get("source", ""), "receipt": said.get("receipt", ""),
        }  # fmt: skip

    def _baseline(self, indicator: Any, unit: str) -> dict[str, str]:
        found = indicator.find("baseline")
        if found is None or not found.get("value"):
            return {}
        day = found.get("iso-date") or f"{found.get('year', '')}-12-31"
        return {"baseline_value": self._number(found, unit), "baseline_day": day}

    def _end(self, period: Any) -> str:
        end = period.find("period-end")
        if end is None or not end.get("iso-date"):
            self._wrong(period, "该期间没有结束日期", "this period has no day of its end")
            return ""
        return str(end.get("iso-date"))

    def _number(self, element: Any, unit: str) -> str:
        text = element.get("value", "")
        try:
            return number_in(text, unit)
        except ValueError:
            self._wrong(element, f"“{text[:40]}”{NOT_A_NUMBER.zh}", f"{text[:40]!r} {NOT_A_NUMBER.en}")
            return "0"

    def _both(self, element: Any, tag: str, column: str, instead: str = "") -> dict[str, str]:
        """The narratives in both languages; where one is missing, what there is."""
        found = {
            _language(each) or "other": self._text(each)
            for name in (instead, tag)
            if name
            for each in reversed(element.findall(f"{name}/narrative"))
        } or {"other": ""}
        either = next(iter(found.values()))
        return {f"{column}_{language}": found.get(language, either) for language in ("zh", "en")}

    def _text(self, narrative: Any) -> str:
        text = " ".join((narrative.text or "").split())
        if len(text) > LONGEST:
            self._wrong(narrative, f"文字超过 {LONGEST} 个字符", f"this text is longer than {LONGEST} characters")
        return text

    def _wrong(self, element: Any, zh: str, en: str) -> None:
        self.mistakes.append(mistake(self.file, element.sourceline, zh, en))


def _language(narrative: Any) -> str:
    """``zh``, ``en``, or "" for another; a narrative that does not say has its activity's."""
    said = narrative.get(LANG)
    if said is None:
        above = next((each for each in narrative.iterancestors() if each.get(LANG)), None)
        said = above.get(LANG) if above is not None else "en"
    return next((each for each in ("zh", "en") if said.lower().startswith(each)), "")


def _name(identifier: str) -> str:
    """A name of ours, made of an identifier of theirs."""
    parts = re.findall(r"[a-z0-9]+", identifier.lower())
    name = "-".join(parts)[-56:].strip("-") or "1"
    return name if name[0].isalpha() else f"plan-{name}"


def _ours(name: str) -> str:
    return f"{{{OURS}}}{name}"
