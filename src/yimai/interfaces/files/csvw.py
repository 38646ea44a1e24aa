"""Plans and results as CSV on the Web: a ZIP archive of tables with the metadata that describes them.

One table a kind of entry, its columns being the fields of the facts, so that what is read is what was written; and one of results,
which come in as reported values. Money stands in yuan.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import msgspec

from yimai.domain.goal import GoalClause
from yimai.domain.plan_rows import ENTRIES
from yimai.domain.register import MOST_ROWS, Row
from yimai.interfaces.files.exchange_names import (
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
from yimai.projections.field_words import FIELDS
from yimai.projections.plan_exchange import Exchange, Result, rows

METADATA: Final = "csv-metadata.json"
CLAUSES: Final = "clause"
RESULTS: Final = "result"
UNPACKED: Final = 64 * 1024 * 1024
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""When every file in the archive is said to be made, so that the same facts give the same bytes."""
KEYS: Final[Mapping[str, list[str]]] = {"source": ["source"], "plan": ["plan"], "goal": ["goal"], "target": ["target"]}
REFERS: Final = {"plan_status": "plan", "goal": "plan", CLAUSES: "goal", "target": "goal", "target_superseded": "target",
                 "value_reported": "target", RESULTS: "target"}  # fmt: skip
MONEY: Final = {"values", "baseline_value", "value"}


def _columns() -> dict[str, dict[str, str]]:
    """Each table's columns with their data types."""
    tables: dict[str, dict[str, str]] = {}
    for tag, entry in ENTRIES.items():
        tables[tag] = {}
        for name, hint in get_type_hints(entry).items():
            if name in {each.name for each in fields(entry)} - {"clauses", "baseline"}:
                tables[tag][name] = _type(name, hint)
        if tag == "target":
            tables[tag] |= {"baseline_value": "decimal", "baseline_day": "date"}
    tables[CLAUSES] = {"goal": "string", **{each.name: "string" for each in fields(GoalClause)}}
    tables[RESULTS] = {each.name: _type(each.name, get_type_hints(Result)[each.name]) for each in fields(Result)}
    return tables


def _type(name: str, hint: Any) -> str:
    if hint is date:
        return "date"
    if name == "value":
        return "decimal"
    return "integer" if hint is int or (int in get_args(hint) and name != "values") else "string"


COLUMNS: Final = _columns()


def write(exchange: Exchange) -> bytes:
    """The archive. The same state of the ledger gives the same bytes."""
    tables: dict[str, list[dict[str, str]]] = {tag: [] for tag in COLUMNS}
    units: dict[str, str] = {}
    for row in rows(exchange.board):
        cells = dict(row.cells)
        if row.entry == "goal":
            clauses = msgspec.json.decode(cells.pop("clauses"))
            tables[CLAUSES] += [{"goal": cells["goal"], **each} for each in clauses]
        tables[row.entry].append(_yuan(cells))
        units[cells.get("target", "")] = cells.get("unit", "")
    for each in (result for known in exchange.results.values() for result in known if result.standing != "reported"):
        said = {name.name: "" if (value := getattr(each, name.name)) is None else str(value) for name in fields(Result)}
        tables[RESULTS].append(_yuan(said))
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
        told = json.dumps(_metadata(exchange), ensure_ascii=False, indent=2) + "\n"
        packed.writestr(ZipInfo(METADATA, EARLIEST), told.encode(), ZIP_DEFLATED)
        for tag, lines in tables.items():
            packed.writestr(ZipInfo(f"{tag}.csv", EARLIEST), _csv(tag, lines).encode(), ZIP_DEFLATED)
    return archive.getvalue()


def _yuan(cells: dict[str, str]) -> dict[str, str]:
    """The same with money as others have it."""
    unit = cells.get("unit", "")
    for name in MONEY & cells.keys():
        cells[name] = " ".join(number_out(int(each), unit) for each in cells[name].split())
    return {**cells, "unit": unit_out(unit)} if unit else cells


def _csv(tag: str, lines: list[dict[str, str]]) -> str:
    text = StringIO(newline="")
    writer = csv.DictWriter(text, list(COLUMNS[tag]), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _metadata(exchange: Exchange) -> dict[str, Any]:
    at = exchange.at
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "zh"}],
        "dc:title": {"@value": "细胞与基因治疗计划及结果", "@language": "zh"},
        "dc:identifier": f"{at.ledger}:{at.size}:{at.root.hex()}",
        "dc:modified": at.sealed.isoformat(timespec="seconds"),
        "tables": [_table(tag) for tag in COLUMNS],
    }


def _table(tag: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"columns": [_column(tag, name, datatype) for name, datatype in COLUMNS[tag].items()]}
    if tag in KEYS:
        schema["primaryKey"] = KEYS[tag]
    if tag in REFERS:
        column = REFERS[tag]
        schema["foreignKeys"] = [
            {"columnReference": column, "reference": {"resource": f"{column}.csv", "columnReference": column}}
        ]
    return {"url": f"{tag}.csv", "tableSchema": schema}


def _column(tag: str, name: str, datatype: str) -> dict[str, Any]:
    words = FIELDS.get(name)
    titles = {"zh": [name, words.zh], "en": [name, words.en]} if words is not None else name
    return {"name": name, "titles": titles, "datatype": datatype, "required": name in KEYS.get(tag, [])}


def read_csvw(file: Path, raw: bytes) -> tuple[Row, ...]:
    """The rows of the tables that we know. Raises ``FileRefused``."""
    tables = _unpacked(file, raw)
    mistakes: list[Mistake] = []
    found: list[Row] = []
    clauses: dict[str, list[dict[str, str]]] = {}
    for tag in (CLAUSES, *(each for each in COLUMNS if each != CLAUSES)):
        for line, cells in _lines(file.with_name(f"{tag}.csv"), tag, tables.get(f"{tag}.csv", ""), mistakes):
            if len(found) == MOST_ROWS:
                refuse(file, line, f"超过 {MOST_ROWS} 行，请拆分", f"more than {MOST_ROWS} rows: split it")
            if tag == CLAUSES:
                clauses.setdefault(cells.pop("goal", ""), []).append(cells)
            elif tag == RESULTS:
                found += _reported(cells)
            else:
                if tag == "goal":
                    said = clauses.get(cells.get("goal", ""), [])
                    cells["clauses"] = msgspec.json.encode(said).decode()
                found.append(Row(tag, cells))
    if mistakes:
        raise FileRefused(mistakes)
    if not found:
        refuse(file, 1, "其中没有任何条目", "there are no entries in it")
    return tuple(found)


def _reported(cells: dict[str, str]) -> list[Row]:
    if not cells.get("value"):
        return []
    kept = ("target", "day", "value", "unit", "receipt", "source")
    return [Row("value_reported", {name: cells.get(name, "") for name in kept})]


def _unpacked(file: Path, raw: bytes) -> dict[str, str]:
    if len(raw) > LARGEST:
        refuse(file, 1, "文件超过 8 MiB，请拆分", "the file is larger than 8 MiB: split it")
    tables: dict[str, str] | None = None
    try:
        with ZipFile(BytesIO(raw)) as packed:
            if sum(each.file_size for each in packed.infolist()) <= UNPACKED:
                told = json.loads(packed.read(METADATA))
                urls = [each["url"] for each in told["tables"]]
                tables = {url: packed.read(url).decode("utf-8-sig") for url in urls if url in packed.namelist()}
    # what an archive that is none, is locked, or holds other JSON than tables raises on the way
    except (BadZipFile, KeyError, TypeError, ValueError, RuntimeError, NotImplementedError, RecursionError):
        words = f"不是含 {METADATA} 的 CSVW 压缩包", f"this is no archive of CSVW tables with a {METADATA}"
        refuse(file, 1, *words)
    if tables is None:
        refuse(file, 1, "解压后超过 64 MiB，请拆分", "it unfolds to more than 64 MiB: split it")
    return tables


def _lines(file: Path, tag: str, text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(StringIO(text, newline=""))
    columns = next(reader, [])
    unknown = [name for name in columns if name not in COLUMNS[tag]]
    if unknown:
        words = f"没有“{unknown[0][:40]}”列", f"there is no column {unknown[0][:40]!r}"
        mistakes.append(mistake(file, 1, *words, columns.index(unknown[0]) + 1))
        return
    for said in reader:
        line = reader.line_num
        if len(said) != len(columns):
            words = (
                f"该行有 {len(said)} 个单元格，应有 {len(columns)} 个",
                f"this row has {len(said)} cells, not {len(columns)}",
            )
            mistakes.append(mistake(file, line, *words))
            continue
        cells = {name: cell.strip() for name, cell in zip(columns, said, strict=True)}
        if not any(cells.values()):
            continue
        unit = unit_in(cells.get("unit", ""))
        for name in MONEY & cells.keys():
            try:
                cells[name] = " ".join(number_in(each, unit) for each in cells[name].split())
            except ValueError:
                where = columns.index(name) + 1
                shown = cells[name][:40]
                words = f"“{shown}”{NOT_A_NUMBER.zh}", f"{shown!r} {NOT_A_NUMBER.en}"
                mistakes.append(mistake(file, line, *words, where))
        yield line, {**cells, "unit": unit} if unit else cells
