"""`yimai bench web`: that it measures every page, says so in JSON, and leaves nothing behind. How fast they are, is never asserted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from tests.wiring.test_bench_ledger import PROGRAM, environment

from yimai.domain.person import Role
from yimai.interfaces.web.urls import urlpatterns
from yimai.wiring import bench_pages


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short path: the browser's sockets lie in it."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_quick_run_measures_every_page_and_writes_it_as_json(tmp_path: Path, place: Path) -> None:
    file = tmp_path / "figures.json"
    ran = subprocess.run(
        [*PROGRAM, "bench", "web", "--quick", "--json", str(file)],
        env=environment(place),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(file.read_text())
    assert found["treatments"] == 32
    names = {each["page"] for each in found["pages"]}
    assert {"treatment", "batch", "scan", "home: nurse"} <= names
    assert found["pages"][0]["page"] == bench_pages.FLOOR
    assert found["pages"][0]["floor_ratio"] == 1
    for each in found["pages"]:
        assert all(milliseconds > 0 for milliseconds in each["ms"]), each
        assert each["queries"] > 0 or each["page"] == bench_pages.FLOOR, each
        assert f"{each['median_ms']:.1f}" in ran.stdout
    figures = {each["figure"]: each["runs"] for each in found["figures"]}
    for each in (
        "scan to its answer in a form, in the browser",
        "scan to the page of what was scanned, in the browser",
        "signed on one tablet, shown on another, in the browser",
    ):
        assert [took > 0 for took in figures[each]] == [True]
    assert not list(place.iterdir())


FILES = {
    *("session", "offline", "treatment_export", "ledger_verify", "calibration_draft", "programme_file"),
    *("programme_export", "programme_brief", "target_document", "measure_document"),
}
"""Parts of pages, files, and what is asked by POST."""
WITH_FIGURES = {"moved", "counted_fact", "receipt", "register_thing"}
"""Pages that stand where something was published or entered; the bench's ledger has neither."""
NAMED_OTHERWISE = {"home": "home_of", "treatments": "today"}
"""The same page as another that is measured."""


def test_every_page_that_people_read_is_measured() -> None:
    measured = {*bench_pages.ABOUT_EVERYTHING, *bench_pages.ABOUT_ONE, *bench_pages.NUMBERS}
    measured |= {"home_of", "act", "fact", "about", "search", "scan"}
    pages = {each.name for each in urlpatterns} - FILES - WITH_FIGURES - set(NAMED_OTHERWISE)
    assert pages - measured == set(), "pages that `yimai bench web` leaves out"
    assert set(bench_pages.HOMES) == set(get_args(Role)), "every role has its home measured"
