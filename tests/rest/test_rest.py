"""The REST interface: what its description says is what it does, whatever is sent; and a verb from asking to done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from tests.projections.following import screen_pool
from tests.signing_in import accounts_on, signed_in
from tests.spec.harness import SpecPlant, clone, founded_template, plant_on_postgres
from tests.windows import opened_window

from yimai.actions.verbs import VERBS
from yimai.domain import access
from yimai.domain.person import Role
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.signing import Evidence, problem_of
from yimai.interfaces.rest import desk
from yimai.interfaces.rest.desk import Desk
from yimai.interfaces.web import window
from yimai.wiring.embedded_database import EmbeddedDatabase

WRONG = RefusalKind("test.wrong_password", "The password is wrong. Type it again.", "密码错误。请重新输入。")
SERVER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def confirm(
    request: HttpRequest, person: str, record: bytes, posted: Mapping[str, str], first: bool
) -> Evidence | Refusal:
    """Everybody's password is ``right``; the accounts have tests of their own."""
    return Evidence(person, record, "password") if posted.get("password") == "right" else WRONG()


@dataclass
class Opened:
    plant: SpecPlant
    url: str


@pytest.fixture(scope="module")
def opened(postgres: EmbeddedDatabase) -> Iterator[Opened]:
    with (
        clone(postgres, founded_template(postgres)) as url,
        accounts_on(url),
        plant_on_postgres(url) as plant,
        screen_pool(url) as screen,
        opened_window(screen, plant.clock),
    ):
        desk.open(Desk(plant.ledger, bytes(32), SERVER, confirm, window.reading))
        yield Opened(plant, url)


def client_of(person: str) -> Client:
    return signed_in(Client(SERVER_NAME="localhost"), person)


def post(client: Client, verb: str, body: Mapping[str, Any]) -> Any:
    return client.post(f"/api/v1/{verb}", body, content_type="application/json")


def test_a_verb_is_rehearsed_signed_and_done_once(opened: Opened) -> None:
    journey = opened.plant.treatment("accepted")
    physician = journey.at_hospital("physician")
    client = client_of(physician)
    body: dict[str, Any] = {"command": "r1", "arguments": {"treatment": journey.treatment, "reason": "patient_choice"}}
    asked = post(client, "treatment.hold", body)
    assert (asked.status_code, asked.json()["answer"]) == (200, "sign")
    assert asked.json()["signers"] == {physician: ["decided"]}
    body |= {"record": asked.json()["record"], "signatures": [{"person": physician, "password": "guess"}]}
    assert post(client, "treatment.hold", body).status_code == 422
    body["signatures"] = [{"person": physician, "password": "right"}]
    for _ in range(2):
        done = post(client, "treatment.hold", body)
        assert (done.status_code, done.json()["answer"]) == (200, "done")
    entries = opened.plant.entries("treatment", journey.treatment)
    assert [entry.kind for entry in entries[-2:]] == ["treatment.held.v1", "signing.signature_given.v1"]
    assert problem_of(entries[-2:]) == ""
    other = {**body, "arguments": {"treatment": journey.treatment, "reason": "progression"}}
    assert post(client, "treatment.hold", other).status_code == 409
    facts = client.get(f"/api/v1/treatments/{journey.treatment}/facts").json()
    assert facts[-2]["kind"] == "treatment.held.v1"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "command"),
        ({"command": "x", "arguments": {}}, "treatment"),
        ({"command": "x", "arguments": {"treatment": "T", "reason": "delay", "more": 1}}, "more"),
        ({"command": "x" * 65, "arguments": {"treatment": "T", "reason": "delay"}}, "command"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(opened: Opened, body: dict[str, Any], place: str) -> None:
    answer = post(client_of("hospital-a-physician-01"), "treatment.hold", body)
    assert answer.status_code == 400
    assert place in answer.json()["detail"]


def test_nobody_gets_in_without_a_session_and_nothing_forged_is_taken(opened: Opened) -> None:
    stranger = Client(SERVER_NAME="localhost")
    assert stranger.get("/api/v1/treatments").status_code == 401
    assert post(stranger, "treatment.hold", {}).status_code == 401
    strict = signed_in(Client(SERVER_NAME="localhost", enforce_csrf_checks=True), "hospital-a-physician-01")
    assert post(strict, "treatment.hold", {}).status_code == 403


def test_every_verb_has_its_address(opened: Opened) -> None:
    described = client_of("planner-01").get("/api/v1/openapi.json").json()
    assert {f"/api/v1/{verb}" for verb in VERBS} <= set(described["paths"])


PEOPLE: dict[Role, str] = {
    **{role: f"hospital-a-{role}-01" for role in ("coordinator", "nurse", "physician")},
    "courier": "courier-01", "operator": "operator-01", "qc_analyst": "analyst-01", "qa": "qa-01", "qualified_person": "qualified-person-01",
    "scheduler": "scheduler-01", "planner": "planner-01", "inspector": "inspector-01", "administrator": "administrator-01",
}  # fmt: skip
"""One person of each role that may do something alone; a second person only countersigns."""


@cache
def sent_as(role: Role) -> dict[str, dict[str, str]]:
    """What the browser of somebody of this role, who has signed in, sends with everything."""
    client = client_of(PEOPLE[role])
    session, token = client.cookies["sessionid"].value, "a" * 32
    return {
        "cookies": {"sessionid": session, "csrftoken": token},
        "headers": {"X-CSRFToken": token, "Host": "localhost"},
    }


def senders(number: int, verb: str) -> tuple[Role, Role]:
    """Whose verb it is, one of them by turns, and somebody whose it is not; of what is read, two by turns."""
    able = [role for role in access.all_roles_of(verb) if role in PEOPLE] if verb in VERBS else list(PEOPLE)
    other = [role for role in PEOPLE if role not in able] or able
    return able[number % len(able)], other[number % len(other)]


def test_whatever_is_sent_by_any_role_is_answered_as_described(opened: Opened) -> None:
    """schemathesis makes up bodies, good and bad, for every address. (Without a session: a test above.)"""
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", get_wsgi_application(), headers={"Host": "localhost"}
    )
    statuses: Counter[int] = Counter()
    asked = set[Role]()

    def ask(operation: Any, mode: GenerationMode, role: Role, times: int) -> None:
        sent = sent_as(role)

        @settings(max_examples=times, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode))
        def answered(case: Any) -> None:
            statuses[
                case.call_and_validate(**sent, excluded_checks=[ignored_auth, positive_data_acceptance]).status_code
            ] += 1

        answered()
        asked.add(role)

    for number, found in enumerate(schema.get_all_operations()):
        assert isinstance(found, Ok)
        operation = found.ok()
        able, other = senders(number, operation.path.rpartition("/")[2])
        ask(operation, GenerationMode.POSITIVE, able, 2)
        ask(operation, GenerationMode.POSITIVE, other, 1)
        if operation.body:
            ask(operation, GenerationMode.NEGATIVE, able, 3)
    assert asked == set(PEOPLE)
    # what Hypothesis makes up depends on the modules that are loaded, so neither share is exact
    assert min(statuses[400], statuses[422]) > len(VERBS) / 2
    assert statuses[400] + statuses[422] > 3 * len(VERBS)


def test_an_inspector_gets_by_rest_what_an_export_on_record_covers_and_nothing_before_it(opened: Opened) -> None:
    treatment = opened.plant.treatment("accepted").treatment
    inspector, address = client_of("inspector-01"), f"/api/v1/treatments/{treatment}/facts"
    assert len(client_of("qa-01").get(address).json()) > 2
    before = inspector.get(address)
    assert before.status_code == 403
    assert "treatment.export" in before.json()["detail"]
    known = len(opened.plant.entries("treatment", treatment))
    done = post(
        inspector, "treatment.export", {"command": "e1", "arguments": {"treatment": treatment, "reason": "inspection"}}
    )
    assert done.json()["answer"] == "done", done.json()
    assert len(inspector.get(address).json()) == known, "the export itself came after what it covers"
    assert len(client_of("qa-01").get(address).json()) == known + 1
    assert client_of("planner-01").get(address).status_code == 403
