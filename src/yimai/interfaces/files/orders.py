"""Orders for the planner as a CSV file: one line a treatment, so that it can plan without a server.

Columns: id, hospital, ready; and where they are known urgency, due, promised, suite, recipe. Times are ISO 8601 with an offset.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from yimai.domain.recipe import Words
from yimai.interfaces.files.mistake import FileRefused, Mark, Mistake
from yimai.planning.order import WEIGHTS, Order

NEEDED: Final = ("id", "hospital", "ready")
KNOWN: Final = (*NEEDED, "urgency", "due", "promised", "suite", "recipe")
LARGEST: Final = 2 * 1024 * 1024


def read_orders(file: Path, recipe: str) -> list[tuple[Order, str]]:
    """The orders, each with its recipe's id (``recipe`` where the file has no such column).

    Raises ``FileRefused`` with every mistake, OSError where the file cannot be read.
    """
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
    columns = [each.strip() for each in rows[0]]
    mistakes = list(_columns(file, columns))
    if mistakes:
        raise FileRefused(mistakes)
    orders: list[tuple[Order, str]] = []
    for line, cells in enumerate(rows[1:], start=2):
        if not any(each.strip() for each in cells):
            continue
        if len(cells) != len(columns):
            mistakes.append(_mistake(file, line, 1, f"{len(cells)} cells under {len(columns)} columns", "列数不符"))
            continue
        found, own = _order(file, line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}, recipe)
        mistakes += own
        if found is not None:
            orders.append(found)
    mistakes += _repeated(file, orders)
    if mistakes:
        raise FileRefused(mistakes)
    return orders


def _columns(file: Path, columns: list[str]) -> Iterator[Mistake]:
    for name in NEEDED:
        if name not in columns:
            yield _mistake(file, 1, 1, f"the column {name} is missing; known are {', '.join(KNOWN)}", f"缺少列 {name}")
    for position, name in enumerate(columns):
        if name not in KNOWN or name in columns[:position]:
            en = f"the column {name!r} is not known, or there twice; known are {', '.join(KNOWN)}"
            yield _mistake(file, 1, position + 1, en, f"列 {name} 未知或重复")


def _order(file: Path, line: int, cells: dict[str, str], recipe: str) -> tuple[tuple[Order, str] | None, list[Mistake]]:
    mistakes: list[Mistake] = []

    def moment(name: str) -> datetime | None:
        written = cells.get(name, "")
        if not written and name != "ready":
            return None
        try:
            found = datetime.fromisoformat(written)
            if found.utcoffset() is None:
                raise ValueError
        except ValueError:
            column = list(cells).index(name) + 1
            en = f"{name} {written!r} is not a time with an offset, such as 2026-05-04T08:00+08:00"
            mistakes.append(_mistake(file, line, column, en, f"{name} 须为带时区的时间，例如 2026-05-04T08:00+08:00"))
            return None
        return found

    urgency = cells.get("urgency", "") or "routine"
    if urgency not in WEIGHTS:
        mistakes.append(_mistake(file, line, 1, f"urgency {urgency!r} is none of {', '.join(WEIGHTS)}", "紧急程度未知"))
    if not cells["id"]:
        mistakes.append(_mistake(file, line, 1, "the order has no id", "缺少编号"))
    ready, due, promised = moment("ready"), moment("due"), moment("promised")
    if mistakes or ready is None:
        return None, mistakes
    order = Order(cells["id"], cells["hospital"], urgency, ready, due, promised, cells.get("suite", ""))
    return (order, cells.get("recipe", "") or recipe), []


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
