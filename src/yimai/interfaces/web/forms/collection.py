"""Collection at the bedside: wristband and bag scanned, two people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, get_args

from yimai.actions import collection
from yimai.domain.collection import CollectionFailure
from yimai.domain.fact import Quantity
from yimai.domain.recipe import Limits, Words
from yimai.interfaces.web.field import Choice, Field, Given, Measure, Scan, second_person
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.situation import Situation
from yimai.projections.field_words import VALUES

WRISTBAND: Final = Scan(name="wristband", title=Words("患者腕带", "Patient's wristband"), nouns=("wristband",))
SECOND: Final = second_person("collection.start")
BILLION: Final = "10*9"
MILLION: Final = "10*6"


def running(situation: Situation) -> str:
    """The collection that is under way, "" if none is."""
    latest = situation.vein.collections.latest
    return latest.id if latest is not None and latest.state == "started" else ""


ABOUT: Final = (Given(name="treatment"), Given(name="collection", proposed=running))


def completing(situation: Situation) -> tuple[Field, ...]:
    required = situation.recipe.starting_material
    assumed = {name for name, source in required.sources if source.assumed}
    return (
        *ABOUT,
        WRISTBAND,
        Scan(name="container", title=Words("采集袋", "Collection bag"), nouns=("container",)),
        Measure(
            name="volume",
            title=Words("体积", "Volume"),
            units=("mL",),
            limits=required.volume,
            assumed="volume" in assumed,
        ),
        Measure(
            name="cd3",
            title=Words("CD3 细胞", "CD3 cells"),
            hint=Words(
                "低于最低要求时请改为“采集失败”。", "Below the minimum, record 'The collection failed' instead."
            ),
            units=(BILLION, MILLION),
            limits=Limits(low=required.minimum_cd3),
            assumed="minimum_cd3" in assumed,
        ),
        Measure(
            name="viability", title=Words("活率", "Viability"), units=("%",), limits=Limits(Decimal(0), Decimal(100))
        ),
        SECOND,
    )


def completed(values: Arguments, situation: Situation) -> dict[str, Any]:
    """Counts are recorded in 10*9."""
    cd3: Quantity = values["cd3"]
    if cd3.unit == MILLION:
        cd3 = Quantity(cd3.value.scaleb(-3), BILLION)
    return {**values, "cd3": cd3}


def failed_instead(situation: Situation) -> tuple[tuple[Words, str], ...]:
    return ((Words("采集失败", "The collection failed"), address("collection.fail", situation.given)),)


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
        completing,
        button=Words("核对采集袋", "Match the bag"),
        guide=Words(
            "再次扫描腕带，扫描采集袋，填写体积和计数。",
            "Scan the wristband again, scan the bag, enter volume and counts.",
        ),
        build=completed,
        others=failed_instead,
    ),
    Form(
        collection.fail,
        Words("采集失败", "The collection failed"),
        (
            *ABOUT,
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
