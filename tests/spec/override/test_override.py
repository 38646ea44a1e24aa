"""Overrides: the two roles that a rule names open it once, with a reason each; most rules name none."""

from __future__ import annotations

import pytest
from tests.spec.harness import then_refused

from yimai.domain import custody
from yimai.domain.batch_step import HOLD_EXCEEDED
from yimai.domain.override import may_override
from yimai.domain.person import Person, Role
from yimai.domain.refusals import REFUSALS

OPENABLE = {custody.TOO_OLD.code: ("qa", "physician"), HOLD_EXCEEDED.code: ("qa", "qualified_person")}
NEVER_OPENED = (
    "identity",
    "label.not_this",
    "sample.identity",
    "permit",
    "disposition.revoked",
    "person",
    "infusion.wrong",
)


def signer(name: str, *roles: Role) -> Person:
    return Person(name, "lingang", roles)


@pytest.mark.requirement(
    "OVR-001", "Only the age of fresh material and a hold time can be overridden, by two named roles."
)
def test_what_can_be_overridden() -> None:
    assert {code: kind.override for code, kind in REFUSALS.items() if kind.override} == OPENABLE


@pytest.mark.requirement(
    "OVR-002", "Identity, identity test, permit, revocation, signature and access are never overridden."
)
def test_what_is_never_overridden() -> None:
    people = (signer("qa-01", "qa"), signer("qualified-person-01", "qualified_person"))
    reasons = ("stability_data_support", "no_alternative")
    closed = [kind for code, kind in REFUSALS.items() if kind.identity or code.startswith(NEVER_OPENED)]
    assert len(closed) > 20
    for kind in closed:
        refusal = may_override(kind, people, reasons)
        assert refusal is not None
        then_refused(refusal, "override.never")


@pytest.mark.requirement("OVR-003", "An override needs both reasons, each by its role, from two different people.")
@pytest.mark.parametrize(
    ("people", "reasons", "code"),
    [
        ((), (), "override.reason_missing"),
        ((signer("a", "qa"),), ("delay",), "override.reason_missing"),
        ((signer("a", "qa"), signer("b", "physician")), ("delay", " "), "override.reason_missing"),
        ((signer("a", "physician"), signer("b", "qa")), ("delay", "delay"), "person.not_of_role"),
        ((signer("a", "qa", "physician"),) * 2, ("delay", "delay"), "person.same_person"),
    ],
)
def test_what_an_override_needs(people: tuple[Person, ...], reasons: tuple[str, ...], code: str) -> None:
    refusal = may_override(custody.TOO_OLD, people, reasons)
    assert refusal is not None
    then_refused(refusal, code)


@pytest.mark.requirement("OVR-004", "With both signed reasons the rule opens.")
def test_an_override() -> None:
    assert may_override(custody.TOO_OLD, (signer("a", "qa"), signer("b", "physician")), ("delay", "delay")) is None
