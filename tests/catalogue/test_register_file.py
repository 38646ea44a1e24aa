"""The register's table: CSV in the encodings that offices write, XLSX, each mistake with its cell, nothing without bound."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from yimai.domain.register import MOST_ROWS, Row
from yimai.interfaces.files import register_rows
from yimai.interfaces.files.mistake import FileRefused
from yimai.interfaces.files.register_rows import read_rows

FILE = Path("register.csv")
TEXT = "entry,site,title_zh,floor_area,since\nestablishment,plant-a,示范工厂,77000,2023-04-21\n\nestablishment_closed,plant-b,,,2024\n"
ROWS = (
    Row("establishment", {"site": "plant-a", "title_zh": "示范工厂", "floor_area": "77000", "since": "2023-04-21"}),
    Row("establishment_closed", {"site": "plant-b", "since": "2024"}),
)


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_offices_encodings_are_read(encoding: str) -> None:
    assert read_rows(FILE, TEXT.encode(encoding)) == ROWS
    assert read_rows(FILE, TEXT.replace("\n", "\r\n").encode(encoding)) == ROWS


def test_a_workbook_gives_the_same_rows_whatever_type_its_cells_have() -> None:
    raw = workbook(
        ("entry", "site", "title_zh", "floor_area", "since"),
        ("establishment", "plant-a", " 示范工厂 ", 77000.0, date(2023, 4, 21)),
        (None, None, None, None, None),
        ("establishment_closed", "plant-b", None, None, 2024),
    )
    assert read_rows(FILE, raw) == ROWS


@pytest.mark.parametrize(
    ("raw", "place", "says"),
    [
        (b"site,since\na,2024\n", "1:1", "column entry is missing"),
        (b"entry,colour\nsource,red\n", "1:2", "no entry has a column 'colour'"),
        (b"entry,site,site\n", "1:3", "is there twice"),
        (b"entry,site\nestablishment,a,b\n", "2:3", "under no column's name"),
        (b"entry,site\n", "2:1", "no rows"),
        (b"", "1:1", "column entry is missing"),
        (b"\xff\xfe\x00\x01", "1:1", "neither UTF-8 nor GB 18030"),
        (b"PK\x03\x04 not a workbook", "1:1", "no XLSX workbook"),
        (b"entry,site\n" + b"establishment," + b"a" * 2001 + b"\n", "2:2", "too long"),
    ],
)
def test_every_mistake_is_named_with_its_cell(raw: bytes, place: str, says: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(FILE, raw)
    assert f"{FILE}:{place}: " in str(refused.value)
    assert says in str(refused.value)
    assert all(each.what.zh for each in refused.value.mistakes)


def test_large_files_are_refused_before_they_are_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_rows, "UNPACKED", 10_000)
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 1_000_000)
    with pytest.raises(FileRefused, match="unfolds to more"):
        read_rows(FILE, bomb.getvalue())
    with pytest.raises(FileRefused, match="larger than 8 MiB"):
        read_rows(FILE, b"x" * (register_rows.LARGEST + 1))
    many = "entry,site\n" + "establishment,a\n" * (MOST_ROWS + 1)
    with pytest.raises(FileRefused, match="more than 5000 rows"):
        read_rows(FILE, many.encode())
