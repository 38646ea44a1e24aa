"""The programme in brief: every goal with its value on three axes, where it comes from, receipts' hashes, the map; to print or as PDF.

It tells of one sealed state of the ledger as of one day. What is not published stands in it only for who may publish it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg
from django.utils import translation

from yimai.domain.programme import Programme
from yimai.domain.recipe import Words
from yimai.interfaces.web.city_map import CityMap, city_map
from yimai.interfaces.web.plan_page import SIGNS
from yimai.interfaces.web.templatetags.programme import amount, amounts
from yimai.ledger.entry import Checkpoint
from yimai.projections import plan_exchange, programme_board
from yimai.projections.field_words import VALUES
from yimai.projections.measure_words import EVIDENCE
from yimai.projections.plan_board import GoalRow, PlanBoard, PlanRow, TargetRow
from yimai.projections.plan_exchange import Exchange, Result

UNKNOWN: Final = Words("未知", "unknown")
NO_MEASURE: Final = Words("没有定义度量", "no measure is defined")
NOT_PUBLISHED: Final = Words("没有发布", "nothing is published")
NONE: Final = Words("–", "–")
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class BriefTarget:
    """value: as of day; "unknown" where nobody knows, and why says so. pace: against the planned path. receipt: the document's hash."""

    wanted: Words
    reading: Words
    deadline: date
    value: Words
    why: Words
    day: str
    outcome: Words
    pace: Words
    evidence: Words
    receipt: str
    published: bool
    reported: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class BriefGoal:
    title: Words
    clauses: tuple[tuple[str, str, Words], ...]
    targets: tuple[BriefTarget, ...]


@dataclass(frozen=True, slots=True)
class BriefPlan:
    title: Words
    period: str
    status: Words
    source: Words
    goals: tuple[BriefGoal, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """map: of the register's sites; None where no programme is approved. sources: what is cited, and how well it is known."""

    title: Words
    owner: Words
    day: date
    at: Checkpoint
    simulated: bool
    plans: tuple[BriefPlan, ...]
    map: CityMap | None
    sources: tuple[tuple[Words, Words], ...]


def brief(cursor: psycopg.Cursor[Any], at: Checkpoint, day: date, *, computed: bool) -> Brief:
    """computed: whether numbers that are not published stand in it."""
    told = plan_exchange.gathered(cursor, at, day if computed else None)
    boards = programme_board.boards(cursor)
    programme = boards[0].programme if boards else None
    row = cursor.execute("SELECT simulated FROM ledger.identity").fetchone()
    title = Words("全市细胞与基因治疗计划", "The city's cell and gene therapy programme")
    cited = {name for plan in told.board.plans for name in _cited(plan)}
    return Brief(
        programme.title if programme is not None else title,
        programme.owner if programme is not None else NONE,
        day, at, bool(row and row[0]),
        tuple(_plan(each, told, day) for each in told.board.plans),
        _map(programme),
        tuple((_source(told.board, name), VALUES[told.board.sources[name].knowledge]) for name in sorted(cited & told.board.sources.keys())),
    )  # fmt: skip


def _map(programme: Programme | None) -> CityMap | None:
    return city_map(programme.sites) if programme is not None else None


def _cited(plan: PlanRow) -> Iterator[str]:
    yield plan.drafted.source
    for goal in plan.goals:
        yield from (clause.source for clause in goal.said.clauses)
        for target in goal.targets:
            yield target.said.authority
            yield from (each.said.source for each in target.reported)


def _plan(row: PlanRow, told: Exchange, day: date) -> BriefPlan:
    said = row.drafted
    status = VALUES[row.plan.status] if row.plan.status else Words("已起草", "drafted")
    since = f" {row.plan.since}" if row.plan.since else ""
    goals = tuple(_goal(each, told, day) for each in row.goals)
    return BriefPlan(
        Words(said.title_zh, said.title_en), f"{said.first} – {said.last}", Words(status.zh + since, status.en + since),
        _source(told.board, said.source), goals,
    )  # fmt: skip


def _goal(row: GoalRow, told: Exchange, day: date) -> BriefGoal:
    clauses = tuple(
        (clause.text, clause.wording, _with_page(_source(told.board, clause.source), clause.page))
        for clause in row.said.clauses
    )
    targets = tuple(_target(each, told, day) for each in row.targets if each.superseded is None)
    return BriefGoal(Words(row.said.title_zh, row.said.title_en), clauses, targets)


def _with_page(source: Words, page_: str) -> Words:
    return Words(f"{source.zh}，第 {page_} 页", f"{source.en}, page {page_}") if page_ else source


def _target(row: TargetRow, told: Exchange, day: date) -> BriefTarget:
    said = row.said
    known = [each for each in told.results[said.target] if each.standing != "reported" and each.day <= day]
    newest: Result | None = max(known, key=lambda each: (each.day, each.size), default=None)
    wanted = _both(lambda: f"{SIGNS[said.comparator]} {amounts(said)}".strip())
    status = newest.status if newest is not None else None
    why = (
        NO_MEASURE if not said.measure else NOT_PUBLISHED if newest is None else Words("没有事实说明", "no fact tells")
    )
    value = UNKNOWN if newest is None or newest.value is None else _amount(newest.value, newest.unit)
    outcome = VALUES[newest.outcome] if newest is not None and newest.outcome else VALUES["unknown"]
    if status is not None and status.provisional and outcome is not VALUES["unknown"]:
        outcome = Words(f"{outcome.zh}（暂定）", f"{outcome.en} (provisional)")
    pace = f"{status.pace / MILLION:.0%}" if status is not None and status.pace is not None else ""
    return BriefTarget(
        wanted, Words(said.reading_zh, said.reading_en), said.deadline, value, why if value is UNKNOWN else Words("", ""),
        newest.day.isoformat() if newest is not None else "", outcome, Words(pace, pace) if pace else NONE,
        EVIDENCE[status.evidence] if status is not None and status.evidence else NONE,
        newest.receipt if newest is not None else "", newest is not None and newest.standing == "published",
        tuple(_reported(each, told) for each in told.results[said.target] if each.standing == "reported"),
    )  # fmt: skip


def _reported(result: Result, told: Exchange) -> Words:
    value, source = _amount(result.value or 0, result.unit), _source(told.board, result.source)
    return Words(f"{value.zh}（{result.day}，{source.zh}）", f"{value.en} ({result.day}, {source.en})")


def _source(board: PlanBoard, name: str) -> Words:
    found = board.sources.get(name)
    return Words(found.title_zh, found.title_en) if found is not None else Words(name, name)


def _amount(value: int, unit: str) -> Words:
    return _both(lambda: amount(value, unit))


def _both(said: Any) -> Words:
    texts = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            texts.append(str(said()))
    return Words(*texts)


def receipts(told: Brief) -> Iterable[BriefTarget]:
    """The targets that have a receipt, each receipt once."""
    found = {each.receipt: each for plan in told.plans for goal in plan.goals for each in goal.targets if each.receipt}
    return found.values()
