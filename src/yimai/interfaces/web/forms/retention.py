"""Keeping records after a treatment's end: restrict the patient's data, and after the last track destroy them."""

from __future__ import annotations

from typing import Final

from yimai.actions import retention
from yimai.actions.decision import Done
from yimai.domain.recipe import Words
from yimai.interfaces.web import bench
from yimai.interfaces.web.field import Confirmation, Given, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.situation import Situation


def _closed(done: Done, situation: Situation) -> None:
    bench.opened().close_data(situation.treatment)


FORMS: Final = (
    Form(
        retention.restrict,
        Words("限制使用个人信息", "Restrict the patient's data"),
        (Given(name="treatment"), reason("patient_choice", "consent_withdrawn", "retention_ended")),
        button=Words("限制使用", "Restrict them"),
        guide=Words("此后仅检查员可按法定职责查看姓名等信息。", "From then on only inspectors read the name, for legal duties."),
        then=_closed,
    ),
    Form(
        retention.destroy,
        Words("销毁个人信息", "Destroy the patient's data"),
        (
            Given(name="treatment"),
            reason("retention_ended", "consent_withdrawn"),
            Confirmation(
                name="sure",
                title=Words("我知道此操作不可恢复", "I know that nobody can bring them back"),
                hint=Words("事实及其证明仍然有效。", "Facts and their proofs stay valid."),
            ),
        ),
        button=Words("销毁", "Destroy them"),
        guide=Words(
            "密钥、盐和内容一并销毁；保存期未满时拒绝。", "Key, salts and contents are destroyed; refused while a retention track runs."
        ),
        then=_closed,
    ),
)  # fmt: skip
