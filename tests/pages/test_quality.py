"""QC, QA and the qualified person at their pages: results, deviations, excursions, dispositions, lots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.spec.harness import SpecPlant

from yimai.actions import custody, site
from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.domain.shipment import ExcursionOpened
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import certificate, deviation, disposition, home_quality, material_lot, sample, treatment
from yimai.interfaces.web import home as homes
from yimai.interfaces.web.to_do import ToDo
from yimai.projections.register import PersonRow
from yimai.projections.worklist_state import Task
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def at(plant: SpecPlant, person: str) -> Tablet:
    """A tablet at which a person of the base's file has signed in."""
    member = next(each for each in plant.base.people if each.id == person)
    return Tablet(plant, PersonRow(person, member.site, member.roles))


def read(tablet: Tablet, view: Any, identifier: str) -> str:
    """The text of a record's page as the person sees it."""
    answer: HttpResponse = tablet.asked(RequestFactory().get(f"/zh-hans/record/{identifier}"), view, identifier)
    assert answer.status_code == 200
    return text_of(answer)


def text_of(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def of(journey: Journey, test: str) -> dict[str, str]:
    plan = next(each.id for each in journey.recipe.samples if test in each.tests)
    return {"treatment": journey.treatment, "sample": journey.samples[plan], "test": test}


def analysts(journey: Journey) -> tuple[str, str]:
    first = journey.at_base("qc_analyst")
    return first, journey.at_base("qc_analyst", without=(first,))


def test_a_result_is_recorded_by_scan_and_checked_by_another_who_sees_it_with_its_limits(plant: SpecPlant) -> None:
    journey = plant.treatment("manufactured")
    first, second = analysts(journey)
    given = of(journey, "viability")
    here, there = at(plant, first), at(plant, second)
    shown = here.shown("sample.record_result", **given)
    assert "80–100" in text_of(shown)
    assert f'value="{given["sample"]}"' not in shown.content.decode(), "the tube in the hand is scanned, not believed"
    asked = here.sent("sample.record_result", given, {"command": "c", "seen": "999", "value": "91.5"})
    assert "符合标准" in text_of(asked)
    (recorded,) = here.does("sample.record_result", given, {"value": "91.5"})
    assert (recorded.data["value"], recorded.data["unit"], recorded.data["conforming"]) == ("91.5", "%", True)
    own = here.sent("sample.verify_result", given, {"compared": "yes"})
    refused(own, "sample.same_analyst")
    beside = text_of(there.shown("sample.verify_result", **given))
    assert all(each in beside for each in ("91.5 %", "80–100", first)), beside[-1500:]
    assert there.sent("sample.verify_result", given, {}).status_code == 422, (
        "compared with the raw data, or not checked"
    )
    (verified,) = there.does("sample.verify_result", given, {"compared": "yes"})
    assert verified.kind == "sample.result_verified.v1"
    refused(there.sent("sample.verify_result", given, {"compared": "yes"}), "sample.already_verified")


def test_a_culture_says_when_it_was_sampled_and_from_when_a_negative_counts(plant: SpecPlant) -> None:
    journey = plant.treatment("manufactured")
    first, second = analysts(journey)
    given = of(journey, "sterility")
    taken = journey.vein.samples.by_id[given["sample"]].taken
    ends = (taken + timedelta(days=14)).strftime("%Y-%m-%d %H:%M")
    shown = text_of(at(plant, first).shown("sample.record_result", **given))
    assert f"取样 {taken:%Y-%m-%d %H:%M}" in shown
    assert f"符合标准的结果自 {ends}" in shown
    told = refused(at(plant, first).sent("sample.record_result", given, {"value": "negative"}), "sample.too_early")
    assert f"“药典无菌检查”的“阴性”结果自 {ends}" in told
    plant.clock.wait_until(taken + timedelta(days=14))
    at(plant, first).does("sample.record_result", given, {"value": "negative"})
    checked = text_of(at(plant, second).shown("sample.verify_result", **given))
    assert f"取样 {taken:%Y-%m-%d %H:%M}" in checked
    assert f"符合标准的结果自 {ends}" in checked


def test_a_wrong_tube_and_values_that_are_none_are_refused_where_they_stand(plant: SpecPlant) -> None:
    journey, other = plant.treatment("manufactured"), plant.treatment("labelled")
    given = of(journey, "viability")
    here = at(plant, analysts(journey)[0])

    def sent(**typed: str) -> HttpResponse:
        return here.sent("sample.record_result", given, {"value": "91", **typed})

    refused(sent(sample=journey.samples["identity_reference"]), "sample.wrong_sample")
    assert plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"
    refused(sent(sample=other.bag), "label.not_this_patients")
    assert "请重新完整扫描" in text_of(sent(sample=given["sample"][:-1]))
    for value in ("9" * 40, "1e999", "ninety", "NaN", "Infinity", ""):
        answer = sent(value=value)
        assert answer.status_code == 422, value
        assert f'value="{value}"' in answer.content.decode(), "nothing typed is lost"
    for value in ("910", "100.01", "-3"):
        assert "0–100 %" in refused(sent(value=value), "sample.impossible")
        assert f'value="{value}"' in sent(value=value).content.decode(), "nothing typed is lost"
    copies = here.sent("sample.record_result", of(journey, "vcn"), {"value": "-0.5"})
    assert "超出质量标准的结果应如实录入" in refused(copies, "sample.impossible")
    assert sent(**{"value.unit": "10*6"}).status_code == 422, "the unit is the specification's"
    assert here.sent("sample.record_result", of(journey, "sterility"), {"value": "perhaps"}).status_code == 422


def test_a_failing_result_says_so_before_it_is_signed_and_qa_invalidates_it_for_a_retest(plant: SpecPlant) -> None:
    journey = plant.treatment("manufactured")
    first, second = analysts(journey)
    given, qa = of(journey, "viability"), at(plant, journey.at_base("qa"))
    asked = at(plant, first).sent("sample.record_result", given, {"value": "61"})
    assert "✕ 不符合" in text_of(asked)
    at(plant, first).does("sample.record_result", given, {"value": "61"})
    at(plant, second).does("sample.verify_result", given, {"compared": "yes"})
    refused(at(plant, second).sent("sample.record_result", given, {"value": "91"}), "sample.result_exists")
    page = read(qa, disposition.disposition, journey.batch)
    assert "结果不符合标准" in page
    assert "61" in page
    (invalid,) = qa.does("sample.invalidate_result", given, {"reason": "instrument_error"})
    assert invalid.data["attempt"] == 1
    (again,) = at(plant, second).does("sample.record_result", given, {"value": "93"})
    assert again.data["attempt"] == 2
    page = read(qa, sample.sample, given["sample"])
    assert all(each in page for each in ("61", "仪器故障", "93"))


def test_a_deviation_is_assessed_and_closed_by_others_than_those_who_raised_it(plant: SpecPlant) -> None:
    journey = plant.treatment("opened")
    reporter = at(plant, journey.at_base("qa"))
    told = {
        "batch": journey.batch,
        "step": "receive",
        "classification": "major",
        "reason": "delay",
        "note": "停电十分钟",
    }
    (opened,) = reporter.does("deviation.report", {"treatment": journey.treatment}, told)
    named = str(opened.data["deviation"])
    given = {"treatment": journey.treatment, "deviation": named}
    page = read(reporter, deviation.deviation, named)
    assert "停电十分钟" in page
    assert "待评估" in page
    qa = at(plant, journey.at_base("qa", without=(reporter.who.person,)))
    shown = qa.shown("deviation.assess", **given).content.decode()
    assert 'value="minor"' not in shown, "an assessment never lowers the class"
    typed = {"classification": "major", "reason": "breakdown", "note": "备用电源切换失败，对产品无影响。"}
    assert qa.sent("deviation.assess", given, {**typed, "note": ""}).status_code == 422
    early = {"conclusion": "no_impact", "reason": "within_validated_range"}
    refused(qa.sent("deviation.close", given, early), "deviation.not_assessed")
    qa.does("deviation.assess", given, typed)
    refused(reporter.sent("deviation.close", given, early), "deviation.own_work")
    assert "提出了偏差" in read(reporter, deviation.deviation, named), "the button is greyed by the same rule"
    (closed,) = qa.does("deviation.close", given, early)
    assert closed.data["conclusion"] == "no_impact"
    assert "备用电源" in read(qa, deviation.deviation, named)


def test_a_critical_deviation_is_closed_together_with_the_qualified_person(plant: SpecPlant) -> None:
    journey = plant.treatment("opened")
    told = {"batch": journey.batch, "classification": "critical", "reason": "contamination", "note": "瓶口破损"}
    operator = at(plant, journey.at_base("operator"))
    (opened,) = operator.does("deviation.report", {"treatment": journey.treatment}, told)
    given = {"treatment": journey.treatment, "deviation": str(opened.data["deviation"])}
    qa = at(plant, journey.at_base("qa"))
    qa.does("deviation.assess", given, {"classification": "critical", "reason": "material_defect", "note": "批内缺陷"})
    closing = {"conclusion": "reject_batch", "reason": "contamination"}
    assert qa.sent("deviation.close", given, closing).status_code == 422, "the qualified person is missing"
    second = journey.at_base("qualified_person", without=(qa.who.person,))
    (closed,) = qa.does("deviation.close", given, {**closing, "approver": second})
    approved: Any = closed.data["approved"]
    assert approved["signer"] == second


def test_qa_decides_on_an_excursion_with_the_readings_before_it(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    holder = journey.vein.custody.held[journey.bag].holder
    typed = {
        "shipment": journey.shipment,
        "container": journey.bag,
        "seal_intact": "no",
        "verifier": journey.at_base("operator", without=(holder,)),
    }
    at(plant, holder).does("custody.receive", {"treatment": journey.treatment}, typed)
    (excursion,) = next(iter(journey.vein.shipments.by_id.values())).excursions
    given = {"treatment": journey.treatment, "excursion": excursion}
    qa = at(plant, journey.at_base("qa"))
    assert "封条破损" in text_of(qa.shown("custody.assess_excursion", **given))
    assert qa.sent("custody.assess_excursion", given, {"reason": "damaged"}).status_code == 422, "nothing is proposed"
    (assessed,) = qa.does("custody.assess_excursion", given, {"usable": "yes", "reason": "within_validated_range"})
    assert assessed.data["usable"] is True


def test_a_loggers_curve_stands_beside_the_decision_on_its_excursion(plant: SpecPlant) -> None:
    journey = plant.treatment("arrived")
    begin = journey.vein.shipments.by_id[journey.shipment].packed
    warm = [f"{begin + timedelta(minutes=10 * each):%Y-%m-%d %H:%M:%S},{9 if each == 20 else 5}" for each in range(60)]
    holder = journey.vein.custody.held[journey.bag].holder
    told: dict[str, Any] = {"shipment": journey.shipment, "logger": "LG-7", "readings": 60}
    told |= {"lowest": Decimal(5), "highest": Decimal(9), "file": "\n".join(["Time,Temperature (°C)", *warm]).encode()}
    done = journey.do(custody.report_temperature, holder, journey.base, **told)
    (opened,) = (each for each in done.facts if isinstance(each, ExcursionOpened))
    qa = at(plant, journey.at_base("qa"))
    shown = qa.shown("custody.assess_excursion", treatment=journey.treatment, excursion=opened.excursion)
    assert '<polyline class="course"' in shown.content.decode()
    assert 'class="beyond"' in shown.content.decode()
    said = text_of(shown)
    assert "高于 8 °C 至多 20 分，最高 9 °C" in said
    assert re.search(r"运输温度限度\s*2–8 °C", said)
    assert re.search(r"采集后最长\s*3 天 0 小时\s*· 本次", said), said[said.index("采集后最长") :][:80]
    assert "没有其他稳定性数据" in said


def test_a_simulated_loggers_file_tells_how_long_it_was_too_warm(plant: SpecPlant) -> None:
    journey = plant.treatment("received", fortune=Fortune(transport="warm"))
    excursion = journey.excursion
    assert excursion
    shown = at(plant, journey.at_base("qa")).shown(
        "custody.assess_excursion", treatment=journey.treatment, excursion=excursion
    )
    assert '<polyline class="course"' in shown.content.decode()
    assert re.search(r"高于 8 °C 至多 \d+ 分，最高 9.4 °C", text_of(shown))
    reported = next(
        each.data for each in plant.entries("treatment", journey.treatment) if "temperature_reported" in each.kind
    )
    assert reported["highest"] == "9.4"


def test_a_batch_is_reviewed_by_exception_and_released_in_two_stages(plant: SpecPlant) -> None:
    journey = plant.treatment("tested")
    given = {"treatment": journey.treatment, "batch": journey.batch}
    qa, decider = at(plant, journey.at_base("qa")), at(plant, journey.at_base("qualified_person"))
    page = read(decider, disposition.disposition, journey.batch)
    assert "QA 尚未审核" in page
    assert "步骤按规程顺序完成" in page
    refused(decider.sent("disposition.release_conditionally", given, {"knows": "yes"}), "disposition.not_reviewed")
    assert qa.sent("disposition.review", given, {"seen": "99"}).status_code == 422, "every exception is looked at first"
    qa.does("disposition.review", given, {"looked": "yes"})
    shown = text_of(decider.shown("disposition.release_conditionally", **given))
    assert "无菌" in shown, "what must still follow is named"
    assert decider.sent("disposition.release_conditionally", given, {}).status_code == 422
    operator = at(plant, journey.at_base("operator"))
    assert operator.sent("disposition.release_conditionally", given, {"knows": "yes"}).status_code == 422
    (released,) = decider.does("disposition.release_conditionally", given, {"knows": "yes"})
    assert released.kind == "disposition.conditionally_released.v1"
    refused(decider.sent("disposition.release", given, {}), "sample.result_missing")
    page = read(decider, disposition.disposition, journey.batch)
    assert "正式放行" in page
    assert "无菌" in page


def test_a_late_positive_is_said_before_it_is_signed_and_revokes_alerts_and_withdraws(plant: SpecPlant) -> None:
    journey = plant.treatment("conditionally_released", fortune=Fortune(spared=True, dispatched_early=True))
    first, _ = analysts(journey)
    given = of(journey, "sterility")
    asked = at(plant, first).sent("sample.record_result", given, {"value": "positive"})
    assert "立即撤销" in text_of(asked)
    kinds = [each.kind for each in at(plant, first).does("sample.record_result", given, {"value": "positive"})]
    assert kinds[:3] == [
        "sample.result_recorded.v1",
        "disposition.revoked.v1",
        "disposition.clinician_alerted.v1",
    ]
    page = read(at(plant, journey.at_base("qa")), disposition.disposition, journey.batch)
    assert "已通知医院" in page
    assert "放行已撤销" in page


def test_after_a_late_positive_the_bedside_is_refused_and_the_hospitals_home_says_so(plant: SpecPlant) -> None:
    journey = plant.treatment("delivered", fortune=Fortune(spared=True, dispatched_early=True))
    batch, bag = {"treatment": journey.treatment, "batch": journey.batch}, journey.final_bags[0]
    at(plant, journey.at_base("qualified_person")).does("infusion.issue_permit", batch, {"containers": [bag]})
    (permit,) = journey.vein.infusion.permits
    nurse = at(plant, journey.at_hospital("nurse"))
    given = {"treatment": journey.treatment, "permit": permit}
    assert "放行已撤销" not in home(plant, nurse.who.person)
    at(plant, analysts(journey)[0]).does("sample.record_result", of(journey, "sterility"), {"value": "positive"})
    assert journey.vein.infusion.permits[permit].state == "withdrawn"
    page = home(plant, nurse.who.person)
    assert "放行已撤销：不得使用产品" in page
    assert "/act/infusion.thaw" not in page
    answer = nurse.sent("infusion.thaw", given, {"container": bag})
    assert answer.status_code == 422
    assert 'data-code="permit.withdrawn"' in answer.content.decode() or "撤销" in text_of(answer)
    told = {"wristband": journey.wristband, "container": bag, "order": journey.treatment}
    again = nurse.sent("infusion.match_bedside", given, {**told, "verifier": journey.at_hospital("physician")})
    assert again.status_code == 422
    kinds = [each.kind for each in plant.entries("treatment", journey.treatment)]
    assert "infusion.product_thawed.v1" not in kinds


def test_supply_out_of_specification_goes_from_hand_to_hand(plant: SpecPlant) -> None:
    journey = plant.treatment("reviewed", fortune=Fortune(spared=True, failing="viability"))
    given = {"treatment": journey.treatment, "batch": journey.batch}
    qa, decider = at(plant, journey.at_base("qa")), at(plant, journey.at_base("qualified_person"))
    page = read(decider, disposition.disposition, journey.batch)
    assert "医师申请供应" in page
    text = {"evaluation": "活率 72%，低于标准；对疗效影响有限。"}
    refused(decider.sent("oos_supply.evaluate_risk", given, text), "oos_supply.not_requested")
    journey.request_supply()
    decider.does("oos_supply.evaluate_risk", given, text)
    journey.accept_risk()
    notice = {"to": "authority", "reference": ""}
    assert qa.sent("oos_supply.give_notice", given, notice).status_code == 422
    for to in ("authority", "sponsor"):
        qa.does("oos_supply.give_notice", given, {"to": to, "reference": f"N-{to}-1"})
    (supplied,) = decider.does("disposition.supply_out_of_specification", given, {"asked": "yes"})
    assert supplied.data["tests"] == ["viability"]


def test_a_permit_names_the_released_bags_and_a_certificate_follows_a_full_release(plant: SpecPlant) -> None:
    journey = plant.treatment("reviewed")
    given = {"treatment": journey.treatment, "batch": journey.batch}
    decider = at(plant, journey.at_base("qualified_person"))
    bags = list(journey.final_bags)
    refused(decider.sent("infusion.issue_permit", given, {"containers": bags}), "disposition.not_supplied")
    refused(decider.sent("disposition.issue_certificate", given, {}), "certificate.not_released")
    decider.does("disposition.release_conditionally", given, {"knows": "yes"})
    shown = decider.shown("infusion.issue_permit", **given).content.decode()
    assert all(f'value="{each}"' in shown for each in bags)
    assert decider.sent("infusion.issue_permit", given, {"containers": ["C0000000AA"]}).status_code == 422
    qa = at(plant, journey.at_base("qa"))
    (revoked, *_) = qa.does("disposition.revoke", given, {"reason": "investigation"})
    assert revoked.kind == "disposition.revoked.v1"
    (rejected,) = qa.does("disposition.reject", given, {"reason": "quality_concern"})
    assert rejected.data["reason"] == "quality_concern"


def test_a_certificate_is_computed_anew_and_says_when_its_release_no_longer_stands(plant: SpecPlant) -> None:
    journey = plant.treatment("released")
    qa = at(plant, journey.at_base("qa"))
    page = read(qa, certificate.certificate, journey.batch)
    assert "由事实重新计算：一致" in page
    assert "此放行已不再有效" not in page
    physician = at(plant, journey.at_hospital("physician"))
    assert "· 合格证" in read(physician, treatment.treatment, journey.treatment)
    assert read(physician, certificate.certificate, journey.batch).count(grouped(journey.batch))
    given = {"treatment": journey.treatment, "batch": journey.batch}
    qa.does("disposition.revoke", given, {"reason": "quality_concern"})
    page = read(qa, certificate.certificate, journey.batch)
    assert "由事实重新计算：一致" in page, "it stays what was signed"
    assert "此放行已不再有效" in page


def test_who_reviewed_a_batch_does_not_release_it_and_the_button_says_why(plant: SpecPlant) -> None:
    journey = plant.treatment("tested")
    both: dict[str, Any] = {"site": plant.base.id, "roles": ("qa", "qualified_person"), "printed_name": "示例·双职"}
    admin = next(each.id for each in plant.base.people if "administrator" in each.roles and each.site == plant.base.id)
    answer = plant.asks(site.register_person, admin, plant.base.id, person="quality-99", **both)
    assert not isinstance(answer, Refusal), answer
    given = {"treatment": journey.treatment, "batch": journey.batch}
    here = Tablet(plant, PersonRow("quality-99", plant.base.id, both["roles"]))
    here.does("disposition.review", given, {"looked": "yes"})
    refused(here.sent("disposition.release_conditionally", given, {"knows": "yes"}), "disposition.not_independent")
    page: HttpResponse = here.asked(RequestFactory().get("/zh-hans/x"), disposition.disposition, journey.batch)
    shown = page.content.decode()
    assert "/act/disposition.release_conditionally" not in shown
    assert "请由未参与的同事操作" in shown
    before = len(plant.entries("treatment", journey.treatment))
    here.asked(RequestFactory().get("/zh-hans/x"), disposition.disposition, journey.batch)
    assert len(plant.entries("treatment", journey.treatment)) == before, "looking writes nothing"


def test_a_failed_identity_test_leaves_only_rejection_and_looking_at_it_writes_nothing(plant: SpecPlant) -> None:
    journey = plant.treatment("reviewed", fortune=Fortune(spared=True, failing="identity"))
    before = len(plant.entries("treatment", journey.treatment))
    shown = home_of(plant, disposition.disposition, journey.at_base("qualified_person"), journey.batch)
    assert "身份检验不符合：只能拒绝" in shown
    assert "/act/disposition.reject" in shown
    assert "/act/disposition.release" not in shown
    assert "/act/disposition.supply" not in shown
    assert len(plant.entries("treatment", journey.treatment)) == before


def home_of(plant: SpecPlant, view: Any, person: str, *arguments: str, language: str = "zh-hans") -> str:
    here = at(plant, person)
    here.language = language
    answer: HttpResponse = here.asked(RequestFactory().get(f"/{language}/x"), view, *arguments)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_every_page_of_quality_is_english_for_an_english_reader(plant: SpecPlant) -> None:
    journey = plant.treatment("reviewed", fortune=Fortune(spared=True, failing="viability"))
    (opened,) = at(plant, journey.at_base("operator")).does(
        "deviation.report",
        {"treatment": journey.treatment},
        {"batch": journey.batch, "classification": "minor", "reason": "delay", "note": "late by an hour"},
    )
    qa, analyst = journey.at_base("qa"), journey.at_base("qc_analyst")
    pages = {
        "quality": home_of(plant, homes.home, qa, language="en"),
        "laboratory": home_of(plant, homes.home, analyst, language="en"),
        "disposition": home_of(plant, disposition.disposition, qa, journey.batch, language="en"),
        "deviation": home_of(plant, deviation.deviation, qa, str(opened.data["deviation"]), language="en"),
        "sample": home_of(plant, sample.sample, analyst, journey.samples["harvest"], language="en"),
    }
    for name, page in pages.items():
        main = re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0])
        assert not re.findall(r"[\u4e00-\u9fff]+", main), name


def test_the_laboratorys_home_leads_by_clock_to_results_and_shows_ones_own_greyed(plant: SpecPlant) -> None:
    journey = plant.treatment("manufactured")
    first, second = analysts(journey)
    given = of(journey, "viability")
    at(plant, first).does("sample.record_result", given, {"value": "91.5"})
    mine, theirs = home(plant, first), home(plant, second)
    form = f"/act/sample.verify_result?treatment={journey.treatment}&sample={given['sample']}&test=viability"
    assert form not in mine
    assert "您本人录入的结果" in mine
    assert form in theirs
    wanted = re.findall(r"/act/sample\.record_result\?([^\"]+)", theirs)
    assert any(f"sample={given['sample']}" in each and "test=cd3" in each for each in wanted)


def test_the_home_of_quality_has_exceptions_first_and_says_with_whom_a_batch_waits(plant: SpecPlant) -> None:
    journey = plant.treatment("tested")
    told = {"batch": journey.batch, "classification": "minor", "reason": "delay", "note": "晚了一小时"}
    operator = journey.at_base("operator")
    (opened,) = at(plant, operator).does("deviation.report", {"treatment": journey.treatment}, told)
    qa, decider = journey.at_base("qa"), journey.at_base("qualified_person")
    page = home(plant, qa)
    assert page.index(f"/deviation/{opened.data['deviation']}") < page.index(f"/disposition/{journey.batch}")
    assert "/act/deviation.assess?" in page
    assert "/act/deviation.assess?" not in home(plant, decider)
    assert "等待他人的批次" in home(plant, decider)
    journey.assess_deviation(str(opened.data["deviation"]))
    journey.close_deviation(str(opened.data["deviation"]))
    at(plant, qa).does(
        "disposition.review", {"treatment": journey.treatment, "batch": journey.batch}, {"looked": "yes"}
    )
    assert "可由您决定的批次" in home(plant, decider)
    assert "没有未关闭的偏差" in home(plant, decider)


def test_batches_to_decide_on_stand_as_their_clocks_run_out() -> None:
    def to_do(verb: str, batch: str, due: int | None) -> ToDo:
        began = datetime(2026, 11, 1, tzinfo=UTC)
        until = began + timedelta(hours=due) if due is not None else None
        task = Task(verb, ("qa",), "base", "lingang", f"T{batch}", {"batch": batch}, began, "routine", due=until)
        return ToDo(task, Words(verb, verb), (), "", (), "", None, ())

    told = (("review", "B1", None), ("review", "B2", 9), ("release", "B3", 12), ("review", "B3", 2))
    listed = list(home_quality.decisions(to_do(f"disposition.{verb}", batch, due) for verb, batch, due in told))
    assert [each.batch for each in listed] == ["B3", "B2", "B1"]
    assert listed[0].first.task.verb == "disposition.review"


def home(plant: SpecPlant, person: str) -> str:
    here = at(plant, person)
    answer: HttpResponse = here.asked(RequestFactory().get("/zh-hans/"), homes.home)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_another_sites_people_see_no_such_page(plant: SpecPlant) -> None:
    journey = plant.treatment("tested")
    elsewhere = next(each for each in plant.crew.sites("nurse") if each != journey.hospital)
    stranger = Tablet(plant, PersonRow("nobody-of-here", elsewhere, ("physician",)))
    for view, identifier in (
        (disposition.disposition, journey.batch),
        (sample.sample, journey.samples["identity"]),
        (material_lot.material_lot, "WB-9"),
    ):
        with pytest.raises(Http404):
            read(stranger, view, identifier)
    given = of(journey, "sterility")
    with pytest.raises(Http404):
        stranger.sent("sample.record_result", given, {"value": "negative"})
