"""Fields that name something on record, chosen by its title; and where it is on earth, in degrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from yimai.domain.establishment import degrees, millionths
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import NO_NUMBER, Choice, Field, Line, Option, Options, Unreadable, decimal
from yimai.interfaces.web.situation import Situation
from yimai.projections import approval_board, plan_board, register_board
from yimai.projections.measure_words import UNITS
from yimai.projections.register_board import Noun

TOO_FINE: Final = Words("小数点后最多 6 位，例如 31.230400。", "Give at most 6 decimals, such as 31.230400.")


@dataclass(frozen=True, kw_only=True)
class Reference(Choice):
    """One of the things on record, in a list to drop down."""

    widget: ClassVar[str] = "reference"
    missing: ClassVar[Words] = Words(
        "请从列表中选择；列表中没有的，请先录入。", "Choose from the list; what is not in it is recorded first."
    )

    def value(self, text: str, situation: Situation) -> str:
        if text not in {code for code, _ in self.options(situation)}:
            raise Unreadable(self.missing)
        return text


@dataclass(frozen=True, kw_only=True)
class Hash(Line):
    """The SHA-256 of a file: typed, or computed by the browser of a file that stays where it is."""

    widget: ClassVar[str] = "hash"


@dataclass(frozen=True, kw_only=True)
class Degrees(Field):
    """A latitude or a longitude as people write it; gives it as a row of the register has it. most: degrees, north or east."""

    most: int
    widget: ClassVar[str] = "number"
    unit: str = "°"

    def value(self, text: str, situation: Situation) -> str:
        try:
            number = decimal(text.strip().removesuffix("°"))
        except Unreadable:
            raise Unreadable(
                Words(
                    f"请填写十进制度数，例如 31.2304。{NO_NUMBER.zh}",
                    f"Enter decimal degrees, such as 31.2304. {NO_NUMBER.en}",
                )
            ) from None
        if not -self.most <= number <= self.most:
            raise Unreadable(
                Words(
                    f"请填写 −{self.most} 到 {self.most} 之间的十进制度数（南纬、西经为负），例如 31.2304。",
                    f"Enter decimal degrees from −{self.most} to {self.most} (south and west below 0), such as 31.2304.",
                )
            )
        written = f"{number:f}"
        if millionths(written) is None:
            raise Unreadable(TOO_FINE)
        return written

    def initial(self, situation: Situation) -> Sequence[str]:
        """What an address gives as the fact has it."""
        return tuple(
            degrees(int(each)) if each.lstrip("-").isdecimal() else each for each in super().initial(situation)
        )


def _sources(situation: Situation) -> list[Option]:
    named = plan_board.board(situation.cursor).sources
    return [(each, Words(said.title_zh, said.title_en)) for each, said in named.items()]


def _plans(situation: Situation) -> list[Option]:
    drafted = (row.drafted for row in plan_board.board(situation.cursor).plans)
    return [(each.plan, Words(each.title_zh, each.title_en)) for each in drafted]


def _goals(situation: Situation) -> list[Option]:
    said = (goal.said for row in plan_board.board(situation.cursor).plans for goal in row.goals)
    return [(each.goal, Words(f"{each.title_zh}（{each.goal}）", f"{each.title_en} ({each.goal})")) for each in said]


def _targets(situation: Situation) -> list[Option]:
    """Those that count still."""
    said = (row.said for _, row in plan_board.board(situation.cursor).targets)
    return [
        (each.target, Words(f"{each.target}：{each.reading_zh}", f"{each.target}: {each.reading_en}")) for each in said
    ]


def _measures(situation: Situation) -> list[Option]:
    """Each with the unit in which a target of it is told."""
    units = dict(_units(situation))
    return [
        (
            each.id,
            Words(
                f"{each.title_zh}（{each.id}，单位：{units[each.unit].zh}）",
                f"{each.title_en} ({each.id}, in {units[each.unit].en})",
            ),
        )
        for each in DEFINITIONS.values()
    ]


def _units(_: Situation) -> list[Option]:
    return [
        ("fen", Words("分（人民币）", "fen (of yuan)")),
        ("millionth", Words("百万分之一", "millionths")),
        *UNITS.items(),
    ]


def _recipes(situation: Situation) -> list[Option]:
    known = (
        approval_board.recipe(situation.cursor, each) for each in approval_board.identifiers(situation.cursor, "recipe")
    )
    return [(each.id, each.title) for each in known if each is not None]


def _registered(noun: Noun, situation: Situation) -> list[Option]:
    """What stands on the register."""
    things = register_board.things(situation.cursor).values()
    return [
        (each.id, Words(f"{each.title_zh}（{each.id}）", f"{each.title_en} ({each.id})"))
        for each in things
        if each.noun == noun and not each.ended
    ]


OF: Final[Mapping[str, Options]] = {
    "source": _sources,
    "authority": _sources,
    "plan": _plans,
    "parent": _plans,
    "predecessor": _plans,
    "goal": _goals,
    "target": _targets,
    "by": _targets,
    "measure": _measures,
    "unit": _units,
    "recipe": _recipes,
    "organisation": partial(_registered, "organisation"),
    "into": partial(_registered, "organisation"),
    "site": partial(_registered, "site"),
    "establishment": partial(_registered, "site"),
    "cluster": partial(_registered, "cluster"),
    "designation": partial(_registered, "designation"),
    "authorisation": partial(_registered, "authorisation"),
}
"""What is offered for a field of a fact that names something, by the field's name."""
