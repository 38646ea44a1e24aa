"""Forms: one for a verb, declared by its noun's module; fields become the action's arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlencode

from django.urls import reverse

from yimai.actions.decision import Answer, Done
from yimai.domain.recipe import Words
from yimai.domain.refusal import RefusalKind
from yimai.interfaces.web.field import NOTHING, Confirmation, Field, Typed, Unreadable
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.recorded import Following
from yimai.interfaces.web.situation import Situation

COMMAND: Final = "command"
OWN: Final = frozenset({"csrfmiddlewaretoken", COMMAND, "record", "seen", "next", "change", "occurred", "sent"})
"""Posted fields that are the form's own, so that no action's field may be named so."""
CONFIRM: Final = Words("确认", "Confirm")
Gate = Literal["identity", "plain"]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """How a person asks for one action.

    fields: those of every such form, or a function that says which fields this situation has.
    build: turns the fields' values into the action's arguments, where they are not the same. after: where to go when it is done
    (an address), else to where the person came from. subject: what of the treatment it is about, for the heading.
    conflict: the refusal that tells what another recorded here meanwhile, and puts the question which of the two counts;
    a form that has one does not mind what else is recorded meanwhile. gate: ``plain`` only where nothing is signed, matched or released, so that
    it may wait on the tablet while the server is out of reach. site: where it is done, if not where the person works.
    then: what else must happen once it is on record, and again if it was interrupted. onward: what is to be done after it, where that is no
    task of a treatment. preview: what was understood of the fields,
    shown with the record before it is signed. others: further ways to go from here, each with its address.
    beside: what must be seen while one fills it in.
    """

    act: Callable[..., Answer]
    title: Words
    fields: tuple[Field, ...] | Callable[[Situation], tuple[Field, ...]]
    button: Words = CONFIRM
    guide: Words = NOTHING
    gate: Gate = "identity"
    build: Callable[[Arguments, Situation], Arguments] | None = None
    after: Callable[[Done, Situation], str] | None = None
    subject: Callable[[Situation], Words] | None = None
    conflict: RefusalKind | None = None
    site: Callable[[Arguments, Situation], str] | None = None
    preview: Callable[[Typed, Situation], Preview | None] | None = None
    then: Callable[[Done, Situation], None] | None = None
    onward: Callable[[Done, Situation], Following | None] | None = None
    others: Callable[[Situation], tuple[tuple[Words, str], ...]] | None = None
    beside: Callable[[Situation], Preview | None] | None = None

    @property
    def verb(self) -> str:
        return f"{self.act.__module__.rpartition('.')[2]}.{self.act.__name__}"

    def about(self, situation: Situation) -> Words:
        """What it is about, beside its title; nothing where the title says it."""
        return self.subject(situation) if self.subject is not None else NOTHING

    def asked(self, situation: Situation) -> tuple[Field, ...]:
        fields = self.fields(situation) if callable(self.fields) else self.fields
        if taken := OWN.intersection(each.name for each in fields):
            raise ValueError(f"{self.verb} has fields that are every form's own: {sorted(taken)}")
        return fields


def address(verb: str, given: Mapping[str, str]) -> str:
    """Where a verb's form is, with what is known of it already."""
    return f"{reverse('act', args=[verb])}?{urlencode(given)}"


@dataclass
class Filled:
    """A form as somebody has filled it in. arguments: None until every field could be read. shown: what was read of one that could not be."""

    form: Form
    fields: tuple[Field, ...]
    typed: Typed
    situation: Situation
    problems: dict[str, Words] = field(default_factory=dict)
    arguments: Arguments | None = None
    shown: Preview | None = None


def empty(form: Form, situation: Situation) -> Filled:
    """The form as it is first shown: with what the address and the record say already."""
    fields = form.asked(situation)
    known = {each.name: list(each.initial(situation)) for each in fields}
    return Filled(form, fields, Typed(known, {}), situation)


def filled(form: Form, typed: Typed, situation: Situation) -> Filled:
    """Read every field; what could not be read is named, and nothing typed is lost."""
    found = Filled(form, form.asked(situation), typed, situation)
    values: dict[str, Any] = {}
    for each in found.fields:
        try:
            value = each.read(typed, situation)
        except Unreadable as unreadable:
            found.problems[each.name] = unreadable.words
            found.shown = unreadable.shown or found.shown
        else:
            if not isinstance(each, Confirmation):
                values[each.name] = value
    if not found.problems:
        found.arguments = form.build(values, situation) if form.build is not None else values
    return found


def registered(*forms: Sequence[Form]) -> dict[str, Form]:
    """All forms by their verb. Raises ValueError if a verb has two."""
    found: dict[str, Form] = {}
    for each in (form for group in forms for form in group):
        if each.verb in found:
            raise ValueError(f"two forms for {each.verb}")
        found[each.verb] = each
    return found
