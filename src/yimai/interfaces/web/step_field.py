"""The bench's own fields: what the record knows already, things of the base, signed reasons, lots used, containers filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from yimai.domain.batch import LotUse
from yimai.domain.batch_record import Filling
from yimai.domain.fact import Quantity
from yimai.domain.identifier import typed
from yimai.domain.override import SignedReason
from yimai.domain.person import Role
from yimai.domain.reason import REASONS
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import (
    MISSING,
    NOT_OFFERED,
    NOT_SCANNED,
    TOO_LONG,
    Choices,
    Field,
    Given,
    Options,
    Scan,
    Scans,
    Typed,
    Unreadable,
    decimal,
    scanned_identifier,
)
from yimai.interfaces.web.situation import Situation
from yimai.projections import register
from yimai.projections.register import PersonRow

LONGEST_NAME: Final = 60
"""Characters of an identifier that a base gives."""
CELL_UNITS: Final = ("10*6", "10*9")


@dataclass(frozen=True, kw_only=True)
class Known(Given):
    """What the record knows already: shown, not typed. known: where the address does not say it. options: what it may be, by name."""

    known: Callable[[Situation], str]
    noun: str = ""
    options: Options | None = None
    widget: ClassVar[str] = "known"

    def initial(self, situation: Situation) -> Sequence[str]:
        return super().initial(situation) or tuple(filter(None, (self.known(situation),)))

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"titles": dict(self.options(situation)) if self.options is not None else {}}


@dataclass(frozen=True, kw_only=True)
class Thing(Scan):
    """A thing of the base (a suite, a piece of equipment, a lot, a position): scanned, or touched among those offered."""

    options: Options
    widget: ClassVar[str] = "thing"

    def value(self, text: str, situation: Situation) -> str:
        return named(text, [code for code, _ in self.options(situation)])

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"options": self.options(situation)}


@dataclass(frozen=True, kw_only=True)
class LotUsed(Field):
    """How much of which lot of one material goes into a step; a further lot where the first was not enough."""

    material: str
    quantity: Quantity
    lots: tuple[str, ...]
    most: ClassVar[int] = 3
    widget: ClassVar[str] = "lot_used"

    def read(self, typed_: Typed, situation: Situation) -> tuple[LotUse, ...]:
        amounts = typed_.all(f"{self.name}.quantity")
        found = []
        for number, lot in enumerate(typed_.all(self.name)[: self.most]):
            if not lot.strip():
                continue
            amount = amounts[number].strip() if number < len(amounts) else ""
            if not amount:
                raise Unreadable(MISSING)
            quantity = Quantity(decimal(amount), self.quantity.unit)
            found.append(LotUse(self.material, named(lot, self.lots), quantity))
        if not found:
            raise Unreadable(NOT_SCANNED)
        return tuple(found)

    def rows(self, typed_: Typed, situation: Situation) -> list[tuple[str, str]]:
        """Lot and amount of each row, the first amount proposed as the recipe has it."""
        lots, amounts = typed_.all(self.name), typed_.all(f"{self.name}.quantity")
        rows = [
            (lots[number] if number < len(lots) else "", amounts[number] if number < len(amounts) else "")
            for number in range(self.most)
        ]
        return rows if amounts else [(rows[0][0], f"{self.quantity.value:f}"), *rows[1:]]


@dataclass(frozen=True, kw_only=True)
class ContainersScanned(Scans):
    """Every container of the batch, scanned; what is still missing shows."""

    expected: tuple[str, ...]
    widget: ClassVar[str] = "containers_scanned"

    def rows(self, typed_: Typed, situation: Situation) -> list[str]:
        """What was scanned, and an empty place for each that is missing, at least one."""
        found = [each for each in typed_.all(self.name) if each.strip()]
        return [*found, *[""] * max(1 if not found else 0, len(self.expected) - len(found))]


@dataclass(frozen=True, kw_only=True)
class Crew(Choices):
    """The people who work on a step, touched or scanned by their badges. needs: how many of which qualification."""

    needs: tuple[tuple[str, int], ...]
    qualifications: Mapping[str, Words]
    shown: ClassVar[int] = 9
    """Tiles that are seen at once; the rest opens on demand."""
    widget: ClassVar[str] = "crew"

    def initial(self, situation: Situation) -> Sequence[str]:
        return tuple(code for code, _ in self.options(situation) if code == situation.who.person)

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        options = self.options(situation)
        needs = [(self.qualifications.get(name, Words(name, name)), number) for name, number in self.needs]
        wanted = sum(number for _, number in self.needs)
        return {"first": options[: self.shown], "others": options[self.shown :], "needs": needs, "wanted": wanted}


@dataclass(frozen=True, kw_only=True)
class Fillings(Field):
    """The containers that a step filled, a row each: scanned, with volume and viable cells.

    waiting: labelled containers that can be filled. one: whether the step fills a single one.
    """

    layout: str
    waiting: tuple[str, ...]
    one: bool
    most: ClassVar[int] = 20
    widget: ClassVar[str] = "fillings"

    def read(self, typed_: Typed, situation: Situation) -> tuple[Filling, ...]:
        found = []
        for container, volume, cells, unit in self.rows(typed_, situation):
            if container:
                if not volume or not cells:
                    raise Unreadable(MISSING)
                if unit not in CELL_UNITS:
                    raise Unreadable(NOT_OFFERED)
                amounts = (Quantity(decimal(volume), "mL"), Quantity(decimal(cells), unit))
                found.append(Filling(scanned_identifier(container), *amounts))
        if not found:
            raise Unreadable(NOT_SCANNED)
        return tuple(found)

    def rows(self, typed_: Typed, situation: Situation) -> list[tuple[str, str, str, str]]:
        """Container, volume, cells and unit of each row; as many as there are labelled containers, where it may be."""
        parts = [typed_.all(f"{self.name}{part}") for part in ("", ".volume", ".cells", ".unit")]
        number = 1 if self.one else min(self.most, max(len(parts[0]), len(self.waiting), 1))
        return [
            (_at(parts[0], row), _at(parts[1], row), _at(parts[2], row), _at(parts[3], row)) for row in range(number)
        ]


@dataclass(frozen=True, kw_only=True)
class Reasons(Field):
    """The signed reasons of the roles that may open a rule, one of each role; none is given where none is chosen."""

    roles: tuple[Role, ...]
    codes: tuple[str, ...]
    widget: ClassVar[str] = "reasons"

    def read(self, typed_: Typed, situation: Situation) -> tuple[SignedReason, ...]:
        found = []
        for role in self.roles:
            person, reason = typed_.one(f"{self.name}.{role}"), typed_.one(f"{self.name}.{role}.reason")
            if person or reason:
                if not person or reason not in self.codes:
                    raise Unreadable(MISSING)
                found.append(SignedReason(person, reason))
        if found and len(found) != len(self.roles):
            raise Unreadable(MISSING)
        return tuple(found)

    def rows(self, typed_: Typed, situation: Situation) -> list[tuple[Role, Sequence[PersonRow], str, str]]:
        """For each role who may sign, whom was chosen, and for what reason."""
        found: list[tuple[Role, Sequence[PersonRow], str, str]] = []
        for role in self.roles:
            site = situation.vein.treatment.hospital if role == "physician" else situation.who.site
            known = situation.colleagues if site == situation.who.site else register.at_site(situation.cursor, site)
            people = [each for each in known if role in each.roles and each.person != situation.who.person]
            chosen, reason = typed_.one(f"{self.name}.{role}"), typed_.one(f"{self.name}.{role}.reason")
            found.append((role, people, chosen, reason))
        return found

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"reasons": [(code, REASONS[code]) for code in self.codes]}


def _at(texts: Sequence[str], row: int) -> str:
    return texts[row].strip() if row < len(texts) else ""


def named(text: str, known: Sequence[str]) -> str:
    """What a thing of the base is called, however it was scanned or typed. Raises Unreadable for what no name can be."""
    plain = text.strip()
    if len(plain) > LONGEST_NAME or not plain.isprintable():
        raise Unreadable(TOO_LONG)
    return next((each for each in known if typed(each) == typed(plain)), plain)
