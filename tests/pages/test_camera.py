"""The camera where no scanner is at hand: Chromium's camera shows a label as we draw it, and the page reads it on the tablet itself.

Chromium on Linux has no barcode detector of its own, so what reads here is the vendored one, in its worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.labels.stories import told
from tests.pages.bench_site.server import Switched, serving
from tests.pages.browsing import opened_browser

from yimai.domain.label_code import label_code
from yimai.interfaces.labels import rendering

VIEW = (1280, 720)
"""A camera's picture in pixels."""


@pytest.fixture(scope="module")
def site() -> Iterator[Switched]:
    with serving() as switched:
        yield switched


@pytest.fixture(scope="module")
def browser(site: Switched, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser whose camera looks at the label of a collection bag."""
    film = tmp_path_factory.mktemp("camera") / "label.mjpeg"
    film.write_bytes(frame(rendering.png(told("plain").text("collection_bag", 1))))
    with opened_browser(camera(film)) as opened:
        yield opened


def camera(film: Path) -> tuple[str, ...]:
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )


def frame(label: bytes) -> bytes:
    """The label on a grey bench; played again and again."""
    with Image.open(BytesIO(label)) as opened:
        shown = opened.convert("RGB")
    shown.thumbnail((VIEW[0] - 80, VIEW[1] - 40), Image.Resampling.LANCZOS)
    bench = Image.new("RGB", VIEW, (120, 124, 128))
    bench.paste(shown, ((VIEW[0] - shown.width) // 2, (VIEW[1] - shown.height) // 2))
    held = BytesIO()
    bench.save(held, "JPEG", quality=90)
    return held.getvalue() * 2


def test_a_label_before_the_camera_is_a_scan_and_nothing_is_asked_outside(browser: Any, site: Switched) -> None:
    context = browser.new_context(base_url=site.address, viewport={"width": 820, "height": 1180})
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/en/bench/scan")
    page.locator("[data-camera]").first.click()
    expected = label_code(told("plain").items["collection_bag"], 1)
    page.wait_for_function("(code) => document.getElementById('bag').value === code", arg=expected, timeout=30_000)
    assert page.locator("#wristband").input_value() == "", "a bag's label goes to the bag's field alone"
    assert "scan-read" in page.locator("#bag").get_attribute("class")
    assert any("zxing_reader" in url for url in asked), "the vendored decoder read it"
    assert [url for url in asked if not url.startswith((f"{site.address}/", "blob:", "data:"))] == []
    assert complaints == []
    context.close()
