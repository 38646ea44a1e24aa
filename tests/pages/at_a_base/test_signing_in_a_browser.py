"""Two people sign at one tablet, in gloves: whoever mistypes types again, and nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.journeys.house import ServedHouse
from tests.pages.browsing import keep_picture
from tests.signing_in import PASSWORD, account_of, signed_in
from tests.spec.harness import SpecPlant

SIGN = "form[data-act] button.primary[type=submit]"


def tablet_of(house: ServedHouse, browser: Any, person: str) -> Any:
    session = signed_in(Client(SERVER_NAME="localhost"), person).cookies["sessionid"].value
    context = browser.new_context(base_url=house.address, viewport={"width": 820, "height": 1180}, has_touch=True)
    context.add_cookies([{"name": "sessionid", "value": session, "url": house.address}])
    return context.new_page()


@pytest.mark.parametrize(("language", "told"), [("zh-hans", "的密码不正确"), ("en", "The password of")])
@pytest.mark.parametrize("mistyped", [0, 1])
def test_only_the_wrong_password_is_typed_again(
    house: ServedHouse, plant: SpecPlant, browser: Any, language: str, told: str, mistyped: int
) -> None:
    journey = plant.treatment("labelled")
    first = journey.at_hospital("nurse")
    second = journey.at_hospital("nurse", without=(first,))
    for person in (first, second):
        account_of(person, PASSWORD)
    page = tablet_of(house, browser, first)
    page.goto(f"/{language}/act/collection.start?treatment={journey.treatment}")
    page.fill("[name=wristband]", journey.wristband)
    page.select_option("[name=verifier]", second)
    page.click(SIGN)
    page.wait_for_selector("fieldset[data-signer]")
    typed = [PASSWORD, PASSWORD]
    typed[mistyped] = "not-it"
    for person, password in zip((first, second), typed, strict=True):
        page.fill(f"[name=sign-{person}-person]", person)
        page.fill(f"[name=sign-{person}-password]", password)
    with page.expect_response(lambda response: response.status == 422) as answered:
        page.click(SIGN)
    assert PASSWORD not in answered.value.text(), "no password goes into a page that the server draws"
    wrong, right = ((first, second), (second, first))[mistyped]
    page.wait_for_selector(f"fieldset[data-signer={wrong}] [role=alert]")
    assert page.locator("fieldset[data-signer] [role=alert]").count() == 1
    said = page.locator(f"fieldset[data-signer={wrong}] [role=alert]").inner_text()
    assert told in said
    assert wrong in said
    values = {person: page.locator(f"[name=sign-{person}-password]").input_value() for person in (first, second)}
    assert values == {wrong: "", right: PASSWORD}
    assert page.locator(f"[name=sign-{wrong}-person]").input_value() == wrong
    assert page.evaluate("document.activeElement.name") == f"sign-{wrong}-password"
    keep_picture(page, f"one-wrong-password-{mistyped}-{language}")
    page.keyboard.type(PASSWORD)
    page.click(SIGN)
    page.wait_for_url(lambda url: "/act/" not in url)
    assert "collection.started.v1" in [each.kind for each in plant.entries("treatment", journey.treatment)]
    page.context.close()
