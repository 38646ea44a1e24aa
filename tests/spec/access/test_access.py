"""Who may do what stands in one table, and what it does not open is refused."""

from __future__ import annotations

import pytest
from tests.spec.harness import then_refused

from yimai.domain import access
from yimai.domain.access import Matter
from yimai.domain.person import Person
from yimai.domain.refusal import Refusal

PHYSICIAN = Person("physician", "hospital", ("physician",))


def asked(verb: str, person: Person, matter: Matter) -> Refusal:
    refusal = access.may(verb, "performer", person, matter)
    assert refusal is not None
    return refusal


@pytest.mark.requirement("ACC-001", "What the table does not open in a treatment's state is refused.")
def test_the_treatments_state_counts() -> None:
    assert access.may("treatment.hold", "performer", PHYSICIAN, Matter("going", "hospital", "base")) is None
    then_refused(asked("treatment.hold", PHYSICIAN, Matter("ended", "hospital", "base")), "access.state")


@pytest.mark.requirement(
    "ACC-002", "A role that never does something keeps whoever has it from it, whatever other roles there are."
)
def test_an_explicit_no_wins() -> None:
    both = Person("both", "hospital", ("physician", "administrator"))
    then_refused(asked("treatment.hold", both, Matter("going", "hospital", "base")), "access.never")
