"""The planner's forms: plans with their goals and targets, and the city's register, each as a person fills it in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation
from tests.pages import test_acting
from tests.pages.test_acting import Tablet
from tests.pages.test_hospital import act, done
from tests.spec.city import CODE, OTHER_CODE, registered
from tests.spec.harness import SpecPlant
from tests.windows import opened_bench

from yimai.domain.approval import MeasureApproved
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.interfaces.files import exchange
from yimai.interfaces.web import bench, fact
from yimai.interfaces.web import exchange as leave
from yimai.projections.register import PersonRow
from yimai.wiring import content_files

base_plant = test_acting.plant
TABLE = "entry,site,type,title_zh,title_en,district,since,source\n" + "".join(
    f"establishment,plant-{n},base,示范工厂,Plant {n},浦东新区,{since},demonstration\n"
    for n, since in ((1, "2024"), (2, "2025-03"))
)
PLAN = {
    "plan": "next", "title_zh": "下一计划", "title_en": "The next plan", "owner_zh": "市科委", "owner_en": "The commission",
    "first": "2026-01-01", "last": "2028-12-31", "source": "announcement",
}  # fmt: skip
GOAL = {
    "goal": "next_firms", "plan": "next", "title_zh": "企业", "title_en": "Firms", "clause_zh": "20家以上", "wording_zh": "quoted",
    "source_zh": "announcement",
}  # fmt: skip
TARGET = {
    "target": "next_firms-1", "goal": "next_firms", "measure": "firms@1", "comparator": "between", "values": "20 25", "unit": "firm",
    "scope_zh": "上海市", "scope_en": "Shanghai", "deadline": "2028-12-31", "basis": "end_of_period", "mode": "level",
    "reading_zh": "二十家", "reading_en": "Twenty", "baseline_value": "3", "baseline_day": "2025-12-31",
}  # fmt: skip


@pytest.fixture
def plant(base_plant: SpecPlant) -> Iterator[SpecPlant]:
    with opened_bench(replace(bench.opened(), read_file=content_files.read, write_file=exchange.write)):
        yield base_plant


@pytest.fixture
def planner(plant: SpecPlant) -> Tablet:
    return Tablet(PersonRow("planner-01", "city-authority", ("planner",)), {})


def test_a_plan_with_its_goal_and_its_target_is_typed_in(plant: SpecPlant, planner: Tablet) -> None:
    done(act(planner, "plan.draft", {}, PLAN, "planner-01"))
    done(
        act(
            planner,
            "plan.give_status",
            {},
            {"plan": "next", "status": "issued", "since": "2026-02", "source": "announcement"},
            "planner-01",
        )
    )
    done(act(planner, "plan.set_goal", {}, GOAL, "planner-01"))
    done(act(planner, "plan.set_target", {}, TARGET, "planner-01"))
    said = plant.entries("target", "next_firms-1")[0].data
    assert (said["values"], said["baseline"]) == ([20, 25], {"value": 3, "day": "2025-12-31"})
    assert plant.entries("goal", "next_firms")[0].data["clauses"][0]["text"] == "20家以上"  # type: ignore[call-overload,index]
    gone = {"target": "next_firms-1", "reason": "clause_misread"}
    done(act(planner, "plan.supersede_target", {}, gone, "planner-01"))
    assert [each.data.get("by") for each in plant.entries("target", "next_firms-1") if "superseded" in each.kind] == [
        ""
    ]


def test_what_a_plan_cannot_be_is_said_in_place(planner: Tablet) -> None:
    answer = act(planner, "plan.draft", {}, {**PLAN, "last": "2025-01-01"})
    assert answer.status_code == 422
    assert 'data-code="plan.backwards"' in answer.content.decode()
    numbers = act(planner, "plan.set_target", {}, {**TARGET, "values": "some"})
    assert "请填写整数" in numbers.content.decode()


def test_a_row_of_each_kind_has_a_form_of_its_own(plant: SpecPlant, planner: Tablet) -> None:
    page = planner.get("register.record").content.decode()
    assert "entry=cluster_joined" in page
    fields = {
        "entry": "establishment", "site": "plant-a", "type": "base", "title_zh": "示范工厂", "title_en": "Plant", "floor_area": "1200",
        "district": "浦东新区", "source": "demonstration",
    }  # fmt: skip
    done(act(planner, "register.record", {"entry": "establishment"}, fields, "planner-01"))
    said = plant.entries("site", "plant-a")[0].data
    assert (said["floor_area"], said["latitude"], said["organisation"]) == (1200, None, "")
    price = {"entry": "product_price", "authorisation": "axi_cel", "price": "0", "source": "products_read"}
    refused = act(planner, "register.record", {"entry": "product_price"}, price)
    assert 'data-code="register.row_refused"' in refused.content.decode()


def test_what_a_form_refers_to_is_chosen_by_its_title(plant: SpecPlant, planner: Tablet) -> None:
    page = planner.get("plan.draft").content.decode()
    for name, option in (("source", "announcement"), ("parent", "cell_therapy"), ("predecessor", "cell_therapy")):
        assert re.search(rf'<select id="f-{name}"[^>]*>.*?<option value="{option}">[^<]+<', page, re.DOTALL), name
    assert "entry=source" in page, "a source that is not in the list can be named"
    assert "data-hash-into" in page
    unknown = act(planner, "plan.draft", {}, {**PLAN, "source": "nowhere"}).content.decode()
    assert "列表中没有的，请先录入" in unknown
    new = {
        "entry": "source",
        "source": "gazette",
        "title_zh": "公报 http://example.org/2026/3",
        "title_en": "Gazette",
        "knowledge": "read",
    }
    done(act(planner, "register.record", {"entry": "source"}, new, "planner-01"))
    plant.ledger.seal()
    assert '<option value="gazette">' in planner.get("plan.draft").content.decode()
    target = planner.get("plan.set_target").content.decode()
    for each in ('<option value="firms@1">', '<option value="firm">', '<option value="cell_firms">'):
        assert each in target
    assert '<option value="cell_firms-1">' in planner.get("plan.supersede_target").content.decode()
    assert '<option value="cell_firms-1">' in planner.get("receipt.publish").content.decode()
    revenue = planner.get("annual_return.file").content.decode()
    limit = re.search(r'name="revenue"[^>]*maxlength="(\d+)"', revenue)
    assert limit
    assert int(limit[1]) >= len(str(10**12)), "ten billion yuan, in fen"


def test_a_place_is_typed_in_degrees(plant: SpecPlant, planner: Tablet) -> None:
    fields = {
        "entry": "establishment", "site": "plant-d", "type": "base", "title_zh": "示范工厂", "title_en": "Plant",
        "latitude": "31.2304", "longitude": "121.473701", "source": "demonstration",
    }  # fmt: skip
    for wrong, why in (("31230400", "−90 到 90"), ("31°14′", "十进制度数"), ("31.23040012", "最多 6 位")):
        refused = act(planner, "register.record", {"entry": "establishment"}, {**fields, "latitude": wrong})
        assert why in refused.content.decode(), wrong
    shown = act(planner, "register.record", {"entry": "establishment"}, fields).content.decode()
    assert "31230400（31.2304°）" in shown
    done(act(planner, "register.record", {"entry": "establishment"}, fields, "planner-01"))
    said = plant.entries("site", "plant-d")[0].data
    assert (said["latitude"], said["longitude"]) == (31230400, 121473701)


def test_a_return_is_filed_and_its_number_published(plant: SpecPlant, planner: Tablet) -> None:
    registered(plant)
    said = {
        "establishment": "plant-a", "organisation": CODE, "year": "2024", "therapies": "cell", "audit": "audited", "document": "ab" * 32,
        "revenue": "1000", "sales": f"{OTHER_CODE} 100; {OTHER_CODE} 50",
    }  # fmt: skip
    wrong = act(planner, "annual_return.file", {}, {**said, "sales": "everything"})
    assert "信用代码" in wrong.content.decode()
    done(act(planner, "annual_return.file", {}, said, "planner-01"))
    filed = plant.entries("annual_return", "plant-a-2024-cell")[0].data
    assert (filed["revenue"], filed["gross_output"], len(filed["sales"])) == (1000, None, 2)  # type: ignore[arg-type]
    plant.ledger.seal()
    asked = {"target": "cell_industry_scale-1", "day": str(plant.clock().date())}
    done(act(planner, "receipt.publish", {}, asked, "planner-01"))
    published = plant.entries("target", "cell_industry_scale-1")[-1].data
    assert (published["measure"], published["value"]) == ("industry_gross_output@1", None)


def test_a_measures_definition_is_shown_before_it_is_approved(
    plant: SpecPlant, planner: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEFINITIONS, "firms@2", replace(DEFINITIONS["firms@1"], version=2))
    shown = act(planner, "approval.approve_measure", {}, {"measure": "firms@2"}).content.decode()
    assert "<code>firms@2</code>" in shown
    assert f'<code class="hash">{DEFINITIONS["firms@2"].hash}</code>' in shown
    assert "登记组织" in shown, "what it reads"
    done(act(planner, "approval.approve_measure", {}, {"measure": "firms@2"}, "planner-01"))
    approved = [each for each in plant.entries("measure", "firms") if each.kind == MeasureApproved.kind]
    assert [each.data["version"] for each in approved] == ["1", "2"]


def test_the_signature_of_a_measures_definition_opens(plant: SpecPlant, planner: Tablet) -> None:
    signed = plant.entries("measure", "firms")[0].hash.hex()
    for who in (planner.who, PersonRow("qa-01", "lingang", ("qa",))):
        request = RequestFactory().get(f"/zh-hans/fact/{signed}")
        request.who, request.session = who, {}  # type: ignore[attr-defined, assignment]
        with translation.override("zh-hans"):
            answer = fact.fact(request, signed)
        assert signed in answer.content.decode()


def test_a_table_shows_each_rows_fate_before_it_is_signed_and_is_taken_whole(plant: SpecPlant, planner: Tablet) -> None:
    def sent(table: str, *signers: str) -> HttpResponse:
        file = SimpleUploadedFile("rows.csv", table.encode("gb18030"))
        return act(planner, "register.record", {"entry": "file"}, {"entry": "file", "rows": file}, *signers)

    shown = sent(TABLE)
    page = shown.content.decode()
    assert (shown["Yimai-Answer"], page.count("新增")) == ("sign", 2)
    wrong = sent(TABLE.replace("2025-03", "spring"))
    refused = wrong.content.decode()
    assert "共 2 行，其中 1 行被拒" in refused
    fates = re.findall(r"<tr[^>]*><td>(\d)</td>", refused)
    assert (fates, refused.count("新增"), refused.count("✕ 拒绝")) == (["1", "2"], 1, 1)
    assert not plant.entries("site", "plant-1")
    unreadable = sent(TABLE.replace("entry,", "kind,"))
    assert "缺少列 entry" in unreadable.content.decode()
    done(sent(TABLE, "planner-01"))
    assert ["2 行", "2 rows"] in planner.session["done"]["about"], "not the first of its rows alone"
    assert plant.entries("site", "plant-2")[0].data["since"] == "2025-03"
    assert "与现有相同" in sent(TABLE.replace("2025-03", "2025-04")).content.decode()


def test_plans_leave_the_house_and_come_back_with_each_rows_fate(plant: SpecPlant, planner: Tablet) -> None:
    plant.ledger.seal()
    with translation.override("en"):
        given = RequestFactory().get("/en/programme/export/iati")
        given.who = planner.who  # type: ignore[attr-defined]
        answer = leave.export(given, "iati")
    assert (answer["Content-Type"], answer.content[:5]) == ("application/xml", b"<?xml")
    renamed = answer.content.replace(b"cell_firms-1", b"cell_firms-9")

    def sent(raw: bytes, source: str, *signers: str) -> HttpResponse:
        file = SimpleUploadedFile("plans.xml", raw)
        return act(planner, "plan.take_in", {}, {"rows": file, "source": source}, *signers)

    shown = sent(renamed, "").content.decode()
    assert "新增" in shown
    assert "cell_firms-9" in shown
    done(sent(renamed, "", "planner-01"))
    assert plant.entries("target", "cell_firms-9")[0].data["values"] == [50]
    refused = sent(answer.content.replace(b'value="50"', b'value="some"'), "").content.decode()
    assert "不是整数" in refused


def test_what_is_not_published_leaves_only_with_a_planner(plant: SpecPlant, planner: Tablet) -> None:
    registered(plant)
    plant.ledger.seal()
    told = {}
    for who in (planner.who, PersonRow("qa-01", "lingang", ("qa",))):
        request = RequestFactory().get("/en/programme/export/csvw?all=1")
        request.who = who  # type: ignore[attr-defined]
        archive = ZipFile(BytesIO(leave.export(request, "csvw").content))
        told[who.person] = archive.read("result.csv").count(b"computed")
    assert told["planner-01"] > 5
    assert told["qa-01"] == 0
