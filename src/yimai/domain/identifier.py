"""Yimai's own identifiers: a letter for the noun, eight random characters, one check character (ISO 7064 MOD 37-2).

They carry no date and no counter, so no year rolls over and no two sites meet; the check character catches every
single wrong character and every swap of neighbours. The alphabet leaves out I, L, O and U (Crockford).
"""

from __future__ import annotations

import re
from typing import Final

from stdnum.iso7064 import mod_37_2

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS: Final = {
    "treatment": "T",
    "wristband": "W",
    "collection": "C",
    "container": "K",
    "shipment": "X",
    "batch": "B",
    "sample": "S",
    "deviation": "D",
    "excursion": "E",
    "permit": "P",
}
MISREAD: Final = str.maketrans("OIL", "011")
RANDOM_BYTES: Final = 5
"""How many random bytes an identifier is minted from: 40 bits, eight characters."""
NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
LONGEST_NAME: Final = 64


def names(text: str) -> bool:
    """Whether people may name a person, a site or a piece of equipment so: small letters, digits and hyphens."""
    return len(text) <= LONGEST_NAME and NAME.fullmatch(text) is not None


def mint(noun: str, random: bytes) -> str:
    """Return a new identifier for the noun from five random bytes, for example ``T4F7K92QXV``.

    A check character that people misread (I, L, O, U) or cannot type (*) is avoided by taking the next number.
    """
    number = int.from_bytes(random[:RANDOM_BYTES], "big")
    while True:
        body = LETTERS[noun] + "".join(ALPHABET[(number >> shift) & 31] for shift in range(35, -1, -5))
        check = str(mod_37_2.calc_check_digit(body))
        if check in ALPHABET:
            return body + check
        number += 1


def noun_of(identifier: str) -> str | None:
    """Return the noun that a well-formed identifier names, or None if it is not one of ours or was misread."""
    if len(identifier) != 10 or not mod_37_2.is_valid(identifier):
        return None
    return next((noun for noun, letter in LETTERS.items() if identifier[0] == letter), None)


def grouped(identifier: str) -> str:
    """Return the identifier as people read it, ``T4F7-K92Q-X8``; one that is not ours stays as it is."""
    ours = len(identifier) == 10 and identifier.isalnum() and identifier.isupper()
    return "-".join((identifier[:4], identifier[4:8], identifier[8:])) if ours else identifier


def typed(text: str) -> str:
    """Return what a person typed or a scanner read as one of our identifiers is spelled.

    Upper case, without blanks and hyphens; O reads 0, I and L read 1, since our identifiers have none of these.
    """
    return "".join(text.split()).replace("-", "").upper().translate(MISREAD)
