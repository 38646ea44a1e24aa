"""Supply out of specification: the physician asks, the base evaluates the risk, the physician accepts it, both notices."""

from __future__ import annotations

from typing import Final, get_args

from yimai.actions import oos_supply
from yimai.domain.oos_supply import Notified
from yimai.domain.recipe import Words
from yimai.domain.specification import nonconforming
from yimai.interfaces.web import window
from yimai.interfaces.web.field import Choice, Choices, Confirmation, Field, Given, Line, Option, Text, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import VALUES
from yimai.store.vault import VaultProblem


def batch(situation: Situation) -> str:
    """The batch that the address names, else the latest."""
    latest = situation.vein.batches.latest
    return situation.given.get("batch") or (latest.id if latest is not None else "")


def failing(situation: Situation) -> list[Option]:
    """The batch's tests that do not conform."""
    titles = {each.id: each.title for each in situation.recipe.tests}
    return [(each, titles[each]) for each in nonconforming(situation.vein.samples, batch(situation))]


def asking(situation: Situation) -> tuple[Field, ...]:
    return (
        Given(name="treatment"),
        Given(name="batch", proposed=batch),
        Choices(
            name="tests",
            title=Words("不符合标准的检验（逐项确认）", "Tests that fail (confirm each)"),
            options=failing,
        ),
        reason("benefit_outweighs_risk", "no_alternative", "progression"),
    )


def evaluation(situation: Situation) -> Preview:
    """What the maker's qualified person wrote of the risk."""
    try:
        text = window.vault_of(situation.cursor).read(situation.treatment, f"risk_evaluation/{batch(situation)}")
    except VaultProblem:
        text = b""
    return Preview("web/evaluation.html", {"text": text.decode(errors="replace"), "tests": failing(situation)})


def asked(situation: Situation) -> Preview:
    """The tests that fail, to be evaluated."""
    return Preview("web/failing.html", {"tests": failing(situation)})


FORMS: Final = (
    Form(
        oos_supply.request,
        Words("申请规格外供应", "Request supply out of specification"),
        asking,
        button=Words("申请", "Request"),
        guide=Words(
            "该批次不符合放行标准。医师为患者申请，须列出全部不符合项；这不是合格证明。",
            "The batch does not meet its specification. The physician asks for it, naming every test that fails; "
            "nothing here certifies it.",
        ),
    ),
    Form(
        oos_supply.accept_risk,
        Words("接受风险", "Accept the risk"),
        (
            Given(name="treatment"),
            Given(name="batch", proposed=batch),
            Confirmation(name="read", title=Words("我已阅读风险评估", "I have read the risk evaluation")),
        ),
        button=Words("为患者接受风险", "Accept it for the patient"),
        beside=evaluation,
    ),
    Form(
        oos_supply.evaluate_risk,
        Words("评估规格外风险", "Evaluate the risk"),
        (
            Given(name="treatment"),
            Given(name="batch", proposed=batch),
            Text(
                name="evaluation",
                title=Words("风险评估", "Risk evaluation"),
                hint=Words(
                    "逐项说明不符合项对患者的风险和获益；不写患者姓名。",
                    "For each failing test, what it means for the patient; no patient's name.",
                ),
                lines=12,
            ),
        ),
        button=Words("提交评估", "Record the evaluation"),
        guide=Words(
            "医师将阅读此评估后决定是否接受风险。文字存入个人数据库。",
            "The physician reads it and decides whether to accept the risk. The text lies in the vault.",
        ),
        beside=asked,
    ),
    Form(
        oos_supply.give_notice,
        Words("登记告知", "Record a notice"),
        (
            Given(name="treatment"),
            Given(name="batch", proposed=batch),
            Choice(
                name="to",
                title=Words("告知对象", "To whom"),
                options=lambda _: [(each, VALUES[each]) for each in get_args(Notified)],
            ),
            Line(name="reference", title=Words("发文编号", "Reference of the notice"), longest=60),
        ),
        button=Words("登记", "Record it"),
        guide=Words("规格外供应须告知主管部门和持有人。", "Authority and sponsor are told of every such supply."),
    ),
)
