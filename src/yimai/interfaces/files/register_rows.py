"""Rows of the city's register from a table: CSV (UTF-8 or GB 18030) or the first sheet of an XLSX workbook.

The first line names the columns; ``entry`` says of each row what it is (``domain.register.ENTRIES``). Columns that a row's
kind does not have stay empty in it. Whether the register takes a row is not decided here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from yimai.domain.recipe import Words
from yimai.domain.register import ENTRIES, MOST_ROWS, Row
from yimai.interfaces.files.mistake import FileRefused, Mark, Mistake

LARGEST: Final = 8 * 1024 * 1024
UNPACKED: Final = 64 * 1024 * 1024
"""Bytes to which a workbook may unfold: it is a compressed archive, and could hide far more."""
COLUMNS: Final = frozenset(each.name for entry in ENTRIES.values() for each in fields(entry))
LONGEST: Final = 2000
TAG: Final = "entry"
Table = Iterator[Sequence[object]]


def read_rows(file: Path, raw: bytes) -> tuple[Row, ...]:
    """The rows of the table. file: its name, for mistakes. Raises ``FileRefused`` with every mistake."""
    if len(raw) > LARGEST:
        _refuse(file, 1, "the file is larger than 8 MiB: split it", "文件超过 8 MiB，请拆分")
    table = _workbook(file, raw) if raw.startswith(b"PK") else _text(file, raw)
    columns = [_cell(each) for each in next(table, ())]
    mistakes = list(_columns(file, columns))
    if mistakes:
        raise FileRefused(mistakes)
    rows: list[Row] = []
    for line, cells in enumerate(table, start=2):
        said = [_cell(each) for each in cells]
        if not any(said):
            continue
        if len(rows) == MOST_ROWS:
            _refuse(file, line, f"more than {MOST_ROWS} rows: split the file", f"超过 {MOST_ROWS} 行，请拆分文件")
        own = list(_row(file, line, columns, said))
        mistakes += own
        named = {name: text for name, text in zip(columns, said, strict=False) if text}
        rows.append(Row(named.pop(TAG, ""), named))
    if mistakes:
        raise FileRefused(mistakes)
    if not rows:
        _refuse(file, 2, "there are no rows beneath the columns' names", "列名之下没有任何行")
    return tuple(rows)


def _columns(file: Path, columns: list[str]) -> Iterator[Mistake]:
    if TAG not in columns:
        yield _mistake(
            file, 1, 1, f"the column {TAG} is missing: it says what each row is", f"缺少列 {TAG}：它说明每行的类型"
        )
    for position, name in enumerate(columns, start=1):
        if name and name != TAG and name not in COLUMNS:
            yield _mistake(file, 1, position, f"no entry has a column {name[:40]!r}", f"没有任何条目有“{name[:40]}”列")
        elif name and name in columns[: position - 1]:
            yield _mistake(file, 1, position, f"the column {name} is there twice", f"列 {name} 重复")


def _row(file: Path, line: int, columns: list[str], said: list[str]) -> Iterator[Mistake]:
    for position, text in enumerate(said, start=1):
        if text and (position > len(columns) or not columns[position - 1]):
            yield _mistake(file, line, position, "this cell stands under no column's name", "该单元格没有列名")
        if len(text) > LONGEST or "\ufffd" in text:
            yield _mistake(file, line, position, "this cell is too long, or not readable", "该单元格过长或无法识读")


def _text(file: Path, raw: bytes) -> Table:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return iter(csv.reader(StringIO(text, newline="")))
    return _refuse(
        file,
        1,
        "this is neither UTF-8 nor GB 18030: save it as CSV UTF-8",
        "既不是 UTF-8 也不是 GB 18030，请另存为 CSV UTF-8",
    )


def _workbook(file: Path, raw: bytes) -> Table:
    unreadable = (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, SyntaxError)
    try:
        with ZipFile(BytesIO(raw)) as archive:
            unfolded = sum(each.file_size for each in archive.infolist())
        sheet = (
            load_workbook(BytesIO(raw), read_only=True, data_only=True).worksheets[0] if unfolded <= UNPACKED else None
        )
    except unreadable:
        return _refuse(file, 1, "this is no XLSX workbook that can be read", "不是可读取的 XLSX 工作簿")
    if sheet is None:
        return _refuse(file, 1, "the workbook unfolds to more than 64 MiB: split it", "工作簿解压后超过 64 MiB，请拆分")
    return iter(sheet.iter_rows(values_only=True, max_row=MOST_ROWS * 4))


def _cell(value: object) -> str:
    """What a cell says: a day as ISO 8601, a whole number without a point."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _mistake(file: Path, line: int, column: int, en: str, zh: str) -> Mistake:
    return Mistake(file, Mark(line, column), Words(zh, en))


def _refuse(file: Path, line: int, en: str, zh: str) -> Table:
    raise FileRefused([_mistake(file, line, 1, en, zh)])
