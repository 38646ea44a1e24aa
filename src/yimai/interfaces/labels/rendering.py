"""A label's text drawn: PDF/A for paper, PNG for the screen, ZPL for label printers; equal text gives equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy
import pylopdf_fonts_zh_cn
import typst
import zxingcpp
from PIL import Image

from yimai.domain.identifier import grouped
from yimai.interfaces.labels import zebra
from yimai.interfaces.labels.label_text import LabelText, moment
from yimai.interfaces.labels.layout import LAYOUTS

DOTS: Final = (8, 12)
"""Dots a millimetre of label printers: what is sold as 203 and 300 dpi."""
SCREEN: Final = 10
"""Dots a millimetre of a preview."""
_INCH: Final = 25.4
_INK: Final = 128


class NotDrawn(Exception):
    """The text does not fit its label even in its smallest letters, or holds a character that no font has."""


_FONTS: Final = typst.Fonts(include_system_fonts=False, font_paths=[str(pylopdf_fonts_zh_cn.sans_path().parent)])
_TEMPLATE: Final = str(Path(__file__).with_name("label.typ"))


def pdf(text: LabelText, *, view_only: bool = False) -> bytes:
    """One page of the label's own size as PDF/A-2b, dated when the copy was issued. Raises NotDrawn."""
    inputs, issued = _inputs(text, view_only), int(text.issued.timestamp())
    with _drawing():
        return _whole(
            typst.compile(
                _TEMPLATE, font_paths=_FONTS, sys_inputs=inputs, format="pdf", pdf_standards=["a-2b"], timestamp=issued
            )
        )


def png(text: LabelText, *, view_only: bool = False) -> bytes:
    """A picture for the screen. Raises NotDrawn."""
    return picture(text, SCREEN, view_only=view_only)


def zpl(text: LabelText, dots: int) -> bytes:
    """The label for a Zebra or compatible printer of so many dots a millimetre. Raises NotDrawn.

    It is one picture, black on white: printers need no Chinese font, what was tested is what is printed dot for dot, and
    no text of ours or of anybody's reaches the printer's language.
    """
    with Image.open(BytesIO(picture(text, dots))) as image:
        ink = image.convert("L").point(lambda light: 255 if light < _INK else 0, mode="1")
    return zebra.label(ink.width, ink.height, ink.tobytes())


def picture(text: LabelText, dots: int, *, view_only: bool = False) -> bytes:
    """A PNG of so many dots a millimetre. Raises NotDrawn."""
    pdf(text, view_only=view_only)  # PDF/A alone refuses a character that no font has
    with _drawing():
        inputs = _inputs(text, view_only)
        return _whole(typst.compile(_TEMPLATE, font_paths=_FONTS, sys_inputs=inputs, format="png", ppi=dots * _INCH))


def _whole(drawn: object) -> bytes:
    """The one page that every label has."""
    if not isinstance(drawn, bytes):
        raise NotDrawn("it is too long for the label")
    return drawn


@contextmanager
def _drawing() -> Iterator[None]:
    try:
        yield
    except typst.TypstError as error:
        if "label-too-full" in str(error):
            raise NotDrawn("it is too long for the label") from error
        if "could not be displayed" in str(error):
            raise NotDrawn("no font has one of its characters") from error
        raise


def _inputs(text: LabelText, view_only: bool) -> dict[str, str]:
    given = _given(text, view_only)
    _printable(given)
    return {"label": json.dumps(given, ensure_ascii=False, sort_keys=True)}


def _printable(given: object) -> None:
    """Refuse what would print nothing or turn the line: control characters and marks of direction."""
    match given:
        case str() if not given.isprintable():
            raise NotDrawn(f"a character of {given[:40]!r} cannot be printed")
        case dict():
            for each in given.values():
                _printable(each)
        case list():
            for each in given:
                _printable(each)


def _given(text: LabelText, view_only: bool) -> dict[str, object]:
    """What ``label.typ`` reads."""
    layout = asdict(LAYOUTS[text.carrier])
    return {
        **layout,
        "matrix": list(runs(text.code)),
        "identifier": grouped(text.item),
        "treatment": grouped(text.treatment),
        "copy": f"{text.copy:02}",
        "title": asdict(text.title),
        "product": asdict(text.product),
        "lines": [asdict(line) for line in text.lines],
        "statements": [{"key": each.key, "tone": each.tone, **asdict(each.text)} for each in text.statements],
        "reason": asdict(text.reason),
        "issued": moment(text.issued).zh,
        "view-only": view_only,
    }


def runs(code: str) -> Iterator[list[tuple[int, int]]]:
    """For each row of the DataMatrix that holds the code, its runs of dark modules as half-open ranges."""
    barcode = zxingcpp.create_barcode(
        code, zxingcpp.BarcodeFormat.DataMatrix, force_square=True, gs1=code.startswith("(")
    )
    image = numpy.asarray(zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False))
    height, width = image.shape
    for y in range(height):
        row = [image[y, x] < _INK for x in range(width)]
        edges = [x for x in range(width + 1) if (x < width and row[x]) != (x > 0 and row[x - 1])]
        yield list(zip(edges[::2], edges[1::2], strict=True))
