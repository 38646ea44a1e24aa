"""Measured and recipe: for those who plan and release at the base, with a draft to download, and nothing changed by it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from tests.planning.measured import measured

from yimai.interfaces.files.reading import read_recipe
from yimai.interfaces.web import calibration
from yimai.planning.study import Study
from yimai.projections import time_study


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    calibration.found.finish()


def shown(monkeypatch: pytest.MonkeyPatch, browser: Client, study: Study, path: str = "/en/calibration") -> str:
    monkeypatch.setattr(time_study, "study", lambda *_: study)
    monkeypatch.setattr(time_study, "extent", lambda *_: (len(study.runs), id(study)))
    browser.get(path)
    calibration.found.settle()
    return browser.get(path).content.decode()


def test_the_page_shows_both_with_pictures_marks_what_is_assumed_and_offers_a_draft(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scheduler = as_role("scheduler")
    assert "/en/calibration" in scheduler.get("/en/").content.decode()
    page = shown(monkeypatch, scheduler, measured(40, factors={"wash": 1.6}))
    assert "Values of the recipe that lie outside what was measured: 1." in page
    assert page.count('class="measured-picture"') > 40
    assert page.count("Differs from the recipe") == 1
    assert page.count('class="tag assumed"') > 40
    assert "实测与工艺规程" in shown(monkeypatch, scheduler, measured(40), "/zh-hans/calibration")
    shown(monkeypatch, scheduler, measured(40, factors={"wash": 1.6}))
    answer = scheduler.get("/en/calibration/draft")
    assert answer["Content-Disposition"] == 'attachment; filename="cd19-cart-2-draft.json"'
    file = tmp_path / "draft.json"
    file.write_bytes(answer.content)
    assert read_recipe(file).recipe.version == "2"
    assert json.loads(scheduler.get("/en/calibration/draft").content)["version"] == "2"


def test_where_nothing_differs_there_is_no_draft_and_few_values_are_called_few(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = as_role("qa")
    assert "nothing is proposed" in shown(monkeypatch, quality, measured(40))
    assert quality.get("/en/calibration/draft").status_code == 302
    page = shown(monkeypatch, quality, measured(6, factors={"wash": 3.0}))
    assert "Too little was measured yet" in page
    assert 'class="measured-picture"' not in page


def test_others_do_not_see_it(as_role: Callable[[str], Client]) -> None:
    for role in ("nurse", "physician", "courier", "operator", "administrator"):
        assert as_role(role).get("/en/calibration").status_code == 403, role
        assert as_role(role).get("/en/calibration/draft").status_code == 403, role
