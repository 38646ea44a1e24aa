"""Every page of every role before axe, by WCAG 2.2 AA and axe's own best practices, on an upright tablet.

A page that is the same for everybody, and the form of a verb, is opened once; whatever is shown to a role in its own way,
with each role. Axe looks at a page that holds an element of a kind, or in a place, that no page before held; where not even
what the server sent, or what scripts hang on to, is of a new kind, the browser does not open it. Languages take turns. With
YIMAI_EVERY_LANGUAGE=1 axe looks at everything, with each role, in both.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final
from wsgiref.simple_server import make_server

import psycopg
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from lxml import etree
from lxml.html import document_fromstring
from tests.pages.axe import wrong_with
from tests.pages.bench_site.server import Quiet, Threaded
from tests.pages.browsing import opened_browser
from tests.signing_in import PASSWORD, account_of
from tests.walks.addresses import BY_POST, FILES, LANGUAGES, Place
from tests.walks.loaded import LoadedPlant
from tests.walks.walked import walk

from yimai.domain import access
from yimai.interfaces.web.acts import FORMS
from yimai.wiring.page_access import PUBLIC, SIGNED_IN, row_of

KINDS: Final = """
() => {
  const kind = each => each === null ? "" : [each.localName, ...each.classList, each.getAttribute("role"),
    ...each.getAttributeNames().filter(name => /^(aria-|type$|disabled|hidden|open$|alt$|tabindex)/.test(name))].join(".");
  const all = [...document.querySelectorAll("*")];
  return [...new Set(all.map(each => `${kind(each)} in ${kind(each.parentElement)}`))];
}
"""
"""The kinds of elements of the page that is shown, each with the one that it stands in."""
TOLD: Final = re.compile(r"aria-|data-|hx-|role$|type$|disabled|hidden|open$|alt$|tabindex")
"""Attributes that tell kinds of elements apart before scripts have run."""
EVERY: Final = os.environ.get("YIMAI_EVERY_LANGUAGE") == "1"
TABLET: Final = {"width": 820, "height": 1180}
OWN: Final = ("home", "home_of")
"""Pages that everybody has, and each in his own way."""


@pytest.fixture(scope="module")
def address(plant: LoadedPlant) -> Iterator[str]:
    with make_server("127.0.0.1", 0, WSGIHandler(), Threaded, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


def page_of(browser: Any, address: str, client: Client | None = None) -> Any:
    """A tablet at which the client's person is signed in, or nobody."""
    context = browser.new_context(viewport=TABLET, service_workers="block", reduced_motion="reduce")
    if client is not None:
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    context.set_default_timeout(20_000)
    return context.new_page()


def kinds_sent(text: str) -> set[str]:
    """The kinds of elements that the server sent, each with the one that it stands in."""
    kinds: dict[Any, str] = {None: ""}
    found = set[str]()
    for each in (
        document_fromstring(text).iter(etree.Element) if text else ()
    ):  # an answer that leads elsewhere is empty
        classes, role = (each.get("class") or "").split(), each.get("role") or ""
        kinds[each] = ".".join((str(each.tag), *classes, role, *filter(TOLD.match, each.keys())))
        found.add(f"{kinds[each]} in {kinds[each.getparent()]}")
    return found


def looked_at_once(place: Place) -> tuple[str, ...]:
    """By what a page is known that is the same for whoever opens it; () for what each role is shown in its own way."""
    row = row_of(place.name, {"verb": place.about, "noun": place.about})
    if EVERY or place.name in OWN:
        return ()
    if place.name == "act" or row in (PUBLIC, SIGNED_IN):
        return (place.name, place.about, *place.paths[0].partition("?")[2:])
    given = access.ROWS[row, access.PERFORMER].cells.values() if row is not None else ()
    of_no_site = all(not each or each == {"no_site"} for each in given)
    return (place.name, place.about) if of_no_site else ()


def test_axe_finds_nothing_on_any_page_of_any_role(plant: LoadedPlant, browser: Any, address: str) -> None:
    wrong: dict[str, list[str]] = {}
    walked: list[Place] = []
    once, sent, kinds, opened, looked = set[tuple[str, ...]](), set[str](), set[str](), 0, 0
    for role, there in groupby(walk(plant).places, lambda each: each.place.role):
        page = page_of(browser, address, plant.client(role, proven=True))
        for place, shown, text in ((each.place, each.shown, each.text) for each in there):
            known = looked_at_once(place)
            if place.name in FILES | BY_POST or known in once:
                continue
            once |= {known} - {()}
            walked.append(place)
            of_server = {f"{place.language} {each}" for each in kinds_sent(text)} - sent
            if not of_server and not EVERY:
                continue
            sent |= of_server
            opened += 1
            page.goto(address + (shown or place.paths[-1]))
            page.wait_for_function("() => !document.querySelector('[hx-trigger=load]')")
            new = {f"{place.language} {each}" for each in page.evaluate(KINDS)} - kinds
            if not new and not EVERY:
                continue
            kinds |= new
            looked += 1
            if found := wrong_with(page):
                wrong[f"{role} {shown}"] = found
        page.context.close()
    print(f"\n{len(walked)} pages walked, {opened} opened, {looked} looked at by axe, {len(wrong)} with violations")
    assert {each.partition(" ")[0] for each in kinds if "section.expectation" in each} == set(LANGUAGES)
    assert wrong == {}
    assert {place.about for place in walked if place.name == "act"} == set(FORMS)
    assert {place.language for place in walked} == set(LANGUAGES)
    assert {place.role for place in walked} == set(plant.people)


def test_every_form_of_every_role_is_among_them(plant: LoadedPlant) -> None:
    """As a form: whatever its address must tell it is told, for a treatment or a thing that the role's person sees."""
    forms = [each for each in walk(plant).places if each.place.name == "act"]
    opened = {(place.role, place.about) for place in (each.place for each in forms)}
    shown = {(each.place.role, each.place.about) for each in forms if each.shown}
    assert sorted(opened - shown) == []
    assert {verb for _, verb in shown} == set(FORMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nor_while_something_is_refused_signed_and_done(
    plant: LoadedPlant, browser: Any, address: str, language: str
) -> None:
    qa = plant.people["qa"].person
    account_of(qa, PASSWORD)
    page = page_of(browser, address, plant.client("qa"))
    treatment = going(plant)[LANGUAGES.index(language)]
    button = "form[data-act] button.primary[type=submit]"
    page.goto(f"{address}/{language}/act/treatment.hold?treatment={treatment}")
    page.click(button)
    page.wait_for_selector("[data-bound] .problem, [data-bound] [role=alert]")
    wrong = {"refused": wrong_with(page)}
    page.locator("[name=reason]").first.check(force=True)
    page.click(button)
    page.wait_for_selector("fieldset[data-signer]")
    wrong["to be signed"] = wrong_with(page)
    page.fill(f"[name=sign-{qa}-person]", qa)
    page.fill(f"[name=sign-{qa}-password]", "wrong")
    with page.expect_response(lambda response: response.status == 422):
        page.click(button)
    page.wait_for_selector("fieldset[data-signer] [role=alert]")
    wrong["wrongly signed"] = wrong_with(page)
    page.fill(f"[name=sign-{qa}-person]", qa)
    page.fill(f"[name=sign-{qa}-password]", PASSWORD)
    page.click(button)
    page.wait_for_url(lambda url: "/act/" not in url)
    wrong["done"] = wrong_with(page)
    page.goto(f"{address}/{language}/ledger")
    page.click("main form button")
    page.wait_for_url(lambda url: url.endswith("/verify"))
    wrong["verified"] = wrong_with(page)
    page.context.close()
    assert {what: found for what, found in wrong.items() if found} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nor_on_the_pages_of_whoever_is_turned_away(
    plant: LoadedPlant, browser: Any, address: str, language: str
) -> None:
    account_of("operator-02", PASSWORD)
    page = page_of(browser, address)
    wrong: dict[str, list[str]] = {}

    def look(what: str, status: int, path: str) -> None:
        assert page.goto(f"{address}/{language}/{path}").status == status, what
        wrong[what] = wrong_with(page)

    look("sign in", 200, "account/sign-in")
    page.fill("#person", "operator-02")
    page.fill("#password", "wrong")
    with page.expect_navigation():
        page.click("form:has(#password) button")
    wrong["refused"] = wrong_with(page)
    page.fill("#password", PASSWORD)
    page.click("form:has(#password) button")
    page.wait_for_url(f"{address}/{language}/")
    look("closed", 403, "account/administration")
    look("nothing here", 404, "treatment/T000000000")
    look("unknown form", 404, "act/nothing.at_all")
    page.context.close()
    assert {what: found for what, found in wrong.items() if found} == {}


def test_axe_would_find_it(plant: LoadedPlant, browser: Any, address: str) -> None:
    page = page_of(browser, address)
    page.goto(f"{address}/en/account/sign-in")
    page.evaluate("document.querySelector('label[for=person]').remove()")
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate("document.body.style.minWidth = '900px'")
    found = {each.partition(":")[0] for each in wrong_with(page)}
    page.context.close()
    assert found >= {"label", "color-contrast", "wider than the screen"}


def test_axe_would_find_it_in_the_last_row_of_a_long_table(plant: LoadedPlant, browser: Any, address: str) -> None:
    """Where contrast is looked at in one of all rows that are alike."""
    page = page_of(browser, address, plant.client("planner"))
    page.goto(f"{address}/en/register")
    rows = page.locator("main table").last.locator("tbody tr")
    assert rows.count() > 5
    assert wrong_with(page) == []
    rows.last.locator("td").last.evaluate("cell => { cell.textContent = 'pale'; cell.style.color = '#ccc'; }")
    found = wrong_with(page)
    page.context.close()
    assert [each.partition(":")[0] for each in found] == ["color-contrast"]
    assert "pale" in found[0]


def going(plant: LoadedPlant) -> list[str]:
    """Treatments that are neither held nor ended."""
    with psycopg.connect(plant.url) as connection:
        rows = connection.execute(
            "SELECT treatment FROM projection.treatment_board WHERE state = '' AND held = '' AND stage = 'follow_up'"
        ).fetchall()
    return [row[0] for row in rows]
