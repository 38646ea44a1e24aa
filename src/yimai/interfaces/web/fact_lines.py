"""Facts beside a form or on a record's page: each with what it says, who did it and when, and the way to the fact itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from yimai.domain.recipe import Recipe
from yimai.interfaces.web.fact_card import Detail, details
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.ledger.entry import Entry
from yimai.projections.field_words import VALUES
from yimai.store.vault import VaultProblem

HIDDEN = frozenset({"signature", "hash"})
"""Forms of details that a line leaves to the fact's own page; who signed stands below it."""
KNOWN = frozenset({"treatment", "batch"})
"""Nouns that the page names already."""


@dataclass(frozen=True, slots=True)
class FactLine:
    """words: what was written beside it, which lies in the vault, or ""."""

    entry: Entry
    details: tuple[Detail, ...]
    words: str = ""


def line(entry: Entry, recipe: Recipe | None, words: str = "") -> FactLine:
    shown = tuple(
        each
        for each in details(entry, recipe)
        if each.form not in HIDDEN and not (each.form == "link" and each.value[0] in KNOWN)
    )
    return FactLine(entry, shown, words)


def about(entries: Iterable[Entry], name: str, identifier: str) -> tuple[Entry, ...]:
    """The entries whose field of that name is the identifier."""
    return tuple(each for each in entries if each.data.get(name) == identifier)


def written(situation: Situation, read: Callable[[str, str], bytes], name: str) -> str:
    """What lies in the vault under the name about the treatment; "" where there is nothing that the reader may see."""
    try:
        return read(situation.treatment, name).decode(errors="replace")
    except VaultProblem:
        return ""


def beside(lines: Iterable[FactLine]) -> Preview | None:
    shown = tuple(lines)
    return Preview("web/fact_lines.html", {"lines": shown, "values": VALUES}) if shown else None
