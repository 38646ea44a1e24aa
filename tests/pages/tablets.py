"""Tablets for tests of forms: somebody fills one in, everybody signs, and it is done or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from tests.spec.harness import WRAPPING_KEY, SpecPlant, clone, founded_template, plant_on_postgres
from tests.windows import opened_bench, opened_window

from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.signing import Evidence
from yimai.interfaces.web import acting
from yimai.interfaces.web.bench import Bench, Means
from yimai.ledger.entry import Entry
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase

WRONG = RefusalKind("test.wrong_password", "The password is wrong. Type it again.", "密码错误。请重新输入。")
Typed = Mapping[str, str | Sequence[str]]


@contextmanager
def bench_opened(server: EmbeddedDatabase) -> Iterator[SpecPlant]:
    """A founded plant on PostgreSQL whose pages act; everybody's password is ``right``."""
    plain = {"autocommit": True}
    with (
        clone(server, founded_template(server)) as url,
        plant_on_postgres(url) as plant,
        ConnectionPool(make_conninfo(url, user="yimai_screen"), min_size=1, max_size=2, kwargs=plain) as pool,
    ):
        key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        acting = Bench(plant.ledger, bytes(range(32)), key, _confirm, lambda person: Means())
        with opened_window(pool, plant.clock, WRAPPING_KEY), opened_bench(acting):
            yield plant


def _confirm(
    request: HttpRequest, person: str, record: bytes, posted: Mapping[str, str], first: bool
) -> Evidence | Refusal:
    return Evidence(person, record, "password") if posted.get("password") == "right" else WRONG()


@dataclass
class Tablet:
    """One person's session at one tablet."""

    plant: SpecPlant
    who: PersonRow
    language: str = "zh-hans"
    session: dict[str, Any] = field(default_factory=dict)

    def shown(self, verb: str, **given: str) -> HttpResponse:
        """The form as it is first shown."""
        return self.asked(RequestFactory().get(f"/{self.language}/act/{verb}", given), acting.act, verb)

    def sent(self, verb: str, given: Mapping[str, str], typed: Typed, *, answer: str = "now") -> HttpResponse:
        address = f"/{self.language}/act/{verb}?" + "&".join(f"{name}={value}" for name, value in given.items())
        factory = RequestFactory(headers={"Yimai-Act": answer})
        return self.asked(factory.post(address, {**given, **typed}), acting.act, verb)

    def does(self, verb: str, given: Mapping[str, str], typed: Typed) -> tuple[Entry, ...]:
        """Fill it in, let everybody who must sign do so, and return what was recorded beside the signatures."""
        page = self.shown(verb, **given)
        assert page.status_code == 200, page.status_code
        command = {"command": hidden(page, "command"), "seen": hidden(page, "seen")}
        answered = self.sent(verb, given, {**command, **typed})
        if answered["Yimai-Answer"] == "sign":
            assert answered.status_code == 200
            people = set(re.findall(r'name="sign-([a-z0-9-]+)-password"', answered.content.decode()))
            passwords = {f"sign-{person}-password": "right" for person in people}
            again = {**command, **typed, "record": hidden(answered, "record"), **passwords}
            answered = self.sent(verb, given, again)
        text = re.sub(r"<[^>]+>|\s+", " ", answered.content.decode())
        assert (answered.status_code, answered["Yimai-Answer"]) == (200, "done"), text[:1500]
        found = (entry for _, entry in self.plant.ledger.entries() if entry.command == command["command"])
        return tuple(entry for entry in found if entry.kind != "signing.signature_given.v1")

    def asked(self, request: Any, view: Any, *arguments: str) -> HttpResponse:
        request.who, request.session = self.who, self.session
        with translation.override(self.language):
            answer: HttpResponse = view(request, *arguments)
        return answer


def hidden(response: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, name
    return found[1]


def refused(answer: HttpResponse, code: str) -> str:
    """The text of a form that came back with this refusal."""
    text = answer.content.decode()
    assert answer.status_code == 422, text[-3000:]
    assert f'data-code="{code}"' in text, re.findall(r'data-code="([^"]*)"', text)
    return text
