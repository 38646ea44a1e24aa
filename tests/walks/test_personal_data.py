"""No patient's name, number or birthday stands anywhere but on the pages of those who may know: on no other page, in no
address, no line of the log, no error, no fact. What is looked for is what the vault of the loaded plant holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest
from django.test import Client
from psycopg import sql
from psycopg_pool import ConnectionPool
from tests.signing_in import signed_in
from tests.spec.harness import WRAPPING_KEY
from tests.walks.loaded import HOSPITAL, LoadedPlant
from tests.walks.walked import Heard, hearing, walk

from yimai.domain import access
from yimai.interfaces.web import page
from yimai.store.vault import Vault

MAY_KNOW = frozenset(
    role for role, given in access.ROWS["read.patient", access.PERFORMER].cells.items() if given and "hospital" in given
)
"""Roles of an ordering hospital's people who may know. Inspectors are looked at by themselves."""
LINKS = re.compile(r'(?:href|action|src)="([^"]*)"')
Secrets = dict[str, tuple[str, str, str, str]]
"""By treatment: the patient's Chinese name, English name, hospital number and birthday."""


@pytest.fixture(scope="module")
def secrets(plant: LoadedPlant) -> Secrets:
    """What would give patients away, read from the vault."""
    with ConnectionPool(plant.url, min_size=1, max_size=1, kwargs={"autocommit": True}) as pool:
        vault = Vault(pool, WRAPPING_KEY)
        with psycopg.connect(plant.url) as connection:
            rows = connection.execute("SELECT DISTINCT person FROM vault.record WHERE name = 'patient'").fetchall()
        return {treatment: _of(vault.read(treatment, "patient")) for (treatment,) in rows}


def _of(contents: bytes) -> tuple[str, str, str, str]:
    person = json.loads(contents)
    zh, _, en = person["name"].rstrip(")").partition(" (")
    assert zh
    assert en
    return zh, en, person["hospital_number"], person["born"]


def given_away(text: str, secrets: Secrets) -> set[str]:
    """The treatments of which the text gives the patient away by name or hospital number."""
    return {treatment for treatment, known in secrets.items() if any(each in text for each in known[:3])}


def birthdays(text: str, secrets: Secrets) -> set[str]:
    """The treatments of which the text holds the patient's birthday; a day alone may be any other day of a record."""
    return {treatment for treatment, known in secrets.items() if known[3] in text}


def ordered_by(plant: LoadedPlant, hospital: str) -> set[str]:
    with psycopg.connect(plant.url) as connection:
        rows = connection.execute("SELECT treatment FROM projection.treatment_board WHERE hospital = %s", (hospital,))
        return {row[0] for row in rows.fetchall()}


@pytest.fixture
def heard() -> Iterator[Heard]:
    with hearing() as heard:
        yield heard


def test_no_page_address_or_log_gives_a_patient_away(plant: LoadedPlant, secrets: Secrets) -> None:
    """Who is not to know who a patient is finds him nowhere; who is, finds those of his own hospital and no other."""
    found: dict[str, set[str]] = {}
    addresses: list[str] = []
    own = {role: ordered_by(plant, who.site) if role in MAY_KNOW else set[str]() for role, who in plant.people.items()}
    shown: dict[str, set[str]] = {role: set() for role in own}
    for place, path, answer in (there := walk(plant)).answers():
        text = answer.content.decode(errors="replace")
        addresses += [path, answer.headers.get("Location", ""), *LINKS.findall(text)]
        given = given_away(text, secrets)
        shown[place.role] |= given
        if astray := (given - own[place.role]) | (set() if own[place.role] else birthdays(text, secrets)):
            found[f"{place.role} {path}"] = astray
    print(f"\n{len(addresses)} addresses, {there.log.count(chr(10))} lines of the log")
    assert found == {}
    assert {role: bool(seen) for role, seen in shown.items()} == {role: bool(known) for role, known in own.items()}
    assert given_away(unquote("\n".join(addresses)), secrets) == set()
    assert there.log
    assert given_away(there.log, secrets) == set()


def test_the_city_s_inspector_reads_the_name_and_the_base_s_does_not(plant: LoadedPlant, secrets: Secrets) -> None:
    treatment = next(iter(secrets))
    city = signed_in(Client(SERVER_NAME="localhost"), "inspector-of-the-city")
    base = signed_in(Client(SERVER_NAME="localhost"), "inspector-01")
    path = f"/en/treatment/{treatment}"
    assert given_away(city.get(path).content.decode(), secrets) == {treatment}
    assert given_away(base.get(path).content.decode(), secrets) == set()


def test_no_fact_and_no_table_holds_one(plant: LoadedPlant, secrets: Secrets) -> None:
    with psycopg.connect(plant.url) as connection:
        facts = connection.execute("SELECT convert_from(content, 'UTF8') FROM ledger.entry").fetchall()
        assert len(facts) > 1000
        written = "\n".join(row[0] for row in facts)
        assert given_away(written, secrets) == birthdays(written, secrets) == set()
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert {schema for schema, _ in tables} >= {"ledger", "vault", "projection", "django"}
        for schema, table in tables:
            name = sql.Identifier(schema, table)
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} AS t").format(name)).fetchall()
            assert given_away("\n".join(row[0] for row in rows), secrets) == set(), table


def test_no_failure_tells_what_was_typed_or_known(
    plant: LoadedPlant, secrets: Secrets, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that knows the name fails while it is drawn, and so does an order that was sent with one."""
    treatment = next(each for each in secrets if each in ordered_by(plant, HOSPITAL))
    name, _, number, born = secrets[treatment]
    client = plant.client("physician")
    assert given_away(client.get(f"/en/treatment/{treatment}").content.decode(), secrets) == {treatment}

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"what to do with {name} {number} {born}")

    client.raise_request_exception = False
    monkeypatch.setattr(page, "show", fail)
    sent = {"patient_name": name, "born": born, "hospital_number": number}
    answers = [client.get(f"/en/treatment/{treatment}"), client.post("/en/act/treatment.order", sent)]
    assert [each.status_code for each in answers] == [500, 500]
    said = "\n".join(each.content.decode() + str(each.headers) for each in answers)
    assert given_away(said, secrets) == birthdays(said, secrets) == set()
    assert "RuntimeError" in heard.text
    assert given_away(heard.text, secrets) == birthdays(heard.text, secrets) == set()


def test_what_is_typed_into_an_order_is_in_no_line_of_the_log(plant: LoadedPlant, heard: Heard) -> None:
    sent = {"patient_name": "虚构患者·未登记", "born": "1961-02-03", "hospital_number": "DEMO-999999"}
    answered = plant.client("physician").post("/zh-hans/act/treatment.order", sent)
    assert answered.status_code == 422
    assert sent["patient_name"] in answered.content.decode(), "what was typed is there still for whoever typed it"
    assert heard.lines
    assert not [each for each in sent.values() if each in heard.text]
