"""What if: planner and scheduler compare changes of the base, in the background and with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from django.test import Client, RequestFactory
from tests.pages.tablets import bench_opened
from tests.pages.test_homes import at, person_of
from tests.spec.harness import founding

from yimai.actions import approval
from yimai.interfaces.web import what_if
from yimai.planning.change import CHANGES
from yimai.planning.simulate import Estimate, Simulated
from yimai.planning.whatif import FIGURES, Compared
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture(autouse=True)
def a_short_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(what_if, "YEARS", 0.5)
    monkeypatch.setattr(what_if, "PATIENCE", 0.0)
    monkeypatch.setattr(what_if, "REPLICATIONS", 3)
    yield
    what_if.found.finish()


def test_a_planner_compares_two_changes_beside_the_base_as_it_is(as_role: Callable[[str], Client]) -> None:
    planner = as_role("planner")
    assert "/en/what-if" in planner.get("/en/").content.decode()
    first = planner.get("/en/what-if").content.decode()
    assert 'value="night"' in first
    assert "Side by side" not in first
    path = "/en/what-if?change=night&change=demand"
    waiting = planner.get(path)
    assert waiting.status_code == 200
    assert "<progress" in waiting.content.decode() or "Side by side" in waiting.content.decode()
    what_if.found.settle()
    page = planner.get(path).content.decode()
    assert "Side by side" in page
    assert page.count('class="interval') == 2 * 10
    assert "±" in page
    for each in ("clearly better", "clearly worse", "neither better nor worse", "may be chance"):
        assert each in page[page.index('class="legend intervals"') :]
    assert 'Cost of a therapy <span class="soft">US dollars</span>' in page
    assert "assumed" in page
    assert "如果" in planner.get("/zh-hans/what-if?change=night&change=demand").content.decode()


def test_a_bar_is_grey_only_where_chance_may_explain_it() -> None:
    figures = {figure.name: figure for figure in FIGURES}
    cases = (
        ("use.suites", Estimate(-0.016, -0.02, -0.012), "other", "\u22121.6 ± 0.4"),
        ("use.suites", Estimate(-0.016, -0.02, 0.01), "", "\u22121.6 ± 1.5"),
        ("cost", Estimate(879.0, 656.0, 1101.0), "bad", "+879 ± 222"),
        ("vein.q50", Estimate(-0.1, -0.2, -0.05), "", "0.0 ± 0.0"),
    )
    for name, estimate, tone, text in cases:
        changed = Compared(CHANGES["night"], cast(Simulated, None), {name: estimate}, CHANGES["night"].title)
        drawn = what_if._interval(changed, figures[name], 1.0)
        assert (drawn.tone, drawn.text) == (tone, text)


def test_what_is_no_change_is_left_out_and_others_do_not_ask(as_role: Callable[[str], Client]) -> None:
    assert "Side by side" not in as_role("scheduler").get("/en/what-if?change=magic").content.decode()
    for role in ("nurse", "operator", "administrator"):
        assert as_role(role).get("/en/what-if").status_code == 403, role


def test_what_runs_is_stopped_and_the_page_says_so(postgres: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_if, "REPLICATIONS", 10**6)
    path = "/en/what-if?change=night"
    with bench_opened(postgres) as plant:
        scheduler = replace(at(plant, person_of(plant, "scheduler")), language="en")
        waiting = scheduler.asked(RequestFactory().get(path), what_if.what_if).content.decode()
        assert '<form method="post" action="/en/what-if?change=night">' in waiting
        assert 'hx-select="#answer"' in waiting
        assert 'name="change"' not in waiting.split('id="answer"')[1], "what is drawn anew takes away no tick"
        answer = scheduler.asked(RequestFactory().post(path), what_if.what_if)
        assert answer.status_code == 302
        what_if.found.settle()
        page = scheduler.asked(RequestFactory().get(answer["Location"]), what_if.what_if).content.decode()
        assert "Stopped after " in page
        assert not what_if._stopped
        assert "<progress" not in page


def test_where_a_base_has_several_recipes_one_is_chosen(postgres: EmbeddedDatabase) -> None:
    other = {**founding().recipe, "recipe": "bcma-cart", "title": {"zh": "另一规程", "en": "The other recipe"}}
    with bench_opened(postgres) as plant:
        plant.asks(approval.approve_recipe, "qualified-person-01", "lingang", content=other)
        plant.ledger.seal()
        scheduler = replace(at(plant, person_of(plant, "scheduler")), language="en")
        first, chosen = (
            scheduler.asked(RequestFactory().get(f"/en/what-if?{given}"), what_if.what_if).content.decode()
            for given in ("", "recipe=cd19-cart")
        )
        assert '<option value="bcma-cart" selected>The other recipe' in first
        assert '<option value="cd19-cart" selected>' in chosen
