"""Approve recipes, bases, programmes and measures: a signed fact holds the content; a first load registers what a file lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from yimai.actions.decision import Answer, Rule, Seen, decide
from yimai.actions.register import known_of
from yimai.domain import approval
from yimai.domain.base import Base, base_from
from yimai.domain.content import ContentProblem, written
from yimai.domain.equipment import EquipmentCalibrated, EquipmentRegistered
from yimai.domain.fact import Fact, Quantity, Signature, json_of, subject
from yimai.domain.material_lot import MaterialLotReceived, MaterialLotReleased
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.person import PersonQualified
from yimai.domain.programme import programme_from
from yimai.domain.programme_facts import first_load, subjects_of
from yimai.domain.recipe_content import recipe_from
from yimai.domain.refusal import Refusal
from yimai.domain.suite import SuiteRegistered
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Content = Mapping[str, Any]
Read = TypeVar("Read")
Verdict = Refusal | Sequence[Fact]


def approve_recipe(ledger: Ledger, command: Command, *, content: Content) -> Answer:
    """A qualified person approves a recipe version."""
    recipe = _read(recipe_from, "recipe", content)
    if isinstance(recipe, Refusal):
        return recipe

    def rule(seen: Seen) -> Verdict:
        refusal = _new(seen, "recipe", recipe.id, recipe.version, content) or approval.sound(recipe)
        signature = seen.sign(command.actor, "approved")
        return refusal or (approval.RecipeApproved(recipe.id, recipe.version, content, signature),)

    return _decide(ledger, command, "recipe", recipe.id, rule)


def approve_base(ledger: Ledger, command: Command, *, content: Content) -> Answer:
    """A qualified person approves a base's file; suites, equipment and lots not yet registered are.

    People are registered one by one before (``site.register_person``), since their names go to the vault; who is
    registered as the file lists them gets the qualifications that it lists, if they never had them.
    """
    base = _read(base_from, "base", content)
    if isinstance(base, Refusal):
        return base

    def rule(seen: Seen) -> Verdict:
        if refusal := _new(seen, "base", base.id, base.version, content):
            return refusal
        signature = seen.sign(command.actor, "approved")
        approved = approval.BaseApproved(base.id, base.version, content, signature)
        return (approved, *_first_load(seen, base, signature))

    return _decide(ledger, command, "base", base.id, rule)


def approve_programme(ledger: Ledger, command: Command, *, content: Content) -> Answer:
    """A planner approves a city's programme; plans, goals, targets and register entries not yet on record are recorded."""
    programme = _read(programme_from, "programme", content)
    if isinstance(programme, Refusal):
        return programme

    def rule(seen: Seen) -> Verdict:
        if refusal := _new(seen, "programme", programme.id, programme.version, content):
            return refusal
        signature = seen.sign(command.actor, "approved")
        approved = approval.ProgrammeApproved(programme.id, programme.version, content, signature)
        loaded = first_load(programme, known_of(seen))
        return loaded if isinstance(loaded, Refusal) else (approved, *loaded)

    return _decide(ledger, command, "programme", programme.id, rule, subjects_of(programme))


def approve_measure(ledger: Ledger, command: Command, *, measure: str) -> Answer:
    """A planner approves the definition of a measure, name and version, so that numbers by it can be published."""

    def rule(seen: Seen) -> Verdict:
        definition = DEFINITIONS.get(measure)
        if definition is None:
            return approval.MEASURE_UNKNOWN(measure=measure[:64], known=", ".join(DEFINITIONS))
        content, version = json_of(definition), str(definition.version)
        signature = seen.sign(command.actor, "approved")
        approved = approval.MeasureApproved(definition.name, version, definition.hash, content, signature)
        return _new(seen, "measure", definition.name, version, content) or (approved,)

    return _decide(ledger, command, "measure", measure.partition("@")[0], rule)


def _read(reader: Callable[[Content], Read], what: str, content: Content) -> Read | Refusal:
    try:
        return reader(content)
    except ContentProblem as problem:
        return approval.UNREADABLE(what=what, path=written(problem.path), problem=problem.what)


def _new(seen: Seen, what: str, identifier: str, version: str, content: Content) -> Refusal | None:
    earlier = [fact for fact, _ in seen.facts(what, identifier)]
    return approval.may_approve(earlier, what, identifier, version, content)


def _first_load(seen: Seen, base: Base, signature: Signature) -> tuple[Fact, ...]:
    facts: list[Fact] = [
        SuiteRegistered(suite.id, base.id, suite.room_class)
        for suite in base.suites
        if not seen.entries("suite", suite.id)
    ]
    for equipment in base.equipment:
        if not seen.entries("equipment", equipment.id):
            facts.append(EquipmentRegistered(equipment.id, base.id, equipment.equipment_class, equipment.suite))
            facts.append(EquipmentCalibrated(equipment.id, equipment.calibrated_from, equipment.calibrated_until))
    for lot in base.material_lots:
        if not seen.entries("material_lot", lot.id):
            quantity = Quantity(lot.quantity, lot.unit)
            facts.append(MaterialLotReceived(lot.id, base.id, lot.material, quantity, lot.expires))
            if lot.released:
                facts.append(MaterialLotReleased(lot.id, signature))
    return (*facts, *_qualified(seen, base))


def _qualified(seen: Seen, base: Base) -> Iterator[PersonQualified]:
    """The listed qualifications of the base's own people, and of those whose site has no approved base file."""
    for member in base.people:
        known = seen.facts("person", member.id)
        if seen.person(member.id).site != member.site or (member.site != base.id and seen.entries("base", member.site)):
            continue
        given = {fact.qualification for fact, _ in known if isinstance(fact, PersonQualified)}
        for each in member.qualifications:
            if each.qualification not in given:
                yield PersonQualified(member.id, each.qualification, each.valid_from, each.valid_until)


def _decide(
    ledger: Ledger, command: Command, what: str, identifier: str, rule: Rule, more: tuple[str, ...] = ()
) -> Answer:
    """more: what the rule reads beside the approved thing itself."""
    owner = identifier if what == "base" else ""
    verb = f"approval.approve_{what}"
    return decide(ledger, command, (subject(what, identifier), *more), rule, verb=verb, owner=lambda seen: owner)
