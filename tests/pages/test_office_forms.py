"""The office's forms: people, sites, qualifications, approvals, the order's answer, the fate of material, retention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from html import unescape

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from tests.pages import test_acting
from tests.pages.test_acting import Tablet
from tests.pages.test_hospital import act, at, done
from tests.spec.harness import SpecPlant, founding
from tests.windows import opened_bench

from yimai.interfaces.files.reading import CATALOGUE
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import bench, treatment_facts
from yimai.wiring import content_files

base_plant = test_acting.plant
closed: list[str] = []


@pytest.fixture
def plant(base_plant: SpecPlant) -> Iterator[SpecPlant]:
    closed.clear()
    with opened_bench(replace(bench.opened(), read_file=content_files.read, close_data=closed.append)):
        yield base_plant


def somebody(plant: SpecPlant, role: str, site: str = "lingang") -> Tablet:
    return at(plant, next(each.id for each in plant.base.people if role in each.roles and each.site == site))


def asked(here: Tablet, verb: str, given: Mapping[str, str], fields: Mapping[str, object]) -> None:
    done(act(here, verb, given, fields, here.who.person))


def test_a_person_is_registered_and_qualified_by_two_different_offices(plant: SpecPlant) -> None:
    administrator, qa = somebody(plant, "administrator"), somebody(plant, "qa")
    fields = {"person": "operator-99", "site": "lingang", "roles": "operator", "printed_name": "王小明"}
    asked(administrator, "site.register_person", {}, fields)
    registered, decided, signed = plant.entries("person", "operator-99")
    assert registered.data["roles"] == ["operator"]
    assert decided.kind == "person.roles_decided.v1"
    assert msgspec.convert(decided.data["decided"], dict)["signer"] == administrator.who.person
    assert signed.kind == "signing.signature_given.v1"
    assert "王小明" not in registered.content.decode()
    again = act(administrator, "site.register_person", {}, fields, administrator.who.person)
    assert "已登记" in again.content.decode()
    assert 'value="王小明"' in again.content.decode()
    today = plant.clock().date()
    qualified = {"person": "operator-99", "qualification": "cell_culture", "valid_from": str(today)}
    options = qa.get("site.qualify_person").content.decode()
    qualified["qualification"] = next(each for each in _offered(options, "qualification"))
    until = str(today + timedelta(days=365))
    asked(qa, "site.qualify_person", {}, {**qualified, "valid_until": until})
    assert plant.entries("person", "operator-99")[-1].kind == "person.qualified.v1"
    given = {"person": "operator-99"}
    left = {"person": "operator-99", "qualification": qualified["qualification"], "reason": "left_the_site"}
    asked(qa, "site.withdraw_qualification", given, left)
    assert plant.entries("person", "operator-99")[-1].kind == "person.qualification_withdrawn.v1"


def test_roles_change_at_once_and_nobody_changes_his_own(plant: SpecPlant) -> None:
    administrator = somebody(plant, "administrator")
    operator = next(each.id for each in plant.base.people if each.roles == ("operator",))
    asked(administrator, "site.change_roles", {"person": operator}, {"person": operator, "roles": "second_person"})
    changed, decided, _ = plant.entries("person", operator)[-3:]
    assert (changed.kind, changed.data["roles"]) == ("person.roles_changed.v1", ["second_person"])
    assert decided.kind == "person.roles_decided.v1"
    assert msgspec.convert(decided.data["decided"], dict)["signer"] == administrator.who.person
    own = {"person": administrator.who.person, "roles": "qa"}
    refused = act(administrator, "site.change_roles", {"person": administrator.who.person}, own)
    assert refused.status_code == 422
    assert "另一名管理员" in refused.content.decode()
    asked(administrator, "site.change_roles", {"person": operator}, {"person": operator})
    assert plant.entries("person", operator)[-3].data["roles"] == []


def _offered(page: str, name: str) -> list[str]:
    import re

    found = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    options = found[0] if found else page
    pattern = r'<option value="([^"]+)"' if found else rf'name="{name}" value="([^"]+)"'
    return re.findall(pattern, options)


def test_nobody_is_offered_himself_and_a_wrong_role_is_refused(plant: SpecPlant) -> None:
    qa = somebody(plant, "qa")
    assert qa.who.person not in _offered(qa.get("site.qualify_person").content.decode(), "person")
    nurse = at(plant, next(each.id for each in plant.base.people if "nurse" in each.roles))
    fields = {"person": "x-1", "site": "lingang", "roles": "qa", "printed_name": "某人"}
    answer = act(nurse, "site.register_person", {}, fields)
    assert answer.status_code == 422
    assert "administrator" in answer.content.decode()


def test_a_site_is_registered(plant: SpecPlant) -> None:
    here = somebody(plant, "administrator")
    fields = {
        "site": "hospital-new", "type": "hospital", "title_zh": "新医院", "title_en": "New hospital", "district": "Xuhui",
        "zone": "480",
    }  # fmt: skip
    asked(here, "site.register_site", {}, fields)
    (registered,) = plant.entries("site", "hospital-new")
    assert registered.data["district"] == "Xuhui"


@pytest.mark.parametrize(("verb", "name"), [("person", "Analyst 08"), ("person", "分析员"), ("site", "Hospital D")])
def test_a_name_that_the_register_cannot_hold_is_refused_in_place(plant: SpecPlant, verb: str, name: str) -> None:
    here = somebody(plant, "administrator")
    fields = {
        "person": {"person": name, "site": "lingang", "roles": "qc_analyst", "printed_name": "王小明"},
        "site": {"site": name, "type": "hospital", "title_zh": "新", "title_en": "New", "district": "X", "zone": "480"},
    }[verb]
    answer = act(here, f"site.register_{verb}", {}, fields)
    assert answer.status_code == 422
    assert f'data-code="{verb}.bad_name"' in answer.content.decode()
    assert "小写字母" in answer.content.decode()
    assert f'value="{name}"' in answer.content.decode()


def test_a_lot_number_that_no_subject_can_have_is_refused_in_place(plant: SpecPlant) -> None:
    here = somebody(plant, "qa")
    fields = {"material_lot": "批号一", "material": "activation_beads", "quantity": "1", "expires": "2031-01-01"}
    shown = here.get("material_lot.receive").content.decode()
    fields["material"] = _offered(shown, "material")[0]
    answer = act(here, "material_lot.receive", {}, fields)
    assert answer.status_code == 422
    assert 'data-code="decision.bad_name"' in answer.content.decode()


def test_a_recipe_is_approved_from_its_file_and_each_mistake_is_named(plant: SpecPlant) -> None:
    here = somebody(plant, "qualified_person")
    text = (CATALOGUE / "recipes" / "cd19-cart.yaml").read_text(encoding="utf-8")
    version = str(founding().recipe["version"])
    wrong = SimpleUploadedFile("r.yaml", text.replace("steps:", "stepps:", 1).encode())
    answer = act(here, "approval.approve_recipe", {}, {"content": wrong})
    assert answer.status_code == 422
    assert "行第" in answer.content.decode()
    assert "✓ r.yaml" not in answer.content.decode()
    same = act(here, "approval.approve_recipe", {}, {"content": SimpleUploadedFile("r.yaml", text.encode())})
    assert same.status_code == 422
    newer = text.replace(f'version: "{version}"', 'version: "2"', 1).replace("time: 72 h", "time: 60 h", 1)
    assert newer != text
    shown = act(
        here, "approval.approve_recipe", {}, {"content": SimpleUploadedFile("r.yaml", newer.encode())}
    ).content.decode()
    place = r'<th scope="row">([^<]+)</th><td><del>([^<]+)</del></td><td><ins>([^<]+)</ins>'
    assert re.findall(place, shown) == [("starting_material.fresh_maximum.time", "72 h", "60 h")]
    asked(here, "approval.approve_recipe", {}, {"content": SimpleUploadedFile("r.yaml", newer.encode())})
    approved = [each.data.get("version") for each in plant.entries("recipe", str(founding().recipe["recipe"]))]
    assert [each for each in approved if each] == [version, "2"]


def test_whose_promises_a_new_base_file_breaks_is_said_before_it_is_signed(plant: SpecPlant) -> None:
    """A closure is added on the day on which one of two slots begins, and then none."""
    struck, spared = plant.treatment("slotted"), plant.treatment("accepted")
    first = struck.vein.slot.current
    assert first is not None
    spared.reserve(itinerary=next(each for each in spared.offered(first.starts + timedelta(days=2))))
    text = (CATALOGUE / "bases" / "lingang.yaml").read_text(encoding="utf-8").replace('version: "1"', 'version: "2"', 1)
    day = f"{first.starts:%Y-%m-%d}"
    closure = f"  - {{ title: {{ zh: 检修, en: Repairs }}, first: {day}, last: {day}, source: test, assumed: true }}"
    newer = text.replace("closures:", f"closures:\n{closure}", 1)
    assert newer != text
    here = somebody(plant, "qualified_person")

    def said(content: str) -> str:
        file = SimpleUploadedFile("b.yaml", content.encode())
        page = act(here, "approval.approve_base", {}, {"content": file}).content.decode()
        return unescape(page[page.index('id="promises"') :])

    shown = said(newer)
    assert f"/treatment/{struck.treatment}" in shown
    assert f"/treatment/{spared.treatment}" not in shown
    assert "尚未开工的承诺 2 项，其中 1 项无法按原样兑现" in shown
    later = said(text)
    assert "尚未开工的承诺 2 项，均可按原样兑现" in later
    assert struck.treatment not in later


def test_a_base_answers_an_order(plant: SpecPlant) -> None:
    here = somebody(plant, "scheduler")
    accepted, declined = plant.treatment("consented"), plant.treatment("consented")
    asked(here, "treatment.accept", {"treatment": accepted.treatment}, {})
    asked(here, "treatment.decline", {"treatment": declined.treatment}, {"reason": "capacity"})
    assert _last(plant, accepted) == "treatment.accepted.v1"
    assert _last(plant, declined) == "treatment.declined.v1"


def test_the_fate_of_material_is_qas_and_data_are_closed_once_that_is_on_record(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    physician, qa = at(plant, journey.at_hospital("physician")), somebody(plant, "qa")
    given = {"treatment": journey.treatment}
    early = act(qa, "treatment.decide_fate", given, {"container": journey.bag, "fate": "destroy", "reason": "surplus"})
    assert early.status_code == 422
    asked(physician, "treatment.withdraw", given, {"reason": "progression"})
    fate = {"container": journey.bag, "fate": "destroy", "reason": "treatment_ended"}
    asked(qa, "treatment.decide_fate", given, fate)
    asked(qa, "retention.start", given, {})
    asked(physician, "retention.restrict", given, {"reason": "consent_withdrawn"})
    assert closed == [journey.treatment]
    unsure = act(qa, "retention.destroy", given, {"reason": "retention_ended"})
    assert "勾选" in unsure.content.decode()
    running = act(qa, "retention.destroy", given, {"reason": "retention_ended", "sure": "yes"})
    assert running.status_code == 422
    assert closed == [journey.treatment]


def _last(plant: SpecPlant, journey: Journey) -> str:
    kinds = [each.kind for each in plant.entries("treatment", journey.treatment)]
    return [each for each in kinds if each != "signing.signature_given.v1"][-1]


def test_an_export_is_on_record_for_everybody_and_gives_the_exact_bytes_to_who_took_it(plant: SpecPlant) -> None:
    journey = plant.treatment("received")
    inspector = somebody(plant, "inspector")
    before = plant.entries("treatment", journey.treatment)
    done(act(inspector, "treatment.export", {"treatment": journey.treatment}, {"reason": "inspection"}))
    *_, exported = plant.entries("treatment", journey.treatment)
    assert (exported.kind, exported.actor) == ("treatment.exported.v1", inspector.who.person)
    assert (exported.data["entries"], exported.data["head"]) == (len(before), before[-1].hash.hex())
    file = _file(inspector, journey, exported.hash.hex())
    assert file.content.splitlines() == [each.content for each in before]
    with pytest.raises(Http404):
        _file(somebody(plant, "qa"), journey, exported.hash.hex())


def _file(here: Tablet, journey: Journey, digest: str) -> HttpResponse:
    request = RequestFactory().get("/")
    request.who = here.who  # type: ignore[attr-defined]
    return treatment_facts.export(request, journey.treatment, digest)
