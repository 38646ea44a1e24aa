"""Fields for a fact that is typed in as it stands: one for each of its own, by type, with the fact's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from yimai.domain.authorisation import ProductNamed
from yimai.domain.cluster import ClusterDeclared
from yimai.domain.designation import DesignationGiven
from yimai.domain.establishment import EstablishmentOpened
from yimai.domain.event import EventAnnounced
from yimai.domain.fact import Fact
from yimai.domain.goal import GoalSet
from yimai.domain.organisation import OrganisationRegistered
from yimai.domain.plan import PlanDrafted
from yimai.domain.recipe import Words
from yimai.domain.register import YES
from yimai.domain.source import SourceNamed
from yimai.domain.target import TargetSet
from yimai.interfaces.web.field import NOTHING, Choice, Day, Field, Line, Whole
from yimai.interfaces.web.reference_field import OF, Degrees, Hash, Reference
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
    "themes": Words("中文|英文；多个以分号“;”隔开。", "Chinese|English, several divided by semicolons."),
    "price": Words("以分计：120 万元为 120000000。", "In fen: 120000000 for 1.2 million yuan."),
    "latitude": Words("十进制度数，如 31.2304；南纬为负。", "Decimal degrees, such as 31.2304; south is below 0."),
    "longitude": Words("十进制度数，如 121.4737；西经为负。", "Decimal degrees, such as 121.4737; west is below 0."),
    "document": Words(
        "选择原文文件即自动计算（文件不上传），或填写 64 位十六进制数；没有原文时留空。",
        "Choose the document's file to have it computed (the file is not uploaded), or type 64 hexadecimal digits; empty where we hold no text.",
    ),
    "page": Words("原文页码或网址片段，如 3；不知道则留空。", "The page in it, such as 3; empty where not known."),
}
OPTIONAL: Final = frozenset(
    {
        "since", "until", "joined", "parent", "predecessor", "document", "authority", "measure", "district", "floor_area", "latitude",
        "longitude", "address_zh", "address_en", "partition", "by", "recipe", "themes",
    }
)  # fmt: skip
WORDS: Final[Mapping[str, Words]] = {**SITE_KINDS, **VALUES}
SAYS_SO: Final = Words("是", "Yes")
LONGEST: Final = 200
DEGREES: Final[Mapping[str, tuple[int, Words]]] = {
    "latitude": (90, Words("纬度", "Latitude")),
    "longitude": (180, Words("经度", "Longitude")),
}
"""Up to how many degrees, and what it is called where it is typed."""
FIRST_OF_ITS_NAME: Final = Words(
    "自拟标识：小写字母、数字、- 和 _。指标录入后不再更改。",
    "An identifier of your own: small letters, digits, - and _. A target on record never changes.",
)
BEGUN: Final = frozenset(
    {
        SourceNamed, EventAnnounced, OrganisationRegistered, EstablishmentOpened, ClusterDeclared, DesignationGiven, ProductNamed,
        PlanDrafted, GoalSet, TargetSet,
    }
)  # fmt: skip
"""The facts with which what they are about comes on record: its identifier is typed, that of anything else chosen."""
NEW: Final = Words(
    "自拟标识：小写字母、数字、- 和 _。已有的标识即更正该条目。",
    "An identifier of your own: small letters, digits, - and _. One that exists corrects that entry.",
)


def fields_for(fact: type[Fact], *, without: Collection[str] = (), optional: Collection[str] = ()) -> Iterator[Field]:
    """One field for each of the fact's own but those left out. optional: may stay empty, beside what always may."""
    hints = get_type_hints(fact)
    for each in fields(fact):
        if each.name not in without:
            mine = each.name == fact.about[0] and fact in BEGUN
            yield _field(each.name, hints[each.name], each.name in OPTIONAL or each.name in optional, mine=mine)


def source_field(name: str, title: Words, *, optional: bool = False) -> Field:
    """A source, chosen from those that are named."""
    return Reference(name=name, title=title, options=OF["source"], optional=optional)


def _field(name: str, hint: Any, optional: bool, *, mine: bool) -> Field:
    """mine: whether it names what the fact brings on record."""
    title, hint_words = FIELDS[name], HINTS.get(name, NOTHING)
    if get_origin(hint) is Literal:
        codes = get_args(hint)
        options = tuple((code, WORDS[code]) for code in codes if code)
        return Choice(name=name, title=title, hint=hint_words, options=lambda _: options, optional="" in codes)
    if hint is bool:
        return Choice(name=name, title=title, hint=hint_words, options=lambda _: ((YES, SAYS_SO),), optional=True)
    if hint is date:
        return Day(name=name, title=title, hint=hint_words)
    if name in DEGREES:
        most, title = DEGREES[name]
        return Degrees(name=name, title=title, hint=hint_words, most=most, optional=optional, empty=None)
    if hint is int or int in get_args(hint):
        return Whole(name=name, title=title, hint=hint_words, most=10**15, optional=optional, empty=None)
    if name == "document":
        return Hash(name=name, title=title, hint=hint_words, optional=optional)
    if name in OF and not mine:
        return Reference(name=name, title=title, options=OF[name], optional=optional)
    if mine and name != "organisation":
        hint_words = FIRST_OF_ITS_NAME if name == "target" else NEW
    return Line(name=name, title=title, hint=hint_words, optional=optional, longest=LONGEST)
