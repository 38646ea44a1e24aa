"""Whether lymphodepletion may begin now, in one plain sentence: what the rule itself would answer a physician."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from yimai.actions import infusion
from yimai.actions import request as requests
from yimai.actions.signing import Rehearsed, rehearse
from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.domain.specification import awaits
from yimai.interfaces.web import bench
from yimai.interfaces.web.refusal import told, zone_of
from yimai.interfaces.web.situation import Situation
from yimai.projections import register

NOBODY = Words("该医院没有登记医师。", "No physician of this hospital is registered.")


@dataclass(frozen=True, slots=True)
class Signal:
    """tone: ``safe``, ``running`` (it has begun, and its window is open) or ``unsafe``."""

    tone: str
    sentence: Words


def signal(situation: Situation) -> Signal:
    """What a physician of the ordering hospital would be told who began lymphodepletion now; nothing is written."""
    ordered = situation.vein.treatment
    people = register.at_site(situation.cursor, ordered.hospital)
    physician = next((each for each in people if "physician" in each.roles), None)
    if physician is None:
        return Signal("unsafe", NOBODY)
    tools = bench.opened()
    arguments = {"treatment": ordered.id}
    command = requests.command(
        "infusion.start_lymphodepletion",
        arguments,
        id=f"signal/{ordered.id}",
        actor=physician.person,
        site=ordered.hospital,
        secret=tools.secret,
    )
    answer = rehearse(
        tools.ledger, command, partial(infusion.start_lymphodepletion, treatment=ordered.id), tools.secret
    )
    if isinstance(answer, Refusal):
        if answer.kind.code == "infusion.lymphodepletion_runs":
            return Signal("running", _running(situation))
        why = told(answer, zone_of(situation.who, register.sites(situation.cursor)))
        return Signal("unsafe", Words(f"不得开始清淋。{why.zh}", f"Do not begin lymphodepletion. {why.en}"))
    assert isinstance(answer, Rehearsed)
    return Signal("safe", _safe(situation))


def _safe(situation: Situation) -> Words:
    product = situation.recipe.product
    days = f"{product.lymphodepletion_minimum.days}–{product.lymphodepletion_maximum.days}"
    available = situation.vein.infusion.available
    batch = grouped(available)
    awaited = outstanding(situation, available)
    return Words(
        f"可以开始清淋：批次 {batch} 已确认产品可用。开始后 {days} 天内回输。{awaited.zh}",
        f"Lymphodepletion may begin: batch {batch} is confirmed as available. Infuse {days} days after it begins.{awaited.en}",
    )


def outstanding(situation: Situation, batch: str) -> Words:
    """That the batch is released on a condition, and which results are still to come; nothing of any other batch."""
    if situation.vein.disposition.of(batch).state != "conditionally_released":
        return Words("", "")
    recipe, samples = situation.recipe, situation.vein.samples
    final = (test for test in recipe.tests if test.stage == "final")
    awaited = [test.title for test in final if awaits(samples, recipe, batch, test)]
    zh, en = "、".join(each.zh for each in awaited), ", ".join(each.en for each in awaited)
    return Words(
        f"该批次为有条件放行，待出结果：{zh or '无'}；结果不合格时放行将被撤销。",
        f" The batch is conditionally released; still to come: {en or 'nothing'}. A result that fails revokes the release.",
    )


def _running(situation: Situation) -> Words:
    began = situation.vein.infusion.lymphodepletion
    assert began is not None
    product = situation.recipe.product
    opens, closes = began + product.lymphodepletion_minimum, began + product.lymphodepletion_maximum
    return Words(
        f"清淋已于 {began:%Y-%m-%d %H:%M} 开始。回输窗口：{opens:%m-%d %H:%M} 至 {closes:%m-%d %H:%M}。",
        f"Lymphodepletion began on {began:%Y-%m-%d %H:%M}. Infuse between {opens:%m-%d %H:%M} and {closes:%m-%d %H:%M}.",
    )
