"""Outcomes by day since the infusion, and the end of the treatment; the start of keeping its records."""

from __future__ import annotations

from typing import Any, Final, get_args

from yimai.actions import outcome, retention
from yimai.domain.outcome import WORST_GRADE, Response
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Given, Whole
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import VALUES

GRADES: Final = [
    (
        str(grade),
        Words(
            {0: "0（无）", 5: "5（致死）"}.get(grade, str(grade)),
            {0: "0 (none)", 5: "5 (fatal)"}.get(grade, str(grade)),
        ),
    )
    for grade in range(WORST_GRADE + 1)
]
RESPONSES: Final = [
    (
        code,
        Words(f"{VALUES[code].zh}（{code}）", f"{VALUES[code].en} ({code})") if code in VALUES else Words(code, code),
    )
    for code in get_args(Response)
]


def today(situation: Situation) -> str:
    """The day since the infusion began, which was day 0."""
    began = situation.vein.infusion.started
    return str((situation.now.astimezone(began.tzinfo).date() - began.date()).days) if began is not None else ""


def graded(values: Arguments, situation: Situation) -> dict[str, Any]:
    return {**values, "crs": int(values["crs"]), "icans": int(values["icans"])}


FORMS: Final = (
    Form(
        outcome.report,
        Words("报告随访", "Report the outcome"),
        (
            Given(name="treatment"),
            Whole(name="day", title=Words("回输后第几天", "Day since infusion"), proposed=today, most=20000),
            Choice(name="response", title=Words("疗效（Lugano）", "Response (Lugano)"), options=lambda _: RESPONSES),
            Choice(name="crs", title=Words("CRS 最高级别", "Worst CRS grade"), options=lambda _: GRADES),
            Choice(name="icans", title=Words("ICANS 最高级别", "Worst ICANS grade"), options=lambda _: GRADES),
        ),
        button=Words("报告", "Report"),
        guide=Words(
            "级别为上次报告以来的最高值（ASTCT 共识）。", "Grades: the worst since the last report (ASTCT consensus)."
        ),
        build=graded,
    ),
    Form(
        outcome.close,
        Words("结案", "Close the treatment"),
        (Given(name="treatment"),),
        button=Words("结案", "Close it"),
        guide=Words(
            "结案后仍可补充随访；记录开始保存。",
            "Outcomes can still be added afterwards; keeping of its records begins.",
        ),
    ),
    Form(
        retention.start,
        Words("开始保存记录", "Start keeping the records"),
        (Given(name="treatment"),),
        button=Words("开始保存", "Start"),
        guide=Words("适用于未回输即终止的治疗。", "For a treatment that ended without an infusion."),
    ),
)
