"""UCUM units (case-sensitive codes) understood through pint: whether a code is one, whether two measure the same."""

from __future__ import annotations

import re
from functools import cache

import pint

TOKEN = re.compile(
    r"(?P<annotation>\{[^{}]*\})|(?P<power>10[*^](?P<exponent>[-+]?\d{1,2}))|(?P<number>\d+)|(?P<sign>[./()])"
    r"|(?P<code>\[[A-Za-z]+\]|%|[A-Za-z]+)(?P<raised>[-+]?\d)?",
    re.ASCII,
)
CODES = {
    "%": "percent",
    "Cel": "delta_degree_Celsius",
    "[iU]": "ucum_international_unit",
    "[EU]": "ucum_endotoxin_unit",
    "wk": "week",
    "d": "day",
    "h": "hour",
    "min": "minute",
    "s": "second",
    "a": "julian_year",
    "L": "litre",
    "l": "litre",
    "g": "gram",
    "m": "metre",
    "mol": "mole",
    "Pa": "pascal",
    "V": "volt",
    "K": "kelvin",
    "U": "enzyme_unit",
}
PREFIXES = {"k": "kilo", "d": "deci", "c": "centi", "m": "milli", "u": "micro", "n": "nano", "p": "pico", "f": "femto"}
PREFIXED = frozenset({"L", "l", "g", "m", "mol", "Pa", "V", "U", "s"})


class UnknownUnit(ValueError):
    """A text that is no UCUM code of those understood here."""


@cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry()
    for line in (
        "ucum_international_unit = [international_unit]",
        "ucum_endotoxin_unit = [endotoxin_unit]",
        "julian_year = 365.25 * day",
    ):
        registry.define(line)
    return registry


@cache
def dimension_of(code: str) -> str:
    """What the unit measures, as a text that is equal for all units of the same dimension; raises ``UnknownUnit``.

    An annotation such as ``{bag}`` counts things and has no dimension, but belongs to what is counted:
    a unit that is nothing but an annotation measures only itself.
    """
    if re.fullmatch(r"\{[^{}]+\}", code):
        return code
    try:
        quantity = _registry().Quantity(1, _registry().parse_expression(_expression(code)).units)
    except (pint.errors.PintError, ZeroDivisionError, SyntaxError, AttributeError):
        raise UnknownUnit(f"{code!r} is not a UCUM unit") from None
    return str(quantity.dimensionality)


def _expression(code: str) -> str:
    parts: list[str] = []
    position, expected, depth = 0, "operand", 0
    while position < len(code):
        found = TOKEN.match(code, position)
        if found is None:
            raise UnknownUnit(f"{code!r} is not a UCUM unit: {code[position:]!r} is not understood")
        position, text = found.end(), found[0]
        if text == "(" and expected == "operand":
            depth += 1
            parts.append("(")
        elif text == ")" and expected == "operator" and depth:
            depth -= 1
            parts.append(")")
        elif text in (".", "/") and (expected == "operator" or (text == "/" and not parts)):
            parts.append("*" if text == "." else ("/" if parts else "1/"))
            expected = "operand"
        elif found["annotation"] and expected == "operator":
            continue
        elif expected == "operand" and not found["sign"]:
            parts.append(_operand(found, code))
            expected = "operator"
        else:
            raise UnknownUnit(f"{code!r} is not a UCUM unit: {text!r} is out of place")
    if expected == "operand" or depth:
        raise UnknownUnit(f"{code!r} is not a UCUM unit: it is not complete")
    return "".join(parts)


def _operand(found: re.Match[str], code: str) -> str:
    if found["annotation"]:
        return "(1 * dimensionless)"
    if found["power"]:
        return f"(1e{int(found['exponent'])} * dimensionless)"
    if found["number"]:
        return f"({found['number']} * dimensionless)"
    name = found["code"]
    unit = CODES.get(name)
    if unit is None and name[:1] in PREFIXES and name[1:] in PREFIXED:
        unit = PREFIXES[name[0]] + CODES[name[1:]]
    if unit is None:
        raise UnknownUnit(f"{code!r} is not a UCUM unit: {name!r} is not known")
    return f"({unit} ** {int(found['raised'])})" if found["raised"] else unit
