"""What the record to be signed holds by its hash only, or not at all: words, files and ticks, as the person entered them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Line, Text, Tick, Upload
from yimai.interfaces.web.form import Filled


@dataclass(frozen=True, slots=True)
class Readable:
    """What goes to the vault with the record. file: its name, of ``size`` bytes; else these are the words."""

    title: Words
    words: str = ""
    file: str = ""
    size: int = 0


def readable(filled: Filled) -> Iterator[Readable]:
    """The words and files that were entered; what the form's own preview tells is left to that."""
    for field in filled.fields:
        file = filled.typed.files.get(field.name)
        words = filled.typed.one(field.name)
        told = isinstance(field, Line) and field.secret and filled.form.preview is None
        if isinstance(field, Upload) and file is not None:
            yield Readable(field.title, file=file.name or "", size=file.size or 0)
        elif words and (isinstance(field, Text) or told):
            yield Readable(field.title, words)


def ticked(filled: Filled) -> Iterator[Words]:
    """What was ticked as being so: the signature stands for it."""
    for field in filled.fields:
        if isinstance(field, Tick) and filled.typed.one(field.name):
            yield field.title
