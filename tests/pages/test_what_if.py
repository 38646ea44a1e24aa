"""What if: planner and scheduler compare changes of the base, in the background and with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from yimai.interfaces.web import what_if


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
    assert "assumed" in page
    assert "如果" in planner.get("/zh-hans/what-if?change=night&change=demand").content.decode()


def test_what_is_no_change_is_left_out_and_others_do_not_ask(as_role: Callable[[str], Client]) -> None:
    assert "Side by side" not in as_role("scheduler").get("/en/what-if?change=magic").content.decode()
    for role in ("nurse", "operator", "administrator"):
        assert as_role(role).get("/en/what-if").status_code == 403, role
