"""What the forms of exchange have in common: units that other systems know, and what may not be larger than it is."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NoReturn

from yimai.domain.recipe import Words
from yimai.interfaces.files.mistake import FileRefused, Mark, Mistake

FEN: Final = "fen"
YUAN: Final = "CNY"
"""As ISO 4217 has it. Facts count fen; a file for others gives yuan, with two decimals."""
LARGEST: Final = 8 * 1024 * 1024
NOT_A_NUMBER: Final = Words("不是整数（金额为两位小数）", "is no whole number (of money: two decimals)")


def unit_out(unit: str) -> str:
    return YUAN if unit == FEN else unit


def unit_in(unit: str) -> str:
    return FEN if unit == YUAN else unit


def number_out(value: int, unit: str) -> str:
    return str(Decimal(value).scaleb(-2)) if unit == FEN else str(value)


def number_in(text: str, unit: str) -> str:
    """The whole number that facts hold, as text. Raises ValueError where it is none."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite() or abs(number.adjusted()) > 17:
        raise ValueError(text)
    whole = number.scaleb(2) if unit == FEN else number
    if whole != whole.to_integral_value():
        raise ValueError(text)
    return str(int(whole))


def mistake(file: Path, line: int, zh: str, en: str, column: int = 1) -> Mistake:
    return Mistake(file, Mark(max(line, 1), column), Words(zh, en))


def refuse(file: Path, line: int, zh: str, en: str) -> NoReturn:
    raise FileRefused([mistake(file, line, zh, en)])
