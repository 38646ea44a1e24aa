"""Fields for a fact that is typed in as it stands: one for each of its own, by type, with the fact's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from yimai.domain.fact import Fact
from yimai.domain.recipe import Words
from yimai.domain.register import YES
from yimai.interfaces.web.field import NOTHING, Choice, Day, Field, Line, Whole
from yimai.projections.field_words import FIELDS, VALUES
from yimai.projections.words import SITE_KINDS

KNOWN_DAY: Final = Words(
    "2023-04-21、2023-04 或 2023；来源未说明时留空。",
    "2023-04-21, 2023-04 or 2023; leave it empty where no source tells.",
)
HINTS: Final[Mapping[str, Words]] = {
    "since": KNOWN_DAY,
    "until": KNOWN_DAY,
    "joined": KNOWN_DAY,
    "organisation": Words("统一社会信用代码（18 位）。", "The unified social credit code, 18 characters."),
    "source": Words("已登记来源的标识。", "The identifier of a source that is named."),
    "themes": Words("中文|英文；多个以分号“;”隔开。", "Chinese|English, several divided by semicolons."),
    "price": Words("以分计：120 万元为 120000000。", "In fen: 120000000 for 1.2 million yuan."),
    "latitude": Words("百万分之一度，如 31230400。", "In millionths of a degree, such as 31230400."),
    "longitude": Words("百万分之一度，如 121473700。", "In millionths of a degree, such as 121473700."),
    "document": Words("64 位十六进制数；没有原文时留空。", "64 hexadecimal digits; empty where we hold no text."),
    "authority": Words("该解读所依据来源的标识；没有则留空。", "The source that this reading rests on, or empty."),
    "measure": Words("如 firms@1；没有定义时留空。", "Such as firms@1; empty where none is defined."),
}
OPTIONAL: Final = frozenset(
    {
        "since", "until", "joined", "parent", "predecessor", "document", "authority", "measure", "district", "floor_area", "latitude",
        "longitude", "address_zh", "address_en", "partition", "by", "recipe", "themes",
    }
)  # fmt: skip
WORDS: Final[Mapping[str, Words]] = {**SITE_KINDS, **VALUES}
SAYS_SO: Final = Words("是", "Yes")
FARTHEST: Final = 180_000_000
LONGEST: Final = 200


def fields_for(fact: type[Fact], *, without: Collection[str] = (), optional: Collection[str] = ()) -> Iterator[Field]:
    """One field for each of the fact's own but those left out. optional: may stay empty, beside what always may."""
    hints = get_type_hints(fact)
    for each in fields(fact):
        if each.name not in without:
            yield _field(each.name, hints[each.name], each.name in OPTIONAL or each.name in optional)


def _field(name: str, hint: Any, optional: bool) -> Field:
    title, hint_words = FIELDS[name], HINTS.get(name, NOTHING)
    if get_origin(hint) is Literal:
        codes = get_args(hint)
        options = tuple((code, WORDS[code]) for code in codes if code)
        return Choice(name=name, title=title, hint=hint_words, options=lambda _: options, optional="" in codes)
    if hint is bool:
        return Choice(name=name, title=title, hint=hint_words, options=lambda _: ((YES, SAYS_SO),), optional=True)
    if hint is date:
        return Day(name=name, title=title, hint=hint_words)
    if hint is int or int in get_args(hint):
        least = -FARTHEST if name in ("latitude", "longitude") else 0
        return Whole(name=name, title=title, hint=hint_words, least=least, most=10**15, optional=optional, empty=None)
    return Line(name=name, title=title, hint=hint_words, optional=optional, longest=LONGEST)
