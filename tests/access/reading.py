"""The table of access read a second time, by other code: tests hold what the program answers against this reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yimai.domain.access import Answer, Relation, State
from yimai.domain.access_table import TABLE
from yimai.domain.person import Role

PLACES: Final[dict[str, Relation]] = {
    "h": "hospital", "b": "base", "c": "carrier", "o": "own_site", "s": "other_site", "n": "no_site", "d": "district",
}  # fmt: skip
ROLES: Final[tuple[Role, ...]] = (
    "coordinator", "nurse", "physician", "courier", "operator", "second_person", "qc_analyst", "qa", "qualified_person",
    "scheduler", "planner", "inspector", "administrator",
)  # fmt: skip
NOW: Final[tuple[tuple[str, State], ...]] = (("g", "going"), ("h", "held"), ("e", "ended"))


@dataclass(frozen=True, slots=True)
class Expected:
    """One cell as it is written."""

    verb: str
    capacity: str
    role: Role
    relation: Relation
    state: State
    answer: Answer


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is written. now: its letters of states. written: each role's cell."""

    verb: str
    capacity: str
    now: str
    written: dict[Role, str]

    @property
    def states(self) -> tuple[State, ...]:
        return ("none",) if self.now == "---" else tuple(state for _, state in NOW)

    @property
    def relations(self) -> tuple[Relation, ...]:
        of_treatment: tuple[Relation, ...] = ("hospital", "base", "carrier", "other_site")
        found: tuple[Relation, ...] = ("own_site", "other_site", "no_site") if self.now == "---" else of_treatment
        return (*found, "district") if self.verb.startswith(("read.", "treatment.export")) else found

    def answer(self, role: Role, relation: Relation, state: State) -> Answer:
        written = self.written[role]
        if written == "x":
            return "never"
        allowed = self.now == "---" or any(letter in self.now and each == state for letter, each in NOW)
        return "yes" if allowed and relation in {PLACES[letter] for letter in written.replace(".", "")} else "no"

    def cells(self) -> Iterator[Expected]:
        for role in ROLES:
            for relation in self.relations:
                for state in self.states:
                    answer = self.answer(role, relation, state)
                    yield Expected(self.verb, self.capacity, role, relation, state, answer)


def lines() -> tuple[Line, ...]:
    found = []
    for text in TABLE.strip().splitlines()[1:]:
        if not text.startswith("#"):
            name, now, *written = text.replace("|", " ").split()
            verb, _, capacity = name.partition("/")
            found.append(Line(verb, capacity or "performer", now, dict(zip(ROLES, written, strict=True))))
    return tuple(found)


LINES: Final = lines()
BY_NAME: Final = {(each.verb, each.capacity): each for each in LINES}
EVERY_CELL: Final = tuple(cell for line in LINES for cell in line.cells())
