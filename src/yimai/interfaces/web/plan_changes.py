"""What an amended plan or goal says otherwise than before, shown before it is signed; and forms filled with what is said now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yimai.domain.fact import Fact
from yimai.domain.facts import decode
from yimai.domain.goal import GoalSet
from yimai.domain.plan_rows import row_of
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Typed
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import FIELDS, VALUES
from yimai.projections.vein import entries

CLAUSE: Words = Words("条文", "clause")
LANGUAGES: Mapping[str, Words] = {"zh": Words("中文", "Chinese"), "en": Words("英文", "English")}


def differences(noun: str, kind: type[Fact]) -> Callable[[Typed, Situation], Preview | None]:
    """A preview that sets what is typed against what the ledger says about the same."""

    def preview(typed: Typed, situation: Situation) -> Preview | None:
        known = [decode(each) for each in entries(situation.cursor, f"{noun}/{typed.one(noun)}")]
        earlier = next((each for each in reversed(known) if isinstance(each, kind)), None)
        before = cells_of(earlier) if earlier is not None else {}
        after = {name: typed.one(name) for name in typed.texts if _words(name) is not None}
        changed = [
            (_words(name), _shown(before.get(name, "")), _shown(text))
            for name, text in after.items()
            if text != before.get(name, "")
            and not (name.startswith(("wording_", "source_", "page_")) and not after.get(f"clause_{name[-2:]}"))
        ]
        return Preview("web/changes_preview.html", {"known": earlier is not None, "changed": changed})

    return preview


def cells_of(fact: Fact) -> dict[str, str]:
    """What the fact says, by the names of the form's fields."""
    cells = dict(row_of(fact).cells)
    if isinstance(fact, GoalSet):
        del cells["clauses"]
        for clause in fact.clauses:
            language = clause.language
            cells |= {f"clause_{language}": clause.text, f"wording_{language}": clause.wording}
            cells |= {f"source_{language}": clause.source, f"page_{language}": clause.page}
    return cells


def _words(name: str) -> Words | None:
    if name in FIELDS:
        return FIELDS[name]
    stem, _, language = name.rpartition("_")
    of = CLAUSE if stem == "clause" else FIELDS.get(stem)
    if of is None or language not in LANGUAGES:
        return None
    return Words(f"{LANGUAGES[language].zh}{of.zh}", f"{LANGUAGES[language].en}: {of.en}")


def _shown(text: str) -> Words:
    return VALUES.get(text, Words(text, text))
