"""Reads drawn labels with tools that share nothing with what drew them: poppler, a ZPL interpreter, a barcode reader."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy
import zxingcpp
from PIL import Image
from tests.conftest import missing_tool

RENDERER = Path(__file__).with_name("zpl_renderer")
MM_AN_INCH = 25.4


@dataclass(frozen=True)
class Word:
    """A word of a PDF and its box in millimetres from the top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def codes(image: Image.Image) -> list[str]:
    """Every matrix code in the picture, as a scanner reads it."""
    grey = numpy.asarray(image.convert("L"))
    return [each.text for each in zxingcpp.read_barcodes(grey)]


def opened(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png))
    image.load()
    return image


def page(pdf: bytes, dpi: float) -> Image.Image:
    """The PDF's only page as a picture."""
    assert _poppler("pdfinfo", "-", given=pdf).count(b"Pages:           1\n") == 1
    return opened(_poppler("pdftoppm", "-r", str(dpi), "-png", "-singlefile", "-", given=pdf))


def text_of(pdf: bytes) -> str:
    """All that stands on the PDF, without any white space: how lines break is no part of what is said."""
    return squeezed(_poppler("pdftotext", "-raw", "-", "-", given=pdf).decode())


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text)


def words_of(pdf: bytes) -> list[Word]:
    boxes = _poppler("pdftotext", "-bbox", "-", "-", given=pdf).decode()
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>'
    millimetres = MM_AN_INCH / 72
    return [Word(text, *(float(each) * millimetres for each in box)) for *box, text in re.findall(pattern, boxes)]


def ink_height(image: Image.Image, word: Word, dots: float) -> float:
    """How high, in millimetres, the letters of a word are in a picture of so many dots a millimetre."""
    dark = numpy.asarray(image.convert("L")) < 128
    inside = dark[
        round(word.top * dots) : round(word.bottom * dots), round(word.left * dots) : round(word.right * dots)
    ]
    rows = numpy.flatnonzero(inside.any(axis=1))
    return float(rows[-1] - rows[0] + 1) / dots


def _poppler(tool: str, *arguments: str, given: bytes) -> bytes:
    if shutil.which(tool) is None:
        missing_tool(f"{tool} (Debian: poppler-utils)")
    return subprocess.run([tool, *arguments], input=given, capture_output=True, check=True, timeout=60).stdout


def printed(labels: Sequence[tuple[bytes, int, int, int]]) -> list[Image.Image]:
    """What a printer makes of labels in ZPL: each with its width and height in millimetres and the dots a millimetre."""
    with tempfile.TemporaryDirectory(prefix="yimai-printed-") as folder:
        wanted = [
            {"zpl": zpl.decode("ascii"), "width": width, "height": height, "dots": dots, "to": f"{folder}/{place}.png"}
            for place, (zpl, width, height, dots) in enumerate(labels)
        ]
        subprocess.run(
            ["node", "draw.cjs"], input=json.dumps(wanted).encode(), cwd=_renderer(), check=True, timeout=300
        )
        return [opened(Path(str(each["to"])).read_bytes()) for each in wanted]


def _renderer() -> Path:
    """The interpreter's folder: installed once a machine, from the lock, where temporary files are."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            missing_tool(f"{tool} (Debian: nodejs, npm)")
    files = sorted(path for path in RENDERER.iterdir() if path.is_file())
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    ready = Path(tempfile.gettempdir()) / f"yimai-zpl-renderer-{mark}"
    if not ready.exists():
        made = Path(tempfile.mkdtemp(prefix="yimai-zpl-renderer-"))
        for path in files:
            shutil.copy(path, made)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=made, check=True, capture_output=True, timeout=300)
        try:
            made.rename(ready)
        except OSError:  # another process was quicker
            shutil.rmtree(made)
    return ready
