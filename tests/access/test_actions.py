"""Every cell of every verb once more, through the action itself on a ledger with people of every role at every site."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin
from uuid import uuid4

import pytest
from tests.access.reading import BY_NAME, LINES, ROLES, Line
from tests.architecture.fact_instances import example
from tests.spec.harness import SpecPlant, founding, plant_in_memory

from yimai.actions import decision, request
from yimai.actions.decision import Answer, Rule, Seen
from yimai.actions.verbs import VERBS, Verb
from yimai.domain import access
from yimai.domain.access import Relation, State
from yimai.domain.fact import Fact, Quantity, draft
from yimai.domain.override import SignedReason
from yimai.domain.person import NOT_OF_ROLE, NOT_OF_SITE, SAME_PERSON, PersonRegistered, Role
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.site import SiteRegistered
from yimai.domain.slot import Itinerary
from yimai.domain.treatment import TreatmentCancelled, TreatmentHeld
from yimai.domain.vein import vein_of
from yimai.interfaces.plant.journey import Journey
from yimai.ledger.entry import Command

REACHED = RefusalKind("test.reached", "The rule was asked. Go on.", "已询问规则。")
BASE, ELSEWHERE, INSPECTORATE = "lingang", "elsewhere", "inspectorate"
OF_NO_SITE = (
    "approval.approve_recipe",
    "approval.approve_programme",
    "approval.approve_measure",
    *(v for v in VERBS if v.startswith(("plan.", "register.", "annual_return.", "receipt."))),
)
TOGETHER = ("performer", "verifier", "operators")
"""Who must be at the place where it is done."""
acting = [line for line in LINES if line.verb in VERBS]
each_line = pytest.mark.parametrize("line", acting, ids=[f"{line.verb}/{line.capacity}" for line in acting])


@dataclass(frozen=True)
class Town:
    """treatments: one in each state, with a shipment on its way. carriers: who carries each of them."""

    plant: SpecPlant
    hospital: str
    treatments: Mapping[State, str]
    carriers: Mapping[State, str]
    things: Mapping[str, str]

    def person(self, role: Role, relation: Relation, state: State, number: int) -> str:
        if relation == "carrier":
            return self.carriers[state]
        if relation == "district":
            return f"{role}-{INSPECTORATE}-{number}"
        site = {"hospital": self.hospital, "base": BASE, "own_site": BASE, "no_site": BASE}.get(relation, ELSEWHERE)
        return f"{role}-{site}-{number}"

    def site(self, person: str) -> str:
        return str(self.plant.ledger.about(f"person/{person}").entries[f"person/{person}"][0].data["site"])


@pytest.fixture(scope="module")
def town() -> Town:
    plant = plant_in_memory()
    hospital = "demo-hospital-a"
    journeys: dict[State, Journey] = {
        state: plant.treatment("in_transit", hospital=hospital) for state in ("going", "held", "ended")
    }
    people = [
        PersonRegistered(f"{role}-{site}-{number}", site, (role,), "00" * 32)
        for role in ROLES
        for site in (BASE, hospital, ELSEWHERE, INSPECTORATE)
        for number in (1, 2, 3)
    ]
    at = plant.entries("site", hospital)[0]
    _write(
        plant, [SiteRegistered(INSPECTORATE, "authority", "局", "Inspectorate", str(at.data["district"]), 480), *people]
    )
    stops: dict[State, type[TreatmentHeld | TreatmentCancelled]] = {"held": TreatmentHeld, "ended": TreatmentCancelled}
    for state, ends in stops.items():
        actor = f"physician-{hospital}-1"
        journey = journeys[state]
        read = plant.ledger.about(f"person/{actor}")
        signature = Seen(plant.ledger, _command(actor, hospital), read, [f"person/{actor}"]).sign(actor, "decided")
        _write(plant, [ends(journey.treatment, "requested", signature)])
    carriers = {}
    for state, journey in journeys.items():
        vein = vein_of(plant.entries("treatment", journey.treatment))
        found = [p for p in vein.custody.carriers if "courier" in _roles(plant, p)]
        carriers[state] = found[0]
    known = {noun: _first(plant, noun) for noun in ("suite", "equipment", "material_lot")}
    treatments = {state: journey.treatment for state, journey in journeys.items()}
    return Town(plant, hospital, treatments, carriers, known)


@pytest.fixture(autouse=True)
def rules_let_everything_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = decision._verdict

    def verdict(seen: Seen, question: decision.Asked, rule: Rule) -> Refusal | Sequence[Fact]:
        answered = asked(seen, question, lambda _: ())
        return answered if isinstance(answered, Refusal) else REACHED()

    monkeypatch.setattr(decision, "_verdict", verdict)


@each_line
def test_every_cell_holds_when_the_action_is_asked(line: Line, town: Town) -> None:
    verb, tested = VERBS[line.verb], 0
    for cell in line.cells():
        if cell.relation == "carrier" and cell.role != "courier":
            continue  # only a courier carries
        if cell.relation == "no_site" and verb.name not in OF_NO_SITE:
            continue  # everything else belongs to a site
        if cell.relation != "no_site" and verb.name in OF_NO_SITE:
            continue  # these never belong to one
        if cell.relation == "other_site" and verb.name in ("site.register_passkey", "site.withdraw_passkey"):
            continue  # no other's key can be named
        people = _people(line, cell.role, cell.relation, cell.state, town)
        answer = _asked(verb, people, cell.relation, cell.state, town)
        assert isinstance(answer, Refusal), f"{cell}: {answer}"
        expected = cell.answer
        if cell.role == "courier" and line.verb == "custody.hand_over" and line.capacity != "performer":
            expected = line.answer("courier", "carrier", cell.state)  # who is named to take it is about to carry it
        if cell.role == "inspector" and "district" in line.relations and _district(town, cell.relation):
            expected = line.answer("inspector", "district", cell.state)  # whoever is registered there inspects there
        if expected == "never":
            assert answer.kind is access.NEVER, f"{cell}: {answer}"
        elif expected == "no":
            assert answer.kind in (NOT_OF_ROLE, NOT_OF_SITE, access.NOT_CARRIER, access.STATE), f"{cell}: {answer}"
        else:
            assert answer.kind is REACHED or _apart(line, people, town), f"{cell}: {answer}"
        tested += 1
    assert tested


def _apart(line: Line, people: Mapping[str, str], town: Town) -> bool:
    """Whether the second person, who may, is of another site than the first, who may: they cannot be in one place."""
    return len({town.site(people[each]) for each in people if each in (*TOGETHER, "giver")}) > 1


@pytest.mark.parametrize(
    ("verb", "second"),
    sorted(each for each in BY_NAME if each[1] in ("verifier", "approver", "taker")),
)
def test_nobody_verifies_approves_or_takes_over_what_he_does_himself(verb: str, second: str, town: Town) -> None:
    """Somebody who has every role that could do either, and is alone."""
    line = BY_NAME[verb, second]
    relation: Relation = "hospital" if "h" in line.written["nurse"] + line.written["physician"] else "base"
    site = town.hospital if relation == "hospital" else BASE
    alone = f"alone-{verb}-{second}"
    first = BY_NAME[verb, "performer"]
    roles = tuple(role for role in ROLES if {first.written[role], line.written[role]} - {".", "x"})
    _write(town.plant, [PersonRegistered(alone, site, roles, "00" * 32)])
    people = {"performer": alone, **dict.fromkeys(VERBS[verb].signers, alone)}
    answer = _asked(VERBS[verb], people, relation, "going", town)
    assert isinstance(answer, Refusal)
    assert answer.kind is SAME_PERSON


def _district(town: Town, relation: Relation) -> str:
    """The district of the hospital or the base, "" where there is none."""
    site = {"hospital": town.hospital, "base": BASE}.get(relation, "")
    return str(town.plant.entries("site", site)[0].data["district"]) if site else ""


def _people(line: Line, role: Role, relation: Relation, state: State, town: Town) -> dict[str, str]:
    """Everybody who takes part: the one whose cell is tested, and beside him people who may."""
    everybody = {"performer", *VERBS[line.verb].signers}
    found = {line.capacity: town.person(role, relation, state, 1)}
    for number, capacity in enumerate(sorted(everybody - {line.capacity}), 2):
        beside = BY_NAME[line.verb, capacity]
        allowed = [
            (each, where)
            for where in (relation, *beside.relations)
            for each in ROLES
            if where != "carrier"
            if "yes" in (beside.answer(each, where, state), beside.answer(each, where, "going"))
        ]
        who, where = allowed[0]
        found[capacity] = town.person(who, where, state, number)
    return found


def _asked(verb: Verb, people: Mapping[str, str], relation: Relation, state: State, town: Town) -> Answer:
    given: dict[str, Any] = {}
    for name, argument in verb.arguments.items():
        if name in people:
            given[name] = _signer(argument.type, people[name])
        elif name == "treatment":
            given[name] = town.treatments[state]
        elif argument.required:
            given[name] = _made(verb, name, argument.type, people["performer"], relation, town)
    here = town.site(people.get("giver", people["performer"]))
    if verb.name == "treatment.order" and relation == "other_site":
        here = town.hospital
    command = request.command(verb.name, {}, id=uuid4().hex, actor=people["performer"], site=here, secret=bytes(32))
    return verb.act(town.plant.ledger, command, **given)


def _signer(hint: Any, person: str) -> Any:
    if hint is str:
        return person
    (of, _) = get_args(hint)
    return (person,) if of is str else (SignedReason(person, "requested"),)


def _made(verb: Verb, name: str, hint: Any, performer: str, relation: Relation, town: Town) -> Any:
    """Something of the argument's type; what it is about belongs to the base, where the relation says one's own."""
    if name == "content":
        what = verb.name.rpartition("_")[2]
        return getattr(founding(), what)
    if name == "registration":
        site = town.site(performer) if relation == "own_site" else "new-site"
        return SiteRegistered(site, "hospital", "新", "New", "Huangpu", 480)
    if name == "site":
        return town.site(performer) if relation == "own_site" else town.hospital
    if name == "base" and verb.name == "timetable.repair":
        return BASE
    if name == "person":
        return f"nurse-{BASE}-1" if verb.name != "site.register_person" else "new-person"
    if name in town.things:
        return town.things[name]
    return _value(hint)


def _value(hint: Any) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        return get_args(hint)[0]
    if origin in (Union, types.UnionType):
        return _value(get_args(hint)[0])
    if origin is tuple:
        return ()
    if isinstance(hint, type) and issubclass(hint, Fact):
        return example(hint)
    if hint is Itinerary:
        return Itinerary("suite-01", *[datetime(2027, 1, day, tzinfo=UTC) for day in range(1, 9)])
    if origin is not None:
        return {}
    ready: dict[Any, Any] = {
        str: "x", int: 1, bytes: b"x", bool: True, date: date(2027, 1, 1), datetime: datetime(2027, 1, 1, tzinfo=UTC),
        Quantity: Quantity(Decimal(1), "1"), Decimal: Decimal(1),
    }  # fmt: skip
    return ready[hint]


def _write(plant: SpecPlant, facts: Sequence[Fact]) -> None:
    now = plant.clock()
    for fact in facts:
        after = plant.ledger.about(*fact.subjects())
        plant.ledger.append([draft(fact, now)], command=_command("founder", BASE), after=after)


def _command(actor: str, site: str) -> Command:
    return request.command("site.register_person", {}, id=uuid4().hex, actor=actor, site=site, secret=bytes(32))


def _roles(plant: SpecPlant, person: str) -> Sequence[str]:
    about: Iterator[Any] = iter(plant.entries("person", person))
    return next((each.data["roles"] for each in about if each.kind == PersonRegistered.kind), ())


def _first(plant: SpecPlant, noun: str) -> str:
    base = founding().base
    listed = {"suite": "suites", "equipment": "equipment", "material_lot": "material_lots"}[noun]
    return str(base[listed][0]["id"])
