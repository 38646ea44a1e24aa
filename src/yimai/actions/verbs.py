"""Every verb that a person may ask for, by its name ``noun.verb``; doors find here what to call and with what."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, get_type_hints

import msgspec

from yimai.actions import (
    annual_return,
    approval,
    batch,
    collection,
    custody,
    deviation,
    disposition,
    equipment,
    infusion,
    label,
    material_lot,
    oos_supply,
    outcome,
    plan,
    receipt,
    register,
    retention,
    sample,
    site,
    slot,
    suite,
    timetable,
    treatment,
)
from yimai.actions.decision import Answer

Act = Callable[..., Answer]

_NOUNS: Final = (
    annual_return,
    approval,
    batch,
    collection,
    custody,
    deviation,
    disposition,
    equipment,
    infusion,
    label,
    material_lot,
    oos_supply,
    outcome,
    plan,
    receipt,
    register,
    retention,
    sample,
    site,
    slot,
    suite,
    timetable,
    treatment,
)
SIGNERS: Final = ("verifier", "approver", "giver", "taker", "operators", "reasons")
"""The arguments that name further people beside the actor; each is also the capacity in which they are asked for."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What an action is given. type: the resolved type. default: what counts when nothing is given."""

    name: str
    type: Any
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. name: as ``request.command`` is given it. act: what does it. arguments: its own, by name, in order.

    signers: those of its arguments that name further people. shape: a msgspec type of all its arguments.
    """

    name: str
    act: Act = field(repr=False)
    arguments: Mapping[str, Argument]
    signers: tuple[str, ...]
    shape: type[msgspec.Struct] = field(repr=False)

    @property
    def treatment(self) -> str:
        """The argument that names the treatment it is about, or "" for a verb about something else."""
        return "treatment" if "treatment" in self.arguments else ""

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return (inspect.getdoc(self.act) or "").split("\n\n")[0].replace("\n", " ")

    def read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that JSON values stand for.

        Raises msgspec.ValidationError naming the place and the reason: a missing, unknown or unreadable argument.
        """
        given = msgspec.convert(dict(body), self.shape)
        return {name: getattr(given, name) for name in self.arguments}


def _verb(noun: str, act: Act) -> Verb:
    hints = get_type_hints(act)
    arguments = {
        each.name: Argument(each.name, hints[each.name], each.default)
        for each in inspect.signature(act).parameters.values()
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    }
    fields: list[Any] = [
        (each.name, each.type) if each.required else (each.name, each.type, each.default) for each in arguments.values()
    ]
    name = f"{noun}.{act.__name__}"
    shape = msgspec.defstruct(name.replace(".", "_"), fields, kw_only=True, frozen=True, forbid_unknown_fields=True)
    return Verb(name, act, arguments, tuple(each for each in SIGNERS if each in arguments), shape)


def _verbs(module: ModuleType) -> tuple[Verb, ...]:
    noun = module.__name__.rpartition(".")[2]
    return tuple(
        _verb(noun, thing)
        for name, thing in vars(module).items()
        if inspect.isfunction(thing)
        and thing.__module__ == module.__name__
        and not name.startswith("_")
        and list(inspect.signature(thing).parameters)[:2] == ["ledger", "command"]
    )


VERBS: Final[Mapping[str, Verb]] = {each.name: each for noun in _NOUNS for each in _verbs(noun)}


def name_of(act: Act) -> str:
    """Return the verb's name of a function of this room."""
    return f"{act.__module__.rpartition('.')[2]}.{act.__name__}"
