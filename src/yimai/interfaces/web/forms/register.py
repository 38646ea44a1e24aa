"""The city's register: one row typed in a form of its own kind."""

from __future__ import annotations

from typing import Any, Final

from yimai.actions import register
from yimai.domain.recipe import Words
from yimai.domain.register import ENTRIES, Row
from yimai.interfaces.web.fact_fields import fields_for
from yimai.interfaces.web.field import Field, Given
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.situation import Situation
from yimai.projections.words import KINDS

FIRST: Final = "establishment"
"""What the form asks for where its address does not say."""


def _fields(situation: Situation) -> tuple[Field, ...]:
    tag = _tag(situation)
    return (Given(name="entry", proposed=lambda _: tag), *fields_for(ENTRIES[tag], optional=_OPTIONAL.get(tag, ())))


_OPTIONAL: Final = {"establishment": ("organisation",), "product": ("organisation",)}


def _tag(situation: Situation) -> str:
    tag = situation.given.get("entry", "")
    return tag if tag in ENTRIES else FIRST


def _row(values: Arguments, situation: Situation) -> dict[str, Any]:
    cells = {name: "" if value is None else str(value) for name, value in values.items() if name != "entry"}
    return {"rows": (Row(_tag(situation), cells),)}


def _kinds(situation: Situation) -> tuple[tuple[Words, str], ...]:
    """The other kinds of entries, each with its form."""
    return tuple(
        (KINDS[fact.kind], address("register.record", {"entry": tag}))
        for tag, fact in ENTRIES.items()
        if tag != _tag(situation)
    )


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
        subject=lambda situation: KINDS[ENTRIES[_tag(situation)].kind],
        build=_row,
        others=_kinds,
    ),
)
