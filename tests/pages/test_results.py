"""Who takes no part in a treatment sees none of its test results: on no page, in no fact, through no endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from tests.access.reading import BY_NAME, ROLES
from tests.pages.conftest import House
from tests.projections.story import AUTHORITY, BASE, HOSPITAL, OTHER_HOSPITAL
from tests.signing_in import register_person, signed_in

from yimai.domain.person import Role
from yimai.domain.sample import ResultRecorded
from yimai.interfaces.rest import desk
from yimai.interfaces.rest.desk import Desk
from yimai.interfaces.web import window
from yimai.ledger.entry import Entry

NO: tuple[Role, ...] = tuple(role for role in ROLES if BY_NAME["read.facts", "performer"].written[role] in (".", "x"))
SITES = {"planner": AUTHORITY, "nurse": HOSPITAL}


@pytest.fixture
def recorded(house: House, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A result of the whole treatment; the REST interface reads by the same row security as the pages."""
    closed = dict.fromkeys(("ledger", "secret", "key", "confirm"))  # nothing is decided here
    monkeypatch.setattr(desk, "_opened", [Desk(**closed, reading=window.reading)])  # type: ignore[arg-type]
    name = f"treatment/{house.whole.coi}"
    entries = house.story.ledger.about(name).entries[name]
    return next(each for each in entries if each.kind == ResultRecorded.kind and each.data["unit"])


def seen(house: House, role: Role, recorded: Entry) -> Iterator[tuple[str, str]]:
    """Each address at which a person of the role reads something of the result, and what."""
    register_person(house.url, f"{role}-reads", SITES.get(role, BASE), role)
    browser = signed_in(Client(SERVER_NAME="localhost"), f"{role}-reads")
    coi, sample, batch = house.whole.coi, recorded.data["sample"], recorded.data["batch"]
    marks = (
        recorded.hash.hex(), ">Test result<", ">检验结果<", f'"{ResultRecorded.kind}"', 'id="tests-', f"<b>{recorded.data['value']} ",
    )  # fmt: skip
    for address in (
        *(f"/{language}/treatment/{coi}" for language in ("en", "zh-hans")),
        *(f"/en/treatment/{coi}/{part}" for part in ("facts", "vein")),
        *(
            f"/en/{page}"
            for page in (f"sample/{sample}", f"certificate/{batch}", f"disposition/{batch}", f"batch/{batch}")
        ),
        *(f"/en/about/{thing}" for thing in (f"sample/{sample}", f"batch/{batch}", f"person/{recorded.actor}")),
        f"/en/fact/{recorded.hash.hex()}",
        f"/api/v1/treatments/{coi}/facts",
    ):
        answer = browser.get(address)
        assert answer.status_code in (200, 302, 403, 404), (address, answer.status_code)
        if answer.status_code == 200:
            yield from ((address, mark) for mark in marks if mark in answer.content.decode())


@pytest.mark.parametrize("role", NO)
def test_who_takes_no_part_in_a_treatment_sees_none_of_its_results(house: House, role: Role, recorded: Entry) -> None:
    assert list(seen(house, role, recorded)) == []


def test_who_takes_part_sees_them_at_each_of_these_places(house: House, recorded: Entry) -> None:
    """So that the test above looks where something would be."""
    found = {mark for _, mark in seen(house, "nurse", recorded)}
    assert {recorded.hash.hex(), 'id="tests-', f'"{ResultRecorded.kind}"'} <= found


def test_the_hospital_reads_the_batch_that_is_made_for_it(house: House, recorded: Entry) -> None:
    batch = recorded.data["batch"]
    for person, site, status in (("physician-reads", HOSPITAL, 200), ("physician-elsewhere", OTHER_HOSPITAL, 404)):
        register_person(house.url, person, site, "physician")
        reader = signed_in(Client(SERVER_NAME="localhost"), person)
        assert reader.get(f"/en/disposition/{batch}").status_code == status, person
