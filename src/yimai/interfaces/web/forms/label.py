"""Labels: print one, stick it on its item with a second person, destroy what is not used."""

from __future__ import annotations

from typing import Final

from yimai.actions import label
from yimai.domain.label_code import Scanned
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Colleague, Given, Option, Scan, ScanCopy, reason
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.situation import Situation

ITEMS: Final = ("wristband", "container", "sample", "shipment")
AT_HOSPITAL: Final = ("wristband", "collection_bag", "shipper")
AT_BASE: Final = ("container", "sample", "final_bag", "shipper")
COPY: Final = ScanCopy(
    name="label",
    title=Words("标签", "Label"),
    hint=Words("扫描标签上的方形码。", "Scan the square code on the label."),
    nouns=ITEMS,
)


def _layouts(situation: Situation) -> tuple[Option, ...]:
    """What one's own site labels."""
    carriers = AT_BASE if situation.who.site == situation.vein.treatment.base else AT_HOSPITAL
    return tuple((each.id, each.title) for each in situation.recipe.labels if each.carrier in carriers)


def _scanned(values: Arguments, _: Situation) -> Arguments:
    """The action's arguments: item and copy stand in one code."""
    copy: Scanned = values["label"]
    others = {name: value for name, value in values.items() if name != "label"}
    return {**others, "item": copy.identifier, "copy": copy.copy}


FORMS: Final = (
    Form(
        label.issue,
        Words("打印标签", "Print a label"),
        (
            Given(name="treatment"),
            Choice(name="layout", title=Words("标签", "Label"), options=_layouts),
            Scan(
                name="item",
                title=Words("补打：原标签或对象", "Reprint: the item, or its old label"),
                hint=Words("新标签请留空。", "Leave it empty for a new item."),
                nouns=ITEMS,
                optional=True,
            ),
            reason("damaged", "illegible", "misprinted", optional=True),
        ),
        button=Words("打印", "Print"),
        guide=Words("补打必须说明理由。", "A reprint needs its reason."),
    ),
    Form(
        label.use,
        Words("贴标签", "Stick a label on"),
        (Given(name="treatment"), COPY, Colleague(name="verifier", roles=("coordinator", "nurse", "operator", "qa"))),
        button=Words("已贴好", "It is stuck on"),
        guide=Words("贴好后扫描；第二人核对。", "Stick it on, then scan it; a second person checks."),
        build=_scanned,
    ),
    Form(
        label.destroy,
        Words("销毁标签", "Destroy a label"),
        (Given(name="treatment"), COPY, reason("surplus", "damaged", "illegible", "misprinted", "expired")),
        button=Words("已销毁", "It is destroyed"),
        build=_scanned,
    ),
)
