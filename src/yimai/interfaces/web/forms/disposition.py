"""What becomes of a batch: QA reviews by exception, the qualified person decides, once."""

from __future__ import annotations

from typing import Final

from yimai.actions import disposition
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Confirmation, Field, Given, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.review import review_of
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known

REJECTING: Final = (
    "out_of_specification",
    "late_positive",
    "identity_mismatch",
    "contamination",
    "quality_concern",
    "batch_failed",
    "treatment_ended",
)
REVOKING: Final = (
    "late_positive",
    "quality_concern",
    "investigation",
    "identity_mismatch",
    "contamination",
    "material_defect",
)


def batch_of(situation: Situation) -> str:
    """The batch that the address names, else the latest."""
    latest = situation.vein.batches.latest
    return situation.given.get("batch") or (latest.id if latest is not None else "")


ABOUT: Final = (
    Given(name="treatment"),
    Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=batch_of),
)


def _exceptions(situation: Situation) -> Preview | None:
    return _review(situation, follows=False)


def _with_what_follows(situation: Situation) -> Preview | None:
    return _review(situation, follows=True)


def _review(situation: Situation, *, follows: bool) -> Preview | None:
    """The batch's review, where there is a batch already."""
    batch = batch_of(situation)
    if batch not in situation.vein.batches.by_id:
        return None
    return Preview("web/review_beside.html", {"review": review_of(situation, batch), "follows": follows})


def _ticked(name: str, zh: str, en: str) -> tuple[Field, ...]:
    return (*ABOUT, Confirmation(name=name, title=Words(zh, en)))


FORMS: Final = (
    Form(
        disposition.review,
        Words("审核批记录", "Review the batch record"),
        _ticked(
            "looked",
            "我已逐项审核所列异常；未列出的，规则核对均符合",
            "I have looked at every exception listed; where none is, the rules found none",
        ),
        button=Words("完成审核", "Sign the review"),
        guide=Words(
            "基于异常的审核：规则已核对的合并列出，异常逐项列出。",
            "By exception: what the rules have checked stands together, every exception on its own.",
        ),
        beside=_exceptions,
    ),
    Form(
        disposition.release_conditionally,
        Words("有条件放行", "Release conditionally"),
        _ticked("knows", "我知道以下检验结果仍待出具", "I know that the results named above are still to come"),
        button=Words("有条件放行", "Release conditionally"),
        guide=Words(
            "最终检验结果到达前放行；任何不合格的迟到结果将自动撤销放行并通知医院。",
            "Lets the batch go before its final tests; a late result that fails revokes this by itself and alerts the hospital.",
        ),
        beside=_with_what_follows,
    ),
    Form(
        disposition.release,
        Words("放行", "Release"),
        ABOUT,
        button=Words("放行", "Release"),
        guide=Words("全部检验结果已复核且符合标准。", "On every result, verified and conforming."),
        beside=_exceptions,
    ),
    Form(
        disposition.supply_out_of_specification,
        Words("规格外供应", "Supply out of specification"),
        _ticked(
            "asked",
            "医师已书面申请并接受风险，已告知主管部门和持有人",
            "The physician has asked and accepted the risk; authority and sponsor were told",
        ),
        button=Words("供应", "Supply"),
        guide=Words(
            "该批次不符合放行标准，应主治医师申请供应；这不是放行，不签发合格证。",
            "The batch does not meet its specification and is supplied at the physician's request. It is no release and is never certified.",
        ),
        beside=_exceptions,
    ),
    Form(
        disposition.issue_certificate,
        Words("签发合格证", "Issue the certificate"),
        ABOUT,
        button=Words("签发", "Issue it"),
        guide=Words(
            "合格证内容由账本事实计算，签名的是其哈希。",
            "Its content is computed from the ledger's facts; what you sign holds its hash.",
        ),
    ),
    Form(
        disposition.reject,
        Words("拒绝该批次", "Reject the batch"),
        (*ABOUT, reason(*REJECTING)),
        button=Words("拒绝", "Reject it"),
        guide=Words(
            "拒绝后永不回输；随后决定物料去向。", "It is never infused. The fate of its material is decided next."
        ),
        beside=_exceptions,
    ),
    Form(
        disposition.revoke,
        Words("撤销放行", "Revoke the release"),
        (*ABOUT, reason(*REVOKING)),
        button=Words("撤销并通知医院", "Revoke and alert the hospital"),
        guide=Words(
            "医院随即收到警报，未使用的回输许可一并收回。",
            "The hospital is alerted at once and unused permits are withdrawn.",
        ),
    ),
)
