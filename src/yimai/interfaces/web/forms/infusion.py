"""At the hospital's end: availability, lymphodepletion, permit, thaw, bedside match, infusion bag by bag."""

from __future__ import annotations

from typing import Final

from yimai.actions import infusion
from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Confirmation, Field, Given, Scan, reason, second_person
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.forms.collection import WRISTBAND
from yimai.interfaces.web.lymphodepletion import Signal, outstanding, signal
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.today import pressing
from yimai.projections import clock_board

SECOND: Final = second_person("infusion.match_bedside")
BAG: Final = Scan(name="container", title=Words("成品袋", "Product bag"), nouns=("container",))
ORDER: Final = Scan(name="order", title=Words("医嘱（COI）", "Order (COI)"), nouns=("treatment",))


def _permit(*states: str) -> Given:
    """The latest permit of the treatment in one of these states, where the address does not name it."""

    def latest(situation: Situation) -> str:
        fit = [each.id for each in situation.vein.infusion.permits.values() if each.state in states]
        return fit[-1] if fit else ""

    return Given(name="permit", proposed=latest)


def _batch(situation: Situation) -> str:
    latest = situation.vein.batches.latest
    return latest.id if latest is not None else ""


def clocks(situation: Situation) -> Preview | None:
    """The treatment's clocks that run now: the thaw above all."""
    running = pressing(clock_board.running(situation.cursor, treatment=situation.treatment), situation.now)
    shown = [each for each in running if each.clock.name in ("thaw", "lymphodepletion", "shelf_life")]
    return Preview("web/clocks_beside.html", {"clocks": shown}) if shown else None


def released_on_condition(situation: Situation) -> Preview | None:
    """What the physician must know of the batch before he or she relies on it."""
    words = outstanding(situation, situation.given.get("batch", "") or _batch(situation))
    return Preview("web/signal.html", {"signal": Signal("running", words)}) if words.zh else None


def _which(situation: Situation) -> Words:
    batch = grouped(situation.given.get("batch", "") or _batch(situation))
    return Words(batch, batch)


def may_begin(situation: Situation) -> Preview:
    return Preview("web/signal.html", {"signal": signal(situation)})


def depleting(situation: Situation) -> tuple[Field, ...]:
    return (
        Given(name="treatment"),
        Confirmation(
            name="signal_read",
            title=Words("我已核对上述信号和患者身份", "I have read the signal above and checked the patient"),
        ),
    )


FORMS: Final = (
    Form(
        infusion.confirm_availability,
        Words("确认产品可用", "Confirm availability"),
        (Given(name="treatment"), Given(name="batch", proposed=_batch)),
        button=Words("确认可用", "Confirm"),
        guide=Words(
            "批次已放行，或成品袋已在医院：确认后医师才可开始清淋。",
            "The batch was let go, or a bag is at the hospital: only then may lymphodepletion begin.",
        ),
        subject=_which,
        beside=released_on_condition,
    ),
    Form(
        infusion.start_lymphodepletion,
        Words("开始清淋", "Start lymphodepletion"),
        depleting,
        button=Words("开始清淋", "Start lymphodepletion"),
        beside=may_begin,
    ),
    Form(
        infusion.withdraw_permit,
        Words("收回回输许可", "Withdraw the infusion permit"),
        (
            Given(name="treatment"),
            _permit("issued"),
            reason("patient_unfit", "physician_decision", "rescheduled", "quality_concern", "damaged", "investigation"),
        ),
        button=Words("收回许可", "Withdraw it"),
        guide=Words(
            "收回后不得回输；再次回输须由基地签发新许可。", "Nothing is infused then; the base must issue a new permit."
        ),
    ),
    Form(
        infusion.thaw,
        Words("复苏成品袋", "Thaw a bag"),
        (Given(name="treatment"), _permit("issued", "used"), BAG),
        button=Words("开始复苏", "Start the thaw"),
        guide=Words(
            "扫描后立即复苏；复苏时限从此刻开始计时。",
            "Scan it, then thaw at once: its clock runs from this moment.",
        ),
        beside=clocks,
    ),
    Form(
        infusion.match_bedside,
        Words("床旁核对", "Bedside match"),
        (Given(name="treatment"), _permit("issued", "used"), WRISTBAND, BAG, ORDER, SECOND),
        button=Words("核对三者", "Match all three"),
        guide=Words(
            "两人在床旁：扫描患者腕带、成品袋和医嘱。三者必须属于同一患者。",
            "Two people at the bedside: scan the patient's wristband, the bag and the order. All three must be one patient's.",
        ),
        beside=clocks,
    ),
    Form(
        infusion.start,
        Words("开始回输", "Start the infusion"),
        (Given(name="treatment"), _permit("issued"), BAG, SECOND),
        button=Words("开始回输", "Start the infusion"),
        guide=Words(
            "再次扫描即将回输的袋。许可随即用掉。", "Scan the bag that is about to run. The permit is used up by it."
        ),
        beside=clocks,
    ),
    Form(
        infusion.continue_with,
        Words("续接下一袋", "Go on with the next bag"),
        (Given(name="treatment"), _permit("used"), BAG, SECOND),
        button=Words("续接", "Go on with it"),
        guide=Words("扫描即将回输的袋。", "Scan the bag that is about to run."),
        beside=clocks,
    ),
    Form(
        infusion.finish,
        Words("本袋输完", "The bag is empty"),
        (Given(name="treatment"), BAG),
        button=Words("已输完", "It was infused"),
        guide=Words("扫描空袋。", "Scan the empty bag."),
    ),
)
