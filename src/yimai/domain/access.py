"""Access: what the one table says to a person who wants to do or read something, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from yimai.domain.access_table import TABLE
from yimai.domain.access_words import WORDS
from yimai.domain.person import NOT_OF_ROLE, NOT_OF_SITE, Person, Role
from yimai.domain.refusal import Refusal, RefusalKind

Relation = Literal["hospital", "base", "carrier", "own_site", "other_site", "no_site", "district"]
State = Literal["going", "held", "ended", "none"]
Answer = Literal["yes", "no", "never"]

PERFORMER: Final = "performer"
"""The capacity of the one who acts, or reads."""
ROLES: Final[tuple[Role, ...]] = get_args(Role)
COLUMNS: Final[Mapping[str, Role]] = {
    "co": "coordinator",
    "nu": "nurse",
    "ph": "physician",
    "cr": "courier",
    "op": "operator",
    "2p": "second_person",
    "qc": "qc_analyst",
    "qa": "qa",
    "qp": "qualified_person",
    "sc": "scheduler",
    "pl": "planner",
    "in": "inspector",
    "ad": "administrator",
}
LETTERS: Final[Mapping[str, Relation]] = {
    "h": "hospital",
    "b": "base",
    "c": "carrier",
    "o": "own_site",
    "s": "other_site",
    "n": "no_site",
    "d": "district",
}
STATES: Final[Mapping[str, State]] = {"g": "going", "h": "held", "e": "ended"}
TREATMENT_RELATIONS: Final[tuple[Relation, ...]] = ("hospital", "base", "carrier", "other_site")
THING_RELATIONS: Final[tuple[Relation, ...]] = ("own_site", "other_site", "no_site")
READING: Final = ("read.", "treatment.export")
"""Rows in which somebody can stand to a thing who only inspects it."""
EVERYWHERE: Final = "*"
"""The district of an authority that has none: it inspects all."""
ONE_ROLE_ONLY: Final[Mapping[Relation, Role]] = {"carrier": "courier", "district": "inspector"}


class TableProblem(Exception):
    """The table of access is not whole, or says what cannot be meant."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. cells: for each role the relations in which it may, or None for never."""

    verb: str
    capacity: str
    states: frozenset[State]
    cells: Mapping[Role, frozenset[Relation] | None]

    @property
    def about_treatment(self) -> bool:
        return "none" not in self.states

    @property
    def possible_states(self) -> tuple[State, ...]:
        """Every state that what the row is about can be in."""
        return tuple(STATES.values()) if self.about_treatment else ("none",)

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Every relation in which somebody can stand to what the row is about."""
        reading: tuple[Relation, ...] = ("district",) if self.verb.startswith(READING) else ()
        return (*(TREATMENT_RELATIONS if self.about_treatment else THING_RELATIONS), *reading)


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer of the table: to a role that stands in this relation to a thing, or to a treatment in this state."""

    verb: str
    capacity: str
    role: Role
    relation: Relation
    state: State
    answer: Answer


@dataclass(frozen=True, slots=True)
class Matter:
    """What a verb is about, as far as access asks.

    state: the treatment's, or ``none`` for a thing. hospital, base: of a treatment. site: whose the thing is, or "" for
    nobody's. carriers: who carries or carried a shipment of the treatment, or takes one over now.
    districts: those of its sites.
    """

    state: State = "none"
    hospital: str = ""
    base: str = ""
    site: str = ""
    carriers: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()


NEVER = RefusalKind(
    "access.never",
    "{person} is registered as {role}, and that role never does {verb}, whatever other roles there are. "
    "Ask a colleague whose work it is.",
    "{person} 登记为 {role}；无论是否兼任其他角色，该角色都不得进行 {verb}。请由负责该工作的同事操作。",
)
NOT_CARRIER = RefusalKind(
    "access.not_carrier",
    "{person} has not carried a shipment of this treatment. Take it over by scan first, or ask whoever carries it.",
    "{person} 没有承运过该治疗的运输箱。请先扫描接收，或联系承运人。",
)
STATE = RefusalKind(
    "access.state",
    "{verb} is not done while the treatment is {state}. Look at the treatment's record for what can be done now.",
    "治疗处于 {state} 状态时不能进行 {verb}。请查看治疗记录，了解当前可进行的操作。",
)


def parsed(table: str) -> Mapping[tuple[str, str], Row]:
    """Read the grid. Raises TableProblem naming the line that is not whole or says what cannot be meant."""
    lines = [line.replace("|", " ").split() for line in table.splitlines() if line.strip() and line[0] != "#"]
    if tuple(COLUMNS.values()) != ROLES or lines[0][2:] != list(COLUMNS):
        raise TableProblem(f"the columns are {lines[0][2:]}, the roles {ROLES}")
    rows: dict[tuple[str, str], Row] = {}
    for line in lines[1:]:
        row = _row(line)
        if (row.verb, row.capacity) in rows:
            raise TableProblem(f"{line[0]} stands there twice")
        rows[row.verb, row.capacity] = row
    acting = {verb for verb, capacity in rows if capacity == PERFORMER}
    if astray := sorted({verb for verb, _ in rows} - acting):
        raise TableProblem(f"{astray} have second people, but nobody who acts")
    if acting != set(WORDS):
        raise TableProblem(f"with words or in the table only: {sorted(acting ^ set(WORDS))}")
    return rows


def _row(line: list[str]) -> Row:
    if len(line) != 2 + len(ROLES):
        raise TableProblem(f"{line[0]} has {len(line) - 2} cells, there are {len(ROLES)} roles")
    name, now, *cells = line
    verb, _, capacity = name.partition("/")
    if len(now) != len(STATES) or any(given not in (letter, "-") for given, letter in zip(now, STATES, strict=True)):
        raise TableProblem(f"{name}: {now} says no states")
    states = frozenset(STATES[letter] for letter in now if letter != "-") or frozenset[State]({"none"})
    row = Row(verb, capacity or PERFORMER, states, dict(zip(ROLES, (_cell(name, cell) for cell in cells), strict=True)))
    for role, relations in row.cells.items():
        for relation in relations or ():
            if relation not in row.relations or ONE_ROLE_ONLY.get(relation, role) != role:
                raise TableProblem(f"{name}: {role} cannot stand in the relation {relation}")
    return row


def _cell(name: str, text: str) -> frozenset[Relation] | None:
    if text == "x":
        return None
    if text == ".":
        return frozenset()
    if unknown := sorted(set(text) - set(LETTERS)):
        raise TableProblem(f"{name}: {unknown} in {text!r} is no relation")
    return frozenset(LETTERS[letter] for letter in text)


ROWS: Final = parsed(TABLE)
CAPACITIES: Final[Mapping[str, frozenset[str]]] = {
    verb: frozenset(capacity for each, capacity in ROWS if each == verb and capacity != PERFORMER) for verb, _ in ROWS
}
"""In which capacities others take part in each verb beside the one who acts."""


def cells() -> Iterator[Cell]:
    """Yield every answer that the table gives, one by one."""
    for row in ROWS.values():
        for role, relations in row.cells.items():
            for relation in row.relations:
                for state in row.possible_states:
                    given = relations is not None and relation in relations and state in row.states
                    answer: Answer = "never" if relations is None else "yes" if given else "no"
                    yield Cell(row.verb, row.capacity, role, relation, state, answer)


def relations(person: Person, matter: Matter, district: str = "") -> frozenset[Relation]:
    """In which relations the person stands to the matter. district: of the person's site, where somebody only reads."""
    if not person.site:
        return frozenset()
    carries = ONE_ROLE_ONLY["carrier"] in person.roles and person.id in matter.carriers
    found: set[Relation] = set()
    if matter.state == "none":
        found.add("no_site" if not matter.site else "own_site" if matter.site == person.site else "other_site")
    else:
        found |= {"hospital"} if person.site == matter.hospital else set()
        found |= {"base"} if person.site == matter.base else set()
        found |= {"carrier"} if carries else set()
        found |= set() if found else {"other_site"}
    if (
        district
        and (district == EVERYWHERE or district in matter.districts)
        and ONE_ROLE_ONLY["district"] in person.roles
    ):
        found.add("district")
    return frozenset(found)


def may(verb: str, capacity: str, person: Person, matter: Matter, *, district: str = "") -> Refusal | None:
    """Whether the table lets the person do this in this capacity, or why not.

    Raises KeyError for a verb or a capacity that the table does not list: nobody may do that.
    """
    row = ROWS[verb, capacity]
    never = next((role for role in person.roles if row.cells[role] is None), None)
    if never is not None:
        return NEVER(person=person.id, role=never, verb=verb)
    mine = relations(person, matter, district)
    able = tuple(role for role, given in row.cells.items() if given is not None and given & mine)
    if any(role in able for role in person.roles):
        return None if matter.state in row.states else STATE(verb=verb, state=matter.state)
    if able or not person.roles:
        named = able or tuple(role for role, given in row.cells.items() if given)
        return NOT_OF_ROLE(person=person.id or "?", roles="/".join(named))
    if any("carrier" in (row.cells[role] or ()) for role in person.roles):
        return NOT_CARRIER(person=person.id)
    return NOT_OF_SITE(person=person.id, site=_places(row, matter))


def ever(verb: str, person: Person) -> Refusal | None:
    """Whether there is anything at all of which the table lets the person do this, or why not."""
    row = ROWS[verb, PERFORMER]
    never = next((role for role in person.roles if row.cells[role] is None), None)
    if never is not None:
        return NEVER(person=person.id, role=never, verb=verb)
    able = tuple(role for role, given in row.cells.items() if given)
    return None if any(role in able for role in person.roles) else NOT_OF_ROLE(person=person.id, roles="/".join(able))


def roles_of(verb: str, capacity: str = PERFORMER) -> tuple[Role, ...]:
    """The roles that may do this, or take part in it, with something that is their site's, or with a treatment of it."""
    own: set[Relation] = {"hospital", "base", "own_site"}
    return tuple(role for role, given in ROWS[verb, capacity].cells.items() if given is not None and given & own)


def all_roles_of(verb: str) -> tuple[Role, ...]:
    """The roles that may do this with anything, wherever that is."""
    return tuple(role for role, given in ROWS[verb, PERFORMER].cells.items() if given)


def _places(row: Row, matter: Matter) -> str:
    """The sites whose people may, as far as the matter has them."""
    given = {relation for each in row.cells.values() for relation in each or ()}
    by_relation: Mapping[Relation, str] = {
        "hospital": matter.hospital,
        "base": matter.base,
        "own_site": matter.site,
    }
    return "/".join(site for relation, site in by_relation.items() if relation in given and site) or "?"
