"""People at browsers: each signs in, finds his task, fills in its form, signs, and lets a second person sign beside him."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from tests.journeys.house import ServedHouse
from tests.journeys.typing_in import FIRST, typed_in
from tests.pages.browsing import keep_picture
from tests.signing_in import PASSWORD, account_of
from tests.spec.harness import SpecPlant, founding

from yimai.actions.decision import Answer, Done
from yimai.actions.verbs import name_of
from yimai.domain.base import base_from
from yimai.domain.fact import Quantity
from yimai.domain.recipe_content import recipe_from
from yimai.domain.refusal import Refusal
from yimai.domain.refusals import REFUSALS
from yimai.interfaces.plant.founding import PLANNER

TABLET = {"width": 820, "height": 1180}
DESKTOP = {"width": 1440, "height": 900}
BENCH_ROLES = ("nurse", "courier", "operator", "physician")
ZONE = ZoneInfo("Asia/Shanghai")
UNSTUCK = ".top, .action-bar { position: static !important; }"
"""What sticks to the window would lie across a picture of the whole page."""


@dataclass
class Album:
    """Pictures of what was done, kept where YIMAI_MANUAL names a folder; from them the manual is made."""

    journey: str
    language: str
    taken: int = 0

    def take(self, page: Any, person: str, verb: str, moment: str) -> None:
        folder = os.environ.get("YIMAI_MANUAL")
        if not folder:
            return
        self.taken += 1
        name = f"{self.journey}-{self.taken:03d}-{role_of(person)}-{verb}-{moment}.png"
        (Path(folder) / self.language).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / self.language / name, full_page=True, style=UNSTUCK)


def role_of(person: str) -> str:
    """The first role of somebody whom the base's file registers; the city's planner stands in the founding."""
    found = (each.roles[0] for each in base_from(founding().base).people if each.id == person)
    return "planner" if person == PLANNER else next(found)


@dataclass
class Person:
    """Somebody at a browser of his own. followed: how many tasks he began from a link that the pages showed him."""

    identifier: str
    page: Any
    house: ServedHouse
    language: str
    album: Album
    followed: int = 0
    addressed: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        self.page.goto(f"{self.house.address}/{self.language}/account/sign-in")
        self.page.fill("#person", self.identifier)
        self.page.fill("#password", PASSWORD)
        self.page.click("form.typed button[type=submit]")
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    def look(self, path: str) -> None:
        self.page.goto(f"{self.house.address}/{self.language}/{path}")

    def see(self, path: str, page: str) -> None:
        """Look at a page that is no form, and keep its picture for the manual under ``page.`` and this name."""
        self.look(path)
        self.album.take(self.page, self.identifier, f"page.{page}", "seen")

    def begin(self, verb: str, arguments: Mapping[str, Any]) -> None:
        """Come to the verb's form as the pages lead there; where none does, by its address."""
        places = ["", *([f"treatment/{arguments['treatment']}"] if arguments.get("treatment") else [])]
        for place in places:
            self.look(place)
            links = self.page.locator(f'a[href*="/act/{verb}"]')
            for number in range(links.count()):
                link = links.nth(number)
                if _leads_there(link.get_attribute("href"), verb, arguments) and link.is_visible():
                    self.album.take(self.page, self.identifier, verb, "task")
                    link.click()
                    self.page.wait_for_selector("form[data-act]")
                    self.followed += 1
                    return
        self.addressed.append(verb)
        given = {name: value for name, value in arguments.items() if isinstance(value, str) and value}
        self.page.goto(f"{self.house.address}/{self.language}/act/{verb}?{urlencode(given, quote_via=quote)}")

    def do(self, verb: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
        """Fill in the form and sign it; return the server's word (done, refused, conflict) and the refusal's code."""
        try:
            return self._do(verb, arguments)
        except Exception as problem:
            keep_picture(self.page, f"stuck-{self.identifier}-{verb}")
            raise AssertionError(
                f"{self.identifier} is stuck with {verb} {dict(arguments)} at {self.page.url}"
            ) from problem

    def _do(self, verb: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
        self.begin(verb, arguments)
        enter_all(self.page, typed_in(verb, arguments, self.house.clock()))
        self.album.take(self.page, self.identifier, verb, "filled")
        answer = self._send("form[data-act] button.primary[type=submit]")
        while answer == "sign":
            self._sign(verb)
            self.album.take(self.page, self.identifier, verb, "sign")
            answer = self._send("form[data-act] button.primary[type=submit]")
        code = ""
        if answer != "done":
            told = self.page.locator("[role=alert][data-code]")
            code = (
                (told.first.get_attribute("data-code") or "")
                if told.count()
                else self.page.locator("main").inner_text()
            )
            self.album.take(self.page, self.identifier, verb, "refused")
        else:
            self.page.goto(
                f"{self.house.address}/static/web/mark.svg"
            )  # a page that nobody looks at still asks whether the server is well
        return answer, code

    def _sign(self, verb: str) -> None:
        for number in range(self.page.locator("fieldset[data-signer]").count()):
            signer = self.page.locator("fieldset[data-signer]").nth(number)
            person = signer.get_attribute("data-signer") or ""
            account_with_password(person)
            name = signer.locator(f'[name="sign-{person}-person"]')
            if name.count():
                name.fill(person)
            signer.locator(f'[name="sign-{person}-password"]').fill(PASSWORD)
            if person.startswith("second-person"):
                self.album.take(self.page, person, verb, "sign")

    def _send(self, button: str) -> str:
        with self.page.expect_response(
            lambda response: "/act/" in response.url and response.request.method == "POST"
        ) as sent:
            self.page.locator(button).first.click()
        answer = str(sent.value.headers.get("yimai-answer", f"status {sent.value.status}"))
        if answer == "done":
            self.page.wait_for_url(lambda url: "/act/" not in url)
        else:
            self.page.wait_for_selector(
                "form[data-act][data-bound]" if answer in ("refused", "conflict") else "fieldset[data-signer]"
            )
        return answer


class BrowserPlant(SpecPlant):
    """A plant whose people do everything on pages; what they did is read back from the ledger.

    in_browser: else commands go to the ledger at once, to come to where a journey begins. only: nouns whose verbs are
    done on pages, where that is not all of them. keeps_pages: whether browsers keep pages for when there is no connection.
    """

    def __init__(self, house: ServedHouse, browser: Any, language: str, journey: str) -> None:
        files = founding()
        super().__init__(house.ledger, house.clock, recipe_from(files.recipe), base_from(files.base))
        self.house, self.browser, self.language = house, browser, language
        self.album = Album(journey, language)
        self.people: dict[str, Person] = {}
        self.in_browser = self.keeps_pages = True
        self.only: tuple[str, ...] = ()
        self.without_form: list[str] = []

    def ask(self, act: Callable[..., Answer], actor: str, site: str, /, **arguments: Any) -> Answer:
        from yimai.interfaces.web.acts import FORMS

        verb = name_of(act)
        on_pages = self.in_browser and (not self.only or verb.partition(".")[0] in self.only)
        if on_pages and verb not in FORMS:
            self.without_form.append(verb)
        if not on_pages or verb not in FORMS:
            return super().ask(act, actor, site, **arguments)
        before = self.house.written_until_now()
        answer, code = self.person(actor).do(verb, arguments)
        if answer == "done":
            return Done(self.house.written_after(before))
        assert code in REFUSALS, f"{verb} by {actor}: {answer}: {code}"
        return Refusal(REFUSALS[code], Anything())

    def leave(self) -> None:
        """Everybody closes his browser, from a page that asks the server for nothing any more."""
        pages = [person.page for person in self.people.values()]
        for page in pages:
            page.goto("about:blank")
        if pages:
            pages[-1].wait_for_timeout(300)
        for page in pages:
            page.context.close()
        self.people.clear()

    def person(self, identifier: str) -> Person:
        if identifier not in self.people:
            account_with_password(identifier)
            bench = any(role in identifier for role in BENCH_ROLES)
            context = self.browser.new_context(
                viewport=TABLET if bench else DESKTOP,
                locale="zh-CN" if self.language == "zh-hans" else "en-GB",
                timezone_id="Asia/Shanghai",
                reduced_motion="reduce",
                service_workers="allow" if self.keeps_pages else "block",
            )
            context.set_default_timeout(20_000)
            self.people[identifier] = Person(identifier, context.new_page(), self.house, self.language, self.album)
            self.people[identifier].sign_in()
        return self.people[identifier]


class Anything(dict[str, str]):
    """Details of a refusal that only the page has told."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def account_with_password(person: str) -> None:
    from yimai.interfaces.accounts.models import Account

    if not Account.objects.filter(person=person).exists():
        account_of(person, PASSWORD)


def enter_all(page: Any, fields: Mapping[str, Any]) -> None:
    """Fill in the form's fields, and tick what one must have looked at."""
    page.evaluate("document.querySelectorAll('form[data-act] details').forEach(each => { each.open = true })")
    for name, value in fields.items():
        if value not in ("", None, (), b"", []):
            enter(page, name, value)
    for tick in page.locator("form[data-act] .tile.tick input").all():
        if tick.get_attribute("name") not in (*fields, "again"):
            tick.check()


def enter(page: Any, name: str, value: Any) -> None:
    """Fill in one field as a person does it, whatever kind it is; several of one name one after another."""
    fields = page.locator(f'form[data-act] [name="{name}"]')
    if (name == "treatment" or value is False) and not fields.count():
        return
    assert fields.count(), f"the form {page.url} has no field {name} for {value!r}"
    kind = kind_of(fields.first)
    if value is FIRST:
        fields.first.check()
        return
    if kind in ("radio", "checkbox"):
        for each in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
            if each is not False or kind == "radio":
                page.locator(f'form[data-act] [name="{name}"][value="{written(each)}"]').check()
    elif isinstance(value, Quantity):
        fields.first.fill(f"{value.value:f}")
        unit = page.locator(f'form[data-act] select[name="{name}.unit"]')
        if unit.count():
            unit.select_option(value.unit)
    elif kind == "file":
        fields.first.set_input_files({"name": f"{name}.csv", "mimeType": "text/csv", "buffer": value})
    else:
        for number, each in enumerate(value if isinstance(value, (list, tuple)) else (value,)):
            enter_one(page.locator(f'form[data-act] [name="{name}"]').nth(number), written(each))


def enter_one(field: Any, text: str) -> None:
    kind = kind_of(field)
    if kind == "hidden":
        assert field.input_value() == text, f"{field.input_value()} is not {text}"
    elif kind == "select":
        field.select_option(text)
    else:
        field.fill(text)
        field.blur()


def kind_of(field: Any) -> str:
    return str(field.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type"))


def written(value: Any) -> str:
    """A value as it is typed or chosen."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value.decode() if isinstance(value, bytes) else str(value)


def _leads_there(href: str | None, verb: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a link leads to this verb's form for just these things."""
    parts = urlsplit(href or "")
    given = {name: value for name, value in parse_qsl(parts.query) if name != "next"}
    return parts.path.endswith(f"/act/{verb}") and all(
        not isinstance(arguments.get(name), str) or arguments[name] == value for name, value in given.items()
    )
