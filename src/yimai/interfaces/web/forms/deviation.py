"""Deviations: anybody who works at the base reports one; QA finds the cause and closes it, a critical one with the QP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

from django.http import Http404

from yimai.actions import deviation
from yimai.domain.deviation import GRAVITY, Conclusion, Deviation
from yimai.domain.recipe import Words
from yimai.interfaces.web import window
from yimai.interfaces.web.fact_lines import FactLine, about, beside, line, written
from yimai.interfaces.web.field import Choice, Colleague, Field, Given, Option, Text, reason
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known
from yimai.projections.field_words import VALUES

CLASSES: Final[tuple[Option, ...]] = (
    ("minor", Words("次要", "Minor")),
    ("major", Words("主要", "Major")),
    ("critical", Words("严重", "Critical")),
)
CAUSES: Final = (
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
)
WORDS_OF: Final = {"deviation.opened.v1": "report", "deviation.assessed.v1": "assessment"}
"""What was written with a fact, by the name under which it lies in the vault."""


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
        reason(*CAUSES),
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


def _named(situation: Situation) -> Deviation:
    """The deviation that the address names. Raises Http404 if the treatment has no such one."""
    found = situation.vein.deviations.by_id.get(situation.given.get("deviation", ""))
    if found is None:
        raise Http404(situation.given.get("deviation", ""))
    return found


def facts_of(situation: Situation, identifier: str) -> Iterable[FactLine]:
    """What is on record of the deviation, with what was written about it."""
    read = window.vault_of(situation.cursor).read
    for entry in about(situation.entries, "deviation", identifier):
        what = WORDS_OF.get(entry.kind)
        words = written(situation, read, f"deviation/{identifier}/{what}") if what else ""
        yield line(entry, situation.recipe, words)


def _on_record(situation: Situation) -> Preview | None:
    return beside(facts_of(situation, _named(situation).id))


DEVIATION: Final = Known(
    name="deviation",
    title=Words("偏差", "Deviation"),
    noun="deviation",
    known=lambda here: _named(here).id,
)


def _assessing(situation: Situation) -> tuple[Field, ...]:
    found = _named(situation)
    classes = CLASSES[GRAVITY.index(found.classification) :]
    return (
        Given(name="treatment"),
        DEVIATION,
        Choice(
            name="classification",
            title=Words("等级", "Class"),
            hint=Words("评估可以提高等级，不能降低。", "An assessment may raise the class, never lower it."),
            options=lambda _: classes,
            proposed=lambda _: found.classification,
        ),
        reason(*CAUSES, "donor_variability", "analyst_error"),
        Text(
            name="note",
            title=Words("根本原因和影响", "Root cause and impact"),
            hint=Words(
                "写明如何发现、为何发生、对产品质量有无影响；不写患者姓名。",
                "How it was found, why it happened, what it means for the product; no patient's name.",
            ),
            lines=7,
        ),
    )


def _closing(situation: Situation) -> tuple[Field, ...]:
    critical = _named(situation).classification == "critical"
    return (
        Given(name="treatment"),
        DEVIATION,
        Choice(
            name="conclusion",
            title=Words("结论", "Conclusion"),
            options=lambda _: [(each, VALUES[each]) for each in get_args(Conclusion)],
        ),
        reason(
            "within_validated_range",
            "stability_data_support",
            "outside_validated_range",
            "contamination",
            "process_variability",
            "donor_variability",
            "quality_concern",
            "identity_mismatch",
        ),
        Colleague(
            name="approver",
            title=Words("质量受权人共同签署", "Qualified person, who signs too"),
            hint=Words("严重偏差必须由质量受权人共同关闭。", "A critical deviation is closed together with the QP.")
            if critical
            else Words("非严重偏差可留空。", "May stay empty unless the deviation is critical."),
            roles=("qualified_person",),
            optional=not critical,
        ),
    )


FORMS: Final = (
    Form(
        deviation.report,
        Words("报告偏差", "Report a deviation"),
        _reporting,
        button=Words("报告", "Report"),
        guide=Words("QA 将随即看到并评估。", "QA sees it at once and assesses it."),
        build=_noted,
    ),
    Form(
        deviation.assess,
        Words("评估偏差", "Assess the deviation"),
        _assessing,
        button=Words("评估", "Record the assessment"),
        guide=Words("先看下面记录的事实，再确定原因。", "Look at the facts below, then say what caused it."),
        build=_noted,
        beside=_on_record,
    ),
    Form(
        deviation.close,
        Words("关闭偏差", "Close the deviation"),
        _closing,
        button=Words("关闭", "Close it"),
        guide=Words(
            "由未参与该步骤的 QA 关闭。结论为拒绝时，已作出的放行随即撤销。",
            "By QA who did not work on the step. Where the batch is to be rejected, a release that stands is revoked at once.",
        ),
        beside=_on_record,
    ),
)
