"""A treatment's facts with their hashes, each derived again from its bytes; and copies of them, which are on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import psycopg
from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain.recipe import Words
from yimai.domain.signing import problem_of
from yimai.domain.treatment import TreatmentExported
from yimai.interfaces.web import page, window
from yimai.interfaces.web.fact_card import naming
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.ledger.codec import leaf_hash
from yimai.ledger.entry import NO_HASH, Entry
from yimai.projections import approval_board, register, trace, vein


@dataclass(frozen=True, slots=True)
class Checked:
    """One fact. problem: what does not hold, a word of the page, or "". named: the step, test or label that it is about."""

    entry: Entry
    sequence: int
    position: int | None
    problem: str
    named: tuple[Words, ...] = ()


def facts(request: HttpRequest, identifier: str) -> HttpResponse:
    """Every fact of a treatment in the order of its chain."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        found = checked(cursor, identifier)
        if not found or who is None:
            raise Http404(identifier)
        exports = [each.entry for each in found if each.entry.kind == TreatmentExported.kind]
        given = {"treatment": identifier}
        recipe = approval_board.recipe(cursor, str(found[0].entry.data.get("recipe", "")))
        context = {
            "treatment": identifier,
            "watch": [f"treatment/{identifier}"],
            "facts": [replace(each, named=naming(each.entry, recipe)) for each in found],
            "wrong": sum(1 for each in found if each.problem),
            "unsealed": sum(1 for each in found if each.position is None),
            "people": register.people(cursor, {each.entry.actor for each in found}),
            "own_exports": [each for each in exports if each.actor == who.person],
            "exports": len(exports),
            "export": address("treatment.export", given) if permitted(who, "treatment.export") else "",
        }
        return page.show(request, cursor, "treatment_facts", context)


def export(request: HttpRequest, identifier: str, digest: str) -> HttpResponse:
    """The copy that this fact says was taken, for who took it: each line the exact bytes of one entry."""
    who = page.reader(request)
    with window.reading(who) as cursor:
        found = trace.fact(cursor, bytes.fromhex(digest))
        entry = found[0] if found is not None else None
        if entry is None or who is None or (entry.kind, entry.actor) != (TreatmentExported.kind, who.person):
            raise Http404(digest)
        data: Any = entry.data
        if data["treatment"] != identifier:
            raise Http404(digest)
        taken = vein.entries(cursor, f"treatment/{identifier}")[: data["entries"]]
        lines = b"".join(each.content + b"\n" for each in taken)
        response = HttpResponse(lines, content_type="application/x-ndjson")
        response["Content-Disposition"] = f'attachment; filename="{identifier}.jsonl"'
        return response


def checked(cursor: psycopg.Cursor[Any], treatment: str) -> tuple[Checked, ...]:
    """The treatment's facts, each checked against its bytes, its place in the chain and the signatures of its command."""
    subject = f"treatment/{treatment}"
    entries = vein.entries(cursor, subject)
    positions = vein.positions(cursor, subject)
    unsigned = _wrongly_signed(entries)
    previous, found = NO_HASH, []
    for number, entry in enumerate(entries, 1):
        link = next(each for each in entry.links if each.subject == subject)
        problem = ""
        if leaf_hash(entry.content) != entry.hash:
            problem = "hash"
        elif (link.sequence, link.previous) != (number, previous):
            problem = "chain"
        elif entry.hash in unsigned:
            problem = "signature"
        found.append(Checked(entry, link.sequence, positions.get(link.sequence), problem))
        previous = entry.hash
    return tuple(found)


def _wrongly_signed(entries: Sequence[Entry]) -> frozenset[bytes]:
    """The facts of commands whose signatures do not hold."""
    wrong: set[bytes] = set()
    for _, together in groupby(entries, key=lambda entry: (entry.actor, entry.command)):
        command = tuple(together)
        whole = [each.ordinal for each in command] == list(range(len(command)))
        if whole and problem_of(command):
            wrong.update(each.hash for each in command)
    return frozenset(wrong)
