"""Plans and results in the forms in which other systems take and give them; which one a file is, its first bytes tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from yimai.domain.plan_rows import in_order
from yimai.domain.recipe import Words
from yimai.domain.register import Row
from yimai.interfaces.files import csvw, iati, iati_reading, sdmx
from yimai.interfaces.files.exchange_names import refuse
from yimai.projections.plan_exchange import Exchange

WRITERS: Final[Mapping[str, Callable[[Exchange], bytes]]] = {
    "iati": iati.write,
    "sdmx": sdmx.write,
    "csvw": csvw.write,
}


def write(form: str, exchange: Exchange) -> bytes:
    """The file in this form. Raises KeyError for one that is not known."""
    return WRITERS[form](exchange)


def left_out(raw: bytes) -> Words | None:
    """What of a file that was read (``read_plans``) is not taken in, in words; None where everything is."""
    return sdmx.left_out(raw) if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else None


def is_exchange(raw: bytes) -> bool:
    """Whether this is a file of plans, not a table of the register."""
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start in (b"<", b"{") or (raw.startswith(b"PK") and csvw.METADATA.encode() in raw)


def read_plans(file: Path, raw: bytes) -> tuple[Row, ...]:
    """The rows that the file holds, in an order in which each may stand on those before it. Raises ``FileRefused``."""
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return in_order(iati_reading.read_iati(file, raw))
    if start == b"{":
        return in_order(sdmx.read_sdmx(file, raw))
    if raw.startswith(b"PK"):
        return in_order(csvw.read_csvw(file, raw))
    return refuse(
        file,
        1,
        "不是 IATI（XML）、SDMX-JSON 或 CSVW（ZIP）文件",
        "this is no file of IATI (XML), SDMX-JSON or CSVW (ZIP)",
    )
