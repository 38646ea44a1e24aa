"""The timetable: a repair that was chosen, with everything that it moves, to be signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from yimai.actions import timetable
from yimai.domain.recipe import Words
from yimai.interfaces.web import repairing, touched_promises
from yimai.interfaces.web.field import NOT_OFFERED, Given, Unreadable, reason
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.repairing import Chosen, NoCode, chosen_of
from yimai.interfaces.web.situation import Situation
from yimai.projections import register


@dataclass(frozen=True, kw_only=True)
class Plan(Given):
    """The chosen repair, as the page of options gave it."""

    missing: ClassVar[Words] = Words("请先选择修复方案。", "Choose a repair first.")

    def value(self, text: str, situation: Situation) -> Chosen:
        try:
            return chosen_of(text)
        except NoCode:
            raise Unreadable(NOT_OFFERED) from None


def _arguments(values: Arguments, situation: Situation) -> Mapping[str, Any]:
    chosen: Chosen = values["plan"]
    return {
        "base": values["base"],
        "disruptions": chosen.disruptions,
        "way": chosen.way,
        "moves": chosen.moves,
        "reason": values["reason"],
    }


def _moved(situation: Situation) -> Preview | None:
    """What has happened, and every treatment that the repair moves: its promise before and after, by how much, and the odds of keeping it."""
    code = situation.given.get("plan", "")
    try:
        chosen = chosen_of(code)
    except NoCode:
        return None
    known = repairing.shown.get(code)
    odds = known.odds if known is not None else {}
    shown = {
        "moved": touched_promises.moved(situation, situation.given.get("base", ""), chosen.moves, odds),
        "chosen": chosen,
        "forgotten": known is None,
        "assumed": known is not None and known.option.problem.odds_assumed,
        "sites": register.sites(situation.cursor),
        "suite_titles": situation.base.suite_titles,
    }
    return Preview("web/repair_moves.html", shown)


FORMS: Final = (
    Form(
        timetable.repair,
        Words("修复时间表", "Repair the timetable"),
        (
            Given(name="base"),
            Plan(name="plan"),
            reason(
                "breakdown",
                "capacity",
                "rescheduled",
                "patient_unfit",
                "collection_failed",
                "batch_failed",
                "delay",
                "maintenance",
            ),
        ),
        button=Words("签署并移动", "Sign and move"),
        guide=Words(
            "全部档期一并移动，或一个也不移动；各医院随即看到新的承诺。",
            "All of these slots are moved, or none; their hospitals see the new promise at once.",
        ),
        build=_arguments,
        beside=_moved,
    ),
)
