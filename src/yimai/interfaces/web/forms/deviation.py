"""Deviations: anybody who works at the base reports one by hand."""

from __future__ import annotations

from typing import Final

from yimai.actions import deviation
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Field, Given, Option, Text, reason
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known

CLASSES: Final[tuple[Option, ...]] = (
    ("minor", Words("次要", "Minor")),
    ("major", Words("主要", "Major")),
    ("critical", Words("严重", "Critical")),
)


def _batch(situation: Situation) -> str:
    latest = situation.vein.batches.latest
    return latest.id if latest is not None else ""


def _steps(situation: Situation) -> tuple[Option, ...]:
    named = situation.given.get("step", "")
    return tuple((each.id, each.title) for each in situation.recipe.steps if named in ("", each.id))


def _reporting(_: Situation) -> tuple[Field, ...]:
    return (
        Given(name="treatment"),
        Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=_batch),
        Choice(name="step", title=Words("步骤", "Step"), options=_steps, optional=True),
        Choice(name="classification", title=Words("等级", "Class"), options=lambda _: CLASSES),
        reason(
            "operator_error",
            "breakdown",
            "material_defect",
            "contamination",
            "instrument_error",
            "transcription_error",
            "delay",
            "damaged",
            "process_variability",
            "quality_concern",
        ),
        Text(
            name="note",
            title=Words("发生了什么", "What happened"),
            hint=Words("写事实；不写患者姓名。", "The facts; no patient's name."),
            optional=True,
        ),
    )


def _noted(values: Arguments, _: Situation) -> Arguments:
    note = values["note"]
    return {**values, "note": note.decode() if isinstance(note, bytes) else note}


FORMS: Final = (
    Form(
        deviation.report,
        Words("报告偏差", "Report a deviation"),
        _reporting,
        button=Words("报告", "Report"),
        guide=Words("QA 将随即看到并评估。", "QA sees it at once and assesses it."),
        build=_noted,
    ),
)
