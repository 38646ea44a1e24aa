"""Asking for an action in the browser: filled in, refused in place, signed, done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation
from tests.projections.following import screen_pool
from tests.spec.harness import SpecPlant, clone, founded_template, plant_on_postgres
from tests.windows import opened_bench, opened_window

from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.signing import Evidence, problem_of
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import acting
from yimai.interfaces.web.bench import Bench, Means
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase

WRONG = RefusalKind("test.wrong_password", "The password is wrong. Type it again.", "密码错误。请重新输入。")
SECRET = bytes(range(32))
SERVER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def confirm(
    request: HttpRequest, person: str, record: bytes, posted: Mapping[str, str], first: bool
) -> Evidence | Refusal:
    """Everybody's password is ``right``; the accounts have tests of their own."""
    return Evidence(person, record, "password") if posted.get("password") == "right" else WRONG()


@dataclass
class Tablet:
    """One session at one tablet."""

    who: PersonRow
    session: dict[str, Any]

    def get(self, verb: str, **given: str) -> HttpResponse:
        return self._ask(RequestFactory().get(f"/zh-hans/act/{verb}", given), verb)

    def post(self, verb: str, given: Mapping[str, str], posted: Mapping[str, str]) -> HttpResponse:
        factory = RequestFactory(headers={"Yimai-Act": "now"})
        address = f"/zh-hans/act/{verb}?" + "&".join(f"{name}={value}" for name, value in given.items())
        return self._ask(factory.post(address, posted), verb)

    def _ask(self, request: Any, verb: str) -> HttpResponse:
        request.who, request.session = self.who, self.session
        with translation.override("zh-hans"):
            return acting.act(request, verb)


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with (
        clone(postgres, founded_template(postgres)) as url,
        plant_on_postgres(url) as plant,
        screen_pool(url) as screen,
    ):
        acting = Bench(plant.ledger, SECRET, SERVER, confirm, lambda person: Means())
        with opened_window(screen, plant.clock), opened_bench(acting):
            yield plant


def tablet(journey: Journey, person: str) -> Tablet:
    return Tablet(PersonRow(person, journey.hospital, ("nurse",)), {})


def hidden(response: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, name
    return found[1]


def nurses(journey: Journey) -> tuple[str, str]:
    first = journey.at_hospital("nurse")
    return first, journey.at_hospital("nurse", without=(first,))


def test_a_form_is_filled_in_signed_by_two_and_done_once(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    first, second = nurses(journey)
    here = tablet(journey, first)
    shown = here.get("collection.start", treatment=journey.treatment)
    assert shown.status_code == 200
    given = {"treatment": journey.treatment}
    fields = {
        **given,
        "command": hidden(shown, "command"),
        "seen": hidden(shown, "seen"),
        "wristband": journey.wristband.lower(),
        "verifier": second,
    }
    asked = here.post("collection.start", given, fields)
    assert (asked.status_code, asked["Yimai-Answer"]) == (200, "sign")
    read = asked.content.decode().partition("record-to-sign")[2].partition("</section>")[0]
    assert "<a " not in read, "a link there leads to what is not yet, and away from what is to be signed"
    fields["record"] = hidden(asked, "record")
    wrong = here.post("collection.start", given, {**fields, f"sign-{first}-password": "guess"})
    assert (wrong.status_code, wrong["Yimai-Answer"]) == (422, "sign")
    assert "密码错误" in wrong.content.decode()
    passwords = {f"sign-{each}-password": "right" for each in (first, second)}
    for _ in range(2):
        done = here.post("collection.start", given, {**fields, **passwords})
        assert (done.status_code, done["Yimai-Answer"]) == (200, "done")
    entries = plant.entries("treatment", journey.treatment)
    kinds = [entry.kind for entry in entries]
    assert kinds[-3:] == ["collection.started.v1", *["signing.signature_given.v1"] * 2]
    assert kinds.count("collection.started.v1") == 1
    assert problem_of(entries[-3:]) == ""


def test_what_was_typed_stays_when_it_cannot_be_read(plant: SpecPlant) -> None:
    journey = plant.treatment("collecting")
    first, second = nurses(journey)
    given = {"treatment": journey.treatment, "collection": journey.collection}
    typed = {
        "command": "c",
        "seen": "99",
        "wristband": journey.wristband,
        "container": journey.bag[:-1],
        "volume": "abc",
        "cd3": "2,1",
        "viability": "98",
        "verifier": second,
    }
    answer = tablet(journey, first).post("collection.complete", given, {**given, **typed})
    page = answer.content.decode()
    assert (answer.status_code, answer["Yimai-Answer"]) == (422, "refused")
    assert all(kept in page for kept in ('value="abc"', 'value="2,1"', f'value="{journey.bag[:-1]}"'))
    assert "请填写数字" in page
    assert "请重新完整扫描" in page


def test_a_wrong_wristband_is_refused_on_the_spot_and_the_next_try_is_a_new_command(plant: SpecPlant) -> None:
    journey, other = plant.treatment("labelled"), plant.treatment("labelled")
    first, second = nurses(journey)
    given = {"treatment": journey.treatment}
    asked = {**given, "command": "c", "wristband": other.wristband, "verifier": second}
    answer = tablet(journey, first).post("collection.start", given, asked)
    assert answer.status_code == 422
    assert 'data-code="label.not_this_patients"' in answer.content.decode()
    assert hidden(answer, "command") != "c"
    assert plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"


def test_the_second_sees_what_the_first_recorded_meanwhile(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    first, second = nurses(journey)
    given = {"treatment": journey.treatment}
    shown = tablet(journey, first).get("collection.start", treatment=journey.treatment)
    fields = {
        **given,
        "command": "c",
        "seen": hidden(shown, "seen"),
        "wristband": journey.wristband,
        "verifier": second,
    }
    journey.hold("patient_choice")
    journey.resume()
    answer = tablet(journey, first).post("collection.start", given, fields)
    assert answer["Yimai-Answer"] == "sign"
    assert "在此期间其他人已记录" in answer.content.decode()


def test_a_signature_shown_for_one_record_does_not_sign_another(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    first, second = nurses(journey)
    given = {"treatment": journey.treatment}
    fields = {**given, "command": "c", "wristband": journey.wristband, "verifier": second}
    passwords = {f"sign-{each}-password": "right" for each in (first, second)}
    answer = tablet(journey, first).post("collection.start", given, {**fields, **passwords, "record": "00" * 32})
    assert (answer.status_code, answer["Yimai-Answer"]) == (200, "sign")
    assert 'data-code="signing.record_changed"' in answer.content.decode()
    assert plant.entries("treatment", journey.treatment)[-1].kind != "collection.started.v1"
