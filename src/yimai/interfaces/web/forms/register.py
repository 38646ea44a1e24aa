"""The city's register: one row typed in a form of its own kind, or many from a table, each with its fate before it is signed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from yimai.actions import register
from yimai.domain.recipe import Words
from yimai.domain.register import ENTRIES, Row, fates, read_row
from yimai.interfaces.web.fact_fields import DEGREES, fields_for
from yimai.interfaces.web.field import Field, Given, Typed
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.rows_file import RowsFile
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import FIELDS
from yimai.projections.words import KINDS

FIRST: Final = "establishment"
"""What the form asks for where its address does not say."""
FILE: Final = "file"
"""Stands for a table of rows of any kind."""
FROM_FILE: Final = Words("从表格导入", "Import a table")
ROWS: Final = RowsFile(
    name="rows",
    noun="register",
    judge=lambda rows, known: fates([read_row(row) for row in rows], known),
    title=Words("表格（CSV 或 XLSX）", "Table (CSV or XLSX)"),
    hint=Words(
        "首行为列名；entry 列说明每行的类型，例如 establishment。",
        "The first line names the columns; the column entry says what each row is, such as establishment.",
    ),
    accept=".csv,.xlsx",
)
COLUMNS: Final = {name: title for name, (_, title) in DEGREES.items()}
"""Columns that hold something else than the fact: degrees, not millionths of them."""
_OPTIONAL: Final = {"establishment": ("organisation",), "product": ("organisation",)}


def _fields(situation: Situation) -> tuple[Field, ...]:
    tag = _tag(situation)
    given = Given(name="entry", proposed=lambda _: tag)
    return (given, ROWS) if tag == FILE else (given, *fields_for(ENTRIES[tag], optional=_OPTIONAL.get(tag, ())))


def _tag(situation: Situation) -> str:
    tag = situation.given.get("entry", "")
    return tag if tag in ENTRIES or tag == FILE else FIRST


def _row(values: Arguments, situation: Situation) -> dict[str, Any]:
    if _tag(situation) == FILE:
        return {"rows": values["rows"]}
    cells = {name: "" if value is None else str(value) for name, value in values.items() if name != "entry"}
    return {"rows": (Row(_tag(situation), cells),)}


def _preview(typed: Typed, situation: Situation) -> Preview | None:
    if _tag(situation) != FILE:
        return None
    return ROWS.preview(typed, situation)


def _columns(situation: Situation) -> Preview | None:
    """Beside the choice of a table: what may stand in it."""
    if _tag(situation) != FILE:
        return None
    kinds = [
        (KINDS[fact.kind], tag, [(each.name, COLUMNS.get(each.name, FIELDS[each.name])) for each in fields(fact)])
        for tag, fact in ENTRIES.items()
    ]
    return Preview("web/register_columns.html", {"kinds": kinds})


def _kinds(situation: Situation) -> tuple[tuple[Words, str], ...]:
    """The other kinds of entries, and the table, each with its form."""
    others = ((KINDS[fact.kind], tag) for tag, fact in ENTRIES.items())
    return tuple(
        (words, address("register.record", {"entry": tag}))
        for words, tag in ((FROM_FILE, FILE), *others)
        if tag != _tag(situation)
    )


def _subject(situation: Situation) -> Words:
    tag = _tag(situation)
    return FROM_FILE if tag == FILE else KINDS[ENTRIES[tag].kind]


FORMS: Final = (
    Form(
        register.record,
        Words("录入登记册", "Enter into the register"),
        _fields,
        button=Words("核对", "Check"),
        guide=Words(
            "已有的条目再次录入即为更正；原内容仍可查。",
            "An entry that exists is corrected by entering it again; the old can still be read.",
        ),
        subject=_subject,
        build=_row,
        others=_kinds,
        preview=_preview,
        beside=_columns,
    ),
)
