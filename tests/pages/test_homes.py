"""Homes of hospital's people and couriers: today's work leads to its form, others' work is shown with whom it lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened, hidden, refused
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import home, scan, search, treatment
from yimai.planning import compiling
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase
from yimai.wiring.preparing import Preparing

SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def at(plant: SpecPlant, person: str) -> Tablet:
    member = next(each for each in plant.base.people if each.id == person)
    return Tablet(plant, PersonRow(person, member.site, member.roles))


def home_of(tablet: Tablet) -> str:
    """The person's home as it is served."""
    answer = tablet.asked(RequestFactory().get(f"/{tablet.language}/"), home.home)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def links(page: str, verb: str) -> list[str]:
    return re.findall(rf'href="([^"]*/act/{re.escape(verb)}\?[^"]*)"', page)


def patient_of(journey: Journey) -> str:
    """The patient's name as the hospital's coordinator reads it."""
    page = home_of(at(journey.plant, journey.at_hospital("coordinator")))  # type: ignore[arg-type]
    found = re.search(r'<b class="whose">([^<]+)</b>', page)
    assert found
    return found[1]


def person_of(plant: SpecPlant, role: str, *, elsewhere: str = "") -> str:
    return next(each.id for each in plant.base.people if role in each.roles and each.site != elsewhere)


def test_a_nurse_is_led_from_her_task_to_its_form_with_the_patients_name(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    page = home_of(at(plant, journey.at_hospital("nurse")))
    (link,) = links(page, "collection.start")
    assert f"treatment={journey.treatment}" in link
    assert patient_of(journey) in page


def test_what_lies_with_others_is_said_with_whom_and_leads_to_no_form(plant: SpecPlant) -> None:
    journey = plant.treatment("consented")
    page = home_of(at(plant, journey.at_hospital("coordinator")))
    assert not links(page, "treatment.accept")
    assert "接受医嘱" in page
    assert "排程员" in page


@pytest.mark.parametrize("role", ["coordinator", "nurse", "physician", "operator", "courier", "scheduler"])
def test_nobody_but_the_ordering_hospitals_people_reads_the_name(plant: SpecPlant, role: str) -> None:
    journey = plant.treatment("packed")
    name = patient_of(journey)
    page = home_of(at(plant, person_of(plant, role, elsewhere=journey.hospital)))
    assert name not in page
    if role in ("coordinator", "nurse", "physician"):
        assert journey.treatment not in page


def test_a_hospitals_home_with_names_is_kept_on_no_tablet(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    for person, keeps in ((journey.at_hospital("nurse"), False), (journey.at_base("operator"), True)):
        tablet = at(plant, person)
        answer = tablet.asked(RequestFactory().get("/zh-hans/"), home.home)
        assert ("Yimai-Keep" in answer) == keeps


def test_a_courier_fetches_carries_delivers_and_reads_the_logger(plant: SpecPlant) -> None:
    journey = plant.treatment("packed")
    courier, nurse = person_of(plant, "courier"), journey.holder
    mine = at(plant, courier)
    page = home_of(mine)
    assert 'data-stage="waits"' in page
    assert links(page, "custody.hand_over")
    about = {"treatment": journey.treatment, "shipment": journey.shipment}
    scans = {"giver_scan": journey.shipment, "taker_scan": journey.shipment}
    mine.does("custody.hand_over", about, {**scans, "giver": nurse, "taker": courier})
    assert 'data-stage="carried"' in home_of(mine)
    begin = journey.now
    plant.clock.wait_until(begin + timedelta(hours=9))
    operator = journey.at_base("operator")
    at(plant, operator).does("custody.hand_over", about, {**scans, "giver": courier, "taker": operator})
    page = home_of(mine)
    assert 'data-stage="delivered"' in page
    (link,) = links(page, "custody.report_temperature")
    assert journey.shipment in link
    shown = mine.shown("custody.report_temperature", **about)
    assert shown.status_code == 200
    lines = [f"{begin + timedelta(minutes=10 * each):%Y-%m-%dT%H:%M:%SZ},5.1" for each in range(-6, 60)]
    file = SimpleUploadedFile("logger.csv", "\n".join(["Time,Temperature (°C)", *lines]).encode())
    command = {"command": hidden(shown, "command"), "seen": hidden(shown, "seen"), "logger": "LG-1"}
    asked = mine.sent("custody.report_temperature", about, {**command, "file": file})  # type: ignore[dict-item]
    assert asked["Yimai-Answer"] == "sign", re.sub(r"<[^>]+>|\s+", " ", asked.content.decode())[:1500]
    carried = {"file:file": unescape(hidden(asked, "file:file")), "record": hidden(asked, "record")}
    signed = {**command, **carried, f"sign-{courier}-password": "right"}
    assert mine.sent("custody.report_temperature", about, signed)["Yimai-Answer"] == "done"
    assert 'data-stage="delivered"' not in home_of(mine)


def led(tablet: Tablet, code: str) -> list[str]:
    """Where a search and a scan of a treatment lead in the end, or the status of what is shown instead."""
    ends = []
    for path, view in ((f"search?q={code}", search.search), (f"scan?code={code}", scan.scan)):
        answer = tablet.asked(RequestFactory().get(f"/zh-hans/{path}"), view)
        if answer.headers.get("Location") == (page := f"/zh-hans/treatment/{code}"):
            answer = tablet.asked(RequestFactory().get(page), treatment.treatment, code)
        ends.append(answer.headers.get("Location", str(answer.status_code)))
    return ends


def test_a_courier_who_looks_for_a_treatment_is_led_to_the_leg_that_he_carries_or_may_fetch(plant: SpecPlant) -> None:
    unpacked, journey = plant.treatment("labelled"), plant.treatment("packed")
    courier, nurse = person_of(plant, "courier"), journey.holder
    mine = at(plant, courier)
    about = {"treatment": journey.treatment, "shipment": journey.shipment}
    scans = {"giver_scan": journey.shipment, "taker_scan": journey.shipment}
    mine.does("custody.hand_over", about, {**scans, "giver": nurse, "taker": courier})
    leg, shipment = (f"/zh-hans/{each}{journey.shipment}" for each in ("home/courier#", "about/shipment/"))
    assert led(mine, journey.treatment) == [leg, leg]
    assert f'id="{journey.shipment}"' in home_of(mine)
    plant.clock.wait_until(journey.now + timedelta(hours=9))
    operator = journey.at_base("operator")
    at(plant, operator).does("custody.hand_over", about, {**scans, "giver": courier, "taker": operator})
    assert led(mine, journey.treatment) == [shipment, shipment]
    assert led(at(plant, operator), journey.treatment) == ["200", "200"]
    assert led(mine, unpacked.treatment) == ["404", "404"]
    said = mine.asked(RequestFactory().get("/zh-hans/search", {"q": unpacked.treatment}), search.search)
    assert "您可查看的事实" in said.content.decode()


def test_a_courier_who_has_nothing_is_told_so_kindly(plant: SpecPlant) -> None:
    page = home_of(at(plant, person_of(plant, "courier")))
    assert "目前没有承运中的运输箱" in page
    assert "目前没有待取件" in page


def on_new_years_eve(plant: SpecPlant, reach: str) -> Journey:
    """A treatment that reaches the stage on the last day of a year, some hours before midnight."""
    begun = plant.clock()
    first = plant.treatment(reach)
    lasts = first.now - begun
    eve = datetime(plant.clock().year, 12, 31, 20, tzinfo=SHANGHAI)
    plant.clock.wait_until(eve - lasts - timedelta(days=1))
    journey = plant.treatment(reach)
    assert journey.now < eve
    plant.clock.wait_until(max(journey.now, eve - timedelta(hours=10)))
    return journey


def test_a_clock_that_runs_out_in_the_new_year_says_so_and_when_it_is_over(plant: SpecPlant) -> None:
    journey = on_new_years_eve(plant, "packed")
    year = journey.now.astimezone(SHANGHAI).year
    tablet = at(plant, person_of(plant, "courier"))
    page = home_of(tablet)
    (until,) = re.findall(rf"{year + 1}-01-0\d \d\d:\d\d", page)[:1]
    assert "UTC+8" in page
    assert 'class="leg over"' not in page.partition(journey.shipment)[0].rpartition("<li")[2]
    plant.clock.wait_until(datetime.fromisoformat(until).replace(tzinfo=SHANGHAI) + timedelta(minutes=1))
    assert 'class="leg over"' in home_of(tablet)


def test_a_bag_thawed_before_midnight_of_the_year_is_matched_after_it(plant: SpecPlant) -> None:
    journey = on_new_years_eve(plant, "permitted")
    year = journey.now.astimezone(SHANGHAI).year
    plant.clock.wait_until(datetime(year, 12, 31, 23, 50, tzinfo=SHANGHAI))
    nurse = journey.at_hospital("nurse", qualification="bedside_infusion")
    verifier = journey.at_hospital("nurse", "physician", qualification="bedside_infusion", without=(nurse,))
    tablet, bag = at(plant, nurse), journey.final_bags[0]
    about = {"treatment": journey.treatment, "permit": journey.permit}
    tablet.does("infusion.thaw", about, {"container": bag})
    page = home_of(tablet)
    told, link = links(page, "infusion.match_bedside")  # the confirmation leads there, and so does the task
    assert journey.permit in told
    assert journey.permit in link
    assert f"{year + 1}-01-01 00:" in page
    plant.clock.wait_until(datetime(year + 1, 1, 1, 0, 4, tzinfo=SHANGHAI))
    scans = {"container": bag, "wristband": journey.wristband, "order": journey.treatment, "verifier": verifier}
    (matched,) = tablet.does("infusion.match_bedside", about, scans)
    assert matched.occurred.astimezone(SHANGHAI).year == year + 1
    assert links(home_of(tablet), "infusion.start")


def page_of(tablet: Tablet, journey: Journey) -> str:
    """The treatment's page as the person sees it."""
    request = RequestFactory().get(f"/zh-hans/treatment/{journey.treatment}")
    return unescape(tablet.asked(request, treatment.treatment, journey.treatment).content.decode())


def test_a_treatments_page_leads_to_ones_own_task_and_names_the_patient_to_the_hospital_alone(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    name = patient_of(journey)
    nurses, operators = (
        page_of(at(plant, each), journey) for each in (journey.at_hospital("nurse"), journey.at_base("operator"))
    )
    assert name in nurses
    assert links(nurses, "collection.start")
    assert name not in operators
    assert not links(operators, "collection.start")
    assert "护士" in operators


def test_a_printed_label_is_handed_out_on_the_next_page_and_shown_where_it_is_stuck_on(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    tablet = at(plant, journey.at_hospital("nurse"))
    (issued,) = tablet.does("label.issue", {"treatment": journey.treatment}, {"layout": "wristband"})
    paper = f"/labels/{issued.data['item']}/1.pdf"
    page = home_of(tablet)
    assert 'class="toast" role="status">“打印标签”已记录' in page
    assert f"/zh-hans/fact/{issued.hash.hex()}" in page
    assert paper in page
    assert paper not in home_of(tablet)
    (link,) = links(page, "label.use")
    assert f"item={issued.data['item']}&copy=1" in link
    shown = tablet.shown("label.use", treatment=journey.treatment, item=str(issued.data["item"]), copy="1")
    assert paper in shown.content.decode()


def test_a_wrong_bag_leaves_its_field_and_the_right_one_goes_in_its_place(plant: SpecPlant) -> None:
    first, other = plant.treatment("permitted"), plant.treatment("permitted")
    plant.clock.wait_until(max(plant.clock(), first.now, other.now))
    nurse = other.at_hospital("nurse", qualification="bedside_infusion")
    verifier = other.at_hospital("nurse", "physician", qualification="bedside_infusion", without=(nurse,))
    tablet, about = at(plant, nurse), {"treatment": other.treatment, "permit": other.permit}
    right, wrong = other.final_bags[0], first.final_bags[0]
    tablet.does("infusion.thaw", about, {"container": right})
    scans = {"wristband": other.wristband, "order": other.treatment, "verifier": verifier}
    page = refused(
        tablet.sent("infusion.match_bedside", about, {"command": "c", **scans, "container": wrong}),
        "label.not_this_patients",
    )
    assert "不符，已从此处清除" in page
    assert f'value="{wrong}"' not in page
    assert f'value="{other.wristband}"' in page
    assert f'value="{other.treatment}"' in page
    assert plant.entries("treatment", other.treatment)[-1].kind == "identity.match_refused.v1"
    tablet.does("infusion.match_bedside", about, {**scans, "container": right})


def test_a_wrong_patient_is_stopped_at_the_wristband(plant: SpecPlant) -> None:
    journey, other = plant.treatment("permitted"), plant.treatment("permitted")
    nurse = other.at_hospital("nurse", qualification="bedside_infusion")
    verifier = other.at_hospital("nurse", "physician", qualification="bedside_infusion", without=(nurse,))
    tablet, about = at(plant, nurse), {"treatment": other.treatment, "permit": other.permit}
    bag = other.final_bags[0]
    tablet.does("infusion.thaw", about, {"container": bag})
    scans = {"wristband": journey.wristband, "container": bag, "order": other.treatment, "verifier": verifier}
    page = refused(tablet.sent("infusion.match_bedside", about, {"command": "c", **scans}), "label.not_this_patients")
    assert f'value="{journey.wristband}"' not in page
    assert f'value="{bag}"' in page
    assert not links(home_of(tablet), "infusion.start")


def test_another_hospitals_nurse_gets_no_form_and_no_page_of_the_treatment(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    stranger = at(plant, person_of(plant, "nurse", elsewhere=journey.hospital))
    with pytest.raises(Http404):
        stranger.shown("collection.complete", treatment=journey.treatment)
    with pytest.raises(Http404):
        page_of(stranger, journey)
    given = {"treatment": journey.treatment}
    typed = {"command": "c", "wristband": journey.wristband, "verifier": journey.at_hospital("nurse")}
    answer = stranger.sent("collection.start", given, typed)
    assert answer.status_code == 422
    assert plant.entries("treatment", journey.treatment)[-1].kind != "collection.started.v1"


def test_the_hospital_sees_on_the_treatments_page_whether_lymphodepletion_may_begin(plant: SpecPlant) -> None:
    journey = plant.treatment("delivered")
    page = page_of(at(plant, journey.at_hospital("coordinator")), journey)
    assert "可以开始清淋吗" in page
    assert 'class="signal unsafe"' in page
    assert "可以开始清淋吗" not in page_of(at(plant, journey.at_base("qa")), journey)
    journey.confirm_availability()
    assert 'class="signal safe"' in page_of(at(plant, journey.at_hospital("nurse")), journey)


def test_a_slot_is_signed_with_its_legs_in_the_order_of_their_times(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    tablet, about = at(plant, journey.at_hospital("coordinator")), {"treatment": journey.treatment}
    offered = re.search(r'name="itinerary" value="([^"]+)"', tablet.shown("slot.reserve", **about).content.decode())
    assert offered
    asked = tablet.sent("slot.reserve", about, {"command": "c", "itinerary": unescape(offered[1])})
    assert asked["Yimai-Answer"] == "sign"
    moments = re.findall(r'class="pair">[^<]*<time datetime="([^"]+)"', asked.content.decode())
    assert len(moments) >= 6
    assert moments == sorted(moments, key=datetime.fromisoformat)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_next_page_says_in_a_sentence_what_was_recorded_and_for_whom(plant: SpecPlant, language: str) -> None:
    journey = plant.treatment("ordered")
    name = patient_of(journey)
    tablet = at(plant, journey.at_hospital("coordinator"))
    tablet.language = language
    tablet.does("treatment.hold", {"treatment": journey.treatment}, {"reason": "patient_unfit"})
    assert name not in str(tablet.session)
    strip = re.search(r'<p class="toast".*?</p>', home_of(tablet), re.DOTALL)
    assert strip
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", strip[0]))
    wanted = {"en": "“Put the treatment on hold” is recorded: patient", "zh-hans": "“暂停治疗”已记录：患者"}
    assert wanted[language] in text
    assert name in text
    assert f"/treatment/{journey.treatment}" in strip[0]
    assert 'class="toast"' not in home_of(tablet)


def test_a_confirmation_names_no_patient_to_the_base_and_links_only_what_its_reader_may_open(plant: SpecPlant) -> None:
    journey = plant.treatment("consented")
    name = patient_of(journey)
    tablet = at(plant, person_of(plant, "scheduler"))
    tablet.does("treatment.accept", {"treatment": journey.treatment}, {})
    strip = re.search(r'<p class="toast".*?</p>', home_of(tablet), re.DOTALL)
    assert strip
    assert "“接受医嘱”已记录：治疗" in re.sub(r"<[^>]+>", "", strip[0])
    assert name not in strip[0]


def test_while_the_planner_is_compiled_its_page_says_so_and_loads_itself_anew(
    plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = plant.treatment("accepted")
    tablet = at(plant, journey.at_hospital("coordinator"))
    monkeypatch.setattr(compiling, "_ready", [lambda: False])
    with pytest.raises(compiling.NotCompiled) as raised:
        tablet.shown("slot.reserve", treatment=journey.treatment)
    answering, request = Preparing(lambda _: HttpResponse()), RequestFactory().get("/zh-hans/act/slot.reserve")
    assert answering.process_exception(request, ValueError()) is None
    answer = answering.process_exception(request, raised.value)
    assert answer is not None
    assert answer.status_code == 503
    assert (answer["Refresh"], answer["Retry-After"]) == ("5", "5")
    assert "排程程序正在准备" in answer.content.decode()
