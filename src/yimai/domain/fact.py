"""What a fact is, and how it becomes an entry and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal

import msgspec

from yimai.ledger.codec import IDENTIFIER
from yimai.ledger.entry import Claim, Draft


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened.

    kind: the stored word and version, never renamed.
    about: the fields that name this fact's subjects; field ``suite`` with value ``R01`` is subject ``suite/R01``.
    """

    kind: ClassVar[str]
    about: ClassVar[tuple[str, ...]] = ("treatment",)

    def subjects(self) -> tuple[str, ...]:
        return tuple(subject(noun, getattr(self, noun)) for noun in self.about)

    def claims(self) -> tuple[Claim, ...]:
        return ()


def subject(noun: str, identifier: str) -> str:
    """Return the subject's name in the ledger, for example ``treatment/T7K3…``."""
    return f"{noun}/{identifier}"


def is_subject(name: str) -> bool:
    """Whether the ledger can hold a subject of that name; a blank or a Chinese character in it and it cannot."""
    return IDENTIFIER.fullmatch(name) is not None


def draft(fact: Fact, occurred: datetime) -> Draft:
    """Return the fact ready to be appended, its fields as JSON values (decimals and times as strings)."""
    return Draft(fact.kind, json_of(fact), fact.subjects(), occurred, fact.claims())


def json_of(value: object) -> Any:
    """Return the value as JSON values: decimals and times as strings, tuples as lists, bytes in base 64."""
    return msgspec.json.decode(msgspec.json.encode(value))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A decimal and its UCUM unit ("1" for a pure number)."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}" if self.unit != "1" else f"{self.value:f}"


DIGITS: Final = 18


def measurable(value: Decimal) -> bool:
    """Whether an instrument can have shown the number: finite, of at most 18 digits before and after the point."""
    return value.is_finite() and len(value.as_tuple().digits) <= DIGITS and abs(value.adjusted()) <= DIGITS


Meaning = Literal[
    "ordered",
    "consented",
    "recorded",
    "accepted",
    "performed",
    "verified",
    "given",
    "taken",
    "reviewed",
    "approved",
    "assessed",
    "released",
    "rejected",
    "revoked",
    "requested",
    "reported",
    "decided",
]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who stands for a record, and what the signature means (21 CFR 11.50: printed name, time, meaning).

    name: hex commitment to the printed name, which lies in the vault. signed: aware, in the signer's zone.
    """

    signer: str
    name: str
    meaning: Meaning
    signed: datetime
