"""The city's register: search it, narrow it by kind, district, cluster and day; one page a thing, with its dated history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language

from yimai.domain.recipe import Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.projections import plan_board, register_board
from yimai.projections.field_words import FIELDS, VALUES
from yimai.projections.register_board import NOUNS, Asked, Thing, Told, matching
from yimai.projections.words import NOUNS as NOUN_WORDS
from yimai.projections.words import SITE_KINDS

MOST_SHOWN: Final = 300
KINDS: Final[dict[str, Words]] = {
    **{noun: NOUN_WORDS[noun] for noun in NOUNS if noun != "site"},
    "site": Words("单位", "Establishment"),
    **{kind: SITE_KINDS[kind] for kind in ("hospital", "base", "park", "laboratory")},
}
"""What may be chosen: every noun, and the types of establishments."""
TYPES: Final[dict[str, Words]] = {
    **SITE_KINDS, **VALUES, **KINDS, "filed": Words("已申报上市", "Filed"), "authorised": Words("已批准上市", "Authorised"),
}  # fmt: skip
UNSAID: Final = frozenset({"source", "since", "title_zh", "title_en"})
"""What stands in columns of its own, or in the heading."""


@dataclass(frozen=True, slots=True)
class Past:
    """One fact in a thing's history. said: what it says, each with its name."""

    told: Told
    said: tuple[tuple[str, str], ...]
    title: str
    source: str


def register(request: HttpRequest) -> HttpResponse:
    """Everything that is looked for, as of the day."""
    given = {name: request.GET.get(name, "").strip()[:80] for name in ("q", "kind", "district", "cluster", "day")}
    asked = Asked(given["q"], given["kind"], given["district"], given["cluster"], request.GET.get("standing") == "1")
    day, wrong = _day(given["day"])
    who = page.reader(request)
    with window.reading(who) as cursor:
        known = register_board.things(cursor, day)
        found = matching(known.values(), asked)
        context = {
            "asked": asked, "day": given["day"], "wrong": wrong, "known": known, "total": len(known), "found": len(found),
            "rows": found[:MOST_SHOWN], "kinds": KINDS, "types": TYPES,
            "districts": sorted({each.district for each in known.values() if each.district}),
            "clusters": [each for each in known.values() if each.noun == "cluster"],
            "enter": _entering(who, request.get_full_path()),
        }  # fmt: skip
        return page.show(request, cursor, "register", context)


def thing(request: HttpRequest, noun: str, identifier: str) -> HttpResponse:
    """One thing with its history and what belongs to it."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        known = register_board.things(cursor)
        found = known.get((noun, identifier))
        if found is None:
            raise Http404(identifier)
        sources = plan_board.board(cursor).sources
        titles = {name: _said(each.title_zh, each.title_en) for name, each in sources.items()}
        context = {
            "thing": found, "known": known, "types": TYPES, "sources": sources,
            "past": [Past(told, tuple(_details(told, noun, known)), told.fact.kind, titles.get(told.fact.source, told.fact.source))
                     for told in found.history],
            "belonging": _belonging(found, known), "enter": _entering(who, request.path),
        }  # fmt: skip
        return page.show(request, cursor, "register_thing", context)


def _day(text: str) -> tuple[date | None, bool]:
    """The day that is asked for, and whether what was typed is none."""
    try:
        return (date.fromisoformat(text), False) if text else (None, False)
    except ValueError:
        return None, True


def _entering(who: Any, back: str) -> str:
    may = who is not None and permitted(who, "register.record")
    return address("register.record", {"entry": "file", "next": back}) if may else ""


def _belonging(found: Thing, known: dict[tuple[str, str], Thing]) -> list[Thing]:
    """What it owns, bears, or holds together, and where it belongs."""
    return [
        each
        for each in known.values()
        if each.key != found.key
        and (
            (found.noun == "organisation" and each.organisation == found.id)
            or (found.noun == "site" and each.site == found.id)
            or (each.noun == "site" and each.id in (*found.sites, found.site))
            or (each.noun == "cluster" and each.id in found.clusters)
            or (each.noun == "organisation" and each.id == found.organisation)
        )
    ]


def _details(told: Told, noun: str, known: dict[tuple[str, str], Thing]) -> Iterator[tuple[str, str]]:
    for each in fields(told.fact):
        value = getattr(told.fact, each.name)
        if each.name in UNSAID or each.name == noun or value in ("", None, False):
            continue
        words = FIELDS.get(each.name)
        name = _said(words.zh, words.en) if words is not None else each.name
        other = known.get((each.name, str(value)))
        shown = VALUES.get(str(value)) or SITE_KINDS.get(str(value))
        if other is not None:
            yield name, _said(other.title_zh, other.title_en)
        elif shown is not None and each.name == "type":
            yield name, _said(shown.zh, shown.en)
        else:
            yield (
                name,
                _said("是", "yes") if value is True else f"{value:,}" if each.name == "floor_area" else str(value),
            )


def _said(zh: str, en: str) -> str:
    return zh if (get_language() or "zh").startswith("zh") else en
