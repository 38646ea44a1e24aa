"""How large each label is, and how it is set out; in millimetres, for stocks that are sold everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from yimai.domain.label import Carrier


@dataclass(frozen=True, slots=True)
class Layout:
    """One label's measures.

    form: how ``label.typ`` sets it out. module: the side of the matrix's modules, a multiple of 0.25, so that it is a
    whole number of dots at 8 and at 12 dots a millimetre. cap: the height of the identifier's capitals. size: of the
    lines' letters. columns: of the lines. bar: the height of the title bar, or 0.
    """

    width: int
    height: int
    form: Literal["sheet", "tube", "band"]
    module: float
    cap: float
    size: float
    columns: int = 2
    bar: float = 0


LAYOUTS: Final[Mapping[Carrier, Layout]] = {
    "wristband": Layout(160, 25, "band", 1, 3.5, 4.5),
    "collection_bag": Layout(100, 100, "sheet", 1.25, 5.5, 4, 2, 10),
    "container": Layout(100, 75, "sheet", 1, 4.5, 3.4, 2, 8),
    "sample": Layout(60, 30, "tube", 0.75, 3.25, 2.2),
    "final_bag": Layout(100, 100, "sheet", 1, 5, 3.8, 2, 8),
    "shipper": Layout(100, 150, "sheet", 1.25, 5, 5, 1, 12),
}
