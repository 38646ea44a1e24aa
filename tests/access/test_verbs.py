"""Every verb of the actions is listed under its name, with arguments that JSON can give."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from tests.architecture.sources import modules
from tests.architecture.test_modules import FUNCTION, _is_a_verb

from yimai.actions.verbs import VERBS, Verb, name_of
from yimai.domain.fact import Quantity

each_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


def test_every_public_action_is_listed() -> None:
    written = {
        f"{module.path.stem}.{node.name}"
        for module in modules()
        if module.room == "actions"
        for node in module.tree.body
        if isinstance(node, FUNCTION) and _is_a_verb(node)
    }
    assert set(VERBS) == written
    assert len(VERBS) >= 81


@each_verb
def test_a_verb_goes_by_its_function(verb: Verb) -> None:
    assert name_of(verb.act) == verb.name
    assert verb.summary.endswith(".")


@each_verb
def test_its_arguments_can_be_described_to_a_client(verb: Verb) -> None:
    schema = msgspec.json.schema(verb.shape)
    assert schema["$ref"]
    assert {each.name for each in verb.arguments.values() if each.required} == set(
        schema["$defs"][verb.shape.__name__].get("required", ())
    )


def test_people_beside_the_actor_are_told_from_other_arguments() -> None:
    assert VERBS["custody.hand_over"].signers == ("giver", "taker")
    assert VERBS["custody.receive"].signers == ("verifier", "reasons")
    assert VERBS["deviation.close"].signers == ("approver",)
    assert VERBS["treatment.accept"].signers == ()


def test_the_treatment_is_told_from_other_arguments() -> None:
    assert VERBS["custody.hand_over"].treatment == "treatment"
    assert VERBS["suite.take_out"].treatment == ""


def test_json_becomes_arguments() -> None:
    read = VERBS["material_lot.receive"].read(
        {
            "material_lot": "M1",
            "material": "medium",
            "quantity": {"value": "0.10", "unit": "L"},
            "expires": "2026-08-01",
        }
    )
    assert read["quantity"] == Quantity(Decimal("0.10"), "L")
    assert read["expires"] == date(2026, 8, 1)
    assert VERBS["batch.complete_step"].read(
        {"treatment": "T", "batch": "B", "step": "s", "entries": {"count": {"value": "3", "unit": "1"}, "ok": True}}
    ) == {
        "treatment": "T",
        "batch": "B",
        "step": "s",
        "entries": {"count": Quantity(Decimal(3), "1"), "ok": True},
        "filled": (),
        "verifier": "",
    }


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "missing required field `equipment`"),
        ({"equipment": "E1", "reason": 3}, r"Expected `str`, got `int` - at `\$.reason`"),
        ({"equipment": "E1", "reason": "fault", "by": "me"}, "unknown field `by`"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(body: dict[str, object], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        VERBS["equipment.take_out"].read(body)
