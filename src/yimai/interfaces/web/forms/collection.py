"""Collection at the bedside: wristband and bag scanned, two people."""

from __future__ import annotations

from typing import Final, get_args

from yimai.actions import collection
from yimai.domain.collection import CollectionFailure
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Colleague, Given, Measure, Scan
from yimai.interfaces.web.form import Form
from yimai.projections.field_words import VALUES

WRISTBAND: Final = Scan(name="wristband", title=Words("患者腕带", "Patient's wristband"), nouns=("wristband",))
SECOND: Final = Colleague(name="verifier", roles=("nurse", "physician"))

FORMS: Final = (
    Form(
        collection.start,
        Words("开始采集", "Start the collection"),
        (Given(name="treatment"), WRISTBAND, SECOND),
        button=Words("核对腕带", "Match the wristband"),
        guide=Words(
            "在床旁扫描患者腕带，第二人核对。", "At the bedside, scan the patient's wristband; a second person checks."
        ),
    ),
    Form(
        collection.complete,
        Words("结束采集", "End the collection"),
        (
            Given(name="treatment"),
            Given(name="collection"),
            WRISTBAND,
            Scan(name="container", title=Words("采集袋", "Collection bag"), nouns=("container",)),
            Measure(name="volume", title=Words("体积", "Volume"), units=("mL",)),
            Measure(name="cd3", title=Words("CD3 细胞", "CD3 cells"), units=("10*9", "10*6")),
            Measure(name="viability", title=Words("活率", "Viability"), units=("%",)),
            SECOND,
        ),
        button=Words("核对采集袋", "Match the bag"),
        guide=Words(
            "再次扫描腕带，扫描采集袋，填写体积和计数。",
            "Scan the wristband again, scan the bag, enter volume and counts.",
        ),
    ),
    Form(
        collection.fail,
        Words("采集失败", "The collection failed"),
        (
            Given(name="treatment"),
            Given(name="collection"),
            Choice(
                name="cause",
                title=Words("原因", "Cause"),
                options=lambda _: [(each, VALUES.get(each, Words(each, each))) for each in get_args(CollectionFailure)],
            ),
        ),
        button=Words("记录失败", "Record the failure"),
        guide=Words("排程将收到通知，时段随即释放。", "The slot is freed at once, so that it can be offered again."),
    ),
)
