"""Orders for the planner as a CSV file: one line a treatment, so that it can plan without a server.

Columns: id, hospital, ready; and where they are known urgency, due, promised (the infusion),
promised_collection, suite, recipe. Times are ISO 8601 with an offset.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from yimai.domain.recipe import Words
from yimai.interfaces.files.mistake import FileRefused, Mark, Mistake
from yimai.planning.order import WEIGHTS, Happened, Order

NEEDED: Final = ("id", "hospital", "ready")
KNOWN: Final = (*NEEDED, "urgency", "due", "promised", "promised_collection", "suite", "recipe")
OPTIONAL: Final = ("suite", "recipe")
"""Columns whose cells may stay empty though what they may name is known."""
LARGEST: Final = 2 * 1024 * 1024


def read_orders(
    file: Path, recipe: str, known: Mapping[str, Collection[str]] = MappingProxyType({})
) -> list[tuple[Order, str]]:
    """The orders, each with its recipe's id (``recipe`` where the file has no such column).

    known: the hospitals, suites and recipes that there are, by the column's name; a column that it does not have may name anything.

    Raises ``FileRefused`` with every mistake, OSError where the file cannot be read.
    """
    columns, rows = _table(file)
    mistakes = list(_columns(file, columns, NEEDED, KNOWN))
    if mistakes:
        raise FileRefused(mistakes)
    orders: list[tuple[Order, str]] = []
    for line, cells in _lines(file, columns, rows, mistakes):
        found, own = _order(file, line, cells, recipe)
        mistakes += (*own, *_unknown(file, line, cells, known))
        if found is not None:
            orders.append(found)
    mistakes += _repeated(file, orders)
    if mistakes:
        raise FileRefused(mistakes)
    return orders


def with_happened(file: Path, orders: list[tuple[Order, str]], tasks: Collection[str]) -> list[tuple[Order, str]]:
    """The orders with what has happened of them: a CSV file with the columns id, task, starts and, where it has ended, ends.

    tasks: that there are, as ``collection``, ``inbound``, ``step:wash``, ``test:viability``, ``review`` or ``outbound``.

    Raises ``FileRefused``, OSError.
    """
    columns, rows = _table(file)
    mistakes = list(_columns(file, columns, ("id", "task", "starts"), ("id", "task", "starts", "ends")))
    if mistakes:
        raise FileRefused(mistakes)
    found: dict[str, dict[str, Happened]] = {order.id: dict(order.happened) for order, _ in orders}
    for line, cells in _lines(file, columns, rows, mistakes):
        starts = _moment(file, line, cells, "starts", mistakes)
        ends = _moment(file, line, cells, "ends", mistakes) if cells.get("ends") else None
        mistakes += _unknown(file, line, cells, {"task": tasks})
        if cells["id"] not in found:
            mistakes.append(_mistake(file, line, 1, f"there is no order {cells['id']!r}", f"没有医嘱 {cells['id']}"))
        elif starts is not None:
            if ends is not None and ends < starts:
                mistakes.append(_mistake(file, line, 1, "it ends before it starts", "结束早于开始"))
            found[cells["id"]][cells["task"]] = Happened(starts, ends)
    if mistakes:
        raise FileRefused(mistakes)
    return [(replace(order, happened=found[order.id]), recipe) for order, recipe in orders]


def read_own_bases(file: Path) -> dict[str, str]:
    """Each hospital's own base: a CSV file with the columns hospital and base. Raises ``FileRefused``, OSError."""
    columns, rows = _table(file)
    mistakes = list(_columns(file, columns, ("hospital", "base"), ("hospital", "base")))
    if mistakes:
        raise FileRefused(mistakes)
    found: dict[str, str] = {}
    for line, cells in _lines(file, columns, rows, mistakes):
        hospital = cells["hospital"]
        if not hospital or not cells["base"]:
            mistakes.append(_mistake(file, line, 1, "a line names a hospital and its base", "每行须写明医院及其基地"))
        elif hospital in found:
            mistakes.append(_mistake(file, line, 1, f"{hospital} is there twice", f"{hospital} 重复"))
        found[hospital] = cells["base"]
    if mistakes:
        raise FileRefused(mistakes)
    return found


def _table(file: Path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and the rows beneath them."""
    raw = file.read_bytes()
    if len(raw) > LARGEST:
        _refuse(file, 1, 1, "the file is larger than 2 MiB: split it", "文件超过 2 MiB，请拆分")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        _refuse(file, line, 1, "this is not UTF-8: save the file as CSV UTF-8", "不是 UTF-8 编码，请另存为 CSV UTF-8")
    rows = list(csv.reader(text.splitlines()))
    if not rows:
        _refuse(file, 1, 1, "the file is empty: its first line names the columns", "文件为空，首行应为列名")
    return [each.strip() for each in rows[0]], rows[1:]


def _lines(
    file: Path, columns: list[str], rows: list[list[str]], mistakes: list[Mistake]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not empty, with its line; one of another width is a mistake."""
    for line, cells in enumerate(rows, start=2):
        if not any(each.strip() for each in cells):
            continue
        if len(cells) != len(columns):
            mistakes.append(_mistake(file, line, 1, f"{len(cells)} cells under {len(columns)} columns", "列数不符"))
            continue
        yield line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def _columns(file: Path, columns: list[str], needed: Sequence[str], known: Sequence[str]) -> Iterator[Mistake]:
    for name in needed:
        if name not in columns:
            yield _mistake(file, 1, 1, f"the column {name} is missing; known are {', '.join(known)}", f"缺少列 {name}")
    for position, name in enumerate(columns):
        if name not in known or name in columns[:position]:
            en = f"the column {name!r} is not known, or there twice; known are {', '.join(known)}"
            yield _mistake(file, 1, position + 1, en, f"列 {name} 未知或重复")


def _order(file: Path, line: int, cells: dict[str, str], recipe: str) -> tuple[tuple[Order, str] | None, list[Mistake]]:
    mistakes: list[Mistake] = []

    urgency = cells.get("urgency", "") or "routine"
    if urgency not in WEIGHTS:
        mistakes.append(_mistake(file, line, 1, f"urgency {urgency!r} is none of {', '.join(WEIGHTS)}", "紧急程度未知"))
    if not cells["id"]:
        mistakes.append(_mistake(file, line, 1, "the order has no id", "缺少编号"))
    ready = _moment(file, line, cells, "ready", mistakes)
    due, promised, collection = (
        _moment(file, line, cells, each, mistakes) if cells.get(each) else None
        for each in ("due", "promised", "promised_collection")
    )
    if mistakes or ready is None:
        return None, mistakes
    order = Order(cells["id"], cells["hospital"], urgency, ready, due, promised, collection, cells.get("suite", ""))
    return (order, cells.get("recipe", "") or recipe), []


def _unknown(file: Path, line: int, cells: dict[str, str], known: Mapping[str, Collection[str]]) -> Iterator[Mistake]:
    for name, there in known.items():
        if name in cells and cells[name] not in there and (cells[name] or name not in OPTIONAL):
            zh, en = (between.join(sorted(there)) for between in ("、", ", "))
            said = f"the {name} {cells[name]!r} is not known; known are {en}"
            yield _mistake(file, line, 1, said, f"{name} {cells[name]} 未知；已知：{zh}")


def _moment(file: Path, line: int, cells: dict[str, str], name: str, mistakes: list[Mistake]) -> datetime | None:
    try:
        found = datetime.fromisoformat(cells.get(name, ""))
        if found.utcoffset() is None:
            raise ValueError
    except ValueError:
        column = list(cells).index(name) + 1
        en = f"{name} {cells.get(name, '')!r} is not a time with an offset, such as 2026-05-04T08:00+08:00"
        mistakes.append(_mistake(file, line, column, en, f"{name} 须为带时区的时间，例如 2026-05-04T08:00+08:00"))
        return None
    return found


def _repeated(file: Path, orders: list[tuple[Order, str]]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for order, _ in orders:
        if order.id in seen:
            yield _mistake(file, 1, 1, f"the order {order.id} is there twice", f"医嘱 {order.id} 重复")
        seen.add(order.id)


def _mistake(file: Path, line: int, column: int, en: str, zh: str) -> Mistake:
    return Mistake(file, Mark(line, column), Words(zh, en))


def _refuse(file: Path, line: int, column: int, en: str, zh: str) -> None:
    raise FileRefused([_mistake(file, line, column, en, zh)])
