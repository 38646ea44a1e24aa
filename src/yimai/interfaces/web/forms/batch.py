"""A batch as a whole: opened on the material that arrived, completed after its last step, or given up."""

from __future__ import annotations

from typing import Final

from yimai.actions import batch
from yimai.domain.batch_record import CAUSES
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Field, Given, Option, Scan
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.forms.batch_step import to_the_record
from yimai.interfaces.web.forms.custody import TOO_OLD, too_old
from yimai.interfaces.web.forms.suite import suites
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known
from yimai.projections.field_words import VALUES

OPEN: Final = Words("开批", "Open the batch")
WHY: Final = {
    "treatment_ended": Words("治疗已终止", "The treatment ended"),
    "deviation": Words("偏差", "A deviation"),
    "contamination": Words("污染", "Contamination"),
    "equipment": Words("设备故障", "Equipment failed"),
    "container": Words("容器破损", "A container broke"),
    "unstated": Words("其他（见偏差报告）", "Other (see the deviation's report)"),
}
"""What the causes that any batch may fail of are called."""


def _cleared(situation: Situation) -> str:
    """The batch for which a line was cleared and that is not opened yet."""
    batches = situation.vein.batches
    return next((each for each in reversed(tuple(batches.clearances)) if each not in batches.by_id), "")


def _suite(situation: Situation) -> str:
    slot = situation.vein.slot.current
    return slot.suite if slot is not None else ""


def _opening(situation: Situation) -> tuple[Field, ...]:
    return (
        Given(name="treatment"),
        Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=_cleared),
        Known(name="suite", title=Words("生产单元", "Suite"), noun="suite", known=_suite, options=suites),
        Scan(name="container", title=Words("起始物料（采集袋）", "Starting material (bag)"), nouns=("container",)),
        *((TOO_OLD,) if too_old(situation) else ()),
    )


def _open_batch(situation: Situation) -> str:
    latest = situation.vein.batches.open or situation.vein.batches.latest
    return latest.id if latest is not None else ""


BATCH: Final = Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=_open_batch)


def _causes(situation: Situation) -> tuple[Option, ...]:
    """The failures that the recipe's steps name, then those of any batch."""
    named = {each.cause: each.title for step in situation.recipe.steps for each in step.failures}
    others = {cause: WHY.get(cause) or VALUES.get(cause, Words(cause, cause)) for cause in CAUSES if cause not in named}
    return (*named.items(), *others.items())


FORMS: Final = (
    Form(
        batch.open_batch,
        OPEN,
        _opening,
        button=Words("核对并开批", "Match and open"),
        guide=Words(
            "扫描已接收的采集袋；与医嘱核对。", "Scan the bag that was received; it is matched with the order."
        ),
        after=to_the_record,
    ),
    Form(
        batch.complete_batch,
        Words("批次完成", "Complete the batch"),
        (Given(name="treatment"), BATCH),
        button=Words("完成批次", "Complete the batch"),
        guide=Words(
            "所有步骤已签名，容器标签已清点；生产单元随即腾出。",
            "Every step is signed and the containers' labels reconcile; the suite is free at once.",
        ),
        after=to_the_record,
    ),
    Form(
        batch.fail_batch,
        Words("批次失败", "The batch failed"),
        (
            Given(name="treatment"),
            BATCH,
            Choice(name="cause", title=Words("原因", "Cause"), options=_causes),
        ),
        button=Words("登记失败", "Record the failure"),
        guide=Words("不能撤回。", "This cannot be taken back."),
        after=to_the_record,
    ),
)
