"""How a refusal is told to people: its times at their place, its lengths of time in words, its codes by their names.

Programs get the same refusal by REST as the rule gave it: times in ISO 8601 and codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from yimai.domain.access_words import WORDS as VERBS
from yimai.domain.identifier import grouped, noun_of
from yimai.domain.recipe import Recipe, Words
from yimai.domain.refusal import Refusal
from yimai.interfaces.web import page
from yimai.projections.field_words import VALUES
from yimai.projections.register import PersonRow, SiteRow
from yimai.projections.words import ROLES, STATES

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
_LENGTH: Final = re.compile(r"(?:(?P<days>-?\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.\d+)?")
_BETWEEN: Final = re.compile(r"( / |/|, | \+ )")
_LISTED: Final = re.compile(r"[^\s,]+(?:, [^\s,]+)+")
_IDENTIFIER: Final = re.compile(r"\b[A-Z][0-9A-Z]{9}\b")
_CODED: Final[Mapping[str, Mapping[str, Words]]] = {
    "what": {
        "recipe": Words("工艺规程", "recipe"),
        "base": Words("基地文件", "base file"),
        "programme": Words("计划文件", "programme"),
    },
    "role": ROLES,
    "roles": ROLES,
    "verb": VERBS,
    "reason": VALUES,
    "reasons": VALUES,
    "state": {**VALUES, **STATES},
    "how": {**VALUES, **STATES},
    "fate": VALUES,
    "condition": VALUES,
    "cause": VALUES,
    "causes": VALUES,
    "markers": VALUES,
    "classification": VALUES,
    "conclusion": VALUES,
    "value": VALUES,
    "expected": VALUES,
}
"""Details that hold codes, and what those are called."""


def told(refusal: Refusal, zone: tzinfo, recipe: Recipe | None = None) -> Words:
    """Why something may not be done, and what to do, as people at a place with this zone say it.

    recipe: what gives tests, steps and materials their titles, if the reader may know it.
    """
    coded = {**_CODED, **(_titles(recipe) if recipe is not None else {})}
    shown = {name: _detail(coded.get(name), value, zone) for name, value in refusal.details.items()}
    return Words(
        refusal.kind.zh.format_map({name: pair.zh for name, pair in shown.items()}),
        refusal.kind.en.format_map({name: pair.en for name, pair in shown.items()}),
    )


def zone_of(who: PersonRow | None, sites: Mapping[str, SiteRow]) -> tzinfo:
    """The zone of the reader's site, else of the programme's city."""
    row = sites.get(who.site) if who is not None else None
    return timezone(timedelta(minutes=row.zone if row is not None else page.SHANGHAI))


def _titles(recipe: Recipe) -> Mapping[str, Mapping[str, Words]]:
    """The details that hold the recipe's own identifiers, and what it calls those."""
    tests = {each.id: each.title for each in recipe.tests}
    steps = {each.id: each.title for each in recipe.steps}
    return {
        "test": tests,
        "tests": tests,
        "failing": tests,
        "step": steps,
        "after": steps,
        "plan": {each.id: each.title for each in recipe.samples},
        "layout": {each.id: each.title for each in recipe.labels},
        "material": dict(recipe.materials),
        "qualification": dict(recipe.qualifications),
        "equipment_class": dict(recipe.equipment_classes),
        "markers": {**VALUES, **dict(recipe.marker_titles)},
    }


def _detail(called: Mapping[str, Words] | None, value: str, zone: tzinfo) -> Words:
    if called is not None:
        zh, en = ([_called(called, code, chinese) for code in _BETWEEN.split(value)] for chinese in (True, False))
        return Words("".join(zh), "".join(en))
    if found := _LENGTH.fullmatch(value):
        return _length(found)
    local = _MOMENT.sub(lambda each: _moment(each[0], zone), value)
    told = _IDENTIFIER.sub(lambda each: grouped(each[0]) if noun_of(each[0]) else each[0], local)
    return Words(told.replace(", ", "、") if _LISTED.fullmatch(value) else told, told)


def _called(names: Mapping[str, Words], code: str, chinese: bool) -> str:
    if code == ", ":
        return "、" if chinese else code
    pair = names.get(code)
    return code if pair is None else pair.zh if chinese else pair.en


def _moment(iso: str, zone: tzinfo) -> str:
    at = datetime.fromisoformat(iso).astimezone(zone)
    minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
    return f"{at:%Y-%m-%d %H:%M} {offset}"


def _length(found: re.Match[str]) -> Words:
    days, hours, minutes = (int(found[each] or 0) for each in ("days", "hours", "minutes"))
    parts = [each for each in ((days, "天", "d"), (hours, "小时", "h"), (minutes, "分钟", "min")) if each[0]]
    if not parts:
        parts = [(int(found["seconds"]), "秒", "s")]
    return Words(
        " ".join(f"{number} {zh}" for number, zh, _ in parts), " ".join(f"{number} {en}" for number, _, en in parts)
    )
