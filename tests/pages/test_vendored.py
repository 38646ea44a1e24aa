"""What others wrote and we serve is exactly what they published, with its licence, and each file is accounted for."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from tests.pages.messages import WEB

VENDOR = WEB / "static" / "vendor"
ENTRIES = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["file"] for entry in ENTRIES])
def test_a_vendored_file_is_what_its_author_published(entry: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"] in entry["source"]
    assert len((VENDOR / entry["text"]).read_text(encoding="utf-8")) > 500
    assert entry["licence"] in {"0BSD", "MIT", "Apache-2.0"}


def test_every_vendored_file_is_listed() -> None:
    listed = {"manifest.json"} | {entry[key] for entry in ENTRIES for key in ("file", "text")}
    assert {path.name for path in VENDOR.iterdir()} == listed


def test_the_detector_was_made_for_exactly_this_webassembly() -> None:
    detector = (VENDOR / "barcode-detector.min.js").read_text(encoding="utf-8")
    (wanted,) = re.findall(r"=`([0-9a-f]{64})`", detector)
    (wasm,) = (entry for entry in ENTRIES if entry["name"] == "zxing-wasm")
    assert wanted == wasm["sha256"]
    assert f"=`{wasm['version']}`" in detector
