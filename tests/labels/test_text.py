"""What people read on a label is what the ledger says: compared with its raw facts, for every story and copy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.labels.reading_back import squeezed, text_of
from tests.labels.stories import copies, told

from yimai.domain.identifier import grouped
from yimai.domain.label import Carrier
from yimai.interfaces.labels import rendering
from yimai.interfaces.labels.label_text import Patient

PATIENT = Patient("虚构患者·松鹤", date(1957, 2, 6))
SHELF_LIFE, FRESH = timedelta(days=365), timedelta(hours=72)
"""As the shipped recipe states them."""
each_copy = pytest.mark.parametrize(("story", "carrier", "copy"), list(copies()), ids=lambda value: str(value))


def said(story: str, carrier: Carrier, copy: int) -> str:
    patient = PATIENT if carrier == "wristband" else None
    return text_of(rendering.pdf(told(story).text(carrier, copy, patient)))


def clock(occurred: datetime) -> str:
    offset = "+08:00"
    assert occurred.isoformat().endswith(offset)
    return f"{occurred.year}-{occurred.month:02}-{occurred.day:02} {occurred.hour:02}:{occurred.minute:02} {offset}"


def amount(data: Any, field: str) -> str:
    unit = {"10*6": "×10⁶", "10*9": "×10⁹"}.get(data[field]["unit"], data[field]["unit"])
    return f"{data[field]['value']} {unit}"


def known(story: str, carrier: Carrier) -> list[str]:
    """What the second copy must say, straight from the raw facts of the story."""
    tale = told(story)
    item = tale.items[carrier]
    expected = [str(tale.places[tale.journey.hospital].zh), str(tale.places[tale.journey.hospital].en)]
    if carrier == "wristband":
        return [*expected, PATIENT.name, "1957-02-06"]
    if carrier == "collection_bag":
        (collected,) = tale.facts("collection.completed.v1", container=item)
        ended = collected.occurred
        return [*expected, clock(ended), clock(ended + FRESH), amount(collected.data, "volume"), "2–8 °C"]
    if carrier == "sample":
        (taken,) = tale.facts("sample.taken.v1", sample=item)
        plan = next(each.title for each in tale.recipe.samples if each.id == taken.data["plan"])
        return [plan.zh, plan.en, clock(taken.occurred), grouped(str(taken.data["batch"]))]
    if carrier == "shipper":
        packed = tale.facts("shipment.packed.v1", shipment=item)
        inside = [grouped(str(each)) for fact in packed for each in fact.data["containers"]]  # type: ignore[union-attr]
        return [*expected, str(tale.places[tale.journey.base].zh), *inside, *(clock(fact.occurred) for fact in packed)]
    (filled,) = tale.facts("batch.container_filled.v1", container=item)
    expected = [clock(filled.occurred), amount(filled.data, "volume"), amount(filled.data, "cells")]
    expected.append(grouped(str(filled.data["batch"])))
    if carrier == "final_bag":
        expected += [clock(filled.occurred + SHELF_LIFE), "≤ −150 °C", "30 min", str(tale.places["lingang"].en)]
    return expected


@each_copy
def test_it_names_item_treatment_copy_layout_and_issue(story: str, carrier: Carrier, copy: int) -> None:
    text, tale = said(story, carrier, copy), told(story)
    item = tale.items[carrier]
    (issued,) = tale.facts("label.issued.v1", item=item, copy=copy)
    layout = next(each for each in tale.recipe.labels if each.id == issued.data["layout"])
    for expected in (
        grouped(item),
        "COI" + grouped(tale.journey.treatment),
        f"第 {copy:02} 份 COPY {copy:02}",
        layout.title.zh,
        layout.title.en,
    ):
        assert squeezed(expected) in text
    if carrier != "sample":
        assert squeezed("签发 Issued " + clock(issued.occurred)) in text
    if carrier not in ("wristband", "sample"):
        assert squeezed(tale.recipe.title.zh) in text
        assert squeezed(tale.recipe.title.en) in text


@pytest.mark.parametrize("story", ["plain", "infectious", "supplied", "rejected"])
@pytest.mark.parametrize("carrier", ["wristband", "collection_bag", "container", "sample", "final_bag", "shipper"])
def test_a_copy_issued_when_all_is_known_says_all_of_it(story: str, carrier: Carrier) -> None:
    text = said(story, carrier, 2)
    absent = [each for each in known(story, carrier) if squeezed(each) not in text]
    assert not absent


@each_copy
def test_it_says_for_whom_it_is_and_what_is_dangerous(story: str, carrier: Carrier, copy: int) -> None:
    """Each statement exactly where it belongs: nobody reads past one, and none cries wolf."""
    text = said(story, carrier, copy)
    infectious, final, late = story == "infectious", carrier == "final_bag", copy == 2
    rejected = story == "rejected" and late and carrier in ("final_bag", "container", "collection_bag")
    expected = {
        "仅供自体使用FORAUTOLOGOUSUSEONLY": carrier not in ("wristband", "sample", "shipper"),
        "生物危害BIOHAZARD": infectious and carrier != "wristband",
        "检测阳性乙型肝炎病毒": infectious and carrier not in ("wristband", "sample", "shipper"),
        "NOTEVALUATED": False,
        "超标供应·未经放行": story == "supplied" and final and late,
        "OUT-OF-SPECIFICATIONSUPPLY·NOTRELEASED": story == "supplied" and final and late,
        "不是放行证明": final and not (late and story in ("supplied", "rejected")),
        "不得辐照": carrier in ("collection_bag", "container", "final_bag"),
        "不得过X光机": carrier == "shipper",
    }
    assert {sentence: sentence in text for sentence in expected} == expected
    if final:
        assert ("不得使用DONOTUSE" in text) == rejected


def test_out_of_specification_supply_cannot_be_read_as_a_certificate() -> None:
    text = said("supplied", "final_bag", 2)
    assert squeezed("不符合质量标准：活率。应医师请求供应，本标签不是合格证明。") in text
    assert (
        squeezed("Fails its specification: Viability. Supplied at the physician's request; certifies nothing.") in text
    )
    for certifying in ("合格证", "准予放行", "已放行", "Released", "Certificate", "Qualified"):
        assert certifying not in text.replace("不是合格证明", "").replace("NOTRELEASED", "")


@each_copy
def test_only_a_wristband_may_name_anybody(story: str, carrier: Carrier, copy: int) -> None:
    """A name that is handed in for any other label goes nowhere."""
    text = told(story).text(carrier, copy, PATIENT)
    named = PATIENT.name in text_of(rendering.pdf(text))
    assert named == (carrier == "wristband")


def test_what_is_not_known_is_an_empty_line_for_the_hand() -> None:
    """The first copies were issued before anything was collected or filled: no date, no volume, nothing guessed."""
    for carrier, keys in {
        "wristband": ("name", "born", "ward"),
        "collection_bag": ("collected", "use_by", "volume"),
        "container": ("filled", "volume", "cells"),
        "sample": ("sample", "taken"),
        "final_bag": ("expires", "filled", "volume", "cells"),
        "shipper": ("contents", "packed", "contact"),
    }.items():
        text = told("plain").text(carrier, 1)  # type: ignore[arg-type]
        assert {each.key for each in text.lines if each.value.zh == each.value.en == ""} >= set(keys)


def test_a_further_copy_says_why() -> None:
    text = said("plain", "final_bag", 2)
    assert squeezed("重打原因 Reprinted: 标签内容变化 Content of the label changed") in text
    assert "重打" not in said("plain", "final_bag", 1)


def test_dates_are_of_the_place_not_of_the_server() -> None:
    """A night's filling in Shanghai lies on another day in UTC; the label has the day of the cleanroom's clock."""
    tale = told("plain")
    (filled,) = tale.facts("batch.container_filled.v1", container=tale.items["final_bag"])
    assert filled.occurred.astimezone(UTC).date() != filled.occurred.date()
    assert tale.text("final_bag", 2).line("filled").value.en == clock(filled.occurred)
