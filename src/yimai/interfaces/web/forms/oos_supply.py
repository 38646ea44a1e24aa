"""Supply out of specification, the physician's side: the request, and the acceptance of the evaluated risk."""

from __future__ import annotations

from typing import Any, Final

from yimai.actions import oos_supply
from yimai.domain.recipe import Words
from yimai.domain.sample import nonconforming
from yimai.interfaces.web import window
from yimai.interfaces.web.field import Choices, Field, Given, Option, Tick, reason
from yimai.interfaces.web.form import Arguments, Form, Preview
from yimai.interfaces.web.situation import Situation
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


def accepted(values: Arguments, situation: Situation) -> dict[str, Any]:
    return {"treatment": values["treatment"], "batch": values["batch"]}


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
            Tick(name="read", title=Words("我已阅读风险评估", "I have read the risk evaluation")),
        ),
        button=Words("为患者接受风险", "Accept it for the patient"),
        build=accepted,
        beside=evaluation,
    ),
)
