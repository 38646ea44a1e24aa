"""The fields of a batch record's entries, as the recipe has them: limits, choices, what is put down already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from yimai.domain.batch import Noted, Recorded
from yimai.domain.batch_entry import departure
from yimai.domain.fact import Quantity
from yimai.domain.recipe import EntryField, Words
from yimai.interfaces.web.field import (
    NO_WHOLE,
    NOTHING,
    Choice,
    Field,
    Given,
    Measure,
    Typed,
    Unreadable,
    YesNo,
    decimal,
)
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Thing
from yimai.projections.field_words import VALUES

DEPARTS: Final = Words("其他选择将开启偏差。", "Any other opens a deviation.")


@dataclass(frozen=True, kw_only=True)
class GivenRound(Given):
    """The round of a step, as the address names it."""

    def value(self, text: str, situation: Situation) -> int:
        if not text.isdecimal():
            raise Unreadable(NO_WHOLE)
        return int(text)


@dataclass(frozen=True, kw_only=True)
class Replaced(Given):
    """What stands in the entry now, as the person sees it; posted, so that nothing is replaced unseen."""

    field: EntryField
    noted: Noted | None
    widget: ClassVar[str] = "replaced"

    def read(self, typed: Typed, situation: Situation) -> Recorded | None:
        text = typed.one(self.name)
        return parsed(self.field, text) if text else None

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"now": written(self.noted.value) if self.noted is not None else "", **judged(self.field, self.noted)}


@dataclass(frozen=True, kw_only=True)
class NotedEntry(Field):
    """An entry whose value was put down while the step ran: shown, signed as it is, changed on record only.

    place: its batch, step and round.
    """

    field: EntryField
    noted: Noted
    place: tuple[str, str, int]
    widget: ClassVar[str] = "noted"

    def read(self, typed: Typed, situation: Situation) -> Recorded:
        return self.noted.value

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return judged(self.field, self.noted)

    def initial(self, situation: Situation) -> Sequence[str]:
        return ()


@dataclass(frozen=True, kw_only=True)
class EntryChoice(Choice):
    """One of the recipe's choices; what it does not accept says so as soon as it is chosen."""

    accepted: tuple[str, ...]
    widget: ClassVar[str] = "entry_choice"


@dataclass(frozen=True, kw_only=True)
class EntryCheck(YesNo):
    """A check of the recipe; a "no" says at once what it will do."""

    widget: ClassVar[str] = "entry_check"


def judged(field: EntryField, noted: Noted | None) -> Mapping[str, Any]:
    """What the templates show of a value: it, and whether it departs from the recipe."""
    value = noted.value if noted is not None else None
    return {
        "noted": noted,
        "quantity": value if isinstance(value, Quantity) else None,
        "departs": departure(field, value) if value is not None else None,
    }


def entry_field(field: EntryField, name: str) -> Field:
    """The field by which one entry of the recipe is filled in."""
    match field.type:
        case "quantity":
            limited = field.limits.low is not None or field.limits.high is not None
            assumed = field.source is not None and field.source.assumed
            return Measure(
                name=name,
                title=field.title,
                units=(field.unit,),
                limits=field.limits if limited else None,
                assumed=assumed and limited,
            )
        case "check":
            return EntryCheck(name=name, title=field.title, hint=Words("“否”将开启偏差。", "“No” opens a deviation."))
        case "choice":
            accepted = [VALUES.get(each, Words(each, each)) for each in field.accepted]
            hint = Words(
                f"可接受：{'、'.join(each.zh for each in accepted)}。{DEPARTS.zh}",
                f"Accepted: {', '.join(each.en for each in accepted)}. {DEPARTS.en}",
            )
            listed = tuple((each, VALUES.get(each, Words(each, each))) for each in field.choices)
            return EntryChoice(
                name=name,
                title=field.title,
                hint=hint if accepted else NOTHING,
                options=lambda _: listed,
                accepted=field.accepted,
            )
        case _:
            return Thing(name=name, title=field.title, nouns=("storage_position", "equipment"), options=lambda _: ())


def written(value: Recorded) -> str:
    """A value as a form posts it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.value:f}" if isinstance(value, Quantity) else value


def parsed(field: EntryField, text: str) -> Recorded:
    """The value that a form posted. Raises Unreadable."""
    if field.type == "quantity":
        return Quantity(decimal(text), field.unit)
    return text == "yes" if field.type == "check" else text
