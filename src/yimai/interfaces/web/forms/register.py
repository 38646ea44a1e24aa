"""The city's register: one row typed in a form of its own kind, or many from a table, each with its fate before it is signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from yimai.actions import register
from yimai.domain.fact import Fact
from yimai.domain.facts import decode
from yimai.domain.recipe import Words
from yimai.domain.register import ENTRIES, Fate, Known, Row, fates, read_row
from yimai.interfaces.web import bench
from yimai.interfaces.web.fact_fields import fields_for
from yimai.interfaces.web.field import Field, Given, Typed, Unreadable, Upload
from yimai.interfaces.web.form import Arguments, Form, Preview, address
from yimai.interfaces.web.situation import Situation
from yimai.projections.vein import entries
from yimai.projections.words import KINDS

FIRST: Final = "establishment"
"""What the form asks for where its address does not say."""
FILE: Final = "file"
"""Stands for a table of rows of any kind."""
MOST_SHOWN: Final = 12
FROM_FILE: Final = Words("从表格导入", "Import a table")
STANDINGS: Final[Mapping[str, Words]] = {
    "new": Words("新增", "New"),
    "same": Words("与现有相同，不录入", "The same as known, not recorded"),
    "changed": Words("更正", "Corrects what is known"),
    "refused": Words("拒绝", "Refused"),
}


class RowsFile(Upload):
    """A table of rows; one that the register would not take is named with the reason, and so none is taken."""

    def read(self, typed_: Typed, situation: Situation) -> Any:
        found = bench.opened().read_file("register", super().read(typed_, situation))
        if not isinstance(found, Mapping):
            raise Unreadable(_listed(list(found)))
        rows: tuple[Row, ...] = found["rows"]
        refused = [each for each in _fates(rows, situation) if each.refusal is not None]
        if refused:
            raise Unreadable(_listed([_why(each) for each in refused]))
        return rows


def _why(fate: Fate) -> Words:
    assert fate.refusal is not None
    return Words(f"第 {fate.number} 行：{fate.refusal.zh}", f"row {fate.number}: {fate.refusal.en}")


def _listed(reasons: list[Words]) -> Words:
    zh, en = ("".join(getattr(each, name) + " " for each in reasons[:MOST_SHOWN]) for name in ("zh", "en"))
    return Words(f"表格不能接受（{len(reasons)} 处）：{zh}", f"The table cannot be taken ({len(reasons)} places): {en}")


def _fates(rows: tuple[Row, ...], situation: Situation) -> tuple[Fate, ...]:
    return fates([read_row(row) for row in rows], _known(situation))


def _known(situation: Situation) -> Known:
    read: dict[str, tuple[Fact, ...]] = {}

    def known(noun: str, identifier: str) -> tuple[Fact, ...]:
        name = f"{noun}/{identifier}"
        if name not in read:
            read[name] = tuple(decode(entry) for entry in entries(situation.cursor, name))
        return read[name]

    return known


ROWS: Final = RowsFile(
    name="rows",
    title=Words("表格（CSV 或 XLSX）", "Table (CSV or XLSX)"),
    hint=Words(
        "首行为列名；entry 列说明每行的类型，例如 establishment。",
        "The first line names the columns; the column entry says what each row is, such as establishment.",
    ),
    accept=".csv,.xlsx",
)
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
    found = _fates(ROWS.read(typed, situation), situation)
    shown = [
        (each.number, KINDS[type(each.fact).kind], each.fact.subjects()[0].partition("/")[2], STANDINGS[each.standing])
        for each in found
        if each.fact is not None
    ]
    return Preview("web/register_preview.html", {"rows": shown})


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
    ),
)
