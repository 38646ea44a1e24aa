"""Plans and results as an IATI 2.03 file: a plan is an activity, a goal a result, a target an indicator.

What IATI has a place for stands there; what it has none for (comparator, source, hash of a receipt …) stands in attributes and
elements of our own namespace, as the standard provides. A value that nobody knows is an ``actual`` without a value, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from lxml import etree

from yimai.domain.plan_rows import row_of
from yimai.domain.target import TargetSet
from yimai.interfaces.files.exchange_names import number_out, unit_out
from yimai.projections.plan_board import GoalRow, PlanRow, TargetRow
from yimai.projections.plan_exchange import Exchange, Result

VERSION: Final = "2.03"
OURS: Final = "urn:yimai:plan-exchange:1"
LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
LOCAL_GOVERNMENT: Final = "11"
RESEARCH: Final = "12182"
"""Medical research, in the OECD's list of purposes."""
STATUS_CODES: Final[Mapping[str, str]] = {"": "1", "announced": "1", "issued": "2", "in_force": "2", "closed": "4"}
"""Of an activity: pipeline, implementation, closed."""
PLANNED_START, PLANNED_END, PARENT, OUTCOME, UNIT, QUALITATIVE, OWN_VOCABULARY = "1", "3", "1", "2", "1", "5", "99"


def write(exchange: Exchange) -> bytes:
    """The file. The same state of the ledger gives the same bytes."""
    moment = exchange.at.sealed.isoformat(timespec="seconds")
    root = etree.Element("iati-activities", {"version": VERSION, "generated-datetime": moment}, nsmap={"y": OURS})
    root.set(_ours("ledger"), exchange.at.ledger)
    root.set(_ours("size"), str(exchange.at.size))
    root.set(_ours("root"), exchange.at.root.hex())
    for plan in exchange.board.plans:
        _activity(root, plan, exchange)
    for source in exchange.board.sources.values():
        etree.SubElement(root, _ours("source"), dict(row_of(source).cells))
    etree.indent(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written + b"\n"


def reference(exchange: Exchange, plan: str = "") -> str:
    """Who reports, or a plan of theirs. No registry of IATI gave it."""
    return "-".join(filter(None, ("YIMAI", exchange.at.ledger, plan)))


def _activity(root: Any, plan: PlanRow, exchange: Exchange) -> None:
    said = plan.drafted
    own = {"plan": said.plan, "predecessor": said.predecessor, "source": said.source, "document": said.document}
    activity = etree.SubElement(root, "iati-activity", _all_ours(own))
    activity.set(LANG, "zh")
    etree.SubElement(activity, "iati-identifier").text = reference(exchange, said.plan)
    org = {"ref": reference(exchange), "type": LOCAL_GOVERNMENT}
    _narratives(etree.SubElement(activity, "reporting-org", org), said.owner_zh, said.owner_en)
    _narratives(etree.SubElement(activity, "title"), said.title_zh, said.title_en)
    years = f"{said.first} – {said.last}"
    _narratives(etree.SubElement(activity, "description", {"type": "1"}), f"计划期：{years}", f"Period: {years}")
    taking_part = {"role": "4", "type": LOCAL_GOVERNMENT}
    _narratives(etree.SubElement(activity, "participating-org", taking_part), said.owner_zh, said.owner_en)
    etree.SubElement(activity, "activity-status", {"code": STATUS_CODES[plan.plan.status]})
    for code, day in ((PLANNED_START, said.first), (PLANNED_END, said.last)):
        etree.SubElement(activity, "activity-date", {"type": code, "iso-date": day.isoformat()})
    etree.SubElement(activity, "recipient-country", {"code": "CN"})
    etree.SubElement(activity, "sector", {"vocabulary": "1", "code": RESEARCH})
    if said.parent:
        etree.SubElement(activity, "related-activity", {"ref": reference(exchange, said.parent), "type": PARENT})
    for goal in plan.goals:
        _result(activity, plan, goal, exchange.results)
    for status in plan.statuses:
        given = {"status": status.said.status, "since": status.said.since, "source": status.said.source}
        etree.SubElement(activity, _ours("status"), given)


def _result(activity: Any, plan: PlanRow, goal: GoalRow, results: Mapping[str, tuple[Result, ...]]) -> None:
    said = goal.said
    result = etree.SubElement(activity, "result", {"type": OUTCOME, _ours("goal"): said.goal})
    _narratives(etree.SubElement(result, "title"), said.title_zh, said.title_en)
    description = etree.SubElement(result, "description")
    for clause in said.clauses:
        own = _all_ours({"wording": clause.wording, "source": clause.source, "page": clause.page})
        etree.SubElement(description, "narrative", {LANG: clause.language, **own}).text = clause.text
    for target in goal.targets:
        _indicator(result, plan, target, results.get(target.said.target, ()))
    if not goal.targets:  # a result must have an indicator: this one stands for an aim without a number
        aim = etree.SubElement(result, "indicator", {"measure": QUALITATIVE, _ours("aim"): "yes"})
        _narratives(etree.SubElement(aim, "title"), said.title_zh, said.title_en)


def _indicator(result: Any, plan: PlanRow, target: TargetRow, results: Iterable[Result]) -> None:
    said = target.said
    own = {
        "target": said.target, "comparator": said.comparator, "unit": unit_out(said.unit), "therapies": said.therapies,
        "district": said.district, "basis": said.basis, "mode": said.mode, "authority": said.authority,
    }  # fmt: skip
    ascending = "0" if said.comparator in ("lt", "le") else "1"
    indicator = etree.SubElement(result, "indicator", {"measure": UNIT, "ascending": ascending, **_all_ours(own)})
    _narratives(etree.SubElement(indicator, "title"), said.reading_zh, said.reading_en)
    _narratives(etree.SubElement(indicator, "description"), said.scope_zh, said.scope_en)
    if said.measure:
        etree.SubElement(indicator, "reference", {"vocabulary": OWN_VOCABULARY, "code": said.measure})
    if said.baseline is not None:
        day, value = said.baseline.day, number_out(said.baseline.value, said.unit)
        etree.SubElement(indicator, "baseline", {"year": str(day.year), "iso-date": day.isoformat(), "value": value})
    known = tuple(results)
    first = plan.drafted.first
    period = _period(indicator, first, said.deadline)
    for number in said.values:
        etree.SubElement(period, "target", {"value": number_out(number, said.unit)})
    for each in known:
        if each.day >= said.deadline:
            _actual(period, said, each)
    for each in known:
        if each.day < said.deadline:
            _actual(_period(indicator, min(first, each.day), each.day), said, each)
    if target.superseded is not None:
        gone = {"by": target.superseded.by, "reason": target.superseded.reason}
        etree.SubElement(indicator, _ours("superseded"), gone)


def _period(indicator: Any, first: date, last: date) -> Any:
    period = etree.SubElement(indicator, "period")
    etree.SubElement(period, "period-start", {"iso-date": first.isoformat()})
    etree.SubElement(period, "period-end", {"iso-date": last.isoformat()})
    return period


def _actual(period: Any, target: TargetSet, result: Result) -> None:
    given = {"value": number_out(result.value, target.unit)} if result.value is not None else {}
    actual = etree.SubElement(period, "actual", given)
    if result.value is None:
        _narratives(etree.SubElement(actual, "comment"), "未知：没有事实说明", "Unknown: no fact tells")
    own = {
        "day": result.day.isoformat(), "standing": result.standing, "outcome": result.outcome, "receipt": result.receipt,
        "definition": result.definition, "size": str(result.size or ""), "root": result.root, "source": result.source,
    }  # fmt: skip
    etree.SubElement(actual, _ours("result"), {name: text for name, text in own.items() if text})


def _narratives(element: Any, zh: str, en: str) -> None:
    for language, text in (("zh", zh), ("en", en)):
        etree.SubElement(element, "narrative", {LANG: language}).text = text


def _all_ours(cells: Mapping[str, str]) -> dict[str, str]:
    return {_ours(name): text for name, text in cells.items() if text}


def _ours(name: str) -> str:
    return f"{{{OURS}}}{name}"
