"""When plans were announced, issued, in force and closed, and when what is on the register opened: a drawing, and the same in words.

A source may tell a year or a month only: then the mark is as wide as that. What no source dates stands beside the drawing, not on it.
Where there is much of one kind that rests on an assumption only (a demonstration's), one line bears all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from yimai.domain.known_day import last_day
from yimai.domain.recipe import Words
from yimai.projections.field_words import VALUES
from yimai.projections.plan_board import PlanRow
from yimai.projections.register_board import Thing
from yimai.projections.words import NOUNS as NOUN_WORDS

WIDTH, LEFT, RIGHT = 1000, 310, 16
"""Pixels: the whole, what titles take, the margin."""
ROW, HEAD, FOOT = 30, 34, 10
NARROWEST: Final = 9
LONGEST: Final = {"zh": 20, "en": 37}
"""Characters of a title for which there is room."""
MOST_APART: Final = 8
"""Lines of things that rest on an assumption; more of one noun share a line."""
DRAWN: Final = ("site", "cluster", "designation", "authorisation")
OPENED, ENDED = Words("启用", "opened"), Words("结束", "ended")
NOUN_BEGINS: Final = {
    "site": OPENED, "cluster": Words("设立", "declared"), "designation": Words("认定", "designated"), "authorisation": Words("批准", "authorised"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened. since: as the source tells it. code: what it was, for its colour; words: in words."""

    since: str
    code: str
    words: Words
    x: float = 0.0
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A plan or a thing. code: its noun. bar: the days that a plan covers, left and width; y: its middle."""

    title: Words
    short: Words
    code: str
    id: str
    marks: tuple[Mark, ...]
    y: float = 0.0
    bar: tuple[float, float] | None = None

    @property
    def under(self) -> float:
        """Where the title's letters stand."""
        return self.y + 5


@dataclass(frozen=True, slots=True)
class Timeline:
    """years: place and number. today: place. undated: what stands on the register, and since when nobody
    tells; a product that is only filed does not stand there yet.

    lines: as drawn; told: the same with each thing apart.
    """

    lines: tuple[Line, ...]
    told: tuple[Line, ...]
    undated: tuple[Line, ...]
    years: tuple[tuple[float, int], ...]
    today: float
    height: float
    width: int = WIDTH


def timeline(plans: Sequence[PlanRow], things: Iterable[Thing], today: date, assumed: Collection[str] = ()) -> Timeline:
    """Plans first, then what opened, each in the order of its first day. assumed: sources that are an assumption."""
    shown = [each for each in things if each.noun in DRAWN]
    dated = sorted((each for each in shown if _span(each.since)), key=lambda each: (_span(each.since), each.id))
    undated = [each for each in shown if not _span(each.since) and each.type != "filed"]
    days = [day for plan in plans for day in (plan.drafted.first, plan.drafted.last)]
    days += [day for since in _told(plans, dated) if (span := _span(since)) is not None for day in span]
    first, last = min([*days, today]).year, max([*days, today]).year + 1
    scale = _Scale(date(first, 1, 1), date(last, 1, 1))
    drafted = [_plan(each, scale) for each in plans]
    told = (*drafted, *(_thing(each, scale) for each in dated))
    rows = [*drafted, *_drawn(dated, scale, assumed)]
    lines = tuple(replace(each, y=HEAD + ROW * (number + 0.5)) for number, each in enumerate(rows))
    years = tuple((scale.across(date(year, 1, 1)), year) for year in range(first, last))
    return Timeline(
        lines,
        told,
        tuple(_thing(each, scale) for each in undated),
        years,
        scale.across(today),
        HEAD + ROW * len(rows) + FOOT,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    last: date

    def across(self, day: date) -> float:
        share = (day - self.first).days / (self.last - self.first).days
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def mark(self, since: str, code: str, words: Words) -> Mark | None:
        span = _span(since)
        if span is None:
            return None
        left, right = self.across(span[0]), self.across(span[1])
        width = max(right - left, NARROWEST)
        return Mark(since, code, words, round((left + right - width) / 2, 1), round(width, 1))


def _plan(row: PlanRow, scale: _Scale) -> Line:
    said = row.drafted
    found = (scale.mark(each.said.since, each.said.status, VALUES[each.said.status]) for each in row.statuses)
    left = scale.across(said.first)
    bar = (left, round(scale.across(said.last) - left, 1))
    return _line(said.title_zh, said.title_en, "plan", row.plan.id, tuple(each for each in found if each), bar)


def _drawn(things: Sequence[Thing], scale: _Scale, assumed: Collection[str]) -> Iterator[Line]:
    """A line each; but one for all of a noun that rest on an assumption, where they are many."""
    resting = [each for each in things if each.history and getattr(each.history[0].fact, "source", "") in assumed]
    many = {noun for noun, number in Counter(each.noun for each in resting).items() if number > MOST_APART}
    yield from (_thing(each, scale) for each in things if each not in resting or each.noun not in many)
    for noun in sorted(many):
        shared = [_thing(each, scale) for each in resting if each.noun == noun]
        marks = tuple(
            replace(mark, words=Words(f"{line.title.zh} {mark.words.zh}", f"{line.title.en} {mark.words.en}"))
            for line in shared
            for mark in line.marks
        )
        name, number = NOUN_WORDS[noun], len(shared)
        title = (f"假设或模拟：{name.zh}（{number}）", f"Assumed or simulated: {name.en} ({number})")
        yield _line(*title, noun, "", marks)


def _thing(thing: Thing, scale: _Scale) -> Line:
    begun = scale.mark(thing.since, "opened", NOUN_BEGINS[thing.noun])
    over = scale.mark(thing.until, "ended", ENDED) if thing.ended else None
    return _line(thing.title_zh, thing.title_en, thing.noun, thing.id, tuple(each for each in (begun, over) if each))


def _line(zh: str, en: str, code: str, name: str, marks: tuple[Mark, ...], bar: Any = None) -> Line:
    short = (_shortened(zh, LONGEST["zh"]), _shortened(en, LONGEST["en"]))
    return Line(Words(zh, en), Words(*short), code, name, marks, bar=bar)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _told(plans: Iterable[PlanRow], things: Iterable[Thing]) -> Iterator[str]:
    yield from (each.said.since for plan in plans for each in plan.statuses)
    yield from (since for each in things for since in (each.since, each.until))


def _span(since: str) -> tuple[date, date] | None:
    """The days that it can mean, the first and the last; None where no day is told."""
    last = last_day(since)
    if last is None:
        return None
    year, month, day = (*map(int, since.split("-")), 1, 1)[:3]
    return date(year, month, day), last
