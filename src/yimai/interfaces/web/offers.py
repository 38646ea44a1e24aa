"""What may be done from a record's page: each verb as a button, or greyed with the rule's own reason and with whom it lies."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from django.http import Http404, HttpRequest

from yimai.actions import request as requests
from yimai.actions.signing import refusal_of
from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.interfaces.web import bench, page
from yimai.interfaces.web.acts import FORMS
from yimai.interfaces.web.form import address
from yimai.interfaces.web.situation import Situation
from yimai.projections import vein
from yimai.projections.tasks_drafting import ROLES
from yimai.projections.words import VERB_TITLES

Asked = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""A verb, what is known of its arguments, and what stands for those that the person has still to give."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One verb. address: of its form, "" where it cannot be done now. refusal: why not. roles: whose it is."""

    verb: str
    title: Words
    address: str
    refusal: Refusal | None
    roles: tuple[Role, ...]
    mine: bool


def offers(
    situation: Situation,
    verbs: Iterable[Asked],
    back: str,
    side: str = "base",
) -> tuple[Offer, ...]:
    """What may be done of these. back: the page to which the forms return. side: at which the reader would do it."""
    return tuple(_offer(situation, verb, known, assumed, back, side) for verb, known, assumed in verbs)


def _offer(
    situation: Situation, verb: str, known: Mapping[str, Any], assumed: Mapping[str, Any], back: str, side: str
) -> Offer:
    given: Mapping[Any, tuple[Role, ...]] = ROLES.get(verb, {})
    roles = given.get(side, ())
    title = VERB_TITLES.get(verb) or FORMS[verb].title
    if roles and set(roles).isdisjoint(situation.who.roles):
        return Offer(verb, title, "", None, roles, False)
    tools, arguments = bench.opened(), {**known, **assumed}
    command = requests.command(
        verb,
        arguments,
        id=str(uuid.uuid4()),
        actor=situation.who.person,
        site=situation.who.site,
        secret=tools.secret,
    )
    refusal = refusal_of(tools.ledger, command, partial(FORMS[verb].act, **arguments), tools.secret)
    where = (
        ""
        if refusal is not None
        else address(verb, {**{name: str(each) for name, each in known.items()}, "next": back})
    )
    return Offer(verb, title, where, refusal, roles, True)


def situation_of(request: HttpRequest, cursor: psycopg.Cursor[Any], noun: str, identifier: str) -> Situation:
    """The treatment that a thing belongs to, as this reader sees it. Raises Http404 if he may not."""
    who = page.reader(request)
    about = vein.entries(cursor, f"{noun}/{identifier}")
    treatment = next((str(each.data["treatment"]) for each in about if "treatment" in each.data), "")
    if who is None or not treatment:
        raise Http404(identifier)
    situation = Situation(who, cursor, {"treatment": treatment, noun: identifier}, page.now())
    if not situation.vein.treatment.id:
        raise Http404(identifier)
    return situation
