"""Samples at the base: drawn at a step of the batch, given up where one was lost."""

from __future__ import annotations

from typing import Final

from yimai.actions import sample
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Given, Option, Scan, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known


def _batch(situation: Situation) -> str:
    latest = situation.vein.batches.open or situation.vein.batches.latest
    return latest.id if latest is not None else ""


def _plans(situation: Situation) -> tuple[Option, ...]:
    """What is drawn at the step; without a step, every sample of the recipe."""
    step = situation.recipe.step(situation.given.get("step", ""))
    return tuple((each.id, each.title) for each in situation.recipe.samples if step is None or each.id in step.samples)


def _steps(situation: Situation) -> tuple[Option, ...]:
    named = situation.given.get("step", "")
    return tuple((each.id, each.title) for each in situation.recipe.steps if each.samples and named in ("", each.id))


FORMS: Final = (
    Form(
        sample.take,
        Words("取样", "Take a sample"),
        (
            Given(name="treatment"),
            Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=_batch),
            Choice(name="step", title=Words("步骤", "Step"), options=_steps),
            Choice(name="plan", title=Words("样品", "Sample"), options=_plans),
            Scan(name="sample", title=Words("样品管", "Sample tube"), nouns=("sample",)),
        ),
        button=Words("已取样", "It is drawn"),
        guide=Words("样品管须已贴签；扫描管上的标签。", "The tube bears its label already; scan it."),
    ),
    Form(
        sample.void,
        Words("样品作废", "Give a sample up"),
        (
            Given(name="treatment"),
            Scan(name="sample", title=Words("样品", "Sample"), nouns=("sample",)),
            reason("sample_unsuitable", "damaged", "contamination", "identity_mismatch"),
        ),
        button=Words("作废", "Give it up"),
    ),
)
