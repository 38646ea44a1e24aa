"""Search by any identifier, and everything about one thing, forwards and back."""

from __future__ import annotations

import re
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from stdnum.iso7064 import mod_37_2

from yimai.domain.identifier import ALPHABET, LETTERS, noun_of, typed
from yimai.interfaces.web import page, window
from yimai.interfaces.web.fact_card import naming
from yimai.interfaces.web.permitted import NOUNS, opens
from yimai.interfaces.web.templatetags.wording import address
from yimai.projections import approval_board, register, trace, treatment_board

HASH: Final = re.compile(r"[0-9a-f]{64}")
MOST: Final = 200


def search(request: HttpRequest) -> HttpResponse:
    """Lead to what was typed or scanned; explain where that is not possible."""
    raw = " ".join(request.GET.get("q", "").split())[:MOST]
    who = page.reader(request)
    with window.reading(who) as cursor:
        if not raw:
            return page.show(request, cursor, "search", {"raw": "", "problem": ""})
        digest = raw.replace(" ", "").lower()
        if HASH.fullmatch(digest) and trace.fact(cursor, bytes.fromhex(digest)) is not None:
            return redirect("fact", digest)
        for candidate in dict.fromkeys((typed(raw), raw, raw.lower(), raw.upper())):
            found = trace.about(cursor, candidate) if _plain(candidate) else ()
            closed = [each for each in found if each.noun in NOUNS and (who is None or not opens(who, each.noun))]
            if closed and len(closed) == len(found):
                context = {"raw": raw, "problem": "closed", "found": closed}
                return page.show(request, cursor, "search", context, status=404)
            if len(found) == 1:
                return redirect(address(found[0].noun, candidate))
            if found:
                return page.show(request, cursor, "search", {"raw": raw, "problem": "several", "found": found})
        like = {name for each in (typed(raw), raw.lower(), raw.upper()) if _plain(each)
                for name in trace.starting_with(cursor, each)}  # fmt: skip
        context = {
            "raw": raw,
            "problem": "name" if not raw.isascii() else problem(typed(raw)),
            "like": sorted(name.partition("/")[::2] for name in like)[:12],
        }
        return page.show(request, cursor, "search", context, status=404)


def problem(identifier: str) -> str:
    """Why nothing was found: ``check`` (misread), ``letters`` (impossible characters), ``length`` or ``unknown``.

    A hospital's number may look like one of our identifiers that was misread, which the page says too.
    """
    if identifier[:1] not in LETTERS.values() or not identifier.isalnum() or not identifier.isascii():
        return "unknown"
    if any(letter not in ALPHABET for letter in identifier[:-1]):
        return "letters" if len(identifier) == 10 else "unknown"
    if len(identifier) == 10:
        return "unknown" if mod_37_2.is_valid(identifier) else "check"
    return "length" if 8 <= len(identifier) <= 12 and any(each.isdigit() for each in identifier) else "unknown"


def about(request: HttpRequest, noun: str, identifier: str) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        found = trace.about(cursor, identifier, noun)
        if not found:
            raise Http404(identifier)
        (thing,) = found
        treatments = [each.identifier for each in thing.of("treatment")]
        people = {thing.identifier} if noun == "person" else set()
        people.update(each.identifier for each in (*thing.related, *thing.through) if each.noun == "person")
        recipe = approval_board.only_recipe(cursor)
        context = {
            "about": thing,
            "named": {digest: naming(entry, recipe) for digest, entry in trace.entries(cursor, thing.facts).items()},
            "watch": [f"{noun}/{identifier}"],
            "own": noun_of(identifier) is not None,
            "treatments": treatment_board.rows_of(cursor, treatments[:MOST]),
            "people": register.people(cursor, people),
            "groups": _groups(thing.related),
            "through": _groups(thing.through),
        }
        return page.show(request, cursor, "about", context)


def _groups(related: tuple[trace.Related, ...]) -> list[tuple[str, list[trace.Related]]]:
    """By noun, in the order in which the nouns first appear."""
    grouped: dict[str, list[trace.Related]] = {}
    for each in related:
        grouped.setdefault(each.noun, []).append(each)
    return list(grouped.items())


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) <= 100
