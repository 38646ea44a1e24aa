"""Labels: print one, look at it, stick it on its item with a second person, destroy what is not used."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from yimai.actions import label
from yimai.domain.identifier import grouped
from yimai.domain.label_code import Scanned
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import NOTHING, Choice, Field, Given, Option, Scan, ScanCopy, reason, second_person
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.preview import Preview
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


def _printing(situation: Situation) -> tuple[Field, ...]:
    """A new label's fields; a reprint has its item and its reason besides, so that no stray scan makes one of it."""
    new = (Given(name="treatment"), Choice(name="layout", title=Words("标签", "Label"), options=_layouts))
    if not _reprints(situation):
        return (*new, *((Given(name="item"),) if situation.given.get("item") else ()))
    item = Scan(name="item", title=Words("补打：原标签或对象", "Reprint: the item, or its old label"), nouns=ITEMS)
    return (*new, item, reason("damaged", "illegible", "misprinted"))


def _reprints(situation: Situation) -> bool:
    return "reprint" in situation.given or bool(situation.given.get("reason"))


def _reprint_instead(situation: Situation) -> tuple[tuple[Words, str], ...]:
    if _reprints(situation):
        return ()
    return ((Words("补打…", "Reprint…"), address("label.issue", {**situation.given, "reprint": "yes"})),)


def _which(situation: Situation) -> Words:
    item = grouped(situation.given.get("item", ""))
    return Words(item, item) if item else NOTHING


def _picture(situation: Situation) -> Preview | None:
    """The label as it was printed, to print it once more on paper and to know it by."""
    item, copy = situation.given.get("item", ""), situation.given.get("copy", "")
    return Preview("web/label_beside.html", {"item": item, "copy": copy}) if item and copy.isdecimal() else None


def _scanned(values: Arguments, _: Situation) -> Arguments:
    """The action's arguments: item and copy stand in one code."""
    copy: Scanned = values["label"]
    others = {name: value for name, value in values.items() if name != "label"}
    return {**others, "item": copy.identifier, "copy": copy.copy}


def _sticking(situation: Situation) -> tuple[Field, ...]:
    return (
        Given(name="treatment"),
        replace(COPY, expected=situation.given.get("item", "")),
        second_person("label.use"),
    )


FORMS: Final = (
    Form(
        label.issue,
        Words("打印标签", "Print a label"),
        _printing,
        button=Words("打印", "Print"),
        guide=Words(
            "签名后打开标签并打印，贴好后扫描。", "Sign, open the label and print it; scan it once it is stuck on."
        ),
        others=_reprint_instead,
    ),
    Form(
        label.use,
        Words("贴标签", "Stick a label on"),
        _sticking,
        button=Words("已贴好", "It is stuck on"),
        guide=Words("贴好后扫描；第二人核对。", "Stick it on, then scan it; a second person checks."),
        build=_scanned,
        subject=_which,
        beside=_picture,
    ),
    Form(
        label.destroy,
        Words("销毁标签", "Destroy a label"),
        (Given(name="treatment"), COPY, reason("surplus", "damaged", "illegible", "misprinted", "expired")),
        button=Words("已销毁", "It is destroyed"),
        build=_scanned,
        subject=_which,
    ),
)
