"""The city's register: a list of tagged rows, read into facts, checked in order and taken all or not at all.

One row from a form, many from a file, and a programme's first load go through the same rules.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Literal, Union, get_args, get_origin, get_type_hints

from yimai.domain import authorisation as products
from yimai.domain import cluster as clusters
from yimai.domain import designation as designations
from yimai.domain import establishment as establishments
from yimai.domain import event as events
from yimai.domain import organisation as organisations
from yimai.domain import source as sources
from yimai.domain.fact import Fact, Signature, is_subject
from yimai.domain.identifier import names
from yimai.domain.known_day import is_known_day
from yimai.domain.plan import BAD_NAME, NOT_A_DAY
from yimai.domain.refusal import Refusal, RefusalKind


@dataclass(frozen=True, slots=True)
class RowsRecorded(Fact):
    """Entries of the register, or of plans, were put on record together. rows: how many of them were new or changed."""

    kind: ClassVar[str] = "register.rows_recorded.v1"
    about: ClassVar[tuple[str, ...]] = ("register",)
    register: str
    rows: int
    recorded: Signature


CITY: Final = "city"
"""The one register that there is."""
ENTRIES: Final[dict[str, type[Fact]]] = {
    "source": sources.SourceNamed,
    "event": events.EventAnnounced,
    "organisation": organisations.OrganisationRegistered,
    "organisation_merged": organisations.OrganisationMerged,
    "organisation_closed": organisations.OrganisationClosed,
    "establishment": establishments.EstablishmentOpened,
    "establishment_moved": establishments.EstablishmentMoved,
    "establishment_transferred": establishments.EstablishmentTransferred,
    "establishment_closed": establishments.EstablishmentClosed,
    "establishment_qualified": establishments.EstablishmentQualified,
    "cluster": clusters.ClusterDeclared,
    "cluster_dissolved": clusters.ClusterDissolved,
    "cluster_joined": clusters.SiteJoined,
    "cluster_left": clusters.SiteLeft,
    "designation": designations.DesignationGiven,
    "designation_withdrawn": designations.DesignationWithdrawn,
    "product": products.ProductNamed,
    "product_filed": products.ApplicationFiled,
    "product_authorised": products.AuthorisationGranted,
    "product_price": products.PriceListed,
}
"""What a row may be, by its tag."""
MOST_ROWS: Final = 5000
YES: Final = "yes"
"""What stands in a cell that says so; else it is empty."""
ANEW: Final = (products.PriceListed, clusters.SiteJoined, clusters.SiteLeft)
"""What adds to what was said before; everything else, said again, corrects it."""
Known = Callable[[str, str], tuple[Fact, ...]]
"""The facts about a subject, by noun and identifier."""
Allows = Callable[[Fact, Known], "Refusal | None"]
"""Whether a fact may be said, given what is known."""
Standing = Literal["new", "same", "changed", "refused"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is typed or imported. entry: its tag. cells: its fields as text; a missing one is empty."""

    entry: str
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a row. number: its place, from 1. fact: what it says, if it could be read."""

    number: int
    standing: Standing
    fact: Fact | None = None
    refusal: Refusal | None = None


UNKNOWN_ENTRY = RefusalKind(
    "register.unknown_entry",
    "'{entry}' is no kind of entry of the register. Use one of: {known}.",
    "“{entry}”不是登记册的条目类型。可用：{known}。",
)
UNREADABLE = RefusalKind(
    "register.unreadable",
    "An entry of the kind {entry} cannot be read: {why}. Correct that value.",
    "类型为 {entry} 的条目无法识读：{why}。请更正该值。",
)
UNKNOWN_COLUMN = RefusalKind(
    "register.unknown_column",
    "An entry of the kind {entry} has no column '{column}'. Its columns are: {known}.",
    "条目类型 {entry} 没有“{column}”列。其列为：{known}。",
)
MISSING = RefusalKind(
    "register.missing",
    "The column {column} is empty. Fill it in.",
    "“{column}”列为空。请填写。",
)
NO_NUMBER = RefusalKind(
    "register.no_number",
    "The column {column} says '{value}', which is no whole number. Write digits only, such as 77000.",
    "“{column}”列的“{value}”不是整数。请只写数字，如 77000。",
)
NO_DEGREES = RefusalKind(
    "register.no_degrees",
    "The column {column} says '{value}'. Write decimal degrees with at most 6 decimals, such as 31.2304; south and west are below 0.",
    "“{column}”列为“{value}”。请填写十进制度数，小数点后最多 6 位，如 31.2304；南纬、西经为负。",
)
NOT_A_WORD = RefusalKind(
    "register.not_a_word",
    "The column {column} says '{value}'; it takes one of: {known}.",
    "“{column}”列的“{value}”无效；可填：{known}。",
)
ROW_REFUSED = RefusalKind(
    "register.row_refused",
    "Row {row} cannot be taken, so none is ({refused} in all are refused). {why} Correct it and try again.",
    "第 {row} 行不能接受，因此全部未录入（共 {refused} 行被拒）。{why} 请更正后重试。",
)
NOTHING_NEW = RefusalKind(
    "register.nothing_new",
    "Every row says what the register says already; nothing to do.",
    "每一行都与登记册现有内容相同，无需操作。",
)
TOO_MANY = RefusalKind(
    "register.too_many",
    "There are {rows} rows; at most {most} are taken at once. Split the file.",
    "共有 {rows} 行，一次最多 {most} 行。请拆分文件。",
)


def read_row(row: Row) -> Fact | Refusal:
    """The fact that the row's cells say."""
    entry = ENTRIES.get(row.entry)
    if entry is None:
        return UNKNOWN_ENTRY(entry=row.entry[:40], known=", ".join(ENTRIES))
    hints = get_type_hints(entry)
    columns = [each.name for each in fields(entry)]
    for column, text in row.cells.items():
        if column not in columns and text.strip():
            return UNKNOWN_COLUMN(entry=row.entry, column=column[:40], known=", ".join(columns))
    values: dict[str, Any] = {}
    for column in columns:
        value = _cell(column, hints[column], row.cells.get(column, "").strip())
        if isinstance(value, Refusal):
            return value
        values[column] = value
    for noun in entry.about:
        if not values[noun]:
            return MISSING(column=noun)
    return entry(**values)


def _cell(column: str, hint: Any, text: str) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        allowed = get_args(hint)
        return (
            text
            if text in allowed
            else NOT_A_WORD(column=column, value=text[:40], known=", ".join(filter(None, allowed)))
        )
    if column in establishments.PLACES:
        found = establishments.millionths(text) if text else None
        return NO_DEGREES(column=column, value=text[:40]) if text and found is None else found
    if origin in (Union, types.UnionType):
        return _whole(column, text) if text else None
    if origin is tuple:
        halves = (each.partition("|") for each in text.split(";") if each.strip())
        return tuple(events.Theme(zh.strip(), en.strip()) for zh, _, en in halves)
    if hint is bool:
        return text == YES if text in ("", YES) else NOT_A_WORD(column=column, value=text[:40], known=YES)
    return _whole(column, text) if hint is int else text


def _whole(column: str, text: str) -> int | Refusal:
    digits = text.replace(",", "") if text.count(",") else text
    return (
        int(digits)
        if digits.lstrip("-").isdecimal() and digits.isascii() and len(digits) <= 17
        else NO_NUMBER(column=column, value=text[:40])
    )


def allowed(fact: Fact, known: Known) -> Refusal | None:
    """Whether the register may say so, given what it knows."""
    for each in fields(fact):
        text = getattr(fact, each.name)
        if each.name in ("since", "until", "joined") and not is_known_day(text):
            return NOT_A_DAY(since=text[:40])
    source = getattr(fact, "source", "")
    refusal = sources.named(known("source", source), source) if not isinstance(fact, sources.SourceNamed) else None
    return refusal or _allowed(fact, known)


def _allowed(fact: Fact, known: Known) -> Refusal | None:
    match fact:
        case sources.SourceNamed():
            return None if names(fact.source) else BAD_NAME(name=fact.source[:64])
        case events.EventAnnounced():
            return events.announce(fact)
        case organisations.OrganisationRegistered():
            return organisations.register(fact)
        case organisations.OrganisationMerged():
            return organisations.merge(fact, known("organisation", fact.organisation), known("organisation", fact.into))
        case organisations.OrganisationClosed():
            return organisations.standing(known("organisation", fact.organisation), fact.organisation)
        case clusters.ClusterDeclared():
            return clusters.declare(fact, known("cluster", fact.cluster))
        case clusters.ClusterDissolved():
            found = clusters.declared(known("cluster", fact.cluster), fact.cluster)
            return found if isinstance(found, Refusal) else None
        case clusters.SiteJoined():
            site = establishments.open_still(known("site", fact.site), fact.site)
            return site or clusters.join(fact, known("cluster", fact.cluster))
        case clusters.SiteLeft():
            return clusters.leave(fact, known("cluster", fact.cluster))
        case designations.DesignationGiven():
            site = establishments.open_still(known("site", fact.site), fact.site)
            return site or designations.give(fact, known("designation", fact.designation))
        case designations.DesignationWithdrawn():
            return designations.withdraw(fact, known("designation", fact.designation))
    return _allowed_of_site(fact, known) or _allowed_of_product(fact, known)


def _allowed_of_site(fact: Fact, known: Known) -> Refusal | None:
    match fact:
        case establishments.EstablishmentOpened():
            return establishments.enter(fact, known("site", fact.site)) or _owner(fact.organisation, known)
        case establishments.EstablishmentMoved():
            moved = establishments.somewhere(fact.latitude, fact.longitude)
            return moved or establishments.open_still(known("site", fact.site), fact.site)
        case establishments.EstablishmentTransferred():
            open_still = establishments.open_still(known("site", fact.site), fact.site)
            return open_still or organisations.standing(known("organisation", fact.organisation), fact.organisation)
        case establishments.EstablishmentClosed():
            return establishments.open_still(known("site", fact.site), fact.site)
        case establishments.EstablishmentQualified():
            return establishments.qualify(fact, known("site", fact.site))
    return None


def _allowed_of_product(fact: Fact, known: Known) -> Refusal | None:
    match fact:
        case products.ProductNamed():
            return products.name_product(fact) or _owner(fact.organisation, known)
        case products.ApplicationFiled() | products.AuthorisationGranted():
            return products.known(known("authorisation", fact.authorisation), fact.authorisation)
        case products.PriceListed():
            return products.list_price(fact, known("authorisation", fact.authorisation))
    return None


def _owner(organisation: str, known: Known) -> Refusal | None:
    return organisations.standing(known("organisation", organisation), organisation) if organisation else None


def fates(
    said: Iterable[Fact | Refusal], known: Known, allows: Allows = allowed, anew: tuple[type[Fact], ...] = ANEW
) -> tuple[Fate, ...]:
    """What becomes of each, in their order: a later one may stand on an earlier one. anew: what adds to what was said."""
    pending: dict[tuple[str, str], list[Fact]] = {}

    def together(noun: str, identifier: str) -> tuple[Fact, ...]:
        return (*known(noun, identifier), *pending.get((noun, identifier), ()))

    found = []
    for number, fact in enumerate(said, start=1):
        fate = _fate(number, fact, together, allows, anew)
        found.append(fate)
        if fate.fact is not None and fate.standing in ("new", "changed"):
            for subject in fate.fact.subjects():
                noun, _, identifier = subject.partition("/")
                pending.setdefault((noun, identifier), []).append(fate.fact)
    return tuple(found)


def _fate(number: int, fact: Fact | Refusal, known: Known, allows: Allows, anew: tuple[type[Fact], ...]) -> Fate:
    if isinstance(fact, Refusal):
        return Fate(number, "refused", refusal=fact)
    noun, _, identifier = fact.subjects()[0].partition("/")
    about = known(noun, identifier) if is_subject(fact.subjects()[0]) else ()
    earlier = [each for each in about if type(each) is type(fact) and each.subjects() == fact.subjects()]
    if fact in earlier if isinstance(fact, anew) else earlier[-1:] == [fact]:
        return Fate(number, "same", fact)
    if refusal := allows(fact, known):
        return Fate(number, "refused", fact, refusal)
    return Fate(number, "changed" if earlier and not isinstance(fact, anew) else "new", fact)


def record(found: Sequence[Fate]) -> Refusal | tuple[Fact, ...]:
    """All that is new or changed; nothing at all if a single row is refused."""
    if len(found) > MOST_ROWS:
        return TOO_MANY(rows=len(found), most=MOST_ROWS)
    refused = [each for each in found if each.refusal is not None]
    if refused:
        first = refused[0]
        why = f"{first.refusal.zh} ({first.refusal.en})" if first.refusal is not None else ""
        return ROW_REFUSED(row=first.number, refused=len(refused), why=why)
    facts = tuple(each.fact for each in found if each.fact is not None and each.standing != "same")
    return facts or NOTHING_NEW()
