"""A picture in ZPL: one graphic field in Zebra's own compression of hexadecimal digits, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby


def label(width: int, height: int, dots: bytes) -> bytes:
    """One label that is all picture. dots: each row from the left in whole bytes, a set bit is black."""
    row = (width + 7) // 8
    rows = [dots[start : start + row] for start in range(0, len(dots), row)]
    field = f"^GFA,{row * height},{row * height},{row},{''.join(_compressed(rows))}"
    return f"^XA^PW{width}^LL{height}^LH0,0^FO0,0{field}^FS^PQ1^XZ\n".encode("ascii")


def _compressed(rows: list[bytes]) -> Iterator[str]:
    """Each row: ``:`` if it is as the one before; else counted digits, ``,`` for zeros and ``!`` for ones up to its end."""
    before = None
    for row in rows:
        if row == before:
            yield ":"
            continue
        before = row
        digits = row.hex().upper()
        rest = digits.rstrip(digits[-1]) if digits[-1] in "0F" else digits
        yield "".join(_counted(digit, len(list(same))) for digit, same in groupby(rest))
        if len(rest) < len(digits):
            yield "," if digits[-1] == "0" else "!"


def _counted(digit: str, count: int) -> str:
    """``g``–``z`` count 20, 40 … 400, ``G``–``Y`` count 1 … 19; a digit on its own needs no count."""
    if count == 1:
        return digit
    if count > 400:
        return "z" + _counted(digit, count - 400)
    twenties, ones = divmod(count, 20)
    return (chr(ord("f") + twenties) if twenties else "") + (chr(ord("F") + ones) if ones else "") + digit
